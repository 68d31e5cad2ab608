/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /v1/overrides and /v1/overrides/{id}: what people allow and block. */
#include "web/handlers.h"
#include "web/lists.h"
#include "web/numbered.h"

#include "decision/override.h"

enum override_column {
	COLUMN_ID,
	COLUMN_INDICATOR,
	COLUMN_KIND,
	COLUMN_STATE,
	COLUMN_OWNER,
	COLUMN_REASON,
	COLUMN_SECOND_REASON,
	COLUMN_MADE,
	COLUMN_MADE_BY,
	COLUMN_STARTS,
	COLUMN_ENDS,
	COLUMN_DECIDED,
	COLUMN_DECIDED_BY,
	COLUMN_REVOKED,
	COLUMN_REVOKED_BY,
	OVERRIDE_COLUMNS
};

static const struct column columns[] = {
	[COLUMN_ID] = { "id", COLUMN_NUMBER, false, "Its number" },
	[COLUMN_INDICATOR] = { "indicator", COLUMN_TEXT, false, NULL },
	[COLUMN_KIND] = { "kind", COLUMN_TEXT, false, "allow or block" },
	[COLUMN_STATE] = { "state", COLUMN_TEXT, false, "See override_state_name()" },
	[COLUMN_OWNER] = { "owner", COLUMN_TEXT, false, "Who answers for it" },
	[COLUMN_REASON] = { "reason", COLUMN_TEXT, false, NULL },
	[COLUMN_SECOND_REASON] = { "second_reason", COLUMN_TEXT, false,
		"Why a second person is needed; empty: none is" },
	[COLUMN_MADE] = { "made", COLUMN_TIME, false, NULL },
	[COLUMN_MADE_BY] = { "made_by", COLUMN_TEXT, false, NULL },
	[COLUMN_STARTS] = { "starts", COLUMN_TIME, false, "In force from; null: not yet" },
	[COLUMN_ENDS] = { "ends", COLUMN_TIME, false, NULL },
	[COLUMN_DECIDED] = { "decided", COLUMN_TIME, false, "By the second person" },
	[COLUMN_DECIDED_BY] = { "decided_by", COLUMN_TEXT, false, NULL },
	[COLUMN_REVOKED] = { "revoked", COLUMN_TIME, false, NULL },
	[COLUMN_REVOKED_BY] = { "revoked_by", COLUMN_TEXT, false, NULL },
};
_Static_assert(ARRAY_LEN(columns) == OVERRIDE_COLUMNS, "one row per column");

static const struct filter_field rows[] = {
	{ "indicator", FILTER_PART, NULL, NULL, NULL, NULL, "Part of the indicator" },
	{ "kind", FILTER_TEXT, NULL, NULL, NULL, NULL, "allow or block" },
	{ "state", FILTER_TEXT, NULL, NULL, NULL, NULL, "waiting, in-force, ended, ..." },
	{ "owner", FILTER_PART, NULL, NULL, NULL, NULL, "Part of the owner" },
	{ "made", FILTER_TIME, NULL, NULL, NULL, NULL, NULL },
	{ "ends", FILTER_TIME, NULL, NULL, NULL, NULL, NULL },
};
static const uint8_t field_columns[] = { COLUMN_INDICATOR, COLUMN_KIND, COLUMN_STATE, COLUMN_OWNER,
	COLUMN_MADE, COLUMN_ENDS };
_Static_assert(ARRAY_LEN(rows) == ARRAY_LEN(field_columns), "one column per field");
static const struct filter_fields fields = { rows, ARRAY_LEN(rows), 0 };

enum { STEP_ROWS = 500 };

static enum err give(void *state, const struct override *override, struct why *why)
{
	struct numbered *numbered = state;
	struct list_row row = { 0 };

	(void)why;
	buf_clear(&numbered->text);
	indicator_format(&numbered->text, &override->indicator);
	row.cells[COLUMN_ID].number = override->id;
	row.cells[COLUMN_INDICATOR] = numbered_text(buf_view(&numbered->text));
	row.cells[COLUMN_KIND] = numbered_text(override->is_allow ? STR("allow") : STR("block"));
	row.cells[COLUMN_STATE] = numbered_text(override_state_name(override->state));
	row.cells[COLUMN_OWNER] = numbered_text(override->owner);
	row.cells[COLUMN_REASON] = numbered_text(override->reason);
	row.cells[COLUMN_SECOND_REASON] = numbered_text(override->second_reason);
	row.cells[COLUMN_MADE] = numbered_time(override->made_s);
	row.cells[COLUMN_MADE_BY] = numbered_text(override->made_by);
	row.cells[COLUMN_STARTS] = numbered_time(override->starts_s);
	row.cells[COLUMN_ENDS] = numbered_time(override->ends_s);
	row.cells[COLUMN_DECIDED] = numbered_time(override->decided_s);
	row.cells[COLUMN_DECIDED_BY] = numbered_text(override->decided_by);
	row.cells[COLUMN_REVOKED] = numbered_time(override->revoked_s);
	row.cells[COLUMN_REVOKED_BY] = numbered_text(override->revoked_by);
	numbered_give(numbered, override->id, &row);
	return OK;
}

static enum err walk(struct request *request, const struct filter *filter, struct str after,
	list_each each, void *state, struct why *why)
{
	struct numbered numbered = {
		.request = request, .before = numbered_of_key(after), .each = each, .state = state
	};
	enum err err = OK;

	(void)filter;
	numbered.last = after.n == 0 ? 0 : numbered.before;
	do {
		numbered.n = 0;
		err = override_list(request->lane->db, request->now_s, numbered.last, STEP_ROWS,
			give, &numbered, why);
	} while (err == OK && numbered.n == STEP_ROWS && !numbered.is_stopped);
	buf_done(&numbered.text);
	return err;
}

static enum err get(struct request *request, const struct str *keys, size_t n, list_each each,
	void *state, struct why *why)
{
	return list_get_by_walking(request, walk, keys, n, each, state, why);
}

const struct list overrides_list = {
	.name = "overrides",
	.columns = columns,
	.column_count = OVERRIDE_COLUMNS,
	.fields = &fields,
	.field_columns = field_columns,
	.walk = walk,
	.get = get,
};

enum err serve_overrides(struct request *request, struct why *why)
{
	return list_answer(request, &overrides_list, why);
}

enum err serve_override(struct request *request, struct why *why)
{
	struct json_writer json;
	int64_t id;

	TRY(numbered_one(request, &overrides_list, "override", &json, &id, why));
	json_object_end(&json);
	return OK;
}
