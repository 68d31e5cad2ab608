/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Versions of policies, and which was live when, on both drivers. */
#include "decision/decision_fixture.h"

#include "decision/policy_store.h"

#define BY STR("uid:7")

static int64_t add(struct db *db, const char *name, const char *text)
{
	int64_t id;

	CHANGE(db, policy_add(db, str_c(name), str_c(text), STR("why"), BY, NOW, &id, &why));
	return id;
}

static void live_is(struct db *db, const char *name, int64_t at_s, int64_t id, uint8_t block)
{
	struct policy policy;
	int64_t found;

	WORKS(policy_live(db, str_c(name), at_s, &policy, &found, &why));
	assert_int_equal(found, id);
	assert_int_equal(policy.at[ROLE_SOURCE][CATEGORY_SCANNER].block, block);
}

static void test_reigns(void **state)
{
	CLEANUP(db_close) struct db *db = decisions(state);
	CLEANUP(arena_done) struct arena arena = { 0 };
	int64_t strict = add(db, "default", "{\"thresholds\":{\"src\":{\"block\":60}}}");
	int64_t mild = add(db, "default", "{\"thresholds\":{\"src\":{\"block\":95}}}");
	int64_t other = add(db, "ministries", "{}");
	struct policy_version version;
	struct policy policy;
	int64_t id;

	live_is(db, "default", 0, 0, 75);
	FAILS(ERR_NOT_FOUND, policy_live(db, STR("ministries"), 0, &policy, &id, &why));
	CHANGE(db, policy_go_live(db, strict, BY, NOW + 10, &why));
	CHANGE(db, policy_go_live(db, other, BY, NOW + 15, &why));
	CHANGE(db, policy_go_live(db, mild, BY, NOW + 20, &why));
	CHANGE(db, policy_go_live(db, strict, STR("uid:8"), NOW + 30, &why));
	REFUSED(db, ERR_USAGE, policy_go_live(db, strict, BY, NOW + 31, &why));
	REFUSED(db, ERR_NOT_FOUND, policy_go_live(db, 99, BY, NOW + 31, &why));
	live_is(db, "default", NOW + 9, 0, 75);
	live_is(db, "default", NOW + 10, strict, 60);
	live_is(db, "default", NOW + 19, strict, 60);
	live_is(db, "default", NOW + 20, mild, 95);
	live_is(db, "default", NOW + 30, strict, 60);
	live_is(db, "default", 0, strict, 60);
	live_is(db, "ministries", 0, other, 75);
	FAILS(ERR_NOT_FOUND, policy_live(db, STR("ministries"), NOW + 14, &policy, &id, &why));

	WORKS(policy_find(db, strict, &arena, &version, &why));
	assert_int_equal(version.live_from_s, NOW + 30);
	assert_int_equal(version.live_until_s, 0);
	assert_true(str_eq(version.live_by, STR("uid:8")));
	assert_true(str_eq(version.note, STR("why")));
	assert_true(str_eq(version.made_by, BY));
	WORKS(policy_find(db, mild, &arena, &version, &why));
	assert_int_equal(version.live_from_s, NOW + 20);
	assert_int_equal(version.live_until_s, NOW + 30);
	FAILS(ERR_NOT_FOUND, policy_find(db, 99, &arena, &version, &why));
}

static enum err count_row(void *state, const struct policy_version *row, struct why *why)
{
	int64_t *last = state;

	(void)why;
	assert_true(row->id < last[1]);
	last[1] = row->id;
	last[0]++;
	return OK;
}

static void test_list(void **state)
{
	CLEANUP(db_close) struct db *db = decisions(state);
	int64_t seen[2] = { 0, INT64_MAX };

	(void)add(db, "default", "{}");
	(void)add(db, "default", "{}");
	(void)add(db, "b", "{}");
	WORKS(policy_list(db, STR(""), count_row, seen, &why));
	assert_int_equal(seen[0], 3);
	seen[0] = 0;
	seen[1] = INT64_MAX;
	WORKS(policy_list(db, STR("default"), count_row, seen, &why));
	assert_int_equal(seen[0], 2);
}

static void test_refusals(void **state)
{
	static const struct {
		struct str name;
		struct str text;
		struct str note;
		enum err err;
	} rows[] = {
		{ STR_INIT(""), STR_INIT("{}"), STR_INIT(""), ERR_USAGE },
		{ STR_INIT("Default"), STR_INIT("{}"), STR_INIT(""), ERR_USAGE },
		{ STR_INIT("a b"), STR_INIT("{}"), STR_INIT(""), ERR_USAGE },
		{ STR_INIT("a"), STR_INIT(""), STR_INIT(""), ERR_USAGE },
		{ STR_INIT("a"), STR_INIT("{"), STR_INIT(""), ERR_SYNTAX },
		{ STR_INIT("a"), STR_INIT("{\"blocks_max\":1}"), STR_INIT(""), ERR_SYNTAX },
		{ STR_INIT("a"), STR_INIT("{}"), STR_INIT("\xc0\x80"), ERR_USAGE },
	};
	CLEANUP(db_close) struct db *db = decisions(state);
	int64_t id;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		REFUSED(db, rows[i].err,
			policy_add(
				db, rows[i].name, rows[i].text, rows[i].note, BY, NOW, &id, &why));
	assert_int_equal(number(db, "SELECT count(*) FROM policy_version"), 0);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reigns),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_refusals),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
