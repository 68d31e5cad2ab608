/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence/claim.h"
#include "learn/learn_int.h"
#include "learn/logistic.h"

#include <math.h>

/* A claim that is worth less is not fresh, and not what weights are about. */
static const double FRESH = 0.5;
/*
 * One claim about what must not be blocked weighs as much as so many that nobody confirmed: that
 * nobody saw something is common, that somebody lists a resolver's address is not.
 */
static const double REFUTED_CLAIMS = 20.0;
/* No source alone is believed more than this, whatever was confirmed. */
static const double RATE_MAX = 0.95;
/* Weights stay within what models may hold, wherever the base lies. */
static const double WEIGHT_MAX = 12.0;
/* Claims that are worth little say little of what fresh ones are worth; the share is no less. */
static const double SPOKEN_LEAST = 0.5;
/* A source is proven when at least so much of the share of all cases was confirmed for it. */
static const double PROVEN_SHARE = 0.25;

/* What one source says of the indicator at hand. */
struct voice {
	uint32_t source;
	bool is_known;
	bool is_news;
	bool is_away;  /* it could not report it anew: it lists it still */
	double decay;  /* of its strongest claim that is known */
	double spoken; /* that, with its confidence */
};

struct court {
	struct learn *learn;
	/* how many watchers each source might be confirmed by */
	uint32_t *watchers[ROLE_COUNT];
	struct voice *voices; /* by source */
	size_t n;
	size_t capacity;
	/* of those: whose news confirm, and who could not report it anew; both are few */
	uint32_t *reporters;
	size_t reporter_count;
	uint32_t *away;
	size_t away_count;
};

/* Does news of another source confirm? Those of our own sensors always do. */
static bool believes(const struct learn *learn, uint32_t source, uint32_t other)
{
	return learn->source[other].rank == RANK_SENSOR ||
	       learn_is_independent(learn, source, other);
}

static double spoken_of(const struct table_claim *claim, double decay)
{
	return claim->confidence == CONFIDENCE_UNKNOWN ? decay
						       : decay * (0.5 + claim->confidence / 200.0);
}

static void hear(struct court *court, const struct table_claim *claim)
{
	const struct learn *learn = court->learn;
	const struct learn_source *source = &learn->source[claim->source];
	struct score_claim scored;
	struct voice *voice;
	double decay;

	/* claims are in order of source */
	if (court->n == 0 || court->voices[court->n - 1].source != claim->source) {
		if (court->n == court->capacity) {
			court->capacity = 2 * court->capacity + 64;
			court->voices =
				realloc(court->voices, court->capacity * sizeof *court->voices);
			court->reporters = realloc(
				court->reporters, court->capacity * sizeof *court->reporters);
			court->away = realloc(court->away, court->capacity * sizeof *court->away);
			must(court->voices != NULL && court->reporters != NULL &&
				court->away != NULL);
		}
		court->voices[court->n++] = (struct voice){ .source = claim->source };
	}
	voice = &court->voices[court->n - 1];
	voice->is_news |= (claim->flags & CLAIM_NEWS) != 0;
	if ((claim->flags & CLAIM_KNOWN) == 0)
		return;
	voice->is_away |= (claim->flags & CLAIM_LISTED) != 0 && !source->tells_again &&
			  source->is_watcher[claim->role];
	scored = learn_score_claim(learn, claim);
	decay = score_claim_decay(&learn->model, &scored, 0);
	if (!voice->is_known || decay > voice->decay) {
		voice->decay = decay;
		voice->spoken = spoken_of(claim, decay);
	}
	voice->is_known = true;
}

/* The voices of the claims of one role that begin at i; the end of them. */
static uint32_t hear_role(struct court *court, uint32_t i, uint32_t end)
{
	uint32_t role_end = table_role_end(&court->learn->table, i, end);

	uint8_t role = court->learn->table.claims[i].role;

	court->n = 0;
	court->reporter_count = 0;
	court->away_count = 0;
	for (; i < role_end; i++)
		hear(court, &court->learn->table.claims[i]);
	for (size_t v = 0; v < court->n; v++) {
		const struct voice *voice = &court->voices[v];

		if (voice->is_news && court->learn->source[voice->source].is_trusted[role])
			court->reporters[court->reporter_count++] = voice->source;
		if (voice->is_away)
			court->away[court->away_count++] = voice->source;
	}
	return role_end;
}

static bool is_confirmed(const struct court *court, uint32_t source)
{
	for (size_t i = 0; i < court->reporter_count; i++) {
		if (believes(court->learn, source, court->reporters[i]))
			return true;
	}
	return false;
}

/* Could it have been confirmed? Not where all who watch list it already and cannot do so anew. */
static bool is_watched(const struct court *court, uint32_t source, uint8_t role)
{
	uint32_t away = 0;

	for (size_t i = 0; i < court->away_count; i++)
		away += believes(court->learn, source, court->away[i]);
	return away < court->watchers[role][source];
}

/*
 * An own sensor that lists it still and cannot report it anew: whatever would confirm it most
 * surely goes unseen, so silence says nothing.
 */
static bool is_unseen(const struct court *court)
{
	for (size_t i = 0; i < court->away_count; i++) {
		if (court->learn->source[court->away[i]].rank == RANK_SENSOR)
			return true;
	}
	return false;
}

static void case_add(struct learn *learn, uint8_t role, struct learn_case row)
{
	struct learn_cases *cases = &learn->cases[role];

	if (cases->n == cases->capacity) {
		cases->capacity = 2 * cases->capacity + 1024;
		cases->rows = realloc(cases->rows, cases->capacity * sizeof *cases->rows);
		must(cases->rows != NULL);
	}
	cases->rows[cases->n++] = row;
	cases->happened += row.happened;
}

static void refute(struct court *court, uint8_t role)
{
	for (size_t i = 0; i < court->n; i++) {
		const struct voice *voice = &court->voices[i];
		struct learn_source *source = &court->learn->source[voice->source];

		source->role[role].now.refuted +=
			voice->is_news || (voice->is_known && voice->decay >= FRESH);
	}
}

/* What came of the claims about one indicator in one role. */
static void judge_role(struct court *court, size_t item, uint8_t role)
{
	struct learn *learn = court->learn;
	struct learn_case row = { .item = (uint32_t)item };
	bool is_judged = false;

	if (learn->table.items[item].is_refuted) {
		refute(court, role);
		return;
	}
	if (learn->table.items[item].is_wide || is_unseen(court))
		return;
	for (size_t i = 0; i < court->n; i++) {
		const struct voice *voice = &court->voices[i];
		struct learn_source *source = &learn->source[voice->source];
		bool confirmed;

		if (!voice->is_known)
			continue;
		confirmed = is_confirmed(court, voice->source);
		if (!confirmed && !is_watched(court, voice->source, role))
			continue;
		row.happened |= confirmed;
		is_judged = true;
		if (voice->decay < FRESH)
			continue;
		source->role[role].now.confirmed += confirmed ? 1.0 : 0.0;
		source->role[role].now.unconfirmed += confirmed ? 0.0 : 1.0;
		source->role[role].spoken += voice->spoken;
		source->role[role].judged++;
	}
	if (is_judged)
		case_add(learn, role, row);
}

/* How many watch what each source claims. */
static void find_watchers(struct court *court)
{
	const struct learn *learn = court->learn;

	for (size_t w = 0; w < learn->source_count; w++) {
		for (int role = 0; role < ROLE_COUNT; role++) {
			if (!learn->source[w].is_watcher[role])
				continue;
			for (uint32_t s = 0; s < learn->source_count; s++)
				court->watchers[role][s] +=
					learn->source[s].is_here && believes(learn, s, (uint32_t)w);
		}
	}
}

static void judge_all(struct court *court)
{
	const struct table *table = &court->learn->table;

	for (size_t i = 0; i < table->item_count; i++) {
		uint32_t end = table->items[i + 1].first;

		for (uint32_t c = table->items[i].first; c < end;) {
			uint8_t role = table->claims[c].role;

			c = hear_role(court, c, end);
			judge_role(court, i, role);
		}
	}
}

void learn_judge(struct learn *learn)
{
	struct court court = { .learn = learn };

	for (int role = 0; role < ROLE_COUNT; role++) {
		court.watchers[role] =
			calloc(learn->source_count + 1, sizeof *court.watchers[role]);
		must(court.watchers[role] != NULL);
	}
	find_watchers(&court);
	judge_all(&court);
	for (int role = 0; role < ROLE_COUNT; role++) {
		const struct learn_cases *cases = &learn->cases[role];

		learn->role[role].mean =
			cases->n > 0 ? (double)cases->happened / (double)cases->n : 0;
		free(court.watchers[role]);
	}
	free(court.voices);
	free(court.reporters);
	free(court.away);
}

/* ---- weights ---- */

static struct tally tally_of(const struct learn_source *source, int role)
{
	const struct tally *now = &source->role[role].now;
	const struct tally *carried = &source->role[role].carried;

	return (struct tally){ .confirmed = now->confirmed + carried->confirmed,
		.refuted = now->refuted + carried->refuted,
		.unconfirmed = now->unconfirmed + carried->unconfirmed };
}

static float weight_of(struct learn *learn, uint32_t s, int role, bool with_refuted)
{
	struct learn_source *source = &learn->source[s];
	struct tally tally = tally_of(source, role);
	double before =
		learn->base->score.roles[role].prior + (double)learn->sources[s].weight[role];
	double prior = LEARN_WEIGHT_PRIOR_CLAIMS;
	double spoken = source->role[role].judged == 0
				? 1.0
				: source->role[role].spoken / (double)source->role[role].judged;
	double supported = tally.confirmed + prior * logistic_of(before);
	double judged = tally.confirmed + tally.unconfirmed + prior;
	double weight;

	if (with_refuted)
		judged += REFUTED_CLAIMS * tally.refuted;
	source->role[role].rate = supported / judged;
	weight = logistic_logit(fmin(source->role[role].rate, RATE_MAX)) -
		 learn->role[role].base_log_odds;
	source->role[role].alone = weight / fmax(spoken, SPOKEN_LEAST);
	weight = source->role[role].alone + source->role[role].joint;
	return (float)fmin(fmax(weight, 0.0), WEIGHT_MAX);
}

/* Enough was judged, and enough of that confirmed, by those who are trusted already. */
static bool is_proven(const struct learn *learn, const struct learn_source *source)
{
	for (int role = 0; role < ROLE_COUNT; role++) {
		struct tally tally = tally_of(source, role);
		double judged = tally.confirmed + tally.unconfirmed;
		double rate = tally.confirmed / fmax(judged + REFUTED_CLAIMS * tally.refuted, 1.0);
		double least = fmax(logistic_of(learn->role[role].base_log_odds),
			PROVEN_SHARE * learn->role[role].mean);

		if (judged >= LEARN_PROVEN_CLAIMS && rate >= least)
			return true;
	}
	return false;
}

void learn_weigh(struct learn *learn, bool with_refuted)
{
	for (uint32_t s = 0; s < learn->source_count; s++) {
		struct learn_source *source = &learn->source[s];
		struct score_source *scored = &learn->scored[s];

		source->is_proven = is_proven(learn, source);
		*scored = learn->sources[s];
		scored->family = source->family;
		scored->is_proven = source->is_proven;
		scored->leader_count = source->leader_count;
		memcpy(scored->leaders, source->leaders, sizeof scored->leaders);
		for (int role = 0; role < ROLE_COUNT; role++)
			scored->weight[role] = weight_of(learn, s, role, with_refuted);
	}
}
