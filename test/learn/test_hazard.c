/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decay found again in absences that were made with it. */
#include "prop.h"

#include "learn/hazard.h"

#include <math.h>

struct truth {
	double fast;
	double slow;
	double fast_half_life;
	double slow_half_life;
};

static double unit(struct prop *prop)
{
	return (double)(prop_u64(prop) >> 11) * 0x1p-53;
}

/* The hazard up to an age, in closed form. */
static double hazard_until(const struct truth *truth, double age)
{
	return truth->fast * truth->fast_half_life / M_LN2 *
		       -expm1(-M_LN2 * age / truth->fast_half_life) +
	       truth->slow * truth->slow_half_life / M_LN2 *
		       -expm1(-M_LN2 * age / truth->slow_half_life);
}

/* When one comes back, by bisection of the survival; watched for so many days. */
static void make_absence(
	struct prop *prop, const struct truth *truth, double watched, struct hazard *out)
{
	double target = -log(1 - unit(prop));
	double low = 0;
	double high = watched;

	if (hazard_until(truth, watched) < target) {
		hazard_add(out, watched, false);
		return;
	}
	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (hazard_until(truth, middle) < target)
			low = middle;
		else
			high = middle;
	}
	hazard_add(out, low, true);
}

static bool is_close(double found, double truth, double share)
{
	return fabs(found - truth) <= share * truth;
}

/* What matters of a decay is its curve. */
static const char *found_again(struct prop *prop)
{
	struct truth truth = { .fast = 0.05 + 0.1 * unit(prop),
		.slow = 0.004 + 0.006 * unit(prop),
		.fast_half_life = 1 + 2.5 * unit(prop),
		.slow_half_life = 12 + 40 * unit(prop) };
	double share = truth.fast / (truth.fast + truth.slow);
	struct hazard hazard = { 0 };
	struct score_decay decay = { 0 };

	for (int i = 0; i < 200000; i++)
		make_absence(prop, &truth, 1 + 300 * unit(prop), &hazard);
	if (!hazard_fit(&hazard, &decay))
		return "there were enough returns";
	for (int day = 0; day <= 60; day += 5) {
		double expected = share * exp2(-day / truth.fast_half_life) +
				  (1 - share) * exp2(-day / truth.slow_half_life);
		double found = decay.recent_share * exp2(-day / decay.recent_half_life_d) +
			       (1 - decay.recent_share) * exp2(-day / decay.lasting_half_life_d);

		if (fabs(found - expected) > 0.02 + 0.1 * expected)
			return "the curve is another";
	}
	if (!is_close(decay.recent_half_life_d, truth.fast_half_life, 0.2) ||
		!is_close(decay.lasting_half_life_d, truth.slow_half_life, 0.3))
		return "the half-lives are others";
	return NULL;
}

static void test_found_again(void **state)
{
	(void)state;
	PROP_RUN(8, found_again);
}

static void test_little(void **state)
{
	struct hazard hazard = { 0 };
	struct score_decay decay = { 0.5, 2, 30 };

	(void)state;
	for (int i = 0; i < HAZARD_RETURNS_LEAST - 1; i++)
		hazard_add(&hazard, 1.5, true);
	for (int i = 0; i < 10000; i++)
		hazard_add(&hazard, 50, false);
	hazard_add(&hazard, -1, true);
	hazard_add(&hazard, (double)NAN, true);
	hazard_add(&hazard, 1e9, true); /* counts as away */
	assert_false(hazard_fit(&hazard, &decay));
	assert_true(decay.recent_share <= 0.5 && decay.lasting_half_life_d >= 30);
	hazard_add(&hazard, 1.5, true);
	/* all on one day is no curve, but numbers come out */
	assert_true(hazard_fit(&hazard, &decay));
	assert_true(decay.recent_share > 0 && decay.recent_share < 1);
	assert_true(decay.recent_half_life_d > 0 && decay.lasting_half_life_d > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_again),
		cmocka_unit_test(test_little),
	};

	return cmocka_run_group_tests_name("hazard", tests, NULL, NULL);
}
