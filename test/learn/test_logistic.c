/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The regressions, against plain descent and against what they promise. */
#include "learn/made.h"

#include "learn/logistic.h"
#include "learn/platt.h"

#include <math.h>

enum { ROWS = 400, TERMS_MOST = 6 };

struct problem {
	float x[ROWS * TERMS_MOST];
	bool y[ROWS];
	struct logistic_term terms[TERMS_MOST];
	struct logistic logistic;
};

static double unit(struct prop *prop)
{
	return (double)(prop_u64(prop) >> 11) * 0x1p-53;
}

static void make(struct prop *prop, struct problem *out)
{
	size_t terms = 1 + prop_below(prop, TERMS_MOST);

	for (size_t j = 0; j < terms; j++) {
		double low = prop_below(prop, 2) == 0 ? 0 : -3;

		out->terms[j] = (struct logistic_term){ .precision = 0.1 + 5 * unit(prop),
			.low = low,
			.high = 2,
			.centre = low + (2 - low) * unit(prop) };
	}
	for (size_t i = 0; i < ROWS; i++) {
		double eta = -1;

		for (size_t j = 0; j < terms; j++) {
			out->x[terms * i + j] = j == 0 ? 1.0F : (float)(2 * unit(prop) - 1);
			eta += 1.5 * (double)out->x[terms * i + j] * (j % 2 == 0 ? 1 : -1);
		}
		out->y[i] = unit(prop) < 1 / (1 + exp(-eta));
	}
	out->logistic = (struct logistic){ out->x, out->y, ROWS, out->terms, terms };
}

/* Projected gradient descent with a step that is safe for any row. */
static void descend(const struct problem *problem, double *theta)
{
	size_t terms = problem->logistic.term_count;
	double step = 1.0 / (ROWS * TERMS_MOST * 0.25 + 6);

	for (size_t j = 0; j < terms; j++)
		theta[j] = problem->terms[j].centre;
	for (int round = 0; round < 60000; round++) {
		double gradient[TERMS_MOST] = { 0 };
		double moved = 0;

		for (size_t i = 0; i < ROWS; i++) {
			double eta = 0;

			for (size_t j = 0; j < terms; j++)
				eta += (double)problem->x[terms * i + j] * theta[j];
			for (size_t j = 0; j < terms; j++)
				gradient[j] += (1 / (1 + exp(-eta)) - problem->y[i]) *
					       (double)problem->x[terms * i + j];
		}
		for (size_t j = 0; j < terms; j++) {
			double before = theta[j];

			gradient[j] +=
				problem->terms[j].precision * (theta[j] - problem->terms[j].centre);
			theta[j] = fmin(fmax(theta[j] - step * gradient[j], problem->terms[j].low),
				problem->terms[j].high);
			moved = fmax(moved, fabs(theta[j] - before));
		}
		if (moved < 1e-13)
			return;
	}
}

static const char *same_as_descent(struct prop *prop)
{
	static struct problem problem;
	double theta[LOGISTIC_TERMS_MAX];
	double plain[TERMS_MOST];

	make(prop, &problem);
	(void)logistic_fit(&problem.logistic, theta);
	descend(&problem, plain);
	for (size_t j = 0; j < problem.logistic.term_count; j++) {
		if (!(fabs(theta[j] - plain[j]) < 1e-6))
			return "Newton's method ends elsewhere than plain descent";
	}
	return NULL;
}

static void test_descent(void **state)
{
	(void)state;
	PROP_RUN(30, same_as_descent);
}

static void test_extremes(void **state)
{
	static float x[200];
	static bool y[100];
	const struct logistic_term terms[2] = { { 0, 0.01, -30, 30 }, { 0, 0.01, -30, 30 } };
	double theta[2];

	(void)state;
	/* none at all: what it is drawn to */
	(void)logistic_fit(&(struct logistic){ x, y, 0, terms, 2 }, theta);
	assert_true(fabs(theta[0]) < 1e-12 && fabs(theta[1]) < 1e-12);
	/* all happened, told apart perfectly by huge numbers: finite, and the right way */
	for (size_t i = 0; i < 100; i++) {
		x[2 * i] = 1;
		x[2 * i + 1] = i < 50 ? -1e6F : 1e6F;
		y[i] = i >= 50;
	}
	(void)logistic_fit(&(struct logistic){ x, y, 100, terms, 2 }, theta);
	assert_true(isfinite(theta[0]) && theta[1] > 0 && theta[1] <= 30);
	assert_true(fabs(logistic_softplus(1000) - 1000) < 1e-9);
	assert_true(logistic_softplus(-1000) >= 0 && logistic_softplus(-1000) < 1e-300);
	assert_true(fabs(logistic_of(logistic_logit(0.001)) - 0.001) < 1e-15);
}

/* As much is foretold as happened, of all and of the top tenth, though no line fits all. */
static const char *as_much_as_happened(struct prop *prop)
{
	enum { N = 20000 };
	static float log_odds[N];
	static bool happened[N];
	double bend = 0.3 + 0.3 * unit(prop);
	double foretold[2] = { 0, 0 };
	double count[2] = { 0, 0 };
	float top = 0;
	struct platt line;

	for (size_t i = 0; i < N; i++) {
		/* the top is all alike */
		double at = i < N / 10 ? 2 : -4 + unit(prop);
		double true_log_odds = at > 0 ? bend : at - 1;

		log_odds[i] = (float)at;
		happened[i] = unit(prop) < 1 / (1 + exp(-true_log_odds));
		top = 1;
	}
	platt_fit(log_odds, happened, N, &line);
	for (size_t i = 0; i < N; i++) {
		double share = logistic_of(line.scale * (double)log_odds[i] + line.shift);

		foretold[0] += share;
		count[0] += happened[i];
		foretold[1] += log_odds[i] > top ? share : 0;
		count[1] += log_odds[i] > top && happened[i];
	}
	if (!(line.scale > 0))
		return "the order of cases is turned round";
	if (fabs(foretold[0] - count[0]) > 1e-3 || fabs(foretold[1] - count[1]) > 1)
		return "more or less was foretold than happened";
	return NULL;
}

static void test_platt(void **state)
{
	(void)state;
	PROP_RUN(20, as_much_as_happened);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descent),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_platt),
	};

	return cmocka_run_group_tests_name("logistic", tests, NULL, NULL);
}
