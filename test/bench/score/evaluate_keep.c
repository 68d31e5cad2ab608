/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lists kept day by day: each method names as many as we block, its worst. How soon is on them what
 * the label newly lists, how soon off them what the label drops for good, and who else is on them?
 */
#include "bench/score/chance.h"
#include "bench/score/evaluate_int.h"

#include "base/sort.h"
#include "pehra.h"

#include <math.h>

enum { BEFORE_DAYS = 14, AFTER_DAYS = 15, GONE_DAYS = 22, DAYS_MAX = 128 };

struct keep {
	size_t n;
	uint32_t days;
	uint8_t *is_kept[METHODS]; /* bit of (day, indicator) */
	double attacking;          /* indicators and days, of all */
	double attacking_kept[METHODS];
	double innocents_kept[METHODS];
	double kept[METHODS];
};

struct keep *keep_new(const struct run *run)
{
	struct keep *keep = calloc(1, sizeof *keep);

	must(keep != NULL);
	keep->n = run->history->indicator_count;
	keep->days = run->plan->watch_end > run->plan->watch_from
			     ? run->plan->watch_end - run->plan->watch_from
			     : 0;
	must(keep->days <= DAYS_MAX);
	for (unsigned method = 0; method < METHODS; method++) {
		keep->is_kept[method] = calloc(keep->days * keep->n / 8 + 1, 1);
		must(keep->is_kept[method] != NULL);
	}
	return keep;
}

void keep_free(struct keep **keep)
{
	for (unsigned method = 0; method < METHODS; method++)
		free((*keep)->is_kept[method]);
	free(*keep);
	*keep = NULL;
}

static bool is_kept(const struct keep *keep, unsigned method, uint32_t day, uint32_t indicator)
{
	size_t bit = (size_t)day * keep->n + indicator;

	return (keep->is_kept[method][bit / 8] >> bit % 8 & 1) != 0;
}

struct candidate {
	double rate;
	uint64_t draw; /* equal rates: the same ones every day */
	uint32_t indicator;
};

static int candidate_order(const void *left, const void *right)
{
	const struct candidate *a = left;
	const struct candidate *b = right;
	int order = (a->rate < b->rate) - (a->rate > b->rate);

	return order != 0 ? order : (a->draw > b->draw) - (a->draw < b->draw);
}

static void keep_worst(struct keep *keep, const struct run *run, const struct rated *rated,
	unsigned method, uint32_t day, size_t length)
{
	struct candidate *candidates = calloc(keep->n + 1, sizeof *candidates);
	size_t n = 0;

	must(candidates != NULL);
	for (uint32_t i = 0; i < keep->n; i++) {
		/* ours is what is blocked: what rules forbid is not on it */
		bool is_ours = method != METHOD_LEARNED || rated->actions[i] == PEHRA_BLOCK;

		if (!isnan(rated->rates[METHOD_LEARNED][i]) && is_ours)
			candidates[n++] = (struct candidate){ .rate = rated->rates[method][i],
				.draw = chance_mix(i),
				.indicator = i };
	}
	sort_runs(candidates, n, sizeof *candidates, candidate_order);
	for (size_t i = 0; i < n && i < length; i++) {
		uint32_t indicator = candidates[i].indicator;
		size_t bit = (size_t)(day - run->plan->watch_from) * keep->n + indicator;
		const struct truth *truth = run->truth;

		keep->is_kept[method][bit / 8] |= (uint8_t)(1U << bit % 8);
		keep->kept[method]++;
		if (truth == NULL)
			continue;
		keep->attacking_kept[method] += truth->is_attacking(truth->state, indicator, day);
		keep->innocents_kept[method] += truth->is_innocent(truth->state, indicator);
	}
	free(candidates);
}

void keep_day(struct keep *keep, const struct run *run, const struct rated *rated)
{
	uint32_t day = (uint32_t)run->now.day;
	size_t length = 0;

	for (uint32_t i = 0; i < keep->n; i++) {
		length += rated->actions[i] == PEHRA_BLOCK;
		keep->attacking +=
			run->truth != NULL && run->truth->is_attacking(run->truth->state, i, day);
	}
	for (unsigned method = 0; method < METHODS; method++)
		keep_worst(keep, run, rated, method, day, length);
}

/* Counts of events by days, for one method. */
struct delays {
	double listed[BEFORE_DAYS + AFTER_DAYS + 1]; /* [0] is 14 days before; the last: never */
	double gone[GONE_DAYS + 1];
	double new_ones;
	double dropped;
};

static void delay_to_list(const struct keep *keep, unsigned method, uint32_t indicator,
	uint32_t day, struct delays *out)
{
	int delay = -BEFORE_DAYS;

	while (delay < AFTER_DAYS &&
		!is_kept(keep, method, (uint32_t)((int)day + delay), indicator))
		delay++;
	out->listed[delay + BEFORE_DAYS]++;
	out->new_ones++;
}

static void delay_to_unlist(const struct keep *keep, unsigned method, uint32_t indicator,
	uint32_t day, struct delays *out)
{
	uint32_t delay = 0;

	if (!is_kept(keep, method, day - 1, indicator))
		return;
	while (delay < GONE_DAYS && is_kept(keep, method, day + delay, indicator))
		delay++;
	out->gone[delay]++;
	out->dropped++;
}

static double median_of(const double *counts, int n, double total, int first)
{
	double sum = 0;

	for (int i = 0; i < n; i++) {
		sum += counts[i];
		if (sum * 2 >= total)
			return first + i;
	}
	return (double)NAN;
}

static void delays_finish(const struct delays *delays, struct keeping *out)
{
	double sum = 0;

	for (int i = 0; i < BEFORE_DAYS; i++)
		sum += delays->listed[i];
	out->listed_before = sum / delays->new_ones;
	for (int i = 0; i < AFTER_DAYS; i++) {
		sum += delays->listed[BEFORE_DAYS + i];
		out->listed_by[i] = sum / delays->new_ones;
	}
	sum = 0;
	for (int i = 0; i < GONE_DAYS; i++) {
		sum += delays->gone[i];
		out->left_by[i] = sum / delays->dropped;
	}
	out->days_to_list = median_of(
		delays->listed, BEFORE_DAYS + AFTER_DAYS + 1, delays->new_ones, -BEFORE_DAYS);
	out->days_to_unlist = median_of(delays->gone, GONE_DAYS + 1, delays->dropped, 0);
}

/* Of each event of the label that drops something: does it list it again too soon to tell? */
static bool *returns_find(const struct run *run)
{
	const struct history *history = run->history;
	bool *comes_back = calloc(history->event_count + 1, sizeof *comes_back);
	uint32_t *next = calloc(history->indicator_count + 1, sizeof *next);

	must(comes_back != NULL && next != NULL);
	for (size_t i = history->event_count; i > 0; i--) {
		const struct history_event *event = &history->events[i - 1];
		uint32_t at = event->indicator;

		if (event->source != history->label)
			continue;
		comes_back[i - 1] = next[at] != 0 && next[at] <= (uint32_t)event->day + GONE_DAYS;
		if (event->what == HISTORY_BEGINS)
			next[at] = event->day;
	}
	free(next);
	return comes_back;
}

/* The label's events that can be followed for long enough on both sides. */
static void delays_find(
	const struct keep *keep, const struct run *run, struct delays delays[METHODS])
{
	const struct history *history = run->history;
	bool *comes_back = returns_find(run);

	for (size_t i = 0; i < history->event_count; i++) {
		const struct history_event *event = &history->events[i];
		int day = (int)event->day - (int)run->plan->watch_from;
		bool is_new = event->what == HISTORY_BEGINS && day >= BEFORE_DAYS &&
			      day + AFTER_DAYS <= (int)keep->days;
		bool is_dropped = event->what == HISTORY_ENDS && !comes_back[i] && day >= 1 &&
				  day + GONE_DAYS <= (int)keep->days;

		if (event->source != history->label)
			continue;
		for (unsigned method = 0; method < METHODS; method++) {
			if (is_new)
				delay_to_list(keep, method, event->indicator, (uint32_t)day,
					&delays[method]);
			if (is_dropped)
				delay_to_unlist(keep, method, event->indicator, (uint32_t)day,
					&delays[method]);
		}
	}
	free(comes_back);
}

void keep_finish(struct keep *keep, const struct run *run)
{
	struct delays delays[METHODS] = { 0 };

	delays_find(keep, run, delays);
	for (unsigned method = 0; method < METHODS; method++) {
		struct keeping *out = &run->out->keeping[method];

		delays_finish(&delays[method], out);
		out->attackers = run->truth == NULL
					 ? (double)NAN
					 : keep->attacking_kept[method] / keep->attacking;
		out->innocents = run->truth == NULL
					 ? (double)NAN
					 : keep->innocents_kept[method] / keep->kept[method];
	}
	run->out->kept = keep->kept[METHOD_LEARNED] / (keep->days > 0 ? keep->days : 1);
}
