/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Imports: how claims come into the store. One import is one reading of one source's list (or of
 * news from it), in batches; keeper alone imports.
 *
 * Each batch is merged in a transaction of its own, so an acknowledged batch is durable, and the
 * same batch once more within the import changes nothing. Finishing ends the claims that a full
 * list no longer makes; until then nothing ends, so an import that breaks off loses nothing.
 *
 * Merging rule. A row is one source's claim (source, indicator, role, category). When an import
 * meets it for the first time and it is new, or had ended, or its source says that it was seen
 * later than known, this is a new sighting: both accumulators (half-lives 1.5 and 20 days) are
 * brought to the later of their time and the sighting's, and the sighting, brought there too, adds
 * one (never more: counts are kept apart). So sightings that come out of order give the same sums.
 * If it is merely still in the list, it is only marked as met. first_seen is the least, last_seen
 * the greatest of what was said; the source's silence counts as now, at a sighting. Times ahead of
 * now are taken as now; a clock that jumped back never makes last_seen less than first_seen.
 * Counts: those of batches of one import add up; a list's count is the greatest told by one
 * import, news add up. Confidence, TLP and reference are the newest that were given; within one
 * import the strictest TLP stays.
 *
 * What leaves a list counts as seen until it left, because it was listed as present that long: both
 * accumulators are brought to that time and are at least one there. So a claim decays from the end
 * of its listing, not from its beginning.
 *
 * News (IMPORT_ADDITIONS, import_one) are sightings, not listings: silence is a sighting now, and
 * such a claim has ended at its last sighting (ended_s = last_seen_s), so it decays from there.
 *
 * Episodes. A claim that had ended and is listed again begins a new listing: started is now, and
 * episodes counts one more. News begin one at a sighting more than a day after the last.
 *
 * Past states (docs/decisions/0012). A row whose times, sums, confidence, TLP or reference change
 * is known as it is now from the import's now on (changed), and its old state is kept until then.
 * Merely being met again changes nothing of that, and so does a count alone, which is always the
 * newest told while the state lasted. A clock that jumped back takes what is ahead of it along: it
 * counts as known since the new now, so each time has one past, that of its last passing.
 */
#pragma once

#include "evidence/claim.h"
#include "store/db.h"

enum import_kind {
	IMPORT_FULL_LIST, /* what it does not name has ended */
	IMPORT_ADDITIONS  /* news: nothing ends by absence */
};

enum { IMPORT_HASH_BYTES = 32 };

struct import_request {
	struct str source; /* its name; made when new */
	enum import_kind kind;
	int64_t now_s;
	/* of the input and of how it is read; all zero: never "unchanged" */
	uint8_t content_hash[IMPORT_HASH_BYTES];
	struct str resume; /* what the job is, opaque text kept in the run row; may be empty */
};

struct import;

/*
 * Starts a run. *is_unchanged: the source's last finished run had the same hash, so there is
 * nothing to do; the source's time of success is noted, *out is NULL.
 */
NODISCARD enum err import_begin(struct db *db, const struct import_request *request,
	struct import **out, bool *is_unchanged, struct why *why);
/* The number of the run, which names it in the store and in the API. */
int64_t import_run(const struct import *import);

/* Merges a sorted batch, durably. On failure the batch may be given again. */
NODISCARD enum err import_batch(
	struct import *import, const struct claim_batch *batch, struct why *why);

/* How the reading went, for the run's row. */
struct import_refusal {
	struct str reason;
	uint64_t count;
	uint64_t line;
	struct str sample;
};

struct import_reading {
	uint64_t lines;
	uint64_t accepted;
	uint64_t refused;
	struct str format;
	const struct import_refusal *refusals;
	size_t refusal_count;
};

/* What an import changed. */
struct import_result {
	uint64_t added;   /* claims that are new or began again */
	uint64_t updated; /* seen anew */
	uint64_t kept;    /* still listed */
	uint64_t ended;
};

/*
 * Ends what left the list (with an episode in the history), notes the reading and the source's
 * success, all in one transaction. The import is gone afterwards when OK; else it may be tried
 * again or aborted. etag and last_modified may be empty.
 */
NODISCARD enum err import_finish(struct import **import, const struct import_reading *reading,
	struct str etag, struct str last_modified, struct import_result *out, struct why *why);
/* Marks the run as failed with the reason; what was merged stays, nothing ends. For every failure.
 */
void import_abort(struct import **import, const struct import_reading *reading, struct str reason);

/*
 * Marks the run as held for the reason, before anything of it was merged: what was known stays as
 * it is. No failure: the source was read, and a person decides.
 */
NODISCARD enum err import_hold(struct import **import, const struct import_reading *reading,
	struct str reason, struct why *why);

/* The source's last run that was merged to its end. run 0: none. */
struct import_good {
	int64_t run;
	uint64_t accepted;
};
NODISCARD enum err import_last_good(
	struct db *db, struct str source, struct import_good *out, struct why *why);

/* Forgets the import and leaves its run "running": a later keeper resumes it. NULL is fine. */
void import_leave(struct import **import);

/* A failure before anything was read (a fetch that failed): the source's status shows it. */
NODISCARD enum err import_failed(
	struct db *db, struct str source, int64_t now_s, struct str reason, struct why *why);
/* The source answered that nothing changed (HTTP 304). */
NODISCARD enum err import_not_modified(
	struct db *db, struct str source, int64_t now_s, struct why *why);

/* One claim by a sensor or a person, in one transaction: the cheap path. */
NODISCARD enum err import_one(struct db *db, struct str source, const struct claim *claim,
	int64_t now_s, struct why *why);

/* Runs that were under way when their keeper ended, oldest first: resume as given at the start. */
typedef enum err (*import_unfinished_each)(
	void *state, int64_t run, struct str resume, struct why *why);
NODISCARD enum err import_unfinished(
	struct db *db, import_unfinished_each each, void *state, struct why *why);
/* Marks an unfinished run as interrupted. */
NODISCARD enum err import_interrupted(struct db *db, int64_t run, int64_t now_s, struct why *why);
