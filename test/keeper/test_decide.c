/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What people decide: a wide block needs two of them, an override shows at once and in every build
 * after it, a dry run tells what then changes, a refit goes live or waits, and what touches a guard
 * that asks waits until it is touched no more.
 */
#include "keeper/keeper_fixture.h"

#include "base/clock.h"
#include "decision/pending.h"
#include "evidence/query.h"
#include "guard/rules.h"
#include "keeper/refit.h"
#include "keeper/touched.h"
#include "learn/model_store.h"
#include "snapshot/open.h"

#include <math.h>

static const uint32_t WIDE = 0x19020000;  /* 25.2.0.0 */
static const uint32_t HOST = 0x19020304;  /* 25.2.3.4 */
static const uint32_t LISTS = 0x19010000; /* 25.1.0.0 */
enum { LISTED = 150 };

#define COMMAND(name, members) "{\"command\":\"" name "\",\"arguments\":{" members "}}"
#define ADD(indicator, kind)                                                       \
	COMMAND("override.add", "\"indicator\":\"" indicator "\",\"kind\":\"" kind \
				"\",\"owner\":\"soc\",\"reason\":\"case 7\",\"days\":7")

/* A number of the answer's result; path names members one within the other. */
static int64_t number_of(const struct buf *answer, const char *outer, const char *member)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct json_node root;
	struct why why = { 0 };
	int64_t value = -1;

	if (json_parse(reader, buf_view(answer), &root, &why) != OK)
		fail_msg("%s", why.text);
	root = json_get(root, "result");
	if (outer != NULL)
		root = json_get(root, outer);
	if (!json_i64(json_get(root, member), &value))
		fail_msg("no number '%s' in %.*s", member, (int)answer->n, answer->data);
	return value;
}

static void says(struct buf *answer, const char *words)
{
	if (strstr(buf_c(answer), words) == NULL)
		fail_msg("'%s' is not in %s", words, buf_c(answer));
}

static void acts(struct place *place, const char *actor, const char *text, const char *words,
	struct buf *answer)
{
	place_act(place, actor, text, answer);
	says(answer, words);
}

static void test_overrides(void **state)
{
	struct place *place = *state;
	CLEANUP(buf_done) struct buf answer = { 0 };

	place_show(place);
	acts(place, "ann", ADD("25.2.0.0/16", "block"), "\"state\":\"waiting\"", &answer);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, HOST), PEHRA_NONE);
	acts(place, "ann", COMMAND("override.approve", "\"id\":1"), "\"denied\"", &answer);
	acts(place, "bob", COMMAND("override.approve", "\"id\":1"), "\"shown\":true", &answer);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, HOST), PEHRA_BLOCK);
	acts(place, "bob", COMMAND("override.approve", "\"id\":1"), "\"ok\":false", &answer);

	acts(place, "ann", ADD("25.2.3.4", "allow"), "\"state\":\"in-force\"", &answer);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, HOST), PEHRA_ALLOW);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, HOST + 1), PEHRA_BLOCK);
	place_show(place);
	assert_int_equal(place_action(place, SNAPSHOT_GENERATION, HOST), PEHRA_ALLOW);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, HOST), PEHRA_ALLOW);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, WIDE), PEHRA_BLOCK);

	acts(place, "bob", COMMAND("override.revoke", "\"id\":2"), "\"shown\":true", &answer);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, HOST), PEHRA_BLOCK);
	acts(place, "bob", COMMAND("override.revoke", "\"id\":1"), "\"shown\":true", &answer);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, HOST), PEHRA_NONE);
	place_show(place);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, HOST), PEHRA_NONE);
}

static void vouch_all(struct place *place)
{
	static const char *const sources[] = { "one", "two", "three" };

	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		place_vouch(place, sources[i]);
}

static int64_t blocks_built(const struct place *place)
{
	int64_t blocks = 0;

	for (uint32_t i = 0; i < 2 * LISTED; i++)
		blocks += place_action(place, SNAPSHOT_GENERATION, LISTS + i) == PEHRA_BLOCK;
	return blocks;
}

/* The numbers of a dry run against the files before and after. */
static void test_policy_try(void **state)
{
	static const char policy[] = "\"policy\":{\"thresholds\":{\"src\":"
				     "{\"watch\":10,\"challenge\":99,\"block\":100}}}";
	struct place *place = *state;
	CLEANUP(buf_done) struct buf answer = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	int64_t before;
	int64_t after;

	vouch_all(place);
	place_list(place, "one", LISTS, LISTED, 32);
	place_list(place, "two", LISTS, LISTED, 32);
	place_list(place, "three", LISTS + LISTED / 2, LISTED, 32);
	place_show(place);
	before = blocks_built(place);
	assert_true(before >= LISTED / 2);

	buf_fmt(&text, "{\"command\":\"policy.try\",\"arguments\":{%s}}", policy);
	acts(place, "ann", buf_c(&text), "\"ok\":true", &answer);
	assert_int_equal(number_of(&answer, "now", "block"), before);
	after = number_of(&answer, "then", "block");
	assert_true(after > 0 && after < before);
	assert_int_equal(number_of(&answer, NULL, "listed"), 0);
	assert_int_equal(number_of(&answer, NULL, "unlisted"), before - after);
	says(&answer, "\"unlisted_examples\":[{\"indicator\":\"25.1.0.");

	buf_clear(&text);
	buf_fmt(&text, "{\"command\":\"policy.add\",\"arguments\":{%s}}", policy);
	acts(place, "ann", buf_c(&text), "\"ok\":true", &answer);
	acts(place, "ann", COMMAND("policy.try", "\"id\":1"), "\"ok\":true", &answer);
	assert_int_equal(number_of(&answer, NULL, "unlisted"), before - after);
	acts(place, "ann", COMMAND("policy.live", "\"id\":1"), "\"ok\":true", &answer);
	place_show(place);
	assert_int_equal(blocks_built(place), after);

	/* and back: what is listed is what blocks then */
	acts(place, "ann", COMMAND("policy.try", "\"policy\":{}"), "\"ok\":true", &answer);
	assert_int_equal(number_of(&answer, NULL, "listed"), before - after);
	assert_int_equal(number_of(&answer, "now", "block"), after);
	acts(place, "ann", COMMAND("model.try", "\"version\":1"), "\"ok\":true", &answer);
	assert_int_equal(number_of(&answer, NULL, "listed"), 0);
	assert_int_equal(number_of(&answer, NULL, "unlisted"), 0);

	acts(place, "ann", COMMAND("policy.try", "\"id\":9"), "\"not-found\"", &answer);
	acts(place, "ann", COMMAND("policy.try", "\"id\":1,\"policy\":{}"), "\"usage\"", &answer);
	acts(place, "ann", COMMAND("policy.try", "\"policy\":{\"x\":1}"), "\"ok\":false", &answer);
	acts(place, "ann", COMMAND("model.try", "\"version\":9"), "\"not-found\"", &answer);
}

static uint64_t waiting(const struct place *place)
{
	struct why why = { 0 };
	uint64_t open;

	assert_int_equal(pending_count(place->keeper->db, &open, &why), OK);
	return open;
}

/* Ten days of three lists that change daily, up to now. */
static void days_pass(struct place *place, uint32_t listed, uint32_t moves)
{
	place_clock_set(PLACE_NOW_S - 10 * DAY_S);
	vouch_all(place);
	for (uint32_t day = 0; day < 10; day++) {
		place_list(place, "one", LISTS + moves * day, listed, 32);
		place_list(place, "two", LISTS + moves * day + listed / 2, listed, 32);
		place_list(place, "three", LISTS + 2 * moves * day, listed, 32);
		place_clock_set(PLACE_NOW_S - (9 - (int64_t)day) * DAY_S);
	}
	place_show(place);
}

static int live_version(struct place *place)
{
	CLEANUP(model_done) struct model live = { 0 };
	struct why why = { 0 };

	if (model_live(place->keeper->db, 0, &live, &why) != OK)
		fail_msg("%s", why.text);
	assert_int_equal(live.score.version, place->keeper->scoring.model.score.version);
	return live.score.version;
}

static int64_t moved_of(const struct buf *answer)
{
	return number_of(answer, "impact", "listed") + number_of(answer, "impact", "unlisted");
}

static void test_refit(void **state)
{
	struct place *place = *state;
	CLEANUP(buf_done) struct buf answer = { 0 };

	place_clock_set(PLACE_NOW_S - 10 * DAY_S);
	place_list(place, "one", LISTS, LISTED, 32);
	acts(place, "ann", COMMAND("model.refit", ""), "older than 7 days", &answer);
	says(&answer, "\"usage\"");
	days_pass(place, LISTED, 10);
	acts(place, "ann", COMMAND("model.refit", "\"decay\":true"), "\"version\":2", &answer);
	says(&answer, "\"state\":\"live\"");
	assert_true(moved_of(&answer) <= MODEL_MOVES_LEAST);
	assert_int_equal(live_version(place), 2);

	/* the next one is made by itself, a day later */
	refit_turn(place->service);
	assert_int_equal(place->service->tasks.n, 0);
	place_clock_set(PLACE_NOW_S + DAY_S);
	refit_turn(place->service);
	assert_int_equal(place->service->tasks.n, 1);
}

static void test_refit_waits(void **state)
{
	struct place *place = *state;
	CLEANUP(buf_done) struct buf answer = { 0 };
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct pending item;
	struct why why = { 0 };

	days_pass(place, 20 * LISTED, 200);
	acts(place, "ann", COMMAND("model.refit", ""), "\"version\":2", &answer);
	says(&answer, "\"state\":\"waiting\"");
	assert_true(moved_of(&answer) > MODEL_MOVES_LEAST);
	assert_int_equal(live_version(place), 1);
	assert_int_equal(waiting(place), 1);
	acts(place, "ann", COMMAND("pending.approve", "\"id\":1"), "\"ok\":true", &answer);
	assert_int_equal(live_version(place), 2);
	assert_int_equal(waiting(place), 0);
	assert_int_equal(pending_find(place->keeper->db, 1, &arena, &item, &why), OK);
	assert_true(str_eq(item.outcome, STR("approved")) && str_eq(item.closed_by, STR("ann")));
}

static void settle(struct place *place)
{
	struct why why = { 0 };

	place_show(place);
	if (touched_settle(place->service, &why) != OK)
		fail_msg("%s", why.text);
}

static void test_touched(void **state)
{
	struct source_properties asks = {
		.weight = (double)NAN, .purpose = PURPOSE_GUARD, .rule = GUARD_ASK
	};
	struct place *place = *state;
	struct keeper *keeper = place->keeper;
	CLEANUP(buf_done) struct buf answer = { 0 };
	struct why why = { 0 };

	assert_int_equal(source_set(keeper->db, STR("asks"), &asks, PLACE_NOW_S, &why), OK);
	place_list(place, "asks", LISTS + 7, 2, 32);
	place_list(place, "one", LISTS, LISTED, 32);
	place_list(place, "two", LISTS, LISTED, 32);
	assert_int_equal(scoring_reload_rules(&keeper->scoring, keeper->db, PLACE_NOW_S, &why), OK);
	settle(place);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, LISTS + 7), PEHRA_WATCH);
	assert_int_equal(waiting(place), 2);
	settle(place);
	assert_int_equal(waiting(place), 2);

	/* dismissed: not asked again, even by a keeper that starts anew; approved: listed */
	acts(place, "ann", COMMAND("pending.dismiss", "\"id\":1"), "\"ok\":true", &answer);
	buf_clear(&place->service->touched);
	settle(place);
	assert_int_equal(waiting(place), 1);
	acts(place, "ann", COMMAND("pending.approve", "\"id\":2,\"owner\":\"soc\",\"days\":7"),
		"\"ok\":true", &answer);
	assert_int_equal(waiting(place), 0);
	assert_int_equal(place_action(place, SNAPSHOT_LIVE, LISTS + 8), PEHRA_BLOCK);

	/* a month later it is asked again; touched no more, it is overtaken */
	place_clock_set(PLACE_NOW_S + (TOUCHED_QUIET_DAYS + 1) * (int64_t)DAY_S);
	place_list(place, "one", LISTS, LISTED, 32);
	place_list(place, "two", LISTS, LISTED, 32);
	place_list(place, "asks", LISTS + 7, 1, 32);
	buf_clear(&place->service->touched);
	settle(place);
	assert_int_equal(waiting(place), 1);
	place_list(place, "asks", LISTS + 1000, 1, 32);
	assert_int_equal(scoring_reload_rules(
				 &keeper->scoring, keeper->db, clock_now_s(keeper->clock), &why),
		OK);
	settle(place);
	assert_int_equal(waiting(place), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_overrides, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_policy_try, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_refit, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_refit_waits, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(test_touched, place_set_up, place_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
