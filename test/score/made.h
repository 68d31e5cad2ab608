/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random models, sources, claims and policies, and the formula of score.h written a second time. */
#pragma once

#include "prop.h"

#include "score/score.h"

enum { MADE_CLAIMS_MAX = 60, MADE_SOURCES = 14, MADE_FAMILIES = 7 };

struct made {
	struct score_model model;
	struct policy policy;
	struct score_source sources[MADE_SOURCES];
	struct score_claim claims[MADE_CLAIMS_MAX + 1];
	struct score_input input;
	struct prefix prefix;
};

extern const int64_t made_now_s;

void made_fill(struct prop *prop, struct made *made);
/* The input over a copy of the claims, because scoring puts them in order. */
struct score_input made_copy(const struct made *made, struct score_claim *claims);

/* A role's log-odds so many days after the scoring time, and the categories that are left. */
long double made_log_odds(const struct made *made, unsigned role, int days, uint64_t *categories);
/* The lowest watch threshold among the categories. */
uint8_t made_watch(const struct policy *policy, unsigned role, uint64_t categories);
