/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decay from absences: how soon after leaving their lists indicators come back. The chance per day
 * of coming back is fitted as a * 2^(-age / fast) + b * 2^(-age / slow), by maximum likelihood on
 * whole days; those that are away still count for as long as they have been away. The decay is that
 * curve, as a share of its beginning.
 */
#pragma once

#include "score/score.h"

enum { HAZARD_DAYS = 366, HAZARD_RETURNS_LEAST = 500 };

/* By whole days away; longer ones count as HAZARD_DAYS - 1, still away. Zero-initialised is empty.
 */
struct hazard {
	uint64_t returned[HAZARD_DAYS];
	uint64_t away[HAZARD_DAYS];
};

void hazard_add(struct hazard *hazard, double age_days, bool has_returned);
uint64_t hazard_returns(const struct hazard *hazard);
/* False, and *out as it was, with fewer than HAZARD_RETURNS_LEAST returns. */
bool hazard_fit(const struct hazard *hazard, struct score_decay *out);
