/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store's contract suite runs once per driver: the program's argument names it. Each test makes
 * stores of its own.
 */
#pragma once

#include "prop.h"
#include "store/db.h"
#include "store/place.h"

/* cmocka hands each test the place that main() made. */
static inline struct place *the_place(void **state)
{
	return *state;
}

static inline struct db *opened(const char *url, enum db_mode mode)
{
	struct db *db;
	struct why why = { 0 };

	if (db_open(url, mode, &db, &why) != OK)
		fail_msg("%s: %s", url, why.text);
	return db;
}

static inline struct db *fresh(void **state)
{
	return opened(place_fresh(the_place(state)), DB_READ_WRITE);
}

/* Fails the test with the reason. */
#define WORKS(call)                                                                     \
	do {                                                                            \
		struct why why = { 0 };                                                 \
		enum err works_ = (call);                                               \
		if (works_ != OK)                                                       \
			fail_msg("%s:%d: %s: %s", __FILE__, __LINE__, #call, why.text); \
	} while (0)

/* The call must fail so, and say why. */
#define FAILS(expected, call)                                                          \
	do {                                                                           \
		struct why why = { 0 };                                                \
		enum err fails_ = (call);                                              \
		if (fails_ != (expected))                                              \
			fail_msg("%s:%d: %s gives %s (%s)", __FILE__, __LINE__, #call, \
				err_word(fails_), why.text);                           \
		assert_true(why.text[0] != '\0');                                      \
	} while (0)

static inline void run(struct db *db, const char *sql)
{
	WORKS(db_exec(db, sql, &why));
}

/* The first column of the only row. */
static inline int64_t number(struct db *db, const char *sql)
{
	CLEANUP(db_finish) struct db_statement *statement = NULL;
	bool row;
	int64_t value;

	WORKS(db_prepare(db, sql, &statement, &why));
	WORKS(db_step(statement, &row, &why));
	assert_true(row);
	value = db_column_i64(statement, 0);
	WORKS(db_step(statement, &row, &why));
	assert_false(row);
	return value;
}

/* Runs the tests, which get the place as their state, on the driver that the argument names. */
static inline int contract_main(struct CMUnitTest *tests, size_t n, int argc, char **argv)
{
	CLEANUP(place_stop) struct place *place = NULL;

	must(argc == 2);
	place = place_start(argv[1]);
	if (place == NULL) {
		(void)puts("SKIP: PostgreSQL is not installed");
		return PLACE_SKIP;
	}
	for (size_t i = 0; i < n; i++)
		tests[i].initial_state = place;
	return _cmocka_run_group_tests(argv[1], tests, n, NULL, NULL);
}
