/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The contract of db.h, second part: transactions, several handles, migrations. */
#include "store/fixture.h"

static const char table[] = "CREATE TABLE n (i BIGINT PRIMARY KEY)";

static void test_commit_and_rollback(void **state)
{
	const char *url = place_fresh(the_place(state));
	CLEANUP(db_close) struct db *db = opened(url, DB_READ_WRITE);
	CLEANUP(db_close) struct db *other = opened(url, DB_READ_ONLY);

	run(db, table);
	WORKS(db_begin(db, &why));
	run(db, "INSERT INTO n VALUES (1)");
	assert_int_equal(number(other, "SELECT count(*) FROM n"), 0);
	WORKS(db_commit(db, &why));
	assert_int_equal(number(other, "SELECT count(*) FROM n"), 1);
	WORKS(db_begin(db, &why));
	{
		CLEANUP(db_rollback_unless_done) struct db *open = db;

		run(open, "INSERT INTO n VALUES (2)");
	}
	assert_int_equal(number(db, "SELECT count(*) FROM n"), 1);
	WORKS(db_begin(db, &why));
	{
		CLEANUP(db_rollback_unless_done) struct db *open = db;

		run(open, "INSERT INTO n VALUES (3)");
		WORKS(db_commit(open, &why));
	}
	assert_int_equal(number(other, "SELECT sum(i) FROM n"), 4);
}

static void test_failed_step_spoils(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	CLEANUP(db_finish) struct db_statement *insert = NULL;

	run(db, table);
	run(db, "INSERT INTO n VALUES (1)");
	WORKS(db_prepare(db, "INSERT INTO n VALUES ($1)", &insert, &why));
	WORKS(db_begin(db, &why));
	db_bind_i64(insert, 1, 2);
	WORKS(db_run(insert, NULL, &why));
	db_bind_i64(insert, 1, 1);
	FAILS(ERR_EXISTS, db_run(insert, NULL, &why));
	db_reset(insert);
	db_bind_i64(insert, 1, 3);
	FAILS(ERR_STORE, db_run(insert, NULL, &why));
	FAILS(ERR_STORE, db_commit(db, &why));
	assert_int_equal(number(db, "SELECT count(*) FROM n"), 1);
	/* the handle and the statement are as good as new */
	db_reset(insert);
	db_bind_i64(insert, 1, 4);
	WORKS(db_run(insert, NULL, &why));
	assert_int_equal(number(db, "SELECT sum(i) FROM n"), 5);
}

static void test_bad_sql(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	CLEANUP(db_finish) struct db_statement *statement = NULL;
	struct db *other;

	FAILS(ERR_STORE, db_prepare(db, "SELEC 1", &statement, &why));
	assert_null(statement);
	FAILS(ERR_STORE, db_exec(db, "CREATE TABLE a (i BIGINT); CREATE TABL b", &why));
	/* all or nothing */
	FAILS(ERR_STORE, db_prepare(db, "SELECT i FROM a", &statement, &why));
	run(db, "CREATE TABLE a (i BIGINT)");
	FAILS(ERR_USAGE, db_open("mysql://x", DB_READ_WRITE, &other, &why));
	assert_null(other);
}

static void test_foreign_keys(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);

	run(db, "CREATE TABLE a (i BIGINT PRIMARY KEY);"
		"CREATE TABLE b (i BIGINT REFERENCES a (i), CHECK (i < 5))");
	FAILS(ERR_STORE, db_exec(db, "INSERT INTO b VALUES (1)", &why));
	run(db, "INSERT INTO a VALUES (1), (9); INSERT INTO b VALUES (1)");
	FAILS(ERR_STORE, db_exec(db, "INSERT INTO b VALUES (9)", &why));
}

/* A reader is not disturbed by a writer, and one transaction reads one state. */
static void test_reader_beside_writer(void **state)
{
	const char *url = place_fresh(the_place(state));
	CLEANUP(db_close) struct db *writer = opened(url, DB_READ_WRITE);
	CLEANUP(db_close) struct db *reader = opened(url, DB_READ_ONLY);
	CLEANUP(db_finish) struct db_statement *list = NULL;
	int64_t sum = 0;
	bool row;

	run(writer, table);
	run(writer, "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c "
		    "WHERE i < 5000) INSERT INTO n SELECT i FROM c");
	WORKS(db_begin(reader, &why));
	WORKS(db_prepare(reader, "SELECT i FROM n ORDER BY i", &list, &why));
	WORKS(db_step(list, &row, &why));
	WORKS(db_begin(writer, &why));
	run(writer, "UPDATE n SET i = -i");
	while (row) {
		sum += db_column_i64(list, 0);
		WORKS(db_step(list, &row, &why));
	}
	assert_int_equal(sum, 5000 * 5001 / 2);
	WORKS(db_commit(writer, &why));
	assert_int_equal(number(reader, "SELECT sum(i) FROM n"), 5000 * 5001 / 2);
	db_finish(&list);
	WORKS(db_commit(reader, &why));
	assert_int_equal(number(reader, "SELECT sum(i) FROM n"), -5000 * 5001 / 2);
}

static void test_two_writers(void **state)
{
	const char *url = place_fresh(the_place(state));
	CLEANUP(db_close) struct db *first = opened(url, DB_READ_WRITE);
	CLEANUP(db_close) struct db *second = opened(url, DB_READ_WRITE);

	run(first, table);
	db_wait_at_most(second, 50);
	WORKS(db_begin(first, &why));
	run(first, "INSERT INTO n VALUES (1)");
	FAILS(ERR_BUSY, db_begin(second, &why));
	WORKS(db_commit(first, &why));
	WORKS(db_begin(second, &why));
	run(second, "INSERT INTO n VALUES (2)");
	WORKS(db_commit(second, &why));
	assert_int_equal(number(first, "SELECT count(*) FROM n"), 2);
}

static void test_read_only(void **state)
{
	const char *url = place_fresh(the_place(state));
	CLEANUP(db_close) struct db *db = opened(url, DB_READ_WRITE);
	CLEANUP(db_close) struct db *reader = NULL;
	CLEANUP(db_finish) struct db_statement *insert = NULL;

	run(db, table);
	reader = opened(url, DB_READ_ONLY);
	FAILS(ERR_DENIED, db_exec(reader, "INSERT INTO n VALUES (1)", &why));
	WORKS(db_prepare(reader, "INSERT INTO n VALUES (2)", &insert, &why));
	FAILS(ERR_DENIED, db_run(insert, NULL, &why));
	assert_int_equal(number(reader, "SELECT count(*) FROM n"), 0);
}

static const struct db_migration migrations[] = {
	{ 1, "first",
		"CREATE TABLE a (i BIGINT PRIMARY KEY, b BYTEA)" DB_CLUSTERED
		"; INSERT INTO a VALUES (1, NULL);" },
	{ 2, "second", "CREATE TABLE b (i BIGINT); ALTER TABLE a ADD COLUMN c TEXT" },
	{ 100, "another area", "INSERT INTO a (i) VALUES (100)" },
	{ 200, "broken", "CREATE TABLE c (i BIGINT); INSERT INTO nowhere VALUES (1)" },
};

static void test_migrations(void **state)
{
	const char *url = place_fresh(the_place(state));
	CLEANUP(db_close) struct db *db = opened(url, DB_READ_WRITE);

	WORKS(db_migrate(db, migrations, 1, 10, &why));
	assert_int_equal(number(db, "SELECT count(*) FROM migration"), 1);
	/* from an older version */
	WORKS(db_migrate(db, migrations, 3, 20, &why));
	WORKS(db_migrate(db, migrations, 3, 30, &why));
	assert_int_equal(number(db, "SELECT count(*) FROM a WHERE c IS NULL"), 2);
	assert_int_equal(number(db, "SELECT sum(applied) FROM migration"), 50);
	/* one that fails leaves nothing behind, and those before it stay */
	FAILS(ERR_STORE, db_migrate(db, migrations, 4, 40, &why));
	assert_int_equal(number(db, "SELECT max(version) FROM migration"), 100);
	WORKS(db_exec(db, "CREATE TABLE c (i BIGINT)", &why));
	/* a program that does not know what another made */
	FAILS(ERR_CORRUPT, db_migrate(db, migrations, 2, 50, &why));
	/* an area that was added later has a lower number */
	struct db_migration late[] = { migrations[0], migrations[1],
		{ 3, "late", "INSERT INTO b VALUES (3)" }, migrations[2] };

	WORKS(db_migrate(db, late, 4, 60, &why));
	assert_int_equal(number(db, "SELECT i FROM b"), 3);
}

static void test_statement_survives_rollback(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	run(db, table);
	run(db, "INSERT INTO n VALUES (1), (2), (3)");
	WORKS(db_prepare(db, "SELECT i FROM n ORDER BY i", &list, &why));
	for (int round = 0; round < 3; round++) {
		WORKS(db_begin(db, &why));
		WORKS(db_step(list, &row, &why));
		assert_true(row);
		/* in the middle of the rows */
		struct db *open = db;

		db_rollback_unless_done(&open);
		db_reset(list);
	}
	WORKS(db_step(list, &row, &why));
	assert_int_equal(db_column_i64(list, 0), 1);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit_and_rollback),
		cmocka_unit_test(test_failed_step_spoils),
		cmocka_unit_test(test_bad_sql),
		cmocka_unit_test(test_foreign_keys),
		cmocka_unit_test(test_reader_beside_writer),
		cmocka_unit_test(test_two_writers),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_migrations),
		cmocka_unit_test(test_statement_survives_rollback),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
