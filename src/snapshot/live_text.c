/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes of names and URLs: new ones are appended with the ancestors that are missing. */
#include "snapshot/live_int.h"

struct path {
	uint32_t slots[TEXT_NAME_MAX + 1]; /* from the top label down */
	uint32_t count;
};

static enum err slot_add(struct snapshot_live *live, uint64_t mixed, uint16_t kind, uint32_t start,
	uint16_t length, uint32_t *out, struct why *why)
{
	struct pehra *map = &live->map;
	uint32_t used = LOAD(&map->control->text_slots);
	uint32_t at = text_home(mixed, map->text_slot_count);
	unsigned probes = 0;

	while (LOAD(&map->text_slots[at].fingerprint) != 0 && ++probes < TEXT_PROBES_MAX)
		at = at + 1 == map->text_slot_count ? 0 : at + 1;
	if (probes == TEXT_PROBES_MAX || used >= map->text_slot_count / 4 * 3)
		return fail(why, ERR_FULL, "no room for a new name in the live copy");

	struct text_slot *slot = &map->text_slots[at];

	slot->start = start;
	slot->length = length;
	slot->kind = kind;
	atomic_store_explicit(&map->control->text_slots, used + 1, memory_order_relaxed);
	atomic_store_explicit(&slot->fingerprint, text_fingerprint(mixed), memory_order_release);
	*out = at;
	return OK;
}

/* Finds the text's slot and those of its ancestors; with add, the missing ones are made. */
static enum err path_find(struct snapshot_live *live, const struct snapshot_text *entry,
	uint32_t start, bool add, struct path *path, struct why *why)
{
	struct str text = entry->text;
	uint16_t kind = entry->is_url ? TEXT_URL : TEXT_NAME;
	uint64_t hash = text_hash_start(live->map.seed, kind);

	path->count = 0;
	for (size_t i = text.n; i-- > 0;) {
		hash = text_hash_byte(hash, (uint8_t)text.p[i]);
		if (i != 0 && (entry->is_url || text.p[i - 1] != '.'))
			continue;

		uint64_t mixed = hash_mix(hash);
		uint32_t slot = pehra_text_find(&live->map, mixed, kind, text.p + i, text.n - i);

		if (slot == TEXT_SLOT_NONE && !add)
			return ERR_NOT_FOUND;
		if (slot == TEXT_SLOT_NONE)
			TRY(slot_add(live, mixed, kind, start + (uint32_t)i, (uint16_t)(text.n - i),
				&slot, why));
		path->slots[path->count++] = slot;
	}
	return OK;
}

/* Slots without a verdict change no answer, so a failure half-way leaves none behind. */
static enum err path_add(struct snapshot_live *live, const struct snapshot_text *entry,
	struct path *path, struct why *why)
{
	struct pehra *map = &live->map;
	uint64_t start = LOAD(&map->control->text_bytes);

	if (entry->text.n > map->text_byte_count - start || start > UINT32_MAX)
		return fail(why, ERR_FULL, "no room for a new name in the live copy");
	memcpy(map->text_bytes + start, entry->text.p, entry->text.n);
	atomic_store_explicit(
		&map->control->text_bytes, start + entry->text.n, memory_order_relaxed);
	return path_find(live, entry, (uint32_t)start, true, path, why);
}

static void counts_change(struct snapshot_live *live, const struct path *path, int change)
{
	if (change == 0)
		return;
	for (uint32_t i = 0; i < path->count; i++) {
		_Atomic uint32_t *count = &live->map.text_count[path->slots[i]];

		atomic_store_explicit(count, LOAD(count) + (uint32_t)change, memory_order_relaxed);
	}
	live_count(&live->map.control->name_entries, change);
}

enum err snapshot_live_put_text(
	struct snapshot_live *live, const struct snapshot_text *entry, struct why *why)
{
	struct pehra *map = &live->map;
	size_t longest = entry->is_url ? TEXT_LENGTH_MAX : TEXT_NAME_MAX;
	struct path path;

	TRY(live_verdict_check(live, entry->verdict, why));
	if (entry->text.n == 0 || entry->text.n > longest)
		return fail(why, ERR_USAGE, "text of %zu bytes", entry->text.n);

	enum err err = path_find(live, entry, 0, false, &path, why);

	if (err == ERR_NOT_FOUND && entry->verdict == 0)
		return OK;
	if (err == ERR_NOT_FOUND)
		err = path_add(live, entry, &path, why);
	TRY(err);

	uint32_t slot = path.slots[path.count - 1];
	bool below = entry->below && !entry->is_url;
	_Atomic uint16_t *id = below ? &map->text_slots[slot].below : &map->text_slots[slot].exact;
	struct live_value value = { entry->verdict,
		detail_pack(entry->detail.first_day, entry->detail.last_day,
			entry->detail.until_day, 0) };
	int change = (int)(value.id != 0) - (int)(LOAD(id) != 0);

	live_begin(live);
	live_store(id, &map->text_detail[2 * (uint64_t)slot + below], value);
	counts_change(live, &path, change);
	live_end(live);
	return OK;
}
