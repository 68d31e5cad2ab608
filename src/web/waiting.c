/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /v1/pending and /v1/pending/{id}: what waits for a person. */
#include "web/handlers.h"
#include "web/lists.h"
#include "web/numbered.h"

#include "decision/pending.h"

enum pending_column {
	COLUMN_ID,
	COLUMN_KIND,
	COLUMN_SUBJECT,
	COLUMN_SUMMARY,
	COLUMN_RAISED,
	COLUMN_REFRESHED,
	COLUMN_CLOSED,
	COLUMN_CLOSED_BY,
	COLUMN_OUTCOME,
	COLUMN_NOTE,
	PENDING_COLUMNS
};

static const struct column columns[] = {
	[COLUMN_ID] = { "id", COLUMN_NUMBER, false, "Its number" },
	[COLUMN_KIND] = { "kind", COLUMN_TEXT, false, "feed, override, model or guard" },
	[COLUMN_SUBJECT] = { "subject", COLUMN_TEXT, false, "The source, number or indicator" },
	[COLUMN_SUMMARY] = { "summary", COLUMN_TEXT, false, "A sentence" },
	[COLUMN_RAISED] = { "raised", COLUMN_TIME, false, NULL },
	[COLUMN_REFRESHED] = { "refreshed", COLUMN_TIME, false, "When it last came up again" },
	[COLUMN_CLOSED] = { "closed", COLUMN_TIME, false, "null: it is open" },
	[COLUMN_CLOSED_BY] = { "closed_by", COLUMN_TEXT, false, NULL },
	[COLUMN_OUTCOME] = { "outcome", COLUMN_TEXT, false, "approved, dismissed, overtaken" },
	[COLUMN_NOTE] = { "note", COLUMN_TEXT, false, NULL },
};
_Static_assert(ARRAY_LEN(columns) == PENDING_COLUMNS, "one row per column");

static const struct filter_field rows[] = {
	{ "kind", FILTER_TEXT, NULL, NULL, NULL, NULL, "feed, override, model or guard" },
	{ "subject", FILTER_PART, NULL, NULL, NULL, NULL, "Part of the subject" },
	{ "raised", FILTER_TIME, NULL, NULL, NULL, NULL, NULL },
	{ "outcome", FILTER_TEXT, NULL, NULL, NULL, NULL, "approved, dismissed, overtaken" },
};
static const uint8_t field_columns[] = { COLUMN_KIND, COLUMN_SUBJECT, COLUMN_RAISED,
	COLUMN_OUTCOME };
_Static_assert(ARRAY_LEN(rows) == ARRAY_LEN(field_columns), "one column per field");
static const struct filter_fields fields = { rows, ARRAY_LEN(rows), 0 };

enum { STEP_ROWS = 500 };

static enum err give(void *state, const struct pending *item, struct why *why)
{
	struct numbered *numbered = state;
	struct list_row row = { 0 };

	(void)why;
	row.cells[COLUMN_ID].number = item->id;
	row.cells[COLUMN_KIND] = numbered_text(pending_kind_name(item->kind));
	row.cells[COLUMN_SUBJECT] = numbered_text(item->subject);
	row.cells[COLUMN_SUMMARY] = numbered_text(item->summary);
	row.cells[COLUMN_RAISED] = numbered_time(item->raised_s);
	row.cells[COLUMN_REFRESHED] = numbered_time(item->refreshed_s);
	row.cells[COLUMN_CLOSED] = numbered_time(item->closed_s);
	row.cells[COLUMN_CLOSED_BY] = numbered_text(item->closed_by);
	row.cells[COLUMN_OUTCOME] = numbered_text(item->outcome);
	row.cells[COLUMN_NOTE] = numbered_text(item->note);
	if (item->closed_s == 0 || request_flag(numbered->request, "all")) {
		numbered_give(numbered, item->id, &row);
		return OK;
	}
	numbered->n++;
	numbered->last = item->id;
	return OK;
}

static enum err walk(struct request *request, const struct filter *filter, struct str after,
	list_each each, void *state, struct why *why)
{
	struct numbered numbered = {
		.request = request, .before = numbered_of_key(after), .each = each, .state = state
	};

	(void)filter;
	numbered.last = after.n == 0 ? 0 : numbered.before;
	do {
		numbered.n = 0;
		TRY(pending_list(request->lane->db, false, (enum pending_kind)0, numbered.last,
			STEP_ROWS, give, &numbered, why));
	} while (numbered.n == STEP_ROWS && !numbered.is_stopped);
	return OK;
}

static enum err get(struct request *request, const struct str *keys, size_t n, list_each each,
	void *state, struct why *why)
{
	return list_get_by_walking(request, walk, keys, n, each, state, why);
}

const struct list pending_items = {
	.name = "pending",
	.columns = columns,
	.column_count = PENDING_COLUMNS,
	.fields = &fields,
	.field_columns = field_columns,
	.walk = walk,
	.get = get,
};

enum err serve_pending(struct request *request, struct why *why)
{
	return list_answer(request, &pending_items, why);
}

/* One is told whether it is open or not. */
enum err serve_pending_item(struct request *request, struct why *why)
{
	struct json_writer json = response_json(request);
	struct pending item;
	int64_t id;

	if (!parse_i64(request->capture, &id) || id < 0)
		return fail(why, ERR_USAGE, "it is named by its number");
	TRY(pending_find(request->lane->db, id, &request->arena, &item, why));
	json_object_begin(&json);
	json_field_i64(&json, "id", item.id);
	json_field_str(&json, "kind", pending_kind_name(item.kind));
	json_field_str(&json, "subject", item.subject);
	json_field_str(&json, "summary", item.summary);
	json_field_time(&json, "raised", item.raised_s);
	json_field_time(&json, "refreshed", item.refreshed_s);
	json_field_time(&json, "closed", item.closed_s);
	json_field_str(&json, "closed_by", item.closed_by);
	json_field_str(&json, "outcome", item.outcome);
	json_field_str(&json, "note", item.note);
	json_key(&json, "detail");
	if (item.detail.n == 0)
		json_put_null(&json);
	else
		json_put_raw(&json, item.detail);
	json_object_end(&json);
	return OK;
}
