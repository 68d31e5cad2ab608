/* SPDX-License-Identifier: MIT */
/* Look-ups of domain names and URLs. */
#include "reader.h"

#include <string.h>

uint32_t pehra_text_find(
	const struct pehra *s, uint64_t mixed, uint16_t kind, const char *text, size_t length)
{
	uint32_t fingerprint = text_fingerprint(mixed);
	uint32_t slot = text_home(mixed, s->text_slot_count);

	for (unsigned i = 0; i < TEXT_PROBES_MAX; i++) {
		const struct text_slot *at = &s->text_slots[slot];
		uint32_t found = LOAD_ACQUIRE(&at->fingerprint);

		if (found == 0)
			return TEXT_SLOT_NONE;
		if (found == fingerprint && at->length == length && at->kind == kind &&
			at->start <= s->text_byte_count &&
			length <= s->text_byte_count - at->start &&
			memcmp(s->text_bytes + at->start, text, length) == 0)
			return slot;
		slot = slot + 1 == s->text_slot_count ? 0 : slot + 1;
	}
	return TEXT_SLOT_NONE;
}

struct text_spot {
	pehra_id id;
	_Atomic uint64_t *detail;
};

static struct text_spot spot_below(const struct pehra *s, uint32_t slot)
{
	return (struct text_spot){ LOAD_ACQUIRE(&s->text_slots[slot].below),
		&s->text_detail[2 * (uint64_t)slot + 1] };
}

static struct text_spot spot_exact(const struct pehra *s, uint32_t slot)
{
	return (struct text_spot){ LOAD_ACQUIRE(&s->text_slots[slot].exact),
		&s->text_detail[2 * (uint64_t)slot] };
}

/*
 * From the top label down: every ancestor of a listed name has a slot, so the first suffix without
 * one ends the search. *at is the slot of the whole name, TEXT_SLOT_NONE when it has none.
 */
static struct text_spot name_spot(
	const struct pehra *s, const char *name, size_t length, uint32_t *at)
{
	struct text_spot best = { 0, NULL };
	uint64_t hash = text_hash_start(s->seed, TEXT_NAME);

	*at = TEXT_SLOT_NONE;
	if (length == 0 || length > TEXT_NAME_MAX)
		return best;
	for (size_t i = length; i-- > 0;) {
		hash = text_hash_byte(hash, (uint8_t)name[i]);
		if (i != 0 && name[i - 1] != '.')
			continue;

		uint32_t slot = pehra_text_find(s, hash_mix(hash), TEXT_NAME, name + i, length - i);

		if (slot == TEXT_SLOT_NONE)
			return best;

		struct text_spot below = spot_below(s, slot);

		if (below.id != 0)
			best = below;
		if (i == 0)
			*at = slot;
	}
	if (*at != TEXT_SLOT_NONE) {
		struct text_spot exact = spot_exact(s, *at);

		if (exact.id != 0)
			best = exact;
	}
	return best;
}

static struct text_spot url_spot(const struct pehra *s, const char *url, size_t length)
{
	uint64_t hash = text_hash_start(s->seed, TEXT_URL);

	if (length == 0 || length > TEXT_LENGTH_MAX)
		return (struct text_spot){ 0, NULL };
	for (size_t i = length; i-- > 0;)
		hash = text_hash_byte(hash, (uint8_t)url[i]);

	uint32_t slot = pehra_text_find(s, hash_mix(hash), TEXT_URL, url, length);

	return slot == TEXT_SLOT_NONE ? (struct text_spot){ 0, NULL } : spot_exact(s, slot);
}

static struct text_spot text_spot(
	const struct pehra *s, const char *text, size_t length, int is_url)
{
	uint32_t at;

	return is_url ? url_spot(s, text, length) : name_spot(s, text, length, &at);
}

static pehra_id text_id(const struct pehra *s, const char *text, size_t length, int is_url)
{
	pehra_id id = 0;

	for (unsigned i = 0; i < PEHRA_TRIES; i++) {
		uint32_t turn = turn_now(s);

		id = text_spot(s, text, length, is_url).id;
		if (!turn_passed(s, turn))
			break;
	}
	return id;
}

pehra_id pehra_name(const struct pehra *snapshot, const char *name, size_t length)
{
	return text_id(snapshot, name, length, 0);
}

pehra_id pehra_url(const struct pehra *snapshot, const char *url, size_t length)
{
	return text_id(snapshot, url, length, 1);
}

static pehra_id text_detail(const struct pehra *s, const char *text, size_t length, int is_url,
	struct pehra_detail *out)
{
	struct text_spot spot = { 0, NULL };
	uint64_t detail = 0;

	for (unsigned i = 0; i < PEHRA_TRIES; i++) {
		uint32_t turn = turn_now(s);

		spot = text_spot(s, text, length, is_url);
		detail = spot.id != 0 ? LOAD_ACQUIRE(spot.detail) : 0;
		if (!turn_changed(s, turn))
			break;
	}
	pehra_detail_fill(out, spot.id, detail);
	return spot.id;
}

pehra_id pehra_name_detail(
	const struct pehra *snapshot, const char *name, size_t length, struct pehra_detail *out)
{
	return text_detail(snapshot, name, length, 0, out);
}

pehra_id pehra_url_detail(
	const struct pehra *snapshot, const char *url, size_t length, struct pehra_detail *out)
{
	return text_detail(snapshot, url, length, 1, out);
}

int pehra_name_any_below(const struct pehra *snapshot, const char *name, size_t length)
{
	uint32_t at;

	(void)name_spot(snapshot, name, length, &at);
	return at != TEXT_SLOT_NONE && LOAD_ACQUIRE(&snapshot->text_count[at]) != 0;
}
