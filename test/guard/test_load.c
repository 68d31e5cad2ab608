/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules out of a store: guard lists as they are and as they were, overrides in force, and what is
 * always there. */
#include "decision/override.h"
#include "evidence/import.h"
#include "evidence/query.h"
#include "guard/curated.h"
#include "decision/schema.h"
#include "evidence/schema.h"
#include "score/score.h"
#include "store/place.h"

#include <math.h>

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

enum { DAY_ONE_S = 1790000000, DAY = 86400 };

static struct place *place;

static struct db *store_new(void)
{
	struct db_migration all[EVIDENCE_MIGRATIONS + DECISION_MIGRATIONS];
	struct db *db = NULL;
	struct why why;
	size_t n = 0;

	for (size_t i = 0; i < EVIDENCE_MIGRATIONS; i++)
		all[n++] = evidence_migrations[i];
	for (size_t i = 0; i < DECISION_MIGRATIONS; i++)
		all[n++] = decision_migrations[i];
	assert_int_equal(db_open(place_fresh(place), DB_READ_WRITE, &db, &why), OK);
	assert_int_equal(db_migrate(db, all, n, DAY_ONE_S, &why), OK);
	return db;
}

/* The list as it is read at a time: what is not in it any more ends. */
static void list_read(
	struct db *db, const char *source, const char *const *texts, size_t n, int64_t now_s)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	struct import_request request = {
		.source = str_c(source), .kind = IMPORT_FULL_LIST, .now_s = now_s
	};
	struct import_reading reading = { .format = STR("plain") };
	struct import_result result;
	struct import *import;
	struct why why;
	bool is_unchanged;

	for (size_t i = 0; i < n; i++) {
		struct claim claim = {
			.category = CATEGORY_OTHER, .confidence = CONFIDENCE_UNKNOWN, .count = 1
		};

		assert_int_equal(
			indicator_parse(str_c(texts[i]), &arena, &claim.indicator, &why), OK);
		claim_batch_add(&batch, &claim);
	}
	claim_batch_sort(&batch);
	assert_int_equal(import_begin(db, &request, &import, &is_unchanged, &why), OK);
	assert_int_equal(import_batch(import, &batch, &why), OK);
	assert_int_equal(import_finish(&import, &reading, STR(""), STR(""), &result, &why), OK);
}

static void guard_declare(struct db *db, const char *source, uint8_t rule, uint8_t traits)
{
	struct source_properties properties = { .family = STR(""),
		.weight = (double)NAN,
		.purpose = PURPOSE_GUARD,
		.rule = rule,
		.traits = traits };
	struct why why;

	assert_int_equal(source_set(db, str_c(source), &properties, DAY_ONE_S, &why), OK);
}

static struct rule_match match_at(struct db *db, int64_t now_s, int64_t as_of_s, const char *text)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(rules_free) struct rules *rules = NULL;
	struct indicator indicator;
	struct rule_match match;
	struct why why;

	assert_int_equal(rules_load(db, now_s, as_of_s, &rules, &why), OK);
	assert_int_equal(indicator_parse(str_c(text), &arena, &indicator, &why), OK);
	rules_match(rules, &indicator, &match);
	/* texts live as long as the rules: the tests ask for the numbers */
	match.list = STR("");
	match.override_of.text = STR("");
	return match;
}

static void what_is_always_there(void **state)
{
	CLEANUP(db_close) struct db *db = store_new();
	static const char *const never[] = { "8.8.8.8", "2620:fe::9", "198.41.0.4", "2001:dc3::35",
		"127.0.0.1", "224.0.0.0/8", "::1", "fe80::1", "255.255.255.255", "240.0.0.0/5" };
	static const char *const free[] = { "8.8.8.0/24", "192.0.2.1", "10.0.0.1", "203.0.113.7",
		"example.org", "2001:db8::1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		assert_int_equal(match_at(db, DAY_ONE_S, 0, never[i]).guard, GUARD_NEVER);
	for (size_t i = 0; i < ARRAY_LEN(free); i++)
		assert_int_equal(match_at(db, DAY_ONE_S, 0, free[i]).guard, GUARD_NONE);
}

static void guard_lists_now_and_then(void **state)
{
	CLEANUP(db_close) struct db *db = store_new();
	static const char *const first[] = { "198.18.0.0/16", "*.example.org" };
	static const char *const later[] = { "198.18.0.0/16", "198.19.0.1" };

	(void)state;
	guard_declare(db, "ours", GUARD_NEVER, 0);
	guard_declare(db, "clouds", GUARD_NOTE, TRAIT_CLOUD);
	list_read(db, "ours", first, ARRAY_LEN(first), DAY_ONE_S);
	list_read(db, "claims", later, ARRAY_LEN(later), DAY_ONE_S);
	list_read(db, "ours", later, ARRAY_LEN(later), DAY_ONE_S + DAY);
	list_read(db, "clouds", later, ARRAY_LEN(later), DAY_ONE_S + DAY);

	assert_int_equal(match_at(db, DAY_ONE_S + 2 * DAY, 0, "198.18.3.4").guard, GUARD_NEVER);
	assert_int_equal(match_at(db, DAY_ONE_S + 2 * DAY, 0, "198.18.3.4").traits, TRAIT_CLOUD);
	assert_true(match_at(db, DAY_ONE_S + 2 * DAY, 0, "198.19.0.1").is_noted);
	assert_int_equal(match_at(db, DAY_ONE_S + 2 * DAY, 0, "a.example.org").guard, GUARD_NONE);

	assert_int_equal(match_at(db, DAY_ONE_S + 2 * DAY, DAY_ONE_S + 60, "a.example.org").guard,
		GUARD_NEVER);
	assert_int_equal(
		match_at(db, DAY_ONE_S + 2 * DAY, DAY_ONE_S + 60, "198.19.0.1").guard, GUARD_NONE);
	assert_false(match_at(db, DAY_ONE_S + 2 * DAY, DAY_ONE_S + 60, "198.18.3.4").is_noted);
	assert_int_equal(
		match_at(db, DAY_ONE_S + 2 * DAY, DAY_ONE_S - 60, "198.18.3.4").guard, GUARD_NONE);
}

static void overrides_in_force(void **state)
{
	CLEANUP(db_close) struct db *db = store_new();
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct override_request request = { .owner = STR("team"),
		.reason = STR("partner's gateway"),
		.ends_s = DAY_ONE_S + 10 * DAY,
		.made_by = STR("uid:0"),
		.is_allow = true };
	struct why why;
	int64_t id;

	(void)state;
	assert_int_equal(
		indicator_parse(STR("203.0.113.0/24"), &arena, &request.indicator, &why), OK);
	assert_int_equal(db_begin(db, &why), OK);
	assert_int_equal(override_add(db, &request, DAY_ONE_S, &id, &why), OK);
	assert_int_equal(db_commit(db, &why), OK);

	struct rule_match match = match_at(db, DAY_ONE_S + DAY, 0, "203.0.113.7");

	assert_int_equal(match.override, id);
	assert_int_equal(rule_verdict_of(&match), RULE_ALLOW);
	assert_int_equal(match_at(db, DAY_ONE_S + 11 * DAY, 0, "203.0.113.7").override, 0);
	assert_int_equal(
		match_at(db, DAY_ONE_S + 11 * DAY, DAY_ONE_S + DAY, "203.0.113.7").override, id);
	assert_int_equal(match_at(db, DAY_ONE_S + DAY, DAY_ONE_S - DAY, "203.0.113.7").override, 0);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_always_there),
		cmocka_unit_test(guard_lists_now_and_then),
		cmocka_unit_test(overrides_in_force),
	};
	int failed;

	must(argc == 2);
	place = place_start(argv[1]);
	if (place == NULL)
		return PLACE_SKIP;
	failed = cmocka_run_group_tests_name(argv[1], tests, NULL, NULL);
	place_stop(&place);
	return failed;
}
