/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From evidence to the entries of a snapshot: gathers the claims about each indicator and about
 * everything that holds it (wider prefixes, names above it listed with all below), scores them
 * together, and keeps what the default policy at least watches.
 *
 * IPv6 hosts are judged by their /64: a claim on a longer prefix counts for its /64.
 * Keeper alone compiles. Entries are a pure function of the rows, the sources, the model and now.
 */
#pragma once

#include "evidence/indicator.h"
#include "score/score.h"
#include "snapshot/build.h"

enum { COMPILE_V6_HOST_LENGTH = 64 };

/* What scoring has to know of a source; the array is indexed by the source's number. */
struct compile_source {
	struct str name;
	uint32_t family;
	float weight;
};

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
};

struct compile;
struct compile *compile_new(const struct score_model *model, const struct compile_source *sources,
	size_t source_count, int64_t now_s);
void compile_free(struct compile **compile); /* for CLEANUP */

/* Rows in any order; fastest when they come in runs ordered by key, as each source's do. */
NODISCARD enum err compile_add(
	struct compile *compile, const struct compile_row *row, struct why *why);

/*
 * Sorts, scores, and fills the entries, verdicts and names of out. They belong to the compile
 * object; generation and created_s are the caller's to set. compile_add() is over after this.
 */
void compile_finish(struct compile *compile, struct snapshot_input *out);

/*
 * Scores the claims about one indicator: rows are those about it and about all that hold it. The
 * same as compile_finish() would give its entry. *verdict gets id 0 scores when nothing is watched.
 */
struct compile_entry {
	struct pehra_verdict verdict; /* source_set and source_count are not filled */
	struct snapshot_detail detail;
	uint16_t *sources; /* ascending, in the arena */
	size_t source_count;
};

NODISCARD enum err compile_one(const struct score_model *model,
	const struct compile_source *sources, size_t source_count, int64_t now_s,
	const struct compile_row *rows, size_t n, struct arena *arena, struct compile_entry *out,
	struct why *why);
