/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/hazard.h"

#include <math.h>

/* Half-lives are looked for within these, in days. */
static const double FAST_LEAST = 0.5;
static const double FAST_MOST = 5.0;
static const double SLOW_LEAST = 8.0;
static const double SLOW_MOST = 90.0;
/* Neither part may vanish: what is seen of the other may come later. */
static const double SHARE_LEAST = 0.05;
static const double SHARE_MOST = 0.99;

enum { GRID = 16, FINER_EACH_WAY = 2, FINER_ROUNDS = 8, STEPS_MAX = 60, HALVINGS_MAX = 40 };

void hazard_add(struct hazard *hazard, double age_days, bool has_returned)
{
	if (!(age_days >= 0))
		return;
	if (age_days >= HAZARD_DAYS - 1)
		hazard->away[HAZARD_DAYS - 1]++;
	else if (has_returned)
		hazard->returned[(size_t)age_days]++;
	else
		hazard->away[(size_t)age_days]++;
}

uint64_t hazard_returns(const struct hazard *hazard)
{
	uint64_t sum = 0;

	for (size_t day = 0; day < HAZARD_DAYS; day++)
		sum += hazard->returned[day];
	return sum;
}

/* Survival by days: who came back, and for how many person-days nobody did. */
struct survival {
	double returned[HAZARD_DAYS];
	double stayed[HAZARD_DAYS]; /* who was away all that day; half of those last seen in it */
	size_t from;                /* days before the first return tell of the rhythm of lists */
};

static void survival_of(const struct hazard *hazard, struct survival *out)
{
	double at_risk = 0;

	*out = (struct survival){ 0 };
	for (size_t day = HAZARD_DAYS; day-- > 0;) {
		double returned = (double)hazard->returned[day];
		double away = (double)hazard->away[day];

		out->returned[day] = returned;
		out->stayed[day] = at_risk + away / 2;
		at_risk += returned + away;
		if (returned > 0)
			out->from = day;
	}
}

/* The part of a day's hazard that a half-life makes, for a coefficient of 1. */
static void curve_of(double half_life, double out[HAZARD_DAYS])
{
	double rate = M_LN2 / half_life;

	for (size_t day = 0; day < HAZARD_DAYS; day++)
		out[day] = exp(-rate * (double)day) * -expm1(-rate) / rate;
}

struct curves {
	double fast[HAZARD_DAYS];
	double slow[HAZARD_DAYS];
};

static double log_likelihood(
	const struct survival *survival, const struct curves *curves, double a, double b)
{
	double sum = 0;

	for (size_t day = survival->from; day < HAZARD_DAYS; day++) {
		double hazard = a * curves->fast[day] + b * curves->slow[day];

		if (survival->returned[day] > 0)
			sum += survival->returned[day] * log(-expm1(-hazard));
		sum -= survival->stayed[day] * hazard;
	}
	return sum;
}

/* The two coefficients and the likelihood that they reach. */
struct coefficients {
	double fast;
	double slow;
	double likelihood;
};

/* Newton's step in the logarithms of both, which keeps them positive. */
static void newton_step(const struct survival *survival, const struct curves *curves,
	const struct coefficients *at, double *fast, double *slow)
{
	double g[2] = { 0, 0 };
	double h[3] = { 0, 0, 0 };

	for (size_t day = survival->from; day < HAZARD_DAYS; day++) {
		double f = at->fast * curves->fast[day];
		double s = at->slow * curves->slow[day];
		double hazard = f + s;
		double more = 1.0 / expm1(hazard); /* d ln(1 - e^-h) / dh */
		double first = survival->returned[day] * more - survival->stayed[day];
		double second = -survival->returned[day] * more * (1.0 + more);

		g[0] += first * f;
		g[1] += first * s;
		h[0] -= second * f * f + fmin(first, 0) * f;
		h[1] -= second * f * s;
		h[2] -= second * s * s + fmin(first, 0) * s;
	}
	/* a little on the diagonal, so that a part of no effect stays where it is */
	h[0] += 1e-9 + 1e-6 * h[0];
	h[2] += 1e-9 + 1e-6 * h[2];

	double determinant = h[0] * h[2] - h[1] * h[1];

	if (determinant <= 0) {
		*fast = g[0] / h[0];
		*slow = g[1] / h[2];
		return;
	}
	*fast = (h[2] * g[0] - h[1] * g[1]) / determinant;
	*slow = (h[0] * g[1] - h[1] * g[0]) / determinant;
}

static double bounded(double x, double low, double high)
{
	return fmin(fmax(x, low), high);
}

static struct coefficients fit_coefficients(
	const struct survival *survival, const struct curves *curves)
{
	struct coefficients best = { .fast = 0.05, .slow = 0.005 };

	best.likelihood = log_likelihood(survival, curves, best.fast, best.slow);
	for (int i = 0; i < STEPS_MAX; i++) {
		struct coefficients next = best;
		double fast;
		double slow;
		double length = 1;

		newton_step(survival, curves, &best, &fast, &slow);
		fast = bounded(fast, -2, 2);
		slow = bounded(slow, -2, 2);
		for (int j = 0; j < HALVINGS_MAX; j++) {
			next.fast = bounded(best.fast * exp(length * fast), 1e-9, 50);
			next.slow = bounded(best.slow * exp(length * slow), 1e-9, 50);
			next.likelihood = log_likelihood(survival, curves, next.fast, next.slow);
			if (next.likelihood > best.likelihood)
				break;
			length /= 2;
		}
		if (!(next.likelihood > best.likelihood + 1e-10 * fabs(best.likelihood)))
			break;
		best = next;
	}
	return best;
}

struct search {
	const struct survival *survival;
	double fast;
	double slow;
	struct coefficients best;
};

static void try_pair(struct search *search, double fast, double slow)
{
	struct curves curves = { 0 };
	struct coefficients found;

	curve_of(fast, curves.fast);
	curve_of(slow, curves.slow);
	found = fit_coefficients(search->survival, &curves);
	if (found.likelihood > search->best.likelihood) {
		search->best = found;
		search->fast = fast;
		search->slow = slow;
	}
}

/* A grid of equal ratios, then ever finer ones around the best. */
static void search_half_lives(struct search *search)
{
	double fast_ratio = pow(FAST_MOST / FAST_LEAST, 1.0 / (GRID - 1));
	double slow_ratio = pow(SLOW_MOST / SLOW_LEAST, 1.0 / (GRID - 1));

	for (int i = 0; i < GRID; i++) {
		for (int j = 0; j < GRID; j++)
			try_pair(search, FAST_LEAST * pow(fast_ratio, i),
				SLOW_LEAST * pow(slow_ratio, j));
	}
	for (int round = 0; round < FINER_ROUNDS; round++) {
		double fast = search->fast;
		double slow = search->slow;

		fast_ratio = sqrt(fast_ratio);
		slow_ratio = sqrt(slow_ratio);
		for (int i = -FINER_EACH_WAY; i <= FINER_EACH_WAY; i++) {
			for (int j = -FINER_EACH_WAY; j <= FINER_EACH_WAY; j++)
				try_pair(search,
					bounded(fast * pow(fast_ratio, i), FAST_LEAST, FAST_MOST),
					bounded(slow * pow(slow_ratio, j), SLOW_LEAST, SLOW_MOST));
		}
	}
}

bool hazard_fit(const struct hazard *hazard, struct score_decay *out)
{
	struct survival survival;
	struct search search = { .survival = &survival, .best = { .likelihood = -HUGE_VAL } };

	if (hazard_returns(hazard) < HAZARD_RETURNS_LEAST)
		return false;
	survival_of(hazard, &survival);
	search_half_lives(&search);
	*out = (struct score_decay){
		.recent_share = bounded(search.best.fast / (search.best.fast + search.best.slow),
			SHARE_LEAST, SHARE_MOST),
		.recent_half_life_d = search.fast,
		.lasting_half_life_d = search.slow,
	};
	return true;
}
