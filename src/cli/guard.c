/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pehra guard list, check: what must not be blocked by mistake. */
#include "base/clock.h"
#include "cli/change.h"
#include "cli/output.h"
#include "cli/server.h"
#include "cli/verbs.h"
#include "decision/override.h"
#include "evidence/query.h"
#include "guard/rules.h"

enum { GUARD_LISTS_MAX = 4096 };

struct guard_source {
	uint32_t id;
	struct str name;
	enum guard_policy policy;
	uint8_t traits;
	uint64_t listed;
	int64_t last_success_s;
};

struct guard_sources {
	struct arena arena;
	struct guard_source *rows;
	size_t n;
};

static enum err gather(void *state, const struct source_status *row, struct why *why)
{
	struct guard_sources *to = state;

	if (row->properties.purpose != PURPOSE_GUARD)
		return OK;
	if (to->n == GUARD_LISTS_MAX)
		return fail(why, ERR_LIMIT, "more than %d guard lists", GUARD_LISTS_MAX);
	to->rows[to->n++] = (struct guard_source){ row->id, arena_str(&to->arena, row->name),
		(enum guard_policy)row->properties.rule, row->properties.traits, row->listed,
		row->last_success_s };
	return OK;
}

static enum err guard_sources_read(
	struct db *db, bool with_counts, struct guard_sources *out, struct why *why)
{
	*out = (struct guard_sources){ 0 };
	out->rows = arena_array(&out->arena, GUARD_LISTS_MAX, sizeof *out->rows);
	return source_list(db, STR(""), with_counts, gather, out, why);
}

static void put_list(struct change_rows *rows, const struct guard_source *source)
{
	struct json_writer *json = &rows->json;

	if (rows->is_json) {
		json_object_begin(json);
		json_field_str(json, "name", source->name);
		json_field_str(json, "guard", guard_policy_name(source->policy));
		json_field_u64(json, "listed", source->listed);
		json_field_time(json, "last_success", source->last_success_s);
		json_object_end(json);
		return;
	}
	cli_pad(&rows->out, source->name, 36);
	cli_pad(&rows->out, guard_policy_name(source->policy), 7);
	cli_number(&rows->out, source->listed);
	buf_fmt(&rows->out, " listed, last read ");
	if (source->last_success_s == 0)
		buf_fmt(&rows->out, "never");
	else
		date_format(&rows->out, source->last_success_s);
	buf_byte(&rows->out, '\n');
}

int verb_guard_list(const struct cli_arguments *arguments)
{
	CLEANUP(db_close) struct db *db = NULL;
	struct guard_sources sources = { 0 };
	struct change_rows rows;
	struct why why = { 0 };
	enum err err;

	change_rows_begin(&rows, arguments);
	err = server_store_open(arguments, &db, &why);
	if (err == OK)
		err = guard_sources_read(db, true, &sources, &why);
	for (size_t i = 0; err == OK && i < sources.n; i++)
		put_list(&rows, &sources.rows[i]);
	arena_done(&sources.arena);
	return change_rows_print(&rows, arguments, err, &why);
}

/* ---- what holds an indicator ---- */

struct check {
	struct db *db;
	struct arena arena;
	struct indicator asked;
	struct guard_sources sources;
	struct rule_match match;
	struct buf *out;
	struct json_writer json;
	bool is_json;
	int64_t now_s;
	bool is_ruled; /* something stands above the score */
};

struct one_list {
	struct rules *rules;
	const struct guard_source *source;
};

static enum err add_row(void *state, const struct evidence *row, struct why *why)
{
	struct one_list *list = state;
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct indicator indicator;

	if (row->ended_s != 0)
		return OK;
	TRY(indicator_from_key(row->key, &arena, &indicator, why));
	/* a pattern that cannot be compiled holds nothing */
	(void)!rules_add_guard(list->rules, &indicator, list->source->policy, list->source->name,
		list->source->traits, NULL);
	return OK;
}

/* Each list is asked alone: all together tell only of the strongest. */
static enum err ask_list(struct check *check, const struct guard_source *source, struct why *why)
{
	CLEANUP(rules_free) struct rules *rules = rules_new();
	struct one_list list = { rules, source };
	struct rule_match match;

	TRY(evidence_of_source(check->db, source->id, 0, add_row, &list, why));
	rules_ready(rules);
	rules_match(rules, &check->asked, &match);
	if (match.guard == GUARD_NONE && !match.is_noted)
		return OK;
	if (check->is_json) {
		json_object_begin(&check->json);
		json_field_str(&check->json, "list", source->name);
		json_field_str(&check->json, "guard", guard_policy_name(source->policy));
		json_object_end(&check->json);
	} else {
		buf_fmt(check->out, "  guard %-6.*s %.*s\n",
			STR_FMT(guard_policy_name(source->policy)), STR_FMT(source->name));
	}
	return OK;
}

static enum err ask_override(void *state, const struct override *row, struct why *why)
{
	struct check *check = state;
	CLEANUP(rules_free) struct rules *rules = rules_new();
	CLEANUP(buf_done) struct buf text = { 0 };
	struct rule_match match;
	bool is_deciding = row->id == check->match.override;

	(void)why;
	rules_add_override(rules, &row->indicator, row->id, row->is_allow);
	rules_ready(rules);
	rules_match(rules, &check->asked, &match);
	if (match.override == 0)
		return OK;
	indicator_format(&text, &row->indicator);
	if (check->is_json) {
		json_object_begin(&check->json);
		json_field_i64(&check->json, "id", row->id);
		json_field_str(&check->json, "indicator", buf_view(&text));
		json_field_str(&check->json, "kind", row->is_allow ? STR("allow") : STR("block"));
		json_field_bool(&check->json, "closest", is_deciding);
		json_field_str(&check->json, "owner", row->owner);
		json_field_str(&check->json, "reason", row->reason);
		json_field_time(&check->json, "ends", row->ends_s);
		json_object_end(&check->json);
		return OK;
	}
	buf_fmt(check->out, "  override %lld: %s %.*s%s, until ", (long long)row->id,
		row->is_allow ? "allow" : "block", STR_FMT(buf_view(&text)),
		is_deciding ? " (the closest)" : "");
	date_format(check->out, row->ends_s);
	buf_fmt(check->out, "  %.*s: %.*s\n", STR_FMT(row->owner), STR_FMT(row->reason));
	return OK;
}

static const char *const verdicts[] = {
	[RULE_SCORE] = "the score decides",
	[RULE_WATCH_AT_MOST] = "watched at most, until a person decides",
	[RULE_BLOCK] = "blocked by a person",
	[RULE_ALLOW] = "never blocked",
};
static const char *const verdict_words[] = {
	[RULE_SCORE] = "score",
	[RULE_WATCH_AT_MOST] = "watch",
	[RULE_BLOCK] = "block",
	[RULE_ALLOW] = "allow",
};

static void put_head(struct check *check)
{
	enum rule_verdict verdict = rule_verdict_of(&check->match);
	CLEANUP(buf_done) struct buf text = { 0 };

	check->is_ruled = verdict != RULE_SCORE;
	indicator_format(&text, &check->asked);
	if (!check->is_json) {
		buf_fmt(check->out, "%.*s: %s", STR_FMT(buf_view(&text)), verdicts[verdict]);
		if (check->match.guard != GUARD_NONE)
			buf_fmt(check->out, " (guard %.*s, list %.*s)",
				STR_FMT(guard_policy_name(check->match.guard)),
				STR_FMT(check->match.list));
		buf_byte(check->out, '\n');
		return;
	}
	json_object_begin(&check->json);
	json_field_str(&check->json, "indicator", buf_view(&text));
	json_field_str(&check->json, "verdict", str_c(verdict_words[verdict]));
	json_field_str(&check->json, "guard",
		check->match.guard == GUARD_NONE ? STR("none")
						 : guard_policy_name(check->match.guard));
	json_field_str(&check->json, "list", check->match.list);
}

static enum err check_one(
	struct check *check, const struct cli_arguments *arguments, struct why *why)
{
	CLEANUP(rules_free) struct rules *rules = NULL;

	TRY(indicator_parse(str_c(arguments->operands[0]), &check->arena, &check->asked, why));
	TRY(server_store_open(arguments, &check->db, why));
	TRY(rules_load(check->db, check->now_s, 0, &rules, why));
	rules_match(rules, &check->asked, &check->match);
	TRY(guard_sources_read(check->db, false, &check->sources, why));
	put_head(check);
	if (check->is_json) {
		json_key(&check->json, "guards");
		json_array_begin(&check->json);
	}
	for (size_t i = 0; i < check->sources.n; i++)
		TRY(ask_list(check, &check->sources.rows[i], why));
	if (check->is_json) {
		json_array_end(&check->json);
		json_key(&check->json, "overrides");
		json_array_begin(&check->json);
	}
	TRY(override_in_force(check->db, check->now_s, ask_override, check, why));
	if (check->is_json) {
		json_array_end(&check->json);
		json_object_end(&check->json);
		json_line_end(&check->json);
	}
	return OK;
}

int verb_guard_check(const struct cli_arguments *arguments)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	struct check check = {
		.out = &out, .is_json = cli_has(arguments, "--json"), .now_s = clock_now_s(NULL)
	};
	struct why why = { 0 };
	enum err err;
	int exit;

	check.json = json_writer_on(&out);
	err = check_one(&check, arguments, &why);
	exit = err == OK ? cli_print(arguments, &out, check.is_ruled ? CLI_SOME : CLI_OK)
			 : cli_fail(arguments, &why);
	db_close(&check.db);
	arena_done(&check.sources.arena);
	arena_done(&check.arena);
	return exit;
}
