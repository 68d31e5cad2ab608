/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/utf8.h"

size_t utf8_length(struct str s, size_t i, size_t *bad)
{
	static const struct {
		uint8_t first_low;
		uint8_t first_high;
		uint8_t second_low;
		uint8_t second_high;
		uint8_t length;
	} rows[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	uint8_t first = (uint8_t)s.p[i];

	*bad = 1;
	for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
		if (first < rows[row].first_low || first > rows[row].first_high)
			continue;
		for (size_t k = 1; k < rows[row].length; k++) {
			uint8_t low = k == 1 ? rows[row].second_low : 0x80;
			uint8_t high = k == 1 ? rows[row].second_high : 0xbf;

			if (i + k >= s.n || (uint8_t)s.p[i + k] < low ||
				(uint8_t)s.p[i + k] > high) {
				*bad = k;
				return 0;
			}
		}
		return rows[row].length;
	}
	return 0;
}
