/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Slices: a borrowed run of bytes with its length. Never owns, needs no NUL, may hold any byte.
 * char * is used only at the borders to libc.
 */
#pragma once

#include "base/err.h"

struct str {
	const char *p;
	size_t n;
};

#define STR_INIT(literal)                      \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}
#define STR(literal) ((struct str)STR_INIT(literal))
/* For printf: `"%.*s", STR_FMT(s)`. */
#define STR_FMT(s) (int)(s).n, (s).p

static inline struct str str_from(const char *p, size_t n)
{
	return (struct str){ p, n };
}

static inline struct str str_c(const char *c)
{
	return (struct str){ c, c == NULL ? 0 : strlen(c) };
}

static inline bool str_eq(struct str a, struct str b)
{
	/* one that has a length has bytes: said here for whoever checks the callers alone */
	return a.n == b.n && (a.n == 0 || (b.p != NULL && memcmp(a.p, b.p, a.n) == 0));
}

/* The part from i on; empty when i is past the end. */
static inline struct str str_from_index(struct str s, size_t i)
{
	if (i < s.n)
		return (struct str){ s.p + i, s.n - i };
	/* not even 0 may be added to NULL, where an empty slice may point */
	return (struct str){ s.n == 0 ? s.p : s.p + s.n, 0 };
}

static inline struct str str_first(struct str s, size_t n)
{
	return (struct str){ s.p, n < s.n ? n : s.n };
}

static inline bool byte_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool byte_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

static inline char byte_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Total order by bytes, shorter first at equal prefix. */
int str_cmp(struct str a, struct str b);
/* ASCII case is ignored; the locale never matters. */
bool str_eq_nocase(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Index of the first byte c, or s.n when there is none. */
size_t str_find(struct str s, char c);
/* Index of the last byte c, or s.n when there is none. */
size_t str_find_last(struct str s, char c);
/* Index of the first occurrence of part, or s.n when there is none. */
size_t str_find_str(struct str s, struct str part);
/* Without ASCII white space at both ends. */
struct str str_trim(struct str s);

/*
 * Cuts the part before the next separator off *rest and returns it. After the last part rest->p is
 * NULL; so `while (rest.p != NULL) part = str_split(&rest, ',');` visits every part, empty ones
 * too.
 */
struct str str_split(struct str *rest, char separator);

/*
 * The next line of *rest without its LF or CRLF; false at the end. A last line without a line end
 * counts.
 */
bool str_next_line(struct str *rest, struct str *line);

/* The next run of bytes that are not white space; false when only white space is left. */
bool str_next_word(struct str *rest, struct str *word);

/* Whole slice, ASCII digits only, no sign, no space; false on anything else or overflow. */
bool parse_u64(struct str s, uint64_t *out);
bool parse_i64(struct str s, int64_t *out);
/* Decimal number with optional sign, fraction and exponent; finite; the locale never matters. */
bool parse_double(struct str s, double *out);
/* Hexadecimal digits in pairs into out (at least s.n / 2 bytes); false on anything else. */
bool parse_hex(struct str s, uint8_t *out);

/* Copies into the caller's array with a NUL; false (and an empty string) when it does not fit. */
bool str_to_c(struct str s, char *out, size_t size);
