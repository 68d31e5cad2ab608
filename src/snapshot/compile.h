/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From evidence to the entries of a snapshot: gathers the claims about each indicator and about
 * everything that holds it (wider prefixes, names above it listed with all below), scores them
 * together with what lies around it, and keeps what the default policy at least watches.
 *
 * IPv6 hosts are judged by their /64: a claim on a longer prefix counts for its /64.
 * Keeper alone compiles. Entries are a pure function of the rows, the scoring and now.
 */
#pragma once

#include "evidence/indicator.h"
#include "score/score.h"
#include "snapshot/build.h"
#include "snapshot/scoring.h"

enum { COMPILE_V6_HOST_LENGTH = 64 };

/* One row of evidence. */
struct compile_row {
	struct str key; /* of the indicator, see indicator_key(); borrowed */
	uint32_t source;
	uint8_t role;
	uint8_t category;
	int16_t confidence;
	bool is_listed;
	double recent; /* accumulators as stored, at decayed_at_s */
	double lasting;
	int64_t decayed_at_s;
	int64_t first_seen_s;
	int64_t last_seen_s;
	uint64_t episodes;
};

struct compile;
/* scoring is borrowed until compile_free(). */
struct compile *compile_new(const struct scoring *scoring, int64_t now_s);
void compile_free(struct compile **compile); /* for CLEANUP */

/* Rows in any order; fastest when they come in runs ordered by key, as each source's do. */
NODISCARD enum err compile_add(
	struct compile *compile, const struct compile_row *row, struct why *why);

/*
 * Sorts, scores, and fills the entries, verdicts and names of out. They belong to the compile
 * object; generation and created_s are the caller's to set. compile_add() is over after this.
 *
 * Rules stand above scores: what an allow or a guard of policy never holds is left out, and where a
 * wider listing would still hold it, there is an entry with the action allow (for an allow by a
 * person always). A block by a person is an entry whatever the score. A guard of policy ask leaves
 * at most watch. Where a wider listing holds what is not watched itself, there is an entry with the
 * action none. IPv6 claims about a host that is let through do not count for its /64.
 * Beyond the policy's block_max the entries with the lowest scores are challenged instead.
 */
void compile_finish(struct compile *compile, struct snapshot_input *out);

/* What a person should know of the last compile_finish(). */
struct compile_touched {
	struct indicator indicator;
	struct str list;  /* the guard of policy ask that holds it */
	uint8_t would_be; /* enum pehra_action */
	uint8_t score;    /* the highest of its roles */
};
enum { COMPILE_TOUCHED_MAX = 1000 };
struct compile_summary {
	uint64_t actions[5]; /* entries by enum pehra_action */
	uint64_t demoted;    /* challenged because of block_max */
	uint64_t held_wide;  /* not blocked because the prefix is too wide */
	uint64_t guarded;    /* indicators left out by guards of policy never */
	const struct compile_touched
		*touched; /* highest scores first, at most COMPILE_TOUCHED_MAX */
	size_t touched_count;
};
void compile_summary(const struct compile *compile, struct compile_summary *out);

/*
 * Scores the claims about one indicator: rows are those about it and about all that hold it, around
 * is what lies around it (judge.h). The same as compile_finish() would give its entry, but for
 * block_max.
 */
struct compile_entry {
	struct pehra_verdict verdict; /* source_set and source_count are not filled */
	struct snapshot_detail detail;
	uint16_t *sources; /* ascending, in the arena */
	size_t source_count;
	/*
	 * Not watched, or let through by a guard: there is an entry only where the closest wider
	 * one is a listing (watch, challenge or block). judged_show() finds out.
	 */
	bool only_as_hole;
};

NODISCARD enum err compile_one(const struct scoring *scoring, int64_t now_s,
	const struct indicator *indicator, const struct compile_row *rows, size_t n,
	const struct score_surroundings *around, struct arena *arena, struct compile_entry *out,
	struct why *why);
