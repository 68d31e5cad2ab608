/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files that find echoes; see echo.h. */
#pragma once

#include "learn/echo.h"

enum {
	ECHO_BIN_S = 12 * 3600,
	ECHO_BINS = 2 * ECHO_LAG_S / ECHO_BIN_S + 1,
	ECHO_CANDIDATES_MAX = 12 /* lists that one may be made of, of which the best are taken */
};

/* A source that is compared. */
struct echo_slot {
	uint32_t source;
	int32_t from_s; /* what it lists from then on is new */
	int32_t first_s;
	uint64_t listed;
	/* new listings by time: [times, times + listed) of echo.times */
	size_t times;
};

/* Two of them: what both listed anew. */
struct echo_pair {
	uint32_t a;
	uint32_t b;
	int32_t from_s;
	uint32_t sampled; /* as counted; the numbers below are of all */
	double shared;
	double a_first;
	double b_first;
	double a_old; /* shared that a listed long enough ago that b may have copied it */
	double b_old;
	float lags[ECHO_BINS]; /* b's time minus a's */
};

/* Somebody who listed the thing at hand. */
struct echo_voice {
	uint32_t slot;
	int32_t began_s;
};

struct echo {
	const struct echo_listing *listings;
	size_t n;
	int32_t end_s;
	uint32_t least;
	struct echo_source *sources;
	size_t source_count;
	uint32_t *slot_of; /* by source */
	struct echo_slot *slots;
	uint32_t slot_count;
	int32_t *times;      /* of new listings, by slot, ascending */
	uint32_t voices_max; /* things with more are sampled */
	uint32_t *pair_of;   /* by two slots: counted first, then the number of the pair */
	struct echo_pair *pairs;
	size_t pair_count;
	struct echo_voice *voices; /* room for all slots */
};

static inline size_t echo_pair_index(const struct echo *echo, uint32_t low, uint32_t high)
{
	size_t count = echo->slot_count;

	return low * (2 * count - low - 1) / 2 + (high - low - 1);
}

/* The new listings of the next thing, by slot; *i moves behind it. 0 when it is not sampled. */
size_t echo_next(const struct echo *echo, size_t *i, double *weight);
/* How many a slot listed anew in [from_s, end_s). */
uint64_t echo_listed(const struct echo *echo, uint32_t slot, int32_t from_s, int32_t end_s);
/* From pairs to leaders and twins. */
void echo_judge(const struct echo *echo);
