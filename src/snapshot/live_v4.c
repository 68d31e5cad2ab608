/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes of IPv4 entries. Entries longer than /24 live in host slots and pages, all others in
 * slots of whole /24s, the short level and its pages; a change touches one of these two levels.
 */
#include "snapshot/live_int.h"

enum {
	V4_LENGTH = 96,
	HOSTS_WITHOUT_PAGE_MAX = 48,
	/* a reader follows V4_CHAIN_MAX */
	CHAIN_GROWN_MAX = V4_CHAIN_MAX - 8
};

#define NONE UINT64_MAX

/* A /24's place, as a reader would find it. */
struct place {
	struct pehra *map;
	uint16_t key; /* high byte of its residuals */
	uint64_t home;
};

static struct place place_of(struct snapshot_live *live, uint32_t slash24)
{
	uint32_t permuted = v4_permute(slash24, live->map.v4_multiplier);

	return (struct place){ &live->map, (uint16_t)((permuted & 0xff) << 8),
		v4_home(permuted, live->map.v4_homes) };
}

static uint64_t line_next(const struct pehra *map, uint64_t line)
{
	uint32_t next = v4_header_next(LOAD(&map->v4_lines[line].header));

	return next == 0 || map->v4_homes + next - 1 >= map->v4_line_count
		       ? NONE
		       : map->v4_homes + next - 1;
}

/* line * V4_LINE_SLOTS + slot of the host, or NONE. */
static uint64_t host_slot(const struct place *place, uint8_t host)
{
	for (uint64_t line = place->home; line != NONE; line = line_next(place->map, line)) {
		const struct v4_line *at = &place->map->v4_lines[line];
		uint32_t hosts = v4_header_hosts(LOAD(&at->header));

		for (uint32_t slot = 0; slot < hosts; slot++) {
			if (at->residual[slot] == (place->key | host))
				return line * V4_LINE_SLOTS + slot;
		}
	}
	return NONE;
}

/* The slot of the whole /24: its cover, or the reference to its page. */
static uint64_t whole_slot(const struct place *place, bool page)
{
	for (uint64_t line = place->home; line != NONE; line = line_next(place->map, line)) {
		const struct v4_line *at = &place->map->v4_lines[line];
		uint32_t wholes = v4_header_wholes(LOAD(&at->header));

		for (uint32_t slot = V4_LINE_SLOTS - wholes; slot < V4_LINE_SLOTS; slot++) {
			uint16_t residual = at->residual[slot];

			if ((residual & 0xff00) == place->key && ((residual & 0xff) != 0) == page)
				return line * V4_LINE_SLOTS + slot;
		}
	}
	return NONE;
}

static _Atomic uint16_t *slot_id(const struct pehra *map, uint64_t slot)
{
	return &map->v4_lines[slot / V4_LINE_SLOTS].id[slot % V4_LINE_SLOTS];
}

/* Where a page keeps the host, or NONE when the /24 has no page. */
static uint64_t page_place(const struct place *place, uint8_t host)
{
	uint64_t slot = whole_slot(place, true);

	if (slot == NONE)
		return NONE;

	const struct v4_line *line = &place->map->v4_lines[slot / V4_LINE_SLOTS];
	uint64_t page = v4_slot_page(
		line->residual[slot % V4_LINE_SLOTS], LOAD(&line->id[slot % V4_LINE_SLOTS]));

	return page >= place->map->v4_page_count ? NONE : page * V4_PAGE_IDS + host;
}

/* Lines of the chain, and the first one with a free slot (NONE: full). */
static uint32_t chain_length(const struct place *place, uint64_t *with_room)
{
	uint32_t length = 0;

	*with_room = NONE;
	for (uint64_t line = place->home; line != NONE; line = line_next(place->map, line)) {
		uint32_t header = LOAD(&place->map->v4_lines[line].header);

		if (*with_room == NONE &&
			v4_header_hosts(header) + v4_header_wholes(header) < V4_LINE_SLOTS)
			*with_room = line;
		length++;
	}
	return length;
}

static uint64_t overflow_free(const struct pehra *map)
{
	return map->v4_line_count - map->v4_homes - LOAD(&map->control->v4_overflow);
}

static void slot_append(
	struct place *place, uint64_t line, uint8_t low, bool whole, struct live_value value)
{
	struct v4_line *at = &place->map->v4_lines[line];
	uint32_t header = LOAD(&at->header);
	uint32_t slot =
		whole ? V4_LINE_SLOTS - 1 - v4_header_wholes(header) : v4_header_hosts(header);

	at->residual[slot] = place->key | low;
	live_store(&at->id[slot], &place->map->v4_line_detail[line * V4_LINE_SLOTS + slot], value);
	atomic_store_explicit(&at->header, header + (whole ? 16 : 1), memory_order_release);
}

/* Appends to the chain; room_check() saw that it can. A new line is linked when it is filled. */
static void chain_append(struct place *place, uint8_t low, bool whole, struct live_value value)
{
	struct pehra *map = place->map;
	uint64_t line;
	uint64_t last = place->home;

	(void)chain_length(place, &line);
	if (line != NONE) {
		slot_append(place, line, low, whole, value);
		return;
	}
	for (uint64_t next; (next = line_next(map, last)) != NONE;)
		last = next;

	uint32_t number = LOAD(&map->control->v4_overflow) + 1;

	must(overflow_free(map) > 0);
	atomic_store_explicit(&map->control->v4_overflow, number, memory_order_relaxed);
	slot_append(place, (uint64_t)map->v4_homes + number - 1, low, whole, value);
	atomic_store_explicit(&map->v4_lines[last].header,
		LOAD(&map->v4_lines[last].header) | number << 8, memory_order_release);
}

static void filter_set(struct snapshot_live *live, uint32_t slash24)
{
	_Atomic uint64_t *word = &live->map.v4_filter[slash24 >> 6];

	atomic_store_explicit(
		word, LOAD(word) | UINT64_C(1) << (slash24 & 63), memory_order_release);
}

/* ---- one change ---- */

struct v4_change {
	struct snapshot_live *live;
	uint8_t width;
	bool take_out;
	struct live_value value; /* what the addresses get */
	bool found;              /* was the entry there before? */
};

/* Does what is there now give way? Longer entries keep their own. */
static bool gives_way(struct v4_change *change, uint16_t id, uint64_t detail)
{
	uint8_t width = (uint8_t)(detail_length(detail) - V4_LENGTH);
	bool same = id != 0 && width == change->width;

	change->found = change->found || same;
	return change->take_out ? same : id == 0 || width <= change->width;
}

/* Where the host's id and detail are: slot first, then page; false when it has neither. */
static bool host_words(
	const struct place *place, uint8_t host, _Atomic uint16_t **id, _Atomic uint64_t **detail)
{
	uint64_t slot = host_slot(place, host);

	if (slot != NONE) {
		*id = slot_id(place->map, slot);
		*detail = &place->map->v4_line_detail[slot];
		return true;
	}
	slot = page_place(place, host);
	if (slot == NONE)
		return false;
	*id = &place->map->v4_pages[slot];
	*detail = &place->map->v4_page_detail[slot];
	return true;
}

static uint32_t hosts_in_slots(const struct place *place)
{
	uint32_t count = 0;

	for (uint32_t host = 0; host < 256; host++)
		count += host_slot(place, (uint8_t)host) != NONE;
	return count;
}

static void page_add(struct place *place)
{
	struct snapshot_control *control = place->map->control;
	uint32_t page = LOAD(&control->v4_pages);
	struct live_value reference = { (uint16_t)page, 0 };

	atomic_store_explicit(&control->v4_pages, page + 1, memory_order_relaxed);
	chain_append(place, (uint8_t)(1 + (page >> 16)), true, reference);
}

/* Room for count more hosts of the /24: in a new page, or in its lines. */
static enum err hosts_room(struct place *place, uint32_t count, bool *add_page, struct why *why)
{
	const struct pehra *map = place->map;
	uint64_t with_room;
	uint32_t length = chain_length(place, &with_room);

	*add_page = hosts_in_slots(place) + count > HOSTS_WITHOUT_PAGE_MAX &&
		    LOAD(&map->control->v4_pages) < map->v4_page_count;

	uint32_t slots = *add_page ? 1 : count;
	uint32_t lines = slots == 1 && with_room != NONE ? 0 : slots / V4_LINE_SLOTS + 1;

	if (overflow_free(map) < lines || length + lines > CHAIN_GROWN_MAX)
		return fail(why, ERR_FULL, "no room for more hosts in the live copy");
	return OK;
}

static enum err hosts_change(struct v4_change *change, uint32_t address, struct why *why)
{
	struct place place = place_of(change->live, address >> 8);
	uint32_t first = address & 0xff;
	uint32_t end = first + (1u << (32 - change->width));
	uint32_t missing = 0;
	bool add_page = false;
	_Atomic uint16_t *id;
	_Atomic uint64_t *detail;

	for (uint32_t host = first; host < end; host++)
		missing += !host_words(&place, (uint8_t)host, &id, &detail);
	if (missing > 0 && !change->take_out)
		TRY(hosts_room(&place, missing, &add_page, why));
	live_begin(change->live);
	if (add_page)
		page_add(&place);
	for (uint32_t host = first; host < end; host++) {
		if (host_words(&place, (uint8_t)host, &id, &detail)) {
			if (gives_way(change, LOAD(id), LOAD(detail)))
				live_store(id, detail, change->value);
		} else if (!change->take_out) {
			chain_append(&place, (uint8_t)host, false, change->value);
		}
	}
	if (!change->take_out)
		filter_set(change->live, address >> 8);
	live_end(change->live);
	return OK;
}

/* The mid page's entry of the /24, or NONE. */
static uint64_t mid_place(const struct pehra *map, uint32_t slash24)
{
	uint32_t slash16 = slash24 >> 8;
	uint64_t mid = LOAD(&map->v4_mid_index[slash16]);

	return LOAD(&map->v4_short[slash16]) != SNAPSHOT_ID_DEEPER || mid >= map->v4_mid_count
		       ? NONE
		       : mid * V4_PAGE_IDS + (slash24 & 0xff);
}

/* A /24 within an entry of /17 to /24. */
static void whole_change(struct v4_change *change, uint32_t slash24)
{
	struct pehra *map = &change->live->map;
	struct place place = place_of(change->live, slash24);
	uint64_t mid = mid_place(map, slash24);
	uint64_t slot = whole_slot(&place, false);
	struct live_value value = change->value;

	if (mid != NONE) {
		if (gives_way(change, LOAD(&map->v4_mids[mid]), LOAD(&map->v4_mid_detail[mid])))
			live_store(&map->v4_mids[mid], &map->v4_mid_detail[mid], value);
	} else if (slot != NONE) {
		/* what the short level holds is not repeated in slots */
		if (detail_length(value.detail) <= V4_LENGTH + 16)
			value = (struct live_value){ 0, 0 };
		if (gives_way(change, LOAD(slot_id(map, slot)), LOAD(&map->v4_line_detail[slot])))
			live_store(slot_id(map, slot), &map->v4_line_detail[slot], value);
	} else if (!change->take_out) {
		chain_append(&place, 0, true, value);
	}
	if (!change->take_out)
		filter_set(change->live, slash24);
}

static enum err wholes_room(struct v4_change *change, uint32_t first, uint32_t end, struct why *why)
{
	const struct pehra *map = &change->live->map;
	uint64_t needed = 0;

	for (uint32_t slash24 = first; slash24 < end; slash24++) {
		struct place place = place_of(change->live, slash24);
		uint64_t with_room;
		uint32_t length = chain_length(&place, &with_room);

		if (mid_place(map, slash24) != NONE || whole_slot(&place, false) != NONE)
			continue;
		/* two of them may share the last free slot of a chain */
		needed++;
		if (length >= CHAIN_GROWN_MAX)
			needed = UINT32_MAX;
	}
	if (needed > overflow_free(map))
		return fail(why, ERR_FULL, "no room for a cover in the live copy");
	return OK;
}

static enum err wholes_change(struct v4_change *change, uint32_t address, struct why *why)
{
	uint32_t first = address >> 8;
	uint32_t end = first + (1u << (24 - change->width));

	if (!change->take_out)
		TRY(wholes_room(change, first, end, why));
	live_begin(change->live);
	for (uint32_t slash24 = first; slash24 < end; slash24++)
		whole_change(change, slash24);
	live_end(change->live);
	return OK;
}

static void short_change(struct v4_change *change, uint32_t slash16)
{
	struct pehra *map = &change->live->map;
	uint64_t mid = mid_place(map, slash16 << 8);

	if (mid == NONE) {
		if (gives_way(change, LOAD(&map->v4_short[slash16]),
			    LOAD(&map->v4_short_detail[slash16])))
			live_store(&map->v4_short[slash16], &map->v4_short_detail[slash16],
				change->value);
	} else {
		for (uint64_t at = mid; at < mid + V4_PAGE_IDS; at++) {
			if (gives_way(
				    change, LOAD(&map->v4_mids[at]), LOAD(&map->v4_mid_detail[at])))
				live_store(
					&map->v4_mids[at], &map->v4_mid_detail[at], change->value);
		}
	}
	for (uint32_t i = 0; i < 256 && !change->take_out; i++)
		filter_set(change->live, slash16 << 8 | i);
}

static struct live_value value_of(const struct snapshot_v4 *entry)
{
	if (entry == NULL || entry->verdict == 0)
		return (struct live_value){ 0, 0 };
	return (struct live_value){ entry->verdict,
		detail_pack(entry->detail.first_day, entry->detail.last_day,
			entry->detail.until_day, (uint8_t)(V4_LENGTH + entry->width)) };
}

enum err snapshot_live_put_v4(struct snapshot_live *live, const struct snapshot_v4 *entry,
	const struct snapshot_v4 *cover, struct why *why)
{
	struct v4_change change = { .live = live,
		.width = entry->width,
		.take_out = entry->verdict == 0,
		.value = value_of(entry->verdict != 0 ? entry : cover) };

	if (entry->width > 32 || (entry->width < 32 && entry->address << entry->width != 0))
		return fail(why, ERR_USAGE, "IPv4 entry is malformed");
	TRY(live_verdict_check(live, change.value.id, why));
	if (entry->width > 24) {
		/* what covers the whole /24 shows through */
		if (change.take_out && (cover == NULL || cover->width <= 24))
			change.value = (struct live_value){ 0, 0 };
		TRY(hosts_change(&change, entry->address, why));
	} else if (entry->width > 16) {
		TRY(wholes_change(&change, entry->address, why));
	} else {
		uint32_t first = entry->address >> 16;

		live_begin(live);
		for (uint32_t i = first; i < first + (1u << (16 - entry->width)); i++)
			short_change(&change, i);
		live_end(live);
	}
	if (change.take_out == change.found)
		live_count(&live->map.control->ipv4_entries, change.take_out ? -1 : 1);
	return OK;
}
