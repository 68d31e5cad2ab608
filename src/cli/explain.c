/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pehra explain: why an indicator has its score, now or at a time of the past. Reads the store, so
 * it tells what is true this moment: every claim that counts, and the parts that add up to the
 * score.
 */
#include "base/clock.h"
#include "cli/output.h"
#include "cli/server.h"
#include "cli/verbs.h"
#include "score/action.h"
#include "snapshot/explain.h"

struct explain {
	struct arena arena;
	struct db *db;
	struct scoring scoring;
	struct explained explained;
	/* whoever may read the store may read all of it */
	struct explain_reader reader;
	int64_t as_of_s; /* 0: now */
	int64_t model;   /* 0: the one that is live */
	bool is_loaded;
};

static enum err read_options(
	struct explain *explain, const struct cli_arguments *arguments, struct why *why)
{
	const char *at = cli_value(arguments, "--at");
	const char *model = cli_value(arguments, "--model");
	const char *lang = cli_value(arguments, "--lang");

	explain->reader = (struct explain_reader){ .tlp = TLP_RED, .sees_decisions = true };
	if (at != NULL && !time_parse(str_c(at), &explain->as_of_s))
		return fail(why, ERR_USAGE,
			"--at %s: a time such as 2026-11-23 or 2026-11-23T20:49:00Z is expected",
			at);
	if (model != NULL && (!parse_i64(str_c(model), &explain->model) || explain->model < 1))
		return fail(why, ERR_USAGE, "--model %s: a version is expected; `pehra model list`",
			model);
	if (lang != NULL && !lang_parse(str_c(lang), &explain->reader.lang))
		return fail(why, ERR_USAGE, "--lang %s: en or ur is expected", lang);
	return OK;
}

static void put_json(const struct explain *explain, struct buf *out)
{
	struct json_writer json = json_writer_on(out);

	json_object_begin(&json);
	explain_json(&json, &explain->explained, &explain->reader);
	json_object_end(&json);
	json_line_end(&json);
}

static void put_plain(const struct explain *explain, struct buf *out)
{
	explain_plain(out, &explain->explained, &explain->reader);
	buf_byte(out, '\n');
}

/* ---- text, a line for each part ---- */

static void put_verdict(const struct explain *explain, struct buf *out)
{
	const struct explanation *explanation = &explain->explained.explanation;

	indicator_format(out, &explain->explained.judged.indicator);
	buf_fmt(out, ": %.*s", STR_FMT(action_name(explanation->action)));
	if (explanation->action != explanation->score.action)
		buf_fmt(out, " (by its score: %.*s)",
			STR_FMT(action_name(explanation->score.action)));
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (explanation->score.has_claims[role])
			buf_fmt(out, ", %.*s %u", STR_FMT(role_name((enum role)role)),
				explanation->score.value[role]);
	}
	if (explain->explained.judged.n == 0)
		buf_fmt(out, ", nothing is claimed");
	if (explanation->score.until_s != 0) {
		buf_fmt(out, ", until ");
		date_format(out, explanation->score.until_s);
		buf_fmt(out, " if nothing new is seen");
	}
	buf_byte(out, '\n');
}

static void put_part(const struct explain *explain, const struct score_part *part, struct buf *out)
{
	enum { TEXT_WIDTH = 52 };
	CLEANUP(buf_done) struct buf text = { 0 };

	explain_part_text(&text, &explain->explained, part, &explain->reader);
	buf_fmt(out, "  %+4d  %-6.*s  ", part->points, STR_FMT(role_name((enum role)part->role)));
	cli_pad(out, buf_view(&text), TEXT_WIDTH);
	buf_fmt(out, "  log-odds %+.2f", part->log_odds);
	if ((part->kind == SCORE_PART_FAMILY || part->kind == SCORE_PART_REPEATED) &&
		part->decay < 1)
		buf_fmt(out, ", faded to %.0f %%", part->decay * 100);
	buf_byte(out, '\n');
}

static void put_claim(const struct explain *explain, const struct evidence *claim, struct buf *out)
{
	const struct source_table *sources = &explain->scoring.sources;
	const struct category_info *category = category_info(claim->category);

	buf_fmt(out, "  claimed by %.*s (%.*s): first ",
		STR_FMT(claim->source < sources->n ? sources->rows[claim->source].name : STR("?")),
		STR_FMT(category == NULL ? STR("unknown") : category->name));
	date_format(out, claim->first_seen_s);
	buf_fmt(out, ", last ");
	date_format(out, claim->last_seen_s);
	buf_fmt(out, ", %llu×%s\n", (unsigned long long)claim->count,
		claim->ended_s == 0 ? "" : ", no longer");
}

static void put_text(const struct explain *explain, struct buf *out)
{
	const struct explained *explained = &explain->explained;
	CLEANUP(buf_done) struct buf rule = { 0 };

	put_verdict(explain, out);
	explain_rule_text(&rule, explained, &explain->reader);
	if (rule.n != 0)
		buf_fmt(out, "  %.*s\n", STR_FMT(buf_view(&rule)));
	for (size_t i = 0; i < explained->explanation.part_count; i++)
		put_part(explain, &explained->explanation.parts[i], out);
	for (unsigned i = 0; i < DOUBT_BITS; i++) {
		struct str key = words_doubt((enum score_doubt)(1U << i));

		if ((explain_doubts_left(explained) >> i & 1) != 0)
			buf_fmt(out, "  ?     %.*s\n",
				STR_FMT(words_find(key)->text[explain->reader.lang]));
	}
	for (size_t i = 0; i < explained->judged.n; i++)
		put_claim(explain, &explained->judged.claims[i], out);
	buf_fmt(out, "  model %d, policy %lld, as of ", explain->scoring.model.score.version,
		(long long)explain->scoring.policy_id);
	time_format(out, explained->as_of_s);
	buf_byte(out, '\n');
}

static enum err explain_one(struct explain *explain, const struct cli_arguments *arguments,
	struct buf *out, struct why *why)
{
	struct indicator indicator;
	int64_t now_s = clock_now_s(NULL);

	TRY(read_options(explain, arguments, why));
	if (explain->as_of_s > now_s)
		return fail(
			why, ERR_USAGE, "--at %s has not come yet", cli_value(arguments, "--at"));
	TRY(indicator_parse(str_c(arguments->operands[0]), &explain->arena, &indicator, why));
	TRY(server_store_open(arguments, &explain->db, why));
	TRY(scoring_load_with(
		explain->db, now_s, explain->as_of_s, explain->model, 0, &explain->scoring, why));
	explain->is_loaded = true;
	TRY(explain_read(explain->db, &explain->scoring, &indicator, now_s, explain->as_of_s,
		&explain->arena, &explain->explained, why));
	(cli_has(arguments, "--json")           ? put_json
		: cli_has(arguments, "--plain") ? put_plain
						: put_text)(explain, out);
	return OK;
}

int verb_explain(const struct cli_arguments *arguments)
{
	struct explain explain = { 0 };
	CLEANUP(buf_done) struct buf out = { 0 };
	struct why why = { 0 };
	enum err err = explain_one(&explain, arguments, &out, &why);
	uint8_t action = explain.explained.explanation.action;
	bool is_clear = action == PEHRA_NONE || action == PEHRA_ALLOW;
	int exit = err != OK ? cli_fail(arguments, &why)
			     : cli_print(arguments, &out, is_clear ? CLI_OK : CLI_SOME);

	if (explain.is_loaded)
		scoring_done(&explain.scoring);
	db_close(&explain.db);
	arena_done(&explain.arena);
	return exit;
}
