/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An index over a fixed set of prefixes of both families: which of them hold an address or another
 * prefix, the closest first. For tables that change rarely and are asked often (guards, overrides,
 * networks); a look-up is one binary search and a walk up the chain of those that nest. Large ones
 * have a table that tells the search for IPv4 between which two to look.
 *
 * Built once, read by any thread. What belongs to a prefix is the caller's, found by its number.
 */
#pragma once

#include "net/ip.h"

#define PREFIX_INDEX_NONE UINT32_MAX

struct prefix_index {
	struct prefix *prefixes; /* sorted by prefix_cmp(), unique */
	uint32_t *parents;       /* the closest other one that holds it, or PREFIX_INDEX_NONE */
	uint32_t *v4_ranks;      /* how many sort before a.b.0.0; NULL for small ones */
	uint32_t n;
};
enum { PREFIX_INDEX_TABLE_MIN = 2048 }; /* prefixes from which on the table is made */

/* Copies; prefixes must be sorted by prefix_cmp() and unique, fewer than 2^32 - 1. */
void prefix_index_build(struct prefix_index *out, const struct prefix *prefixes, size_t n);
void prefix_index_done(struct prefix_index *index); /* for CLEANUP */

/* The number of the longest prefix that holds all of this one (itself included), or NONE. */
uint32_t prefix_index_find(const struct prefix_index *index, const struct prefix *prefix);
/* The same, for prefixes that are asked in their order: *rank starts at 0 and is kept between. */
uint32_t prefix_index_find_next(
	const struct prefix_index *index, const struct prefix *prefix, uint32_t *rank);
/* The next wider one that holds it, or NONE. */
static inline uint32_t prefix_index_parent(const struct prefix_index *index, uint32_t number)
{
	return index->parents[number];
}
/* Numbers [*from, *end) start within the prefix; those in it are narrower or equal, contiguous. */
void prefix_index_within(const struct prefix_index *index, const struct prefix *prefix,
	uint32_t *from, uint32_t *end);
