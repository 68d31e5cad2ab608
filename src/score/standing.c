/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/standing.h"

static const struct str standings[] = {
	[STANDING_NEW] = STR_INIT("new"),
	[STANDING_VOUCHED] = STR_INIT("vouched"),
	[STANDING_SENSOR] = STR_INIT("sensor"),
};
_Static_assert(ARRAY_LEN(standings) == STANDING_COUNT, "one word per standing");

/* by the bit's place */
static const struct str traits_by_bit[] = {
	STR_INIT("spoofable"),
	STR_INIT("critical"),
	STR_INIT("cloud"),
	STR_INIT("shared"),
};
_Static_assert(ARRAY_LEN(traits_by_bit) == SOURCE_TRAIT_BITS, "one word per trait");
_Static_assert(1U << (SOURCE_TRAIT_BITS - 1) == TRAIT_SHARED, "the last trait has the last bit");

struct str source_standing_name(unsigned standing)
{
	return standing < STANDING_COUNT ? standings[standing] : STR("unknown");
}

bool source_standing_parse(struct str word, uint8_t *out)
{
	for (unsigned i = 0; i < STANDING_COUNT; i++) {
		if (str_eq(standings[i], word)) {
			*out = (uint8_t)i;
			return true;
		}
	}
	return false;
}

struct str source_trait_name(enum source_trait trait)
{
	for (unsigned i = 0; i < SOURCE_TRAIT_BITS; i++) {
		if ((unsigned)trait == 1U << i)
			return traits_by_bit[i];
	}
	return STR("unknown");
}

bool source_trait_parse(struct str word, uint8_t *out)
{
	for (unsigned i = 0; i < SOURCE_TRAIT_BITS; i++) {
		if (str_eq(traits_by_bit[i], word)) {
			*out = (uint8_t)(1U << i);
			return true;
		}
	}
	return false;
}

void source_traits_format(struct buf *out, uint8_t traits)
{
	const char *before = "";

	for (unsigned i = 0; i < SOURCE_TRAIT_BITS; i++) {
		if ((traits >> i & 1) == 0)
			continue;
		buf_fmt(out, "%s%.*s", before, STR_FMT(traits_by_bit[i]));
		before = ",";
	}
}

bool source_traits_parse(struct str words, uint8_t *out)
{
	uint8_t all = 0;

	for (struct str rest = words; words.n != 0 && rest.p != NULL;) {
		uint8_t trait;

		if (!source_trait_parse(str_trim(str_split(&rest, ',')), &trait))
			return false;
		all |= trait;
	}
	*out = all;
	return true;
}
