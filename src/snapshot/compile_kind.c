/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/near.h"
#include "snapshot/compile_int.h"

static int v4_order(const void *a, const void *b)
{
	const struct compile_v4 *left = a;
	const struct compile_v4 *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return (int)left->width - (int)right->width;
}

static bool v4_holds(const void *outer, const void *inner)
{
	const struct compile_v4 *wide = outer;
	const struct compile_v4 *narrow = inner;
	uint64_t host_bits = (UINT64_C(1) << (32 - wide->width)) - 1;

	return wide->width <= narrow->width &&
	       (wide->address | host_bits) == (narrow->address | host_bits);
}

static const struct compile_claim *v4_claim(const void *row)
{
	return &((const struct compile_v4 *)row)->claim;
}

static struct str v4_key(const void *row, uint8_t room[COMPILE_KEY_ROOM])
{
	const struct compile_v4 *v4 = row;

	room[0] = 1;
	room[1] = (uint8_t)(v4->address >> 24);
	room[2] = (uint8_t)(v4->address >> 16);
	room[3] = (uint8_t)(v4->address >> 8);
	room[4] = (uint8_t)v4->address;
	room[5] = v4->width;
	return str_from((const char *)room, 6);
}

static struct prefix v4_prefix(const void *row)
{
	const struct compile_v4 *v4 = row;

	return (struct prefix){ ip_from_u32(v4->address), (uint8_t)(IPV4_OFFSET + v4->width) };
}

static bool v4_near(const void *row, unsigned level, uint64_t *number)
{
	const struct compile_v4 *v4 = row;

	*number = near_number_v4(v4->address);
	return near_is_member_v4(v4->width, level);
}

static size_t v4_emit(
	struct compile *compile, const void *row, uint16_t verdict, struct snapshot_detail detail)
{
	const struct compile_v4 *v4 = row;

	compile->v4[compile->v4_count++] = (struct snapshot_v4){
		.address = v4->address, .width = v4->width, .verdict = verdict, .detail = detail
	};
	return compile->v4_count - 1;
}

static int v6_order(const void *a, const void *b)
{
	return prefix_cmp(
		&((const struct compile_v6 *)a)->prefix, &((const struct compile_v6 *)b)->prefix);
}

static bool v6_holds(const void *outer, const void *inner)
{
	return prefix_contains(&((const struct compile_v6 *)outer)->prefix,
		&((const struct compile_v6 *)inner)->prefix);
}

static const struct compile_claim *v6_claim(const void *row)
{
	return &((const struct compile_v6 *)row)->claim;
}

static struct str v6_key(const void *row, uint8_t room[COMPILE_KEY_ROOM])
{
	const struct prefix *prefix = &((const struct compile_v6 *)row)->prefix;

	room[0] = 2;
	memcpy(room + 1, prefix->address.bytes, sizeof prefix->address.bytes);
	room[17] = prefix->length;
	return str_from((const char *)room, 18);
}

static struct prefix v6_prefix(const void *row)
{
	return ((const struct compile_v6 *)row)->prefix;
}

static bool v6_near(const void *row, unsigned level, uint64_t *number)
{
	const struct prefix *prefix = &((const struct compile_v6 *)row)->prefix;

	*number = near_number_v6(ip_high(&prefix->address), level);
	return near_is_member_v6(prefix->length, level);
}

static size_t v6_emit(
	struct compile *compile, const void *row, uint16_t verdict, struct snapshot_detail detail)
{
	const struct prefix *prefix = &((const struct compile_v6 *)row)->prefix;

	compile->v6[compile->v6_count++] = (struct snapshot_v6){ .high = ip_high(&prefix->address),
		.low = ip_low(&prefix->address),
		.length = prefix->length,
		.verdict = verdict,
		.detail = detail };
	return compile->v6_count - 1;
}

/* As keys sort, but a name with everything below before the same name alone, which it holds. */
static int text_order(const void *a, const void *b)
{
	struct str left = ((const struct compile_text *)a)->key;
	struct str right = ((const struct compile_text *)b)->key;
	int order;

	if (left.p[0] != 3 || right.p[0] != 3)
		return str_cmp(left, right);
	order = str_cmp(str_first(left, left.n - 1), str_first(right, right.n - 1));
	return order != 0 ? order : right.p[right.n - 1] - left.p[left.n - 1];
}

/* Only a name listed with everything below holds others: its key ends in 1, see indicator_key(). */
static bool text_holds(const void *outer, const void *inner)
{
	struct str wide = ((const struct compile_text *)outer)->key;
	struct str narrow = ((const struct compile_text *)inner)->key;

	if (wide.p[0] != 3 || narrow.p[0] != 3 || wide.p[wide.n - 1] != 1)
		return str_eq(wide, narrow);
	return str_starts(narrow, str_first(wide, wide.n - 1));
}

static const struct compile_claim *text_claim(const void *row)
{
	return &((const struct compile_text *)row)->claim;
}

static struct str text_key(const void *row, uint8_t room[COMPILE_KEY_ROOM])
{
	(void)room;
	return ((const struct compile_text *)row)->key;
}

static size_t text_emit(
	struct compile *compile, const void *row, uint16_t verdict, struct snapshot_detail detail)
{
	struct indicator indicator;

	/* keys were checked when they were read from the store */
	must(indicator_from_key(((const struct compile_text *)row)->key, &compile->keys, &indicator,
		     NULL) == OK);
	compile->texts[compile->text_count++] = (struct snapshot_text){ .text = indicator.text,
		.is_url = indicator.kind == INDICATOR_URL,
		.below = indicator.below,
		.verdict = verdict,
		.detail = detail };
	return compile->text_count - 1;
}

static const struct sweep_kind kinds[] = {
	[COMPILE_V4] = { sizeof(struct compile_v4), v4_order, v4_holds, v4_claim, v4_key, v4_prefix,
		v4_near, v4_emit },
	[COMPILE_V6] = { sizeof(struct compile_v6), v6_order, v6_holds, v6_claim, v6_key, v6_prefix,
		v6_near, v6_emit },
	[COMPILE_TEXT] = { sizeof(struct compile_text), text_order, text_holds, text_claim,
		text_key, NULL, NULL, text_emit },
};
_Static_assert(ARRAY_LEN(kinds) == COMPILE_KINDS, "one row per kind");

const struct sweep_kind *sweep_kind_of(enum compile_kind kind)
{
	return &kinds[kind];
}
