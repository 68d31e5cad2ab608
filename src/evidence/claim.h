/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A claim: one source says something of one indicator. What a feed's line becomes, and what crosses
 * from the parse role to keeper. Claims travel in batches, sorted by key and merged, because the
 * store takes sorted batches at half the cost.
 */
#pragma once

#include "base/arena.h"
#include "evidence/indicator.h"
#include "evidence/taxonomy.h"

enum { CONFIDENCE_UNKNOWN = -1, CLAIM_REFERENCE_MAX = 256 };

struct claim {
	struct indicator indicator;
	enum role role;
	enum category category;
	enum tlp tlp;
	int16_t confidence;   /* the source's own, 0..100, or CONFIDENCE_UNKNOWN */
	uint32_t count;       /* events behind the claim; 1 when the source does not say */
	int64_t first_seen_s; /* 0: the source does not say */
	int64_t last_seen_s;  /* 0: the source does not say */
	struct str reference; /* case number, malware name ...; may be empty; borrowed */
};

/* The most claims that one batch holds, and about how many bytes of them. */
enum { CLAIM_BATCH_MAX = 65536, CLAIM_BATCH_BYTES = 8 << 20 };

/* One claim in stored form: 40 bytes and its key and reference in the batch's bytes. */
struct claim_row {
	uint32_t key_offset;
	uint16_t key_length;
	uint16_t reference_length; /* the reference follows the key */
	uint8_t role;
	uint8_t category;
	uint8_t tlp;
	uint8_t pad;
	int16_t confidence;
	uint16_t pad2;
	uint32_t count;
	int64_t first_seen_s;
	int64_t last_seen_s;
};

/* Zero-initialised is ready and empty. Owned by one writer. */
struct claim_batch {
	struct claim_row *rows;
	size_t n;
	size_t capacity;
	struct buf bytes;
};

void claim_batch_done(struct claim_batch *batch);
void claim_batch_clear(struct claim_batch *batch);
bool claim_batch_is_full(const struct claim_batch *batch);
/*
 * Copies the claim in. Not when full. A reference longer than CLAIM_REFERENCE_MAX is cut, crossed
 * times are put in order. Times lie in 0..2199, numbers in the ranges of struct claim.
 */
void claim_batch_add(struct claim_batch *batch, const struct claim *claim);

/*
 * The hot path of plain lists: many prefixes with the same facts and no reference. The row of the
 * facts is made (and checked) once; its key and reference fields are of no use.
 */
struct claim_row claim_row_of_facts(const struct claim *claim);
/* As claim_batch_add(). */
void claim_batch_add_prefix(
	struct claim_batch *batch, const struct prefix *prefix, const struct claim_row *facts);

/*
 * Sorts by (key, role, category) and merges equal ones: counts add up, first and last seen widen,
 * the highest confidence, the strictest TLP and the reference that is first in byte order stay. So
 * the result does not depend on the order in which claims came.
 */
void claim_batch_sort(struct claim_batch *batch);

static inline struct str claim_row_key(const struct claim_batch *batch, const struct claim_row *row)
{
	return (struct str){ batch->bytes.data + row->key_offset, row->key_length };
}

static inline struct str claim_row_reference(
	const struct claim_batch *batch, const struct claim_row *row)
{
	return (struct str){ batch->bytes.data + row->key_offset + row->key_length,
		row->reference_length };
}

/* The claim of a row; text of a name is placed in the arena. */
NODISCARD enum err claim_from_row(const struct claim_batch *batch, const struct claim_row *row,
	struct arena *arena, struct claim *out, struct why *why);

/* For the message between roles. Decoding checks every offset and key: the sender is not trusted.
 */
void claim_batch_encode(struct buf *out, const struct claim_batch *batch);
NODISCARD enum err claim_batch_decode(struct str bytes, struct claim_batch *out, struct why *why);
