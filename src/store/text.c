/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/text.h"

/* The well-formed sequences of Unicode 15, table 3-7: ranges of the first two bytes. */
static const struct {
	uint8_t first_low, first_high;
	uint8_t second_low, second_high;
	uint8_t length;
} sequences[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* Length of the character at the start of s (not empty), 0 when it is none. */
static size_t character_bytes(struct str s)
{
	uint8_t first = (uint8_t)s.p[0];
	uint8_t second = s.n > 1 ? (uint8_t)s.p[1] : 0;

	if (first < 0x80)
		return first != 0;
	for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
		size_t length = sequences[i].length;

		if (first < sequences[i].first_low || first > sequences[i].first_high)
			continue;
		if (s.n < length || second < sequences[i].second_low ||
			second > sequences[i].second_high)
			return 0;
		for (size_t k = 2; k < length; k++) {
			if (((uint8_t)s.p[k] & 0xc0) != 0x80)
				return 0;
		}
		return length;
	}
	return 0;
}

size_t text_valid_bytes(struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		size_t n = character_bytes(str_from_index(s, i));

		if (n == 0)
			break;
		i += n;
	}
	return i;
}

void text_mend(struct buf *out, struct str s)
{
	while (s.n > 0) {
		size_t n = text_valid_bytes(s);

		buf_str(out, str_first(s, n));
		if (n < s.n) {
			buf_str(out, STR("\xef\xbf\xbd"));
			n++;
		}
		s = str_from_index(s, n);
	}
}
