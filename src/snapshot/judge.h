/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why an indicator has its score: the claims that count for it, read from the store, and the parts
 * of the score. The same claims as a compiled entry is scored from, so the explanation and the
 * snapshot agree.
 */
#pragma once

#include "evidence/query.h"
#include "score/score.h"
#include "snapshot/sources.h"

/* The claims about an indicator and about all that holds it; in the arena. */
struct judged {
	struct indicator indicator; /* as it is judged: an IPv6 host is its /64 */
	struct evidence *claims;
	struct compile_row *rows; /* the same claims, index by index, as scoring takes them */
	size_t n;
	size_t own; /* the first of them are about the indicator, the others about what holds it */
};

enum { JUDGED_CLAIMS_MAX = 100000 };

NODISCARD enum err judged_read(struct db *db, const struct indicator *indicator,
	struct arena *arena, struct judged *out, struct why *why);

/* The score of those claims with its parts (in the arena). */
struct explanation {
	struct score score;
	struct score_part *parts;
	size_t part_count;
};
NODISCARD enum err judged_explain(const struct judged *judged, const struct score_model *model,
	const struct source_table *sources, int64_t now_s, struct arena *arena,
	struct explanation *out, struct why *why);

/* A row of evidence as scoring takes it; the key is borrowed. */
struct compile_row compile_row_of(const struct evidence *evidence);
