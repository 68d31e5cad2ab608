/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/list_int.h"
#include "web/web_int.h"

struct collecting {
	const struct list_query *query;
	struct result *result;
	enum err err;
	struct why *why;
};

static bool collect(void *state, const struct list_row *row)
{
	struct collecting *to = state;
	const struct list_query *query = to->query;
	const struct cell *cell = &row->cells[query->sort_column];
	bool is_text = query->list->columns[query->sort_column].type == COLUMN_TEXT;

	if (!list_row_matches(query->list, &query->filter, row))
		return true;
	/* what is not known comes first, or last when turned */
	to->err = result_add(to->result,
		is_text         ? !cell->is_null
		: cell->is_null ? INT64_MIN
				: cell->number,
		is_text ? cell->text : STR(""), row->key, to->why);
	return to->err == OK;
}

enum err list_result(struct request *request, const struct list_query *query, struct result **out,
	struct why *why)
{
	struct results *results = &request->web->results;
	CLEANUP(result_free) struct result *fresh = NULL;
	struct collecting to = { query, NULL, OK, why };

	if (query->has_cursor) {
		*out = results_take(results, query->cursor.result);
		return *out == NULL ? fail(why, ERR_NOT_FOUND, "this sorted list is gone") : OK;
	}
	fresh = result_new();
	to.result = fresh;
	TRY(query->list->walk(request, &query->filter, STR(""), collect, &to, why));
	TRY(to.err);
	result_sort(fresh, query->is_descending);
	*out = results_keep(results, &fresh);
	return OK;
}

struct placing {
	const struct list_query *query;
	const struct str *keys;
	size_t n;
	struct buf *out;
};

static bool place(void *state, const struct list_row *row)
{
	struct placing *to = state;

	for (size_t i = 0; i < to->n; i++) {
		if (str_eq(to->keys[i], row->key)) {
			list_row_line(to->query, &to->out[i], row);
			break;
		}
	}
	return true;
}

enum err list_result_rows(struct request *request, const struct list_query *query,
	const struct result *result, size_t first, size_t n, struct buf *out, struct why *why)
{
	struct str *keys = arena_array(&request->arena, n + 1, sizeof *keys);
	struct placing to = { query, keys, n, out };

	for (size_t i = 0; i < n; i++)
		keys[i] = result->rows[first + i].key;
	return query->list->get(request, keys, n, place, &to, why);
}
