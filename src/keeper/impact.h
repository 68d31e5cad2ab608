/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dry runs: what another policy or another model would change. The evidence is read once and
 * scored both ways as of the same time; what differs is told as
 *   {"now": {"block", "challenge", "watch"}, "then": the same, "listed", "unlisted",
 *    "guards", "guard_examples": [{"indicator", "list", "score"}],
 *    "listed_examples": [{"indicator", "score"}], "unlisted_examples": the same}
 * listed are entries that would become blocks, unlisted those that would be blocks no longer;
 * guards counts what would be held back by guards of policy ask. The examples are those of the
 * highest scores.
 */
#pragma once

#include "base/json_read.h"
#include "snapshot/compile.h"

enum { IMPACT_EXAMPLES = 5 };

/* What is tried; what is not named stays as it is live. */
struct impact_question {
	int64_t model_version;  /* 0: the live one */
	int64_t policy_id;      /* 0: the live one; of any name, in the default's place */
	struct str policy_text; /* not empty: this policy instead, JSON */
};

/* Appends the object. */
NODISCARD enum err impact_find(struct db *db, const struct impact_question *question, int64_t now_s,
	struct buf *out, struct why *why);

/* What two compilations, both finished, differ in. Pure. */
void impact_write(const struct compile *now, const struct snapshot_input *now_entries,
	const struct compile *then, const struct snapshot_input *then_entries,
	struct json_writer *json);

/* What of it decides: entries that would change, and blocks now. ERR_CORRUPT when it is no impact.
 */
NODISCARD enum err impact_moves(
	struct json_node impact, uint64_t *moved, uint64_t *blocks, struct why *why);
