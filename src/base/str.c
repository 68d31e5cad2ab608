/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"

#include <math.h>

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

bool str_eq_nocase(struct str a, struct str b)
{
	return a.n == b.n && str_starts_nocase(a, b);
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_starts_nocase(struct str s, struct str prefix)
{
	if (s.n < prefix.n)
		return false;
	for (size_t i = 0; i < prefix.n; i++) {
		if (byte_lower(s.p[i]) != byte_lower(prefix.p[i]))
			return false;
	}
	return true;
}

bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_from_index(s, s.n - suffix.n), suffix);
}

size_t str_find(struct str s, char c)
{
	const char *hit = s.n == 0 ? NULL : memchr(s.p, c, s.n);

	return hit == NULL ? s.n : (size_t)(hit - s.p);
}

size_t str_find_last(struct str s, char c)
{
	const char *hit = s.n == 0 ? NULL : memrchr(s.p, c, s.n);

	return hit == NULL ? s.n : (size_t)(hit - s.p);
}

size_t str_find_str(struct str s, struct str part)
{
	const char *hit = part.n == 0 ? s.p : s.n == 0 ? NULL : memmem(s.p, s.n, part.p, part.n);

	return hit == NULL ? s.n : (size_t)(hit - s.p);
}

struct str str_trim(struct str s)
{
	while (s.n > 0 && byte_is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && byte_is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_split(struct str *rest, char separator)
{
	size_t i = str_find(*rest, separator);
	struct str part = str_first(*rest, i);

	if (i == rest->n)
		*rest = (struct str){ NULL, 0 };
	else
		*rest = str_from_index(*rest, i + 1);
	return part;
}

bool str_next_line(struct str *rest, struct str *line)
{
	if (rest->n == 0)
		return false;

	size_t i = str_find(*rest, '\n');

	*line = str_first(*rest, i);
	*rest = str_from_index(*rest, i + 1);
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

bool str_next_word(struct str *rest, struct str *word)
{
	size_t i = 0;

	while (i < rest->n && byte_is_space(rest->p[i]))
		i++;
	*rest = str_from_index(*rest, i);
	for (i = 0; i < rest->n && !byte_is_space(rest->p[i]);)
		i++;
	*word = str_first(*rest, i);
	*rest = str_from_index(*rest, i);
	return word->n > 0;
}

bool parse_u64(struct str s, uint64_t *out)
{
	uint64_t value = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!byte_is_digit(s.p[i]) || __builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value))
			return false;
	}
	*out = value;
	return true;
}

bool parse_i64(struct str s, int64_t *out)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	uint64_t value;

	if (!parse_u64(str_from_index(s, negative ? 1 : 0), &value))
		return false;
	if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
		return false;
	*out = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

bool parse_double(struct str s, double *out)
{
	char text[64];
	char *end;

	/* strtod also reads hexadecimal, names and leading space: refuse those first */
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!byte_is_digit(c) && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E')
			return false;
	}
	if (s.n == 0 || !str_to_c(s, text, sizeof text))
		return false;

	double value = strtod(text, &end);

	if (*end != '\0' || !isfinite(value))
		return false;
	*out = value;
	return true;
}

static int hex_digit(char c)
{
	if (byte_is_digit(c))
		return c - '0';
	c = byte_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool parse_hex(struct str s, uint8_t *out)
{
	if (s.n % 2 != 0)
		return false;
	for (size_t i = 0; i < s.n; i += 2) {
		int high = hex_digit(s.p[i]);
		int low = hex_digit(s.p[i + 1]);

		if (high == -1 || low == -1)
			return false;
		out[i / 2] = (uint8_t)(high * 16 + low);
	}
	return true;
}

bool str_to_c(struct str s, char *out, size_t size)
{
	bool fits = s.n < size;
	size_t n = fits ? s.n : 0;

	if (n > 0)
		memcpy(out, s.p, n);
	out[n] = '\0';
	return fits;
}
