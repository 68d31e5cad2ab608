/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Weights together. By its rate a source's claim alone foretells rightly; but sources that see the
 * same attackers say less together than the sum of what each says. So weights move from what rates
 * say to what foretells best when all claims of an indicator are added up, drawn back by a prior:
 * coordinate descent on the log-likelihood, one source after the other, with the rest of the score
 * as it is. Those that are new stay as they are: they may not take from what others have earned.
 */
#include "evidence/claim.h"
#include "learn/learn_int.h"
#include "learn/logistic.h"

#include <math.h>

/* How far weights are drawn to what rates say: as if by a deviation of 1. */
static const double PRECISION = 1.0;
static const double FALL_MAX = 4.0;
static const double RISE_MAX = 1.5;
static const double STEP_MAX = 0.5;
static const double STEP_LEAST = 1e-4;

enum { PARTS_MAX = 512, PASSES_MAX = 50 };

/* What one unit of a source's weight adds to a case's log-odds. */
struct share {
	uint32_t row;
	uint32_t source;
	float x;
};

struct joint {
	struct learn *learn;
	int role;
	size_t next; /* case */
	struct share *shares;
	size_t n;
	size_t capacity;
	double *log_odds; /* by case */
};

static void share_add(struct joint *joint, uint32_t row, uint32_t source, double x)
{
	if (joint->n == joint->capacity) {
		joint->capacity = 2 * joint->capacity + 4096;
		joint->shares = realloc(joint->shares, joint->capacity * sizeof *joint->shares);
		must(joint->shares != NULL);
	}
	joint->shares[joint->n++] = (struct share){ row, source, (float)x };
}

/* How what a claim says moves with its source's weight: score_says(), derived. */
static double slope_at(float weight, double decay)
{
	double odds = decay * exp((double)weight);

	return odds / (1 - decay + odds);
}

/* The claim that counts in each line of repeating families: the last part that adds anything. */
static void take_shares(void *state, const struct learn_verdict *verdict)
{
	struct joint *joint = state;
	const struct learn *learn = joint->learn;
	const struct learn_cases *cases = &learn->cases[joint->role];
	const struct score_role_model *model = &learn->model.roles[joint->role];
	uint32_t row = (uint32_t)joint->next;

	if (joint->next == cases->n || cases->rows[joint->next].item != verdict->item)
		return;
	joint->log_odds[joint->next++] = verdict->score->log_odds[joint->role];
	for (size_t i = 0; i < verdict->part_count; i++) {
		const struct score_part *part = &verdict->parts[i];
		const struct score_source *source = &learn->scored[part->source];
		double x = model->scale * slope_at(source->weight[joint->role], part->decay);

		if (part->role != joint->role ||
			(part->kind != SCORE_PART_FAMILY && part->kind != SCORE_PART_REPEATED))
			continue;
		if ((source->traits & TRAIT_SPOOFABLE) != 0)
			x *= model->spoofable_share;
		if (part->kind == SCORE_PART_REPEATED && part->log_odds > 0)
			joint->n--;
		if (part->kind == SCORE_PART_FAMILY || part->log_odds > 0)
			share_add(joint, row, part->source, x);
	}
}

/* Puts the shares of each source side by side; first has where each one's begin. */
static size_t *group_shares(struct joint *joint)
{
	size_t *first = calloc(joint->learn->source_count + 2, sizeof *first);
	struct share *sorted = malloc((joint->n + 1) * sizeof *sorted);

	must(first != NULL && sorted != NULL);
	for (size_t i = 0; i < joint->n; i++)
		first[joint->shares[i].source + 2]++;
	for (size_t s = 1; s < joint->learn->source_count + 2; s++)
		first[s] += first[s - 1];
	for (size_t i = 0; i < joint->n; i++)
		sorted[first[joint->shares[i].source + 1]++] = joint->shares[i];
	free(joint->shares);
	joint->shares = sorted;
	return first;
}

struct slope {
	double first;
	double second;
};

/* How the loss changes with a source's weight. */
static struct slope slope_of(const struct joint *joint, size_t from, size_t end)
{
	const struct learn_case *cases = joint->learn->cases[joint->role].rows;
	struct slope slope = { 0, 0 };

	for (size_t i = from; i < end; i++) {
		const struct share *share = &joint->shares[i];
		double expected = logistic_of(joint->log_odds[share->row]);
		double x = (double)share->x;

		slope.first += x * (expected - cases[share->row].happened);
		slope.second += x * x * expected * (1 - expected);
	}
	return slope;
}

static double bounded_step(double x, double low, double high)
{
	return fmin(fmax(x, low), high);
}

/* One source's step; returns its size. */
static double step_source(struct joint *joint, uint32_t s, size_t from, size_t end)
{
	struct slope slope = slope_of(joint, from, end);
	struct learn_source *source = &joint->learn->source[s];
	double *change = &source->role[joint->role].joint;
	double before = *change;
	double step = -(slope.first + PRECISION * before) / (slope.second + PRECISION);
	/* what is 0 already gains nothing by falling further */
	double low = fmax(-FALL_MAX, -fmax(source->role[joint->role].alone, 0));

	*change = bounded_step(before + bounded_step(step, -STEP_MAX, STEP_MAX), low, RISE_MAX);
	step = *change - before;
	for (size_t i = from; i < end; i++)
		joint->log_odds[joint->shares[i].row] += step * (double)joint->shares[i].x;
	return fabs(step);
}

/* The constant of all log-odds moves with the weights; it is found anew afterwards. */
static double step_constant(struct joint *joint)
{
	const struct learn_cases *cases = &joint->learn->cases[joint->role];
	struct slope slope = { 0, PRECISION };
	double step;

	for (size_t i = 0; i < cases->n; i++) {
		double expected = logistic_of(joint->log_odds[i]);

		slope.first += expected - cases->rows[i].happened;
		slope.second += expected * (1 - expected);
	}
	step = bounded_step(-slope.first / slope.second, -STEP_MAX, STEP_MAX);
	for (size_t i = 0; i < cases->n; i++)
		joint->log_odds[i] += step;
	return fabs(step);
}

static void descend(struct joint *joint, const size_t *first)
{
	struct learn *learn = joint->learn;

	for (int pass = 0; pass < PASSES_MAX; pass++) {
		double most = step_constant(joint);

		for (uint32_t s = 0; s < learn->source_count; s++) {
			bool is_new =
				learn->source[s].rank == RANK_NEW && !learn->source[s].is_proven;

			if (!is_new && first[s] < first[s + 1])
				most = fmax(most, step_source(joint, s, first[s], first[s + 1]));
		}
		if (most < STEP_LEAST)
			return;
	}
}

void learn_join_weights(struct learn *learn, int role)
{
	struct joint joint = { .learn = learn, .role = role };
	size_t *first;

	joint.log_odds = calloc(learn->cases[role].n + 1, sizeof *joint.log_odds);
	must(joint.log_odds != NULL);
	learn_score_all(learn, &learn->model, learn->scored, true, take_shares, &joint);
	first = group_shares(&joint);
	descend(&joint, first);
	free(first);
	free(joint.shares);
	free(joint.log_odds);
}
