/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of list.h: the query (list_query.c), its pages and streams, its rows' text. */
#pragma once

#include "web/cursor.h"
#include "web/list.h"
#include "web/result.h"

#include "base/csv.h"

enum list_format { LIST_JSON, LIST_CSV, LIST_NDJSON };

struct list_query {
	const struct list *list;
	struct filter filter;
	bool has_cursor;
	struct cursor cursor; /* without one: what the first page begins with */
	bool is_sorted;
	size_t sort_column;
	bool is_descending;
	size_t limit;
	uint64_t shown; /* bit c: column c */
	enum list_format format;
};

/* False: the response is a problem that names the parameter. */
bool list_query_read(struct request *request, const struct list *list, struct list_query *out);

/* The shown columns of a row as a JSON object. */
void list_row_json(
	const struct list_query *query, struct json_writer *json, const struct list_row *row);
/* As a line of the query's format. */
void list_row_line(const struct list_query *query, struct buf *out, const struct list_row *row);
/* The names of the columns, for CSV. */
void list_head_line(const struct list_query *query, struct buf *out);

/* Streams the whole match as CSV or NDJSON. */
NODISCARD enum err list_stream(
	struct request *request, const struct list_query *query, struct why *why);

/* The sorted result of the query, lent; made when the query has no cursor. ERR_NOT_FOUND: gone. */
NODISCARD enum err list_result(struct request *request, const struct list_query *query,
	struct result **out, struct why *why);
/* Lines (or, for JSON, objects) of rows first..first+n of a result into out[], by their order. */
NODISCARD enum err list_result_rows(struct request *request, const struct list_query *query,
	const struct result *result, size_t first, size_t n, struct buf *out, struct why *why);
