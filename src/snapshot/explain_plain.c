/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An explanation in a few sentences, for people who have never heard of log-odds. */
#include "snapshot/explain_int.h"

#include "base/clock.h"

enum { REASONS_SHOWN = 3 };

struct telling {
	struct buf *out;
	const struct explained *explained;
	const struct explain_reader *reader;
};

static void space(const struct telling *telling)
{
	if (telling->out->n > 0)
		buf_byte(telling->out, ' ');
}

static void say(
	const struct telling *telling, struct str key, const struct word_param *params, size_t n)
{
	space(telling);
	words_render(telling->out, telling->reader->lang, key, params, n);
}

static void say_verdict(const struct telling *telling)
{
	static const struct str keys[] = {
		[PEHRA_NONE] = STR_INIT("plain.none"),
		[PEHRA_WATCH] = STR_INIT("plain.watch"),
		[PEHRA_CHALLENGE] = STR_INIT("plain.challenge"),
		[PEHRA_BLOCK] = STR_INIT("plain.block"),
		[PEHRA_ALLOW] = STR_INIT("plain.allow"),
	};
	const struct explained *explained = telling->explained;
	uint8_t action = explained->explanation.action;
	CLEANUP(buf_done) struct buf text = { 0 };

	must(action < ARRAY_LEN(keys));
	indicator_format(&text, &explained->judged.indicator);

	const struct word_param params[] = { { "indicator", buf_view(&text) } };
	bool is_unknown = action == PEHRA_NONE && explained->judged.n == 0;

	say(telling, is_unknown ? STR("plain.unknown") : keys[action], params, ARRAY_LEN(params));
}

static void say_rule(const struct telling *telling)
{
	if (explain_rule_key(&telling->explained->judged.rule).n == 0)
		return;
	space(telling);
	explain_rule_text(telling->out, telling->explained, telling->reader);
}

/* The role that has most to say; ROLE_COUNT when nothing is claimed. */
static unsigned strongest_role(const struct score *score)
{
	unsigned best = ROLE_COUNT;

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (score->has_claims[role] &&
			(best == ROLE_COUNT || score->value[role] > score->value[best]))
			best = role;
	}
	return best;
}

static void say_score(const struct telling *telling, unsigned role)
{
	static const struct str keys[ROLE_COUNT] = {
		[ROLE_SOURCE] = STR_INIT("plain.score.src"),
		[ROLE_DESTINATION] = STR_INIT("plain.score.dst"),
		[ROLE_POLICY] = STR_INIT("plain.score.policy"),
	};
	const struct score *score = &telling->explained->explanation.score;
	struct str number = arena_fmt(telling->explained->arena, "%u", score->value[role]);
	const struct word_param params[] = { { "score", number } };

	say(telling, keys[role], params, ARRAY_LEN(params));
	/* the model that is built in was calibrated on nothing */
	if (telling->explained->scoring->model.score.version == 1)
		say(telling, STR("plain.guess"), NULL, 0);
}

/* The newest claim of the part's source in its role and category that the reader may see. */
static const struct evidence *claim_of(const struct telling *telling, const struct score_part *part)
{
	const struct explained *explained = telling->explained;
	const struct evidence *newest = NULL;

	for (size_t i = 0; i < explained->judged.n; i++) {
		const struct evidence *claim = &explained->judged.claims[i];

		if (claim->source == part->source && claim->role == part->role &&
			claim->category == part->category &&
			claim->tlp <= (unsigned)telling->reader->tlp &&
			(newest == NULL || claim->last_seen_s > newest->last_seen_s))
			newest = claim;
	}
	return newest;
}

static void say_reason(const struct telling *telling, const struct score_part *part)
{
	const struct evidence *claim = claim_of(telling, part);
	CLEANUP(buf_done) struct buf seen = { 0 };
	struct part_facts facts;

	part_facts_of(telling->explained, part, telling->reader, &facts);
	if (!part_is_of_source(part) || facts.n == 0 || claim == NULL) {
		space(telling);
		explain_part_text(telling->out, telling->explained, part, telling->reader);
		buf_str(telling->out, lang_full_stop(telling->reader->lang));
		return;
	}
	date_format(&seen, claim->last_seen_s);

	const struct word_param params[] = { { "source", facts.rows[0].word },
		{ "category", facts.rows[1].word }, { "seen", buf_view(&seen) } };

	say(telling, claim->ended_s == 0 ? STR("plain.claim") : STR("plain.claim.ended"), params,
		ARRAY_LEN(params));
}

/* The parts that raise the score of a role, the strongest first. */
static void say_reasons(const struct telling *telling, unsigned role)
{
	const struct explanation *explanation = &telling->explained->explanation;
	const struct score_part *said = NULL;

	for (int n = 0; n < REASONS_SHOWN; n++) {
		const struct score_part *best = NULL;

		for (size_t i = 0; i < explanation->part_count; i++) {
			const struct score_part *part = &explanation->parts[i];
			/* behind the one said before, in the order of strength, then of place */
			bool is_behind = said == NULL || part->log_odds < said->log_odds ||
					 (part->log_odds == said->log_odds && part > said);

			if (part->role == role && part->kind != SCORE_PART_PRIOR &&
				part->log_odds > 0 && is_behind &&
				(best == NULL || part->log_odds > best->log_odds))
				best = part;
		}
		if (best == NULL)
			return;
		say_reason(telling, best);
		said = best;
	}
}

static void say_doubts(const struct telling *telling)
{
	unsigned doubts = explain_doubts_left(telling->explained);

	for (unsigned i = 0; i < DOUBT_BITS; i++) {
		if ((doubts >> i & 1) != 0)
			say(telling, words_doubt((enum score_doubt)(1U << i)), NULL, 0);
	}
}

static void say_until(const struct telling *telling)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	if (telling->explained->explanation.score.until_s == 0)
		return;
	date_format(&text, telling->explained->explanation.score.until_s);

	const struct word_param params[] = { { "date", buf_view(&text) } };

	say(telling, STR("plain.until"), params, ARRAY_LEN(params));
}

void explain_plain(
	struct buf *out, const struct explained *explained, const struct explain_reader *reader)
{
	struct telling telling = { out, explained, reader };
	const struct explanation *explanation = &explained->explanation;
	unsigned role = strongest_role(&explanation->score);
	bool is_held = explanation->action == PEHRA_WATCH ||
		       explanation->action == PEHRA_CHALLENGE || explanation->action == PEHRA_BLOCK;

	say_verdict(&telling);
	say_rule(&telling);
	if (role != ROLE_COUNT)
		say_score(&telling, role);
	/* of what is not known, the neighbourhood is told as that of a source of attacks */
	say_reasons(&telling, role == ROLE_COUNT ? ROLE_SOURCE : role);
	if (role != ROLE_COUNT)
		say_doubts(&telling);
	say_until(&telling);
	if (is_held)
		say(&telling, STR("plain.mistake"), NULL, 0);
}
