/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of imports share. */
#pragma once

#include "evidence/import.h"

/* What a batch is merged as. */
struct merge_context {
	int64_t source;
	int64_t run;
	int64_t now_s;   /* of the run's start */
	int64_t begun_s; /* the caller's now, later than that when the run goes on */
	enum import_kind kind;
};

struct import {
	struct db *db;
	struct merge_context context;
	uint8_t content_hash[IMPORT_HASH_BYTES];
};

static inline struct str hash_text(const uint8_t hash[IMPORT_HASH_BYTES])
{
	return str_from((const char *)hash, IMPORT_HASH_BYTES);
}

/* In SQL. ln 2 / half-life in seconds: of 1.5 and 20 days */
#define RECENT_RATE  "CAST(5.3483578746909356e-06 AS DOUBLE PRECISION)"
#define LASTING_RATE "CAST(4.0112684060182021e-07 AS DOUBLE PRECISION)"
/* after so many seconds (1041 days) nothing is left of what was, and exp() does not underflow */
#define FORGOTTEN "90000000"

/* Merges a sorted batch inside the caller's transaction. ERR_USAGE when it is not sorted. */
NODISCARD enum err merge_claims(struct db *db, const struct merge_context *context,
	const struct claim_batch *batch, struct why *why);
/* The same for one claim that belongs to no run. */
NODISCARD enum err merge_report(struct db *db, const struct merge_context *context,
	const struct claim_batch *batch, struct why *why);

/* The number of the source; made when new. Inside the caller's transaction. */
NODISCARD enum err source_make(
	struct db *db, struct str name, int64_t now_s, int64_t *out, struct why *why);

/* Keeps the states of what left a full list, before it ends. Inside the caller's transaction. */
NODISCARD enum err past_keep_absent(const struct import *import, struct why *why);
/*
 * Before anything is noted at now_s: when the clock was ahead of that before, what is known counts
 * as known since now, so that each time has one past. Inside the caller's transaction.
 */
NODISCARD enum err past_turn_back(struct db *db, int64_t now_s, struct why *why);

/* A source's state after an attempt. Inside the caller's transaction. */
NODISCARD enum err state_succeeded(
	struct db *db, int64_t source, const char *state, int64_t now_s, struct why *why);
NODISCARD enum err state_failed(
	struct db *db, int64_t source, int64_t now_s, struct str reason, struct why *why);
