/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/postgres_int.h"

static const char *const prefixes[] = { "postgresql://", "postgres://", NULL };

/*
 * A commit is on disk when it is acknowledged, whatever the server's default. Compiling the few
 * statements we have costs more than it gives.
 */
static const char settings[] = "SET client_min_messages = warning; SET jit = off; "
			       "SELECT set_config('synchronous_commit', 'on', false) "
			       "WHERE current_setting('synchronous_commit') IN ('off', 'local')";
static const char settings_read_only[] = "SET default_transaction_read_only = on";

/* The lock that makes writers wait for each other, as they do in SQLite; the number is ours. */
#define WRITER_LOCK "8245610917"

static const struct {
	const char *state; /* SQLSTATE, or its class */
	enum err err;
} states[] = {
	{ "23505", ERR_EXISTS },    /* unique_violation */
	{ "40", ERR_CONFLICT },     /* serialization_failure, deadlock_detected ... */
	{ "55P03", ERR_BUSY },      /* lock_not_available */
	{ "57014", ERR_TIMEOUT },   /* query_canceled */
	{ "53100", ERR_FULL },      /* disk_full */
	{ "54", ERR_LIMIT },        /* program_limit_exceeded */
	{ "25006", ERR_DENIED },    /* read_only_sql_transaction */
	{ "42501", ERR_DENIED },    /* insufficient_privilege */
	{ "28", ERR_DENIED },       /* invalid_authorization_specification */
	{ "XX001", ERR_CORRUPT },   /* data_corrupted */
	{ "XX002", ERR_CORRUPT },   /* index_corrupted */
	{ "3D000", ERR_NOT_FOUND }, /* invalid_catalog_name */
};

void postgres_result_done(PGresult **result)
{
	PQclear(*result);
}

enum err postgres_failed(struct postgres *db, const PGresult *result, struct why *why)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	enum err err = ERR_STORE;

	for (size_t i = 0; state != NULL && i < ARRAY_LEN(states); i++) {
		if (str_starts(str_c(state), str_c(states[i].state))) {
			err = states[i].err;
			break;
		}
	}
	if (PQstatus(db->connection) == CONNECTION_BAD)
		err = ERR_STORE;
	if (text == NULL)
		text = PQerrorMessage(db->connection);
	return fail(why, err, "store: %.*s", STR_FMT(str_trim(str_c(text))));
}

static void say_nothing(void *state, const PGresult *result)
{
	(void)state;
	(void)result;
}

static enum err connect_to(struct postgres *db, struct why *why)
{
	const char *const keywords[] = { "dbname", "fallback_application_name", "client_encoding",
		NULL };
	const char *const values[] = { db->url, "pehra", "UTF8", NULL };

	PQfinish(db->connection);
	db->connection = PQconnectdbParams(keywords, values, 1);
	must(db->connection != NULL);
	db->epoch++;
	(void)PQsetNoticeReceiver(db->connection, say_nothing, NULL);
	if (PQstatus(db->connection) != CONNECTION_OK)
		return postgres_failed(db, NULL, why);
	TRY(postgres_query(db, settings, NULL, why));
	if (db->base.mode == DB_READ_ONLY)
		TRY(postgres_query(db, settings_read_only, NULL, why));
	return OK;
}

enum err postgres_query(struct postgres *db, const char *sql, PGresult **result, struct why *why)
{
	CLEANUP(postgres_result_done) PGresult *last = PQexec(db->connection, sql);
	ExecStatusType status = PQresultStatus(last);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
		return postgres_failed(db, last, why);
	if (result != NULL) {
		*result = last;
		last = NULL;
	}
	return OK;
}

void postgres_drain(struct postgres *db)
{
	PGresult *result;

	while ((result = PQgetResult(db->connection)) != NULL)
		PQclear(result);
	db->streaming = NULL;
}

enum err postgres_ready(struct postgres *db, struct why *why)
{
	if (PQstatus(db->connection) == CONNECTION_OK) {
		postgres_take_off(db);
		return OK;
	}
	db->streaming = NULL;
	if (db->base.in_transaction)
		return fail(why, ERR_STORE, "store: the connection was lost in a transaction");
	return connect_to(db, why);
}

static void postgres_close(struct db *base)
{
	struct postgres *db = (struct postgres *)base;

	PQfinish(db->connection);
	free(db->url);
	free(db);
}

static enum err postgres_open(const char *url, enum db_mode mode, struct db **out, struct why *why)
{
	struct postgres *db = calloc(1, sizeof *db);

	must(db != NULL);
	db->base.mode = mode;
	db->wait_ms = DB_WAIT_MS;
	db->url = strdup(url);
	must(db->url != NULL);

	enum err err = connect_to(db, why);

	if (err != OK)
		postgres_close(&db->base);
	else
		*out = &db->base;
	return err;
}

static bool postgres_is_lost(const struct db *db)
{
	return PQstatus(((const struct postgres *)db)->connection) != CONNECTION_OK;
}

static void postgres_wait_at_most(struct db *db, int64_t wait_ms)
{
	/* 0 would mean for ever */
	((struct postgres *)db)->wait_ms = wait_ms < 1 ? 1 : wait_ms;
}

static enum err postgres_exec(struct db *base, const char *sql, struct why *why)
{
	struct postgres *db = (struct postgres *)base;

	TRY(postgres_ready(db, why));
	return postgres_query(db, sql, NULL, why);
}

static void postgres_rollback(struct db *base)
{
	struct postgres *db = (struct postgres *)base;

	if (PQstatus(db->connection) != CONNECTION_OK)
		return;
	postgres_drain(db);
	/* when this fails the connection is gone, and the server rolls back by itself */
	(void)!postgres_query(db, "ROLLBACK", NULL, NULL);
}

static enum err begin_once(struct postgres *db, struct why *why)
{
	CLEANUP(buf_done) struct buf sql = { 0 };

	TRY(postgres_ready(db, why));
	db->has_merged = false;
	if (db->base.mode == DB_READ_ONLY)
		return postgres_query(
			db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL, why);
	buf_fmt(&sql, "BEGIN; SET LOCAL lock_timeout = %lld; SELECT pg_advisory_xact_lock(%s)",
		(long long)db->wait_ms, WRITER_LOCK);

	enum err err = postgres_query(db, buf_c(&sql), NULL, why);

	if (err != OK)
		postgres_rollback(&db->base);
	return err;
}

static enum err postgres_begin(struct db *base, struct why *why)
{
	struct postgres *db = (struct postgres *)base;
	enum err err = begin_once(db, why);

	/* a connection that went while nobody used it costs nothing but a second try */
	if (err != OK && PQstatus(db->connection) != CONNECTION_OK)
		err = begin_once(db, why);
	return err;
}

static enum err postgres_commit(struct db *base, struct why *why)
{
	struct postgres *db = (struct postgres *)base;
	CLEANUP(postgres_result_done) PGresult *result = NULL;

	if (PQstatus(db->connection) != CONNECTION_OK)
		return fail(why, ERR_STORE, "store: the connection was lost in a transaction");
	postgres_take_off(db);
	TRY(postgres_query(db, "COMMIT", &result, why));
	/* a transaction that failed on the server answers COMMIT with ROLLBACK */
	if (!str_eq(str_c(PQcmdStatus(result)), STR("COMMIT")))
		return fail(why, ERR_STORE, "store: the server rolled back");
	return OK;
}

const struct db_driver postgres_driver = {
	.name = "postgresql",
	.url_prefixes = prefixes,
	.clustered = "",
	.open = postgres_open,
	.close = postgres_close,
	.is_lost = postgres_is_lost,
	.wait_at_most = postgres_wait_at_most,
	.exec = postgres_exec,
	.begin = postgres_begin,
	.commit = postgres_commit,
	.rollback = postgres_rollback,
	.prepare = postgres_prepare,
	.free = postgres_free,
	.bind = postgres_bind,
	.step = postgres_step,
	.changed = postgres_changed,
	.reset = postgres_reset,
	.column_i64 = postgres_column_i64,
	.column_double = postgres_column_double,
	.column_bytes = postgres_column_bytes,
	.column_is_null = postgres_column_is_null,
	.merge = postgres_merge,
};
