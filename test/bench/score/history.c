/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/score/history.h"

#include "base/clock.h"
#include "base/sort.h"

enum { READ_HOUR = 12, JUDGE_HOUR = 18 };

int64_t history_read_s(const struct history *history, uint32_t day)
{
	return history->start_s + (int64_t)day * DAY_S + READ_HOUR * HOUR_S;
}

int64_t history_judge_s(const struct history *history, uint32_t day)
{
	return history->start_s + (int64_t)day * DAY_S + JUDGE_HOUR * HOUR_S;
}

void history_add(struct history *history, struct history_event event)
{
	if (history->event_count == history->event_capacity) {
		history->event_capacity = history->event_capacity * 2 + 1024;
		history->events =
			realloc(history->events, history->event_capacity * sizeof *history->events);
		must(history->events != NULL);
	}
	history->events[history->event_count++] = event;
}

static int event_order(const void *a, const void *b)
{
	static const uint8_t rank[] = {
		[HISTORY_ENDS] = 0,
		[HISTORY_BEGINS] = 1,
		[HISTORY_SEEN] = 2,
	};
	const struct history_event *x = a;
	const struct history_event *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->indicator != y->indicator)
		return x->indicator < y->indicator ? -1 : 1;
	return (int)rank[x->what] - (int)rank[y->what];
}

void history_sort(struct history *history)
{
	size_t *starts = calloc((size_t)HISTORY_DAYS_MAX + 2, sizeof *starts);
	struct history_event *sorted = calloc(history->event_count + 1, sizeof *sorted);

	must(starts != NULL && sorted != NULL);
	/* by day first: what sources gave in order of address stays in runs within a day */
	for (size_t i = 0; i < history->event_count; i++) {
		must(history->events[i].day <= HISTORY_DAYS_MAX);
		starts[history->events[i].day + 1]++;
	}
	for (size_t day = 1; day <= HISTORY_DAYS_MAX; day++)
		starts[day] += starts[day - 1];
	for (size_t i = 0; i < history->event_count; i++)
		sorted[starts[history->events[i].day]++] = history->events[i];
	free(history->events);
	free(starts);
	history->events = sorted;
	history->event_capacity = history->event_count + 1;
	sort_runs(sorted, history->event_count, sizeof *sorted, event_order);
}

void history_done(struct history *history)
{
	free(history->events);
	arena_done(&history->arena);
	*history = (struct history){ 0 };
}
