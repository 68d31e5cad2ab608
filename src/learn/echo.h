/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who copies whom, from when sources first listed what they list.
 *
 * For two sources, those things count that both listed anew while both were watched, at most
 * ECHO_LAG_S apart; what a source brought with it at first does not. B echoes A when such things
 * are nearly all of what B listed (or nearly all of what A listed: then B has more besides), B was
 * hardly ever first, and the lag is steady. Sensors of their own that see the same noisy attackers
 * overlap too, but not nearly entirely, and the one is first as often as the other. A list made of
 * several lists echoes them together.
 *
 * Nobody leads whom we trust more: what is read once a day is easily reported an hour earlier by
 * somebody who wants it to look like a copy. Then the less trusted one is taken to be the echo.
 */
#pragma once

#include "score/score.h"

enum {
	ECHO_SOURCES_MAX =
		1024,           /* that are compared: the most trusted, then those that list most */
	ECHO_LAG_S = 7 * 86400, /* who copies does it within a week: slower lists help nobody */
	ECHO_WINDOW_S = 60 * 86400, /* older listings tell how it was then */
	ECHO_FIRST_S = 86400,       /* what comes with the first reading of a list */
	ECHO_LATE_S = 2 * 86400,    /* what was listed so lately may yet be copied */
	ECHO_STEADY_S = 2 * 86400
};
/*
 * Of what one newly lists, so much must be the other's. Copiers fall short of all by what they add
 * or drop (a tenth is easily added as a disguise); independent sensors were seen to share up to six
 * tenths.
 */
#define ECHO_SHARE 0.8
/* The copier is first in at most so many cases: two clocks, and readings in the wrong order. */
#define ECHO_FIRST_SHARE 0.1
/* So many of the lags lie within ECHO_STEADY_S of each other: a daily copy, and a missed day. */
#define ECHO_STEADY_SHARE 0.8
/*
 * A list of lists takes over what the first of them says, so the others are first or second to it
 * by chance. Where it is not behind each, it must be behind some in nearly all cases: one of nine
 * that are independent and equally fast is the first in a ninth of them.
 */
#define ECHO_COLLECTED_SHARE 0.95
/* One of several that are copied makes up at least so much of the copy. */
#define ECHO_PART_LEAST 0.05
/* Where most are listed by both at once, nobody is seen to be first; then more must be shared. */
#define ECHO_TIED_SHARE 0.5

/* One source listed one thing; in order of thing, and each source once for each thing. */
struct echo_listing {
	uint32_t item;
	uint32_t source;
	int32_t began_s;
};

struct echo_source {
	/* given */
	uint32_t family; /* the number of its first member */
	uint8_t rank;    /* how far it is trusted: larger leads smaller */
	/* found */
	bool was_judged; /* it listed enough for that; else family and leaders are as they were */
	uint8_t leader_count;
	uint32_t leaders[SCORE_LEADERS_MAX]; /* sources */
	uint32_t twin; /* the first source with which it copies both ways, or itself */
};

/* began_s counts up to end_s. least: shared listings from which on copying is judged. */
void echo_find(const struct echo_listing *listings, size_t n, int32_t end_s, uint32_t least,
	struct echo_source *sources, size_t source_count);
