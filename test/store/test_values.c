/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The contract of db.h, first part: values, statements and the bulk path. */
#include "store/fixture.h"

#include "store/text.h"

#include <math.h>

static const char value_table[] = "CREATE TABLE value (id BIGINT PRIMARY KEY, i BIGINT, "
				  "d DOUBLE PRECISION, t TEXT, b BYTEA)";
static const char value_insert[] = "INSERT INTO value (id, i, d, t, b) "
				   "VALUES ($1, $2, $3, $4, $5)";
static const char value_select[] = "SELECT i, d, t, b FROM value WHERE id = $1";

struct value {
	int64_t i;
	double d;
	struct str t;
	struct str b;
};

static void value_put(struct db *db, int64_t id, const struct value *value)
{
	CLEANUP(db_finish) struct db_statement *insert = NULL;
	uint64_t changed;

	WORKS(db_prepare(db, value_insert, &insert, &why));
	db_bind_i64(insert, 1, id);
	db_bind_i64(insert, 2, value->i);
	db_bind_double(insert, 3, value->d);
	db_bind_text(insert, 4, value->t);
	db_bind_bytes(insert, 5, value->b);
	WORKS(db_run(insert, &changed, &why));
	assert_int_equal(changed, 1);
}

static void value_same(struct db *db, int64_t id, const struct value *value)
{
	CLEANUP(db_finish) struct db_statement *select = NULL;
	double d;
	bool row;

	WORKS(db_prepare(db, value_select, &select, &why));
	db_bind_i64(select, 1, id);
	WORKS(db_step(select, &row, &why));
	assert_true(row);
	for (int i = 0; i < 4; i++)
		assert_false(db_column_is_null(select, i));
	assert_true(db_column_i64(select, 0) == value->i);
	d = db_column_double(select, 1);
	assert_memory_equal(&d, &value->d, sizeof d);
	assert_true(str_eq(db_column_text(select, 2), value->t));
	assert_true(str_eq(db_column_bytes(select, 3), value->b));
	WORKS(db_step(select, &row, &why));
	assert_false(row);
	WORKS(db_step(select, &row, &why));
	assert_false(row);
}

static void test_values(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	CLEANUP(buf_done) struct buf big = { 0 };
	const size_t big_bytes = 8 << 20;
	static const struct value values[] = {
		{ 0, 0.0, STR_INIT(""), STR_INIT("") },
		{ INT64_MAX, 1.7976931348623157e308, STR_INIT("a"), STR_INIT("\0") },
		{ INT64_MIN, -5e-324, STR_INIT("\xd9\xbe\xdb\x81\xd8\xb1\xdb\x81"),
			STR_INIT("\0\1\377\200'\"\\") },
		{ -1, HUGE_VAL, STR_INIT("it's \"quoted\" \\ $1 ?1"), STR_INIT("\377\376") },
		{ 1, 0.1, STR_INIT("\xf0\x9f\x9b\xa1"), STR_INIT("text") },
	};

	run(db, value_table);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		value_put(db, (int64_t)i, &values[i]);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		value_same(db, (int64_t)i, &values[i]);
	memset(buf_reserve(&big, big_bytes), 'x', big_bytes);
	big.n = big_bytes;

	struct value large = { 7, 7, buf_view(&big), buf_view(&big) };

	value_put(db, 100, &large);
	value_same(db, 100, &large);
}

static void test_null(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	CLEANUP(db_finish) struct db_statement *insert = NULL;
	CLEANUP(db_finish) struct db_statement *select = NULL;
	bool row;

	run(db, value_table);
	WORKS(db_prepare(db, value_insert, &insert, &why));
	db_bind_i64(insert, 1, 1);
	db_bind_null(insert, 2);
	db_bind_null(insert, 4);
	WORKS(db_run(insert, NULL, &why));
	WORKS(db_prepare(db, value_select, &select, &why));
	db_bind_i64(select, 1, 1);
	WORKS(db_step(select, &row, &why));
	assert_true(row);
	for (int i = 0; i < 4; i++)
		assert_true(db_column_is_null(select, i));
	assert_int_equal(db_column_i64(select, 0), 0);
	assert_true(db_column_double(select, 1) == 0);
	assert_int_equal(db_column_text(select, 2).n, 0);
	assert_int_equal(db_column_bytes(select, 3).n, 0);
	/* a binding does not outlive its run */
	db_bind_i64(insert, 1, 2);
	WORKS(db_run(insert, NULL, &why));
	assert_int_equal(number(db, "SELECT count(*) FROM value WHERE t IS NULL"), 2);
}

static void test_refused_values(void **state)
{
	static const struct str bad[] = { STR_INIT("a\0b"), STR_INIT("\xff"), STR_INIT("\xc0\x80"),
		STR_INIT("\xed\xa0\x80"), STR_INIT("\xf4\x90\x80\x80"), STR_INIT("\xd9") };
	CLEANUP(db_close) struct db *db = fresh(state);
	CLEANUP(db_finish) struct db_statement *insert = NULL;

	run(db, value_table);
	WORKS(db_prepare(db, value_insert, &insert, &why));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		db_reset(insert);
		db_bind_i64(insert, 1, 1);
		db_bind_text(insert, 4, bad[i]);
		FAILS(ERR_USAGE, db_run(insert, NULL, &why));
	}
	db_reset(insert);
	db_bind_i64(insert, 1, 1);
	db_bind_double(insert, 3, (double)NAN);
	FAILS(ERR_USAGE, db_run(insert, NULL, &why));
	assert_int_equal(number(db, "SELECT count(*) FROM value"), 0);
}

static const char *random_value(struct prop *prop, struct db *db, int64_t id)
{
	char bytes[64];
	uint64_t bits = prop_u64(prop);
	struct value value = { .i = (int64_t)(prop_u64(prop) >> prop_below(prop, 64)) };

	memcpy(&value.d, &bits, sizeof value.d);
	if (isnan(value.d))
		value.d = 1.5;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)prop_u64(prop);
	value.b = str_from(bytes, prop_below(prop, sizeof bytes));
	value.t = str_from("plain text", prop_below(prop, 10));
	value_put(db, id, &value);
	value_same(db, id, &value);
	return NULL;
}

static void test_random_values(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	struct prop prop = { prop_env("PEHRA_SEED", 1) };

	run(db, value_table);
	WORKS(db_begin(db, &why));
	for (int64_t id = 0; id < 500; id++)
		(void)random_value(&prop, db, id);
	WORKS(db_commit(db, &why));
}

/* Sums and counts have other types than their columns in one of the engines. */
static void test_expressions(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	CLEANUP(db_finish) struct db_statement *sums = NULL;
	bool row;

	run(db, "CREATE TABLE n (i BIGINT, d DOUBLE PRECISION);"
		"INSERT INTO n VALUES (9000000000000000000, 0.5), (7, 0.25), (-20000, 2)");
	WORKS(db_prepare(db,
		"SELECT sum(i), avg(d), count(*), EXISTS (SELECT 1 FROM n), max(i) > 3, 5, 'word', "
		"-sum(d), CAST(sum(i) AS BIGINT) - $1, sum(i) - 9000000000000000000 "
		"FROM n WHERE i > $2 AND d < $3",
		&sums, &why));
	db_bind_i64(sums, 1, 1);
	db_bind_i64(sums, 2, INT64_MIN);
	db_bind_i64(sums, 3, 3); /* a whole number where the column has fractions */
	WORKS(db_step(sums, &row, &why));
	assert_true(row);
	assert_true(db_column_i64(sums, 0) == INT64_C(8999999999999980007));
	assert_true(fabs(db_column_double(sums, 1) - 2.75 / 3) < 1e-12);
	assert_int_equal(db_column_i64(sums, 2), 3);
	assert_int_equal(db_column_i64(sums, 3), 1);
	assert_int_equal(db_column_i64(sums, 4), 1);
	assert_int_equal(db_column_i64(sums, 5), 5);
	assert_true(str_eq(db_column_text(sums, 6), STR("word")));
	assert_true(db_column_double(sums, 7) == -2.75);
	assert_true(db_column_i64(sums, 8) == INT64_C(8999999999999980006));
	assert_int_equal(db_column_i64(sums, 9), -19993);
	/* read as what they are not */
	assert_int_equal(db_column_text(sums, 2).n, 0);
	assert_int_equal(db_column_i64(sums, 6), 0);
	assert_true(db_column_double(sums, 2) == 3);
	assert_int_equal(db_column_i64(sums, 7), -2);
}

enum { MANY = 30000 };

static void numbers_make(struct db *db)
{
	run(db, "CREATE TABLE n (i BIGINT PRIMARY KEY, square BIGINT)");
	run(db, "WITH RECURSIVE c (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c "
		"WHERE i < 29999) INSERT INTO n SELECT i, i * i FROM c");
}

/* Rows of one statement go on while others run in between, of which one also has rows. */
static void test_statements_at_once(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	CLEANUP(db_finish) struct db_statement *all = NULL;
	CLEANUP(db_finish) struct db_statement *other = NULL;
	CLEANUP(db_finish) struct db_statement *one = NULL;
	int64_t expected = 0;
	bool row;

	numbers_make(db);
	WORKS(db_prepare(db, "SELECT i FROM n ORDER BY i", &all, &why));
	WORKS(db_prepare(db, "SELECT i FROM n ORDER BY i DESC", &other, &why));
	WORKS(db_prepare(db, "SELECT square FROM n WHERE i = $1", &one, &why));
	WORKS(db_step(all, &row, &why));
	while (row) {
		bool found;

		assert_int_equal(db_column_i64(all, 0), expected);
		if (expected % 1000 == 0) {
			db_bind_i64(one, 1, expected);
			WORKS(db_step(one, &found, &why));
			assert_true(found);
			assert_int_equal(db_column_i64(one, 0), expected * expected);
			db_reset(one);
		}
		WORKS(db_step(other, &found, &why));
		assert_int_equal(db_column_i64(other, 0), MANY - 1 - expected);
		/* the outer row is still there */
		assert_int_equal(db_column_i64(all, 0), expected);
		expected++;
		WORKS(db_step(all, &row, &why));
	}
	assert_int_equal(expected, MANY);
}

/* A statement may be left in the middle of its rows and used again. */
static void test_left_early(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	static const char sql[] = "SELECT i FROM n WHERE i >= $1 ORDER BY i";

	numbers_make(db);
	for (int64_t from = 0; from < 20; from++) {
		CLEANUP(db_finish) struct db_statement *list = NULL;
		bool row;

		WORKS(db_prepare(db, sql, &list, &why));
		for (int again = 0; again < 2; again++) {
			db_bind_i64(list, 1, from);
			WORKS(db_step(list, &row, &why));
			assert_int_equal(db_column_i64(list, 0), from);
			db_reset(list);
		}
	}
	run(db, "DELETE FROM n");
	assert_int_equal(number(db, "SELECT count(*) FROM n"), 0);
}

static void test_changes(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	CLEANUP(db_finish) struct db_statement *update = NULL;
	CLEANUP(db_finish) struct db_statement *returning = NULL;
	uint64_t changed = 77;
	bool row;

	numbers_make(db);
	WORKS(db_prepare(db, "UPDATE n SET square = 0 WHERE i < $1", &update, &why));
	db_bind_i64(update, 1, 10);
	WORKS(db_run(update, &changed, &why));
	assert_int_equal(changed, 10);
	db_bind_i64(update, 1, -1);
	WORKS(db_run(update, &changed, &why));
	assert_int_equal(changed, 0);
	WORKS(db_prepare(db,
		"INSERT INTO n (i, square) SELECT coalesce(max(i), 0) + 1, $1 FROM n "
		"RETURNING i",
		&returning, &why));
	for (int64_t i = 0; i < 3; i++) {
		db_bind_i64(returning, 1, i);
		WORKS(db_step(returning, &row, &why));
		assert_true(row);
		assert_int_equal(db_column_i64(returning, 0), MANY + i);
		WORKS(db_step(returning, &row, &why));
		assert_false(row);
		db_reset(returning);
	}
}

struct merge_rows {
	const struct value *rows;
	const int64_t *ids;
	size_t n;
	size_t at;
};

static bool merge_next(void *state, struct db_value *values)
{
	struct merge_rows *rows = state;
	const struct value *row;

	if (rows->at == rows->n)
		return false;
	row = &rows->rows[rows->at];
	values[0] = (struct db_value){ .i64 = rows->ids[rows->at] };
	values[1] = (struct db_value){ .i64 = row->i, .is_null = row->i == 77 };
	values[2] = (struct db_value){ .number = row->d };
	values[3] = (struct db_value){ .bytes = row->t };
	values[4] = (struct db_value){ .bytes = row->b };
	rows->at++;
	return true;
}

static const char *const merge_columns[] = { "id", "i", "d", "t", "b" };
static const enum db_type merge_types[] = { DB_I64, DB_I64, DB_DOUBLE, DB_TEXT, DB_BYTES };
static const struct db_merge value_merge = {
	.table = "value",
	.columns = merge_columns,
	.types = merge_types,
	.column_count = ARRAY_LEN(merge_columns),
	.keys = "id",
	.updates = "i = value.i + excluded.i, d = excluded.d, t = excluded.t, "
		   "b = CASE WHEN excluded.i > 5 THEN excluded.b ELSE value.b END",
};

static void merged(struct db *db, const struct value *rows, const int64_t *ids, size_t n)
{
	struct merge_rows source = { rows, ids, n, 0 };

	WORKS(db_merge_sorted(db, &value_merge, merge_next, &source, &why));
}

static void test_merge(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	const struct value first[] = { { 1, 0.5, STR("a"), STR("\0") },
		{ 2, 1.5, STR(""), STR("") }, { 77, 2.5, STR("c"), STR("\377") } };
	const struct value second[] = { { 10, 7, STR("z"), STR("new") },
		{ 3, 8, STR("y"), STR("not taken") }, { 4, 9, STR("x"), STR("w") } };
	const struct value sums[] = { { 11, 7, STR("z"), STR("new") }, { 5, 8, STR("y"), STR("") },
		{ 4, 9, STR("x"), STR("w") } };

	run(db, value_table);
	WORKS(db_begin(db, &why));
	merged(db, NULL, NULL, 0);
	merged(db, first, (const int64_t[]){ -5, 1, 9 }, 3);
	WORKS(db_commit(db, &why));
	WORKS(db_begin(db, &why));
	merged(db, second, (const int64_t[]){ -5, 1, 100 }, 3);
	/* twice in one transaction */
	merged(db, first, (const int64_t[]){ 200, 201, 202 }, 3);
	WORKS(db_commit(db, &why));
	value_same(db, -5, &sums[0]);
	value_same(db, 1, &sums[1]);
	value_same(db, 100, &sums[2]);
	assert_int_equal(number(db, "SELECT count(*) FROM value WHERE i IS NULL"), 2);
	assert_int_equal(number(db, "SELECT count(*) FROM value"), 7);
}

static void test_merge_fails_whole(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	const struct value rows[] = { { 1, 0.5, STR("fine"), STR("") },
		{ 2, 0.5, STR("not \xff fine"), STR("") } };
	const int64_t ids[] = { 1, 2 };
	struct merge_rows source = { rows, ids, 2, 0 };

	run(db, value_table);
	WORKS(db_begin(db, &why));
	FAILS(ERR_USAGE, db_merge_sorted(db, &value_merge, merge_next, &source, &why));
	FAILS(ERR_STORE, db_commit(db, &why));
	assert_int_equal(number(db, "SELECT count(*) FROM value"), 0);
	WORKS(db_begin(db, &why));
	merged(db, rows, ids, 1);
	WORKS(db_commit(db, &why));
	assert_int_equal(number(db, "SELECT count(*) FROM value"), 1);
}

/* Random merges against the same done row by row. */
static void test_merge_model(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	struct prop prop = { prop_env("PEHRA_SEED", 3) };
	enum { KEYS = 2000 };
	int64_t model[KEYS] = { 0 };
	bool known[KEYS] = { false };
	static struct value rows[KEYS];
	static int64_t ids[KEYS];
	int64_t sum = 0;
	int64_t total = 0;

	run(db, value_table);
	for (int round = 0; round < 10; round++) {
		size_t n = 0;

		for (int64_t key = 0; key < KEYS; key++) {
			if (prop_below(&prop, 3) != 0)
				continue;
			rows[n] = (struct value){ (int64_t)prop_below(&prop, 50), 1, STR("t"),
				STR("b") };
			known[key] = true;
			model[key] += rows[n].i;
			ids[n++] = key;
		}
		WORKS(db_begin(db, &why));
		merged(db, rows, ids, n);
		WORKS(db_commit(db, &why));
	}
	for (int64_t key = 0; key < KEYS; key++) {
		sum += model[key] * key;
		total += known[key];
	}
	assert_int_equal(number(db, "SELECT count(*) FROM value"), total);
	assert_int_equal(number(db, "SELECT sum(i * id) FROM value"), sum);
}

/* The old rows that a merge changes: i is since when a row is as it is, t what it says. */
static const char *const history_columns[] = { "id", "i", "t" };
static const struct db_history value_history = {
	.table = "value_past",
	.columns = history_columns,
	.column_count = ARRAY_LEN(history_columns),
	.since = "i",
	.until = "until",
	.when = "excluded.t <> value.t",
};
static const struct db_merge history_merge = {
	.table = "value",
	.columns = merge_columns,
	.types = merge_types,
	.column_count = ARRAY_LEN(merge_columns),
	.keys = "id",
	.updates = "t = excluded.t, d = value.d + 1",
	.history = &value_history,
};
static const char history_table[] = "CREATE TABLE value_past (id BIGINT NOT NULL, i BIGINT, "
				    "until BIGINT, t TEXT, PRIMARY KEY (id, i))";

static enum err say(struct db *db, int64_t since, const char *one, const char *two, struct why *why)
{
	const struct value rows[] = { { since, 0, str_c(one), STR("") },
		{ since, 0, str_c(two), STR("") } };
	struct merge_rows source = { rows, (const int64_t[]){ 1, 2 }, 2, 0 };

	TRY(db_begin(db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = db;
	TRY(db_merge_sorted(db, &history_merge, merge_next, &source, why));
	return db_commit(open, why);
}

static void test_merge_history(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);

	run(db, value_table);
	run(db, history_table);
	WORKS(say(db, 10, "a", "a", &why));
	WORKS(say(db, 20, "a", "b", &why)); /* one stays, two changes */
	WORKS(say(db, 20, "c", "c", &why)); /* one changes, two within the same time */
	WORKS(say(db, 30, "c", "d", &why));
	WORKS(say(db, 25, "c", "e", &why)); /* no older than it will be: not kept */
	assert_int_equal(number(db, "SELECT count(*) FROM value_past"), 3);
	assert_int_equal(number(db, "SELECT until FROM value_past WHERE id = 1 AND i = 10"
				    " AND t = 'a'"),
		20);
	assert_int_equal(number(db, "SELECT until FROM value_past WHERE id = 2 AND i = 10"
				    " AND t = 'a'"),
		20);
	assert_int_equal(number(db, "SELECT until FROM value_past WHERE id = 2 AND i = 20"
				    " AND t = 'c'"),
		30);
	assert_int_equal(number(db, "SELECT i FROM value WHERE id = 1 AND t = 'c'"), 20);
	assert_int_equal(number(db, "SELECT i FROM value WHERE id = 2 AND t = 'e'"), 25);
	/* rows that do not change are updated all the same */
	assert_int_equal(number(db, "SELECT count(*) FROM value WHERE d = 4"), 2);
}

/* What cannot be kept fails the merge. */
static void test_merge_history_fails(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);

	run(db, value_table);
	run(db, history_table);
	run(db, "INSERT INTO value_past (id, i, until, t) VALUES (2, 10, 15, 'in the way')");
	WORKS(say(db, 10, "a", "a", &why));
	FAILS(ERR_EXISTS, say(db, 20, "b", "b", &why));
	assert_int_equal(number(db, "SELECT count(*) FROM value WHERE t = 'a'"), 2);
	assert_int_equal(number(db, "SELECT count(*) FROM value_past"), 1);
	run(db, "DELETE FROM value_past");
	WORKS(say(db, 20, "b", "b", &why));
	assert_int_equal(number(db, "SELECT count(*) FROM value_past"), 2);
	/* a merge without a history, on the same handle */
	WORKS(db_begin(db, &why));
	merged(db, (const struct value[]){ { 1, 0, STR("z"), STR("") } }, (const int64_t[]){ 1 },
		1);
	WORKS(db_commit(db, &why));
	assert_int_equal(number(db, "SELECT count(*) FROM value_past"), 2);
}

/* Cut between characters, never within one, and never longer than asked for. */
static void test_text_cut(void **state)
{
	static const struct str text = STR_INIT("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
	static const size_t kept[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };

	(void)state;
	for (size_t n = 0; n < ARRAY_LEN(kept); n++) {
		struct str cut = text_cut(text, n);

		assert_int_equal(cut.n, kept[n]);
		assert_int_equal(text_valid_bytes(cut), cut.n);
	}
	assert_int_equal(text_cut(STR(""), 5).n, 0);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_refused_values),
		cmocka_unit_test(test_random_values),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_statements_at_once),
		cmocka_unit_test(test_left_early),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merge_fails_whole),
		cmocka_unit_test(test_merge_model),
		cmocka_unit_test(test_merge_history),
		cmocka_unit_test(test_merge_history_fails),
		cmocka_unit_test(test_text_cut),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
