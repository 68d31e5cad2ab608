/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a driver of db.h is: one table of functions. db.c checks the contract's rules once for all
 * drivers (transactions, the statement cache, failed transactions); a driver speaks to its engine.
 */
#pragma once

#include "store/db.h"

enum {
	DB_PARAMETERS_MAX = 64, /* $1 .. $64 */
	DB_WAIT_MS = 10 * 1000, /* for another writer, unless db_wait_at_most() says else */
	DB_MERGE_COLUMNS_MAX = 32
};

struct db_driver {
	const char *name;
	const char *const *url_prefixes; /* ends with NULL */
	/* stands behind CREATE TABLE (...) of a table that lies in the order of its primary key */
	const char *clustered;

	enum err (*open)(const char *url, enum db_mode mode, struct db **out, struct why *why);
	void (*close)(struct db *db);
	bool (*is_lost)(const struct db *db);
	void (*wait_at_most)(struct db *db, int64_t wait_ms);
	enum err (*exec)(struct db *db, const char *sql, struct why *why);
	enum err (*begin)(struct db *db, struct why *why);
	/* On an error the transaction is over, too. */
	enum err (*commit)(struct db *db, struct why *why);
	void (*rollback)(struct db *db);

	enum err (*prepare)(
		struct db *db, const char *sql, struct db_statement **out, struct why *why);
	void (*free)(struct db_statement *statement);
	/* value is checked: texts are valid, numbers are finite */
	void (*bind)(struct db_statement *statement, int index, enum db_type type,
		const struct db_value *value);
	/* Not called again after *row was false. */
	enum err (*step)(struct db_statement *statement, bool *row, struct why *why);
	uint64_t (*changed)(const struct db_statement *statement);
	/* Ends a running one; bindings are forgotten. */
	void (*reset)(struct db_statement *statement);
	int64_t (*column_i64)(const struct db_statement *statement, int column);
	double (*column_double)(const struct db_statement *statement, int column);
	struct str (*column_bytes)(const struct db_statement *statement, int column);
	bool (*column_is_null)(const struct db_statement *statement, int column);

	enum err (*merge)(struct db *db, const struct db_merge *merge, db_merge_next next,
		void *state, struct why *why);
};

extern const struct db_driver sqlite_driver;
extern const struct db_driver postgres_driver;

/* The first member of each driver's own struct. */
struct db {
	const struct db_driver *driver;
	enum db_mode mode;
	bool in_transaction;
	bool has_failed; /* a step of the transaction failed: only a rollback may follow */
	struct db_statement *statements;
};

struct db_statement {
	struct db *db;
	const char *sql;
	struct db_statement *next;
	bool is_used;
	char *own_sql; /* of db_prepare_once(): freed with the statement */
	bool is_done;  /* the last row was told */
	bool is_bad;   /* a value could not be bound: bad_value says why */
	struct why bad_value;
};

/* Fails when a value may not go into the store; the rules are the same for all drivers. */
NODISCARD enum err db_value_check(enum db_type type, const struct db_value *value, struct why *why);

/*
 * "INSERT INTO table (columns) <rows> ON CONFLICT (keys) DO UPDATE SET updates", and the history's
 * since with them: since is what it becomes at a change.
 */
void db_merge_sql(
	struct buf *out, const struct db_merge *merge, const char *rows, const char *since);

/* The columns, separated by commas, each behind before. */
void db_columns(struct buf *out, const char *before, const char *const *columns, size_t n);
