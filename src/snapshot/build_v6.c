/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The IPv6 sections: one pass over the sorted entries cuts the high halves into intervals. At an
 * equal key what ends is closed before what begins is opened, so a prefix that ends where another
 * starts never leaves its value there.
 */
#include "snapshot/build.h"
#include "snapshot/writer.h"

enum {
	HALF = 64,
	LENGTH_MAX = 128,
	FILTER_BITS_MIN = 1 << 16,
	FILTER_BITS_MAX = 1 << 24,
	FILTER_BITS_PER_NETWORK = 16,
	/* wider prefixes would set too many bits: the filter is not used then */
	FILTER_WIDEST = 16,
	SPARE_DETAIL = 1024,
	ADDED_MIN = 8192,
	ADDED_SHARE = 64
};

struct v6_build {
	const struct snapshot_v6 *entries;
	size_t n;
	uint64_t seed;
	struct region keys;   /* uint64_t */
	struct region values; /* uint64_t */
	uint64_t borders;
	struct region detail; /* uint64_t */
	uint32_t details;
	struct buf wide;           /* struct v6_wide */
	uint32_t open[LENGTH_MAX]; /* wide entries around the current place, innermost last */
	uint32_t open_count;
	struct region deep_low;
	struct region deep_id;
	struct region deep_detail;
	uint64_t deeps;
	struct buf lists; /* struct v6_list */
};

static uint64_t entry_detail(const struct snapshot_v6 *entry)
{
	return detail_pack(entry->detail.first_day, entry->detail.last_day, entry->detail.until_day,
		entry->length);
}

static const struct v6_wide *wide_at(const struct v6_build *build, uint32_t i)
{
	return (const struct v6_wide *)(const void *)build->wide.data + i;
}

static uint64_t last_of(uint64_t first, uint8_t length)
{
	return length == 0 ? UINT64_MAX : first | (length < HALF ? UINT64_MAX >> length : 0);
}

static uint16_t open_id(const struct v6_build *build)
{
	return build->open_count == 0 ? 0 : wide_at(build, build->open[build->open_count - 1])->id;
}

static void border_put(struct v6_build *build, uint64_t key, uint64_t value)
{
	uint64_t *keys = build->keys.p;
	uint64_t *values = build->values.p;
	uint16_t rest = build->borders == 0 ? 0 : v6_value_rest(values[build->borders - 1]);

	if (build->borders != 0 && value == v6_value(rest, rest, 0))
		return; /* goes on as before */
	keys[build->borders] = key;
	values[build->borders++] = value;
}

/* Closes every open prefix that ends before high; the place where one ends is a border. */
static void close_before(struct v6_build *build, uint64_t high, bool at_end)
{
	while (build->open_count > 0) {
		const struct v6_wide *inner = wide_at(build, build->open[build->open_count - 1]);
		uint64_t last = last_of(inner->high, detail_length(inner->detail));

		if (last >= high && !at_end)
			return;
		build->open_count--;
		while (build->open_count > 0) {
			const struct v6_wide *outer =
				wide_at(build, build->open[build->open_count - 1]);

			if (last_of(outer->high, detail_length(outer->detail)) != last)
				break;
			build->open_count--;
		}
		/* at high itself a new border is put anyway */
		if (last != UINT64_MAX && (last + 1 != high || at_end))
			border_put(build, last + 1, v6_value(open_id(build), open_id(build), 0));
	}
}

static void wide_open(struct v6_build *build, const struct snapshot_v6 *entry)
{
	struct v6_wide wide = { .high = entry->high,
		.detail = entry_detail(entry),
		.parent =
			build->open_count == 0 ? V6_WIDE_NONE : build->open[build->open_count - 1],
		.id = entry->verdict };

	build->open[build->open_count++] = (uint32_t)(build->wide.n / sizeof wide);
	buf_put(&build->wide, &wide, sizeof wide);
}

static void deep_put(struct v6_build *build, uint64_t low, uint16_t id, uint64_t detail)
{
	((uint64_t *)build->deep_low.p)[build->deeps] = low;
	((uint16_t *)build->deep_id.p)[build->deeps] = id;
	((uint64_t *)build->deep_detail.p)[build->deeps++] = detail;
}

static uint64_t deep_last(const struct snapshot_v6 *entry)
{
	return entry->low |
	       (entry->length == LENGTH_MAX ? 0 : UINT64_MAX >> (entry->length - HALF));
}

/* Entries longer than /64 of one /64 as ranges: each start says what holds from there on. */
static void ranges_put(struct v6_build *build, const struct snapshot_v6 *entries, size_t n)
{
	const struct snapshot_v6 *open[HALF + 1];
	size_t open_count = 0;

	for (size_t i = 0; i <= n; i++) {
		while (open_count > 0 &&
			(i == n || deep_last(open[open_count - 1]) < entries[i].low)) {
			uint64_t last = deep_last(open[--open_count]);

			while (open_count > 0 && deep_last(open[open_count - 1]) == last)
				open_count--;
			if (last == UINT64_MAX || (i < n && last + 1 == entries[i].low))
				continue;
			if (open_count == 0)
				deep_put(build, last + 1, 0, 0);
			else
				deep_put(build, last + 1, open[open_count - 1]->verdict,
					entry_detail(open[open_count - 1]));
		}
		if (i == n)
			return;
		open[open_count++] = &entries[i];
		/* the longest of those that start here speaks */
		if (i + 1 < n && entries[i + 1].low == entries[i].low)
			continue;
		deep_put(build, entries[i].low, entries[i].verdict, entry_detail(&entries[i]));
	}
}

/* The slot of a border whose /64 holds longer entries; network is its own entry or NULL. */
static uint32_t deep_slot(struct v6_build *build, const struct snapshot_v6 *network,
	const struct snapshot_v6 *entries, size_t n)
{
	struct v6_list list = { .first = (uint32_t)build->deeps };
	bool single = true;

	for (size_t i = 0; i < n; i++)
		single = single && entries[i].length == LENGTH_MAX;
	if (single) {
		for (size_t i = 0; i < n; i++)
			deep_put(build, entries[i].low, entries[i].verdict,
				entry_detail(&entries[i]));
		if (n == 1 && network == NULL)
			return V6_SLOT_SINGLE | list.first;
	} else {
		list.kind = V6_LIST_RANGES;
		ranges_put(build, entries, n);
	}
	list.count = (uint32_t)build->deeps - list.first;
	if (network != NULL) {
		atomic_init(&list.outer, network->verdict);
		atomic_init(&list.outer_detail, entry_detail(network));
	}
	buf_put(&build->lists, &list, sizeof list);
	return (uint32_t)(build->lists.n / sizeof list) - 1;
}

/* All entries [from, to) whose high half is the same. */
static void high_half_put(struct v6_build *build, size_t from, size_t to)
{
	const struct snapshot_v6 *entries = build->entries;
	const struct snapshot_v6 *network = NULL;
	uint64_t high = entries[from].high;
	size_t i = from;

	close_before(build, high, false);
	while (i < to && entries[i].length < HALF)
		wide_open(build, &entries[i++]);
	if (i < to && entries[i].length == HALF)
		network = &entries[i++];

	uint16_t rest = open_id(build);

	if (i < to) {
		uint32_t slot = deep_slot(build, network, &entries[i], to - i);

		border_put(build, high, v6_value(SNAPSHOT_ID_DEEPER, rest, slot));
	} else if (network != NULL) {
		((uint64_t *)build->detail.p)[build->details] = entry_detail(network);
		border_put(build, high, v6_value(network->verdict, rest, build->details++));
	} else {
		border_put(build, high, v6_value(rest, rest, 0));
	}
}

static void entries_read(struct v6_build *build)
{
	if (build->n == 0 || build->entries[0].high != 0)
		border_put(build, 0, 0);
	for (size_t i = 0; i < build->n;) {
		size_t end = i + 1;

		while (end < build->n && build->entries[end].high == build->entries[i].high)
			end++;
		high_half_put(build, i, end);
		i = end;
	}
	close_before(build, UINT64_MAX, true);
}

static enum err filter_write(
	struct v6_build *build, struct snapshot_writer *writer, struct why *why)
{
	uint64_t networks = 0;
	uint64_t bits = FILTER_BITS_MIN;
	bool use = true;

	for (size_t i = 0; i < build->n; i++) {
		const struct snapshot_v6 *entry = &build->entries[i];

		use = use && entry->length >= FILTER_WIDEST;
		networks += entry->length < 32
				    ? UINT64_C(1) << (32 - entry->length)
				    : i == 0 || (entry->high ^ entry[-1].high) >> 32 != 0;
	}
	while (use && bits < FILTER_BITS_MAX && bits < networks * FILTER_BITS_PER_NETWORK)
		bits *= 2;

	CLEANUP(region_done) struct region filter = region_new(bits / 8);
	uint64_t *words = filter.p;

	for (size_t i = 0; use && i < build->n; i++) {
		const struct snapshot_v6 *entry = &build->entries[i];
		uint64_t count = entry->length < 32 ? UINT64_C(1) << (32 - entry->length) : 1;

		for (uint64_t k = 0; k < count; k++) {
			struct v6_filter_place place =
				v6_filter_place(build->seed, entry->high + (k << 32), bits / 64);

			words[place.word] |= place.bits;
		}
	}
	if (!use)
		writer->header.flags |= SNAPSHOT_V6_UNFILTERED;
	return writer_section(writer, SECTION_V6_FILTER, filter.p, filter.bytes, why);
}

/* Inner nodes hold the first key of each child but the first; see pehra_v6_border(). */
static enum err tree_write(struct v6_build *build, struct snapshot_writer *writer, struct why *why)
{
	uint64_t *keys = build->keys.p;
	uint64_t leaves = (build->borders + V6_NODE_KEYS - 1) / V6_NODE_KEYS;
	CLEANUP(buf_done) struct buf inner = { 0 };
	uint64_t below = leaves;
	uint64_t leaves_per_child = 1;

	for (uint64_t i = build->borders; i < leaves * V6_NODE_KEYS; i++)
		keys[i] = UINT64_MAX;
	while (below > 1) {
		uint64_t nodes = (below + V6_NODE_KEYS) / (V6_NODE_KEYS + 1);

		for (uint64_t node = 0; node < nodes; node++) {
			struct v6_node made;

			for (uint64_t i = 0; i < V6_NODE_KEYS; i++) {
				uint64_t leaf =
					(node * (V6_NODE_KEYS + 1) + i + 1) * leaves_per_child;

				made.keys[i] =
					leaf < leaves ? keys[leaf * V6_NODE_KEYS] : UINT64_MAX;
			}
			buf_put(&inner, &made, sizeof made);
		}
		below = nodes;
		leaves_per_child *= V6_NODE_KEYS + 1;
	}
	writer->header.v6_borders = build->borders;
	TRY(writer_section(writer, SECTION_V6_INNER, inner.data, inner.n, why));
	TRY(writer_section(
		writer, SECTION_V6_KEYS, keys, leaves * V6_NODE_KEYS * sizeof *keys, why));
	return writer_section(writer, SECTION_V6_VALUES, build->values.p,
		leaves * V6_NODE_KEYS * sizeof *keys, why);
}

static enum err deep_write(struct v6_build *build, struct snapshot_writer *writer, struct why *why)
{
	TRY(writer_section(writer, SECTION_V6_DETAIL, build->detail.p,
		((uint64_t)build->details + SPARE_DETAIL) * sizeof(uint64_t), why));
	TRY(writer_section(writer, SECTION_V6_WIDE, build->wide.data, build->wide.n, why));
	TRY(writer_section(writer, SECTION_V6_DEEP_LOW, build->deep_low.p,
		build->deeps * sizeof(uint64_t), why));
	TRY(writer_section(writer, SECTION_V6_DEEP_ID, build->deep_id.p,
		build->deeps * sizeof(uint16_t), why));
	TRY(writer_section(writer, SECTION_V6_DEEP_DETAIL, build->deep_detail.p,
		build->deeps * sizeof(uint64_t), why));
	return writer_section(writer, SECTION_V6_LISTS, build->lists.data, build->lists.n, why);
}

static enum err added_write(
	const struct v6_build *build, struct snapshot_writer *writer, struct why *why)
{
	uint64_t room = ADDED_MIN + build->n / ADDED_SHARE;
	uint64_t slots = 1;

	while (slots < 2 * room)
		slots *= 2;

	CLEANUP(region_done) struct region added = region_new(room * sizeof(struct v6_added));
	CLEANUP(region_done) struct region index = region_new(slots * sizeof(uint32_t));

	TRY(writer_section(writer, SECTION_V6_ADDED, added.p, added.bytes, why));
	return writer_section(writer, SECTION_V6_ADDED_INDEX, index.p, index.bytes, why);
}

static void build_done(struct v6_build *build)
{
	region_done(&build->keys);
	region_done(&build->values);
	region_done(&build->detail);
	region_done(&build->deep_low);
	region_done(&build->deep_id);
	region_done(&build->deep_detail);
	buf_done(&build->wide);
	buf_done(&build->lists);
}

enum err write_v6(
	struct snapshot_writer *writer, const struct snapshot_input *input, struct why *why)
{
	/* an entry adds at most two borders or two deep ones */
	size_t most = 2 * input->v6_count + 2 * V6_NODE_KEYS;
	CLEANUP(build_done)
	struct v6_build build = { .entries = input->v6,
		.n = input->v6_count,
		.seed = writer->header.seed,
		.keys = region_new(most * sizeof(uint64_t)),
		.values = region_new(most * sizeof(uint64_t)),
		.detail = region_new((input->v6_count + 1 + SPARE_DETAIL) * sizeof(uint64_t)),
		.details = 1,
		.deep_low = region_new(most * sizeof(uint64_t)),
		.deep_id = region_new(most * sizeof(uint16_t)),
		.deep_detail = region_new(most * sizeof(uint64_t)) };

	if (most >= V6_SLOT_SINGLE)
		return fail(why, ERR_LIMIT, "too many IPv6 entries for one snapshot");
	entries_read(&build);
	writer->header.ipv6_entries = input->v6_count;
	writer->header.v6_details = build.details;
	TRY(filter_write(&build, writer, why));
	TRY(tree_write(&build, writer, why));
	TRY(deep_write(&build, writer, why));
	return added_write(&build, writer, why);
}
