/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /v1/jobs and /v1/jobs/{id}: imports past and under way; the newest come first. */
#include "web/handlers.h"
#include "web/lists.h"
#include "web/numbered.h"
#include "web/web_int.h"

#include "query/filter_sql.h"

enum job_column {
	COLUMN_ID,
	COLUMN_SOURCE,
	COLUMN_STATE,
	COLUMN_STARTED,
	COLUMN_FINISHED,
	COLUMN_FORMAT,
	COLUMN_LINES,
	COLUMN_ACCEPTED,
	COLUMN_REFUSED,
	COLUMN_ADDED,
	COLUMN_UPDATED,
	COLUMN_KEPT,
	COLUMN_ENDED,
	COLUMN_REASON,
	JOB_COLUMNS
};

static const struct column columns[] = {
	[COLUMN_ID] = { "id", COLUMN_NUMBER, false, "Its number" },
	[COLUMN_SOURCE] = { "source", COLUMN_TEXT, false, "Whose list was read" },
	[COLUMN_STATE] = { "state", COLUMN_TEXT, false,
		"running, done, unchanged, failed or interrupted" },
	[COLUMN_STARTED] = { "started", COLUMN_TIME, false, NULL },
	[COLUMN_FINISHED] = { "finished", COLUMN_TIME, false, NULL },
	[COLUMN_FORMAT] = { "format", COLUMN_TEXT, false, "How it was read" },
	[COLUMN_LINES] = { "lines", COLUMN_NUMBER, false, "Read" },
	[COLUMN_ACCEPTED] = { "accepted", COLUMN_NUMBER, false, "Of these, understood" },
	[COLUMN_REFUSED] = { "refused", COLUMN_NUMBER, false, "Of these, not" },
	[COLUMN_ADDED] = { "added", COLUMN_NUMBER, false, "Claims that are new" },
	[COLUMN_UPDATED] = { "updated", COLUMN_NUMBER, false, "Claims seen anew" },
	[COLUMN_KEPT] = { "kept", COLUMN_NUMBER, false, "Claims still listed" },
	[COLUMN_ENDED] = { "ended", COLUMN_NUMBER, false, "Claims that left the list" },
	[COLUMN_REASON] = { "reason", COLUMN_TEXT, false, "Why it failed" },
};
_Static_assert(ARRAY_LEN(columns) == JOB_COLUMNS, "one row per column");

static const struct filter_field rows[] = {
	{ "source", FILTER_TEXT, NULL, NULL, "s.name", "", "Whose list was read" },
	{ "state", FILTER_TEXT, NULL, NULL, "r.state", "", NULL },
	{ "id", FILTER_NUMBER, NULL, NULL, "r.id", "", NULL },
	{ "started", FILTER_TIME, NULL, NULL, "r.started", "", NULL },
	{ "refused", FILTER_NUMBER, NULL, NULL, "r.refused", "", "Lines that were refused" },
	{ "ended", FILTER_NUMBER, NULL, NULL, "r.ended", "", "Claims that left the list" },
};
static const uint8_t field_columns[] = { COLUMN_SOURCE, COLUMN_STATE, COLUMN_ID, COLUMN_STARTED,
	COLUMN_REFUSED, COLUMN_ENDED };
_Static_assert(ARRAY_LEN(rows) == ARRAY_LEN(field_columns), "one column per field");
static const struct filter_fields fields = { rows, ARRAY_LEN(rows), 0 };

enum { STEP_ROWS = 500 };

static void fill_row(
	const struct db_statement *from, struct list_row *row, char key[NUMBERED_KEY_BYTES])
{
	numbered_key(db_column_i64(from, COLUMN_ID), key);
	row->key = str_from(key, NUMBERED_KEY_BYTES);
	for (int i = 0; i < JOB_COLUMNS; i++) {
		if (columns[i].type == COLUMN_TEXT)
			row->cells[i].text = db_column_text(from, i);
		else
			row->cells[i].number = db_column_i64(from, i);
		row->cells[i].is_null = columns[i].type == COLUMN_TIME && row->cells[i].number == 0;
	}
}

/* At most STEP_ROWS jobs before *id; *id becomes the last one's, 0 at the end. */
static enum err walk_step(struct request *request, const struct filter *filter, int64_t *id,
	list_each each, void *state, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(sql_done) struct sql sql = { 0 };
	CLEANUP(db_finish) struct db_statement *select = NULL;
	char key[NUMBERED_KEY_BYTES];
	size_t n = 0;
	bool found;

	buf_str(&sql.text,
		STR("SELECT r.id, s.name, r.state, r.started, r.finished, r.format, r.lines, "
		    "r.accepted, r.refused, r.added, r.updated, r.kept, r.ended, r.reason "
		    "FROM run r JOIN source s ON s.id = r.source WHERE r.id < "));
	sql_i64(&sql, *id);
	buf_str(&sql.text, STR(" AND "));
	filter_to_sql(filter, &arena, &sql);
	buf_str(&sql.text, STR(" ORDER BY r.id DESC LIMIT "));
	sql_i64(&sql, STEP_ROWS);
	TRY(db_prepare_once(request->lane->db, buf_view(&sql.text), &select, why));
	sql_bind(&sql, select);
	TRY(db_step(select, &found, why));
	for (; found; n++) {
		struct list_row row = { 0 };

		fill_row(select, &row, key);
		*id = row.cells[COLUMN_ID].number;
		if (!each(state, &row)) {
			*id = 0;
			return OK;
		}
		TRY(db_step(select, &found, why));
	}
	if (n < STEP_ROWS)
		*id = 0;
	return OK;
}

static enum err walk(struct request *request, const struct filter *filter, struct str after,
	list_each each, void *state, struct why *why)
{
	int64_t id = numbered_of_key(after);

	while (id > 0)
		TRY(walk_step(request, filter, &id, each, state, why));
	return OK;
}

static enum err get(struct request *request, const struct str *keys, size_t n, list_each each,
	void *state, struct why *why)
{
	for (size_t i = 0; i < n; i++) {
		int64_t id = numbered_of_key(keys[i]);
		struct filter_value value = { .low = id, .high = id };
		struct filter_term term = { &rows[2], false, 1, &value };
		struct filter filter = { 1, &term };

		TRY(walk(request, &filter, STR(""), each, state, why));
	}
	return OK;
}

const struct list jobs_list = {
	.name = "jobs",
	.columns = columns,
	.column_count = JOB_COLUMNS,
	.fields = &fields,
	.field_columns = field_columns,
	.walk = walk,
	.get = get,
};

enum err serve_jobs(struct request *request, struct why *why)
{
	return list_answer(request, &jobs_list, why);
}

struct one_job {
	struct json_writer json;
	bool is_found;
};

static bool write_job(void *state, const struct list_row *row)
{
	struct one_job *job = state;

	job->is_found = true;
	list_write_row(&jobs_list, &job->json, row);
	return false;
}

enum err serve_job(struct request *request, struct why *why)
{
	struct one_job job = { .json = response_json(request) };
	CLEANUP(buf_done) struct buf progress = { 0 };
	char key[NUMBERED_KEY_BYTES];
	struct str keys[] = { { key, sizeof key } };
	int64_t id;

	if (!parse_i64(request->capture, &id) || id < 0)
		return fail(why, ERR_USAGE, "a job is named by its number");
	numbered_key(id, key);
	json_object_begin(&job.json);
	json_key(&job.json, "job");
	TRY(get(request, keys, ARRAY_LEN(keys), write_job, &job, why));
	if (!job.is_found)
		return fail(why, ERR_NOT_FOUND, "no job %lld", (long long)id);
	json_key(&job.json, "progress");
	if (progress_find(&request->web->progress, id, &progress))
		json_put_raw(&job.json, buf_view(&progress));
	else
		json_put_null(&job.json);
	json_object_end(&job.json);
	return OK;
}
