/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/prefix_index.h"

#include <stdlib.h>

/* One for each pair of first octets, and one behind the last. */
enum { V4_RANKS = (1 << 16) + 1 };

static void make_table(struct prefix_index *index)
{
	uint32_t rank = 0;

	index->v4_ranks = malloc(V4_RANKS * sizeof *index->v4_ranks);
	must(index->v4_ranks != NULL);
	for (uint32_t i = 0; i < V4_RANKS; i++) {
		struct ipaddr last = ip_from_u32((i << 16) - 1);

		if (i == 0)
			last = (struct ipaddr){
				.bytes = { [10] = 0xff, [11] = 0xfe, 0xff, 0xff, 0xff, 0xff }
			};
		while (rank < index->n && ip_cmp(&index->prefixes[rank].address, &last) <= 0)
			rank++;
		index->v4_ranks[i] = rank;
	}
}

void prefix_index_build(struct prefix_index *out, const struct prefix *prefixes, size_t n)
{
	uint32_t open = PREFIX_INDEX_NONE; /* the innermost prefix that may hold the next one */

	must(n < PREFIX_INDEX_NONE);
	*out = (struct prefix_index){ .n = (uint32_t)n };
	out->prefixes = malloc((n + 1) * sizeof *out->prefixes);
	out->parents = malloc((n + 1) * sizeof *out->parents);
	must(out->prefixes != NULL && out->parents != NULL);
	for (uint32_t i = 0; i < n; i++) {
		must(i == 0 || prefix_cmp(&prefixes[i - 1], &prefixes[i]) < 0);
		out->prefixes[i] = prefixes[i];
		while (open != PREFIX_INDEX_NONE && !prefix_contains(&prefixes[open], &prefixes[i]))
			open = out->parents[open];
		out->parents[i] = open;
		open = i;
	}
	if (n >= PREFIX_INDEX_TABLE_MIN)
		make_table(out);
}

void prefix_index_done(struct prefix_index *index)
{
	free(index->prefixes);
	free(index->parents);
	free(index->v4_ranks);
	*index = (struct prefix_index){ 0 };
}

/* How many sort before this prefix, or before or at it. */
static uint32_t rank_of(const struct prefix_index *index, const struct prefix *prefix, bool or_at)
{
	uint32_t low = 0;
	uint32_t high = index->n;

	if (index->v4_ranks != NULL && prefix_is_v4(prefix)) {
		uint32_t octets = ip_to_u32(&prefix->address) >> 16;

		low = index->v4_ranks[octets];
		high = index->v4_ranks[octets + 1];
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = prefix_cmp(&index->prefixes[middle], prefix);

		if (order < 0 || (or_at && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* All that hold it sort before it, and the last of those is within the closest of them. */
static uint32_t closest(
	const struct prefix_index *index, const struct prefix *prefix, uint32_t rank)
{
	uint32_t number = rank == 0 ? PREFIX_INDEX_NONE : rank - 1;

	while (number != PREFIX_INDEX_NONE && !prefix_contains(&index->prefixes[number], prefix))
		number = index->parents[number];
	return number;
}

uint32_t prefix_index_find(const struct prefix_index *index, const struct prefix *prefix)
{
	return closest(index, prefix, rank_of(index, prefix, true));
}

uint32_t prefix_index_find_next(
	const struct prefix_index *index, const struct prefix *prefix, uint32_t *rank)
{
	while (*rank < index->n && prefix_cmp(&index->prefixes[*rank], prefix) <= 0)
		(*rank)++;
	return closest(index, prefix, *rank);
}

void prefix_index_within(const struct prefix_index *index, const struct prefix *prefix,
	uint32_t *from, uint32_t *end)
{
	struct ipaddr last_ip = prefix_last(prefix);
	struct prefix last = { last_ip, 128 };

	*from = rank_of(index, prefix, false);
	*end = rank_of(index, &last, true);
}
