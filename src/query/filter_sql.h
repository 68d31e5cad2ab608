/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A filter as a condition of SQL that SQLite and PostgreSQL read alike. Values are parameters,
 * never text of the statement.
 */
#pragma once

#include "query/filter.h"
#include "store/db.h"

enum { SQL_PARAMETERS_MAX = 64 /* as many as a statement takes */ };

/*
 * A statement being put together: text and the values of $1, $2 ... in order. Zero-initialised is
 * ready; sql_done() gives the text back. Values are borrowed until the statement has run.
 */
struct sql {
	struct buf text;
	size_t n;
	struct db_value values[SQL_PARAMETERS_MAX];
	enum db_type types[SQL_PARAMETERS_MAX];
};

void sql_done(struct sql *sql); /* for CLEANUP */
/* Adds a value and writes its "$n". */
void sql_i64(struct sql *sql, int64_t value);
void sql_text(struct sql *sql, struct str value);
void sql_bytes(struct sql *sql, struct str value);
/* Binds all values. */
void sql_bind(const struct sql *sql, struct db_statement *statement);

/* Writes "cond AND cond ..."; "1 = 1" for the filter that holds for every row. */
void filter_to_sql(const struct filter *filter, struct arena *arena, struct sql *sql);
