/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The contract of db.h, third part: lost connections, killed writers, full and damaged devices. */
#include "store/fixture.h"

#include "base/io.h"

#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char table[] = "CREATE TABLE n (i BIGINT PRIMARY KEY, b BYTEA)";

static void test_lost_connection(void **state)
{
	const char *url = place_fresh(the_place(state));
	CLEANUP(db_close) struct db *db = opened(url, DB_READ_WRITE);
	CLEANUP(db_finish) struct db_statement *insert = NULL;
	struct db *open = db;

	run(db, table);
	WORKS(db_prepare(db, "INSERT INTO n (i) VALUES ($1)", &insert, &why));
	assert_false(db_is_lost(db));
	WORKS(db_begin(db, &why));
	db_bind_i64(insert, 1, 1);
	WORKS(db_run(insert, NULL, &why));
	if (!place_cut(the_place(state), url)) {
		db_rollback_unless_done(&open);
		return;
	}
	db_bind_i64(insert, 1, 2);
	FAILS(ERR_STORE, db_run(insert, NULL, &why));
	assert_true(db_is_lost(db));
	FAILS(ERR_STORE, db_commit(db, &why));
	/* outside the transaction it connects by itself; statements prepared before go on */
	db_reset(insert);
	db_bind_i64(insert, 1, 3);
	WORKS(db_run(insert, NULL, &why));
	assert_false(db_is_lost(db));
	assert_int_equal(number(db, "SELECT sum(i) FROM n"), 3);

	/* cut while nothing runs: the next transaction does not notice */
	assert_true(place_cut(the_place(state), url));
	WORKS(db_begin(db, &why));
	db_bind_i64(insert, 1, 4);
	WORKS(db_run(insert, NULL, &why));
	WORKS(db_commit(db, &why));

	/* cut in the middle of a commit: an error, and nothing is half done */
	WORKS(db_begin(db, &why));
	db_bind_i64(insert, 1, 5);
	WORKS(db_run(insert, NULL, &why));
	assert_true(place_cut(the_place(state), url));
	FAILS(ERR_STORE, db_commit(db, &why));
	assert_int_equal(number(db, "SELECT sum(i) FROM n"), 7);
}

static void test_lost_while_reading(void **state)
{
	const char *url = place_fresh(the_place(state));
	CLEANUP(db_close) struct db *db = opened(url, DB_READ_WRITE);
	CLEANUP(db_finish) struct db_statement *list = NULL;
	struct why reason = { 0 };
	enum err err = OK;
	bool row;

	run(db, table);
	run(db, "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c "
		"WHERE i < 100000) INSERT INTO n (i) SELECT i FROM c");
	WORKS(db_prepare(db, "SELECT a.i, b.i FROM n a, n b", &list, &why));
	WORKS(db_step(list, &row, &why));
	if (!place_cut(the_place(state), url))
		return;
	while (err == OK && row)
		err = db_step(list, &row, &reason);
	/* an end that looks like all rows were read would be a lie */
	assert_int_equal(err, ERR_STORE);
	assert_true(db_is_lost(db));
	db_reset(list);
	WORKS(db_step(list, &row, &why));
	assert_true(row);
}

enum { KILL_ROUNDS = 10 };

/* Commits one number after the other and tells each that was acknowledged. */
static void write_for_ever(const char *url, int64_t from, int out)
{
	struct db *db = opened(url, DB_READ_WRITE);
	struct db_statement *insert;

	WORKS(db_prepare(db, "INSERT INTO n (i) VALUES ($1)", &insert, &why));
	for (int64_t i = from;; i++) {
		WORKS(db_begin(db, &why));
		db_bind_i64(insert, 1, i);
		WORKS(db_run(insert, NULL, &why));
		WORKS(db_commit(db, &why));
		must(write(out, &i, sizeof i) == sizeof i);
	}
}

/* The last number that was told before the kill. */
static int64_t killed_after(const char *url, int64_t from, int64_t pause_ns)
{
	struct timespec pause = { 0, pause_ns };
	int64_t last = from - 1;
	int64_t told;
	int ends[2];

	must(pipe(ends) == 0);

	pid_t child = fork();

	must(child != -1);
	if (child == 0) {
		write_for_ever(url, from, ends[1]);
		_exit(1);
	}
	must(close(ends[1]) == 0);
	/* it is at work */
	must(read(ends[0], &last, sizeof last) == sizeof last);
	(void)nanosleep(&pause, NULL);
	must(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
	while (read(ends[0], &told, sizeof told) == sizeof told)
		last = told;
	must(close(ends[0]) == 0);
	return last;
}

static void test_killed_writer(void **state)
{
	const char *url = place_fresh(the_place(state));
	struct prop prop = { prop_env("PEHRA_SEED", 5) };
	int64_t next = 1;

	{
		CLEANUP(db_close) struct db *db = opened(url, DB_READ_WRITE);

		run(db, table);
	}
	for (int round = 0; round < KILL_ROUNDS; round++) {
		int64_t told = killed_after(url, next, (int64_t)prop_below(&prop, 20000000));
		CLEANUP(db_close) struct db *db = opened(url, DB_READ_WRITE);

		/* one more may have been committed than could be told */
		WORKS(db_begin(db, &why));

		int64_t stored = number(db, "SELECT max(i) FROM n");

		assert_true(stored == told || stored == told + 1);
		assert_int_equal(number(db, "SELECT count(*) FROM n"), stored);
		WORKS(db_commit(db, &why));
		next = stored + 1;
	}
}

static enum err fill(struct db_statement *insert, struct why *why)
{
	static char block[64 * 1024];

	/* not to be compressed away */
	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (char)(i * 2654435761u >> 13);
	for (int64_t i = 0; i < 4000; i++) {
		memcpy(block, &i, sizeof i);
		db_bind_i64(insert, 1, 10 + i);
		db_bind_bytes(insert, 2, str_from(block, sizeof block));
		TRY(db_run(insert, NULL, why));
	}
	return OK;
}

static void test_full_device(void **state)
{
	const char *url = place_fresh_small(the_place(state), 24 << 20);
	CLEANUP(db_finish) struct db_statement *insert = NULL;
	CLEANUP(db_close) struct db *db = NULL;

	if (url == NULL) {
		(void)puts("SKIP test_full_device: no small device can be mounted here");
		return;
	}
	db = opened(url, DB_READ_WRITE);
	run(db, table);
	run(db, "INSERT INTO n (i) VALUES (1)");
	WORKS(db_prepare(db, "INSERT INTO n (i, b) VALUES ($1, $2)", &insert, &why));
	WORKS(db_begin(db, &why));
	FAILS(ERR_FULL, fill(insert, &why));
	FAILS(ERR_STORE, db_commit(db, &why));
	/* what was there is there, can be read, and goes on when there is room */
	assert_int_equal(number(db, "SELECT count(*) FROM n"), 1);
	db_reset(insert);
	db_bind_i64(insert, 1, 2);
	WORKS(db_run(insert, NULL, &why));
	assert_int_equal(number(db, "SELECT sum(i) FROM n"), 3);
	db_finish(&insert);
}

static void test_damage(void **state)
{
	const char *url = place_fresh(the_place(state));
	CLEANUP(db_finish) struct db_statement *list = NULL;
	struct db *db = opened(url, DB_READ_WRITE);
	enum err err = OK;
	bool row = true;

	run(db, table);
	run(db, "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c "
		"WHERE i < 10000) INSERT INTO n (i) SELECT i FROM c");
	db_close(&db);
	if (!place_damage(the_place(state), url))
		return;
	CLEANUP(db_close) struct db *again = opened(url, DB_READ_WRITE);

	WORKS(db_prepare(again, "SELECT i, b FROM n ORDER BY i", &list, &why));
	while (err == OK && row)
		err = db_step(list, &row, NULL);
	assert_int_equal(err, ERR_CORRUPT);
	db_finish(&list);
}

/* As web reads: a user who may read the files and write nothing, not even beside them. */
static int64_t count_as_nobody(const char *url)
{
	enum { NOBODY = 65534 };
	CLEANUP(db_close) struct db *db = NULL;

	must(setgroups(0, NULL) == 0 && setgid(0) == 0 && setuid(NOBODY) == 0);
	db = opened(url, DB_READ_ONLY);
	return number(db, "SELECT count(*) FROM n");
}

static void read_by_nobody(const char *url, int64_t expected)
{
	int status;
	pid_t child = fork();

	must(child != -1);
	if (child == 0)
		_exit(count_as_nobody(url) == expected ? 0 : 1);
	must(waitpid(child, &status, 0) == child);
	assert_int_equal(status, 0);
}

static void test_reader_without_rights(void **state)
{
	const char *url = place_fresh(the_place(state));
	struct db *db = opened(url, DB_READ_WRITE);

	run(db, table);
	if (getuid() != 0 || !str_starts(str_c(url), STR("sqlite:"))) {
		db_close(&db);
		return;
	}
	must(chmod(place_folder(the_place(state)), 0755) == 0);
	run(db, "INSERT INTO n (i) VALUES (1)");
	read_by_nobody(url, 1);
	run(db, "INSERT INTO n (i) VALUES (2)");
	read_by_nobody(url, 2);
	/* and while no writer has it open */
	db_close(&db);
	read_by_nobody(url, 2);
}

static void test_not_a_store(void **state)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(buf_done) struct buf url = { 0 };
	struct db *db;

	buf_fmt(&path, "%s/rubbish", place_folder(the_place(state)));
	WORKS(file_replace(
		buf_c(&path), STR("this is not a store, whatever it is called"), 0600, &why));
	buf_fmt(&url, "sqlite:%s", buf_c(&path));
	FAILS(ERR_CORRUPT, db_open(buf_c(&url), DB_READ_WRITE, &db, &why));
	assert_null(db);
	buf_fmt(&url, "/absent");
	FAILS(ERR_IO, db_open(buf_c(&url), DB_READ_WRITE, &db, &why));
	FAILS(ERR_USAGE, db_open("sqlite:", DB_READ_WRITE, &db, &why));
	buf_clear(&url);
	buf_fmt(&url, "sqlite:%s/absent", place_folder(the_place(state)));
	FAILS(ERR_NOT_FOUND, db_open(buf_c(&url), DB_READ_ONLY, &db, &why));
	FAILS(ERR_STORE, db_open("postgresql://x@/y?host=/nowhere", DB_READ_ONLY, &db, &why));
	assert_null(db);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost_connection),
		cmocka_unit_test(test_lost_while_reading),
		cmocka_unit_test(test_killed_writer),
		cmocka_unit_test(test_full_device),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_reader_without_rights),
		cmocka_unit_test(test_not_a_store),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
