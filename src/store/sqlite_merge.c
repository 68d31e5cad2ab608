/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db_merge_sorted() on SQLite: a prepared upsert stepped row by row. The history is written by a
 * function that the upsert calls with the old row when it changes it: a trigger would make SQLite
 * keep a journal of each statement, which costs every row twice as much (docs/decisions/0012).
 */
#include "store/sqlite_int.h"

static const char keep_name[] = "pehra_keep";

/* The value lives as long as the statement needs it: sqlite3_bind_value() would copy texts. */
static int bind(sqlite3_stmt *statement, int place, sqlite3_value *value)
{
	int type = sqlite3_value_type(value);

	if (type != SQLITE_BLOB && type != SQLITE_TEXT)
		return sqlite3_bind_value(statement, place, value);

	struct str bytes = { sqlite3_value_blob(value), (size_t)sqlite3_value_bytes(value) };
	struct db_value borrowed = { .bytes = bytes };

	return sqlite_bind_value(
		statement, place, type == SQLITE_TEXT ? DB_TEXT : DB_BYTES, &borrowed);
}

/*
 * pehra_keep(since of the new row, since of the old row, columns of the old row ...): writes the
 * old row, unless it is no older, and gives the first back.
 */
static void keep(sqlite3_context *context, int n, sqlite3_value **values)
{
	struct sqlite *db = sqlite3_user_data(context);
	sqlite3_stmt *statement = db->merge.keep;
	int code = SQLITE_OK;

	sqlite3_result_value(context, values[0]);
	if (sqlite3_value_int64(values[0]) <= sqlite3_value_int64(values[1]))
		return;
	code = bind(statement, 1, values[0]);
	for (int i = 2; i < n && code == SQLITE_OK; i++)
		code = bind(statement, i, values[i]);
	if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_DONE)
		code = SQLITE_DONE;
	if (code != SQLITE_DONE)
		sqlite3_result_error_code(context, sqlite3_extended_errcode(db->handle));
	(void)sqlite3_reset(statement);
}

enum err sqlite_merge_set_up(struct sqlite *db, struct why *why)
{
	if (sqlite3_create_function_v2(db->handle, keep_name, -1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
		    db, keep, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_failed(db->handle, why);
	return OK;
}

void sqlite_merge_forget(struct sqlite *db)
{
	(void)sqlite3_finalize(db->merge.upsert);
	(void)sqlite3_finalize(db->merge.keep);
	buf_done(&db->merge.upsert_sql);
	buf_done(&db->merge.keep_sql);
	db->merge = (struct sqlite_merge){ 0 };
}

static enum err prepare(struct sqlite *db, struct buf *sql, sqlite3_stmt **out, struct why *why)
{
	if (sqlite3_prepare_v3(db->handle, buf_c(sql), (int)sql->n, SQLITE_PREPARE_PERSISTENT, out,
		    NULL) != SQLITE_OK)
		return sqlite_failed(db->handle, why);
	return OK;
}

static void places(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_fmt(out, "%s?%zu", i == 0 ? "VALUES (" : ", ", i + 1);
	buf_byte(out, ')');
}

/* What since becomes when a row changes, and the statement that then runs; both empty without. */
static void history_sql(const struct db_merge *merge, struct buf *since, struct buf *keep_sql)
{
	const struct db_history *history = merge->history;
	CLEANUP(buf_done) struct buf old = { 0 };

	if (history == NULL)
		return;
	buf_fmt(&old, "%s.", merge->table);
	buf_fmt(since, "%s(excluded.%s, %s.%s, ", keep_name, history->since, merge->table,
		history->since);
	db_columns(since, buf_c(&old), history->columns, history->column_count);
	buf_byte(since, ')');
	buf_fmt(keep_sql, "INSERT INTO %s (%s, ", history->table, history->until);
	db_columns(keep_sql, "", history->columns, history->column_count);
	buf_str(keep_sql, STR(") "));
	places(keep_sql, history->column_count + 1);
}

/* The statements for merge, kept from the last time when they were the same. */
static enum err merge_prepare(struct sqlite *db, const struct db_merge *merge, struct why *why)
{
	CLEANUP(buf_done) struct buf rows = { 0 };
	CLEANUP(buf_done) struct buf since = { 0 };
	CLEANUP(buf_done) struct buf upsert_sql = { 0 };
	CLEANUP(buf_done) struct buf keep_sql = { 0 };

	history_sql(merge, &since, &keep_sql);
	places(&rows, merge->column_count);
	db_merge_sql(&upsert_sql, merge, buf_c(&rows), buf_c(&since));
	if (str_eq(buf_view(&upsert_sql), buf_view(&db->merge.upsert_sql)) &&
		str_eq(buf_view(&keep_sql), buf_view(&db->merge.keep_sql)))
		return OK;
	sqlite_merge_forget(db);
	TRY(prepare(db, &upsert_sql, &db->merge.upsert, why));
	if (keep_sql.n > 0)
		TRY(prepare(db, &keep_sql, &db->merge.keep, why));
	buf_str(&db->merge.upsert_sql, buf_view(&upsert_sql));
	buf_str(&db->merge.keep_sql, buf_view(&keep_sql));
	return OK;
}

/* Bindings stay from row to row, and many columns of a batch are the same in all of its rows. */
static bool is_bound(
	enum db_type type, const struct db_value *value, const struct db_value *previous)
{
	return (type == DB_I64 || type == DB_DOUBLE) && !value->is_null && !previous->is_null &&
	       value->i64 == previous->i64;
}

static enum err merge_row(struct sqlite *db, const struct db_merge *merge,
	const struct db_value *values, const struct db_value *previous, struct why *why)
{
	sqlite3_stmt *upsert = db->merge.upsert;

	for (size_t i = 0; i < merge->column_count; i++) {
		enum db_type type = merge->types[i];

		if (previous != NULL && is_bound(type, &values[i], &previous[i]))
			continue;
		TRY(db_value_check(type, &values[i], why));
		if (sqlite_bind_value(upsert, (int)i + 1, type, &values[i]) != SQLITE_OK)
			return sqlite_failed(db->handle, why);
	}
	if (sqlite3_step(upsert) != SQLITE_DONE)
		return sqlite_failed(db->handle, why);
	(void)sqlite3_reset(upsert);
	return OK;
}

static enum err merge_rows(struct sqlite *db, const struct db_merge *merge, db_merge_next next,
	void *state, struct why *why)
{
	struct db_value values[2][DB_MERGE_COLUMNS_MAX] = { 0 };
	const struct db_value *previous = NULL;

	for (size_t row = 0; next(state, values[row % 2]); row++) {
		TRY(merge_row(db, merge, values[row % 2], previous, why));
		previous = values[row % 2];
	}
	return OK;
}

enum err sqlite_merge(struct db *base, const struct db_merge *merge, db_merge_next next,
	void *state, struct why *why)
{
	struct sqlite *db = (struct sqlite *)base;
	enum err err = merge_prepare(db, merge, why);

	if (err == OK)
		err = merge_rows(db, merge, next, state, why);
	if (db->merge.upsert != NULL) {
		(void)sqlite3_reset(db->merge.upsert);
		(void)sqlite3_clear_bindings(db->merge.upsert);
	}
	return err;
}
