/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What others do, on the same evidence: each rates an indicator by all that is claimed of it, as
 * they do not tell roles apart. Written from the published formulas; where evidence has nothing
 * that a formula asks for, in the way that suits the peer best (what a list still names was seen
 * today).
 */
#pragma once

#include "bench/score/ledger.h"

/* What is rated: evidence at a time, without what one source says. */
struct view {
	const struct ledger *ledger;
	int64_t now_s;
	uint16_t omitted; /* a source, or HISTORY_SOURCES_MAX */
};

struct peer {
	const char *name;  /* for rows of results: "count" */
	const char *title; /* for charts */
	/* Greater is worse; 0: nothing is said. */
	double (*rate)(const struct view *view, uint32_t indicator);
};

enum { PEER_COUNT, PEER_MISP, PEER_NERD, PEER_UNION, PEERS };
extern const struct peer peers[PEERS];

/* What a list names, or what was reported within PEER_NEWS_DAYS, counts as listed now. */
enum { PEER_NEWS_DAYS = 14 };
