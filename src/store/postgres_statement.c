/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Statements of the PostgreSQL driver: prepared on the server under a name, rows in single-row
 * mode. One connection carries the rows of one statement at a time, so when another one starts, the
 * rest of the first is taken off the connection into memory.
 */
#include "store/postgres_int.h"

enum { ABANDON_ROWS = 1000 };

static struct postgres *db_of(const struct postgres_statement *statement)
{
	return (struct postgres *)statement->base.db;
}

static enum err prepare_on_server(
	struct postgres *db, struct postgres_statement *statement, const char *sql, struct why *why)
{
	CLEANUP(postgres_result_done)
	PGresult *prepared = PQprepare(db->connection, statement->name, sql, 0, NULL);

	if (PQresultStatus(prepared) != PGRES_COMMAND_OK)
		return postgres_failed(db, prepared, why);

	CLEANUP(postgres_result_done)
	PGresult *described = PQdescribePrepared(db->connection, statement->name);

	if (PQresultStatus(described) != PGRES_COMMAND_OK)
		return postgres_failed(db, described, why);
	statement->parameter_count = PQnparams(described);
	statement->column_count = PQnfields(described);
	must(statement->parameter_count <= DB_PARAMETERS_MAX);
	must(statement->column_count <= POSTGRES_COLUMNS_MAX);
	for (int i = 0; i < statement->parameter_count; i++)
		statement->parameter_types[i + 1] = PQparamtype(described, i);
	for (int i = 0; i < statement->column_count; i++)
		statement->column_types[i] = PQftype(described, i);
	statement->epoch = db->epoch;
	return OK;
}

enum err postgres_prepare(
	struct db *base, const char *sql, struct db_statement **out, struct why *why)
{
	struct postgres *db = (struct postgres *)base;
	struct postgres_statement *statement;

	TRY(postgres_ready(db, why));
	statement = calloc(1, sizeof *statement);
	must(statement != NULL);
	(void)snprintf(statement->name, sizeof statement->name, "s%llu",
		(unsigned long long)++db->statement_count);

	enum err err = prepare_on_server(db, statement, sql, why);

	if (err != OK) {
		free(statement);
		return err;
	}
	for (int i = 1; i <= DB_PARAMETERS_MAX; i++)
		statement->values[i].is_null = true;
	*out = &statement->base;
	return OK;
}

static void result_drop(struct postgres_statement *statement)
{
	PQclear(statement->result);
	statement->result = NULL;
}

/* The server forgets it too; a failure only means that it does so when the connection ends. */
static void deallocate(const struct postgres_statement *statement)
{
	struct postgres *db = db_of(statement);
	char sql[sizeof statement->name + sizeof "DEALLOCATE "];

	if (statement->epoch != db->epoch || PQstatus(db->connection) != CONNECTION_OK)
		return;
	postgres_take_off(db);
	(void)snprintf(sql, sizeof sql, "DEALLOCATE %s", statement->name);
	PQclear(PQexec(db->connection, sql));
}

void postgres_free(struct db_statement *base)
{
	struct postgres_statement *statement = (struct postgres_statement *)base;

	postgres_reset(base);
	if (base->own_sql != NULL)
		deallocate(statement);
	buf_done(&statement->rest);
	free(statement);
}

void postgres_bind(
	struct db_statement *base, int index, enum db_type type, const struct db_value *value)
{
	struct postgres_statement *statement = (struct postgres_statement *)base;

	must(index <= statement->parameter_count);
	statement->types[index] = type;
	statement->values[index] = *value;
}

static enum err start(struct postgres_statement *statement, struct why *why)
{
	struct postgres *db = db_of(statement);
	struct postgres_parameter parameters[DB_PARAMETERS_MAX];
	const char *values[DB_PARAMETERS_MAX];
	int lengths[DB_PARAMETERS_MAX];
	int formats[DB_PARAMETERS_MAX];

	for (int i = 0; i < statement->parameter_count; i++) {
		TRY(postgres_encode(&parameters[i], statement->parameter_types[i + 1],
			statement->types[i + 1], &statement->values[i + 1], why));
		values[i] = parameters[i].value;
		lengths[i] = parameters[i].length;
		formats[i] = parameters[i].format;
	}
	if (PQsendQueryPrepared(db->connection, statement->name, statement->parameter_count, values,
		    lengths, formats, 1) != 1 ||
		PQsetSingleRowMode(db->connection) != 1)
		return postgres_failed(db, NULL, why);
	db->streaming = statement;
	statement->is_running = true;
	return OK;
}

static void rows_changed(struct postgres_statement *statement, PGresult *result)
{
	uint64_t n = 0;

	(void)parse_u64(str_c(PQcmdTuples(result)), &n);
	statement->changed = n;
}

/* The next row off the connection. */
static enum err receive(struct postgres_statement *statement, bool *row, struct why *why)
{
	struct postgres *db = db_of(statement);

	result_drop(statement);
	statement->result = PQgetResult(db->connection);

	ExecStatusType status = PQresultStatus(statement->result);
	enum err err = OK;

	*row = status == PGRES_SINGLE_TUPLE;
	if (*row) {
		for (int i = 0; i < statement->column_count; i++)
			statement->row[i] =
				(struct postgres_value){ PQgetvalue(statement->result, 0, i),
					PQgetisnull(statement->result, 0, i)
						? -1
						: PQgetlength(statement->result, 0, i) };
		return OK;
	}
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		rows_changed(statement, statement->result);
	else
		err = postgres_failed(db, statement->result, why);
	postgres_drain(db);
	return err;
}

static void keep_row(struct postgres_statement *statement)
{
	for (int i = 0; i < statement->column_count; i++) {
		struct postgres_value *value = &statement->row[i];

		buf_put(&statement->rest, &value->n, sizeof value->n);
		buf_put(&statement->rest, value->p, value->n < 0 ? 0 : (size_t)value->n);
	}
}

void postgres_take_off(struct postgres *db)
{
	struct postgres_statement *statement = db->streaming;
	bool row = true;

	if (statement == NULL)
		return;
	statement->is_taken_off = true;
	statement->rest_at = 0;
	buf_clear(&statement->rest);
	/* the row being looked at stays where it is */
	PGresult *current = statement->result;
	struct postgres_value shown[POSTGRES_COLUMNS_MAX];

	memcpy(shown, statement->row, sizeof shown);
	statement->result = NULL;
	while (row) {
		statement->rest_end = receive(statement, &row, &statement->rest_why);
		row = row && statement->rest_end == OK;
		if (row)
			keep_row(statement);
	}
	result_drop(statement);
	statement->result = current;
	memcpy(statement->row, shown, sizeof shown);
}

/* The next of the rows that were taken off. */
static enum err next_kept(struct postgres_statement *statement, bool *row, struct why *why)
{
	result_drop(statement);
	*row = statement->rest_at < statement->rest.n;
	if (!*row) {
		if (why != NULL && statement->rest_end != OK)
			*why = statement->rest_why;
		return statement->rest_end;
	}
	for (int i = 0; i < statement->column_count; i++) {
		struct postgres_value *value = &statement->row[i];

		memcpy(&value->n, statement->rest.data + statement->rest_at, sizeof value->n);
		statement->rest_at += sizeof value->n;
		value->p = statement->rest.data + statement->rest_at;
		statement->rest_at += value->n < 0 ? 0 : (size_t)value->n;
	}
	return OK;
}

enum err postgres_step(struct db_statement *base, bool *row, struct why *why)
{
	struct postgres_statement *statement = (struct postgres_statement *)base;
	struct postgres *db = db_of(statement);

	*row = false;
	if (statement->is_taken_off)
		return next_kept(statement, row, why);
	if (!statement->is_running) {
		TRY(postgres_ready(db, why));
		if (statement->epoch != db->epoch)
			TRY(prepare_on_server(db, statement, base->sql, why));
		TRY(start(statement, why));
	} else if (db->streaming != statement) {
		return fail(why, ERR_STORE, "store: the connection was lost while reading rows");
	}
	return receive(statement, row, why);
}

/*
 * Throws away the rows that nobody wants. Outside a transaction the server is told to stop after a
 * while; inside, that would end the transaction. PQcancel() returns when the server has taken note,
 * so it cannot hit a later query.
 */
static void abandon(struct postgres_statement *statement)
{
	struct postgres *db = db_of(statement);
	bool row = true;

	for (int i = 0; row && i < ABANDON_ROWS; i++) {
		if (receive(statement, &row, NULL) != OK)
			row = false;
	}
	if (row && !db->base.in_transaction) {
		PGcancel *cancel = PQgetCancel(db->connection);
		char text[128];

		(void)PQcancel(cancel, text, sizeof text);
		PQfreeCancel(cancel);
	}
	postgres_drain(db);
}

uint64_t postgres_changed(const struct db_statement *statement)
{
	return ((const struct postgres_statement *)statement)->changed;
}

void postgres_reset(struct db_statement *base)
{
	struct postgres_statement *statement = (struct postgres_statement *)base;

	if (statement->is_running && db_of(statement)->streaming == statement)
		abandon(statement);
	result_drop(statement);
	/* a large rest is not kept for the next time */
	buf_done(&statement->rest);
	statement->is_running = false;
	statement->is_taken_off = false;
	statement->changed = 0;
	for (int i = 1; i <= statement->parameter_count; i++)
		statement->values[i] = (struct db_value){ .is_null = true };
}

static const struct postgres_value *value_at(const struct postgres_statement *statement, int column)
{
	must(column >= 0 && column < statement->column_count);
	return &statement->row[column];
}

int64_t postgres_column_i64(const struct db_statement *base, int column)
{
	const struct postgres_statement *statement = (const struct postgres_statement *)base;

	return postgres_decode_i64(statement->column_types[column], *value_at(statement, column));
}

double postgres_column_double(const struct db_statement *base, int column)
{
	const struct postgres_statement *statement = (const struct postgres_statement *)base;

	return postgres_decode_double(
		statement->column_types[column], *value_at(statement, column));
}

struct str postgres_column_bytes(const struct db_statement *base, int column)
{
	const struct postgres_statement *statement = (const struct postgres_statement *)base;

	return postgres_decode_bytes(statement->column_types[column], *value_at(statement, column));
}

bool postgres_column_is_null(const struct db_statement *base, int column)
{
	return value_at((const struct postgres_statement *)base, column)->n < 0;
}
