/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/platt.h"

#include "base/sort.h"
#include "learn/logistic.h"

#include <math.h>

enum { TOP_PART = 10, HALVINGS = 40, NEWTON_STEPS = 50 };

static struct platt by_likelihood(const float *log_odds, const bool *happened, size_t n)
{
	enum { ONE, LOG_ODDS, TERMS };
	static const struct logistic_term terms[TERMS] = { { 0, 1, -20, 20 }, { 1, 1, 0.1, 10 } };
	float *x = malloc((n * TERMS + 1) * sizeof *x);
	struct logistic problem = {
		.x = x, .y = happened, .n = n, .terms = terms, .term_count = TERMS
	};
	double theta[TERMS];

	must(x != NULL);
	for (size_t i = 0; i < n; i++) {
		x[TERMS * i + ONE] = 1.0F;
		x[TERMS * i + LOG_ODDS] = log_odds[i];
	}
	(void)logistic_fit(&problem, theta);
	free(x);
	return (struct platt){ .scale = theta[LOG_ODDS], .shift = theta[ONE] };
}

struct sorted {
	float log_odds;
	bool happened;
};

static int sorted_order(const void *left, const void *right)
{
	const struct sorted *a = left;
	const struct sorted *b = right;

	return (b->log_odds > a->log_odds) - (b->log_odds < a->log_odds);
}

/* The shift with which as much is foretold of all as happened; foretold rises with it. */
static double shift_for(const struct sorted *cases, size_t n, double happened, struct platt line)
{
	for (int step = 0; step < NEWTON_STEPS; step++) {
		double foretold = 0;
		double slope = 0;
		double move;

		for (size_t i = 0; i < n; i++) {
			double share =
				logistic_of(line.scale * (double)cases[i].log_odds + line.shift);

			foretold += share;
			slope += share * (1 - share);
		}
		move = (happened - foretold) / fmax(slope, 1e-9);
		line.shift += fmin(fmax(move, -1), 1);
		if (fabs(move) < 1e-9)
			break;
	}
	return line.shift;
}

/* What the top cases are foretold too little. */
static double missing(const struct sorted *cases, size_t top, double happened, struct platt line)
{
	for (size_t i = 0; i < top; i++)
		happened -= logistic_of(line.scale * (double)cases[i].log_odds + line.shift);
	return happened;
}

/* Turns the line: the steeper it is, the more the top is foretold. */
static struct platt turned(const struct sorted *cases, size_t n, double happened, struct platt line)
{
	size_t top = n / TOP_PART;
	double happened_top = 0;
	double low = line.scale / PLATT_TURN_MAX;
	double high = line.scale * PLATT_TURN_MAX;

	for (size_t i = 0; i < top; i++)
		happened_top += cases[i].happened;
	if (happened_top < PLATT_TOP_LEAST)
		return line;
	for (int i = 0; i < HALVINGS; i++) {
		line.scale = (low + high) / 2;
		line.shift = shift_for(cases, n, happened, line);
		if (missing(cases, top, happened_top, line) > 0)
			low = line.scale;
		else
			high = line.scale;
	}
	return line;
}

void platt_fit(const float *log_odds, const bool *happened, size_t n, struct platt *out)
{
	struct sorted *cases = malloc((n + 1) * sizeof *cases);
	double sum = 0;

	must(cases != NULL);
	*out = by_likelihood(log_odds, happened, n);
	for (size_t i = 0; i < n; i++) {
		cases[i] = (struct sorted){ log_odds[i], happened[i] };
		sum += happened[i];
	}
	sort_runs(cases, n, sizeof *cases, sorted_order);
	*out = turned(cases, n, sum, *out);
	free(cases);
}
