/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/db_int.h"

#include "store/text.h"

#include <math.h>

static const struct db_driver *const drivers[] = { &sqlite_driver, &postgres_driver };

static const struct db_driver *driver_of(const char *url)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		const char *const *prefix = drivers[i]->url_prefixes;

		for (; *prefix != NULL; prefix++) {
			if (str_starts(str_c(url), str_c(*prefix)))
				return drivers[i];
		}
	}
	return NULL;
}

enum err db_open(const char *url, enum db_mode mode, struct db **out, struct why *why)
{
	const struct db_driver *driver = driver_of(url);

	*out = NULL;
	if (driver == NULL)
		return fail(why, ERR_USAGE, "a store is sqlite:PATH or postgresql://...");
	TRY(driver->open(url, mode, out, why));
	(*out)->driver = driver;
	(*out)->mode = mode;
	return OK;
}

static void statement_free(struct db_statement *statement)
{
	char *own_sql = statement->own_sql;

	statement->db->driver->free(statement);
	free(own_sql);
}

void db_close(struct db **db)
{
	if (*db == NULL)
		return;
	db_rollback_unless_done(db);
	for (struct db_statement *one = (*db)->statements; one != NULL;) {
		struct db_statement *next = one->next;

		statement_free(one);
		one = next;
	}
	(*db)->driver->close(*db);
	*db = NULL;
}

bool db_is_lost(const struct db *db)
{
	return db->driver->is_lost(db);
}

void db_wait_at_most(struct db *db, int64_t wait_ms)
{
	db->driver->wait_at_most(db, wait_ms);
}

/* A failed step spoils its transaction, as PostgreSQL has it. */
static enum err noted(struct db *db, enum err err)
{
	if (err != OK && db->in_transaction)
		db->has_failed = true;
	return err;
}

static enum err usable(const struct db *db, struct why *why)
{
	if (db->has_failed)
		return fail(why, ERR_STORE, "an earlier step of the transaction failed");
	return OK;
}

enum err db_begin(struct db *db, struct why *why)
{
	must(!db->in_transaction);
	TRY(db->driver->begin(db, why));
	db->in_transaction = true;
	db->has_failed = false;
	return OK;
}

enum err db_commit(struct db *db, struct why *why)
{
	must(db->in_transaction);
	if (db->has_failed) {
		db_rollback_unless_done(&db);
		return fail(why, ERR_STORE, "rolled back: a step of the transaction failed");
	}
	db->in_transaction = false;
	return db->driver->commit(db, why);
}

void db_rollback_unless_done(struct db **db)
{
	if (*db == NULL || !(*db)->in_transaction)
		return;
	for (struct db_statement *one = (*db)->statements; one != NULL; one = one->next)
		(*db)->driver->reset(one);
	(*db)->driver->rollback(*db);
	(*db)->in_transaction = false;
	(*db)->has_failed = false;
}

enum err db_exec(struct db *db, const char *sql, struct why *why)
{
	if (db->in_transaction) {
		TRY(usable(db, why));
		return noted(db, db->driver->exec(db, sql, why));
	}
	TRY(db_begin(db, why));

	enum err err = db->driver->exec(db, sql, why);

	if (err == OK)
		return db_commit(db, why);
	db_rollback_unless_done(&db);
	return err;
}

/* The kept statement for sql, moved to the front. */
static struct db_statement *statement_find(struct db *db, const char *sql)
{
	for (struct db_statement **at = &db->statements; *at != NULL; at = &(*at)->next) {
		struct db_statement *found = *at;

		if (found->sql == sql) {
			*at = found->next;
			found->next = db->statements;
			db->statements = found;
			return found;
		}
	}
	return NULL;
}

static enum err statement_make(
	struct db *db, const char *sql, struct db_statement **out, struct why *why)
{
	struct db_statement *statement;

	TRY(noted(db, db->driver->prepare(db, sql, &statement, why)));
	statement->db = db;
	statement->sql = sql;
	statement->next = db->statements;
	db->statements = statement;
	*out = statement;
	return OK;
}

enum err db_prepare(struct db *db, const char *sql, struct db_statement **out, struct why *why)
{
	struct db_statement *statement = statement_find(db, sql);

	*out = NULL;
	TRY(usable(db, why));
	if (statement == NULL)
		TRY(statement_make(db, sql, &statement, why));
	must(!statement->is_used);
	statement->is_used = true;
	*out = statement;
	return OK;
}

enum err db_prepare_once(struct db *db, struct str sql, struct db_statement **out, struct why *why)
{
	struct db_statement *statement = NULL;
	char *copy;
	enum err err;

	*out = NULL;
	TRY(usable(db, why));
	copy = malloc(sql.n + 1);
	must(copy != NULL && str_to_c(sql, copy, sql.n + 1));
	err = statement_make(db, copy, &statement, why);
	if (err != OK) {
		free(copy);
		return err;
	}
	statement->own_sql = copy;
	statement->is_used = true;
	*out = statement;
	return OK;
}

void db_reset(struct db_statement *statement)
{
	statement->db->driver->reset(statement);
	statement->is_done = false;
	statement->is_bad = false;
}

void db_finish(struct db_statement **statement)
{
	if (*statement == NULL)
		return;
	db_reset(*statement);
	(*statement)->is_used = false;
	if ((*statement)->own_sql != NULL) {
		/* it comes to the front, where it is taken out */
		must(statement_find((*statement)->db, (*statement)->sql) == *statement);
		(*statement)->db->statements = (*statement)->next;
		statement_free(*statement);
	}
	*statement = NULL;
}

enum err db_value_check(enum db_type type, const struct db_value *value, struct why *why)
{
	if (value->is_null)
		return OK;
	if (type == DB_DOUBLE && isnan(value->number))
		return fail(why, ERR_USAGE, "not a number where the store wants one");
	if (type == DB_TEXT && text_valid_bytes(value->bytes) != value->bytes.n)
		return fail(why, ERR_USAGE, "a text is not UTF-8 or holds NUL");
	return OK;
}

static void bind(
	struct db_statement *statement, int index, enum db_type type, struct db_value value)
{
	must(index >= 1 && index <= DB_PARAMETERS_MAX);
	if (db_value_check(type, &value, &statement->bad_value) != OK)
		statement->is_bad = true;
	else
		statement->db->driver->bind(statement, index, type, &value);
}

void db_bind_i64(struct db_statement *statement, int index, int64_t value)
{
	bind(statement, index, DB_I64, (struct db_value){ .i64 = value });
}

void db_bind_double(struct db_statement *statement, int index, double value)
{
	bind(statement, index, DB_DOUBLE, (struct db_value){ .number = value });
}

void db_bind_text(struct db_statement *statement, int index, struct str value)
{
	bind(statement, index, DB_TEXT, (struct db_value){ .bytes = value });
}

void db_bind_bytes(struct db_statement *statement, int index, struct str value)
{
	bind(statement, index, DB_BYTES, (struct db_value){ .bytes = value });
}

void db_bind_null(struct db_statement *statement, int index)
{
	bind(statement, index, DB_I64, (struct db_value){ .is_null = true });
}

enum err db_step(struct db_statement *statement, bool *row, struct why *why)
{
	struct db *db = statement->db;

	*row = false;
	if (statement->is_done)
		return OK;
	TRY(usable(db, why));
	if (statement->is_bad) {
		if (why != NULL)
			*why = statement->bad_value;
		return noted(db, statement->bad_value.code);
	}

	enum err err = noted(db, db->driver->step(statement, row, why));

	statement->is_done = err != OK || !*row;
	return err;
}

enum err db_run(struct db_statement *statement, uint64_t *changed, struct why *why)
{
	bool row;

	TRY(db_step(statement, &row, why));
	if (changed != NULL)
		*changed = statement->db->driver->changed(statement);
	db_reset(statement);
	return OK;
}

int64_t db_column_i64(const struct db_statement *statement, int column)
{
	return statement->db->driver->column_i64(statement, column);
}

double db_column_double(const struct db_statement *statement, int column)
{
	return statement->db->driver->column_double(statement, column);
}

struct str db_column_text(const struct db_statement *statement, int column)
{
	return statement->db->driver->column_bytes(statement, column);
}

struct str db_column_bytes(const struct db_statement *statement, int column)
{
	return statement->db->driver->column_bytes(statement, column);
}

bool db_column_is_null(const struct db_statement *statement, int column)
{
	return statement->db->driver->column_is_null(statement, column);
}

void db_columns(struct buf *out, const char *before, const char *const *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_fmt(out, "%s%s%s", i == 0 ? "" : ", ", before, columns[i]);
}

void db_merge_sql(
	struct buf *out, const struct db_merge *merge, const char *rows, const char *since)
{
	const struct db_history *history = merge->history;

	buf_fmt(out, "INSERT INTO %s (", merge->table);
	db_columns(out, "", merge->columns, merge->column_count);
	buf_fmt(out, ") %s ON CONFLICT (%s) DO UPDATE SET %s", rows, merge->keys, merge->updates);
	if (history != NULL)
		buf_fmt(out, ", %s = CASE WHEN %s THEN %s ELSE %s.%s END", history->since,
			history->when, since, merge->table, history->since);
}

enum err db_merge_sorted(struct db *db, const struct db_merge *merge, db_merge_next next,
	void *state, struct why *why)
{
	must(db->in_transaction && merge->column_count <= DB_MERGE_COLUMNS_MAX);
	must(merge->history == NULL || merge->history->column_count <= DB_MERGE_COLUMNS_MAX);
	TRY(usable(db, why));
	return noted(db, db->driver->merge(db, merge, next, state, why));
}
