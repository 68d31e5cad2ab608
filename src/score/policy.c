/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/policy.h"

#include "pehra.h"
#include "score/score.h"

#include <math.h>

void policy_default(struct policy *out)
{
	const struct policy_threshold acts = { 10, 50, 75 };
	const struct policy_threshold watches = { 10, POLICY_NEVER, POLICY_NEVER };

	*out = (struct policy){ .ip4_width_min = 16, .ip6_length_min = 32 };
	for (int role = 0; role < ROLE_COUNT; role++) {
		for (int category = 0; category < CATEGORY_COUNT; category++)
			out->at[role][category] = role == ROLE_POLICY ? watches : acts;
	}
	policy_prepare(out);
}

/* The least log-odds whose score_value() reaches the threshold. */
static double log_odds_of_threshold(unsigned threshold)
{
	enum { STEPS_MAX = 64 };
	double share = (threshold - 0.5) / SCORE_MAX;

	if (threshold > SCORE_MAX)
		return HUGE_VAL;
	if (threshold == 0)
		return -HUGE_VAL;

	/* half a point less is rounded up; log() and exp() may be a few steps off each other */
	double least = log(share / (1 - share));

	for (int i = 0; i < STEPS_MAX && score_value(least) < threshold; i++)
		least = nextafter(least, HUGE_VAL);
	for (int i = 0; i < STEPS_MAX; i++) {
		double less = nextafter(least, -HUGE_VAL);

		if (score_value(less) < threshold)
			break;
		least = less;
	}
	return least;
}

void policy_prepare(struct policy *policy)
{
	for (int role = 0; role < ROLE_COUNT; role++) {
		for (int category = 0; category < CATEGORY_COUNT; category++) {
			uint8_t watch = policy->at[role][category].watch;
			bool is_same =
				category > 0 && watch == policy->at[role][category - 1].watch;

			policy->watch_log_odds[role][category] =
				is_same ? policy->watch_log_odds[role][category - 1]
					: log_odds_of_threshold(watch);
		}
	}
}

bool policy_is_wide(const struct policy *policy, const struct prefix *prefix)
{
	if (prefix == NULL)
		return false;
	return prefix_width(prefix) <
	       (prefix_is_v4(prefix) ? policy->ip4_width_min : policy->ip6_length_min);
}

static uint8_t lesser(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

/* The lowest thresholds of the categories, of which there is one at least. */
static struct policy_threshold threshold_of(
	const struct policy_threshold at[CATEGORY_COUNT], uint64_t categories)
{
	struct policy_threshold least = at[__builtin_ctzll(categories)];

	while ((categories &= categories - 1) != 0) {
		const struct policy_threshold *each = &at[__builtin_ctzll(categories)];

		least.watch = lesser(least.watch, each->watch);
		least.challenge = lesser(least.challenge, each->challenge);
		least.block = lesser(least.block, each->block);
	}
	return least;
}

uint8_t policy_action(const struct policy *policy, const uint8_t value[ROLE_COUNT],
	const uint64_t categories[ROLE_COUNT], const struct prefix *prefix)
{
	uint8_t action = PEHRA_NONE;

	for (int role = 0; role < ROLE_COUNT; role++) {
		if (categories[role] == 0)
			continue;

		struct policy_threshold at = threshold_of(policy->at[role], categories[role]);
		uint8_t each = value[role] >= at.block       ? PEHRA_BLOCK
			       : value[role] >= at.challenge ? PEHRA_CHALLENGE
			       : value[role] >= at.watch     ? PEHRA_WATCH
							     : PEHRA_NONE;

		action = each > action ? each : action;
	}
	if (action == PEHRA_BLOCK && policy_is_wide(policy, prefix))
		action = PEHRA_CHALLENGE;
	return action;
}
