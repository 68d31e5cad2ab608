/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /v1/policies and /v1/policies/{id}: how scores become verdicts. */
#include "web/handlers.h"
#include "web/lists.h"
#include "web/numbered.h"

#include "decision/policy_store.h"

enum policy_column {
	COLUMN_ID,
	COLUMN_NAME,
	COLUMN_LIVE,
	COLUMN_NOTE,
	COLUMN_MADE,
	COLUMN_MADE_BY,
	COLUMN_LIVE_FROM,
	COLUMN_LIVE_UNTIL,
	COLUMN_LIVE_BY,
	POLICY_COLUMNS
};

static const struct column columns[] = {
	[COLUMN_ID] = { "id", COLUMN_NUMBER, false, "Its number, over all names" },
	[COLUMN_NAME] = { "name", COLUMN_TEXT, false, "The audience; default makes the actions" },
	[COLUMN_LIVE] = { "live", COLUMN_FLAG, false, "Is it the one of its name?" },
	[COLUMN_NOTE] = { "note", COLUMN_TEXT, false, "Why" },
	[COLUMN_MADE] = { "made", COLUMN_TIME, false, NULL },
	[COLUMN_MADE_BY] = { "made_by", COLUMN_TEXT, false, NULL },
	[COLUMN_LIVE_FROM] = { "live_from", COLUMN_TIME, false, "null: it never was live" },
	[COLUMN_LIVE_UNTIL] = { "live_until", COLUMN_TIME, false, NULL },
	[COLUMN_LIVE_BY] = { "live_by", COLUMN_TEXT, false, "Who made it live" },
};
_Static_assert(ARRAY_LEN(columns) == POLICY_COLUMNS, "one row per column");

static bool parse_yes(struct str word, int64_t *out)
{
	*out = str_eq(word, STR("yes"));
	return *out != 0 || str_eq(word, STR("no"));
}

static const struct filter_field rows[] = {
	{ "name", FILTER_TEXT, NULL, NULL, NULL, NULL, "The audience" },
	{ "live", FILTER_WORD, parse_yes, "yes or no", NULL, NULL, NULL },
	{ "made", FILTER_TIME, NULL, NULL, NULL, NULL, NULL },
};
static const uint8_t field_columns[] = { COLUMN_NAME, COLUMN_LIVE, COLUMN_MADE };
_Static_assert(ARRAY_LEN(rows) == ARRAY_LEN(field_columns), "one column per field");
static const struct filter_fields fields = { rows, ARRAY_LEN(rows), 0 };

static enum err give(void *state, const struct policy_version *version, struct why *why)
{
	struct list_row row = { 0 };

	(void)why;
	row.cells[COLUMN_ID].number = version->id;
	row.cells[COLUMN_NAME] = numbered_text(version->name);
	row.cells[COLUMN_LIVE] =
		numbered_flag(version->live_from_s != 0 && version->live_until_s == 0);
	row.cells[COLUMN_NOTE] = numbered_text(version->note);
	row.cells[COLUMN_MADE] = numbered_time(version->made_s);
	row.cells[COLUMN_MADE_BY] = numbered_text(version->made_by);
	row.cells[COLUMN_LIVE_FROM] = numbered_time(version->live_from_s);
	row.cells[COLUMN_LIVE_UNTIL] = numbered_time(version->live_until_s);
	row.cells[COLUMN_LIVE_BY] = numbered_text(version->live_by);
	numbered_give(state, version->id, &row);
	return OK;
}

/* Policies are made by people: few. */
static enum err walk(struct request *request, const struct filter *filter, struct str after,
	list_each each, void *state, struct why *why)
{
	struct numbered numbered = {
		.request = request, .before = numbered_of_key(after), .each = each, .state = state
	};

	(void)filter;
	return policy_list(request->lane->db, STR(""), give, &numbered, why);
}

static enum err get(struct request *request, const struct str *keys, size_t n, list_each each,
	void *state, struct why *why)
{
	return list_get_by_walking(request, walk, keys, n, each, state, why);
}

const struct list policies_list = {
	.name = "policies",
	.columns = columns,
	.column_count = POLICY_COLUMNS,
	.fields = &fields,
	.field_columns = field_columns,
	.walk = walk,
	.get = get,
};

enum err serve_policies(struct request *request, struct why *why)
{
	return list_answer(request, &policies_list, why);
}

/* With every number, also those that the kept text left to the default. */
static enum err write_whole(
	struct request *request, struct json_writer *json, int64_t id, struct why *why)
{
	struct policy_version version;
	struct json_node root;
	struct policy policy;

	TRY(policy_find(request->lane->db, id, &request->arena, &version, why));
	TRY(json_parse(request->lane->json, version.text, &root, why));
	TRY(policy_read(root, &policy, why));
	json_key(json, "whole");
	policy_write(json, &policy);
	return OK;
}

enum err serve_policy(struct request *request, struct why *why)
{
	struct json_writer json;
	int64_t id;

	TRY(numbered_one(request, &policies_list, "policy", &json, &id, why));
	TRY(write_whole(request, &json, id, why));
	json_object_end(&json);
	return OK;
}
