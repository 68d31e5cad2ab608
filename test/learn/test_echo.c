/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who repeats whom, in worlds in which it is known. */
#include "learn/made.h"

enum { DAYS = 40, PER_DAY = 25, LISTS = 5 };

/* A source that lists something so many days before AT. */
static void list(struct made *made, uint32_t source, uint32_t item, double days)
{
	struct learn_claim claim = made_listed(made_key(made, item), source, days);

	learn_add(made->learn, &claim);
}

/* What each brings with it at first is nobody's news. */
static void arrive(struct made *made)
{
	for (uint32_t s = 0; s < made->source_count; s++) {
		for (uint32_t i = 0; i < 40; i++)
			list(made, s, 0xc0000000 + i, DAYS + 5);
	}
}

/* Something happens; whoever notices does so within a day or five of its own. */
struct event {
	uint32_t item;
	double days; /* before AT */
};

static struct event event_of(struct made *made, uint32_t number)
{
	return (struct event){ .item = 0x0a000000 + number * 977,
		.days = DAYS - (double)number / PER_DAY - made_unit(made) / PER_DAY };
}

/* Notices with a probability, some time after. */
static bool notice(struct made *made, uint32_t source, const struct event *event, double share,
	double within, double *days)
{
	*days = event->days - within * made_unit(made);
	if (*days < 0 || !made_is(made, share))
		return false;
	list(made, source, event->item, *days);
	return true;
}

static void learn(struct made *made, struct model *model)
{
	CLEANUP(buf_done) struct buf report = { 0 };

	arrive(made);
	made_finish(made, (struct learn_what){ .decay = false }, model, &report);
}

static const char *copies_are_found(struct prop *prop)
{
	CLEANUP(made_done) struct made made;
	CLEANUP(model_done) struct model model;
	uint32_t original;
	uint32_t copy;
	uint32_t other;

	made_init(&made, prop_u64(prop));
	other = made_source(&made, "other", STANDING_VOUCHED);
	copy = made_source(&made, "copy", STANDING_VOUCHED);
	original = made_source(&made, "original", STANDING_VOUCHED);
	made_begin(&made, NULL);
	for (uint32_t i = 0; i < DAYS * PER_DAY; i++) {
		struct event event = event_of(&made, i);
		double days;
		double ignored;

		(void)notice(&made, other, &event, 0.6, 3, &ignored);
		if (notice(&made, original, &event, 0.6, 3, &days)) {
			double copied = days - 0.5 - made_unit(&made);

			/* a tenth is left out, and a tenth of its own comes in */
			if (copied > 0 && made_is(&made, 0.9))
				list(&made, copy, event.item, copied);
			if (copied > 0 && made_is(&made, 0.1))
				list(&made, copy, event.item + 400, copied);
		}
	}
	learn(&made, &model);
	if (!made_repeats(made_found(&model, "copy"), "original"))
		return "the copy was not found";
	if (made_found(&model, "copy")->leader_count != 1 ||
		made_found(&model, "original")->leader_count != 0 ||
		made_found(&model, "other")->leader_count != 0)
		return "somebody is thought to repeat who does not";
	for (size_t i = 0; i < model.source_count; i++) {
		if (!str_eq(model.sources[i].family, model.sources[i].name))
			return "a family was made up";
	}
	return NULL;
}

static void test_copies(void **state)
{
	(void)state;
	PROP_RUN(20, copies_are_found);
}

static const char *collections_are_found(struct prop *prop)
{
	static const char *const names[LISTS] = { "a", "b", "c", "d", "e" };
	CLEANUP(made_done) struct made made;
	CLEANUP(model_done) struct model model;
	uint32_t collection;
	uint32_t both;

	made_init(&made, prop_u64(prop));
	for (int i = 0; i < LISTS; i++)
		(void)made_source(&made, names[i], STANDING_VOUCHED);
	collection = made_source(&made, "collection", STANDING_VOUCHED);
	both = made_source(&made, "in-two", STANDING_VOUCHED);
	made_begin(&made, NULL);
	for (uint32_t i = 0; i < DAYS * PER_DAY; i++) {
		struct event event = event_of(&made, i);
		double days[LISTS];
		double first = -1;
		double second = -1;

		for (uint32_t s = 0; s < LISTS; s++) {
			if (!notice(&made, s, &event, 0.3, 4, &days[s]))
				continue;
			second = days[s] > first ? first : days[s] > second ? days[s] : second;
			first = days[s] > first ? days[s] : first;
		}
		if (first > 1)
			list(&made, collection, event.item, first - 0.3 - 0.7 * made_unit(&made));
		if (second > 1)
			list(&made, both, event.item, second - 0.3 - 0.7 * made_unit(&made));
	}
	learn(&made, &model);
	for (int i = 0; i < LISTS; i++) {
		if (!made_repeats(made_found(&model, "collection"), names[i]))
			return "a list that is collected was not found";
		if (made_found(&model, names[i])->leader_count != 0)
			return "a list is thought to repeat its collection";
	}
	/* the collection had it before, too */
	if (made_found(&model, "in-two")->leader_count == 0)
		return "what two lists name was not found to be theirs";
	return NULL;
}

static void test_collections(void **state)
{
	(void)state;
	PROP_RUN(20, collections_are_found);
}

/* Two that read the same place, each a few hours before or after the other. */
static const char *twins_are_a_family(struct prop *prop)
{
	CLEANUP(made_done) struct made made;
	CLEANUP(model_done) struct model model;

	made_init(&made, prop_u64(prop));
	(void)made_source(&made, "second", STANDING_VOUCHED);
	(void)made_source(&made, "first", STANDING_VOUCHED);
	(void)made_source(&made, "third", STANDING_VOUCHED);
	(void)made_source(&made, "declared", STANDING_VOUCHED);
	made.sources[3].family = 2;
	made_begin(&made, NULL);
	for (uint32_t i = 0; i < DAYS * PER_DAY; i++) {
		struct event event = event_of(&made, i);
		double days;

		(void)notice(&made, 0, &event, 0.95, 0.3, &days);
		(void)notice(&made, 1, &event, 0.95, 0.3, &days);
		(void)notice(&made, 2, &event, 0.5, 3, &days);
	}
	learn(&made, &model);
	if (!str_eq(made_found(&model, "second")->family, STR("first")) ||
		!str_eq(made_found(&model, "first")->family, STR("first")))
		return "twins are no family";
	if (!str_eq(made_found(&model, "third")->family, STR("declared")))
		return "a family that was declared is no more";
	if (made_found(&model, "third")->leader_count + made_found(&model, "first")->leader_count)
		return "a member of a family repeats somebody";
	return NULL;
}

static void test_twins(void **state)
{
	(void)state;
	PROP_RUN(10, twins_are_a_family);
}

/* Sensors that see the same attackers, the one often and the other seldom first. */
static const char *sensors_are_independent(struct prop *prop)
{
	CLEANUP(made_done) struct made made;
	CLEANUP(model_done) struct model model;

	made_init(&made, prop_u64(prop));
	(void)made_source(&made, "fast", STANDING_VOUCHED);
	(void)made_source(&made, "slow", STANDING_VOUCHED);
	(void)made_source(&made, "small", STANDING_VOUCHED);
	made_begin(&made, NULL);
	for (uint32_t i = 0; i < DAYS * PER_DAY; i++) {
		struct event event = event_of(&made, i);
		double days;

		(void)notice(&made, 0, &event, 0.7, 1, &days);
		(void)notice(&made, 1, &event, 0.6, 5, &days);
		(void)notice(&made, 2, &event, 0.1, 2, &days);
	}
	learn(&made, &model);
	for (size_t i = 0; i < model.source_count; i++) {
		if (model.sources[i].leader_count != 0)
			return "a sensor is thought to repeat another";
		if (!str_eq(model.sources[i].family, model.sources[i].name))
			return "sensors are thought to be a family";
	}
	return NULL;
}

static void test_sensors(void **state)
{
	(void)state;
	PROP_RUN(20, sensors_are_independent);
}

/* Ten sensors, all of which see most attackers, some at once and some after days. */
static const char *crowds_are_independent(struct prop *prop)
{
	enum { SENSORS = 10 };
	CLEANUP(made_done) struct made made;
	CLEANUP(model_done) struct model model;

	made_init(&made, prop_u64(prop));
	for (uint32_t s = 0; s < SENSORS; s++) {
		char name[2] = { (char)('a' + (int)s), 0 };

		(void)made_source(&made, name, STANDING_VOUCHED);
	}
	made_begin(&made, NULL);
	for (uint32_t i = 0; i < DAYS * PER_DAY; i++) {
		struct event event = event_of(&made, i);
		double days;

		for (uint32_t s = 0; s < SENSORS; s++) {
			uint32_t delay_days = 1 + s / 3;

			(void)notice(&made, s, &event, 0.6, delay_days, &days);
		}
	}
	learn(&made, &model);
	for (size_t i = 0; i < model.source_count; i++) {
		if (model.sources[i].leader_count != 0)
			return "a sensor of many is thought to repeat others";
		if (!str_eq(model.sources[i].family, model.sources[i].name))
			return "sensors of many are thought to be a family";
	}
	return NULL;
}

static void test_crowds(void **state)
{
	(void)state;
	PROP_RUN(20, crowds_are_independent);
}

/* Somebody reports what a list will say, an hour before it is read, to make it look like a copy. */
static const char *nobody_is_framed(struct prop *prop)
{
	CLEANUP(made_done) struct made made;
	CLEANUP(model_done) struct model model;

	made_init(&made, prop_u64(prop));
	(void)made_source(&made, "honest", STANDING_VOUCHED);
	(void)made_source(&made, "framer", STANDING_NEW);
	made_begin(&made, NULL);
	for (uint32_t i = 0; i < DAYS * PER_DAY; i++) {
		struct event event = event_of(&made, i);
		double days;

		if (!notice(&made, 0, &event, 0.6, 3, &days))
			continue;
		list(&made, 1, event.item, days + 0.04);
		if (made_is(&made, 0.5))
			list(&made, 1, event.item + 333, days);
	}
	learn(&made, &model);
	if (made_found(&model, "honest")->leader_count != 0)
		return "the honest one is thought to repeat";
	if (!made_repeats(made_found(&model, "framer"), "honest"))
		return "the framer was not found";
	return NULL;
}

static void test_framing(void **state)
{
	(void)state;
	PROP_RUN(10, nobody_is_framed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_collections),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_sensors),
		cmocka_unit_test(test_crowds),
		cmocka_unit_test(test_framing),
	};

	return cmocka_run_group_tests_name("echo", tests, NULL, NULL);
}
