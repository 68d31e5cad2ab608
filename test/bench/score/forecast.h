/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our own method, as the product does it: the model is learned from the past alone (learn/learn.h),
 * claims are scored by score_of() with what lies around, the policy and the rules decide.
 */
#pragma once

#include "bench/score/peers.h"
#include "guard/rules.h"
#include "learn/learn.h"
#include "score/policy.h"

struct forecast {
	const struct history *history;
	const struct rules *rules;
	struct policy policy;
	struct model model;
	struct score_source *sources; /* by number in the history */
	const struct learn_route *routes;
	size_t route_count;

	/* of each indicator: where its neighbours are counted, and what rules say of it */
	uint32_t *group[SCORE_NEAR_LEVELS]; /* or PREFIX_INDEX_NONE */
	struct rule_match *matches;
	uint32_t *wider; /* the closest indicator that holds it, or PREFIX_INDEX_NONE */
	struct str *keys;

	/* of the day: how many are active in each group, and who is */
	uint32_t *near[SCORE_NEAR_LEVELS][ROLE_COUNT];
	uint8_t *is_active; /* by indicator, bits by role */
	struct arena arena;
};

/* With the built-in model. history, rules and routes are borrowed; rules may be NULL. */
void forecast_init(struct forecast *forecast, const struct history *history,
	const struct rules *rules, const struct learn_route *routes, size_t route_count);
void forecast_done(struct forecast *forecast); /* for CLEANUP */

/*
 * Learns anew: then is the history at the end of an earlier day, now what came of it. The report of
 * learning goes into json.
 */
void forecast_learn(struct forecast *forecast, const struct ledger *then, const struct ledger *now,
	bool decay, struct buf *json);

/* Counts neighbours for the days' scores. */
void forecast_day(struct forecast *forecast, const struct ledger *ledger, int64_t now_s);

/* Of the role src at least the log-odds count; an indicator without claims has those of the prior.
 */
struct verdict {
	struct score score;
	uint8_t scored; /* enum pehra_action: the policy's word */
	uint8_t action; /* what is answered: the rules' word is the last */
};
void forecast_judge(const struct forecast *forecast, const struct view *view, uint32_t indicator,
	struct verdict *out);
