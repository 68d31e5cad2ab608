/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes of IPv6 entries: a /64 or an address in place where the tree knows it, else in the table
 * of added entries. The tree itself never changes, so other lengths need a new generation.
 */
#include "snapshot/live_int.h"

enum { HALF = 64, LENGTH_MAX = 128 };

static struct live_value value_of(const struct snapshot_v6 *entry)
{
	if (entry == NULL || entry->verdict == 0)
		return (struct live_value){ 0, 0 };
	return (struct live_value){ entry->verdict,
		detail_pack(entry->detail.first_day, entry->detail.last_day,
			entry->detail.until_day, entry->length) };
}

static void filter_set(struct snapshot_live *live, uint64_t high)
{
	struct pehra *map = &live->map;

	if (map->v6_filter == NULL)
		return;

	struct v6_filter_place place = v6_filter_place(map->seed, high, map->v6_filter_words);
	_Atomic uint64_t *word = &map->v6_filter[place.word];

	atomic_store_explicit(word, LOAD(word) | place.bits, memory_order_release);
}

/* Stores; was and is say whether the entry was there before and is there now. */
static void entry_store(struct snapshot_live *live, _Atomic uint16_t *id, _Atomic uint64_t *detail,
	struct live_value value, bool was, bool is)
{
	live_begin(live);
	live_store(id, detail, value);
	live_end(live);
	live_count(&live->map.control->ipv6_entries, (int)is - (int)was);
}

static enum err added_change(
	struct snapshot_live *live, const struct snapshot_v6 *entry, struct why *why)
{
	struct pehra *map = &live->map;
	struct live_value value = value_of(entry);
	struct v6_added *added = pehra_v6_added(map, entry->high, entry->low, entry->length);
	uint32_t number = LOAD(&map->control->v6_added);

	if (added != NULL) {
		entry_store(live, &added->id, &added->detail, value, LOAD(&added->id) != 0,
			value.id != 0);
		return OK;
	}
	if (value.id == 0)
		return OK;
	if (number >= map->v6_added_count || number >= map->v6_added_slots / 2)
		return fail(why, ERR_FULL, "no room for a new IPv6 entry in the live copy");

	uint64_t mask = map->v6_added_slots - 1;
	uint64_t slot = v6_added_hash(map->seed, entry->high, entry->low, entry->length) & mask;

	while (LOAD(&map->v6_added_index[slot]) != 0)
		slot = (slot + 1) & mask;
	added = &map->v6_added[number];
	added->high = entry->high;
	added->low = entry->low;
	added->length = entry->length;
	atomic_store_explicit(&added->id, 0, memory_order_relaxed);
	atomic_store_explicit(&map->control->v6_added, number + 1, memory_order_release);
	atomic_store_explicit(&map->v6_added_index[slot], number + 1, memory_order_release);
	filter_set(live, entry->high);
	entry_store(live, &added->id, &added->detail, value, false, true);
	return OK;
}

/* The border that is exactly high, or UINT64_MAX. */
static uint64_t border_at(const struct pehra *map, uint64_t high)
{
	uint64_t border = pehra_v6_border(map, high);

	if (border >= map->v6_borders ||
		map->v6_levels[0].nodes[border / V6_NODE_KEYS].keys[border % V6_NODE_KEYS] != high)
		return UINT64_MAX;
	return border;
}

/* A /64 whose border is there and holds no longer entries. */
static enum err plain_change(struct snapshot_live *live, uint64_t border,
	const struct snapshot_v6 *entry, struct why *why)
{
	struct pehra *map = &live->map;
	uint64_t word = LOAD(&map->v6_values[border]);
	uint16_t rest = v6_value_rest(word);
	uint32_t slot = v6_value_slot(word);
	struct live_value value = value_of(entry);

	if (value.id == 0 && slot == 0)
		return OK;
	if (slot == 0) {
		slot = LOAD(&map->control->v6_details);
		if (slot >= map->v6_detail_count)
			return fail(why, ERR_FULL, "no room for a detail in the live copy");
		atomic_store_explicit(&map->control->v6_details, slot + 1, memory_order_relaxed);
	}
	live_begin(live);
	atomic_store_explicit(&map->v6_detail[slot], value.detail, memory_order_release);
	atomic_store_explicit(&map->v6_values[border],
		value.id == 0 ? v6_value(rest, rest, 0) : v6_value(value.id, rest, slot),
		memory_order_release);
	filter_set(live, entry->high);
	live_end(live);
	live_count(&map->control->ipv6_entries,
		(int)(value.id != 0) - (int)(v6_value_slot(word) != 0));
	return OK;
}

/* The deep entry that is exactly this address, or UINT64_MAX. */
static uint64_t deep_at(const struct pehra *map, uint32_t slot, uint64_t low)
{
	uint64_t first = slot & ~V6_SLOT_SINGLE;
	uint64_t count = 1;

	if ((slot & V6_SLOT_SINGLE) == 0) {
		if (slot >= map->v6_list_count)
			return UINT64_MAX;
		first = map->v6_lists[slot].first;
		count = map->v6_lists[slot].count;
	}
	if (first > map->v6_deep_count || count > map->v6_deep_count - first)
		return UINT64_MAX;
	for (uint64_t from = first, to = first + count; from < to;) {
		uint64_t middle = from + (to - from) / 2;

		if (map->v6_deep_low[middle] == low)
			/* a range that starts here may belong to a wider entry */
			return detail_length(LOAD(&map->v6_deep_detail[middle])) == LENGTH_MAX
				       ? middle
				       : UINT64_MAX;
		if (map->v6_deep_low[middle] < low)
			from = middle + 1;
		else
			to = middle;
	}
	return UINT64_MAX;
}

static enum err host_change(struct snapshot_live *live, const struct snapshot_v6 *entry,
	const struct snapshot_v6 *cover, struct why *why)
{
	struct pehra *map = &live->map;
	uint64_t border = border_at(map, entry->high);
	struct live_value value = value_of(entry);

	if (border == UINT64_MAX ||
		v6_value_equal(LOAD(&map->v6_values[border])) != SNAPSHOT_ID_DEEPER)
		return added_change(live, entry, why);

	uint64_t deep = deep_at(map, v6_value_slot(LOAD(&map->v6_values[border])), entry->low);

	if (deep == UINT64_MAX)
		return added_change(live, entry, why);
	if (entry->verdict == 0 && cover != NULL && cover->length > HALF)
		value = value_of(cover);

	bool was = LOAD(&map->v6_deep_id[deep]) != 0;
	bool is = entry->verdict != 0;

	/* an address that was taken out keeps its length, so that it is found again */
	if (value.id == 0)
		value.detail = detail_pack(0, 0, 0, LENGTH_MAX);
	entry_store(live, &map->v6_deep_id[deep], &map->v6_deep_detail[deep], value, was, is);
	return OK;
}

static enum err network_change(
	struct snapshot_live *live, const struct snapshot_v6 *entry, struct why *why)
{
	struct pehra *map = &live->map;
	uint64_t border = border_at(map, entry->high);

	if (border == UINT64_MAX)
		return added_change(live, entry, why);

	uint64_t word = LOAD(&map->v6_values[border]);
	uint32_t slot = v6_value_slot(word);

	if (v6_value_equal(word) != SNAPSHOT_ID_DEEPER)
		return plain_change(live, border, entry, why);
	if ((slot & V6_SLOT_SINGLE) != 0 || slot >= map->v6_list_count)
		return added_change(live, entry, why);

	struct v6_list *list = &map->v6_lists[slot];

	entry_store(live, &list->outer, &list->outer_detail, value_of(entry),
		LOAD(&list->outer) != 0, entry->verdict != 0);
	return OK;
}

enum err snapshot_live_put_v6(struct snapshot_live *live, const struct snapshot_v6 *entry,
	const struct snapshot_v6 *cover, struct why *why)
{
	TRY(live_verdict_check(live, entry->verdict, why));
	if (cover != NULL)
		TRY(live_verdict_check(live, cover->verdict, why));
	if (entry->length == LENGTH_MAX)
		return host_change(live, entry, cover, why);
	if (entry->length == HALF && entry->low == 0)
		return network_change(live, entry, why);
	return fail(why, ERR_FULL, "a /%u is not changed in place", entry->length);
}
