/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The measures against brute force and textbook definitions. */
#include "prop.h"

#include "bench/score/measure.h"

#include <math.h>

enum { SAMPLES_MAX = 60 };

struct drawn {
	struct sample samples[SAMPLES_MAX];
	size_t n;
	size_t happened;
};

/* Few different predictions, so that ties come up; at least one that happened, one that did not. */
static struct drawn draw(struct prop *prop)
{
	struct drawn drawn = { .n = 2 + prop_below(prop, SAMPLES_MAX - 1) };
	uint64_t values = 1 + prop_below(prop, 100);

	for (size_t i = 0; i < drawn.n; i++) {
		drawn.samples[i].predicted = (double)prop_below(prop, values) / (double)values;
		drawn.samples[i].happened = i == 0 || (i > 1 && prop_below(prop, 3) == 0);
		drawn.happened += drawn.samples[i].happened;
	}
	return drawn;
}

static bool is_close(double a, double b)
{
	return fabs(a - b) < 1e-12;
}

static void swap(struct sample *a, struct sample *b)
{
	struct sample kept = *a;

	*a = *b;
	*b = kept;
}

static const char *auc(struct prop *prop)
{
	struct drawn drawn = draw(prop);
	double pairs = 0;
	double won = 0;

	for (size_t i = 0; i < drawn.n; i++) {
		for (size_t j = 0; j < drawn.n; j++) {
			double a = drawn.samples[i].predicted;
			double b = drawn.samples[j].predicted;

			if (!drawn.samples[i].happened || drawn.samples[j].happened)
				continue;
			pairs++;
			won += a > b ? 1 : a < b ? 0 : 0.5;
		}
	}
	samples_sort(drawn.samples, drawn.n);
	return is_close(measure_auc(drawn.samples, drawn.n), won / pairs)
		       ? NULL
		       : "AUC is not the share of pairs in order";
}

/* Each threshold tried by counting anew; recall gained times precision there. */
static const char *average_precision(struct prop *prop)
{
	struct drawn drawn = draw(prop);
	double sum = 0;
	double before = 0;

	samples_sort(drawn.samples, drawn.n);
	for (size_t i = 0; i < drawn.n; i++) {
		double threshold = drawn.samples[i].predicted;
		double above = 0;
		double found = 0;

		for (size_t j = 0; j < drawn.n; j++) {
			above += drawn.samples[j].predicted >= threshold;
			found += drawn.samples[j].predicted >= threshold &&
				 drawn.samples[j].happened;
		}
		sum += (found / (double)drawn.happened - before) * found / above;
		before = found / (double)drawn.happened;
	}
	return is_close(measure_average_precision(drawn.samples, drawn.n), sum)
		       ? NULL
		       : "average precision is not the sum over thresholds";
}

/* The mean over many orders of what is equal. */
static const char *precision_at(struct prop *prop)
{
	enum { ORDERS = 4000 };
	struct drawn drawn = draw(prop);
	size_t k = 1 + prop_below(prop, drawn.n);
	double sum = 0;
	double got;

	samples_sort(drawn.samples, drawn.n);
	got = measure_precision_at(drawn.samples, drawn.n, k);
	for (int order = 0; order < ORDERS; order++) {
		for (size_t i = drawn.n - 1; i > 0; i--)
			swap(&drawn.samples[i], &drawn.samples[prop_below(prop, i + 1)]);
		samples_sort(drawn.samples, drawn.n);
		for (size_t i = 0; i < k; i++)
			sum += drawn.samples[i].happened;
	}
	return fabs(got - sum / ORDERS / (double)k) < 0.05 ? NULL
							   : "precision at k is not the mean";
}

static const char *order_is_nothing(struct prop *prop)
{
	struct drawn drawn = draw(prop);
	struct reliability a[RELIABILITY_DECILES];
	struct reliability b[RELIABILITY_DECILES];
	size_t n = 0;

	samples_sort(drawn.samples, drawn.n);
	measure_deciles(drawn.samples, drawn.n, a);
	for (size_t i = drawn.n - 1; i > 0; i--)
		swap(&drawn.samples[i], &drawn.samples[prop_below(prop, i + 1)]);
	samples_sort(drawn.samples, drawn.n);
	measure_deciles(drawn.samples, drawn.n, b);
	for (int i = 0; i < RELIABILITY_DECILES; i++) {
		n += a[i].n;
		if (a[i].n != b[i].n || !is_close(a[i].predicted, b[i].predicted) ||
			!is_close(a[i].observed, b[i].observed))
			return "deciles depend on the order of equal predictions";
		if (i > 0 && a[i].n > 0 && a[i - 1].n > 0 &&
			a[i].predicted < a[i - 1].predicted - 1e-12)
			return "deciles do not rise";
	}
	return n == drawn.n ? NULL : "deciles do not hold all";
}

static void test_properties(void **state)
{
	(void)state;
	PROP_RUN(2000, auc);
	PROP_RUN(2000, average_precision);
	PROP_RUN(30, precision_at);
	PROP_RUN(2000, order_is_nothing);
}

/* Worked by hand: predictions 0.9 yes, 0.8 no, 0.7 yes, 0.2 no. */
static void test_by_hand(void **state)
{
	struct sample samples[] = { { 0.7, true }, { 0.2, false }, { 0.9, true }, { 0.8, false } };
	struct reliability tens[RELIABILITY_TENS];

	(void)state;
	samples_sort(samples, 4);
	assert_true(is_close(measure_auc(samples, 4), 0.75));
	assert_true(is_close(measure_average_precision(samples, 4), (1 + 2.0 / 3) / 2));
	assert_true(is_close(measure_precision_at(samples, 4, 1), 1));
	assert_true(is_close(measure_precision_at(samples, 4, 3), 2.0 / 3));
	assert_true(is_close(measure_precision_at(samples, 4, 9), 0.5));
	assert_true(is_close(measure_brier(samples, 4), (0.01 + 0.64 + 0.09 + 0.04) / 4));
	assert_true(is_close(measure_brier_skill(samples, 4), 1 - 0.195 / 0.25));
	measure_tens(samples, 4, tens);
	assert_int_equal(tens[2].n, 1);
	assert_int_equal(tens[7].n, 1);
	assert_true(is_close(tens[9].predicted, 0.9) && is_close(tens[9].observed, 1));
	assert_true(is_close(tens[8].observed, 0));
}

static void test_curve(void **state)
{
	enum { N = 5000 };
	struct sample *samples = calloc(N, sizeof *samples);
	struct curve_point points[CURVE_POINTS_MAX];
	struct prop prop = { 7 };
	size_t n;

	(void)state;
	must(samples != NULL);
	for (int i = 0; i < N; i++) {
		samples[i].predicted = (double)prop_below(&prop, 1000000);
		samples[i].happened = prop_below(&prop, 1000000) < (uint64_t)samples[i].predicted;
	}
	samples_sort(samples, N);
	n = measure_curve(samples, N, points);
	assert_in_range(n, CURVE_POINTS_MAX / 2, CURVE_POINTS_MAX);
	for (size_t i = 1; i < n; i++) {
		assert_true(points[i].recall >= points[i - 1].recall);
		assert_true(points[i].false_positives >= points[i - 1].false_positives);
	}
	assert_true(is_close(points[n - 1].recall, 1));
	assert_true(is_close(points[n - 1].false_positives, 1));
	free(samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_curve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
