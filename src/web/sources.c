/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /v1/sources, /v1/feeds and /v1/feeds/{name}: who claims, and how their feeds fare. */
#include "web/handlers.h"
#include "web/lists.h"

#include "evidence/import.h"
#include "evidence/query.h"
#include "guard/rules.h"
#include "registry/token.h"
#include "score/standing.h"

#include <math.h>

enum source_column {
	COLUMN_NAME,
	COLUMN_FAMILY,
	COLUMN_WEIGHT, /* in hundredths: lists sort whole numbers */
	COLUMN_PURPOSE,
	COLUMN_GUARD,
	COLUMN_STANDING,
	COLUMN_TRAITS,
	COLUMN_STATE,
	COLUMN_LAST_ATTEMPT,
	COLUMN_LAST_SUCCESS,
	COLUMN_FAILURES,
	COLUMN_FAILURE,
	COLUMN_RUN,
	COLUMN_LINES,
	COLUMN_ACCEPTED,
	COLUMN_REFUSED,
	COLUMN_ADDED,
	COLUMN_RUN_ENDED,
	COLUMN_LISTED,
	COLUMN_ENDED,
	SOURCE_COLUMNS
};

#define ROW(column, name, type, feeds_only, summary) [column] = { name, type, feeds_only, summary }
#define SOURCE_ROWS(is_source, is_feed)                                                            \
	ROW(COLUMN_NAME, "name", COLUMN_TEXT, false, "Its name"),                                  \
		ROW(COLUMN_FAMILY, "family", COLUMN_TEXT, false, "Sources that copy each other"),  \
		ROW(COLUMN_WEIGHT, "weight_percent", COLUMN_NUMBER, is_feed,                       \
			"Log-odds of a fresh claim in hundredths; null: the model's"),             \
		ROW(COLUMN_PURPOSE, "purpose", COLUMN_TEXT, false, "claims, guard or routes"),     \
		ROW(COLUMN_GUARD, "guard", COLUMN_TEXT, is_feed, "Of a guard: note, ask, never"),  \
		ROW(COLUMN_STANDING, "standing", COLUMN_TEXT, is_feed, "new, vouched, sensor"),    \
		ROW(COLUMN_TRAITS, "traits", COLUMN_TEXT, is_feed,                                 \
			"Of spoofable, critical, cloud, shared"),                                  \
		ROW(COLUMN_STATE, "state", COLUMN_TEXT, is_source, "Of the last run"),             \
		ROW(COLUMN_LAST_ATTEMPT, "last_attempt", COLUMN_TIME, is_source,                   \
			"When it was last tried"),                                                 \
		ROW(COLUMN_LAST_SUCCESS, "last_success", COLUMN_TIME, false,                       \
			"When it last worked"),                                                    \
		ROW(COLUMN_FAILURES, "failures", COLUMN_NUMBER, is_source, "Since then"),          \
		ROW(COLUMN_FAILURE, "failure", COLUMN_TEXT, is_source, "Why the last one failed"), \
		ROW(COLUMN_RUN, "job", COLUMN_NUMBER, is_source, "The last run, see /v1/jobs"),    \
		ROW(COLUMN_LINES, "lines", COLUMN_NUMBER, is_source, "Read in that run"),          \
		ROW(COLUMN_ACCEPTED, "accepted", COLUMN_NUMBER, is_source, NULL),                  \
		ROW(COLUMN_REFUSED, "refused", COLUMN_NUMBER, is_source, NULL),                    \
		ROW(COLUMN_ADDED, "added", COLUMN_NUMBER, is_source, "Claims that were new"),      \
		ROW(COLUMN_RUN_ENDED, "ended", COLUMN_NUMBER, is_source,                           \
			"Claims that left the list"),                                              \
		ROW(COLUMN_LISTED, "claims_listed", COLUMN_NUMBER, true,                           \
			"Claims not ended; with counts=1"),                                        \
		ROW(COLUMN_ENDED, "claims_ended", COLUMN_NUMBER, true,                             \
			"Claims ended and kept; with counts=1")

static const struct column source_columns[] = { SOURCE_ROWS(true, false) };
static const struct column feed_columns[] = { SOURCE_ROWS(false, true) };
_Static_assert(ARRAY_LEN(source_columns) == SOURCE_COLUMNS, "one row per column");

static const struct filter_field rows[] = {
	{ "name", FILTER_PART, NULL, NULL, NULL, NULL, "Part of the name" },
	{ "family", FILTER_TEXT, NULL, NULL, NULL, NULL, NULL },
	{ "state", FILTER_TEXT, NULL, NULL, NULL, NULL,
		"done, unchanged, failed, interrupted or running" },
	{ "purpose", FILTER_TEXT, NULL, NULL, NULL, NULL, "claims, guard or routes" },
	{ "standing", FILTER_TEXT, NULL, NULL, NULL, NULL, "new, vouched or sensor" },
	{ "success", FILTER_TIME, NULL, NULL, NULL, NULL, "When it last worked" },
	{ "failures", FILTER_NUMBER, NULL, NULL, NULL, NULL, "Since it last worked" },
	{ "refused", FILTER_NUMBER, NULL, NULL, NULL, NULL, "Lines refused in the last run" },
};
static const uint8_t field_columns[] = { COLUMN_NAME, COLUMN_FAMILY, COLUMN_STATE, COLUMN_PURPOSE,
	COLUMN_STANDING, COLUMN_LAST_SUCCESS, COLUMN_FAILURES, COLUMN_REFUSED };
_Static_assert(ARRAY_LEN(rows) == ARRAY_LEN(field_columns), "one column per field");
static const struct filter_fields fields = { rows, ARRAY_LEN(rows), 0 };

struct giving {
	struct str after;
	list_each each;
	void *state;
	bool has_counts;
	bool is_stopped;
};

static struct cell time_cell(int64_t time_s)
{
	return (struct cell){ .number = time_s, .is_null = time_s == 0 };
}

static struct cell count_cell(uint64_t n, bool is_null)
{
	return (struct cell){ .number = (int64_t)n, .is_null = is_null };
}

static struct cell text_cell(struct str text)
{
	return (struct cell){ .text = text };
}

static struct cell weight_cell(double weight)
{
	enum { PERCENT = 100 };

	if (isnan(weight))
		return (struct cell){ .is_null = true };
	return (struct cell){ .number = llround(weight * PERCENT) };
}

static enum err give(void *state, const struct source_status *source, struct why *why)
{
	struct giving *giving = state;
	CLEANUP(buf_done) struct buf traits = { 0 };
	struct list_row row = { .key = source->name };
	bool is_unread = source->last_run == 0;

	(void)why;
	if (giving->is_stopped || str_cmp(source->name, giving->after) <= 0)
		return OK;
	row.cells[COLUMN_NAME] = text_cell(source->name);
	row.cells[COLUMN_FAMILY] = text_cell(source->family);
	row.cells[COLUMN_WEIGHT] = weight_cell(source->properties.weight);
	row.cells[COLUMN_PURPOSE] =
		text_cell(source_purpose_name((enum source_purpose)source->properties.purpose));
	if (source->properties.purpose == PURPOSE_GUARD)
		row.cells[COLUMN_GUARD] =
			text_cell(guard_policy_name((enum guard_policy)source->properties.rule));
	row.cells[COLUMN_STANDING] = text_cell(source_standing_name(source->properties.standing));
	source_traits_format(&traits, source->properties.traits);
	row.cells[COLUMN_TRAITS] = text_cell(buf_view(&traits));
	row.cells[COLUMN_STATE] = text_cell(source->run_state);
	row.cells[COLUMN_LAST_ATTEMPT] = time_cell(source->last_attempt_s);
	row.cells[COLUMN_LAST_SUCCESS] = time_cell(source->last_success_s);
	row.cells[COLUMN_FAILURES] = count_cell(source->failures, false);
	row.cells[COLUMN_FAILURE] = text_cell(source->failure);
	row.cells[COLUMN_RUN] = count_cell((uint64_t)source->last_run, is_unread);
	row.cells[COLUMN_LINES] = count_cell(source->lines, is_unread);
	row.cells[COLUMN_ACCEPTED] = count_cell(source->accepted, is_unread);
	row.cells[COLUMN_REFUSED] = count_cell(source->refused, is_unread);
	row.cells[COLUMN_ADDED] = count_cell(source->added, is_unread);
	row.cells[COLUMN_RUN_ENDED] = count_cell(source->run_ended, is_unread);
	row.cells[COLUMN_LISTED] = count_cell(source->listed, !giving->has_counts);
	row.cells[COLUMN_ENDED] = count_cell(source->ended, !giving->has_counts);
	giving->is_stopped = !giving->each(giving->state, &row);
	return OK;
}

/* Sources are few: all are read in one go, by name. */
static enum err walk(struct request *request, const struct filter *filter, struct str after,
	list_each each, void *state, struct why *why)
{
	struct giving giving = { after, each, state, request_flag(request, "counts"), false };

	(void)filter;
	return source_list(request->lane->db, STR(""), giving.has_counts, give, &giving, why);
}

static enum err get(struct request *request, const struct str *keys, size_t n, list_each each,
	void *state, struct why *why)
{
	return list_get_by_walking(request, walk, keys, n, each, state, why);
}

const struct list sources_list = {
	.name = "sources",
	.columns = source_columns,
	.column_count = SOURCE_COLUMNS,
	.fields = &fields,
	.field_columns = field_columns,
	.walk = walk,
	.get = get,
};

const struct list feeds_list = {
	.name = "feeds",
	.columns = feed_columns,
	.column_count = SOURCE_COLUMNS,
	.fields = &fields,
	.field_columns = field_columns,
	.walk = walk,
	.get = get,
};

enum err serve_sources(struct request *request, struct why *why)
{
	return list_answer(request, &sources_list, why);
}

enum err serve_feeds(struct request *request, struct why *why)
{
	return list_answer(request, &feeds_list, why);
}

/* ---- one feed ---- */

struct one_feed {
	struct request *request;
	struct json_writer json;
	int64_t run;
	bool is_found;
};

static bool write_feed(void *state, const struct list_row *row)
{
	struct one_feed *feed = state;

	feed->is_found = true;
	feed->run = row->cells[COLUMN_RUN].number;
	list_write_row(&feeds_list, &feed->json, row);
	return false;
}

/* A sample is a line of the feed: it may hold what only its operators may see. */
static enum err write_refusal(void *state, const struct import_refusal *refusal, struct why *why)
{
	struct one_feed *feed = state;

	(void)why;
	json_object_begin(&feed->json);
	json_field_str(&feed->json, "reason", refusal->reason);
	json_field_u64(&feed->json, "count", refusal->count);
	json_field_u64(&feed->json, "line", refusal->line);
	if (audience_may(&feed->request->audience, TOKEN_OPERATE))
		json_field_str(&feed->json, "sample", refusal->sample);
	json_object_end(&feed->json);
	return OK;
}

enum err serve_feed(struct request *request, struct why *why)
{
	struct one_feed feed = { .request = request, .json = response_json(request) };

	json_object_begin(&feed.json);
	json_key(&feed.json, "feed");
	TRY(list_get_by_walking(request, walk, &request->capture, 1, write_feed, &feed, why));
	if (!feed.is_found)
		return fail(why, ERR_NOT_FOUND, "nothing was ever read from a feed of that name");
	json_key(&feed.json, "refusals");
	json_array_begin(&feed.json);
	if (feed.run != 0)
		TRY(refusals_of(request->lane->db, feed.run, write_refusal, &feed, why));
	json_array_end(&feed.json);
	json_object_end(&feed.json);
	return OK;
}
