/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lists: what every one of them offers, whatever its rows are.
 *
 *     ?q=FILTER&sort=[-]COLUMN&limit=N&cursor=...&fields=a,b&format=json|csv|ndjson
 *
 * JSON gives a page; CSV and NDJSON (by format or Accept) stream the whole match in pieces, in
 * constant memory. Without sort, rows come in the list's own order, which is by an immutable key: a
 * page goes on behind the last key, so rows that exist throughout are neither repeated nor skipped,
 * whatever changes in between. With sort, the order is settled once and kept for a while (see
 * result.h), and the pages walk through it.
 *
 * A list describes its columns and its filter's fields in tables, and knows how to walk its rows.
 */
#pragma once

#include "query/filter.h"
#include "web/request.h"

enum column_type { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_TIME, COLUMN_FLAG, COLUMN_WORDS };

struct column {
	const char *name;
	enum column_type type;
	bool is_extra; /* only when asked for by fields= */
	const char *summary;
};

enum { LIST_COLUMNS_MAX = 24, LIST_WORDS_MAX = 64, LIST_LIMIT = 100, LIST_LIMIT_MAX = 1000 };

struct cell {
	bool is_null;
	int64_t number; /* NUMBER, TIME (seconds since 1970), FLAG */
	struct str text;
	size_t word_count;
	const struct str *words;
};

struct list_row {
	struct str key;                      /* order and identity */
	struct cell cells[LIST_COLUMNS_MAX]; /* as the columns */
};

/* False: no more rows are wanted. Slices of row are the walker's, and gone afterwards. */
typedef bool (*list_each)(void *state, const struct list_row *row);

struct list {
	const char *name;
	const struct column *columns;
	size_t column_count;
	const struct filter_fields *fields;
	/* the column that a field of the filter looks at; LIST_FIELD_KEY: the row's key */
	const uint8_t *field_columns;
	/*
	 * Calls each for the rows behind the key after (empty: from the start), in ascending order
	 * of keys. Rows that the filter refuses may be left out or not.
	 */
	enum err (*walk)(struct request *request, const struct filter *filter, struct str after,
		list_each each, void *state, struct why *why);
	/* The rows of these keys, in any order; those that are gone are left out. */
	enum err (*get)(struct request *request, const struct str *keys, size_t n, list_each each,
		void *state, struct why *why);
};

enum { LIST_FIELD_KEY = 255 };

/* Answers a request for the list. Runs in a reader thread. */
NODISCARD enum err list_answer(struct request *request, const struct list *list, struct why *why);

typedef enum err (*list_walk)(struct request *request, const struct filter *filter,
	struct str after, list_each each, void *state, struct why *why);

/* A get for lists that are short: walks all. */
NODISCARD enum err list_get_by_walking(struct request *request, list_walk walk,
	const struct str *keys, size_t n, list_each each, void *state, struct why *why);

/* All columns of a row as a JSON object. */
void list_write_row(const struct list *list, struct json_writer *json, const struct list_row *row);

bool list_row_matches(
	const struct list *list, const struct filter *filter, const struct list_row *row);
