/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Building a snapshot file from sorted entries (format: lib/format.h, readers: lib/pehra.h).
 * Keeper alone builds. The result is a pure function of the input, so equal input gives equal bytes
 * but for generation, time and signature.
 */
#pragma once

#include "base/arena.h"
#include "pehra.h"

/* Interns verdict records and source sets; ids are 1..65535 in order of first use. */
struct verdict_table;
struct verdict_table *verdict_table_new(void);
void verdict_table_free(struct verdict_table **table); /* for CLEANUP */

/*
 * The id of a record. sources are numbers that index the source names given to the build, in
 * ascending order; source_set and source_count of verdict are filled here. When the ids run out,
 * the record is interned without its source set (source_set 0), so an entry is never lost.
 */
uint16_t verdict_table_intern(struct verdict_table *table, const struct pehra_verdict *verdict,
	const uint16_t *sources, size_t source_count);

/* Detail of an entry as the file holds it: days and the entry's own length, see pehra_detail. */
struct snapshot_detail {
	uint16_t first_day;
	uint16_t last_day;
	uint16_t until_day;
};

struct snapshot_v4 {
	uint32_t address; /* host order; bits behind width are zero */
	uint8_t width;    /* 0..32 */
	uint8_t pad;
	uint16_t verdict; /* not 0 */
	struct snapshot_detail detail;
	uint16_t pad2;
};

struct snapshot_v6 {
	uint64_t high; /* of the address, host order */
	uint64_t low;
	uint8_t length; /* 0..128 */
	uint8_t pad;
	uint16_t verdict; /* not 0 */
	struct snapshot_detail detail;
	uint16_t pad2;
};

struct snapshot_text {
	struct str text; /* name: lower-case A-labels without last dot; URL: canonical */
	bool is_url;
	bool below; /* name: with everything below; a name may be listed exactly and below */
	uint16_t verdict;
	struct snapshot_detail detail;
};

struct snapshot_input {
	/* sorted by (address, width) and unique */
	const struct snapshot_v4 *v4;
	size_t v4_count;
	/* sorted by (address, length) and unique */
	const struct snapshot_v6 *v6;
	size_t v6_count;
	const struct snapshot_text *texts; /* any order, unique */
	size_t text_count;
	const struct verdict_table *verdicts;
	const struct str *source_names;
	size_t source_count;
	const struct str *category_names; /* indexed by category; empty: no such category */
	size_t category_count;
	uint64_t generation;
	int64_t created_s;
};

/* Ed25519 key pair in files of their own: <folder>/snapshot.key (0600) and snapshot.pub. */
struct snapshot_key {
	uint8_t secret[64];
	uint8_t public[32];
};
NODISCARD enum err snapshot_key_load_or_make(
	const char *folder, struct snapshot_key *out, struct why *why);

/*
 * Writes folder/generation.pehra: temporary file, signature, fsync, rename. Unsorted or repeated
 * input is ERR_CORRUPT. On any failure the last good file is untouched.
 */
NODISCARD enum err snapshot_build(const struct snapshot_input *input, const char *folder,
	const struct snapshot_key *key, struct why *why);

/* Checks magic, version, sizes, every checksum, and the signature against the public key. */
NODISCARD enum err snapshot_verify(const char *path, const uint8_t public_key[32], struct why *why);
