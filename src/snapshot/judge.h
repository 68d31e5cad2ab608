/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why an indicator has its score: the claims that count for it, read from the store, and the parts
 * of the score. The same claims as a compiled entry is scored from, so the explanation and the
 * snapshot agree.
 */
#pragma once

#include "evidence/query.h"
#include "score/score.h"
#include "snapshot/compile.h"
#include "snapshot/scoring.h"

/* The claims about an indicator and about all that holds it; in the arena. */
struct judged {
	struct indicator indicator; /* as it is judged: an IPv6 host is its /64 */
	struct evidence *claims;
	struct compile_row *rows; /* the same claims, index by index, as scoring takes them */
	size_t n;
	size_t own; /* the first of them are about the indicator, the others about what holds it */
	struct score_surroundings around;
	struct rule_match rule;
};

enum { JUDGED_CLAIMS_MAX = 100000 };

/*
 * As it was known at as_of_s (0: now). scoring must be of the same time.
 */
NODISCARD enum err judged_read(struct db *db, const struct scoring *scoring,
	const struct indicator *indicator, int64_t now_s, int64_t as_of_s, struct arena *arena,
	struct judged *out, struct why *why);

/* The score of those claims with its parts (in the arena), and what the rules make of it. */
struct explanation {
	struct score score; /* its action is the policy's */
	struct score_part *parts;
	size_t part_count;
	uint8_t action; /* enum pehra_action that is answered: the rules' word is the last */
};
NODISCARD enum err judged_explain(const struct judged *judged, const struct scoring *scoring,
	int64_t now_s, struct arena *arena, struct explanation *out, struct why *why);

/*
 * What a snapshot shows at the judged indicator: its own entry if it has one, and the closest wider
 * entry, which shows where it has none. But for block_max.
 */
struct judged_shown {
	bool has_entry;
	bool has_cover;
	struct compile_entry entry;
	struct indicator cover_of;
	struct compile_entry cover;
};
NODISCARD enum err judged_show(struct db *db, const struct judged *judged,
	const struct scoring *scoring, int64_t now_s, int64_t as_of_s, struct arena *arena,
	struct judged_shown *out, struct why *why);

/*
 * The same for one IPv6 host of which a rule speaks, as an entry of its own within its /64: for
 * judged_show(). All claims about its /64 and what holds that are about what holds it.
 */
NODISCARD enum err judged_host_read(struct db *db, const struct scoring *scoring,
	const struct indicator *indicator, int64_t now_s, int64_t as_of_s, struct arena *arena,
	struct judged *out, struct why *why);
/* Is it an IPv6 prefix that is judged by its /64? */
bool judged_is_host(const struct indicator *indicator);

/* As it is judged: the /64 of an IPv6 host. */
struct prefix judged_prefix(const struct prefix *prefix);

/* A row of evidence as scoring takes it; the key is borrowed. */
struct compile_row compile_row_of(const struct evidence *evidence);
