/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/text.h"

#include "base/utf8.h"

size_t text_valid_bytes(struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		size_t bad;
		size_t n = s.p[i] == '\0' ? 0 : utf8_length(s, i, &bad);

		if (n == 0)
			break;
		i += n;
	}
	return i;
}

struct str text_cut(struct str s, size_t n)
{
	while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return str_first(s, n);
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
