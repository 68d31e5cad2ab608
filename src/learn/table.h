/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The claims that are learned from, gathered by indicator. Beyond LEARN_INDICATORS_MAX indicators a
 * share of the neighbourhoods is kept, whole (by the hash of the /24, the IPv6 /48, or the key), so
 * that what is counted around an indicator stays true; prefixes wider than that are always kept.
 * What is kept, and its order, depends on what was added, not on the order of adding.
 */
#pragma once

#include "learn/learn.h"

#define TABLE_NONE UINT32_MAX

enum table_flag {
	CLAIM_KNOWN = 1,  /* at at_s */
	CLAIM_LISTED = 2, /* at at_s */
	CLAIM_NEWS = 4
};

/* Times are relative to at_s. */
struct table_claim {
	uint32_t item;
	uint32_t source;
	float recent;
	float lasting;
	int32_t decayed_s;
	int32_t last_seen_s;
	int32_t began_s;
	uint16_t episodes;
	int16_t confidence;
	uint8_t role;
	uint8_t category;
	uint8_t flags; /* enum table_flag */
	uint8_t pad;
};

/* An indicator; claims of item i are [first, first of item i + 1). */
struct table_item {
	struct str key;
	uint32_t first;
	uint8_t doubts;     /* enum table_doubt */
	uint8_t is_active;  /* bits by role: for its neighbours */
	uint8_t is_noticed; /* the same, of trusted sources: for its network */
	bool is_refuted;
	bool is_wide; /* a prefix whose hosts are judged instead of it */
	bool is_ip;
	uint32_t group[SCORE_NEAR_LEVELS]; /* in which its neighbours are counted */
};

/* What guards note. */
enum table_doubt { ITEM_SHARED = 1, ITEM_CLOUD = 2, ITEM_NOTED = 4 };

/* As they come: runs of claims with one key share an entry. */
struct table_entry {
	uint64_t head; /* the key's first bytes as a number: most comparisons end here */
	const char *key;
	uint32_t number;
	uint32_t key_length;
};

struct table {
	int64_t at_s;
	struct arena keys;
	struct table_entry *entries; /* until the table is closed */
	size_t entry_count;
	size_t entry_capacity;
	size_t entries_before; /* when they were last merged */
	struct table_claim *claims;
	size_t claim_count;
	size_t claim_capacity;
	struct table_item
		*items; /* once it is closed, by key; one more ends the last one's claims */
	size_t item_count;
	uint64_t threshold; /* hashes up to it are kept; UINT64_MAX: all */
	uint64_t left_out;  /* claims that were not sampled */
};

void table_init(struct table *table, int64_t at_s);
void table_done(struct table *table);
/* Keys that are none (and patterns) are passed over. */
void table_add(struct table *table, const struct learn_claim *claim);
/* Sorts by key; claims by role, source and category within. No table_add() after this. */
void table_close(struct table *table);

/* The end of the claims of one role that begin at i. */
static inline uint32_t table_role_end(const struct table *table, uint32_t i, uint32_t end)
{
	uint8_t role = table->claims[i].role;

	while (i < end && table->claims[i].role == role)
		i++;
	return i;
}

/* Of a key of an address or prefix. */
void table_prefix(struct str key, struct prefix *out);
