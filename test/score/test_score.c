/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The score against its own formula written down a second time, and the properties it promises. */
#include "prop.h"

#include "base/clock.h"
#include "evidence/claim.h"
#include "pehra.h"
#include "score/score.h"

#include <math.h>

enum { CLAIMS_MAX = 60, SOURCES = 12, FAMILIES = 5 };
static const int64_t NOW_S = 1795448940;

static size_t random_claims(struct prop *prop, struct score_claim *claims)
{
	size_t n = prop_below(prop, prop_below(prop, 8) == 0 ? CLAIMS_MAX : 6);

	for (size_t i = 0; i < n; i++) {
		uint32_t source = (uint32_t)prop_below(prop, SOURCES);

		claims[i] = (struct score_claim){
			.source = source,
			.family = source % FAMILIES,
			.weight = (float)prop_below(prop, 700) / 100.0F,
			.recent = (float)prop_below(prop, 3000) / 1000.0F,
			.lasting = (float)prop_below(prop, 3000) / 1000.0F,
			.role = (uint8_t)prop_below(prop, ROLE_COUNT),
			.category = (uint8_t)(1 + prop_below(prop, 30)),
			.confidence = (int16_t)((int16_t)prop_below(prop, 102) - 1),
			.is_listed = prop_below(prop, 2) == 0,
		};
	}
	return n;
}

/* The formula of score.h, slowly: per role, per family, the strongest claim. */
static double oracle_log_odds(
	const struct score_model *model, const struct score_claim *claims, size_t n, uint8_t role)
{
	double sum = model->prior[role];

	for (uint32_t family = 0; family < FAMILIES; family++) {
		double strongest = -1;

		for (size_t i = 0; i < n; i++) {
			const struct score_claim *claim = &claims[i];
			double share = model->recent_share;
			double decay = share * (double)claim->recent +
				       (1 - share) * (double)claim->lasting;
			double weight = (double)claim->weight;

			if (claim->role != role || claim->family != family)
				continue;
			if (claim->is_listed || decay > 1)
				decay = 1;
			if (claim->confidence != CONFIDENCE_UNKNOWN)
				weight *= 0.5 + claim->confidence / 200.0;
			strongest = fmax(strongest, weight * decay);
		}
		if (strongest >= 0)
			sum += strongest;
	}
	return sum;
}

static const char *equals_oracle(struct prop *prop)
{
	struct score_model model;
	struct score_claim claims[CLAIMS_MAX];
	struct score_claim copy[CLAIMS_MAX];
	struct score_part parts[SCORE_PARTS_MAX * 2];
	size_t n = random_claims(prop, claims);
	size_t part_count;
	struct score score;
	struct score without;
	int points[ROLE_COUNT] = { 0 };
	double sums[ROLE_COUNT] = { 0 };

	score_model_default(&model);
	memcpy(copy, claims, sizeof copy);
	score_of(&model, claims, n, NOW_S, &score, parts, ARRAY_LEN(parts), &part_count);
	score_of(&model, copy, n, NOW_S, &without, NULL, 0, NULL);
	if (memcmp(score.value, without.value, sizeof score.value) != 0 ||
		score.until_s != without.until_s || score.action != without.action)
		return "asking for the parts changed the score";
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		double expected = oracle_log_odds(&model, claims, n, (uint8_t)role);

		/* the accumulators are floats: seven digits */
		if (fabs(expected - score.log_odds[role]) > 1e-5)
			return "log-odds differ from the formula";
		for (size_t i = 0; i < part_count; i++) {
			if (parts[i].role != role)
				continue;
			points[role] += parts[i].points;
			sums[role] += parts[i].log_odds;
		}
		if (score.has_claims[role] &&
			(points[role] != score.value[role] ||
				fabs(sums[role] - score.log_odds[role]) > 1e-12))
			return "the parts do not add up to the score";
		if (!score.has_claims[role] && score.value[role] != 0)
			return "a score without claims";
	}
	return NULL;
}

static void test_oracle(void **state)
{
	(void)state;
	PROP_RUN(5000, equals_oracle);
}

/* The highest score that any role has so many days later, if nothing new is seen. */
static bool watched_after(
	const struct score_model *model, const struct score_claim *claims, size_t n, int days)
{
	struct score_claim later[CLAIMS_MAX];
	struct score score;

	for (size_t i = 0; i < n; i++) {
		double decay = score_claim_decay(model, &claims[i], days);

		later[i] = claims[i];
		later[i].is_listed = false;
		/* one accumulator pair that gives this decay at age 0 */
		later[i].recent = (float)decay;
		later[i].lasting = (float)decay;
	}
	score_of(model, later, n, NOW_S, &score, NULL, 0, NULL);
	return score.action != PEHRA_NONE;
}

static const char *forecast_is_right(struct prop *prop)
{
	struct score_model model;
	struct score_claim claims[CLAIMS_MAX];
	size_t n = random_claims(prop, claims);
	struct score score;

	score_model_default(&model);
	score_of(&model, claims, n, NOW_S, &score, NULL, 0, NULL);
	if (score.action == PEHRA_NONE)
		return score.until_s == 0 ? NULL : "an end without a verdict";
	if (score.until_s == 0)
		return watched_after(&model, claims, n, FORECAST_DAYS_MAX)
			       ? NULL
			       : "no end is told, though there is one";

	int days = (int)((score.until_s - NOW_S) / DAY_S);

	if (days > 1 && !watched_after(&model, claims, n, days - 2))
		return "it falls below the threshold before the forecast";
	/* floats: a day of tolerance */
	return days >= FORECAST_DAYS_MAX || !watched_after(&model, claims, n, days + 1)
		       ? NULL
		       : "it is still watched after the forecast";
}

static void test_forecast(void **state)
{
	(void)state;
	PROP_RUN(3000, forecast_is_right);
}

static const char *more_evidence_never_lowers(struct prop *prop)
{
	struct score_model model;
	struct score_claim claims[CLAIMS_MAX + 1];
	size_t n = random_claims(prop, claims);
	struct score before;
	struct score after;

	score_model_default(&model);
	score_of(&model, claims, n, NOW_S, &before, NULL, 0, NULL);
	claims[n] = (struct score_claim){ .source = 99,
		.family = (uint32_t)prop_below(prop, FAMILIES),
		.weight = 2.0F,
		.role = (uint8_t)prop_below(prop, ROLE_COUNT),
		.category = CATEGORY_SCANNER,
		.confidence = CONFIDENCE_UNKNOWN,
		.is_listed = true };
	score_of(&model, claims, n + 1, NOW_S, &after, NULL, 0, NULL);
	for (int role = 0; role < ROLE_COUNT; role++) {
		if (after.log_odds[role] < before.log_odds[role] - 1e-9)
			return "one more claim lowered a score";
	}
	return NULL;
}

static void test_monotone(void **state)
{
	(void)state;
	PROP_RUN(3000, more_evidence_never_lowers);
}

static void test_families_count_once(void **state)
{
	struct score_model model;
	struct score one;
	struct score two;
	struct score apart;
	struct score_claim claims[2] = {
		{ .source = 1,
			.family = 7,
			.weight = 3.5F,
			.role = ROLE_SOURCE,
			.category = CATEGORY_BRUTE_FORCE,
			.confidence = CONFIDENCE_UNKNOWN,
			.is_listed = true },
		{ .source = 2,
			.family = 7,
			.weight = 3.5F,
			.role = ROLE_SOURCE,
			.category = CATEGORY_BRUTE_FORCE,
			.confidence = CONFIDENCE_UNKNOWN,
			.is_listed = true },
	};

	(void)state;
	score_model_default(&model);
	score_of(&model, claims, 1, NOW_S, &one, NULL, 0, NULL);
	score_of(&model, claims, 2, NOW_S, &two, NULL, 0, NULL);
	assert_int_equal(one.value[ROLE_SOURCE], two.value[ROLE_SOURCE]);
	assert_int_equal(one.action, PEHRA_WATCH);
	claims[1].family = 8;
	score_of(&model, claims, 2, NOW_S, &apart, NULL, 0, NULL);
	assert_int_equal(apart.action, PEHRA_BLOCK);
	assert_true(apart.categories == UINT64_C(1) << CATEGORY_BRUTE_FORCE);
}

static void test_accumulators(void **state)
{
	struct score_model model;
	float recent;
	float lasting;

	(void)state;
	score_model_default(&model);
	score_accumulators_at(&model, 2, 2, NOW_S - 3 * DAY_S / 2, NOW_S, &recent, &lasting);
	assert_true(fabsf(recent - 1.0F) < 1e-6F);
	assert_true(lasting > 1.85F && lasting < 1.95F);
	/* a clock that jumped back does not let evidence grow */
	score_accumulators_at(&model, 2, 2, NOW_S + DAY_S, NOW_S, &recent, &lasting);
	assert_true(fabsf(recent - 2.0F) < 1e-6F);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oracle),
		cmocka_unit_test(test_forecast),
		cmocka_unit_test(test_monotone),
		cmocka_unit_test(test_families_count_once),
		cmocka_unit_test(test_accumulators),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
