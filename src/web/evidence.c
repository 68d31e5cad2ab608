/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/evidence.h"
#include "web/handlers.h"
#include "web/lookup.h"
#include "web/web_int.h"

#include "registry/token.h"
#include "snapshot/explain.h"

enum { LABEL_ROWS = 1000, LABEL_SOURCES = 4096 };

bool source_may_be_named(struct web *web, const struct audience *audience, struct str source)
{
	const uint64_t *tlp;
	bool may;

	must(pthread_mutex_lock(&web->tokens_mutex) == 0);
	tlp = map_get(&web->source_tlp, source);
	may = tlp == NULL || audience_may_see(audience, (enum tlp) * tlp);
	must(pthread_mutex_unlock(&web->tokens_mutex) == 0);
	return may;
}

/* The strictest label among the first claims of a source: a feed has one label for all. */
static enum err read_label(struct db *db, int64_t source, uint64_t *out, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *select = NULL;
	bool row;

	TRY(db_prepare(db,
		"SELECT max(tlp) FROM (SELECT tlp FROM evidence WHERE source = $1 LIMIT $2) AS few",
		&select, why));
	db_bind_i64(select, 1, source);
	db_bind_i64(select, 2, LABEL_ROWS);
	TRY(db_step(select, &row, why));
	*out = row ? (uint64_t)db_column_i64(select, 0) : TLP_CLEAR;
	return OK;
}

static enum err read_labels(struct db *db, struct map *out, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(db_finish) struct db_statement *select = NULL;
	int64_t *ids = arena_array(&arena, LABEL_SOURCES, sizeof *ids);
	struct str *names = arena_array(&arena, LABEL_SOURCES, sizeof *names);
	size_t n = 0;
	bool row;

	TRY(db_prepare(db, "SELECT id, name FROM source", &select, why));
	TRY(db_step(select, &row, why));
	for (; row && n < LABEL_SOURCES; n++) {
		ids[n] = db_column_i64(select, 0);
		names[n] = arena_str(&arena, db_column_text(select, 1));
		TRY(db_step(select, &row, why));
	}
	for (size_t i = 0; i < n; i++)
		TRY(read_label(db, ids[i], map_add(out, names[i], NULL), why));
	return OK;
}

enum err source_labels_load(struct web *web, struct db *db, struct why *why)
{
	struct map newer = { 0 };
	struct map older;
	enum err err = read_labels(db, &newer, why);

	if (err != OK) {
		map_done(&newer);
		return err;
	}
	must(pthread_mutex_lock(&web->tokens_mutex) == 0);
	older = web->source_tlp;
	web->source_tlp = newer;
	must(pthread_mutex_unlock(&web->tokens_mutex) == 0);
	map_done(&older);
	return OK;
}

/* ---- claims and explanations ---- */

static bool may_name(void *state, struct str source)
{
	const struct request *request = state;

	return source_may_be_named(request->web, &request->audience, source);
}

static struct explain_reader reader_of(struct request *request)
{
	const struct str *lang = request_parameter(request, "lang");
	struct explain_reader reader = { .tlp = request->audience.tlp,
		.sees_decisions = audience_may(&request->audience, TOKEN_OPERATE | TOKEN_DECIDE),
		.may_name = may_name,
		.state = request };

	/* the route's table has the languages, so another never comes here */
	if (lang != NULL)
		(void)!lang_parse(*lang, &reader.lang);
	return reader;
}

enum err evidence_write(struct request *request, struct json_writer *json,
	const struct indicator *indicator, struct why *why)
{
	struct judgings *judgings = &request->web->judgings;
	struct db *db = request->lane->db;
	struct explain_reader reader = reader_of(request);
	struct judging *judging;
	struct judged judged;
	enum err err;

	TRY(judging_take(judgings, db, request->now_s, &judging, why));
	err = judged_read(
		db, &judging->scoring, indicator, request->now_s, 0, &request->arena, &judged, why);
	if (err == OK)
		explain_claims_json(json, &judged, &judging->scoring.sources, &reader);
	judging_give_back(judgings, judging);
	return err;
}

static enum err explain_with(struct request *request, const struct scoring *scoring,
	const struct indicator *indicator, int64_t as_of_s, struct why *why)
{
	struct explain_reader reader = reader_of(request);
	struct explained explained;

	TRY(explain_read(request->lane->db, scoring, indicator, request->now_s, as_of_s,
		&request->arena, &explained, why));

	struct json_writer json = response_json(request);

	json_object_begin(&json);
	explain_json(&json, &explained, &reader);
	json_object_end(&json);
	return OK;
}

/* As of a time of the past, or with another model: with a scoring of its own. */
static enum err explain_other(struct request *request, const struct indicator *indicator,
	int64_t as_of_s, int64_t model, struct why *why)
{
	CLEANUP(scoring_done) struct scoring scoring = { 0 };

	TRY(scoring_load_with(request->lane->db, request->now_s, as_of_s, model, 0, &scoring, why));
	return explain_with(request, &scoring, indicator, as_of_s, why);
}

enum err serve_explanation(
	struct request *request, const struct indicator *indicator, struct why *why)
{
	struct judgings *judgings = &request->web->judgings;
	const struct str *at = request_parameter(request, "at");
	int64_t model = request_number(request, "model", 0);
	struct judging *judging;
	int64_t as_of_s = 0;
	enum err err;

	if (at != NULL && (!time_parse(*at, &as_of_s) || as_of_s > request->now_s))
		return fail(why, ERR_SYNTAX,
			"at is a time of the past, such as 2026-11-23 or 2026-11-23T20:49:00Z");
	/* it costs as much as a thousand look-ups: not for strangers */
	if ((as_of_s != 0 || model != 0) && request->audience.token_id.n == 0)
		return fail(why, ERR_DENIED, "at and model are for those who show a token");
	if (as_of_s != 0 || model != 0)
		return explain_other(request, indicator, as_of_s, model, why);
	TRY(judging_take(judgings, request->lane->db, request->now_s, &judging, why));
	err = explain_with(request, &judging->scoring, indicator, 0, why);
	judging_give_back(judgings, judging);
	return err;
}
