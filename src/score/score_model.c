/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"
#include "score/score_int.h"

#include <math.h>

/*
 * The shares and half-lives are the two-exponential fit of return hazards over 175 days of one
 * operator's daily lists: 0.0965 * 2^(-age/1.5d) + 0.0055 * 2^(-age/20d).
 */
static const struct score_decay default_decay = {
	.recent_share = 0.0965 / (0.0965 + 0.0055),
	.recent_half_life_d = 1.5,
	.lasting_half_life_d = 20.0,
};

/* The rest is caution until something was learned: one good source is watched, two are blocked. */
void score_model_default(struct score_model *out)
{
	const struct score_role_model attacks = {
		.prior = -4.0,
		.decay = default_decay,
		.near_any = { 0.3, 0.1 },
		.near_each = { 0.2, 0.1 },
		.network = 1.0,
		.episode = 0.3,
		.surroundings_max = 1.5,
		.shared_near = 0.3,
		.cloud_doubt = 0.2,
		.spoofable_share = 0.5,
		.unproven_max = 3.0,
		.scale = 1.0,
	};

	*out = (struct score_model){ .version = 1, .default_weight = 3.0 };
	out->roles[ROLE_SOURCE] = attacks;
	out->roles[ROLE_SOURCE].shared_doubt = 0.5;
	out->roles[ROLE_DESTINATION] = attacks;
	out->roles[ROLE_POLICY] = (struct score_role_model){ .prior = -4.0,
		.decay = default_decay,
		.shared_near = 1.0,
		.spoofable_share = 1.0,
		.unproven_max = 3.0,
		.scale = 1.0 };
	score_model_prepare(out);
}

void score_model_prepare(struct score_model *model)
{
	for (int i = 0; i < ROLE_COUNT; i++) {
		struct score_role_model *role = &model->roles[i];
		const struct score_decay *decay = &role->decay;

		for (int day = 0; day <= FORECAST_DAYS_MAX; day++) {
			role->recent_at[day] =
				decay->recent_share * exp2(-day / decay->recent_half_life_d);
			role->lasting_at[day] = (1.0 - decay->recent_share) *
						exp2(-day / decay->lasting_half_life_d);
		}
	}
}

void score_accumulators_at(const struct score_decay *decay, double recent, double lasting,
	int64_t at_s, int64_t now_s, float *recent_out, float *lasting_out)
{
	double days = now_s > at_s ? (double)(now_s - at_s) / DAY_S : 0.0;

	*recent_out = (float)(recent * exp2(-days / decay->recent_half_life_d));
	*lasting_out = (float)(lasting * exp2(-days / decay->lasting_half_life_d));
}

uint8_t score_value(double log_odds)
{
	return (uint8_t)lround(SCORE_MAX / (1.0 + exp(-log_odds)));
}

double score_claim_decay(const struct score_model *model, const struct score_claim *claim, int days)
{
	return score_decay_of(&model->roles[claim->role], claim, days);
}
