/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The IPv4 sections. First the sorted entries are read once: wide prefixes go to the short level,
 * everything else becomes one group per /24. Then the groups are put in the order of their homes,
 * so that lines are written one after the other.
 */
#include "snapshot/build.h"
#include "snapshot/writer.h"

#define NONE UINT32_MAX

enum {
	/* used slots per thousand lines: fuller lines save memory and overflow more often */
	SLOTS_PER_1000_HOMES = 6750,
	/* a /24 with more hosts gets a page */
	PAGE_HOSTS_MIN = 48,
	/* a /16 with more covered /24s gets a page of covers */
	MID_COVERS_MIN = 64,
	/* the longest chain written: more /24s become pages until it fits */
	CHAIN_SLOTS_MAX = 16 * V4_LINE_SLOTS,
	SPARE_OVERFLOW = 1024,
	SPARE_PAGES = 64,
	SPARE_MIDS = 16,
	V4_LENGTH = 96,
	SLASH24S = 1 << 24,
	GROUPS_AHEAD = 16
};

struct group {
	uint32_t permuted;
	uint32_t first; /* entry longer than /24 */
	uint32_t cover; /* entry that covers the /24, or NONE */
	uint16_t count; /* entries longer than /24 */
	uint16_t hosts; /* addresses they resolve to */
	bool single;    /* all of them are /32 */
};

/* Where the next slot of a chain goes; whole /24s are put first. */
struct cursor {
	uint64_t lines[V4_CHAIN_MAX];
	uint32_t headers[V4_CHAIN_MAX];
	uint32_t count;
	uint32_t at;
};

struct v4_build {
	const struct snapshot_v4 *entries;
	size_t n;
	uint32_t multiplier;
	struct region groups; /* struct group */
	size_t group_count;
	uint32_t *short_entry; /* per /16: entry or NONE */
	struct buf mids;       /* uint32_t[256]: entries or NONE */
	uint32_t *mid_index;   /* per /16: mid or NONE */
	_Atomic uint64_t *filter;
	/* the second half */
	uint32_t homes;
	uint32_t overflow;
	uint32_t pages;
	struct region lines;
	struct region line_detail;
	struct region page_ids;
	struct region page_detail;
	struct cursor cursor;
};

static struct group *group_at(struct v4_build *build, size_t i)
{
	return (struct group *)build->groups.p + i;
}

static uint64_t entry_detail(const struct snapshot_v4 *entry)
{
	return detail_pack(entry->detail.first_day, entry->detail.last_day, entry->detail.until_day,
		(uint8_t)(V4_LENGTH + entry->width));
}

static void filter_set(struct v4_build *build, uint32_t slash24, uint32_t count)
{
	for (uint32_t i = slash24; i < slash24 + count; i++) {
		_Atomic uint64_t *word = &build->filter[i >> 6];

		atomic_store_explicit(word,
			atomic_load_explicit(word, memory_order_relaxed) | UINT64_C(1) << (i & 63),
			memory_order_relaxed);
	}
}

/* Each address of the /24 with the entry that it resolves to, NONE where there is none. */
static uint16_t hosts_resolve(
	const struct snapshot_v4 *entries, size_t count, uint32_t first, uint32_t resolved[256])
{
	uint16_t hosts = 0;

	for (size_t i = 0; i < 256; i++)
		resolved[i] = NONE;
	for (size_t i = 0; i < count; i++) {
		uint32_t host = entries[i].address & 0xff;
		uint32_t end = host + (1u << (32 - entries[i].width));

		for (; host < end; host++) {
			hosts = (uint16_t)(hosts + (resolved[host] == NONE));
			resolved[host] = first + (uint32_t)i;
		}
	}
	return hosts;
}

/* Apart, so that the usual case pays for no array. */
static uint16_t mixed_count(const struct snapshot_v4 *entries, size_t count)
{
	uint32_t resolved[256];

	return hosts_resolve(entries, count, 0, resolved);
}

static bool all_single(const struct snapshot_v4 *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (entries[i].width != 32)
			return false;
	}
	return true;
}

/* One /16's entries longer than /16, as it is being read. */
struct block {
	uint32_t cover[256];
	uint32_t first[256];
	uint16_t count[256];
	uint32_t covered;
};

static void block_read(
	struct block *block, const struct snapshot_v4 *entries, size_t from, size_t to)
{
	memset(block->cover, 0xff, sizeof block->cover);
	memset(block->count, 0, sizeof block->count);
	block->covered = 0;
	for (size_t i = from; i < to; i++) {
		uint32_t slash24 = entries[i].address >> 8 & 0xff;

		if (entries[i].width > 24) {
			if (block->count[slash24]++ == 0)
				block->first[slash24] = (uint32_t)i;
			continue;
		}

		uint32_t end = slash24 + (1u << (24 - entries[i].width));

		for (; slash24 < end; slash24++) {
			block->covered += block->cover[slash24] == NONE;
			block->cover[slash24] = (uint32_t)i;
		}
	}
}

static void group_add(
	struct v4_build *build, const struct block *block, uint32_t slash24, uint32_t cover)
{
	uint16_t count = block->count[slash24 & 0xff];
	uint32_t first = count == 0 ? 0 : block->first[slash24 & 0xff];
	const struct snapshot_v4 *entries = build->entries + first;
	bool single = all_single(entries, count);

	*group_at(build, build->group_count++) =
		(struct group){ .permuted = v4_permute(slash24, build->multiplier),
			.first = first,
			.cover = cover,
			.count = count,
			.hosts = single ? count : mixed_count(entries, count),
			.single = single };
}

static void block_emit(struct v4_build *build, const struct block *block, uint32_t slash16)
{
	bool has_mid = block->covered > MID_COVERS_MIN;

	if (has_mid) {
		build->mid_index[slash16] = (uint32_t)(build->mids.n / sizeof block->cover);
		buf_put(&build->mids, block->cover, sizeof block->cover);
	}
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t slash24 = slash16 << 8 | i;

		if (block->count[i] == 0 && block->cover[i] == NONE)
			continue;
		filter_set(build, slash24, 1);
		if (block->count[i] == 0 && has_mid)
			continue;
		group_add(build, block, slash24, has_mid ? NONE : block->cover[i]);
	}
}

static void entries_read(struct v4_build *build)
{
	struct block *block = malloc(sizeof *block);

	must(block != NULL);
	for (size_t i = 0; i < build->n;) {
		const struct snapshot_v4 *entry = &build->entries[i];
		uint32_t slash16 = entry->address >> 16;
		size_t end = i;

		if (entry->width <= 16) {
			uint32_t last = slash16 + (1u << (16 - entry->width)) - 1;

			for (; slash16 <= last; slash16++)
				build->short_entry[slash16] = (uint32_t)i;
			i++;
			continue;
		}
		while (end < build->n && build->entries[end].address >> 16 == slash16)
			end++;
		block_read(block, build->entries, i, end);
		block_emit(build, block, slash16);
		i = end;
	}
	free(block);
	for (uint32_t i = 0; i < V4_SHORT_IDS; i++) {
		if (build->short_entry[i] != NONE)
			filter_set(build, i << 8, 256);
	}
}

/* Radix sort by the permuted number: two passes over 12 bits each. */
static void groups_sort(struct v4_build *build)
{
	enum { BITS = 12, BUCKETS = 1 << BITS };
	struct region other = region_new(build->group_count * sizeof(struct group));
	size_t *starts = calloc(BUCKETS, sizeof *starts);

	must(starts != NULL);
	for (unsigned shift = 0; shift < 24; shift += BITS) {
		const struct group *from = build->groups.p;
		struct group *to = other.p;
		size_t sum = 0;
		struct region swap = build->groups;

		memset(starts, 0, BUCKETS * sizeof *starts);
		for (size_t i = 0; i < build->group_count; i++)
			starts[from[i].permuted >> shift & (BUCKETS - 1)]++;
		for (size_t i = 0; i < BUCKETS; i++) {
			size_t count = starts[i];

			starts[i] = sum;
			sum += count;
		}
		for (size_t i = 0; i < build->group_count; i++)
			to[starts[from[i].permuted >> shift & (BUCKETS - 1)]++] = from[i];
		build->groups = other;
		other = swap;
	}
	free(starts);
	region_done(&other);
}

static uint32_t group_slots(const struct group *group, uint32_t page_hosts)
{
	return (group->hosts > page_hosts ? 1u : group->hosts) + (group->cover != NONE);
}

/* The groups of one home: [first, end), and from how many hosts on they get pages. */
struct home {
	size_t first;
	size_t end;
	uint32_t number;
	uint32_t slots;
	uint32_t page_hosts;
};

static bool home_next(struct v4_build *build, struct home *home)
{
	home->first = home->end;
	if (home->first == build->group_count)
		return false;
	home->number = v4_home(group_at(build, home->first)->permuted, build->homes);
	while (home->end < build->group_count &&
		v4_home(group_at(build, home->end)->permuted, build->homes) == home->number)
		home->end++;
	for (home->page_hosts = PAGE_HOSTS_MIN;; home->page_hosts /= 2) {
		home->slots = 0;
		for (size_t i = home->first; i < home->end; i++)
			home->slots += group_slots(group_at(build, i), home->page_hosts);
		if (home->slots <= CHAIN_SLOTS_MAX || home->page_hosts <= 1)
			return true;
	}
}

static uint32_t home_overflow(const struct home *home)
{
	return home->slots <= V4_LINE_SLOTS ? 0 : (home->slots - 1) / V4_LINE_SLOTS;
}

static void sizes_find(struct v4_build *build)
{
	struct home home = { 0 };
	uint64_t slots = 0;

	for (size_t i = 0; i < build->group_count; i++)
		slots += group_slots(group_at(build, i), PAGE_HOSTS_MIN);
	slots = slots * 1000 / SLOTS_PER_1000_HOMES;
	build->homes = slots < V4_HOMES_MIN   ? V4_HOMES_MIN
		       : slots > V4_HOMES_MAX ? V4_HOMES_MAX
					      : (uint32_t)slots;
	while (home_next(build, &home)) {
		build->overflow += home_overflow(&home);
		for (size_t i = home.first; i < home.end; i++)
			build->pages += group_at(build, i)->hosts > home.page_hosts;
	}
}

static uint64_t cursor_slot(struct cursor *cursor, bool whole)
{
	uint32_t *header = &cursor->headers[cursor->at];

	if (v4_header_hosts(*header) + v4_header_wholes(*header) == V4_LINE_SLOTS) {
		cursor->at++;
		must(cursor->at < cursor->count);
		header++;
	}

	uint32_t slot =
		whole ? V4_LINE_SLOTS - 1 - v4_header_wholes(*header) : v4_header_hosts(*header);

	*header += whole ? 16 : 1;
	return cursor->lines[cursor->at] * V4_LINE_SLOTS + slot;
}

static void slot_fill(
	struct v4_build *build, uint64_t at, uint32_t residual, uint16_t id, uint64_t detail)
{
	struct v4_line *line = (struct v4_line *)build->lines.p + at / V4_LINE_SLOTS;
	size_t slot = at % V4_LINE_SLOTS;

	line->residual[slot] = (uint16_t)residual;
	atomic_store_explicit(&line->id[slot], id, memory_order_relaxed);
	((uint64_t *)build->line_detail.p)[at] = detail;
}

static void group_page(struct v4_build *build, struct cursor *cursor, const struct group *group)
{
	uint32_t resolved[256];
	uint32_t page = build->pages++;
	uint16_t *ids = (uint16_t *)build->page_ids.p + (size_t)page * V4_PAGE_IDS;
	uint64_t *detail = (uint64_t *)build->page_detail.p + (size_t)page * V4_PAGE_IDS;

	(void)hosts_resolve(build->entries + group->first, group->count, group->first, resolved);
	for (size_t i = 0; i < V4_PAGE_IDS; i++) {
		if (resolved[i] == NONE)
			continue;
		ids[i] = build->entries[resolved[i]].verdict;
		detail[i] = entry_detail(&build->entries[resolved[i]]);
	}
	slot_fill(build, cursor_slot(cursor, true),
		(group->permuted & 0xff) << 8 | (1 + (page >> 16)), (uint16_t)page, 0);
}

static void group_wholes(struct v4_build *build, struct cursor *cursor, const struct group *group,
	uint32_t page_hosts)
{
	if (group->cover != NONE) {
		const struct snapshot_v4 *cover = &build->entries[group->cover];

		slot_fill(build, cursor_slot(cursor, true), (group->permuted & 0xff) << 8,
			cover->verdict, entry_detail(cover));
	}
	if (group->hosts > page_hosts)
		group_page(build, cursor, group);
}

static void host_fill(struct v4_build *build, struct cursor *cursor, const struct group *group,
	uint32_t host, const struct snapshot_v4 *entry)
{
	slot_fill(build, cursor_slot(cursor, false), (group->permuted & 0xff) << 8 | host,
		entry->verdict, entry_detail(entry));
}

static void group_mixed(struct v4_build *build, struct cursor *cursor, const struct group *group)
{
	const struct snapshot_v4 *entries = build->entries;
	uint32_t resolved[256];

	(void)hosts_resolve(entries + group->first, group->count, group->first, resolved);
	for (uint32_t host = 0; host < 256; host++) {
		if (resolved[host] != NONE)
			host_fill(build, cursor, group, host, &entries[resolved[host]]);
	}
}

static void group_hosts(struct v4_build *build, struct cursor *cursor, const struct group *group)
{
	const struct snapshot_v4 *entries = build->entries;

	if (!group->single) {
		group_mixed(build, cursor, group);
		return;
	}
	for (uint32_t i = group->first; i < group->first + group->count; i++)
		host_fill(build, cursor, group, entries[i].address & 0xff, &entries[i]);
}

/* Groups come in the order of their homes, so their entries are all over the memory. */
static void groups_ahead(struct v4_build *build, const struct home *home)
{
	for (size_t i = home->first + GROUPS_AHEAD;
		i < home->end + GROUPS_AHEAD && i < build->group_count; i++)
		__builtin_prefetch(&build->entries[group_at(build, i)->first]);
}

static void home_write(struct v4_build *build, const struct home *home)
{
	struct cursor *cursor = &build->cursor;

	cursor->count = 1 + home_overflow(home);
	cursor->at = 0;
	cursor->lines[0] = home->number;
	for (uint32_t i = 1; i < cursor->count; i++) {
		cursor->lines[i] = (uint64_t)build->homes + build->overflow;
		cursor->headers[i - 1] = ++build->overflow << 8;
	}
	cursor->headers[cursor->count - 1] = 0;
	groups_ahead(build, home);
	for (size_t i = home->first; i < home->end; i++)
		group_wholes(build, cursor, group_at(build, i), home->page_hosts);
	/* wholes that filled the home line went on to the next ones; hosts fill from there */
	for (size_t i = home->first; i < home->end; i++) {
		if (group_at(build, i)->hosts <= home->page_hosts)
			group_hosts(build, cursor, group_at(build, i));
	}
	for (uint32_t i = 0; i < cursor->count; i++)
		atomic_store_explicit(&((struct v4_line *)build->lines.p)[cursor->lines[i]].header,
			cursor->headers[i], memory_order_relaxed);
}

static uint64_t with_spare(uint64_t used, uint64_t spare)
{
	return used + used / 16 + spare;
}

static enum err lines_write(struct v4_build *build, struct snapshot_writer *writer, struct why *why)
{
	uint64_t line_count = build->homes + with_spare(build->overflow, SPARE_OVERFLOW);
	uint64_t page_count = with_spare(build->pages, SPARE_PAGES);
	struct home home = { 0 };

	if (line_count - build->homes > V4_OVERFLOW_MAX || page_count > V4_PAGES_MAX)
		return fail(why, ERR_LIMIT, "too many IPv4 entries for one snapshot");
	build->lines = region_new(line_count * sizeof(struct v4_line));
	build->line_detail = region_new(line_count * V4_LINE_SLOTS * sizeof(uint64_t));
	build->page_ids = region_new(page_count * V4_PAGE_IDS * sizeof(uint16_t));
	build->page_detail = region_new(page_count * V4_PAGE_IDS * sizeof(uint64_t));
	build->overflow = 0;
	build->pages = 0;
	while (home_next(build, &home))
		home_write(build, &home);
	writer->header.v4_homes = build->homes;
	writer->header.v4_overflow = build->overflow;
	writer->header.v4_pages = build->pages;
	TRY(writer_section(writer, SECTION_V4_LINES, build->lines.p, build->lines.bytes, why));
	TRY(writer_section(writer, SECTION_V4_LINE_DETAIL, build->line_detail.p,
		build->line_detail.bytes, why));
	TRY(writer_section(
		writer, SECTION_V4_PAGES, build->page_ids.p, build->page_ids.bytes, why));
	return writer_section(writer, SECTION_V4_PAGE_DETAIL, build->page_detail.p,
		build->page_detail.bytes, why);
}

static enum err short_write(struct v4_build *build, struct snapshot_writer *writer, struct why *why)
{
	CLEANUP(region_done) struct region ids = region_new(V4_SHORT_IDS * sizeof(uint16_t));
	CLEANUP(region_done) struct region detail = region_new(V4_SHORT_IDS * sizeof(uint64_t));

	for (size_t i = 0; i < V4_SHORT_IDS; i++) {
		uint32_t entry = build->short_entry[i];

		if (entry != NONE) {
			((uint16_t *)ids.p)[i] = build->entries[entry].verdict;
			((uint64_t *)detail.p)[i] = entry_detail(&build->entries[entry]);
		}
		if (build->mid_index[i] != NONE)
			((uint16_t *)ids.p)[i] = SNAPSHOT_ID_DEEPER;
	}
	TRY(writer_section(writer, SECTION_V4_SHORT, ids.p, ids.bytes, why));
	return writer_section(writer, SECTION_V4_SHORT_DETAIL, detail.p, detail.bytes, why);
}

static enum err mids_write(struct v4_build *build, struct snapshot_writer *writer, struct why *why)
{
	const uint32_t *covers = (const void *)build->mids.data;
	uint32_t used = (uint32_t)(build->mids.n / (V4_PAGE_IDS * sizeof *covers));
	uint64_t count = with_spare(used, SPARE_MIDS);
	CLEANUP(region_done) struct region index = region_new(V4_SHORT_IDS * sizeof(uint16_t));
	CLEANUP(region_done)
	struct region ids = region_new(count * V4_PAGE_IDS * sizeof(uint16_t));
	CLEANUP(region_done)
	struct region detail = region_new(count * V4_PAGE_IDS * sizeof(uint64_t));

	for (size_t slash16 = 0; slash16 < V4_SHORT_IDS; slash16++) {
		size_t mid = build->mid_index[slash16];

		if (mid == NONE)
			continue;
		((uint16_t *)index.p)[slash16] = (uint16_t)mid;
		for (size_t i = mid * V4_PAGE_IDS; i < (mid + 1) * V4_PAGE_IDS; i++) {
			uint32_t entry =
				covers[i] != NONE ? covers[i] : build->short_entry[slash16];

			if (entry == NONE)
				continue;
			((uint16_t *)ids.p)[i] = build->entries[entry].verdict;
			((uint64_t *)detail.p)[i] = entry_detail(&build->entries[entry]);
		}
	}
	writer->header.v4_mids = used;
	TRY(writer_section(writer, SECTION_V4_MID_INDEX, index.p, index.bytes, why));
	TRY(writer_section(writer, SECTION_V4_MIDS, ids.p, ids.bytes, why));
	return writer_section(writer, SECTION_V4_MID_DETAIL, detail.p, detail.bytes, why);
}

static void build_done(struct v4_build *build)
{
	region_done(&build->groups);
	region_done(&build->lines);
	region_done(&build->line_detail);
	region_done(&build->page_ids);
	region_done(&build->page_detail);
	buf_done(&build->mids);
	free(build->short_entry);
	free(build->mid_index);
}

enum err write_v4(
	struct snapshot_writer *writer, const struct snapshot_input *input, struct why *why)
{
	CLEANUP(region_done) struct region filter = region_new(V4_FILTER_BYTES);
	CLEANUP(build_done)
	struct v4_build build = { .entries = input->v4,
		.n = input->v4_count,
		.multiplier = v4_multiplier(writer->header.seed),
		.groups = region_new(SLASH24S * sizeof(struct group)),
		.short_entry = malloc(V4_SHORT_IDS * sizeof(uint32_t)),
		.mid_index = malloc(V4_SHORT_IDS * sizeof(uint32_t)),
		.filter = filter.p };

	must(build.short_entry != NULL && build.mid_index != NULL);
	memset(build.short_entry, 0xff, V4_SHORT_IDS * sizeof(uint32_t));
	memset(build.mid_index, 0xff, V4_SHORT_IDS * sizeof(uint32_t));
	entries_read(&build);
	groups_sort(&build);
	sizes_find(&build);
	writer->header.ipv4_entries = input->v4_count;
	TRY(writer_section(writer, SECTION_V4_FILTER, filter.p, filter.bytes, why));
	TRY(lines_write(&build, writer, why));
	TRY(short_write(&build, writer, why));
	return mids_write(&build, writer, why);
}
