/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The audit trail: append-only and hash-chained. Each entry's hash is BLAKE2b-256 over the previous
 * hash and its own length-prefixed members; the newest (sequence, hash) is kept beside as well, so
 * that an entry altered, dropped, reordered, or cut off at the end is found. Whoever can rewrite
 * the whole table and the head can forge it: heads should be noted elsewhere (pehra audit show
 * prints them).
 */
#pragma once

#include "store/db.h"

/* Migrations 100..199 of the store. */
enum { AUDIT_MIGRATIONS = 1 };
extern const struct db_migration audit_migrations[AUDIT_MIGRATIONS];

enum { AUDIT_HASH_BYTES = 32 };

struct audit_entry {
	int64_t sequence; /* from 1; audit_append() gives it */
	int64_t time_s;
	struct str actor;   /* "uid:0", "token:3f2a... (owner)", "keeper" */
	struct str action;  /* "feed.import" */
	struct str subject; /* what it concerns; may be empty */
	struct str detail;
	uint8_t hash[AUDIT_HASH_BYTES];
};

/* Within the caller's transaction, so that a change and its trace stand or fall together. */
NODISCARD enum err audit_append(struct db *db, const struct audit_entry *entry, struct why *why);

/*
 * Walks the whole chain. OK: it holds, *count entries, *head the last hash. ERR_CORRUPT: why names
 * the first entry that does not hold, *count is its sequence.
 */
NODISCARD enum err audit_verify(
	struct db *db, uint64_t *count, uint8_t head[AUDIT_HASH_BYTES], struct why *why);

/* Entries after sequence, oldest first, at most max. */
typedef enum err (*audit_each)(void *state, const struct audit_entry *entry, struct why *why);
NODISCARD enum err audit_read(
	struct db *db, int64_t after, uint64_t max, audit_each each, void *state, struct why *why);
