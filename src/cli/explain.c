/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pehra explain: why an indicator has its score. Reads the store, so it tells what is true this
 * moment: every claim that counts, and the parts that add up to the score.
 */
#include "base/clock.h"
#include "cli/output.h"
#include "cli/server.h"
#include "cli/verbs.h"
#include "score/action.h"
#include "snapshot/judge.h"

struct explain {
	struct arena arena;
	struct db *db;
	struct score_model model;
	struct source_table sources;
	struct judged judged;
	struct explanation explanation;
	int64_t now_s;
};

static void json_part(
	struct json_writer *json, const struct explain *explain, const struct score_part *part)
{
	json_object_begin(json);
	json_field_str(json, "role", role_name((enum role)part->role));
	json_field_str(json, "key", part->kind == SCORE_PART_PRIOR ? STR("prior") : STR("source"));
	if (part->kind == SCORE_PART_FAMILY) {
		json_field_str(json, "source", explain->sources.rows[part->source].name);
		json_field_str(json, "category", category_info(part->category)->name);
		json_field_double(json, "decay", part->decay);
	}
	json_field_double(json, "log_odds", part->log_odds);
	json_field_i64(json, "points", part->points);
	json_object_end(json);
}

static void json_claim(struct json_writer *json, const struct explain *explain, size_t i)
{
	const struct evidence *claim = &explain->judged.claims[i];
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct indicator indicator;

	if (indicator_from_key(claim->key, &arena, &indicator, NULL) == OK)
		indicator_format(&text, &indicator);
	json_object_begin(json);
	json_field_str(json, "indicator", buf_view(&text));
	json_field_str(json, "source", explain->sources.rows[claim->source].name);
	json_field_str(json, "role", role_name((enum role)claim->role));
	json_field_str(json, "category", category_info(claim->category)->name);
	json_field_str(json, "tlp", tlp_name((enum tlp)claim->tlp));
	json_field_u64(json, "count", claim->count);
	json_field_time(json, "first_seen", claim->first_seen_s);
	json_field_time(json, "last_seen", claim->last_seen_s);
	json_field_time(json, "ended", claim->ended_s);
	if (claim->reference.n != 0)
		json_field_str(json, "reference", claim->reference);
	json_object_end(json);
}

static void put_json(const struct explain *explain, struct buf *out)
{
	const struct explanation *explanation = &explain->explanation;
	struct json_writer json = json_writer_on(out);
	CLEANUP(buf_done) struct buf text = { 0 };

	indicator_format(&text, &explain->judged.indicator);
	json_object_begin(&json);
	json_field_str(&json, "indicator", buf_view(&text));
	json_field_bool(&json, "known", explain->judged.n > 0);
	json_field_str(&json, "action", action_name(explanation->score.action));
	json_key(&json, "score");
	json_object_begin(&json);
	for (int role = 0; role < ROLE_COUNT; role++) {
		json_key_str(&json, role_name((enum role)role));
		json_put_u64(&json, explanation->score.value[role]);
	}
	json_object_end(&json);
	json_field_time(&json, "until", explanation->score.until_s);
	json_field_i64(&json, "model", explain->model.version);
	json_key(&json, "parts");
	json_array_begin(&json);
	for (size_t i = 0; i < explanation->part_count; i++)
		json_part(&json, explain, &explanation->parts[i]);
	json_array_end(&json);
	json_key(&json, "claims");
	json_array_begin(&json);
	for (size_t i = 0; i < explain->judged.n; i++)
		json_claim(&json, explain, i);
	json_array_end(&json);
	json_object_end(&json);
	json_line_end(&json);
}

static void put_part(const struct explain *explain, const struct score_part *part, struct buf *out)
{
	CLEANUP(buf_done) struct buf what = { 0 };

	if (part->kind == SCORE_PART_PRIOR)
		buf_str(&what, STR("before anything is claimed"));
	else
		buf_fmt(&what, "%.*s says %.*s", STR_FMT(explain->sources.rows[part->source].name),
			STR_FMT(category_info(part->category)->name));
	buf_fmt(out, "  %+4d  %-6.*s  ", part->points, STR_FMT(role_name((enum role)part->role)));
	cli_pad(out, buf_view(&what), 44);
	buf_fmt(out, "  log-odds %+.2f", part->log_odds);
	if (part->kind == SCORE_PART_FAMILY && part->decay < 1)
		buf_fmt(out, ", faded to %.0f %%", part->decay * 100);
	buf_byte(out, '\n');
}

static void put_text(const struct explain *explain, struct buf *out)
{
	const struct explanation *explanation = &explain->explanation;

	indicator_format(out, &explain->judged.indicator);
	if (explain->judged.n == 0) {
		buf_fmt(out, ": nothing is known; a score of %u stands for that\n",
			score_value(explain->model.prior[ROLE_SOURCE]));
		return;
	}
	buf_fmt(out, ": %.*s", STR_FMT(action_name(explanation->score.action)));
	for (int role = 0; role < ROLE_COUNT; role++) {
		if (explanation->score.has_claims[role])
			buf_fmt(out, ", %.*s %u", STR_FMT(role_name((enum role)role)),
				explanation->score.value[role]);
	}
	if (explanation->score.until_s != 0) {
		buf_fmt(out, ", until ");
		date_format(out, explanation->score.until_s);
		buf_fmt(out, " if nothing new is seen");
	}
	buf_byte(out, '\n');
	for (size_t i = 0; i < explanation->part_count; i++)
		put_part(explain, &explanation->parts[i], out);
	for (size_t i = 0; i < explain->judged.n; i++) {
		const struct evidence *claim = &explain->judged.claims[i];

		buf_fmt(out, "  claimed by %.*s (%.*s): first ",
			STR_FMT(explain->sources.rows[claim->source].name),
			STR_FMT(category_info(claim->category)->name));
		date_format(out, claim->first_seen_s);
		buf_fmt(out, ", last ");
		date_format(out, claim->last_seen_s);
		buf_fmt(out, ", %llu×%s\n", (unsigned long long)claim->count,
			claim->ended_s == 0 ? "" : ", no longer");
	}
}

static enum err explain_one(struct explain *explain, const struct cli_arguments *arguments,
	struct buf *out, struct why *why)
{
	struct indicator indicator;

	score_model_default(&explain->model);
	explain->now_s = clock_now_s(NULL);
	TRY(indicator_parse(str_c(arguments->operands[0]), &explain->arena, &indicator, why));
	TRY(server_store_open(arguments, &explain->db, why));
	TRY(source_table_load(explain->db, explain->model.default_weight, &explain->sources, why));
	TRY(judged_read(explain->db, &indicator, &explain->arena, &explain->judged, why));
	TRY(judged_explain(&explain->judged, &explain->model, &explain->sources, explain->now_s,
		&explain->arena, &explain->explanation, why));
	(cli_has(arguments, "--json") ? put_json : put_text)(explain, out);
	return OK;
}

int verb_explain(const struct cli_arguments *arguments)
{
	struct explain explain = { 0 };
	CLEANUP(buf_done) struct buf out = { 0 };
	struct why why = { 0 };
	enum err err = explain_one(&explain, arguments, &out, &why);
	int exit = err != OK ? cli_fail(arguments, &why)
			     : cli_print(arguments, &out,
				       explain.explanation.score.action == PEHRA_NONE ? CLI_OK
										      : CLI_SOME);

	source_table_done(&explain.sources);
	db_close(&explain.db);
	arena_done(&explain.arena);
	return exit;
}
