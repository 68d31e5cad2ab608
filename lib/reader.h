/* SPDX-License-Identifier: MIT */
/*
 * A mapped snapshot, as the look-ups (lib/) and the live copy (src/snapshot/live.c) see it. Not
 * installed. Pointers are not const because the live copy writes through them; look-ups never do.
 */
#ifndef PEHRA_READER_H
#define PEHRA_READER_H

#include "format.h"

struct v6_level {
	const struct v6_node *nodes;
	uint64_t count;
};

struct pehra {
	/* IPv4, the hot part */
	_Atomic uint64_t *v4_filter;
	struct v4_line *v4_lines;
	uint32_t v4_homes;
	uint32_t v4_multiplier;
	uint64_t v4_line_count;
	_Atomic uint16_t *v4_pages;
	uint64_t v4_page_count;
	_Atomic uint16_t *v4_short;
	_Atomic uint16_t *v4_mid_index;
	_Atomic uint16_t *v4_mids;
	uint64_t v4_mid_count;
	_Atomic uint64_t *v4_line_detail;
	_Atomic uint64_t *v4_page_detail;
	_Atomic uint64_t *v4_short_detail;
	_Atomic uint64_t *v4_mid_detail;
	/* IPv6; levels[0] are the leaves */
	_Atomic uint64_t *v6_filter;
	uint64_t v6_filter_words;
	uint64_t seed;
	struct v6_level v6_levels[V6_LEVELS_MAX];
	unsigned v6_level_count;
	uint64_t v6_borders;
	_Atomic uint64_t *v6_values;
	_Atomic uint64_t *v6_detail;
	uint64_t v6_detail_count;
	const struct v6_wide *v6_wide;
	uint64_t v6_wide_count;
	const uint64_t *v6_deep_low;
	_Atomic uint16_t *v6_deep_id;
	_Atomic uint64_t *v6_deep_detail;
	uint64_t v6_deep_count;
	struct v6_list *v6_lists;
	uint64_t v6_list_count;
	struct v6_added *v6_added;
	uint64_t v6_added_count; /* room */
	_Atomic uint32_t *v6_added_index;
	uint64_t v6_added_slots;
	/* names and URLs */
	struct text_slot *text_slots;
	uint32_t text_slot_count;
	_Atomic uint64_t *text_detail;
	_Atomic uint32_t *text_count;
	char *text_bytes;
	uint64_t text_byte_count;
	/* verdicts */
	struct pehra_verdict *verdicts;
	uint64_t verdict_count; /* room, id 0 included */
	uint32_t *set_starts;
	uint64_t set_count;
	uint16_t *set_numbers;
	uint64_t set_number_count;
	uint32_t *source_starts;
	uint64_t source_count;
	char *source_names;
	uint64_t source_byte_count;
	char *category_names;
	uint64_t category_count;
	/* the whole */
	struct snapshot_header *header;
	struct snapshot_control *control;
	int is_live;
	size_t bytes;
};

/* Fills out from a mapping that outlives it. Nothing is allocated. */
enum pehra_status pehra_attach(void *base, size_t bytes, unsigned flags, struct pehra *out);

/* An id and where its detail is kept; detail is NULL when there is none. */
struct pehra_spot {
	pehra_id id;
	_Atomic uint64_t *detail;
	uint64_t fixed_detail; /* when detail is NULL */
};

struct pehra_spot pehra_v4_spot(const struct pehra *s, uint32_t address);
int pehra_v4_any_within(const struct pehra *s, uint32_t address, unsigned width);

/* The last border at or before high; UINT64_MAX when the file has none (damaged). */
uint64_t pehra_v6_border(const struct pehra *s, uint64_t high);
/* The added entry, or NULL. */
struct v6_added *pehra_v6_added(const struct pehra *s, uint64_t high, uint64_t low, uint8_t length);
pehra_id pehra_v6(const struct pehra *s, uint64_t high, uint64_t low);
struct pehra_spot pehra_v6_spot(const struct pehra *s, uint64_t high, uint64_t low);
int pehra_v6_any_within(const struct pehra *s, uint64_t high, uint64_t low, unsigned length);
void pehra_v6_batch(const struct pehra *s, const uint64_t *highs, const uint64_t *lows,
	pehra_id *ids, size_t n);

/* The slot that holds the text; TEXT_SLOT_NONE when there is none. */
#define TEXT_SLOT_NONE UINT32_MAX
uint32_t pehra_text_find(
	const struct pehra *s, uint64_t mixed, uint16_t kind, const char *text, size_t length);

void pehra_detail_fill(struct pehra_detail *out, pehra_id id, uint64_t detail);

/* How often a reader of a live copy looks again; so it never waits, even for a dead keeper. */
enum { PEHRA_TRIES = 64 };

#define LOAD(place)         atomic_load_explicit((place), memory_order_relaxed)
#define LOAD_ACQUIRE(place) atomic_load_explicit((place), memory_order_acquire)

static inline uint32_t turn_now(const struct pehra *s)
{
	return s->is_live ? LOAD_ACQUIRE(&s->control->turn) : 0;
}

/*
 * Did more than one change go by? A look-up that falls from level to level may then mix them;
 * within one change each address has its old or its new verdict whatever is read when. All loads
 * in between are acquiring ones.
 */
static inline int turn_passed(const struct pehra *s, uint32_t turn)
{
	return s->is_live && LOAD(&s->control->turn) - turn > 1;
}

/* Did any change go by? An id and its detail are two words. */
static inline int turn_changed(const struct pehra *s, uint32_t turn)
{
	return s->is_live && ((turn & 1) != 0 || LOAD(&s->control->turn) != turn);
}

#endif
