/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /v1/models and /v1/models/{version}: what was learned, and what scores with it. */
#include "web/handlers.h"
#include "web/lists.h"
#include "web/numbered.h"

#include "learn/model_store.h"

enum model_column {
	COLUMN_VERSION,
	COLUMN_LIVE,
	COLUMN_MADE,
	COLUMN_LIVE_FROM,
	COLUMN_LIVE_UNTIL,
	COLUMN_LIVE_BY,
	COLUMN_NOTE,
	MODEL_COLUMNS
};

static const struct column columns[] = {
	[COLUMN_VERSION] = { "version", COLUMN_NUMBER, false, "1 is the built-in one" },
	[COLUMN_LIVE] = { "live", COLUMN_FLAG, false, "Is it what scores?" },
	[COLUMN_MADE] = { "made", COLUMN_TIME, false, NULL },
	[COLUMN_LIVE_FROM] = { "live_from", COLUMN_TIME, false, "null: it never was live" },
	[COLUMN_LIVE_UNTIL] = { "live_until", COLUMN_TIME, false, NULL },
	[COLUMN_LIVE_BY] = { "live_by", COLUMN_TEXT, false, "Who made it live" },
	[COLUMN_NOTE] = { "note", COLUMN_TEXT, false, "Why" },
};
_Static_assert(ARRAY_LEN(columns) == MODEL_COLUMNS, "one row per column");

static const struct filter_field rows[] = {
	{ "version", FILTER_NUMBER, NULL, NULL, NULL, NULL, NULL },
	{ "made", FILTER_TIME, NULL, NULL, NULL, NULL, NULL },
};
static const uint8_t field_columns[] = { COLUMN_VERSION, COLUMN_MADE };
_Static_assert(ARRAY_LEN(rows) == ARRAY_LEN(field_columns), "one column per field");
static const struct filter_fields fields = { rows, ARRAY_LEN(rows), 0 };

struct giving {
	struct numbered numbered;
	bool some_live;
};

static enum err give(void *state, const struct model_version *version, struct why *why)
{
	struct giving *giving = state;
	struct list_row row = { 0 };

	(void)why;
	giving->some_live |= version->live_from_s != 0 && version->live_until_s == 0;
	row.cells[COLUMN_VERSION].number = version->version;
	row.cells[COLUMN_LIVE] =
		numbered_flag(version->live_from_s != 0 && version->live_until_s == 0);
	row.cells[COLUMN_MADE] = numbered_time(version->made_s);
	row.cells[COLUMN_LIVE_FROM] = numbered_time(version->live_from_s);
	row.cells[COLUMN_LIVE_UNTIL] = numbered_time(version->live_until_s);
	row.cells[COLUMN_LIVE_BY] = numbered_text(version->live_by);
	row.cells[COLUMN_NOTE] = numbered_text(version->note);
	numbered_give(&giving->numbered, version->version, &row);
	return OK;
}

static enum err walk(struct request *request, const struct filter *filter, struct str after,
	list_each each, void *state, struct why *why)
{
	struct giving giving = { .numbered = { .request = request,
					 .before = numbered_of_key(after),
					 .each = each,
					 .state = state } };
	struct list_row built_in = { 0 };

	(void)filter;
	TRY(model_list(request->lane->db, give, &giving, why));
	/* the one that the program brings is not stored; it is live until another is */
	for (size_t i = 0; i < MODEL_COLUMNS; i++)
		built_in.cells[i].is_null = columns[i].type == COLUMN_TIME;
	built_in.cells[COLUMN_VERSION].number = 1;
	built_in.cells[COLUMN_LIVE] = numbered_flag(!giving.some_live);
	built_in.cells[COLUMN_NOTE] = numbered_text(STR("built in"));
	numbered_give(&giving.numbered, 1, &built_in);
	return OK;
}

static enum err get(struct request *request, const struct str *keys, size_t n, list_each each,
	void *state, struct why *why)
{
	return list_get_by_walking(request, walk, keys, n, each, state, why);
}

const struct list models_list = {
	.name = "models",
	.columns = columns,
	.column_count = MODEL_COLUMNS,
	.fields = &fields,
	.field_columns = field_columns,
	.walk = walk,
	.get = get,
};

enum err serve_models(struct request *request, struct why *why)
{
	return list_answer(request, &models_list, why);
}

struct wanted {
	int64_t version;
	struct json_writer *json;
};

static enum err write_report(void *state, const struct model_version *row, struct why *why)
{
	struct wanted *wanted = state;

	(void)why;
	if (row->version != wanted->version || row->report.n == 0)
		return OK;
	json_key(wanted->json, "report");
	json_put_raw(wanted->json, row->report);
	return OK;
}

/* The parameters and what was learned of sources; networks are too many for people. */
static enum err write_parameters(
	struct request *request, struct json_writer *json, int64_t version, struct why *why)
{
	CLEANUP(model_done) struct model model = { 0 };
	struct model shown;

	TRY(model_load(request->lane->db, version, &model, why));
	shown = model;
	shown.networks = (struct score_networks){ 0 };
	shown.score.networks = NULL;
	json_key(json, "parameters");
	model_write(json, &shown);
	json_field_u64(json, "networks", model.networks.index.n);
	return OK;
}

enum err serve_model(struct request *request, struct why *why)
{
	struct json_writer json;
	struct wanted wanted = { .json = &json };

	TRY(numbered_one(request, &models_list, "model", &json, &wanted.version, why));
	TRY(model_list(request->lane->db, write_report, &wanted, why));
	TRY(write_parameters(request, &json, wanted.version, why));
	json_object_end(&json);
	return OK;
}
