/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A hash table from byte strings to 64-bit numbers, keyed with SipHash and a random key, so that
 * outside input cannot choose its collisions. Keys are copied. Zero-initialised is ready and empty.
 */
#pragma once

#include "base/arena.h"

struct map_slot;

struct map {
	struct map_slot *slots;
	size_t slot_count; /* a power of two, or 0 */
	size_t n;          /* keys held */
	uint8_t key[16];
	struct arena keys;
};

void map_done(struct map *map);
/* NULL when the key is not there. The pointer is valid until the next map_add(). */
uint64_t *map_get(const struct map *map, struct str key);
/* The value of key, which is added with value 0 when new; *is_new (may be NULL) tells. */
uint64_t *map_add(struct map *map, struct str key, bool *is_new);
