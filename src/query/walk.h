/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Indicators in the order of their keys, each with the claims of all sources about it. Evidence
 * lies by source, so this is a merge: of each source a few hundred rows are read at a time, in a
 * short read of its own, and memory is bounded by the number of sources.
 *
 * The store may change during the walk: an indicator that is there throughout is met once.
 */
#pragma once

#include "base/arena.h"
#include "evidence/taxonomy.h"
#include "store/db.h"

struct walk_claim {
	int64_t source;
	struct str source_name; /* lives as long as the walk */
	uint8_t role;
	uint8_t category;
	uint8_t tlp;
	int16_t confidence;
	int64_t count;
	int64_t first_seen_s;
	int64_t last_seen_s;
	int64_t ended_s; /* 0: still claimed */
};

enum { WALK_SOURCES_MAX = 4096, WALK_CLAIMS_MAX = 1024 };

/* Slices live until each returns. */
struct walk_group {
	struct str key;
	const struct walk_claim *claims; /* at most WALK_CLAIMS_MAX, the rest is left out */
	size_t n;
};

/* False: no more are wanted. */
typedef bool (*walk_each)(void *state, const struct walk_group *group);

struct walk_range {
	struct str after; /* keys behind this one; empty: from the start */
	struct str low;   /* keys from this one on; empty: no bound */
	struct str high;  /* up to and including this one; empty: no bound */
	enum tlp tlp; /* claims with a stricter label are passed over, as if they were not there */
};

NODISCARD enum err walk_indicators(struct db *db, const struct walk_range *range, walk_each each,
	void *state, struct why *why);
