/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * POST /v1/ip/bulk: many addresses or prefixes in, one JSON line out for each, in order. A line
 * that is no address gets an error in its place and costs nothing else.
 */
#include "web/handlers.h"
#include "web/lookup.h"

enum { BULK_MAX = 10000, BULK_PIECE_BYTES = 64 << 10 };

struct bulk {
	struct str *items; /* in the request's arena */
	size_t n;
	size_t next;
};

static enum err add(struct request *request, struct bulk *bulk, struct str item, struct why *why)
{
	if (bulk->n == BULK_MAX)
		return fail(why, ERR_LIMIT, "at most %d addresses in one request", BULK_MAX);
	bulk->items[bulk->n++] = arena_str(&request->arena, item);
	return OK;
}

/* {"ip":"..."} or "..."; whatever else it is will not parse as an address. */
static struct str text_of(struct json_node node)
{
	struct str text = STR("");

	if (!json_str(json_get(node, "ip"), &text) && !json_str(node, &text))
		text = STR("(neither a string nor an object with \"ip\")");
	return text;
}

static enum err read_array(struct request *request, struct bulk *bulk, struct why *why)
{
	struct json_node root;
	struct json_node item;

	TRY(json_parse(request->lane->json, buf_view(&request->body), &root, why));
	if (json_type(root) != JSON_ARRAY)
		return fail(why, ERR_SYNTAX, "the body is a JSON array of addresses");

	struct json_iterator it = json_each(root);

	while (json_next(&it, &item))
		TRY(add(request, bulk, text_of(item), why));
	return OK;
}

static enum err read_lines(
	struct request *request, struct bulk *bulk, bool is_json, struct why *why)
{
	struct str rest = buf_view(&request->body);
	struct str line;

	while (str_next_line(&rest, &line)) {
		struct json_node root;
		struct str item = str_trim(line);

		if (item.n == 0)
			continue;
		if (is_json && json_parse(request->lane->json, item, &root, NULL) == OK)
			item = text_of(root);
		TRY(add(request, bulk, item, why));
	}
	return OK;
}

static void write_line(struct request *request, const struct pehra *snapshot, struct buf *out,
	size_t number, struct str item)
{
	struct indicator indicator = { .kind = INDICATOR_IP };
	struct json_writer json = json_writer_on(out);
	struct why why = { 0 };
	struct lookup lookup;

	json_object_begin(&json);
	json_field_u64(&json, "line", number);
	if (prefix_parse(item, NULL, &indicator.prefix, &why) == OK) {
		lookup_find(snapshot, &indicator, &lookup);
		lookup_write(&json, request, snapshot, &lookup);
	} else {
		json_key(&json, "error");
		json_object_begin(&json);
		json_field_str(&json, "kind", str_c(err_word(why.code)));
		json_field_str(&json, "detail", str_c(why.text));
		json_object_end(&json);
	}
	json_object_end(&json);
	json_line_end(&json);
}

static enum err more(struct request *request, struct buf *out, bool *end, struct why *why)
{
	struct bulk *bulk = request->response.stream;
	const struct pehra *snapshot;

	TRY(lookup_snapshot(request, &snapshot, why));
	while (bulk->next < bulk->n && out->n < BULK_PIECE_BYTES) {
		write_line(request, snapshot, out, bulk->next + 1, bulk->items[bulk->next]);
		bulk->next++;
	}
	*end = bulk->next == bulk->n;
	return OK;
}

enum err serve_ip_bulk(struct request *request, struct why *why)
{
	struct str type = request_header(request, "Content-Type");
	struct bulk *bulk = arena_new(&request->arena, struct bulk);
	const struct pehra *snapshot;

	TRY(lookup_snapshot(request, &snapshot, why));
	bulk->items = arena_array(&request->arena, BULK_MAX, sizeof *bulk->items);
	if (str_starts_nocase(type, STR("application/json")))
		TRY(read_array(request, bulk, why));
	else
		TRY(read_lines(
			request, bulk, str_starts_nocase(type, STR("application/x-ndjson")), why));
	request->response.content_type = "application/x-ndjson";
	response_stream(request, more, bulk);
	return OK;
}
