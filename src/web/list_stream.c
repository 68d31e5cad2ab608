/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole match as CSV or NDJSON, piece by piece. */
#include "web/list_int.h"
#include "web/web_int.h"

enum { PIECE_BYTES = 128 << 10, PIECE_ROWS = 200, PIECE_MS = 250, NS_PER_MS = 1000000 };

struct stream {
	struct list_query query;
	struct buf *out;
	char after[CURSOR_POSITION_MAX]; /* the last key that was looked at */
	size_t after_length;
	int64_t until_ns;
	struct request *request;
	bool is_full;
	size_t looked_at;
};

static bool put_row(void *state, const struct list_row *row)
{
	enum { CLOCK_EVERY = 64 };
	struct stream *stream = state;

	must(row->key.n <= sizeof stream->after);
	memcpy(stream->after, row->key.p, row->key.n);
	stream->after_length = row->key.n;
	if (list_row_matches(stream->query.list, &stream->query.filter, row))
		list_row_line(&stream->query, stream->out, row);
	stream->is_full = stream->out->n >= PIECE_BYTES ||
			  (++stream->looked_at % CLOCK_EVERY == 0 &&
				  web_now_ns(stream->request->web) >= stream->until_ns);
	return !stream->is_full;
}

static enum err more_in_key_order(
	struct request *request, struct buf *out, bool *end, struct why *why)
{
	struct stream *stream = request->response.stream;
	const struct list *list = stream->query.list;
	struct str after = str_from(stream->after, stream->after_length);

	stream->out = out;
	stream->request = request;
	stream->is_full = false;
	stream->until_ns = web_now_ns(request->web) + (int64_t)PIECE_MS * NS_PER_MS;
	TRY(list->walk(request, &stream->query.filter, after, put_row, stream, why));
	*end = !stream->is_full;
	return OK;
}

static enum err more_in_order(struct request *request, struct buf *out, bool *end, struct why *why)
{
	struct stream *stream = request->response.stream;
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct cursor *cursor = &stream->query.cursor;
	struct buf *lines = arena_array(&arena, PIECE_ROWS, sizeof *lines);
	struct result *result;
	enum err err;

	stream->query.has_cursor = true;
	TRY(list_result(request, &stream->query, &result, why));

	size_t n =
		result->n - cursor->offset < PIECE_ROWS ? result->n - cursor->offset : PIECE_ROWS;

	err = list_result_rows(request, &stream->query, result, cursor->offset, n, lines, why);
	cursor->offset += n;
	*end = cursor->offset == result->n;
	results_give_back(&request->web->results, result);
	for (size_t i = 0; i < n; i++) {
		buf_str(out, buf_view(&lines[i]));
		buf_done(&lines[i]);
	}
	return err;
}

enum err list_stream(struct request *request, const struct list_query *query, struct why *why)
{
	struct stream *stream = arena_new(&request->arena, struct stream);
	struct result *result;

	stream->query = *query;
	if (query->is_sorted) {
		TRY(list_result(request, query, &result, why));
		stream->query.cursor.result = result->id;
		results_give_back(&request->web->results, result);
	}
	if (query->format == LIST_CSV)
		list_head_line(query, &request->response.body);
	request->response.content_type = query->format == LIST_CSV
						 ? "text/csv; charset=utf-8; header=present"
						 : "application/x-ndjson";
	response_header(request, "Content-Disposition",
		arena_fmt(&request->arena, "attachment; filename=\"%s.%s\"", query->list->name,
			query->format == LIST_CSV ? "csv" : "ndjson"));
	response_stream(request, query->is_sorted ? more_in_order : more_in_key_order, stream);
	return OK;
}
