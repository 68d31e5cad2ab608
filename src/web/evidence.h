/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Claims on their way out. Every claim has a TLP label and passes the audience's gate; of those
 * that do not, only the number is told.
 */
#pragma once

#include "web/request.h"

#include "evidence/indicator.h"

/*
 * May the audience learn that this source is among those that claim something? Not when the source
 * has made claims with a stricter label than the audience may see.
 */
bool source_may_be_named(struct web *web, const struct audience *audience, struct str source);
/* Reads the sources' labels from the store; the caller's thread. */
NODISCARD enum err source_labels_load(struct web *web, struct db *db, struct why *why);

/* Members "claims" and "hidden_claims" into an object that is open. Runs in a reader thread. */
NODISCARD enum err evidence_write(struct request *request, struct json_writer *json,
	const struct indicator *indicator, struct why *why);

/* The whole answer: the parts of the score, adding up to it, and the claims behind them. */
NODISCARD enum err serve_explanation(
	struct request *request, const struct indicator *indicator, struct why *why);
