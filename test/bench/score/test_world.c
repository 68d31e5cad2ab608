/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The made world, measured the way the real one was: does it come out the same? */
#include "prop.h"

#include "bench/score/world.h"

#include <math.h>

enum { DAYS = 175, AGES = 61, NEAR_BINS = 7, FORETOLD_DAYS = 3 };

/* What one walk over the label's list gives. */
struct seen {
	double at_risk[AGES];
	double returned[AGES];
	double fresh;  /* new on the list after the first 30 days */
	double again;  /* of them, that had been on it */
	double spells; /* addresses with more than one, of all */
	double addresses;
	double listed; /* on the last day */
	/* by how many of the /24 were listed in the last 30 days */
	double near_at_risk[NEAR_BINS];
	double near_fresh[NEAR_BINS];
	double foretold[HISTORY_SOURCES_MAX]; /* share on the label's list within three days */
};

struct label {
	const struct world *world;
	int32_t *begins; /* of the current or last listing; -1: never */
	int32_t *ends;   /* INT32_MAX: listed */
	uint16_t *spells;
};

static struct label label_new(const struct world *world)
{
	struct label label = { .world = world };

	label.begins = calloc(world->host_count, sizeof *label.begins);
	label.ends = calloc(world->host_count, sizeof *label.ends);
	label.spells = calloc(world->host_count, sizeof *label.spells);
	must(label.begins != NULL && label.ends != NULL && label.spells != NULL);
	for (size_t i = 0; i < world->host_count; i++)
		label.begins[i] = -1;
	return label;
}

static void label_done(struct label *label)
{
	free(label->begins);
	free(label->ends);
	free(label->spells);
}

static void absence(struct seen *seen, int32_t age, bool has_returned)
{
	for (int32_t i = 1; i < AGES && i <= age; i++)
		seen->at_risk[i]++;
	if (has_returned && age < AGES)
		seen->returned[age]++;
}

static void label_event(struct label *label, struct seen *seen, const struct history_event *event)
{
	uint32_t at = event->indicator;

	if (event->what == HISTORY_ENDS) {
		label->ends[at] = event->day;
		return;
	}
	if (label->begins[at] >= 0)
		absence(seen, event->day - label->ends[at], true);
	if (event->day >= 30) {
		seen->fresh++;
		seen->again += label->begins[at] >= 0;
	}
	label->spells[at]++;
	label->begins[at] = event->day;
	label->ends[at] = INT32_MAX;
}

static unsigned near_bin(uint32_t n)
{
	unsigned bin = 0;

	for (; n > 0 && bin + 1 < NEAR_BINS; n /= 2)
		bin++;
	return bin;
}

/* Who of the host's /24 was listed in the 30 days before; hosts are sorted by address. */
static uint32_t near_count(const struct label *label, size_t from, size_t end, int32_t day)
{
	uint32_t n = 0;

	for (size_t i = from; i < end; i++)
		n += label->begins[i] >= 0 && label->ends[i] >= day - 30;
	return n;
}

/* The week after a day: fresh listings by neighbours, over all addresses of the world. */
static void near_measure(const struct label *label, struct seen *seen, int32_t day)
{
	const struct world *world = label->world;
	const struct history *history = &world->history;
	bool *is_fresh = calloc(world->host_count, sizeof *is_fresh);
	double space = 0;

	must(is_fresh != NULL);
	for (size_t i = 0; i < world->route_count; i++)
		space += ldexp(1, 128 - world->routes[i].prefix.length);
	for (size_t i = 0; i < history->event_count; i++) {
		const struct history_event *event = &history->events[i];

		if (event->source == history->label && event->what == HISTORY_BEGINS &&
			event->day > day && event->day <= day + 7 &&
			label->begins[event->indicator] < 0)
			is_fresh[event->indicator] = true;
	}
	for (size_t from = 0, end = 0; from < world->host_count; from = end) {
		uint32_t block = world->hosts[from].address >> 8;
		double fresh = 0;

		for (; end < world->host_count && world->hosts[end].address >> 8 == block; end++)
			fresh += is_fresh[end];

		uint32_t n = near_count(label, from, end, day);

		seen->near_fresh[near_bin(n)] += fresh;
		if (n > 0)
			seen->near_at_risk[near_bin(n)] += 256 - n;
		space -= n > 0 ? 256 : 0;
	}
	seen->near_at_risk[0] += space;
	free(is_fresh);
}

/* Of what each source lists and the label does not: what the label lists within three days. */
static void foretold_measure(const struct label *label, struct seen *seen, int32_t day)
{
	const struct history *history = &label->world->history;
	size_t n = label->world->host_count;
	uint64_t *listed = calloc(n, sizeof *listed);
	bool *is_new = calloc(n, sizeof *is_new);

	must(listed != NULL && is_new != NULL && history->source_count <= 64);
	for (size_t i = 0; i < history->event_count; i++) {
		const struct history_event *event = &history->events[i];
		uint64_t bit = UINT64_C(1) << event->source;

		if (event->day > day)
			is_new[event->indicator] |= event->source == history->label &&
						    event->what == HISTORY_BEGINS &&
						    event->day <= day + FORETOLD_DAYS;
		else if (event->what == HISTORY_BEGINS)
			listed[event->indicator] |= bit;
		else if (event->what == HISTORY_ENDS)
			listed[event->indicator] &= ~bit;
	}
	for (size_t s = 0; s < history->source_count; s++) {
		double all = 0;
		double come = 0;

		for (size_t i = 0; i < n; i++) {
			if ((listed[i] >> s & 1) == 0 || (listed[i] >> history->label & 1) != 0)
				continue;
			all++;
			come += is_new[i];
		}
		seen->foretold[s] = all > 0 ? come / all : 0;
	}
	free(listed);
	free(is_new);
}

/* NOLINTBEGIN(clang-analyzer-unix.Malloc): label goes by its clean-up, which is not followed here
 */
static void world_measure(const struct world *world, struct seen *seen)
{
	enum { NEAR_DAY = 120 };
	const struct history *history = &world->history;
	CLEANUP(label_done) struct label label = label_new(world);
	bool is_near_measured = false;

	for (size_t i = 0; i < history->event_count; i++) {
		const struct history_event *event = &history->events[i];

		if (event->day > NEAR_DAY && !is_near_measured) {
			near_measure(&label, seen, NEAR_DAY);
			is_near_measured = true;
		}
		if (event->source == history->label)
			label_event(&label, seen, event);
	}
	for (size_t i = 0; i < world->host_count; i++) {
		seen->addresses += label.begins[i] >= 0;
		seen->spells += label.spells[i] > 1;
		seen->listed += label.begins[i] >= 0 && label.ends[i] == INT32_MAX;
		if (label.begins[i] >= 0 && label.ends[i] != INT32_MAX)
			absence(seen, (int32_t)history->days - label.ends[i], false);
	}
	foretold_measure(&label, seen, NEAR_DAY);
}
/* NOLINTEND(clang-analyzer-unix.Malloc) */

static bool is_within(const char *what, double value, double least, double most)
{
	bool is = value >= least && value <= most;

	print_message(
		"%-28s %10.4g in %.4g..%.4g%s\n", what, value, least, most, is ? "" : "  OUTSIDE");
	return is;
}

/* A few ages around one, where few come back. */
static bool hazard_is_as_measured(const struct seen *seen, int age, double share)
{
	int around = age > 10 ? age / 8 : 0;
	double risk = 0;
	double back = 0;
	char name[40];

	for (int at = age - around; at <= age + around && at < AGES; at++) {
		risk += seen->at_risk[at];
		back += seen->returned[at];
	}
	snprintf(name, sizeof name, "hazard, day %d, %%", age);
	return is_within(name, 100 * back / risk, share * 0.7, share * 1.4);
}

static bool hazards_are_as_measured(const struct seen *seen)
{
	/* per cent a day, by days since it left the list */
	static const struct {
		int age;
		double share;
	} hazards[] = { { 1, 7.6 }, { 2, 3.4 }, { 3, 2.5 }, { 5, 1.31 }, { 7, 0.92 }, { 10, 0.62 },
		{ 14, 0.42 }, { 21, 0.26 }, { 30, 0.19 }, { 45, 0.11 }, { 60, 0.086 } };
	bool is_all = true;

	for (size_t i = 0; i < ARRAY_LEN(hazards); i++)
		is_all &= hazard_is_as_measured(seen, hazards[i].age, hazards[i].share);
	return is_all;
}

static bool churn_is_as_measured(const struct seen *seen, double scale)
{
	bool is_all = is_within("more than one spell", seen->spells / seen->addresses, 0.11, 0.19);

	is_all &= is_within("new that had been listed", seen->again / seen->fresh, 0.22, 0.34);
	is_all &= is_within("listed", seen->listed / scale, 83000 * 0.75, 83000 * 1.25);
	is_all &= is_within("addresses", seen->addresses / scale, 441186 * 0.75, 441186 * 1.25);
	return is_all;
}

static bool neighbours_are_as_measured(const struct seen *seen)
{
	/* lift by neighbours: 1, 2-3, 4-7, 8-15, 16-31, 32-63 */
	static const double lifts[NEAR_BINS - 1][2] = { { 47, 53 }, { 155, 167 }, { 294, 385 },
		{ 700, 1460 }, { 1300, 3760 }, { 2300, 5060 } };
	double base = seen->near_fresh[0] / seen->near_at_risk[0];
	double fresh = 0;
	bool is_all = is_within("fresh in a week, alone", base, 1.8e-6, 3.5e-6);

	for (int bin = 0; bin < NEAR_BINS; bin++)
		fresh += seen->near_fresh[bin];
	is_all &= is_within("fresh beside another", 1 - seen->near_fresh[0] / fresh, 0.33, 0.49);
	for (int bin = 1; bin < NEAR_BINS; bin++) {
		char name[40];

		/* the largest are few at a tenth of the addresses */
		if (seen->near_fresh[bin] < 20)
			continue;
		snprintf(name, sizeof name, "lift of %d neighbours up", 1 << (bin - 1));
		is_all &= is_within(name, seen->near_fresh[bin] / seen->near_at_risk[bin] / base,
			lifts[bin - 1][0] / 2, lifts[bin - 1][1] * 2);
	}
	return is_all;
}

/* The best list foretells 9 to 18 %, large ones 0.1 to 0.2, those of another role nothing. */
static bool lists_foretell_as_measured(const struct seen *seen, const struct history *history)
{
	double most = 0;
	bool is_all = true;

	for (size_t s = 0; s < history->source_count; s++) {
		bool is_source = history->sources[s].role == ROLE_SOURCE;

		print_message(
			"%-28.*s %10.4g\n", STR_FMT(history->sources[s].name), seen->foretold[s]);
		most = seen->foretold[s] > most ? seen->foretold[s] : most;
		if (history->sources[s].role == ROLE_DESTINATION)
			is_all &= is_within("of another role", seen->foretold[s], 0, 0.0005);
		if (is_source && str_starts(history->sources[s].name, STR("bulk")))
			is_all &= is_within("a large list", seen->foretold[s], 0.0001, 0.004);
	}
	return is_all & is_within("the best list", most, 0.09, 0.25);
}

static void test_measured(void **state)
{
	static const double SCALE = 0.1;
	struct world_settings settings;
	CLEANUP(world_free) struct world *world = NULL;
	struct seen *seen = calloc(1, sizeof *seen);
	bool is_all = true;

	(void)state;
	must(seen != NULL);
	world_settings_default(&settings, SCALE, DAYS);
	world = world_make(&settings);
	world_measure(world, seen);
	is_all &= hazards_are_as_measured(seen);
	is_all &= churn_is_as_measured(seen, SCALE);
	is_all &= neighbours_are_as_measured(seen);
	is_all &= lists_foretell_as_measured(seen, &world->history);
	free(seen);
	assert_true(is_all);
}

/* The same seed gives the same history, another one another. */
static void test_seed(void **state)
{
	struct world_settings settings;

	(void)state;
	world_settings_default(&settings, 0.005, 60);

	CLEANUP(world_free) struct world *a = world_make(&settings);
	CLEANUP(world_free) struct world *b = world_make(&settings);

	settings.seed = 2;

	CLEANUP(world_free) struct world *other = world_make(&settings);

	assert_int_equal(a->history.event_count, b->history.event_count);
	assert_memory_equal(a->history.events, b->history.events,
		a->history.event_count * sizeof *a->history.events);
	assert_true(other->history.event_count != a->history.event_count ||
		    memcmp(other->history.events, a->history.events,
			    a->history.event_count * sizeof *a->history.events) != 0);
}

/* What a source says makes sense: a listing ends that began, in order of days. */
static void test_order(void **state)
{
	struct world_settings settings;

	(void)state;
	world_settings_default(&settings, 0.01, 120);

	CLEANUP(world_free) struct world *world = world_make(&settings);
	const struct history *history = &world->history;
	bool *is_listed = calloc(history->source_count * history->indicator_count, sizeof(bool));

	must(is_listed != NULL);
	for (size_t i = 0; i < history->event_count; i++) {
		const struct history_event *event = &history->events[i];
		bool *is = &is_listed[event->source * history->indicator_count + event->indicator];
		bool is_news = history->sources[event->source].is_news;

		assert_true(i == 0 || history->events[i - 1].day <= event->day);
		assert_int_equal(*is,
			event->what == HISTORY_ENDS || (event->what == HISTORY_SEEN && !is_news));
		*is = !is_news && event->what != HISTORY_ENDS;
	}
	for (size_t i = 1; i < history->indicator_count; i++)
		assert_true(prefix_cmp(&history->indicators[i - 1], &history->indicators[i]) < 0);
	free(is_listed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_measured),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
