/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the PostgreSQL driver share. */
#pragma once

#include "store/db_int.h"

#include <postgresql/libpq-fe.h>

enum { POSTGRES_COLUMNS_MAX = 64 };

struct postgres_statement;

struct postgres {
	struct db base;
	char *url;
	PGconn *connection;
	uint64_t epoch; /* counts connections; statements are prepared once in each */
	uint64_t statement_count;
	int64_t wait_ms;
	bool has_merged; /* in the running transaction: the temporary table may hold rows */
	/* whose rows are still coming over the connection */
	struct postgres_statement *streaming;
};

struct postgres_value {
	const char *p;
	int n; /* -1: NULL */
};

struct postgres_statement {
	struct db_statement base;
	char name[24];
	uint64_t epoch; /* in which it is prepared; 0: in none */
	int parameter_count;
	Oid parameter_types[DB_PARAMETERS_MAX + 1];
	enum db_type types[DB_PARAMETERS_MAX + 1];
	struct db_value values[DB_PARAMETERS_MAX + 1];

	bool is_running;
	PGresult *result; /* holds what row points to, unless it comes from rest */
	int column_count;
	Oid column_types[POSTGRES_COLUMNS_MAX];
	struct postgres_value row[POSTGRES_COLUMNS_MAX];
	uint64_t changed;

	/* rows taken off the connection because another statement needed it, and how they ended */
	bool is_taken_off;
	struct buf rest;
	size_t rest_at;
	enum err rest_end;
	struct why rest_why;
};

/* Connected, and no rows under way. Connects again outside a transaction. */
NODISCARD enum err postgres_ready(struct postgres *db, struct why *why);
/* The error of a result, which may be NULL (then the connection's). */
NODISCARD enum err postgres_failed(struct postgres *db, const PGresult *result, struct why *why);
/* One or more statements by the simple protocol; *result (may be NULL) is the last one's. */
NODISCARD enum err postgres_query(
	struct postgres *db, const char *sql, PGresult **result, struct why *why);
void postgres_result_done(PGresult **result); /* for CLEANUP */

/* Reads off what the connection still has to tell. */
void postgres_drain(struct postgres *db);
/* Keeps the rows under way in memory, so that the connection is free. */
void postgres_take_off(struct postgres *db);

enum err postgres_prepare(
	struct db *db, const char *sql, struct db_statement **out, struct why *why);
void postgres_free(struct db_statement *statement);
void postgres_bind(
	struct db_statement *statement, int index, enum db_type type, const struct db_value *value);
enum err postgres_step(struct db_statement *statement, bool *row, struct why *why);
uint64_t postgres_changed(const struct db_statement *statement);
void postgres_reset(struct db_statement *statement);
int64_t postgres_column_i64(const struct db_statement *statement, int column);
double postgres_column_double(const struct db_statement *statement, int column);
struct str postgres_column_bytes(const struct db_statement *statement, int column);
bool postgres_column_is_null(const struct db_statement *statement, int column);

enum err postgres_merge(struct db *db, const struct db_merge *merge, db_merge_next next,
	void *state, struct why *why);

/* Values on the wire: big-endian numbers. */
void postgres_put(uint8_t *out, uint64_t value, size_t bytes);
uint64_t postgres_get(const char *in, size_t bytes);

/* A parameter as PQexecPrepared() takes it; number is room for it. */
struct postgres_parameter {
	const char *value;
	int length;
	int format; /* 0 text, 1 binary */
	char number[32];
};
NODISCARD enum err postgres_encode(struct postgres_parameter *out, Oid wanted, enum db_type type,
	const struct db_value *value, struct why *why);
int64_t postgres_decode_i64(Oid type, struct postgres_value value);
double postgres_decode_double(Oid type, struct postgres_value value);
struct str postgres_decode_bytes(Oid type, struct postgres_value value);
