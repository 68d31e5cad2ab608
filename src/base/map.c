/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/map.h"

#include <sodium.h>

struct map_slot {
	const char *key; /* NULL: free */
	uint32_t key_length;
	uint32_t hash;
	uint64_t value;
};

enum { MAP_FIRST_SLOTS = 64 };

_Static_assert(crypto_shorthash_KEYBYTES == 16, "the key fits struct map");

void map_done(struct map *map)
{
	free(map->slots);
	arena_done(&map->keys);
	*map = (struct map){ 0 };
}

static uint32_t map_hash(const struct map *map, struct str key)
{
	uint8_t hash[crypto_shorthash_BYTES];
	uint32_t low;

	must(crypto_shorthash(hash, (const uint8_t *)key.p, key.n, map->key) == 0);
	memcpy(&low, hash, sizeof low);
	return low;
}

/* The slot that holds key, or the free one where it would go. */
static struct map_slot *map_find(const struct map *map, struct str key, uint32_t hash)
{
	size_t mask = map->slot_count - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct map_slot *slot = &map->slots[i];

		if (slot->key == NULL)
			return slot;
		if (slot->hash == hash && str_eq(str_from(slot->key, slot->key_length), key))
			return slot;
	}
}

static void map_grow(struct map *map)
{
	struct map old = *map;

	if (old.slot_count == 0)
		randombytes_buf(map->key, sizeof map->key);
	map->slot_count = old.slot_count == 0 ? MAP_FIRST_SLOTS : old.slot_count * 2;
	map->slots = calloc(map->slot_count, sizeof *map->slots);
	must(map->slots != NULL);
	for (size_t i = 0; i < old.slot_count; i++) {
		const struct map_slot *slot = &old.slots[i];

		if (slot->key != NULL)
			*map_find(map, str_from(slot->key, slot->key_length), slot->hash) = *slot;
	}
	free(old.slots);
}

uint64_t *map_get(const struct map *map, struct str key)
{
	if (map->n == 0)
		return NULL;

	struct map_slot *slot = map_find(map, key, map_hash(map, key));

	return slot->key == NULL ? NULL : &slot->value;
}

uint64_t *map_add(struct map *map, struct str key, bool *is_new)
{
	must(key.n <= UINT32_MAX);
	if (map->slot_count - map->n <= map->slot_count / 4)
		map_grow(map);

	uint32_t hash = map_hash(map, key);
	struct map_slot *slot = map_find(map, key, hash);

	if (is_new != NULL)
		*is_new = slot->key == NULL;
	if (slot->key == NULL) {
		*slot = (struct map_slot){ arena_str(&map->keys, key).p, (uint32_t)key.n, hash, 0 };
		map->n++;
	}
	return &slot->value;
}
