/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logistic regression with bounds: the maximum of
 *
 *     log-likelihood - sum of precision[j] / 2 * (theta[j] - centre[j])²
 *
 * over low <= theta <= high, by Newton's method on what is not held at a bound (projected Newton,
 * Bertsekas 1982). Concave, so there is one maximum, whatever the start.
 */
#pragma once

#include "base/err.h"

enum { LOGISTIC_TERMS_MAX = 12, LOGISTIC_STEPS_MAX = 100 };

struct logistic_term {
	double centre;    /* what it is drawn to, and where the search begins; within the bounds */
	double precision; /* how strongly: 1 / variance; > 0 */
	double low;
	double high;
};

struct logistic {
	const float *x; /* n rows of term_count numbers */
	const bool *y;  /* did it happen? */
	size_t n;
	const struct logistic_term *terms;
	size_t term_count; /* 1..LOGISTIC_TERMS_MAX */
};

/* theta has term_count numbers; returns the maximum. */
double logistic_fit(const struct logistic *problem, double *theta);

/* ln(1 + exp(x)), for any x. */
double logistic_softplus(double x);
/* 1 / (1 + exp(-x)) */
double logistic_of(double x);
/* ln(p / (1 - p)), 0 < p < 1. */
double logistic_logit(double p);
