/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The coefficients of a role: logistic regression of what happened on what the score adds up.
 *
 *   0. When decay is learned: absences tell half-lives of the chance to come back, but decay scales
 *      log-odds, which fall slower; and claims that were made again and again stand for more than
 *      one sighting. So half-lives are stretched, and the share of the fast part is chosen, as they
 *      foretell best.
 *   1. The base from which weights count. One claim alone foretells its source's rate whatever the
 *      base is; with a lower one, several claims add up to more. So the base is moved to where the
 *      sums foretell best: the regression has the change of the sum with the base as a term.
 *   2. Scale and surroundings, with weights counted from there.
 *   3. Scale and shift once more, on the log-odds as score_of() gives them, with all caps
 * (platt.h).
 *
 * All drawn to the base model's values, as strongly as the precisions below say.
 */
#include "learn/learn_int.h"
#include "learn/logistic.h"
#include "learn/platt.h"

#include <math.h>

/* Fewer of either kind leave a role as the base model has it. */
enum { HAPPENED_LEAST = 50, JOINT_ROUNDS = 2 };
/* The base may fall and rise so far at once, in log-odds, and stays so far below the mean of all
 * cases. */
static const double BASE_MOVE_MAX = 4.0;
static const double BASE_RISE_MAX = 0.5;
static const double BASE_BELOW_MEAN = 0.5;
static const double BASE_LEAST = -14.0;
/* To begin with, what nobody claims happens at most so often, as a share of the mean. */
static const double BASE_SHARE = 0.25;
/*
 * The neighbourhood alone never blocks: with nothing but it, the foretold chance stays below this
 * (policies challenge from 0.5 and block from 0.75 on).
 */
static const double SURROUNDINGS_ALONE_MAX = 0.4;
/* The cap is where so many of the cases lie below it. */
static const double SURROUNDINGS_QUANTILE = 0.995;

enum term {
	TERM_ONE,
	TERM_CLAIMS,
	TERM_BASE, /* how the claims' sum changes with the base; only to find it */
	TERM_NEAR_ANY,
	TERM_NEAR_EACH = TERM_NEAR_ANY + SCORE_NEAR_LEVELS,
	TERM_NETWORK = TERM_NEAR_EACH + SCORE_NEAR_LEVELS,
	TERM_EPISODES,
	TERM_SHARED,
	TERM_CLOUD,
	TERMS
};
_Static_assert((int)TERMS <= (int)LOGISTIC_TERMS_MAX, "as many as the regression takes");

/* What is known before anything is learned: centre is scale times the base model's value. */
static const struct logistic_term term_bounds[TERMS] = {
	[TERM_ONE] = { 0, 0.25, -50, 50 },
	[TERM_CLAIMS] = { 1, 25, 0.3, 3 },
	[TERM_BASE] = { 0, 4, -3, 3 },
	[TERM_NEAR_ANY] = { 0, 4, 0, 6 },
	[TERM_NEAR_ANY + 1] = { 0, 4, 0, 6 },
	[TERM_NEAR_EACH] = { 0, 4, 0, 3 },
	[TERM_NEAR_EACH + 1] = { 0, 4, 0, 3 },
	[TERM_NETWORK] = { 0, 16, 0, 2 },
	[TERM_EPISODES] = { 0, 16, 0, 3 },
	[TERM_SHARED] = { 0, 16, 0, 3 },
	[TERM_CLOUD] = { 0, 16, 0, 3 },
};
_Static_assert(SCORE_NEAR_LEVELS == 2, "a row of the table for each level");

/* The rows of a role's regression, in the order of its cases. */
struct design {
	float *x;
	float *log_odds; /* of the last pass */
	bool *y;
	size_t n;
	size_t next; /* row to be filled */
	bool is_learned;
};

struct calibration {
	struct learn *learn;
	struct design design[ROLE_COUNT];
	enum term claims_term; /* where the pass puts the sum of claims */
};

static void design_init(struct design *design, const struct learn_cases *cases)
{
	*design = (struct design){ .n = cases->n,
		.x = calloc(cases->n * TERMS + 1, sizeof *design->x),
		.log_odds = calloc(cases->n + 1, sizeof *design->log_odds),
		.y = calloc(cases->n + 1, sizeof *design->y),
		.is_learned = cases->happened >= HAPPENED_LEAST &&
			      cases->n - cases->happened >= HAPPENED_LEAST };
	must(design->x != NULL && design->log_odds != NULL && design->y != NULL);
	for (size_t i = 0; i < cases->n; i++)
		design->y[i] = cases->rows[i].happened;
}

static void design_done(struct design *design)
{
	free(design->x);
	free(design->log_odds);
	free(design->y);
}

/* The row of the item in a role, or NULL. */
static float *row_next(struct calibration *calibration, size_t item, int role)
{
	struct design *design = &calibration->design[role];
	const struct learn_cases *cases = &calibration->learn->cases[role];

	if (design->next == cases->n || cases->rows[design->next].item != item)
		return NULL;
	return design->x + TERMS * design->next++;
}

static void rewind_rows(struct calibration *calibration)
{
	for (int role = 0; role < ROLE_COUNT; role++)
		calibration->design[role].next = 0;
}

static void fill_surroundings(float *x, const struct score_role_model *model,
	const struct learn_verdict *verdict, int role)
{
	const struct score_input *input = verdict->input;
	const struct score *score = verdict->score;
	bool is_shared = (score->doubts & DOUBT_SHARED) != 0;
	double share = is_shared ? model->shared_near : 1.0;
	uint32_t episodes = 0;

	for (unsigned level = 0; level < SCORE_NEAR_LEVELS; level++) {
		uint32_t others = input->around.near[role][level];

		x[TERM_NEAR_ANY + level] = (float)(others > 0 ? share : 0.0);
		x[TERM_NEAR_EACH + level] = (float)(share * log1p(others));
	}
	for (size_t i = 0; i < input->n; i++) {
		if (input->claims[i].role == role && input->claims[i].episodes > episodes)
			episodes = input->claims[i].episodes;
	}
	x[TERM_NETWORK] = (float)(share * (double)input->around.network.log_odds[role]);
	x[TERM_EPISODES] = (float)log1p(episodes);
	x[TERM_SHARED] = is_shared ? -1.0F : 0.0F;
	x[TERM_CLOUD] = (score->doubts & DOUBT_CLOUD) != 0 ? -1.0F : 0.0F;
}

static void take_terms(void *state, const struct learn_verdict *verdict)
{
	struct calibration *calibration = state;

	for (int role = 0; role < ROLE_COUNT; role++) {
		float *x = row_next(calibration, verdict->item, role);

		if (x == NULL)
			continue;
		x[TERM_ONE] = 1.0F;
		x[calibration->claims_term] = (float)verdict->score->log_odds[role];
		fill_surroundings(x, &calibration->learn->model.roles[role], verdict, role);
	}
}

/* Scores by the claims alone: what is left of the sum is a term of the regression. */
static void pass_claims(struct calibration *calibration, enum term term)
{
	struct learn *learn = calibration->learn;
	struct score_model alone = learn->model;

	for (int role = 0; role < ROLE_COUNT; role++) {
		struct score_role_model *model = &alone.roles[role];

		model->prior = 0;
		model->scale = 1;
		model->shift = 0;
		model->surroundings_max = 0;
		model->network = 0;
		model->episode = 0;
		model->shared_doubt = 0;
		model->cloud_doubt = 0;
		memset(model->near_any, 0, sizeof model->near_any);
		memset(model->near_each, 0, sizeof model->near_each);
	}
	calibration->claims_term = term;
	rewind_rows(calibration);
	learn_weigh(learn, false);
	learn_score_all(learn, &alone, learn->scored, false, take_terms, calibration);
}

static double fit(const struct calibration *calibration, int role, bool with_base, double *theta)
{
	const struct learn *learn = calibration->learn;
	const struct design *design = &calibration->design[role];
	const struct score_role_model *base = &learn->base->score.roles[role];
	struct logistic_term terms[TERMS];
	double centre[TERMS] = {
		[TERM_ONE] = base->scale * learn->role[role].base_log_odds + base->shift,
		[TERM_CLAIMS] = base->scale,
		[TERM_NETWORK] = base->scale * base->network,
		[TERM_EPISODES] = base->scale * base->episode,
		[TERM_SHARED] = base->scale * base->shared_doubt,
		[TERM_CLOUD] = base->scale * base->cloud_doubt,
	};
	struct logistic problem = {
		.x = design->x, .y = design->y, .n = design->n, .terms = terms, .term_count = TERMS
	};

	for (int level = 0; level < SCORE_NEAR_LEVELS; level++) {
		centre[TERM_NEAR_ANY + level] = base->scale * base->near_any[level];
		centre[TERM_NEAR_EACH + level] = base->scale * base->near_each[level];
	}
	memcpy(terms, term_bounds, sizeof terms);
	for (int i = 0; i < TERMS; i++)
		terms[i].centre = fmin(fmax(centre[i], terms[i].low), terms[i].high);
	if (!with_base)
		terms[TERM_BASE].low = terms[TERM_BASE].high = 0;
	return logistic_fit(&problem, theta);
}

/* The term of the base becomes the change of the sum of claims when the base falls by 1. */
static void subtract_claims(struct design *design)
{
	for (size_t i = 0; i < design->n; i++)
		design->x[TERMS * i + TERM_BASE] -= design->x[TERMS * i + TERM_CLAIMS];
}

static void begin_base(struct calibration *calibration)
{
	for (int role = 0; role < ROLE_COUNT; role++) {
		struct learn_role *out = &calibration->learn->role[role];

		if (calibration->design[role].is_learned)
			out->base_log_odds =
				fmin(out->base_log_odds, logistic_logit(BASE_SHARE * out->mean));
	}
}

/* What is tried: shares of the fast part (0: as absences tell), and how far half-lives stretch. */
static const double DECAY_SHARES[] = { 0, 0.9, 0.95, 0.97, 0.98, 0.99 };
static const double DECAY_STRETCHES[] = { 1, 1.5, 2, 3 };
enum { DECAY_TRIES = ARRAY_LEN(DECAY_SHARES) * ARRAY_LEN(DECAY_STRETCHES) };

static struct score_decay decay_tried(const struct score_decay *found, size_t i)
{
	double share = DECAY_SHARES[i % ARRAY_LEN(DECAY_SHARES)];
	double stretch = DECAY_STRETCHES[i / ARRAY_LEN(DECAY_SHARES)];

	return (struct score_decay){ .recent_share = share > 0 ? share : found->recent_share,
		.recent_half_life_d = stretch * found->recent_half_life_d,
		.lasting_half_life_d = stretch * found->lasting_half_life_d };
}

/* Tries decays for all roles at once, and keeps each role's best. */
static void find_decay(struct calibration *calibration)
{
	struct learn *learn = calibration->learn;
	struct score_decay found[ROLE_COUNT];
	struct score_decay best[ROLE_COUNT];
	double most[ROLE_COUNT];

	for (int role = 0; role < ROLE_COUNT; role++) {
		best[role] = found[role] = learn->model.roles[role].decay;
		most[role] = -HUGE_VAL;
	}
	for (size_t i = 0; i < DECAY_TRIES; i++) {
		for (int role = 0; role < ROLE_COUNT; role++) {
			if (learn->role[role].is_decay_learned)
				learn->model.roles[role].decay = decay_tried(&found[role], i);
		}
		score_model_prepare(&learn->model);
		pass_claims(calibration, TERM_CLAIMS);
		for (int role = 0; role < ROLE_COUNT; role++) {
			double theta[TERMS];
			double likelihood;

			if (!calibration->design[role].is_learned ||
				!learn->role[role].is_decay_learned)
				continue;
			likelihood = fit(calibration, role, false, theta);
			if (likelihood > most[role]) {
				most[role] = likelihood;
				best[role] = learn->model.roles[role].decay;
			}
		}
	}
	for (int role = 0; role < ROLE_COUNT; role++)
		learn->model.roles[role].decay = best[role];
	score_model_prepare(&learn->model);
}

/*
 * Coefficients and weights together need no more cases than these, and no fewer of which something
 * happened: the uncertainty of either is far below what a day changes.
 */
enum { CASES_FOR_DECAY = 60000, CASES_FOR_FIT = 200000, HAPPENED_FOR_FIT = 1000 };

/* Every so manieth case. */
static struct learn_cases cases_sampled(const struct learn_cases *cases, size_t most)
{
	size_t step = cases->n / most + 1;
	size_t longest = cases->happened / HAPPENED_FOR_FIT + 1;
	struct learn_cases out = { .n = 0 };

	step = step < longest ? step : longest;
	out.rows = calloc(cases->n / step + 1, sizeof *out.rows);
	must(out.rows != NULL);
	for (size_t i = step - 1; i < cases->n; i += step) {
		out.happened += cases->rows[i].happened;
		out.rows[out.n++] = cases->rows[i];
	}
	return out;
}

/* Does something with a sample of the cases instead of all. */
static void with_sample(
	struct learn *learn, size_t most, void (*fitting)(struct calibration *calibration))
{
	struct calibration calibration = { .learn = learn };
	struct learn_cases all[ROLE_COUNT];

	for (int role = 0; role < ROLE_COUNT; role++) {
		all[role] = learn->cases[role];
		learn->cases[role] = cases_sampled(&all[role], most);
		design_init(&calibration.design[role], &learn->cases[role]);
	}
	fitting(&calibration);
	for (int role = 0; role < ROLE_COUNT; role++) {
		design_done(&calibration.design[role]);
		free(learn->cases[role].rows);
		learn->cases[role] = all[role];
	}
}

static void find_base(struct calibration *calibration)
{
	struct learn *learn = calibration->learn;
	double before[ROLE_COUNT];

	pass_claims(calibration, TERM_CLAIMS);
	for (int role = 0; role < ROLE_COUNT; role++) {
		before[role] = learn->role[role].base_log_odds;
		learn->role[role].base_log_odds -= 1;
	}
	pass_claims(calibration, TERM_BASE);
	for (int role = 0; role < ROLE_COUNT; role++) {
		struct learn_role *out = &learn->role[role];
		double theta[TERMS];
		double fall;

		out->base_log_odds = before[role];
		if (!calibration->design[role].is_learned)
			continue;
		subtract_claims(&calibration->design[role]);
		(void)fit(calibration, role, true, theta);
		fall = theta[TERM_BASE] / theta[TERM_CLAIMS];
		out->base_log_odds -= fmin(fmax(fall, -BASE_RISE_MAX), BASE_MOVE_MAX);
		out->base_log_odds =
			fmax(fmin(out->base_log_odds, logistic_logit(out->mean) - BASE_BELOW_MEAN),
				BASE_LEAST);
	}
}

static int float_order(const void *a, const void *b)
{
	float left = *(const float *)a;
	float right = *(const float *)b;

	return (left > right) - (left < right);
}

/* What the surroundings of most cases add at most. */
static double surroundings_quantile(const struct design *design, const double *theta)
{
	float *sums = malloc((design->n + 1) * sizeof *sums);
	double quantile;

	must(sums != NULL);
	for (size_t i = 0; i < design->n; i++) {
		double sum = 0;

		for (int term = TERM_NEAR_ANY; term <= TERM_EPISODES; term++)
			sum += theta[term] * (double)design->x[TERMS * i + (size_t)term];
		sums[i] = (float)sum;
	}
	qsort(sums, design->n, sizeof *sums, float_order);
	quantile = (double)sums[(size_t)(SURROUNDINGS_QUANTILE * (double)(design->n - 1))];
	free(sums);
	return quantile;
}

/* The cap at which surroundings alone reach what they may. */
static double surroundings_bound(const struct score_role_model *model)
{
	double most = logistic_logit(SURROUNDINGS_ALONE_MAX);

	return fmax((most - model->shift) / model->scale - model->prior, 0.0);
}

static void set_coefficients(
	struct score_role_model *model, const struct design *design, double base, double *theta)
{
	double scale = theta[TERM_CLAIMS];
	double quantile = surroundings_quantile(design, theta) / scale;

	model->prior = base;
	model->scale = scale;
	model->shift = theta[TERM_ONE] - scale * base;
	for (int level = 0; level < SCORE_NEAR_LEVELS; level++) {
		model->near_any[level] = theta[TERM_NEAR_ANY + level] / scale;
		model->near_each[level] = theta[TERM_NEAR_EACH + level] / scale;
	}
	model->network = theta[TERM_NETWORK] / scale;
	model->episode = theta[TERM_EPISODES] / scale;
	model->shared_doubt = theta[TERM_SHARED] / scale;
	model->cloud_doubt = theta[TERM_CLOUD] / scale;
	model->surroundings_max =
		fmin(fmax(model->surroundings_max, quantile), surroundings_bound(model));
}

static void find_coefficients(struct calibration *calibration)
{
	struct learn *learn = calibration->learn;

	pass_claims(calibration, TERM_CLAIMS);
	for (int role = 0; role < ROLE_COUNT; role++) {
		double theta[TERMS];

		if (!calibration->design[role].is_learned)
			continue;
		(void)fit(calibration, role, false, theta);
		set_coefficients(&learn->model.roles[role], &calibration->design[role],
			learn->role[role].base_log_odds, theta);
		learn->role[role].is_calibrated = true;
	}
}

/* ---- on the log-odds as they are ---- */

static void take_log_odds(void *state, const struct learn_verdict *verdict)
{
	struct calibration *calibration = state;

	for (int role = 0; role < ROLE_COUNT; role++) {
		const float *x = row_next(calibration, verdict->item, role);
		struct design *design = &calibration->design[role];

		if (x != NULL)
			design->log_odds[design->next - 1] = (float)verdict->score->log_odds[role];
	}
}

static void pass_log_odds(struct calibration *calibration, const struct score_model *model,
	const struct score_source *sources)
{
	rewind_rows(calibration);
	learn_score_all(calibration->learn, model, sources, false, take_log_odds, calibration);
}

/* True when the cap had to come down, so that log-odds changed. */
static bool calibrate(const struct calibration *calibration, int role)
{
	const struct design *design = &calibration->design[role];
	struct score_role_model *model = &calibration->learn->model.roles[role];
	struct platt line;
	double bound;

	platt_fit(design->log_odds, design->y, design->n, &line);
	model->scale *= line.scale;
	model->shift = line.scale * model->shift + line.shift;
	for (size_t i = 0; i < design->n; i++)
		design->log_odds[i] =
			(float)(line.scale * (double)design->log_odds[i] + line.shift);
	bound = surroundings_bound(model);
	if (model->surroundings_max <= bound)
		return false;
	model->surroundings_max = bound;
	return true;
}

static void measure(const struct design *design, struct learn_role *out)
{
	const size_t bins = ARRAY_LEN(out->cases);
	double brier = 0;

	memset(out->cases, 0, sizeof out->cases);
	memset(out->expected, 0, sizeof out->expected);
	memset(out->happened, 0, sizeof out->happened);
	for (size_t i = 0; i < design->n; i++) {
		double share = logistic_of((double)design->log_odds[i]);
		size_t bin = share < 1.0 ? (size_t)(share * (double)bins) : bins - 1;

		brier += (share - design->y[i]) * (share - design->y[i]);
		out->cases[bin]++;
		out->expected[bin] += share;
		out->happened[bin] += design->y[i];
	}
	out->brier = design->n > 0 ? brier / (double)design->n : 0;
}

/* How far the caps come down is settled after few rounds; the last one is of the real thing. */
static void calibrate_roles(struct calibration *calibration)
{
	enum { ROUNDS_MAX = 3 };
	struct learn *learn = calibration->learn;
	bool again = true;

	for (int round = 0; again && round < ROUNDS_MAX; round++) {
		again = false;
		pass_log_odds(calibration, &learn->model, learn->scored);
		for (int role = 0; role < ROLE_COUNT; role++)
			again |= learn->role[role].is_calibrated && calibrate(calibration, role);
	}
	if (again)
		pass_log_odds(calibration, &learn->model, learn->scored);
}

static bool has_new_decay(const struct learn *learn)
{
	bool any = false;

	for (int role = 0; role < ROLE_COUNT; role++)
		any |= learn->role[role].is_decay_learned;
	return any;
}

static void fit_all(struct calibration *calibration)
{
	find_base(calibration);
	find_coefficients(calibration);
	for (int round = 0; round < JOINT_ROUNDS; round++) {
		for (int role = 0; role < ROLE_COUNT; role++) {
			if (calibration->design[role].is_learned)
				learn_join_weights(calibration->learn, role);
		}
		find_coefficients(calibration);
	}
}

void learn_calibrate(struct learn *learn)
{
	struct calibration calibration = { .learn = learn };

	for (int role = 0; role < ROLE_COUNT; role++)
		design_init(&calibration.design[role], &learn->cases[role]);
	pass_log_odds(&calibration, &learn->base->score, learn->sources);
	for (int role = 0; role < ROLE_COUNT; role++) {
		measure(&calibration.design[role], &learn->role[role]);
		learn->role[role].brier_before = learn->role[role].brier;
	}
	begin_base(&calibration);
	with_sample(learn, CASES_FOR_FIT, fit_all);
	if (has_new_decay(learn)) {
		with_sample(learn, CASES_FOR_DECAY, find_decay);
		with_sample(learn, CASES_FOR_FIT, fit_all);
	}
	for (int role = 0; role < ROLE_COUNT; role++) {
		if (!learn->role[role].is_calibrated)
			learn->role[role].base_log_odds = learn->base->score.roles[role].prior;
	}
	learn_weigh(learn, false);
	calibrate_roles(&calibration);
	learn_weigh(learn, true);
	for (int role = 0; role < ROLE_COUNT; role++) {
		measure(&calibration.design[role], &learn->role[role]);
		design_done(&calibration.design[role]);
	}
}
