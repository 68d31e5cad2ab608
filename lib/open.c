/* SPDX-License-Identifier: MIT */
/* Opening: everything that look-ups rely on is checked once, here. */
#include "reader.h"

#include "xxh64.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many elements a section must have; SAME_AS: as many as another one. */
static const struct {
	uint32_t unit;
	uint32_t least;
	int same_as; /* -1: none */
	uint32_t times;
} rules[] = {
	[SECTION_V4_FILTER] = { 8, V4_FILTER_BYTES / 8, -1, 1 },
	[SECTION_V4_LINES] = { sizeof(struct v4_line), V4_HOMES_MIN, -1, 1 },
	[SECTION_V4_LINE_DETAIL] = { 8 * V4_LINE_SLOTS, 0, SECTION_V4_LINES, 1 },
	[SECTION_V4_PAGES] = { 2 * V4_PAGE_IDS, 0, -1, 1 },
	[SECTION_V4_PAGE_DETAIL] = { 8 * V4_PAGE_IDS, 0, SECTION_V4_PAGES, 1 },
	[SECTION_V4_SHORT] = { 2, V4_SHORT_IDS, -1, 1 },
	[SECTION_V4_SHORT_DETAIL] = { 8, 0, SECTION_V4_SHORT, 1 },
	[SECTION_V4_MID_INDEX] = { 2, 0, SECTION_V4_SHORT, 1 },
	[SECTION_V4_MIDS] = { 2 * V4_PAGE_IDS, 0, -1, 1 },
	[SECTION_V4_MID_DETAIL] = { 8 * V4_PAGE_IDS, 0, SECTION_V4_MIDS, 1 },
	[SECTION_V6_FILTER] = { 8, 1, -1, 1 },
	[SECTION_V6_INNER] = { sizeof(struct v6_node), 0, -1, 1 },
	[SECTION_V6_KEYS] = { sizeof(struct v6_node), 1, -1, 1 },
	[SECTION_V6_VALUES] = { 8, 0, SECTION_V6_KEYS, V6_NODE_KEYS },
	[SECTION_V6_DETAIL] = { 8, 1, -1, 1 },
	[SECTION_V6_WIDE] = { sizeof(struct v6_wide), 0, -1, 1 },
	[SECTION_V6_DEEP_LOW] = { 8, 0, -1, 1 },
	[SECTION_V6_DEEP_ID] = { 2, 0, SECTION_V6_DEEP_LOW, 1 },
	[SECTION_V6_DEEP_DETAIL] = { 8, 0, SECTION_V6_DEEP_LOW, 1 },
	[SECTION_V6_LISTS] = { sizeof(struct v6_list), 0, -1, 1 },
	[SECTION_V6_ADDED] = { sizeof(struct v6_added), 0, -1, 1 },
	[SECTION_V6_ADDED_INDEX] = { 4, 1, -1, 1 },
	[SECTION_TEXT_SLOTS] = { sizeof(struct text_slot), 1, -1, 1 },
	[SECTION_TEXT_DETAIL] = { 16, 0, SECTION_TEXT_SLOTS, 1 },
	[SECTION_TEXT_COUNT] = { 4, 0, SECTION_TEXT_SLOTS, 1 },
	[SECTION_TEXT_BYTES] = { 1, 0, -1, 1 },
	[SECTION_VERDICTS] = { sizeof(struct pehra_verdict), 1, -1, 1 },
	[SECTION_SET_STARTS] = { 4, 0, -1, 1 },
	[SECTION_SET_NUMBERS] = { 2, 0, -1, 1 },
	[SECTION_SOURCE_STARTS] = { 4, 0, -1, 1 },
	[SECTION_SOURCE_NAMES] = { 1, 0, -1, 1 },
	[SECTION_CATEGORY_NAMES] = { CATEGORY_NAME_BYTES, 0, -1, 1 },
};
_Static_assert(sizeof rules / sizeof rules[0] == SECTION_COUNT, "one rule per section");

static const char *const status_texts[] = {
	[PEHRA_OK] = "ok",
	[PEHRA_ERROR_SYSTEM] = "the system refused",
	[PEHRA_ERROR_FORMAT] = "not a snapshot that this library can read",
	[PEHRA_ERROR_CHECKSUM] = "a checksum does not match",
	[PEHRA_ERROR_MEMORY] = "out of memory",
};

const char *pehra_status_text(enum pehra_status status)
{
	size_t i = (size_t)status;

	return i < sizeof status_texts / sizeof status_texts[0] ? status_texts[i] : "unknown";
}

static int machine_is_little_endian(void)
{
	const uint16_t one = 1;
	uint8_t first;

	memcpy(&first, &one, 1);
	return first == 1;
}

static enum pehra_status check_header(const struct snapshot_header *header, size_t bytes)
{
	if (!machine_is_little_endian() || bytes < 2 * SNAPSHOT_PAGE_BYTES ||
		memcmp(header->magic, SNAPSHOT_MAGIC, sizeof header->magic) != 0 ||
		header->version != SNAPSHOT_VERSION || header->file_bytes != bytes ||
		header->section_count != SECTION_COUNT)
		return PEHRA_ERROR_FORMAT;
	if (xxh64(header, offsetof(struct snapshot_header, checksum), 0) != header->checksum)
		return PEHRA_ERROR_CHECKSUM;
	return PEHRA_OK;
}

static int section_fits(const struct section *section, unsigned id, size_t bytes)
{
	return section->offset % SNAPSHOT_PAGE_BYTES == 0 &&
	       section->offset >= 2 * SNAPSHOT_PAGE_BYTES && section->offset <= bytes &&
	       section->size <= bytes - section->offset && section->size % rules[id].unit == 0;
}

static enum pehra_status check_sections(
	const uint8_t *base, const struct snapshot_header *header, unsigned flags)
{
	for (unsigned i = 0; i < SECTION_COUNT; i++) {
		const struct section *section = &header->sections[i];
		uint64_t count = section->size / rules[i].unit;
		int other = rules[i].same_as;

		if (!section_fits(section, i, header->file_bytes) || count < rules[i].least)
			return PEHRA_ERROR_FORMAT;
		if (other != -1 &&
			count != header->sections[other].size / rules[other].unit * rules[i].times)
			return PEHRA_ERROR_FORMAT;
		if ((flags & PEHRA_OPEN_VERIFY) != 0 &&
			xxh64(base + section->offset, section->size, 0) != section->checksum)
			return PEHRA_ERROR_CHECKSUM;
	}
	return PEHRA_OK;
}

static uint64_t nodes_above(uint64_t nodes)
{
	return (nodes + V6_NODE_KEYS) / (V6_NODE_KEYS + 1);
}

/* The shape of the tree follows from the number of borders alone. */
static int attach_v6_tree(struct pehra *s, const struct v6_node *inner, uint64_t inner_count,
	const struct v6_node *leaves, uint64_t leaf_count)
{
	uint64_t used = 0;

	if (s->v6_borders == 0 || s->v6_borders > leaf_count * V6_NODE_KEYS ||
		s->v6_borders <= (leaf_count - 1) * V6_NODE_KEYS)
		return 0;
	s->v6_levels[0] = (struct v6_level){ leaves, leaf_count };
	s->v6_level_count = 1;
	for (uint64_t nodes = leaf_count; nodes > 1 && s->v6_level_count < V6_LEVELS_MAX;) {
		nodes = nodes_above(nodes);
		if (nodes > inner_count - used)
			return 0;
		s->v6_levels[s->v6_level_count++] = (struct v6_level){ inner + used, nodes };
		used += nodes;
	}
	return s->v6_levels[s->v6_level_count - 1].count == 1 && used == inner_count;
}

static int is_power_of_two(uint64_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static void attach_v4(struct pehra *s, void *const *at, const uint64_t *count)
{
	s->v4_filter = at[SECTION_V4_FILTER];
	s->v4_lines = at[SECTION_V4_LINES];
	s->v4_line_count = count[SECTION_V4_LINES];
	s->v4_line_detail = at[SECTION_V4_LINE_DETAIL];
	s->v4_pages = at[SECTION_V4_PAGES];
	s->v4_page_count = count[SECTION_V4_PAGES];
	s->v4_page_detail = at[SECTION_V4_PAGE_DETAIL];
	s->v4_short = at[SECTION_V4_SHORT];
	s->v4_short_detail = at[SECTION_V4_SHORT_DETAIL];
	s->v4_mid_index = at[SECTION_V4_MID_INDEX];
	s->v4_mids = at[SECTION_V4_MIDS];
	s->v4_mid_count = count[SECTION_V4_MIDS];
	s->v4_mid_detail = at[SECTION_V4_MID_DETAIL];
}

static void attach_v6(struct pehra *s, void *const *at, const uint64_t *count)
{
	s->v6_filter = at[SECTION_V6_FILTER];
	s->v6_filter_words = count[SECTION_V6_FILTER];
	s->v6_values = at[SECTION_V6_VALUES];
	s->v6_detail = at[SECTION_V6_DETAIL];
	s->v6_detail_count = count[SECTION_V6_DETAIL];
	s->v6_wide = at[SECTION_V6_WIDE];
	s->v6_wide_count = count[SECTION_V6_WIDE];
	s->v6_deep_low = at[SECTION_V6_DEEP_LOW];
	s->v6_deep_id = at[SECTION_V6_DEEP_ID];
	s->v6_deep_detail = at[SECTION_V6_DEEP_DETAIL];
	s->v6_deep_count = count[SECTION_V6_DEEP_LOW];
	s->v6_lists = at[SECTION_V6_LISTS];
	s->v6_list_count = count[SECTION_V6_LISTS];
	s->v6_added = at[SECTION_V6_ADDED];
	s->v6_added_count = count[SECTION_V6_ADDED];
	s->v6_added_index = at[SECTION_V6_ADDED_INDEX];
	s->v6_added_slots = count[SECTION_V6_ADDED_INDEX];
}

static void attach_texts(struct pehra *s, void *const *at, const uint64_t *count)
{
	s->text_slots = at[SECTION_TEXT_SLOTS];
	s->text_slot_count = (uint32_t)count[SECTION_TEXT_SLOTS];
	s->text_detail = at[SECTION_TEXT_DETAIL];
	s->text_count = at[SECTION_TEXT_COUNT];
	s->text_bytes = at[SECTION_TEXT_BYTES];
	s->text_byte_count = count[SECTION_TEXT_BYTES];
	s->verdicts = at[SECTION_VERDICTS];
	s->verdict_count = count[SECTION_VERDICTS];
	s->set_starts = at[SECTION_SET_STARTS];
	s->set_count = count[SECTION_SET_STARTS];
	s->set_numbers = at[SECTION_SET_NUMBERS];
	s->set_number_count = count[SECTION_SET_NUMBERS];
	s->source_starts = at[SECTION_SOURCE_STARTS];
	s->source_count = count[SECTION_SOURCE_STARTS];
	s->source_names = at[SECTION_SOURCE_NAMES];
	s->source_byte_count = count[SECTION_SOURCE_NAMES];
	s->category_names = at[SECTION_CATEGORY_NAMES];
	s->category_count = count[SECTION_CATEGORY_NAMES];
}

static int shape_is_sound(const struct pehra *s)
{
	return s->v4_homes >= V4_HOMES_MIN && s->v4_homes <= V4_HOMES_MAX &&
	       s->v4_homes <= s->v4_line_count && is_power_of_two(s->v6_filter_words) &&
	       is_power_of_two(s->v6_added_slots) && s->category_count <= CATEGORIES_MAX &&
	       (s->source_byte_count == 0 || s->source_names[s->source_byte_count - 1] == '\0');
}

enum pehra_status pehra_attach(void *base, size_t bytes, unsigned flags, struct pehra *out)
{
	struct snapshot_header *header = base;
	void *at[SECTION_COUNT];
	uint64_t count[SECTION_COUNT];
	enum pehra_status status = check_header(header, bytes);

	if (status != PEHRA_OK)
		return status;

	int is_live = (header->flags & SNAPSHOT_IS_LIVE) != 0;

	if (is_live && (flags & PEHRA_OPEN_VERIFY) != 0)
		return PEHRA_ERROR_CHECKSUM;
	status = check_sections(base, header, flags);
	if (status != PEHRA_OK)
		return status;
	for (unsigned i = 0; i < SECTION_COUNT; i++) {
		at[i] = (uint8_t *)base + header->sections[i].offset;
		count[i] = header->sections[i].size / rules[i].unit;
	}
	if (count[SECTION_TEXT_SLOTS] >= TEXT_SLOT_LIMIT)
		return PEHRA_ERROR_FORMAT;
	*out = (struct pehra){ .v4_homes = header->v4_homes,
		.v4_multiplier = v4_multiplier(header->seed),
		.seed = header->seed,
		.v6_borders = header->v6_borders,
		.header = header,
		.control = (void *)((uint8_t *)base + SNAPSHOT_PAGE_BYTES),
		.is_live = is_live,
		.bytes = bytes };
	attach_v4(out, at, count);
	attach_v6(out, at, count);
	attach_texts(out, at, count);
	if (!shape_is_sound(out) ||
		!attach_v6_tree(out, at[SECTION_V6_INNER], count[SECTION_V6_INNER],
			at[SECTION_V6_KEYS], count[SECTION_V6_KEYS]))
		return PEHRA_ERROR_FORMAT;
	if ((header->flags & SNAPSHOT_V6_UNFILTERED) != 0)
		out->v6_filter = NULL;
	return PEHRA_OK;
}

enum pehra_status pehra_open_fd(int fd, unsigned flags, struct pehra **out)
{
	struct stat about;

	*out = NULL;
	if (fstat(fd, &about) == -1)
		return PEHRA_ERROR_SYSTEM;
	if (!S_ISREG(about.st_mode) || about.st_size < 2 * SNAPSHOT_PAGE_BYTES)
		return PEHRA_ERROR_FORMAT;

	size_t bytes = (size_t)about.st_size;
	struct pehra *s = malloc(sizeof *s);

	if (s == NULL)
		return PEHRA_ERROR_MEMORY;

	void *base = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);

	if (base == MAP_FAILED) {
		int refused = errno;

		free(s);
		errno = refused;
		return PEHRA_ERROR_SYSTEM;
	}

	enum pehra_status status = pehra_attach(base, bytes, flags, s);

	if (status != PEHRA_OK) {
		(void)munmap(base, bytes);
		free(s);
		return status;
	}
	*out = s;
	return PEHRA_OK;
}

enum pehra_status pehra_open(const char *path, unsigned flags, struct pehra **out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*out = NULL;
	if (fd == -1)
		return PEHRA_ERROR_SYSTEM;

	enum pehra_status status = pehra_open_fd(fd, flags, out);
	int refused = errno;

	(void)close(fd);
	errno = refused;
	return status;
}

void pehra_close(struct pehra *snapshot)
{
	if (snapshot == NULL)
		return;
	(void)munmap(snapshot->header, snapshot->bytes);
	free(snapshot);
}
