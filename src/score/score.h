/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The score: how likely it is that an independent source will report an indicator, per role.
 *
 * Additive in log-odds, so that every part can be named:
 *     L(role) = prior(role) + sum over families of max(weight * decay) ;  score = 100 * logistic(L)
 * Sources of one family copy each other, so only the strongest of them counts. A claim decays by
 * two exponentials (1.5 and 20 days: measured, docs/decisions/0030-decay.md); a claim that its
 * source still lists has age 0, and claims about policy do not decay while listed.
 *
 * Pure: the result depends on the claims, the model and the time given, on nothing else.
 */
#pragma once

#include "evidence/taxonomy.h"

enum { SCORE_MAX = 100, SCORE_PARTS_MAX = 64, FORECAST_DAYS_MAX = 730 };

/* What a score is computed with. Versioned, so that a verdict of the past can be replayed. */
struct score_model {
	int version;
	double prior[ROLE_COUNT];   /* log-odds of an indicator of which nothing is known */
	double recent_share;        /* of the decay that a fresh claim has, by the fast part */
	double recent_half_life_d;  /* days */
	double lasting_half_life_d; /* days */
	double default_weight;      /* of a source that has none of its own */
	/* thresholds of the default policy, on the score, per role; 101: never */
	uint8_t watch_from[ROLE_COUNT];
	uint8_t challenge_from[ROLE_COUNT];
	uint8_t block_from[ROLE_COUNT];

	/* Filled by score_model_prepare(), so that scoring a million needs no exp() per forecast.
	 */
	double watch_log_odds[ROLE_COUNT];      /* least log-odds that reach watch_from */
	float recent_at[FORECAST_DAYS_MAX + 1]; /* share of the fast part left after so many days */
	float lasting_at[FORECAST_DAYS_MAX + 1]; /* the same of the slow part */
};

/* The model that is used until one is learned; prepared. */
void score_model_default(struct score_model *out);
/* Fills the derived tables after the parameters changed. */
void score_model_prepare(struct score_model *model);

/* One claim as scoring sees it: a row of evidence, brought to the time of scoring. */
struct score_claim {
	uint32_t source;
	uint32_t family; /* sources that copy each other share it; else the source's own number */
	float weight;    /* log-odds that a fresh claim of this source adds */
	float recent;    /* the two accumulators, decayed to the time of scoring */
	float lasting;
	uint8_t role;       /* enum role */
	uint8_t category;   /* enum category */
	int16_t confidence; /* 0..100, or CONFIDENCE_UNKNOWN */
	bool is_listed;     /* the source still says so */
};

/* Why the score is what it is. Points of all parts of a role add up to its score exactly. */
struct score_part {
	enum { SCORE_PART_PRIOR, SCORE_PART_FAMILY } kind;
	uint8_t role;
	uint8_t category; /* SCORE_PART_FAMILY */
	uint32_t source;  /* SCORE_PART_FAMILY: the source whose claim counts */
	uint32_t family;  /* SCORE_PART_FAMILY */
	double decay;     /* 0..1 */
	double log_odds;
	int points;
};

struct score {
	double log_odds[ROLE_COUNT];
	uint8_t value[ROLE_COUNT]; /* 0..100; 0 in a role without claims */
	bool has_claims[ROLE_COUNT];
	uint8_t action;      /* enum pehra_action of lib/pehra.h, the strongest of the roles */
	uint64_t categories; /* bit mask of those claimed and not yet faded */
	int64_t until_s; /* when no role is watched any more if nothing new is seen; 0: no end */
};

/*
 * Scores the claims about one indicator. parts may be NULL; else at most parts_max are filled,
 * *part_count says how many there were. claims may be reordered.
 */
void score_of(const struct score_model *model, struct score_claim *claims, size_t n, int64_t now_s,
	struct score *out, struct score_part *parts, size_t parts_max, size_t *part_count);

/* The decay, 0..1, of a claim so many whole days (0..FORECAST_DAYS_MAX) after the scoring time. */
double score_claim_decay(
	const struct score_model *model, const struct score_claim *claim, int days);

/* Brings stored accumulators from their own time to now_s. Time that runs backwards counts as 0. */
void score_accumulators_at(const struct score_model *model, double recent, double lasting,
	int64_t at_s, int64_t now_s, float *recent_out, float *lasting_out);

/* 100 * logistic(log_odds), rounded. */
uint8_t score_value(double log_odds);
