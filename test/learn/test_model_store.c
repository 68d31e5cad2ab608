/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models and which was live when, on both drivers. */
#include "store/fixture.h"

#include "learn/model_store.h"

#define NOW INT64_C(1795381200)
#define BY  STR("uid:7")

static struct db *models(void **state)
{
	struct db *db = fresh(state);

	WORKS(db_migrate(db, model_migrations, MODEL_MIGRATIONS, NOW, &why));
	return db;
}

/* In a transaction of its own, which is undone when it fails. */
#define CHANGE(db, call)                    \
	do {                                \
		WORKS(db_begin(db, &why));  \
		WORKS(call);                \
		WORKS(db_commit(db, &why)); \
	} while (0)
#define REFUSED(db, expected, call)                                      \
	do {                                                             \
		WORKS(db_begin(db, &why));                               \
		CLEANUP(db_rollback_unless_done) struct db *open = (db); \
		FAILS(expected, call);                                   \
	} while (0)

/* The built-in model with a prior that tells it from others. */
static void add(struct db *db, double prior, int64_t now_s, int version)
{
	CLEANUP(model_done) struct model model;

	model_default(&model);
	model.score.roles[0].prior = prior;
	CHANGE(db, model_add(db, &model, STR("{\"cases\":1}"), now_s, &why));
	assert_int_equal(model.score.version, version);
	assert_int_equal(model.score.made_s, now_s);
}

static void live_is(struct db *db, int64_t at_s, int version, double prior)
{
	CLEANUP(model_done) struct model model;

	WORKS(model_live(db, at_s, &model, &why));
	assert_int_equal(model.score.version, version);
	assert_true(model.score.roles[0].prior >= prior && model.score.roles[0].prior <= prior);
}

static void test_reigns(void **state)
{
	CLEANUP(db_close) struct db *db = models(state);
	CLEANUP(model_done) struct model model;

	live_is(db, 0, 1, -4);
	REFUSED(db, ERR_USAGE, model_go_live(db, 1, BY, STR("again"), NOW, &why));
	add(db, -5, NOW, 2);
	add(db, -0.1, NOW + 10, 3);
	live_is(db, 0, 1, -4);
	CHANGE(db, model_go_live(db, 2, BY, STR("first"), NOW + 20, &why));
	CHANGE(db, model_go_live(db, 3, BY, STR("second"), NOW + 30, &why));
	CHANGE(db, model_go_live(db, 2, STR("uid:8"), STR("back"), NOW + 40, &why));
	CHANGE(db, model_go_live(db, 1, BY, STR("built in"), NOW + 50, &why));
	live_is(db, NOW + 19, 1, -4);
	live_is(db, NOW + 20, 2, -5);
	live_is(db, NOW + 30, 3, -0.1);
	live_is(db, NOW + 40, 2, -5);
	live_is(db, NOW + 50, 1, -4);
	live_is(db, 0, 1, -4);
	REFUSED(db, ERR_NOT_FOUND, model_go_live(db, 4, BY, STR(""), NOW + 60, &why));
	REFUSED(db, ERR_USAGE, model_go_live(db, 2, STR(""), STR(""), NOW + 60, &why));
	FAILS(ERR_NOT_FOUND, model_load(db, 4, &model, &why));
	WORKS(model_load(db, 3, &model, &why));
	assert_int_equal(model.score.version, 3);
}

static enum err check_row(void *state, const struct model_version *row, struct why *why)
{
	int64_t *left = state;

	(void)why;
	assert_int_equal(row->version, *left);
	assert_true(str_eq(row->report, STR("{\"cases\":1}")));
	if (row->version == 2) {
		assert_int_equal(row->live_from_s, NOW + 9);
		assert_int_equal(row->live_until_s, 0);
		assert_true(str_eq(row->live_by, BY));
		assert_true(str_eq(row->note, STR("why")));
	} else {
		assert_int_equal(row->live_from_s, 0);
		assert_true(row->live_by.n == 0);
	}
	--*left;
	return OK;
}

static void test_list(void **state)
{
	CLEANUP(db_close) struct db *db = models(state);
	int64_t newest = 4;

	add(db, -5, NOW, 2);
	add(db, -6, NOW + 1, 3);
	add(db, -7, NOW + 2, 4);
	CHANGE(db, model_go_live(db, 2, BY, STR("why"), NOW + 9, &why));
	WORKS(model_list(db, check_row, &newest, &why));
	assert_int_equal(newest, 1);
}

/* What was not committed is as if it had never been. */
static void test_undone(void **state)
{
	CLEANUP(db_close) struct db *db = models(state);
	CLEANUP(model_done) struct model model;

	model_default(&model);
	{
		CLEANUP(db_rollback_unless_done) struct db *open = db;

		WORKS(db_begin(db, &why));
		WORKS(model_add(db, &model, STR("{}"), NOW, &why));
		WORKS(model_go_live(db, model.score.version, BY, STR(""), NOW, &why));
	}
	live_is(db, 0, 1, -4);
	add(db, -5, NOW, 2);
}

/* A stored text that is damaged is told, not believed. */
static void test_damaged(void **state)
{
	CLEANUP(db_close) struct db *db = models(state);
	struct model model;

	add(db, -5, NOW, 2);
	run(db, "UPDATE model SET text = '{\"version\":2}' WHERE version = 2");
	FAILS(ERR_SYNTAX, model_load(db, 2, &model, &why));
	add(db, -5, NOW, 3);
	run(db, "UPDATE model SET text = (SELECT text FROM model WHERE version = 3)"
		" WHERE version = 2");
	FAILS(ERR_CORRUPT, model_load(db, 2, &model, &why));
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reigns),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_undone),
		cmocka_unit_test(test_damaged),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
