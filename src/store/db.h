/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store: a thin SQL interface with two drivers, SQLite and PostgreSQL.
 *
 * SQL is written once, in the subset both accept: $1 parameters, ON CONFLICT ... DO UPDATE,
 * RETURNING, common table expressions, window functions, integer times, and the types BIGINT, TEXT,
 * BYTEA, DOUBLE PRECISION only. One handle belongs to one thread. Keeper is the only process that
 * opens the store for writing; web opens it read-only.
 *
 * A lost PostgreSQL connection shows as ERR_STORE with db_is_lost(); outside a transaction the next
 * call connects again. What a commit acknowledged is durable.
 */
#pragma once

#include "base/buf.h"

struct db;
struct db_statement;

enum db_mode { DB_READ_ONLY, DB_READ_WRITE };

/*
 * Opens "sqlite:/path/to/file" (created in DB_READ_WRITE when absent) or a PostgreSQL URL
 * ("postgresql://..."). SQLite: WAL, synchronous=FULL on commit, foreign keys on.
 */
NODISCARD enum err db_open(const char *url, enum db_mode mode, struct db **out, struct why *why);
void db_close(struct db **db); /* for CLEANUP; NULL is fine */
bool db_is_lost(const struct db *db);
/* How long db_begin() waits for another writer before it says ERR_BUSY; at first 10 seconds. */
void db_wait_at_most(struct db *db, int64_t wait_ms);

/*
 * Several statements separated by semicolons, without parameters and without results. Outside a
 * transaction they are one of their own: all or nothing.
 */
NODISCARD enum err db_exec(struct db *db, const char *sql, struct why *why);

/*
 * Transactions do not nest. The shape is
 *     TRY(db_begin(db, why));
 *     CLEANUP(db_rollback_unless_done) struct db *open = db;
 *     ...
 *     TRY(db_commit(open, why));
 * where the rollback does nothing once the commit was tried. One writer at a time: db_begin() of
 * another one waits. A step that failed spoils its transaction: whatever follows fails, and so does
 * the commit, which rolls back. When a connection is lost during db_commit() nobody knows whether
 * it took place: look after connecting again. A read-only transaction sees one state of the store.
 */
NODISCARD enum err db_begin(struct db *db, struct why *why);
NODISCARD enum err db_commit(struct db *db, struct why *why);
void db_rollback_unless_done(struct db **db);

/*
 * Prepared statements are kept by the handle and found again by the address of sql, which must be a
 * literal; db_prepare of one in use is a broken invariant. db_finish() gives it back (for CLEANUP).
 */
NODISCARD enum err db_prepare(
	struct db *db, const char *sql, struct db_statement **out, struct why *why);
void db_finish(struct db_statement **statement);
/*
 * As db_prepare(), for a statement that was put together at run time (values are parameters there
 * too): sql is copied, and db_finish() forgets the statement.
 */
NODISCARD enum err db_prepare_once(
	struct db *db, struct str sql, struct db_statement **out, struct why *why);

/*
 * $1 is index 1. Texts and bytes are borrowed until the next db_reset() or db_finish(). A text that
 * is not UTF-8 or holds NUL, and a double that is no number, make db_step() fail with ERR_USAGE on
 * both drivers (store/text.h mends texts); bytes may hold anything.
 */
void db_bind_i64(struct db_statement *statement, int index, int64_t value);
void db_bind_double(struct db_statement *statement, int index, double value);
void db_bind_text(struct db_statement *statement, int index, struct str value);
void db_bind_bytes(struct db_statement *statement, int index, struct str value);
void db_bind_null(struct db_statement *statement, int index);

/*
 * Runs, or fetches the next row: *row says whether there is one. Rows stream on both drivers; on
 * PostgreSQL, when another statement starts in between, the rows not yet read are kept in memory.
 */
NODISCARD enum err db_step(struct db_statement *statement, bool *row, struct why *why);
/* For statements without rows: one db_step() and the number of rows changed (may be NULL). */
NODISCARD enum err db_run(struct db_statement *statement, uint64_t *changed, struct why *why);
/*
 * Ready to be bound and run again. Leaving a long result early inside a transaction costs reading
 * the rest on PostgreSQL: use LIMIT there.
 */
void db_reset(struct db_statement *statement);

/*
 * Columns count from 0. Slices live until the next step. NULL reads as 0 or an empty slice, and so
 * does a number read as bytes and bytes read as a number.
 */
int64_t db_column_i64(const struct db_statement *statement, int column);
double db_column_double(const struct db_statement *statement, int column);
struct str db_column_text(const struct db_statement *statement, int column);
struct str db_column_bytes(const struct db_statement *statement, int column);
bool db_column_is_null(const struct db_statement *statement, int column);

/*
 * One step of the schema: applied once, in order, each in a transaction of its own. Versions ascend
 * and may leave gaps, so that each area of the program has its own range. In sql, the token that
 * DB_CLUSTERED names, behind the parenthesis of CREATE TABLE, asks for a table that lies in the
 * order of its primary key where the engine has such.
 */
struct db_migration {
	int version; /* 1, 2, 3 ... */
	const char *title;
	const char *sql; /* several statements */
};
#define DB_CLUSTERED "/*clustered*/"

/*
 * Applies what was not applied yet; give all migrations of the program. ERR_CORRUPT when the store
 * is newer than this program, which shows by a version it does not know. Table "migration" tells
 * what ran when.
 */
NODISCARD enum err db_migrate(struct db *db, const struct db_migration *migrations, size_t n,
	int64_t now_s, struct why *why);

enum db_type { DB_I64, DB_DOUBLE, DB_TEXT, DB_BYTES };

struct db_value {
	bool is_null;
	union {
		int64_t i64;
		double number;
		struct str
			bytes; /* DB_TEXT and DB_BYTES; borrowed until the next row is asked for */
	};
};

/*
 * Where the old rows go that a merge changes: when holds for them, in the words of db_merge's
 * updates, and says what a change is. Then the columns of the old row are written into table, with
 * until = excluded.since, and the row's since becomes excluded's; else it stays. A row that is no
 * older than excluded.since is not kept.
 */
struct db_history {
	const char *table;
	const char *const *columns; /* of both tables, since among them */
	size_t column_count;
	const char *since; /* a column of both, and of the rows that come */
	const char *until; /* a column of the history alone */
	const char *when;
};

/*
 * Where sorted rows go: INSERT INTO table (columns) ... ON CONFLICT (keys) DO UPDATE SET updates.
 * In updates, the old row is named by the table and the new one by excluded, as in both engines.
 */
struct db_merge {
	const char *table;
	const char *const *columns;
	const enum db_type *types;
	size_t column_count;
	const char *keys;                 /* "source, indicator" */
	const char *updates;              /* "count = evidence.count + excluded.count, ..." */
	const struct db_history *history; /* may be NULL */
};

/* Fills values for the next row, in ascending order of the keys; false at the end. */
typedef bool (*db_merge_next)(void *state, struct db_value *values);

/*
 * The one bulk path. SQLite: a prepared statement stepped row by row. PostgreSQL: binary COPY into
 * a temporary table and one upsert. Inside the caller's transaction. No key may come twice.
 */
NODISCARD enum err db_merge_sorted(struct db *db, const struct db_merge *merge, db_merge_next next,
	void *state, struct why *why);
