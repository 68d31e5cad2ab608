/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files that make score_of(); see score.h. */
#pragma once

#include "score/score.h"

#include <math.h>

/* The claims of one role in their order, and what stays the same however old they get. */
struct score_run {
	const struct score_role_model *model;
	const struct score_claim *claims;
	size_t n;
	double constant; /* all of the log-odds but the claims */
};

/* What a family says so many days from now. */
struct score_voice {
	size_t end;          /* behind its last claim */
	size_t best;         /* its strongest claim */
	double decay;        /* of that one */
	double full;         /* what that one would add if it could not be forged */
	double counted;      /* what it adds */
	double vouched;      /* the most that its sources which are not new say */
	uint64_t categories; /* that have not faded */
};

/* Notes what is known of the claims' sources, and puts claims in order of role, line, family. */
void score_order(const struct score_model *model, const struct score_source *sources,
	struct score_claim *claims, size_t n);

/* When no role is watched any more; 0: no end. */
int64_t score_forecast(
	const struct policy *policy, const struct score_run runs[ROLE_COUNT], int64_t now_s);

static inline double score_decay_of(
	const struct score_role_model *model, const struct score_claim *claim, int days)
{
	double recent = (double)claim->recent;
	double lasting = (double)claim->lasting;

	if (claim->is_listed) {
		if (claim->role == ROLE_POLICY || days == 0)
			return 1.0;
		/* what is listed now counts as seen now */
		recent = recent > 1.0 ? recent : 1.0;
		lasting = lasting > 1.0 ? lasting : 1.0;
	}

	double decay = model->recent_at[days] * recent + model->lasting_at[days] * lasting;

	return decay < 1.0 ? decay : 1.0;
}

/* Decay is a share of the odds that a fresh claim gives, not of their logarithm. */
static inline double score_says(const struct score_claim *claim, double decay)
{
	return decay < 1.0 ? log1p(decay * claim->note.odds) : claim->note.weight;
}

/* A claim that has faded to less than this share no longer names its category. */
#define SCORE_FADED 0.02

/* Of the family whose first claim is i. */
static inline struct score_voice score_voice_of(const struct score_run *run, size_t i, int days)
{
	const struct score_claim *claims = run->claims;
	struct score_voice voice = { .best = i, .counted = -1.0 };
	uint32_t family = claims[i].note.family;

	for (; i < run->n && claims[i].note.family == family; i++) {
		const struct score_claim *claim = &claims[i];
		double decay = score_decay_of(run->model, claim, days);
		double full = score_says(claim, decay);
		double counted =
			claim->note.is_spoofable ? full * run->model->spoofable_share : full;

		if (decay >= SCORE_FADED)
			voice.categories |= UINT64_C(1) << claim->category;
		if (!claim->note.is_new && counted > voice.vouched)
			voice.vouched = counted;
		if (counted > voice.counted) {
			voice.best = i;
			voice.decay = decay;
			voice.full = full;
			voice.counted = counted;
		}
	}
	voice.end = i;
	return voice;
}
