/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/logistic.h"

#include <math.h>

enum { TERMS = LOGISTIC_TERMS_MAX, HALVINGS_MAX = 60 };

/* A step that moves nothing by more than this is the last. */
static const double STEP_LEAST = 1e-10;

double logistic_softplus(double x)
{
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

double logistic_of(double x)
{
	return 1.0 / (1.0 + exp(-x));
}

double logistic_logit(double p)
{
	return log(p) - log1p(-p);
}

/* What is minimised: the loss, its gradient and its Hessian (lower half). */
struct point {
	double loss;
	double gradient[TERMS];
	double hessian[TERMS][TERMS];
};

static double linear(const float *x, const double *theta, size_t n)
{
	double sum = 0;

	for (size_t j = 0; j < n; j++)
		sum += (double)x[j] * theta[j];
	return sum;
}

static double loss_at(const struct logistic *problem, const double *theta)
{
	size_t terms = problem->term_count;
	double loss = 0;

	for (size_t i = 0; i < problem->n; i++) {
		double eta = linear(problem->x + i * terms, theta, terms);

		loss += logistic_softplus(eta) - (problem->y[i] ? eta : 0.0);
	}
	for (size_t j = 0; j < terms; j++) {
		double off = theta[j] - problem->terms[j].centre;

		loss += 0.5 * problem->terms[j].precision * off * off;
	}
	return loss;
}

static void point_at(const struct logistic *problem, const double *theta, struct point *out)
{
	size_t terms = problem->term_count;

	*out = (struct point){ 0 };
	for (size_t i = 0; i < problem->n; i++) {
		const float *x = problem->x + i * terms;
		double eta = linear(x, theta, terms);
		double share = logistic_of(eta);
		double error = share - problem->y[i];
		double curve = share * (1.0 - share);

		out->loss += logistic_softplus(eta) - (problem->y[i] ? eta : 0.0);
		for (size_t j = 0; j < terms; j++) {
			double scaled = curve * (double)x[j];

			out->gradient[j] += error * (double)x[j];
			for (size_t k = 0; k <= j; k++)
				out->hessian[j][k] += scaled * (double)x[k];
		}
	}
	for (size_t j = 0; j < terms; j++) {
		double off = theta[j] - problem->terms[j].centre;

		out->loss += 0.5 * problem->terms[j].precision * off * off;
		out->gradient[j] += problem->terms[j].precision * off;
		out->hessian[j][j] += problem->terms[j].precision;
	}
}

/* A term at a bound, which the gradient would push beyond it, is held there. */
static bool is_held(const struct logistic_term *term, double theta, double gradient)
{
	return (theta <= term->low && gradient > 0) || (theta >= term->high && gradient < 0);
}

/* Cholesky's factor of the rows and columns of the free terms, in place (lower half). */
static void factorise(double a[TERMS][TERMS], size_t n)
{
	for (size_t j = 0; j < n; j++) {
		for (size_t k = 0; k < j; k++)
			a[j][j] -= a[j][k] * a[j][k];
		/* precisions are > 0, so the matrix is positive definite */
		a[j][j] = sqrt(a[j][j] > 0 ? a[j][j] : 1e-300);
		for (size_t i = j + 1; i < n; i++) {
			for (size_t k = 0; k < j; k++)
				a[i][j] -= a[i][k] * a[j][k];
			a[i][j] /= a[j][j];
		}
	}
}

static void solve(double a[TERMS][TERMS], size_t n, double *b)
{
	factorise(a, n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++)
			b[i] -= a[i][k] * b[k];
		b[i] /= a[i][i];
	}
	for (size_t i = n; i-- > 0;) {
		for (size_t k = i + 1; k < n; k++)
			b[i] -= a[k][i] * b[k];
		b[i] /= a[i][i];
	}
}

/* Newton's step for the free terms; 0 for those that are held. */
static void newton_step(const struct logistic *problem, const double *theta,
	const struct point *point, double *step)
{
	double a[TERMS][TERMS];
	double b[TERMS];
	size_t free_terms[TERMS];
	size_t n = 0;

	for (size_t j = 0; j < problem->term_count; j++) {
		step[j] = 0;
		if (!is_held(&problem->terms[j], theta[j], point->gradient[j]))
			free_terms[n++] = j;
	}
	for (size_t i = 0; i < n; i++) {
		b[i] = -point->gradient[free_terms[i]];
		for (size_t k = 0; k <= i; k++)
			a[i][k] = point->hessian[free_terms[i]][free_terms[k]];
	}
	solve(a, n, b);
	for (size_t i = 0; i < n; i++)
		step[free_terms[i]] = b[i];
}

/* Along the step, back into the bounds; the largest move is returned. */
static double move(const struct logistic *problem, const double *theta, const double *step,
	double length, double *out)
{
	double most = 0;

	for (size_t j = 0; j < problem->term_count; j++) {
		const struct logistic_term *term = &problem->terms[j];

		out[j] = fmin(fmax(theta[j] + length * step[j], term->low), term->high);
		most = fmax(most, fabs(out[j] - theta[j]));
	}
	return most;
}

double logistic_fit(const struct logistic *problem, double *theta)
{
	struct point point;
	double step[TERMS];
	double next[TERMS];

	must(problem->term_count >= 1 && problem->term_count <= TERMS);
	for (size_t j = 0; j < problem->term_count; j++)
		theta[j] = problem->terms[j].centre;
	for (unsigned i = 0; i < LOGISTIC_STEPS_MAX; i++) {
		double length = 1;
		double moved;

		point_at(problem, theta, &point);
		newton_step(problem, theta, &point, step);
		moved = move(problem, theta, step, length, next);
		for (unsigned j = 0; j < HALVINGS_MAX && moved > STEP_LEAST &&
				     loss_at(problem, next) > point.loss;
			j++) {
			length /= 2;
			moved = move(problem, theta, step, length, next);
		}
		if (!(moved > STEP_LEAST))
			break;
		memcpy(theta, next, problem->term_count * sizeof *theta);
	}
	return -point.loss;
}
