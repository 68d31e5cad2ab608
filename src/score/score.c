/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/score.h"

#include "base/clock.h"
#include "evidence/claim.h"
#include "pehra.h"

#include <math.h>

/* A claim that has faded to less than this share no longer names its category. */
static const double CATEGORY_FADED = 0.02;

/*
 * The shares and half-lives are the two-exponential fit of return hazards over 175 days of one
 * operator's daily lists: 0.0965 * 2^(-age/1.5d) + 0.0055 * 2^(-age/20d).
 */
void score_model_default(struct score_model *out)
{
	*out = (struct score_model){
		.version = 1,
		.prior = { -4.0, -4.0, -4.0 },
		.recent_share = 0.0965 / (0.0965 + 0.0055),
		.recent_half_life_d = 1.5,
		.lasting_half_life_d = 20.0,
		.default_weight = 3.0,
		.watch_from = { 10, 10, 10 },
		.challenge_from = { 50, 50, 101 },
		.block_from = { 75, 75, 101 },
	};
	score_model_prepare(out);
}

/* score_value() rounds, so half a point less than the threshold reaches it. */
static double log_odds_of_threshold(uint8_t threshold)
{
	double share = (threshold - 0.5) / SCORE_MAX;

	return threshold > SCORE_MAX ? HUGE_VAL
	       : threshold == 0      ? -HUGE_VAL
				     : log(share / (1 - share));
}

void score_model_prepare(struct score_model *model)
{
	for (int role = 0; role < ROLE_COUNT; role++)
		model->watch_log_odds[role] = log_odds_of_threshold(model->watch_from[role]);
	for (int day = 0; day <= FORECAST_DAYS_MAX; day++) {
		model->recent_at[day] =
			(float)(model->recent_share * exp2(-day / model->recent_half_life_d));
		model->lasting_at[day] = (float)((1.0 - model->recent_share) *
						 exp2(-day / model->lasting_half_life_d));
	}
}

void score_accumulators_at(const struct score_model *model, double recent, double lasting,
	int64_t at_s, int64_t now_s, float *recent_out, float *lasting_out)
{
	double days = now_s > at_s ? (double)(now_s - at_s) / DAY_S : 0.0;

	*recent_out = (float)(recent * exp2(-days / model->recent_half_life_d));
	*lasting_out = (float)(lasting * exp2(-days / model->lasting_half_life_d));
}

uint8_t score_value(double log_odds)
{
	return (uint8_t)lround(SCORE_MAX / (1.0 + exp(-log_odds)));
}

/* A source that is unsure of its own claim speaks with at least half its weight. */
static double claim_weight(const struct score_claim *claim)
{
	if (claim->confidence == CONFIDENCE_UNKNOWN)
		return (double)claim->weight;
	return (double)claim->weight * (0.5 + claim->confidence / 200.0);
}

double score_claim_decay(const struct score_model *model, const struct score_claim *claim, int days)
{
	float recent = claim->recent;
	float lasting = claim->lasting;

	if (claim->is_listed && (claim->role == ROLE_POLICY || days == 0))
		return 1.0;
	/* what is listed now counts as seen now */
	if (claim->is_listed) {
		recent = recent > 1.0F ? recent : 1.0F;
		lasting = lasting > 1.0F ? lasting : 1.0F;
	}

	float decay = model->recent_at[days] * recent + model->lasting_at[days] * lasting;

	return decay < 1.0F ? (double)decay : 1.0;
}

static bool claim_is_before(const struct score_claim *a, const struct score_claim *b)
{
	if (a->role != b->role)
		return a->role < b->role;
	if (a->family != b->family)
		return a->family < b->family;
	if (a->source != b->source)
		return a->source < b->source;
	return a->category < b->category;
}

static int claim_order(const void *a, const void *b)
{
	return claim_is_before(b, a) - claim_is_before(a, b);
}

/* Nearly always fewer than ten claims, and in order already; many reporters must not cost n². */
static void claims_sort(struct score_claim *claims, size_t n)
{
	enum { INSERTION_MAX = 32 };

	if (n > INSERTION_MAX) {
		qsort(claims, n, sizeof *claims, claim_order);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct score_claim claim = claims[i];
		size_t j = i;

		for (; j > 0 && claim_is_before(&claim, &claims[j - 1]); j--)
			claims[j] = claims[j - 1];
		claims[j] = claim;
	}
}

/* The end of the run of claims of the same role and family that starts at i. */
static size_t family_end(const struct score_claim *claims, size_t n, size_t i)
{
	size_t end = i + 1;

	while (end < n && claims[end].role == claims[i].role &&
		claims[end].family == claims[i].family)
		end++;
	return end;
}

/* The strongest claim of a family, days from now; *strength is what it adds in log-odds. */
static size_t family_strongest(const struct score_model *model, const struct score_claim *claims,
	size_t from, size_t end, int days, double *strength)
{
	size_t best = from;

	*strength = -HUGE_VAL;
	for (size_t i = from; i < end; i++) {
		double each = claim_weight(&claims[i]) * score_claim_decay(model, &claims[i], days);

		if (each > *strength) {
			*strength = each;
			best = i;
		}
	}
	return best;
}

/* Would any role still be watched so many days from now? claims are sorted. */
static bool is_watched(
	const struct score_model *model, const struct score_claim *claims, size_t n, int days)
{
	for (size_t i = 0; i < n;) {
		uint8_t role = claims[i].role;
		double log_odds = model->prior[role];

		while (i < n && claims[i].role == role) {
			size_t end = family_end(claims, n, i);
			double strength;

			(void)family_strongest(model, claims, i, end, days, &strength);
			log_odds += strength;
			i = end;
		}
		if (log_odds >= model->watch_log_odds[role])
			return true;
	}
	return false;
}

/* The first whole day from now on which nothing is watched, by bisection: decay only falls. */
static int64_t forecast(
	const struct score_model *model, const struct score_claim *claims, size_t n, int64_t now_s)
{
	int low = 0;
	int high = FORECAST_DAYS_MAX;

	if (is_watched(model, claims, n, high))
		return 0;
	while (low < high) {
		int middle = (low + high) / 2;

		if (is_watched(model, claims, n, middle))
			low = middle + 1;
		else
			high = middle;
	}
	return now_s + (int64_t)low * DAY_S;
}

static uint8_t action_of(const struct score_model *model, const struct score *score)
{
	uint8_t action = PEHRA_NONE;

	for (int role = 0; role < ROLE_COUNT; role++) {
		uint8_t value = score->value[role];
		uint8_t each = value >= model->block_from[role]       ? PEHRA_BLOCK
			       : value >= model->challenge_from[role] ? PEHRA_CHALLENGE
			       : value >= model->watch_from[role]     ? PEHRA_WATCH
								      : PEHRA_NONE;

		if (score->has_claims[role] && each > action)
			action = each;
	}
	return action;
}

struct part_list {
	struct score_part *parts; /* NULL: nobody asks */
	size_t max;
	size_t n;
	double log_odds; /* so far, within the role */
	int points;      /* so far, within the role; only when somebody asks */
};

/* Points are differences of the rounded running score, so they add up to it exactly. */
static void part_add(struct part_list *list, struct score_part part)
{
	list->log_odds += part.log_odds;
	if (list->n < list->max) {
		int before = list->points;

		list->points = score_value(list->log_odds);
		part.points = list->points - before;
		list->parts[list->n] = part;
	}
	list->n++;
}

static void role_start(
	const struct score_model *model, struct part_list *list, struct score *out, uint8_t role)
{
	list->log_odds = 0;
	list->points = 0;
	out->has_claims[role] = true;
	part_add(list, (struct score_part){ .kind = SCORE_PART_PRIOR,
			       .role = role,
			       .decay = 1,
			       .log_odds = model->prior[role] });
}

void score_of(const struct score_model *model, struct score_claim *claims, size_t n, int64_t now_s,
	struct score *out, struct score_part *parts, size_t parts_max, size_t *part_count)
{
	struct part_list list = { .parts = parts, .max = parts == NULL ? 0 : parts_max };

	*out = (struct score){ 0 };
	memcpy(out->log_odds, model->prior, sizeof out->log_odds);
	claims_sort(claims, n);
	for (size_t i = 0; i < n;) {
		size_t end = family_end(claims, n, i);
		uint8_t role = claims[i].role;
		double strength;
		size_t best = family_strongest(model, claims, i, end, 0, &strength);

		if (!out->has_claims[role])
			role_start(model, &list, out, role);
		part_add(&list, (struct score_part){ .kind = SCORE_PART_FAMILY,
					.role = role,
					.category = claims[best].category,
					.source = claims[best].source,
					.family = claims[best].family,
					.decay = score_claim_decay(model, &claims[best], 0),
					.log_odds = strength });
		out->log_odds[role] = list.log_odds;
		for (; i < end; i++) {
			if (score_claim_decay(model, &claims[i], 0) >= CATEGORY_FADED)
				out->categories |= UINT64_C(1) << claims[i].category;
		}
	}
	for (int role = 0; role < ROLE_COUNT; role++)
		out->value[role] = out->has_claims[role] ? score_value(out->log_odds[role]) : 0;
	out->action = action_of(model, out);
	if (out->action != PEHRA_NONE)
		out->until_s = forecast(model, claims, n, now_s);
	if (part_count != NULL)
		*part_count = list.n;
}
