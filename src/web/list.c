/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/list_int.h"
#include "web/web_int.h"

enum {
	PAGE_MS = 2000, /* a page that is not full by then is cut, and goes on behind the cursor */
	COUNT_MS = 300, /* counting all matches stops then */
	CLOCK_EVERY = 64, /* rows */
	NS_PER_MS = 1000000
};

struct page {
	struct request *request;
	const struct list_query *query;
	struct json_writer *json;
	size_t written;
	uint64_t matches;
	size_t looked_at;
	int64_t started_ns;
	struct buf position; /* the key that the next page goes on behind */
	bool has_more;
	bool is_cut; /* not all rows were looked at */
};

static void set_position(struct page *page, const struct list_row *row)
{
	buf_clear(&page->position);
	buf_str(&page->position, row->key);
}

/* Has the page taken its time? */
static bool is_late(struct page *page)
{
	int64_t limit_ms = page->has_more ? COUNT_MS : PAGE_MS;

	if (++page->looked_at % CLOCK_EVERY != 0)
		return false;
	return web_now_ns(page->request->web) - page->started_ns > limit_ms * NS_PER_MS;
}

static bool put_row(void *state, const struct list_row *row)
{
	struct page *page = state;
	const struct list_query *query = page->query;
	bool matches = list_row_matches(query->list, &query->filter, row);

	page->matches += matches;
	if (matches && page->written < query->limit) {
		list_row_json(query, page->json, row);
		page->written++;
		set_position(page, row);
	} else if (matches) {
		page->has_more = true;
	}
	/* only the first page counts what lies behind it */
	page->is_cut = is_late(page) || (page->has_more && query->has_cursor);
	if (page->is_cut && !page->has_more)
		set_position(page, row);
	return !page->is_cut;
}

static void page_begin(struct request *request, struct json_writer *json)
{
	*json = response_json(request);
	json_object_begin(json);
	json_key(json, "rows");
	json_array_begin(json);
}

/* next: NULL for the last page. */
static void page_end(struct request *request, struct json_writer *json, const struct cursor *now,
	const struct cursor *next)
{
	CLEANUP(buf_done) struct buf as_of = { 0 };

	json_array_end(json);
	json_field_u64(json, "total", now->total);
	json_field_bool(json, "total_is_exact", now->is_total_exact);
	time_format(&as_of, now->as_of_s);
	json_field_str(json, "as_of", buf_view(&as_of));
	json_key(json, "next");
	if (next == NULL)
		json_put_null(json);
	else
		json_put_str(json, cursor_encode(request->web->cursor_key, next, &request->arena));
	json_object_end(json);
}

static enum err answer_in_key_order(
	struct request *request, const struct list_query *query, struct why *why)
{
	struct json_writer json;
	struct page page = { .request = request,
		.query = query,
		.json = &json,
		.started_ns = web_now_ns(request->web) };
	struct cursor next = query->cursor;
	enum err err;

	page_begin(request, &json);
	err = query->list->walk(
		request, &query->filter, query->cursor.position, put_row, &page, why);
	if (err == OK) {
		if (!query->has_cursor) {
			next.total = page.matches;
			next.is_total_exact = !page.is_cut;
		}
		next.position = buf_view(&page.position);
		page_end(request, &json, &next, page.has_more || page.is_cut ? &next : NULL);
	}
	buf_done(&page.position);
	return err;
}

/* Rows of a sorted result; those that are gone since leave no trace. */
static enum err put_result(struct request *request, const struct list_query *query,
	const struct result *result, struct json_writer *json, struct cursor *next, struct why *why)
{
	size_t left = result->n - next->offset;
	size_t n = left < query->limit ? left : query->limit;
	struct buf *lines = arena_array(&request->arena, n + 1, sizeof *lines);
	enum err err = list_result_rows(request, query, result, next->offset, n, lines, why);

	for (size_t i = 0; i < n; i++) {
		if (lines[i].n > 0)
			json_put_raw(json, buf_view(&lines[i]));
		buf_done(&lines[i]);
	}
	next->offset += n;
	next->total = result->n;
	next->is_total_exact = true;
	next->result = result->id;
	return err;
}

static enum err answer_sorted(
	struct request *request, const struct list_query *query, struct why *why)
{
	struct cursor next = query->cursor;
	struct json_writer json;
	struct result *result;
	enum err err = list_result(request, query, &result, why);

	if (err == ERR_NOT_FOUND) {
		problem(request, 410, "gone",
			"the order of this list is no longer kept; begin it again");
		return OK;
	}
	TRY(err);
	page_begin(request, &json);
	err = put_result(request, query, result, &json, &next, why);

	bool is_end = next.offset == result->n;

	results_give_back(&request->web->results, result);
	TRY(err);
	page_end(request, &json, &next, is_end ? NULL : &next);
	return OK;
}

enum err list_answer(struct request *request, const struct list *list, struct why *why)
{
	struct list_query query;

	if (!list_query_read(request, list, &query))
		return OK;
	if (query.format != LIST_JSON)
		return list_stream(request, &query, why);
	return query.is_sorted ? answer_sorted(request, &query, why)
			       : answer_in_key_order(request, &query, why);
}

struct picking {
	const struct str *keys;
	size_t n;
	list_each each;
	void *state;
};

static bool pick(void *state, const struct list_row *row)
{
	const struct picking *from = state;

	for (size_t i = 0; i < from->n; i++) {
		if (str_eq(from->keys[i], row->key))
			return from->each(from->state, row);
	}
	return true;
}

enum err list_get_by_walking(struct request *request, list_walk walk, const struct str *keys,
	size_t n, list_each each, void *state, struct why *why)
{
	struct picking from = { keys, n, each, state };
	struct filter everything = { 0 };

	return walk(request, &everything, STR(""), pick, &from, why);
}

void list_write_row(const struct list *list, struct json_writer *json, const struct list_row *row)
{
	struct list_query query = { .list = list, .shown = UINT64_MAX };

	list_row_json(&query, json, row);
}
