/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/explain_int.h"

#include "base/clock.h"
#include "score/near.h"

enum err explain_read(struct db *db, const struct scoring *scoring,
	const struct indicator *indicator, int64_t now_s, int64_t as_of_s, struct arena *arena,
	struct explained *out, struct why *why)
{
	int64_t time_s = as_of_s != 0 ? as_of_s : now_s;

	*out = (struct explained){ .scoring = scoring, .as_of_s = time_s, .arena = arena };
	TRY(judged_read(db, scoring, indicator, time_s, as_of_s, arena, &out->judged, why));
	TRY(judged_explain(&out->judged, scoring, time_s, arena, &out->explanation, why));
	if (out->judged.rule.override == 0)
		return OK;
	return override_find(db, out->judged.rule.override, time_s, arena, &out->override, why);
}

struct str explain_source_name(const struct source_table *sources, uint32_t source)
{
	return source < sources->n ? sources->rows[source].name : STR("");
}

bool explain_may_name(const struct explain_reader *reader, struct str source)
{
	return reader->may_name == NULL || reader->may_name(reader->state, source);
}

struct str explain_list_word(const struct rule_match *rule, const struct explain_reader *reader)
{
	if (explain_may_name(reader, rule->list))
		return rule->list;
	return words_find(STR("word.confidential"))->text[reader->lang];
}

/* The order is that of guard/rules.h: which rule decides. */
struct str explain_rule_key(const struct rule_match *rule)
{
	if (rule->guard == GUARD_NEVER)
		return STR("rule.guard.never");
	if (rule->override != 0)
		return rule->is_allow ? STR("rule.override.allow") : STR("rule.override.block");
	if (rule->guard == GUARD_ASK)
		return STR("rule.guard.ask");
	return rule->is_noted ? STR("rule.guard.note") : STR("");
}

unsigned explain_doubts_left(const struct explained *explained)
{
	bool is_said = str_eq(explain_rule_key(&explained->judged.rule), STR("rule.guard.note"));

	return explained->explanation.score.doubts & (is_said ? ~(unsigned)DOUBT_NOTED : ~0U);
}

bool part_is_of_source(const struct score_part *part)
{
	return part->kind == SCORE_PART_FAMILY || part->kind == SCORE_PART_REPEATED;
}

bool part_stands_on(const struct explained *explained, const struct score_part *part, size_t claim)
{
	const struct evidence *row = &explained->judged.claims[claim];
	const struct source_table *sources = &explained->scoring->sources;

	return part_is_of_source(part) && row->role == part->role && row->source < sources->n &&
	       sources->rows[row->source].family == part->family;
}

/* Does the reader see a claim by which he could know it himself? */
static bool part_may_be_named(const struct explained *explained, const struct score_part *part,
	const struct explain_reader *reader)
{
	for (size_t i = 0; i < explained->judged.n; i++) {
		const struct evidence *claim = &explained->judged.claims[i];

		if (claim->source == part->source && claim->role == part->role &&
			claim->category == part->category && claim->tlp <= (unsigned)reader->tlp)
			return true;
	}
	return false;
}

static struct part_fact *add_fact(struct part_facts *facts, const char *name)
{
	struct part_fact *fact = &facts->rows[facts->n++];

	must(facts->n <= PART_FACTS_MAX);
	fact->name = name;
	return fact;
}

static void add_text(struct part_facts *facts, const char *name, struct str slug, struct str word)
{
	struct part_fact *fact = add_fact(facts, name);

	fact->slug = slug;
	fact->word = word;
}

static void add_number(
	struct part_facts *facts, struct arena *arena, const char *name, uint64_t number)
{
	struct part_fact *fact = add_fact(facts, name);

	fact->is_number = true;
	fact->number = number;
	fact->word = arena_fmt(arena, "%llu", (unsigned long long)number);
}

static void facts_of_source(const struct explained *explained, const struct score_part *part,
	const struct explain_reader *reader, struct part_facts *out)
{
	const struct category_info *category = category_info(part->category);
	struct str source = explain_source_name(&explained->scoring->sources, part->source);

	if (!part_may_be_named(explained, part, reader)) {
		out->key = STR("part.hidden");
		return;
	}
	add_text(out, "source", source, source);
	add_text(out, "category", category == NULL ? STR("unknown") : category->name,
		words_find(words_category(part->category))->text[reader->lang]);
}

static void facts_of_near(const struct explained *explained, const struct score_part *part,
	const struct explain_reader *reader, struct part_facts *out)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct prefix group;
	struct str word = words_find(STR("word.unknown"))->text[reader->lang];

	if (explained->judged.indicator.kind == INDICATOR_IP &&
		near_group(&explained->judged.indicator.prefix, part->level, &group)) {
		prefix_format(&text, &group);
		word = arena_str(explained->arena, buf_view(&text));
	}
	add_text(out, "prefix", word, word);
	add_number(out, explained->arena, "count", part->count);
}

static void facts_of_network(const struct explained *explained, const struct score_part *part,
	const struct explain_reader *reader, struct part_facts *out)
{
	const struct score_network *network = &explained->judged.around.network;
	struct str word = words_find(STR("word.unknown"))->text[reader->lang];
	struct str slug = STR("");

	(void)part;
	if (network->asn != 0)
		word = slug = arena_fmt(explained->arena, "AS%u", network->asn);
	add_text(out, "network", slug, word);
	add_number(out, explained->arena, "listed", network->listed);
	add_number(out, explained->arena, "size", network->size);
}

static void facts_of_count(const struct explained *explained, const struct score_part *part,
	const struct explain_reader *reader, struct part_facts *out)
{
	(void)reader;
	add_number(out, explained->arena, "count", part->count);
}

void part_facts_of(const struct explained *explained, const struct score_part *part,
	const struct explain_reader *reader, struct part_facts *out)
{
	static void (*const makers[SCORE_PART_KINDS])(const struct explained *explained,
		const struct score_part *part, const struct explain_reader *reader,
		struct part_facts *out) = {
		[SCORE_PART_FAMILY] = facts_of_source,
		[SCORE_PART_REPEATED] = facts_of_source,
		[SCORE_PART_UNPROVEN] = facts_of_count,
		[SCORE_PART_NEAR] = facts_of_near,
		[SCORE_PART_NETWORK] = facts_of_network,
		[SCORE_PART_EPISODES] = facts_of_count,
	};

	*out = (struct part_facts){ .key = words_part(part->kind) };
	if (makers[part->kind] != NULL)
		makers[part->kind](explained, part, reader, out);
}

void explain_part_text(struct buf *out, const struct explained *explained,
	const struct score_part *part, const struct explain_reader *reader)
{
	struct word_param params[PART_FACTS_MAX];
	struct part_facts facts;

	part_facts_of(explained, part, reader, &facts);
	for (size_t i = 0; i < facts.n; i++)
		params[i] = (struct word_param){ facts.rows[i].name, facts.rows[i].word };
	words_render(out, reader->lang, facts.key, params, facts.n);
}

void explain_rule_text(
	struct buf *out, const struct explained *explained, const struct explain_reader *reader)
{
	const struct rule_match *rule = &explained->judged.rule;
	const struct override *override = &explained->override;
	struct str key = explain_rule_key(rule);
	CLEANUP(buf_done) struct buf indicator = { 0 };
	CLEANUP(buf_done) struct buf ends = { 0 };

	if (key.n == 0)
		return;
	if (rule->override != 0)
		indicator_format(&indicator, &rule->override_of);

	const struct word_param params[] = { { "list", explain_list_word(rule, reader) },
		{ "indicator", buf_view(&indicator) } };

	words_render(out, reader->lang, key, params, ARRAY_LEN(params));
	if (rule->override == 0 || rule->guard == GUARD_NEVER || !reader->sees_decisions)
		return;
	date_format(&ends, override->ends_s);

	const struct word_param about[] = { { "owner", override->owner },
		{ "ends", buf_view(&ends) }, { "reason", override->reason } };

	buf_byte(out, ' ');
	words_render(out, reader->lang, STR("rule.owner"), about, ARRAY_LEN(about));
	buf_str(out, lang_full_stop(reader->lang));
}
