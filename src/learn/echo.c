/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/echo_int.h"

#include "base/sort.h"

#include <limits.h>

#define SLOT_NONE UINT32_MAX
#define PAIR_NONE UINT32_MAX
/* Pairs that are looked at in one pass; things that very many list are sampled beyond. */
static const uint64_t PAIRS_AT_ONCE = UINT64_C(100000000);

static int32_t window_start(const struct echo *echo)
{
	return echo->end_s < INT32_MIN + ECHO_WINDOW_S ? INT32_MIN : echo->end_s - ECHO_WINDOW_S;
}

/* The time from which on each source's listings are new, and how many are. */
static struct echo_slot *measure(const struct echo *echo)
{
	struct echo_slot *all = calloc(echo->source_count + 1, sizeof *all);

	must(all != NULL);
	for (size_t s = 0; s < echo->source_count; s++)
		all[s] = (struct echo_slot){ .source = (uint32_t)s, .first_s = INT32_MAX };
	for (size_t i = 0; i < echo->n; i++) {
		struct echo_slot *slot = &all[echo->listings[i].source];

		if (echo->listings[i].began_s < slot->first_s)
			slot->first_s = echo->listings[i].began_s;
	}
	for (size_t s = 0; s < echo->source_count; s++) {
		int32_t start_s = window_start(echo);

		all[s].from_s = all[s].first_s > INT32_MAX - ECHO_FIRST_S
					? INT32_MAX
					: all[s].first_s + ECHO_FIRST_S;
		if (all[s].from_s < start_s)
			all[s].from_s = start_s;
	}
	for (size_t i = 0; i < echo->n; i++) {
		struct echo_slot *slot = &all[echo->listings[i].source];

		slot->listed += echo->listings[i].began_s >= slot->from_s;
	}
	return all;
}

/* sort_runs() has no state to give, so the rank travels with the slot. */
struct ranked {
	struct echo_slot slot;
	uint8_t rank;
};

static int ranked_order(const void *left, const void *right)
{
	const struct ranked *a = left;
	const struct ranked *b = right;

	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	if (a->slot.listed != b->slot.listed)
		return a->slot.listed > b->slot.listed ? -1 : 1;
	return a->slot.source < b->slot.source ? -1 : 1;
}

/* Picks those that are compared. */
static void pick_slots(struct echo *echo)
{
	struct echo_slot *all = measure(echo);
	struct ranked *ranked = calloc(echo->source_count + 1, sizeof *ranked);
	size_t n = 0;
	size_t times = 0;

	must(ranked != NULL);
	for (size_t s = 0; s < echo->source_count; s++) {
		if (all[s].listed >= echo->least)
			ranked[n++] = (struct ranked){ all[s], echo->sources[s].rank };
	}
	sort_runs(ranked, n, sizeof *ranked, ranked_order);
	echo->slot_count = (uint32_t)(n < ECHO_SOURCES_MAX ? n : ECHO_SOURCES_MAX);
	echo->slots = calloc(echo->slot_count + 1, sizeof *echo->slots);
	echo->slot_of = malloc((echo->source_count + 1) * sizeof *echo->slot_of);
	echo->voices = malloc((echo->slot_count + 1) * sizeof *echo->voices);
	must(echo->slots != NULL && echo->slot_of != NULL && echo->voices != NULL);
	for (size_t s = 0; s < echo->source_count; s++)
		echo->slot_of[s] = SLOT_NONE;
	for (uint32_t i = 0; i < echo->slot_count; i++) {
		echo->slots[i] = ranked[i].slot;
		echo->slots[i].times = times;
		times += echo->slots[i].listed;
		echo->slot_of[echo->slots[i].source] = i;
		echo->sources[echo->slots[i].source].was_judged = true;
	}
	echo->times = malloc((times + 1) * sizeof *echo->times);
	must(echo->times != NULL);
	free(ranked);
	free(all);
}

static int time_order(const void *a, const void *b)
{
	int32_t left = *(const int32_t *)a;
	int32_t right = *(const int32_t *)b;

	return (left > right) - (left < right);
}

static void gather_times(struct echo *echo)
{
	size_t *next = calloc(echo->slot_count + 1, sizeof *next);

	must(next != NULL);
	for (size_t i = 0; i < echo->n; i++) {
		uint32_t slot = echo->slot_of[echo->listings[i].source];

		if (slot != SLOT_NONE && echo->listings[i].began_s >= echo->slots[slot].from_s)
			echo->times[echo->slots[slot].times + next[slot]++] =
				echo->listings[i].began_s;
	}
	for (uint32_t i = 0; i < echo->slot_count; i++)
		sort_runs(echo->times + echo->slots[i].times, echo->slots[i].listed,
			sizeof *echo->times, time_order);
	free(next);
}

/* How many of a slot's listings were before the time. */
static uint64_t listed_before(const struct echo *echo, const struct echo_slot *slot, int32_t time_s)
{
	const int32_t *times = echo->times + slot->times;
	uint64_t low = 0;
	uint64_t high = slot->listed;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (times[middle] < time_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t echo_listed(const struct echo *echo, uint32_t slot, int32_t from_s, int32_t end_s)
{
	uint64_t before = listed_before(echo, &echo->slots[slot], from_s);
	uint64_t upto = listed_before(echo, &echo->slots[slot], end_s);

	return upto > before ? upto - before : 0;
}

static uint64_t item_hash(uint32_t item)
{
	uint64_t z = (item + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static size_t voices_of(const struct echo *echo, size_t *i)
{
	uint32_t item = echo->listings[*i].item;
	size_t n = 0;

	for (; *i < echo->n && echo->listings[*i].item == item; (*i)++) {
		const struct echo_listing *listing = &echo->listings[*i];
		uint32_t slot = echo->slot_of[listing->source];

		if (slot != SLOT_NONE && listing->began_s >= echo->slots[slot].from_s)
			echo->voices[n++] = (struct echo_voice){ slot, listing->began_s };
	}
	return n;
}

size_t echo_next(const struct echo *echo, size_t *i, double *weight)
{
	uint32_t item = echo->listings[*i].item;
	size_t n = voices_of(echo, i);
	uint64_t most = (uint64_t)echo->voices_max * echo->voices_max;

	*weight = 1.0;
	if (n <= echo->voices_max)
		return n;
	*weight = (double)(n * n) / (double)most;
	return item_hash(item) % (n * n) < most ? n : 0;
}

/* The most voices that a thing may have without being sampled, so that passes stay bounded. */
static void bound_voices(struct echo *echo)
{
	for (echo->voices_max = ECHO_SOURCES_MAX; echo->voices_max > 8; echo->voices_max /= 2) {
		uint64_t most = (uint64_t)echo->voices_max * echo->voices_max;
		uint64_t pairs = 0;

		for (size_t i = 0; i < echo->n;) {
			uint64_t n = voices_of(echo, &i);

			pairs += n * n < most ? n * n : most;
		}
		if (pairs <= PAIRS_AT_ONCE)
			return;
	}
}

static bool is_near(const struct echo_voice *a, const struct echo_voice *b)
{
	int64_t lag_s = (int64_t)b->began_s - a->began_s;

	return lag_s <= ECHO_LAG_S && lag_s >= -ECHO_LAG_S;
}

static uint32_t *pair_at(const struct echo *echo, uint32_t a, uint32_t b)
{
	return &echo->pair_of[a < b ? echo_pair_index(echo, a, b) : echo_pair_index(echo, b, a)];
}

static void count_pairs(struct echo *echo)
{
	size_t count = echo->slot_count;
	double weight;

	echo->pair_of = calloc(count * count / 2 + 1, sizeof *echo->pair_of);
	must(echo->pair_of != NULL);
	for (size_t i = 0; i < echo->n;) {
		size_t n = echo_next(echo, &i, &weight);

		for (size_t a = 0; a < n; a++) {
			for (size_t b = a + 1; b < n; b++) {
				if (is_near(&echo->voices[a], &echo->voices[b]))
					++*pair_at(
						echo, echo->voices[a].slot, echo->voices[b].slot);
			}
		}
	}
}

static void pair_open(struct echo *echo, uint32_t a, uint32_t b)
{
	const struct echo_slot *left = &echo->slots[a];
	const struct echo_slot *right = &echo->slots[b];
	uint32_t *number = pair_at(echo, a, b);
	bool is_open = *number >= echo->least &&
		       echo->sources[left->source].family != echo->sources[right->source].family;

	*number = is_open ? (uint32_t)echo->pair_count : PAIR_NONE;
	if (is_open)
		echo->pairs[echo->pair_count++] = (struct echo_pair){ .a = a,
			.b = b,
			.from_s = left->from_s > right->from_s ? left->from_s : right->from_s };
}

/* Keeps the pairs that share enough to be judged. */
static void open_pairs(struct echo *echo)
{
	size_t most = 0;

	for (uint32_t a = 0; a < echo->slot_count; a++) {
		for (uint32_t b = a + 1; b < echo->slot_count; b++)
			most += *pair_at(echo, a, b) >= echo->least;
	}
	echo->pairs = calloc(most + 1, sizeof *echo->pairs);
	must(echo->pairs != NULL);
	for (uint32_t a = 0; a < echo->slot_count; a++) {
		for (uint32_t b = a + 1; b < echo->slot_count; b++)
			pair_open(echo, a, b);
	}
}

static void pair_add(
	struct echo *echo, const struct echo_voice *x, const struct echo_voice *y, double weight)
{
	const struct echo_voice *a = x->slot < y->slot ? x : y;
	const struct echo_voice *b = x->slot < y->slot ? y : x;
	uint32_t number = *pair_at(echo, a->slot, b->slot);
	struct echo_pair *pair;
	int32_t late_s = echo->end_s - ECHO_LATE_S;

	if (number == PAIR_NONE || !is_near(a, b))
		return;
	pair = &echo->pairs[number];
	if (a->began_s < pair->from_s || b->began_s < pair->from_s)
		return;
	pair->sampled++;
	pair->shared += weight;
	pair->a_first += a->began_s < b->began_s ? weight : 0.0;
	pair->b_first += b->began_s < a->began_s ? weight : 0.0;
	pair->a_old += a->began_s < late_s ? weight : 0.0;
	pair->b_old += b->began_s < late_s ? weight : 0.0;
	pair->lags[(b->began_s - a->began_s + ECHO_LAG_S) / ECHO_BIN_S] += (float)weight;
}

static void fill_pairs(struct echo *echo)
{
	double weight;

	for (size_t i = 0; i < echo->n;) {
		size_t n = echo_next(echo, &i, &weight);

		for (size_t a = 0; a < n; a++) {
			for (size_t b = a + 1; b < n; b++)
				pair_add(echo, &echo->voices[a], &echo->voices[b], weight);
		}
	}
}

void echo_find(const struct echo_listing *listings, size_t n, int32_t end_s, uint32_t least,
	struct echo_source *sources, size_t source_count)
{
	struct echo echo = { .listings = listings,
		.n = n,
		.end_s = end_s,
		.least = least,
		.sources = sources,
		.source_count = source_count };

	for (size_t s = 0; s < source_count; s++)
		sources[s].twin = (uint32_t)s;
	pick_slots(&echo);
	gather_times(&echo);
	bound_voices(&echo);
	count_pairs(&echo);
	open_pairs(&echo);
	fill_pairs(&echo);
	echo_judge(&echo);
	free(echo.slot_of);
	free(echo.slots);
	free(echo.times);
	free(echo.pair_of);
	free(echo.pairs);
	free(echo.voices);
}
