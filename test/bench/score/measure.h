/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How good a prediction was. A sample is what was predicted of one indicator and what happened.
 * Equal predictions are never told apart: whatever order they come in, the figures are the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sample {
	double predicted; /* greater: more likely; a probability where that is asked */
	bool happened;
};

/* Descending by prediction: what the functions below expect. */
void samples_sort(struct sample *samples, size_t n);

/* The chance that one that happened was predicted higher than one that did not; ties count half.
 * NaN without both. */
double measure_auc(const struct sample *sorted, size_t n);
/*
 * Average precision: the sum over thresholds of precision times the recall gained there. Equal
 * predictions are one threshold. NaN when nothing happened.
 */
double measure_average_precision(const struct sample *sorted, size_t n);
/* Share that happened of the k predicted highest; of a tie at the border, its mean. */
double measure_precision_at(const struct sample *sorted, size_t n, size_t k);
/* Mean squared error of probabilities. */
double measure_brier(const struct sample *samples, size_t n);
/* 1 - Brier score by that of always saying the base rate; NaN when that is 0. */
double measure_brier_skill(const struct sample *samples, size_t n);

/* One bin of a reliability table. */
struct reliability {
	size_t n;
	double predicted; /* means */
	double observed;
};
enum { RELIABILITY_DECILES = 10, RELIABILITY_TENS = 10 };
/* Tenths of the samples, from the lowest predictions up. */
void measure_deciles(
	const struct sample *sorted, size_t n, struct reliability out[RELIABILITY_DECILES]);
/* By prediction: 0 to below 0.1, and so on; 1 is of the last. */
void measure_tens(const struct sample *samples, size_t n, struct reliability out[RELIABILITY_TENS]);

/* Points of a curve, from the highest threshold down. */
struct curve_point {
	double recall; /* share of what happened that is above the threshold */
	double precision;
	double false_positives; /* share of what did not happen that is above it */
};
enum { CURVE_POINTS_MAX = 200 };
/* At most CURVE_POINTS_MAX, evenly spread by recall; returns how many. */
size_t measure_curve(
	const struct sample *sorted, size_t n, struct curve_point out[CURVE_POINTS_MAX]);
