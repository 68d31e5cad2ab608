/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db_merge_sorted() on PostgreSQL: binary COPY (documented under COPY, "Binary Format") into a
 * temporary table of the session, then one INSERT ... SELECT ... ON CONFLICT.
 */
#include "store/postgres_int.h"

enum { COPY_CHUNK = 256 * 1024 };

/* Signature, flags, length of the header's extension. */
static const struct str copy_head = STR_INIT("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0");
static const struct str copy_tail = STR_INIT("\377\377");

/* A name of its own for each list of columns of each table (FNV-1a, Fowler, Noll, Vo 1991). */
static uint64_t merge_number(const struct db_merge *merge)
{
	CLEANUP(buf_done) struct buf words = { 0 };
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	buf_fmt(&words, "%s ", merge->table);
	db_columns(&words, "", merge->columns, merge->column_count);
	for (size_t i = 0; i < words.n; i++)
		hash = (hash ^ (uint8_t)words.data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static void put_number(struct buf *out, uint64_t value, size_t bytes)
{
	postgres_put((uint8_t *)buf_reserve(out, bytes), value, bytes);
	out->n += bytes;
}

static enum err copy_value(
	struct buf *out, enum db_type type, const struct db_value *value, struct why *why)
{
	uint64_t bits;

	TRY(db_value_check(type, value, why));
	if (value->is_null) {
		put_number(out, UINT32_MAX, 4);
		return OK;
	}
	if (type == DB_TEXT || type == DB_BYTES) {
		if (value->bytes.n > INT32_MAX / 2)
			return fail(
				why, ERR_LIMIT, "a value of %zu bytes is too long", value->bytes.n);
		put_number(out, value->bytes.n, 4);
		buf_str(out, value->bytes);
		return OK;
	}
	if (type == DB_DOUBLE)
		memcpy(&bits, &value->number, sizeof bits);
	else
		bits = (uint64_t)value->i64;
	put_number(out, sizeof bits, 4);
	put_number(out, bits, sizeof bits);
	return OK;
}

static enum err copy_send(struct postgres *db, struct buf *rows, struct why *why)
{
	if (PQputCopyData(db->connection, rows->data, (int)rows->n) != 1)
		return postgres_failed(db, NULL, why);
	buf_clear(rows);
	return OK;
}

static enum err copy_rows(struct postgres *db, const struct db_merge *merge, db_merge_next next,
	void *state, struct why *why)
{
	CLEANUP(buf_done) struct buf rows = { 0 };
	struct db_value values[DB_MERGE_COLUMNS_MAX] = { 0 };

	buf_str(&rows, copy_head);
	while (next(state, values)) {
		put_number(&rows, merge->column_count, 2);
		for (size_t i = 0; i < merge->column_count; i++)
			TRY(copy_value(&rows, merge->types[i], &values[i], why));
		if (rows.n >= COPY_CHUNK)
			TRY(copy_send(db, &rows, why));
	}
	buf_str(&rows, copy_tail);
	return copy_send(db, &rows, why);
}

/* Runs statements of which the last is COPY ... FROM STDIN. */
static enum err copy_start(struct postgres *db, const char *sql, struct why *why)
{
	/* PQexec() stops at the COPY */
	CLEANUP(postgres_result_done) PGresult *result = PQexec(db->connection, sql);

	return PQresultStatus(result) == PGRES_COPY_IN ? OK : postgres_failed(db, result, why);
}

static enum err copy_end(struct postgres *db, const char *give_up, struct why *why)
{
	enum err err = OK;
	PGresult *result;

	if (PQputCopyEnd(db->connection, give_up) != 1)
		return postgres_failed(db, NULL, why);
	while ((result = PQgetResult(db->connection)) != NULL) {
		if (PQresultStatus(result) != PGRES_COMMAND_OK && err == OK)
			err = postgres_failed(db, result, why);
		PQclear(result);
	}
	return err;
}

static enum err copy_all(struct postgres *db, const struct db_merge *merge, const char *staging,
	db_merge_next next, void *state, struct why *why)
{
	CLEANUP(buf_done) struct buf sql = { 0 };

	buf_fmt(&sql, "CREATE TEMP TABLE IF NOT EXISTS %s ON COMMIT DELETE ROWS AS SELECT ",
		staging);
	db_columns(&sql, "", merge->columns, merge->column_count);
	buf_fmt(&sql, " FROM %s WITH NO DATA; ", merge->table);
	if (db->has_merged)
		buf_fmt(&sql, "DELETE FROM %s; ", staging);
	buf_fmt(&sql, "COPY %s (", staging);
	db_columns(&sql, "", merge->columns, merge->column_count);
	buf_str(&sql, STR(") FROM STDIN (FORMAT binary)"));
	TRY(copy_start(db, buf_c(&sql), why));
	db->has_merged = true;

	enum err err = copy_rows(db, merge, next, state, why);
	/* the first reason is the one to tell */
	enum err end = copy_end(db, err == OK ? NULL : "given up", err == OK ? why : NULL);

	return err != OK ? err : end;
}

/* The old rows that the upsert is going to change. */
static enum err keep_history(
	struct postgres *db, const struct db_merge *merge, const char *staging, struct why *why)
{
	const struct db_history *history = merge->history;
	CLEANUP(buf_done) struct buf sql = { 0 };
	CLEANUP(buf_done) struct buf old = { 0 };

	if (history == NULL)
		return OK;
	buf_fmt(&old, "%s.", merge->table);
	buf_fmt(&sql, "INSERT INTO %s (", history->table);
	db_columns(&sql, "", history->columns, history->column_count);
	buf_fmt(&sql, ", %s) SELECT ", history->until);
	db_columns(&sql, buf_c(&old), history->columns, history->column_count);
	buf_fmt(&sql, ", excluded.%s FROM %s AS excluded JOIN %s USING (%s)", history->since,
		staging, merge->table, merge->keys);
	buf_fmt(&sql, " WHERE excluded.%s > %s.%s AND (%s)", history->since, merge->table,
		history->since, history->when);
	return postgres_query(db, buf_c(&sql), NULL, why);
}

enum err postgres_merge(struct db *base, const struct db_merge *merge, db_merge_next next,
	void *state, struct why *why)
{
	struct postgres *db = (struct postgres *)base;
	CLEANUP(buf_done) struct buf sql = { 0 };
	CLEANUP(buf_done) struct buf rows = { 0 };
	CLEANUP(buf_done) struct buf since = { 0 };
	char staging[40];

	TRY(postgres_ready(db, why));
	(void)snprintf(staging, sizeof staging, "pehra_merge_%016llx",
		(unsigned long long)merge_number(merge));
	TRY(copy_all(db, merge, staging, next, state, why));
	TRY(keep_history(db, merge, staging, why));
	buf_fmt(&since, "excluded.%s", merge->history == NULL ? "" : merge->history->since);
	buf_str(&rows, STR("SELECT "));
	db_columns(&rows, "", merge->columns, merge->column_count);
	buf_fmt(&rows, " FROM %s", staging);
	db_merge_sql(&sql, merge, buf_c(&rows), buf_c(&since));
	return postgres_query(db, buf_c(&sql), NULL, why);
}
