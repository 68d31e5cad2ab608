/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/evidence.h"
#include "web/handlers.h"
#include "web/lookup.h"
#include "web/web_int.h"

#include "snapshot/judge.h"

enum { CLAIMS_SHOWN = 1000, LABEL_ROWS = 1000, LABEL_SOURCES = 4096 };

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

struct story {
	struct judged judged;
	struct source_table sources;
	struct score_model model;
};

static void story_done(struct story *story)
{
	source_table_done(&story->sources);
}

static enum err story_read(struct request *request, const struct indicator *indicator,
	struct story *out, struct why *why)
{
	score_model_default(&out->model);
	TRY(source_table_load(request->lane->db, out->model.default_weight, &out->sources, why));
	return judged_read(request->lane->db, indicator, &request->arena, &out->judged, why);
}

static struct str name_of(const struct story *story, uint32_t source)
{
	return source < story->sources.n ? story->sources.rows[source].name : STR("");
}

static void write_category(struct json_writer *json, unsigned category)
{
	const struct category_info *info = category_info(category);

	json_key(json, "category");
	json_put_str(json, info == NULL ? STR("unknown") : info->name);
}

static void write_claim(
	struct json_writer *json, const struct story *story, const struct evidence *claim)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct indicator indicator;

	if (indicator_from_key(claim->key, &arena, &indicator, NULL) == OK)
		indicator_format(&text, &indicator);
	json_object_begin(json);
	json_field_str(json, "indicator", buf_view(&text));
	json_field_str(json, "source", name_of(story, claim->source));
	json_field_str(json, "role", role_name((enum role)claim->role));
	write_category(json, claim->category);
	json_field_str(json, "tlp", tlp_name((enum tlp)claim->tlp));
	json_key(json, "confidence");
	if (claim->confidence == CONFIDENCE_UNKNOWN)
		json_put_null(json);
	else
		json_put_i64(json, claim->confidence);
	json_field_u64(json, "count", claim->count);
	json_field_time(json, "first_seen", claim->first_seen_s);
	json_field_time(json, "last_seen", claim->last_seen_s);
	json_field_time(json, "ended", claim->ended_s);
	json_field_str(json, "reference", claim->reference);
	json_object_end(json);
}

static void write_claims(
	const struct request *request, struct json_writer *json, const struct story *story)
{
	uint64_t shown = 0;

	json_key(json, "claims");
	json_array_begin(json);
	for (size_t i = 0; i < story->judged.n && shown < CLAIMS_SHOWN; i++) {
		const struct evidence *claim = &story->judged.claims[i];

		if (!audience_may_see(&request->audience, (enum tlp)claim->tlp))
			continue;
		write_claim(json, story, claim);
		shown++;
	}
	json_array_end(json);
	json_field_u64(json, "hidden_claims", story->judged.n - shown);
}

enum err evidence_write(struct request *request, struct json_writer *json,
	const struct indicator *indicator, struct why *why)
{
	CLEANUP(story_done) struct story story = { 0 };

	TRY(story_read(request, indicator, &story, why));
	write_claims(request, json, &story);
	return OK;
}

/* Does the audience see a claim that this part may stand on? */
static bool part_may_be_named(
	const struct request *request, const struct story *story, const struct score_part *part)
{
	for (size_t i = 0; i < story->judged.n; i++) {
		const struct evidence *claim = &story->judged.claims[i];

		if (claim->source == part->source && claim->role == part->role &&
			claim->category == part->category)
			return audience_may_see(&request->audience, (enum tlp)claim->tlp);
	}
	return false;
}

/* Points are told of every part, so that they add up; its origin only to those who may know. */
static void write_part(struct json_writer *json, const struct request *request,
	const struct story *story, const struct score_part *part)
{
	json_object_begin(json);
	json_field_str(json, "role", role_name((enum role)part->role));
	if (part->kind == SCORE_PART_PRIOR) {
		json_field_str(json, "key", STR("prior"));
	} else if (!part_may_be_named(request, story, part)) {
		json_field_str(json, "key", STR("hidden"));
	} else {
		json_field_str(json, "key", STR("source"));
		json_field_str(json, "source", name_of(story, part->source));
		write_category(json, part->category);
		json_field_double(json, "decay", part->decay);
	}
	json_field_double(json, "log_odds", part->log_odds);
	json_field_i64(json, "points", part->points);
	json_object_end(json);
}

static void write_explanation(struct json_writer *json, const struct request *request,
	const struct story *story, const struct explanation *explanation)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	indicator_format(&text, &story->judged.indicator);
	json_field_str(json, "indicator", buf_view(&text));
	json_field_bool(json, "known", story->judged.n > 0);
	json_field_str(json, "action", action_name(explanation->score.action));
	json_key(json, "score");
	json_object_begin(json);
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		json_key_str(json, role_name((enum role)role));
		json_put_u64(json, explanation->score.value[role]);
	}
	json_object_end(json);
	json_field_time(json, "until", explanation->score.until_s);
	json_field_i64(json, "model", story->model.version);
	json_key(json, "parts");
	json_array_begin(json);
	for (size_t i = 0; i < explanation->part_count; i++)
		write_part(json, request, story, &explanation->parts[i]);
	json_array_end(json);
}

enum err serve_explanation(
	struct request *request, const struct indicator *indicator, struct why *why)
{
	CLEANUP(story_done) struct story story = { 0 };
	struct explanation explanation;

	TRY(story_read(request, indicator, &story, why));
	TRY(judged_explain(&story.judged, &story.model, &story.sources, request->now_s,
		&request->arena, &explanation, why));

	struct json_writer json = response_json(request);

	json_object_begin(&json);
	write_explanation(&json, request, &story, &explanation);
	write_claims(request, &json, &story);
	json_object_end(&json);
	return OK;
}
