/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Poisoning drills: a made history once as it is and once with sources that lie. Learning, scoring
 * and rules run over both; what is blocked of the protected and of the legitimate must be the same.
 * What keeper holds back at import (lists that shrink, swell or meet guards) is not here: these are
 * the lies that get through.
 */
#include "prop.h"

#include "bench/score/world_rules.h"

#include "pehra.h"

#include <math.h>

enum {
	DAYS = 84,
	FIRST_LEARNING = 21,
	LEARN_EVERY = 7,
	LIES_FROM = 42,
	LIARS = 100,
	VICTIMS = 2000
};
static const double SCALE = 0.008;

/* 11.0.0.0/8 and what follows are the world's own; these are nobody's. */
static const char *const guarded_range = "9.9.0.0/16";
static const char *const resolver = "9.9.9.9";
static const uint32_t FIRST_ADDRESS = 0x09100007; /* 9.16.0.7 */

/* What came of one history on its last day. */
struct outcome {
	struct forecast forecast;
	struct ledger ledger;
	struct verdict *verdicts;
};

/* A world, and what comes of it without lies. */
struct drill {
	struct world *world;
	struct rules *rules;
	struct learn_route *routes;
	struct history told; /* as the sources tell it, with the guarded and victims added */
	struct outcome clean;
	uint32_t *host_of; /* of each indicator: the world's host, or UINT32_MAX */
	uint32_t guarded;  /* indicators */
	uint32_t resolver;
};

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;
	struct why why;

	must(prefix_parse(str_c(text), NULL, &prefix, &why) == OK);
	return prefix;
}

static void guard(struct rules *rules, const char *text)
{
	struct indicator indicator = { .kind = INDICATOR_IP, .prefix = prefix_of(text) };
	struct why why;

	must(rules_add_guard(rules, &indicator, GUARD_NEVER, STR("guarded"), 0, &why) == OK);
}

enum { GUARDED, RESOLVER, FIRST_VICTIM, ADDED = FIRST_VICTIM + VICTIMS };

/*
 * A history's copy with more indicators in front: what is guarded, then innocents of whom nobody
 * ever said anything, each in a /24 of its own. All of the world's come after them.
 */
static void told_make(struct drill *drill)
{
	const struct history *from = &drill->world->history;
	struct history *to = &drill->told;
	size_t n = from->indicator_count + ADDED;

	*to = (struct history){ .days = from->days,
		.start_s = from->start_s,
		.label = from->label,
		.source_count = from->source_count,
		.indicator_count = n };
	to->sources = arena_array(&to->arena, HISTORY_SOURCES_MAX, sizeof *to->sources);
	memcpy(to->sources, from->sources, from->source_count * sizeof *to->sources);
	to->indicators = arena_array(&to->arena, n, sizeof *to->indicators);
	to->indicators[GUARDED] = prefix_of(guarded_range);
	to->indicators[RESOLVER] = prefix_of(resolver);
	drill->host_of = arena_array(&to->arena, n, sizeof *drill->host_of);
	for (uint32_t i = 0; i < ADDED; i++)
		drill->host_of[i] = UINT32_MAX;
	for (uint32_t i = 0; i < VICTIMS; i++) {
		struct ipaddr ip = ip_from_u32(FIRST_ADDRESS + i * 256);

		to->indicators[FIRST_VICTIM + i] = prefix_host(&ip);
	}
	for (uint32_t i = 0; i < from->indicator_count; i++) {
		to->indicators[i + ADDED] = from->indicators[i];
		drill->host_of[i + ADDED] = i;
	}
	for (size_t i = 0; i < from->event_count; i++) {
		struct history_event event = from->events[i];

		event.indicator += ADDED;
		history_add(to, event);
	}
}

/* ---- lies ---- */

/* A copy of what is told, to which lies are added. */
static struct history history_copy(const struct history *from)
{
	struct history copy = *from;

	copy.arena = (struct arena){ 0 };
	copy.sources = arena_array(&copy.arena, HISTORY_SOURCES_MAX, sizeof *copy.sources);
	memcpy(copy.sources, from->sources, from->source_count * sizeof *copy.sources);
	copy.events = NULL;
	copy.event_count = copy.event_capacity = 0;
	for (size_t i = 0; i < from->event_count; i++)
		history_add(&copy, from->events[i]);
	return copy;
}

static uint16_t source_add(struct history *history, const char *name, uint8_t standing)
{
	uint16_t number = (uint16_t)history->source_count++;

	must(history->source_count <= HISTORY_SOURCES_MAX);
	history->sources[number] = (struct history_source){
		.name = arena_fmt(&history->arena, "%s-%u", name, number),
		.role = ROLE_SOURCE,
		.category = CATEGORY_IDS_ALERT,
		.standing = standing,
	};
	return number;
}

static void lists_from(struct history *history, uint16_t source, uint32_t indicator, uint32_t day)
{
	history_add(history, (struct history_event){ .indicator = indicator,
				     .source = source,
				     .day = (uint16_t)day,
				     .what = HISTORY_BEGINS });
}

static uint16_t source_named(const struct history *history, const char *name)
{
	uint16_t i = 0;

	while (i < history->source_count && !str_eq(history->sources[i].name, str_c(name)))
		i++;
	must(i < history->source_count);
	return i;
}

/* Attacked nobody, and no own sensor was mistaken about it. */
static bool is_legitimate(const struct drill *drill, uint32_t indicator)
{
	const struct ledger *ledger = &drill->clean.ledger;
	uint32_t host = drill->host_of[indicator];

	for (uint32_t at = ledger->first[indicator]; at != LEDGER_NONE;
		at = ledger->rows[at].next) {
		if (drill->told.sources[ledger->rows[at].source].standing == STANDING_SENSOR)
			return false;
	}
	return host == UINT32_MAX || drill->world->hosts[host].kind == WORLD_INNOCENT ||
	       drill->world->hosts[host].kind == WORLD_PROTECTED;
}

/* ---- running ---- */

static void outcome_done(struct outcome *outcome)
{
	forecast_done(&outcome->forecast);
	ledger_done(&outcome->ledger);
	free(outcome->verdicts);
}

static void judge_all(struct outcome *outcome, const struct history *history)
{
	struct view view = { .ledger = &outcome->ledger,
		.now_s = history_judge_s(history, (uint32_t)outcome->ledger.day),
		.omitted = HISTORY_SOURCES_MAX };

	forecast_day(&outcome->forecast, &outcome->ledger, view.now_s);
	for (uint32_t i = 0; i < history->indicator_count; i++)
		forecast_judge(&outcome->forecast, &view, i, &outcome->verdicts[i]);
}

/* each_day may be NULL; it sees the verdicts of every day from LIES_FROM on. */
typedef void (*day_each)(void *state, const struct outcome *outcome, int32_t day);

static void run_history(const struct drill *drill, struct history *history, struct outcome *out,
	day_each each_day, void *state)
{
	CLEANUP(ledger_done) struct ledger then;
	CLEANUP(buf_done) struct buf report = { 0 };

	history_sort(history);
	forecast_init(
		&out->forecast, history, drill->rules, drill->routes, drill->world->route_count);
	ledger_init(&out->ledger, history);
	ledger_init(&then, history);
	out->verdicts = calloc(history->indicator_count, sizeof *out->verdicts);
	must(out->verdicts != NULL);
	for (int32_t day = 0; day < DAYS; day++) {
		ledger_to(&out->ledger, day);
		if (day >= FIRST_LEARNING && (day - FIRST_LEARNING) % LEARN_EVERY == 0) {
			ledger_to(&then, day - SCORE_HORIZON_DAYS);
			buf_clear(&report);
			forecast_learn(&out->forecast, &then, &out->ledger, true, &report);
		}
		if (each_day != NULL && day >= LIES_FROM) {
			judge_all(out, history);
			each_day(state, out, day);
		}
	}
	judge_all(out, history);
}

static int drill_start(void **state)
{
	struct drill *drill = calloc(1, sizeof *drill);
	struct world_settings settings;

	must(drill != NULL);
	world_settings_default(&settings, SCALE, DAYS);
	/* enough of each list in a small world */
	settings.list_coverage = 0.5;
	drill->world = world_make(&settings);
	drill->routes = world_learn_routes(drill->world);
	drill->rules = world_rules(drill->world);
	guard(drill->rules, guarded_range);
	guard(drill->rules, resolver);
	rules_ready(drill->rules);
	told_make(drill);
	run_history(drill, &drill->told, &drill->clean, NULL, NULL);
	*state = drill;
	return 0;
}

static int drill_end(void **state)
{
	struct drill *drill = *state;

	outcome_done(&drill->clean);
	history_done(&drill->told);
	rules_free(&drill->rules);
	free(drill->routes);
	world_free(&drill->world);
	free(drill);
	return 0;
}

/* ---- what is asked ---- */

static size_t count_blocked(const struct outcome *outcome, size_t n)
{
	size_t blocked = 0;

	for (size_t i = 0; i < n; i++)
		blocked += outcome->verdicts[i].action == PEHRA_BLOCK;
	return blocked;
}

/* Who is protected or legitimate is blocked by the one exactly when by the other: never more. */
static void same_for_the_good(const struct drill *drill, const struct outcome *lied)
{
	const struct outcome *clean = &drill->clean;

	for (uint32_t i = 0; i < drill->told.indicator_count; i++) {
		bool is_protected = clean->forecast.matches[i].guard == GUARD_NEVER;

		if (!is_protected && !is_legitimate(drill, i))
			continue;
		assert_int_equal(lied->verdicts[i].action == PEHRA_BLOCK,
			clean->verdicts[i].action == PEHRA_BLOCK);
		assert_false(is_protected && lied->verdicts[i].action == PEHRA_BLOCK);
	}
}

static double weight_of(const struct outcome *outcome, uint16_t source)
{
	return (double)outcome->forecast.sources[source].weight[ROLE_SOURCE];
}

/*
 * A hundred new sources agree on a guarded range and a popular resolver. Nothing that is answered
 * changes, and nobody begins to believe them.
 */
static void test_colluders_and_guards(void **state)
{
	const struct drill *drill = *state;
	CLEANUP(history_done) struct history lies = history_copy(&drill->told);
	CLEANUP(outcome_done) struct outcome lied;

	for (int i = 0; i < LIARS; i++) {
		uint16_t liar = source_add(&lies, "liar", STANDING_NEW);

		lists_from(&lies, liar, GUARDED, LIES_FROM);
		lists_from(&lies, liar, RESOLVER, LIES_FROM);
	}
	run_history(drill, &lies, &lied, NULL, NULL);
	assert_true(count_blocked(&drill->clean, drill->told.indicator_count) > 20);
	for (uint32_t i = 0; i < drill->told.indicator_count; i++) {
		if (i != GUARDED && i != RESOLVER)
			assert_int_equal(lied.verdicts[i].action, drill->clean.verdicts[i].action);
	}
	assert_int_equal(lied.verdicts[GUARDED].action, PEHRA_ALLOW);
	assert_int_equal(lied.verdicts[RESOLVER].action, PEHRA_ALLOW);
	same_for_the_good(drill, &lied);
	for (size_t s = drill->told.source_count; s < lies.source_count; s++) {
		assert_false(lied.forecast.sources[s].is_proven);
		assert_true(
			weight_of(&lied, (uint16_t)s) <= lied.forecast.model.score.default_weight);
	}
}

/* The same hundred agree on innocents whom no guard knows: all together they do not block. */
static void test_colluders_and_innocents(void **state)
{
	const struct drill *drill = *state;
	CLEANUP(history_done) struct history lies = history_copy(&drill->told);
	CLEANUP(outcome_done) struct outcome lied;

	for (int i = 0; i < LIARS; i++) {
		uint16_t liar = source_add(&lies, "liar", STANDING_NEW);

		for (uint32_t v = 0; v < VICTIMS / 10; v++)
			lists_from(&lies, liar, FIRST_VICTIM + v, LIES_FROM);
	}
	run_history(drill, &lies, &lied, NULL, NULL);
	same_for_the_good(drill, &lied);
	for (uint32_t v = 0; v < VICTIMS / 10; v++) {
		assert_true(lied.verdicts[FIRST_VICTIM + v].action < PEHRA_BLOCK);
		assert_true((lied.verdicts[FIRST_VICTIM + v].score.doubts & DOUBT_UNPROVEN) != 0);
	}
	for (size_t s = drill->told.source_count; s < lies.source_count; s++)
		assert_false(lied.forecast.sources[s].is_proven);
}

struct decline {
	uint16_t source;
	double weights[DAYS];
	size_t blocked; /* victims and days */
};

static void note_decline(void *state, const struct outcome *outcome, int32_t day)
{
	struct decline *decline = state;

	decline->weights[day] = weight_of(outcome, decline->source);
	for (uint32_t v = 0; v < VICTIMS; v++)
		decline->blocked += outcome->verdicts[FIRST_VICTIM + v].action == PEHRA_BLOCK;
}

/* A vouched source that was proven begins to lie, so many innocents more each day. */
static void test_slowly_bad(void **state)
{
	enum { EACH_DAY = 100 };
	const struct drill *drill = *state;
	CLEANUP(history_done) struct history lies = history_copy(&drill->told);
	CLEANUP(outcome_done) struct outcome lied;
	struct decline decline = { .source = source_named(&lies, "login-watch") };
	double before;
	double after;

	for (uint32_t v = 0; v < VICTIMS; v++)
		lists_from(&lies, decline.source, FIRST_VICTIM + v, LIES_FROM + 1 + v / EACH_DAY);
	run_history(drill, &lies, &lied, note_decline, &decline);
	before = decline.weights[LIES_FROM];
	/* claims are judged a week after they were made */
	after = decline.weights[LIES_FROM + 2 * SCORE_HORIZON_DAYS];
	print_message("weight %.2f, a week after the first judgement %.2f, at the end %.2f\n",
		before, after, decline.weights[DAYS - 1]);
	assert_true(before > 1);
	assert_true(after < before / 2);
	assert_int_equal(decline.blocked, 0);
	same_for_the_good(drill, &lied);
}

/* What is said without one of the sources. */
static double without(const struct drill *drill, uint32_t indicator, uint16_t source)
{
	struct view view = { .ledger = &drill->clean.ledger,
		.now_s = history_judge_s(&drill->told, DAYS - 1),
		.omitted = source };
	struct verdict verdict;

	forecast_judge(&drill->clean.forecast, &view, indicator, &verdict);
	return verdict.score.log_odds[ROLE_SOURCE];
}

/* Does another source that repeats others claim it? Then more than the two hang together. */
static bool others_repeat(const struct drill *drill, uint32_t indicator, uint16_t copy)
{
	const struct ledger *ledger = &drill->clean.ledger;

	for (uint32_t at = ledger->first[indicator]; at != LEDGER_NONE;
		at = ledger->rows[at].next) {
		uint16_t source = ledger->rows[at].source;

		if (source != copy && drill->clean.forecast.sources[source].leader_count > 0)
			return true;
	}
	return false;
}

/* A feed and its copy count as one of them: the one that weighs more. */
static void copy_counts_once(
	const struct drill *drill, const char *feed_name, const char *copy_name)
{
	const struct ledger *ledger = &drill->clean.ledger;
	uint16_t feed = source_named(&drill->told, feed_name);
	uint16_t copy = source_named(&drill->told, copy_name);
	size_t both = 0;

	for (uint32_t i = 0; i < drill->told.indicator_count; i++) {
		const struct ledger_row *first = ledger_find(ledger, i, feed);
		const struct ledger_row *second = ledger_find(ledger, i, copy);
		double stronger;

		if (first == NULL || second == NULL || first->ended_s != 0 ||
			second->ended_s != 0 || others_repeat(drill, i, copy))
			continue;
		stronger = fmax(without(drill, i, feed), without(drill, i, copy));
		both++;
		assert_true(fabs(stronger - drill->clean.verdicts[i].score.log_odds[ROLE_SOURCE]) <
			    1e-6);
	}
	assert_true(both > 20);
}

static void test_copies(void **state)
{
	copy_counts_once(*state, "broad-good", "copy-of-broad");
	copy_counts_once(*state, "login-watch", "copy-of-login");
}

/* A feed, vouched for or not, lists again what it would have listed long ago. */
static void replay(const struct drill *drill, uint8_t standing)
{
	CLEANUP(history_done) struct history lies = history_copy(&drill->told);
	CLEANUP(outcome_done) struct outcome lied;
	uint16_t feed = source_add(&lies, "replay", standing);
	size_t replayed = 0;

	for (uint32_t i = 0; i < drill->told.indicator_count; i++) {
		uint32_t host = drill->host_of[i];

		/* attacked before day 20, and not since */
		if (host == UINT32_MAX || drill->world->hosts[host].first_spell == 0)
			continue;

		const struct world_spell *spell =
			&drill->world->spells[drill->world->hosts[host].first_spell];

		if (spell->last < 20 && spell->next == 0) {
			lists_from(&lies, feed, i, LIES_FROM);
			replayed++;
		}
	}
	assert_true(replayed > 500);
	run_history(drill, &lies, &lied, NULL, NULL);
	same_for_the_good(drill, &lied);
	for (uint32_t i = 0; i < drill->told.indicator_count; i++) {
		if (ledger_find(&lied.ledger, i, feed) != NULL)
			assert_true(lied.verdicts[i].action < PEHRA_BLOCK ||
				    drill->clean.verdicts[i].action == PEHRA_BLOCK);
	}
}

static void test_replay(void **state)
{
	replay(*state, STANDING_NEW);
	replay(*state, STANDING_VOUCHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_colluders_and_guards),
		cmocka_unit_test(test_colluders_and_innocents),
		cmocka_unit_test(test_slowly_bad),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_replay),
	};

	return cmocka_run_group_tests(tests, drill_start, drill_end);
}
