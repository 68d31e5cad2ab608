/* SPDX-License-Identifier: MIT */
/* Look-ups of IPv6 addresses: filter, tree of borders, lists of low halves, added entries. */
#include "reader.h"

#include "simd.h"

#include <string.h>

enum { BATCH = 256, GROUP = 32 };

static inline int v6_filter_has(const struct pehra *s, uint64_t high)
{
	if (s->v6_filter == NULL)
		return 1;

	struct v6_filter_place place = v6_filter_place(s->seed, high, s->v6_filter_words);

	return (LOAD_ACQUIRE(&s->v6_filter[place.word]) & place.bits) == place.bits;
}

/* How many keys of the node are at or before key. Without branches: their outcome is random. */
static inline uint64_t node_rank(const struct v6_node *node, uint64_t key)
{
	const uint64_t *keys = node->keys;

	return (uint64_t)(keys[0] <= key) + (keys[1] <= key) + (keys[2] <= key) + (keys[3] <= key) +
	       (keys[4] <= key) + (keys[5] <= key) + (keys[6] <= key) + (keys[7] <= key);
}

/* The node one level down; padding keys can point behind the last one. */
static inline uint64_t node_below(const struct v6_level *below, uint64_t node, uint64_t rank)
{
	uint64_t next = node * (V6_NODE_KEYS + 1) + rank;

	return next < below->count ? next : below->count - 1;
}

static inline uint64_t border_in_leaf(const struct pehra *s, uint64_t leaf, uint64_t high)
{
	uint64_t end = leaf * V6_NODE_KEYS + node_rank(&s->v6_levels[0].nodes[leaf], high);

	/* 0 - 1 is UINT64_MAX: no border, which only a damaged file has */
	return (end < s->v6_borders ? end : s->v6_borders) - 1;
}

uint64_t pehra_v6_border(const struct pehra *s, uint64_t high)
{
	uint64_t node = 0;

	for (unsigned level = s->v6_level_count - 1; level > 0; level--)
		node = node_below(&s->v6_levels[level - 1], node,
			node_rank(&s->v6_levels[level].nodes[node], high));
	return border_in_leaf(s, node, high);
}

static inline uint64_t border_key(const struct pehra *s, uint64_t border)
{
	return s->v6_levels[0].nodes[border / V6_NODE_KEYS].keys[border % V6_NODE_KEYS];
}

struct v6_added *pehra_v6_added(const struct pehra *s, uint64_t high, uint64_t low, uint8_t length)
{
	uint64_t mask = s->v6_added_slots - 1;
	uint64_t slot = v6_added_hash(s->seed, high, low, length) & mask;

	for (uint64_t i = 0; i < s->v6_added_slots; i++, slot = (slot + 1) & mask) {
		uint32_t number = LOAD_ACQUIRE(&s->v6_added_index[slot]);

		if (number == 0 || number > s->v6_added_count)
			return NULL;

		struct v6_added *added = &s->v6_added[number - 1];

		if (added->high == high && added->low == low && added->length == length)
			return added;
	}
	return NULL;
}

static inline struct pehra_spot added_spot(
	const struct pehra *s, uint64_t high, uint64_t low, uint8_t length)
{
	struct v6_added *added = pehra_v6_added(s, high, low, length);

	return added == NULL ? (struct pehra_spot){ 0, NULL, 0 }
			     : (struct pehra_spot){ LOAD_ACQUIRE(&added->id), &added->detail, 0 };
}

/* The last deep entry in [first, first + count) whose low half is at or before low. */
static uint64_t deep_search(const struct pehra *s, uint64_t first, uint64_t count, uint64_t low)
{
	uint64_t from = first;
	uint64_t to = first + count;

	while (from < to) {
		uint64_t middle = from + (to - from) / 2;

		if (s->v6_deep_low[middle] <= low)
			from = middle + 1;
		else
			to = middle;
	}
	return from == first ? UINT64_MAX : from - 1;
}

/* deep: of an entry longer than /64; at64: of the /64 entry itself. */
struct deep_found {
	struct pehra_spot deep;
	struct pehra_spot at64;
};

static struct deep_found deep_find(const struct pehra *s, uint32_t slot, uint64_t low)
{
	struct deep_found found = { { 0, NULL, 0 }, { 0, NULL, 0 } };
	uint64_t entry = slot & ~V6_SLOT_SINGLE;

	if ((slot & V6_SLOT_SINGLE) != 0) {
		if (entry >= s->v6_deep_count || s->v6_deep_low[entry] != low)
			return found;
	} else {
		if (slot >= s->v6_list_count)
			return found;

		struct v6_list *list = &s->v6_lists[slot];
		uint64_t first = list->first;
		uint64_t count = list->count;

		found.at64 =
			(struct pehra_spot){ LOAD_ACQUIRE(&list->outer), &list->outer_detail, 0 };
		if (first > s->v6_deep_count || count > s->v6_deep_count - first)
			return found;
		entry = deep_search(s, first, count, low);
		if (entry == UINT64_MAX ||
			(list->kind == V6_LIST_HOSTS && s->v6_deep_low[entry] != low))
			return found;
	}
	found.deep = (struct pehra_spot){ LOAD_ACQUIRE(&s->v6_deep_id[entry]),
		&s->v6_deep_detail[entry], 0 };
	return found;
}

/*
 * The border's answer, with what was added in place since the file was written: an added /64 wins
 * over everything but what is longer.
 */
static inline struct pehra_spot border_spot(
	const struct pehra *s, uint64_t border, uint64_t high, uint64_t low)
{
	uint64_t value = LOAD_ACQUIRE(&s->v6_values[border]);
	struct pehra_spot rest = { v6_value_rest(value), NULL, 0 };
	uint32_t slot = v6_value_slot(value);
	struct pehra_spot at64;

	if (border_key(s, border) != high)
		return rest;
	if (v6_value_equal(value) != SNAPSHOT_ID_DEEPER) {
		at64 = (struct pehra_spot){ v6_value_equal(value),
			slot != 0 && slot < s->v6_detail_count ? &s->v6_detail[slot] : NULL, 0 };
		return at64.id != 0 ? at64 : rest;
	}

	struct deep_found found = deep_find(s, slot, low);

	if (found.deep.id != 0)
		return found.deep;
	return found.at64.id != 0 ? found.at64 : rest;
}

static inline int is_deep(const struct pehra *s, struct pehra_spot spot)
{
	return spot.detail >= s->v6_deep_detail &&
	       spot.detail < s->v6_deep_detail + s->v6_deep_count;
}

static struct pehra_spot with_added(
	const struct pehra *s, struct pehra_spot spot, uint64_t high, uint64_t low)
{
	struct pehra_spot host = added_spot(s, high, low, 128);

	if (host.id != 0)
		return host;
	if (is_deep(s, spot))
		return spot;

	struct pehra_spot network = added_spot(s, high, 0, 64);

	return network.id != 0 ? network : spot;
}

static inline int has_added(const struct pehra *s)
{
	return s->is_live && LOAD_ACQUIRE(&s->control->v6_added) != 0;
}

static inline struct pehra_spot v6_spot(const struct pehra *s, uint64_t high, uint64_t low)
{
	struct pehra_spot spot = { 0, NULL, 0 };

	if (!v6_filter_has(s, high))
		return spot;

	uint64_t border = pehra_v6_border(s, high);

	if (border < s->v6_borders)
		spot = border_spot(s, border, high, low);
	return has_added(s) ? with_added(s, spot, high, low) : spot;
}

pehra_id pehra_v6(const struct pehra *s, uint64_t high, uint64_t low)
{
	pehra_id id = 0;

	for (unsigned i = 0; i < PEHRA_TRIES; i++) {
		uint32_t turn = turn_now(s);

		id = v6_spot(s, high, low).id;
		if (!turn_passed(s, turn))
			break;
	}
	return id;
}

/* The detail of the closest entry shorter than /64 around high. */
static uint64_t wide_detail(const struct pehra *s, uint64_t high)
{
	uint64_t from = 0;
	uint64_t to = s->v6_wide_count;

	while (from < to) {
		uint64_t middle = from + (to - from) / 2;

		if (s->v6_wide[middle].high <= high)
			from = middle + 1;
		else
			to = middle;
	}
	for (uint64_t i = from - 1; i < s->v6_wide_count;) {
		const struct v6_wide *wide = &s->v6_wide[i];
		unsigned length = detail_length(wide->detail);

		if (length == 0 || (length < 64 && (wide->high ^ high) >> (64 - length) == 0))
			return wide->detail;
		/* parents come first, so this ends */
		if (wide->parent >= i)
			break;
		i = wide->parent;
	}
	return 0;
}

struct pehra_spot pehra_v6_spot(const struct pehra *s, uint64_t high, uint64_t low)
{
	struct pehra_spot spot = v6_spot(s, high, low);

	if (spot.id != 0 && spot.detail == NULL)
		spot.fixed_detail = wide_detail(s, high);
	return spot;
}

/* What a border with longer entries leads to. */
static inline void deep_prefetch(const struct pehra *s, uint64_t value)
{
	uint32_t slot = v6_value_slot(value);

	if (v6_value_equal(value) != SNAPSHOT_ID_DEEPER)
		return;
	if ((slot & V6_SLOT_SINGLE) == 0) {
		prefetch(&s->v6_lists[slot]);
		return;
	}
	prefetch(&s->v6_deep_low[slot & ~V6_SLOT_SINGLE]);
	prefetch(&s->v6_deep_id[slot & ~V6_SLOT_SINGLE]);
}

/* One pass per level over a group, so that the misses of its members overlap. */
static void batch_group(const struct pehra *s, const uint64_t *highs, const uint64_t *lows,
	const uint32_t *which, unsigned n, pehra_id *ids)
{
	uint64_t node[GROUP];
	uint32_t turn = turn_now(s);
	int added = has_added(s);

	memset(node, 0, n * sizeof *node);
	for (unsigned level = s->v6_level_count - 1; level > 0; level--) {
		const struct v6_level *here = &s->v6_levels[level];

		for (unsigned i = 0; i < n; i++) {
			/* NOLINTNEXTLINE(clang-analyzer-core.*): which[] is set below n */
			uint64_t high = highs[which[i]];

			node[i] = node_below(
				here - 1, node[i], node_rank(&here->nodes[node[i]], high));
			prefetch(&here[-1].nodes[node[i]]);
			if (level == 1)
				prefetch(&s->v6_values[node[i] * V6_NODE_KEYS]);
		}
	}
	for (unsigned i = 0; i < n; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.*): which[] is set below n */
		node[i] = border_in_leaf(s, node[i], highs[which[i]]);
		if (node[i] < s->v6_borders)
			deep_prefetch(s, LOAD_ACQUIRE(&s->v6_values[node[i]]));
	}
	for (unsigned i = 0; i < n; i++) {
		uint64_t high = highs[which[i]];
		uint64_t low = lows[which[i]];
		struct pehra_spot spot = { 0, NULL, 0 };

		if (node[i] < s->v6_borders)
			spot = border_spot(s, node[i], high, low);
		ids[which[i]] = (added ? with_added(s, spot, high, low) : spot).id;
	}
	for (unsigned i = 0; i < n && turn_passed(s, turn); i++)
		ids[which[i]] = pehra_v6(s, highs[which[i]], lows[which[i]]);
}

static void batch(const struct pehra *s, const uint64_t *highs, const uint64_t *lows, pehra_id *ids,
	unsigned n)
{
	uint32_t which[BATCH];
	unsigned listed = 0;

	for (unsigned i = 0; i < n; i++) {
		ids[i] = 0;
		if (v6_filter_has(s, highs[i]))
			which[listed++] = i;
	}
	for (unsigned done = 0; done < listed; done += GROUP) {
		unsigned now = listed - done < GROUP ? listed - done : GROUP;

		batch_group(s, highs, lows, which + done, now, ids);
	}
}

void pehra_v6_batch(
	const struct pehra *s, const uint64_t *highs, const uint64_t *lows, pehra_id *ids, size_t n)
{
	for (size_t done = 0; done < n; done += BATCH) {
		unsigned now = n - done < BATCH ? (unsigned)(n - done) : BATCH;

		batch(s, highs + done, lows + done, ids + done, now);
	}
}

static int deep_any(const struct pehra *s, uint32_t slot, uint64_t first, uint64_t last)
{
	uint64_t from = slot & ~V6_SLOT_SINGLE;
	uint64_t count = 1;
	int is_range = 0;

	if ((slot & V6_SLOT_SINGLE) == 0) {
		if (slot >= s->v6_list_count)
			return 0;
		if (LOAD_ACQUIRE(&s->v6_lists[slot].outer) != 0)
			return 1;
		from = s->v6_lists[slot].first;
		count = s->v6_lists[slot].count;
		is_range = s->v6_lists[slot].kind != V6_LIST_HOSTS;
	}
	if (from > s->v6_deep_count || count > s->v6_deep_count - from)
		return 0;
	for (uint64_t i = from; i < from + count && s->v6_deep_low[i] <= last; i++) {
		int ends_before =
			is_range && i + 1 < from + count && s->v6_deep_low[i + 1] <= first;

		if (LOAD_ACQUIRE(&s->v6_deep_id[i]) != 0 && !ends_before &&
			(is_range || s->v6_deep_low[i] >= first))
			return 1;
	}
	return 0;
}

struct v6_range {
	uint64_t first_high;
	uint64_t first_low;
	uint64_t last_high;
	uint64_t last_low;
};

static struct v6_range range_of(uint64_t high, uint64_t low, unsigned length)
{
	uint64_t host_high = length == 0 ? UINT64_MAX : length < 64 ? UINT64_MAX >> length : 0;
	uint64_t host_low = length <= 64    ? UINT64_MAX
			    : length == 128 ? 0
					    : UINT64_MAX >> (length - 64);

	return (struct v6_range){ high & ~host_high, low & ~host_low, high | host_high,
		low | host_low };
}

static int border_any(const struct pehra *s, uint64_t border, const struct v6_range *range)
{
	uint64_t value = LOAD_ACQUIRE(&s->v6_values[border]);
	uint64_t key = border_key(s, border);
	uint16_t equal = v6_value_equal(value);

	/* what stands around the border goes on to its end, which may be the key itself */
	if (v6_value_rest(value) != 0 && (key >= range->first_high || border + 1 == s->v6_borders ||
						 border_key(s, border + 1) > range->first_high))
		return 1;
	if (key < range->first_high || equal == 0)
		return 0;
	if (equal != SNAPSHOT_ID_DEEPER)
		return 1;
	return deep_any(s, v6_value_slot(value), range->first_low, range->last_low);
}

static int added_any(const struct pehra *s, const struct v6_range *range)
{
	uint32_t count = s->is_live ? LOAD_ACQUIRE(&s->control->v6_added) : 0;

	for (uint32_t i = 0; i < count && i < s->v6_added_count; i++) {
		struct v6_added *added = &s->v6_added[i];

		if (LOAD_ACQUIRE(&added->id) == 0 || added->high < range->first_high ||
			added->high > range->last_high)
			continue;
		if (added->length == 64 ||
			(added->low >= range->first_low && added->low <= range->last_low))
			return 1;
	}
	return 0;
}

int pehra_v6_any_within(const struct pehra *s, uint64_t high, uint64_t low, unsigned length)
{
	struct v6_range range = range_of(high, low, length);

	for (uint64_t i = pehra_v6_border(s, range.first_high); i < s->v6_borders; i++) {
		if (border_key(s, i) > range.last_high)
			break;
		if (border_any(s, i, &range))
			return 1;
	}
	return added_any(s, &range);
}
