/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An explanation as JSON: one object for every face. */
#include "snapshot/explain_int.h"

#include "score/action.h"
#include "score/near.h"

static bool may_see(const struct explain_reader *reader, const struct evidence *claim)
{
	return claim->tlp <= (unsigned)reader->tlp;
}

/* ---- claims ---- */

static void write_claim(
	struct json_writer *json, const struct source_table *sources, const struct evidence *claim)
{
	const struct category_info *category = category_info(claim->category);
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct indicator indicator;

	if (indicator_from_key(claim->key, &arena, &indicator, NULL) == OK)
		indicator_format(&text, &indicator);
	json_object_begin(json);
	json_field_str(json, "indicator", buf_view(&text));
	json_field_str(json, "source", explain_source_name(sources, claim->source));
	json_field_str(json, "role", role_name((enum role)claim->role));
	json_field_str(json, "category", category == NULL ? STR("unknown") : category->name);
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

void explain_claims_json(struct json_writer *json, const struct judged *judged,
	const struct source_table *sources, const struct explain_reader *reader)
{
	uint64_t shown = 0;

	json_key(json, "claims");
	json_array_begin(json);
	for (size_t i = 0; i < judged->n && shown < EXPLAIN_CLAIMS_SHOWN; i++) {
		if (!may_see(reader, &judged->claims[i]))
			continue;
		write_claim(json, sources, &judged->claims[i]);
		shown++;
	}
	json_array_end(json);
	json_field_u64(json, "hidden_claims", judged->n - shown);
}

/* ---- parts ---- */

/* Where in "claims" those stand on which the part does; only what is shown there is named. */
static void write_evidence(struct json_writer *json, const struct explained *explained,
	const struct score_part *part, const struct explain_reader *reader)
{
	uint64_t shown = 0;

	json_key(json, "evidence");
	json_array_begin(json);
	for (size_t i = 0; i < explained->judged.n && shown < EXPLAIN_CLAIMS_SHOWN; i++) {
		if (!may_see(reader, &explained->judged.claims[i]))
			continue;
		if (part_stands_on(explained, part, i))
			json_put_u64(json, shown);
		shown++;
	}
	json_array_end(json);
}

static void write_facts(struct json_writer *json, const struct part_facts *facts)
{
	json_key(json, "params");
	json_object_begin(json);
	for (size_t i = 0; i < facts->n; i++) {
		const struct part_fact *fact = &facts->rows[i];

		json_key(json, fact->name);
		if (fact->is_number)
			json_put_u64(json, fact->number);
		else if (fact->slug.n == 0)
			json_put_null(json);
		else
			json_put_str(json, fact->slug);
	}
	json_object_end(json);
}

static void write_part(struct json_writer *json, const struct explained *explained,
	const struct score_part *part, const struct explain_reader *reader)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct part_facts facts;

	part_facts_of(explained, part, reader, &facts);
	explain_part_text(&text, explained, part, reader);
	json_object_begin(json);
	json_field_str(json, "role", role_name((enum role)part->role));
	json_field_str(json, "key", facts.key);
	write_facts(json, &facts);
	json_field_str(json, "text", buf_view(&text));
	if (part_is_of_source(part) && facts.n > 0) {
		json_field_double(json, "decay", part->decay);
		write_evidence(json, explained, part, reader);
	}
	json_field_double(json, "log_odds", part->log_odds);
	json_field_i64(json, "points", part->points);
	json_object_end(json);
}

/* What the parts of each role add up to. */
static void write_sums(struct json_writer *json, const struct explanation *explanation)
{
	double log_odds[ROLE_COUNT] = { 0 };
	int64_t points[ROLE_COUNT] = { 0 };
	bool has_parts[ROLE_COUNT] = { false };

	for (size_t i = 0; i < explanation->part_count; i++) {
		const struct score_part *part = &explanation->parts[i];

		log_odds[part->role] += part->log_odds;
		points[part->role] += part->points;
		has_parts[part->role] = true;
	}
	json_key(json, "sums");
	json_object_begin(json);
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (!has_parts[role])
			continue;
		json_key_str(json, role_name((enum role)role));
		json_object_begin(json);
		json_field_double(json, "log_odds", log_odds[role]);
		json_field_i64(json, "points", points[role]);
		json_object_end(json);
	}
	json_object_end(json);
}

/* ---- doubts, rules, surroundings ---- */

static void write_doubts(
	struct json_writer *json, unsigned doubts, const struct explain_reader *reader)
{
	json_key(json, "doubts");
	json_array_begin(json);
	for (unsigned i = 0; i < DOUBT_BITS; i++) {
		struct str key = words_doubt((enum score_doubt)(1U << i));

		if ((doubts >> i & 1) == 0)
			continue;
		json_object_begin(json);
		json_field_str(json, "key", key);
		json_field_str(json, "text", words_find(key)->text[reader->lang]);
		json_object_end(json);
	}
	json_array_end(json);
}

static void write_override(struct json_writer *json, const struct explained *explained,
	const struct explain_reader *reader)
{
	const struct override *override = &explained->override;
	CLEANUP(buf_done) struct buf text = { 0 };

	indicator_format(&text, &explained->judged.rule.override_of);
	json_field_str(json, "indicator", buf_view(&text));
	if (!reader->sees_decisions)
		return;
	json_field_i64(json, "override", override->id);
	json_field_str(json, "owner", override->owner);
	json_field_str(json, "reason", override->reason);
	json_field_time(json, "ends", override->ends_s);
}

static void write_rule(struct json_writer *json, const struct explained *explained,
	const struct explain_reader *reader)
{
	const struct rule_match *rule = &explained->judged.rule;
	CLEANUP(buf_done) struct buf text = { 0 };
	struct str key = explain_rule_key(rule);

	json_key(json, "rule");
	if (key.n == 0) {
		json_put_null(json);
		return;
	}
	explain_rule_text(&text, explained, reader);
	json_object_begin(json);
	json_field_str(json, "key", key);
	json_field_str(json, "text", buf_view(&text));
	if (rule->list.n != 0 && explain_may_name(reader, rule->list))
		json_field_str(json, "list", rule->list);
	if (rule->override != 0)
		write_override(json, explained, reader);
	json_object_end(json);
}

static void write_near(struct json_writer *json, const struct judged *judged)
{
	json_key(json, "near");
	json_array_begin(json);
	for (unsigned level = 0; level < SCORE_NEAR_LEVELS; level++) {
		CLEANUP(buf_done) struct buf text = { 0 };
		struct prefix group;

		if (judged->indicator.kind != INDICATOR_IP ||
			!near_group(&judged->indicator.prefix, level, &group))
			continue;
		prefix_format(&text, &group);
		json_object_begin(json);
		json_field_str(json, "prefix", buf_view(&text));
		json_key(json, "others");
		json_object_begin(json);
		for (unsigned role = 0; role < ROLE_COUNT; role++) {
			json_key_str(json, role_name((enum role)role));
			json_put_u64(json, judged->around.near[role][level]);
		}
		json_object_end(json);
		json_object_end(json);
	}
	json_array_end(json);
}

static void write_around(struct json_writer *json, const struct judged *judged)
{
	const struct score_network *network = &judged->around.network;

	json_key(json, "around");
	json_object_begin(json);
	write_near(json, judged);
	json_key(json, "network");
	if (network->size == 0) {
		json_put_null(json);
	} else {
		json_object_begin(json);
		json_key(json, "asn");
		if (network->asn == 0)
			json_put_null(json);
		else
			json_put_u64(json, network->asn);
		json_field_u64(json, "listed", network->listed);
		json_field_u64(json, "size", network->size);
		json_object_end(json);
	}
	json_object_end(json);
}

static void write_verdict(struct json_writer *json, const struct explained *explained)
{
	const struct explanation *explanation = &explained->explanation;
	CLEANUP(buf_done) struct buf text = { 0 };

	indicator_format(&text, &explained->judged.indicator);
	json_field_str(json, "indicator", buf_view(&text));
	json_field_bool(json, "known", explained->judged.n > 0);
	json_field_str(json, "action", action_name(explanation->action));
	json_field_str(json, "policy_action", action_name(explanation->score.action));
	json_key(json, "score");
	json_object_begin(json);
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		json_key_str(json, role_name((enum role)role));
		json_put_u64(json, explanation->score.value[role]);
	}
	json_object_end(json);
	json_field_time(json, "until", explanation->score.until_s);
	json_field_time(json, "as_of", explained->as_of_s);
	json_field_i64(json, "model", explained->scoring->model.score.version);
	json_field_i64(json, "policy", explained->scoring->policy_id);
}

void explain_json(struct json_writer *json, const struct explained *explained,
	const struct explain_reader *reader)
{
	const struct explanation *explanation = &explained->explanation;
	CLEANUP(buf_done) struct buf text = { 0 };

	write_verdict(json, explained);
	explain_plain(&text, explained, reader);
	json_field_str(json, "lang", lang_name(reader->lang));
	json_field_str(json, "plain", buf_view(&text));
	write_rule(json, explained, reader);
	json_key(json, "parts");
	json_array_begin(json);
	for (size_t i = 0; i < explanation->part_count; i++)
		write_part(json, explained, &explanation->parts[i], reader);
	json_array_end(json);
	write_sums(json, explanation);
	write_doubts(json, explanation->score.doubts, reader);
	write_around(json, &explained->judged);
	explain_claims_json(json, &explained->judged, &explained->scoring->sources, reader);
}
