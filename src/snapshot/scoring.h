/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What verdicts are made with: the model, the default policy, the sources, and the rules that stand
 * above the score; all as of one time. Read from the store; immutable afterwards, so it may be
 * shared by whoever scores (the builder, the live copy, explanations).
 */
#pragma once

#include "decision/policy_store.h"
#include "guard/rules.h"
#include "score/model.h"
#include "snapshot/sources.h"

struct scoring {
	struct model model;
	struct policy policy;
	int64_t policy_id; /* 0: the built-in one */
	struct source_table sources;
	struct rules *rules;
};

/*
 * As of as_of_s (0: what is there now, at now_s): the model and the policy that were live then, the
 * guards and overrides in force. What was learned of sources goes into the table by their names.
 */
NODISCARD enum err scoring_load(
	struct db *db, int64_t now_s, int64_t as_of_s, struct scoring *out, struct why *why);
/* The same, with another model (version > 0) or another default policy (id > 0): for dry runs. */
NODISCARD enum err scoring_load_with(struct db *db, int64_t now_s, int64_t as_of_s,
	int64_t model_version, int64_t policy_id, struct scoring *out, struct why *why);
/* The parts that change more often, again: sources, or rules. On failure the old ones stay. */
NODISCARD enum err scoring_reload_sources(
	struct scoring *scoring, struct db *db, int64_t now_s, struct why *why);
NODISCARD enum err scoring_reload_rules(
	struct scoring *scoring, struct db *db, int64_t now_s, struct why *why);
void scoring_done(struct scoring *scoring); /* for CLEANUP */
/* A scoring may point into itself: this moves one. */
void scoring_move(struct scoring *to, struct scoring *from);
