/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"
#include "score/score_int.h"

#include <math.h>

/* The least log-odds that are watched in a role, over the categories claimed there. */
static double watch_least(const struct policy *policy, int role, uint64_t categories)
{
	double least = HUGE_VAL;

	for (; categories != 0; categories &= categories - 1) {
		double each = policy->watch_log_odds[role][__builtin_ctzll(categories)];

		if (each < least)
			least = each;
	}
	return least;
}

/* As is_watched() for the one claim that most indicators have. */
static bool is_watched_one(
	const struct policy *policy, const struct score_run *run, int role, int days)
{
	const struct score_role_model *model = run->model;
	const struct score_claim *claim = run->claims;
	double decay = score_decay_of(model, claim, days);
	double sum = score_says(claim, decay);

	if (claim->note.is_spoofable)
		sum *= model->spoofable_share;
	if (claim->note.is_new && sum > model->unproven_max)
		sum = model->unproven_max;
	return decay >= SCORE_FADED &&
	       run->constant + model->scale * sum >= policy->watch_log_odds[role][claim->category];
}

/* Would the role still be watched so many days from now? */
static bool is_watched(const struct policy *policy, const struct score_run *run, int role, int days)
{
	uint64_t categories = 0;
	double sum = 0;
	double unproven = 0;

	for (size_t i = 0; i < run->n;) {
		uint32_t line = run->claims[i].note.line;
		double most = 0;
		double vouched = 0;

		while (i < run->n && run->claims[i].note.line == line) {
			struct score_voice voice = score_voice_of(run, i, days);

			most = voice.counted > most ? voice.counted : most;
			vouched = voice.vouched > vouched ? voice.vouched : vouched;
			categories |= voice.categories;
			i = voice.end;
		}
		sum += most;
		unproven += most - vouched;
	}
	if (unproven > run->model->unproven_max)
		sum -= unproven - run->model->unproven_max;
	return categories != 0 &&
	       run->constant + run->model->scale * sum >= watch_least(policy, role, categories);
}

static bool any_is_watched(
	const struct policy *policy, const struct score_run runs[ROLE_COUNT], int days)
{
	for (int role = 0; role < ROLE_COUNT; role++) {
		const struct score_run *run = &runs[role];

		if (run->n == 0)
			continue;
		if (run->n == 1 ? is_watched_one(policy, run, role, days)
				: is_watched(policy, run, role, days))
			return true;
	}
	return false;
}

/*
 * By bisection: with nothing new, log-odds and the set of categories only shrink. Most end within
 * days, so the span is doubled from the first day on.
 */
int64_t score_forecast(
	const struct policy *policy, const struct score_run runs[ROLE_COUNT], int64_t now_s)
{
	int low = 0;
	int high = 1;

	while (any_is_watched(policy, runs, high)) {
		if (high == FORECAST_DAYS_MAX)
			return 0;
		low = high + 1;
		high = high * 2 < FORECAST_DAYS_MAX ? high * 2 : FORECAST_DAYS_MAX;
	}
	while (low < high) {
		int middle = (low + high) / 2;

		if (any_is_watched(policy, runs, middle))
			low = middle + 1;
		else
			high = middle;
	}
	return now_s + (int64_t)low * DAY_S;
}
