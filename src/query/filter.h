/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The filter language of every list, shared by the API and the command line:
 *
 *     score>=75 cat:brute-force|scanner role:src net:198.51.100.0/24 seen<24h -source:drop "text"
 *
 * Terms stand side by side and must all hold. A term is field, operator, value; operators are
 * : (or =), !=, <, <=, >, >=. `a|b` behind a colon means either. A minus before a term negates it.
 * Values with spaces, bars or quotes stand in double quotes, where \" and \\ are the escapes. A
 * word without a field is looked for in the list's own way (FILTER_ANYTHING). Times compare with a
 * date, or with an age: seen<24h is "seen less than 24 hours ago".
 *
 * A list describes its fields in a table; from one parse come both SQL (filter_sql.h) and a
 * predicate on rows (filter_matches), which agree on every row.
 *
 * A filter belongs to its arena; the text it was parsed from may go.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"

enum filter_kind {
	FILTER_NUMBER, /* a whole number */
	FILTER_TIME,   /* seconds since 1970 */
	FILTER_WORD,   /* one of a fixed set of words, held as its number */
	FILTER_TEXT,   /* a whole text, exactly */
	FILTER_PART,   /* part of a text, ASCII case ignored */
	FILTER_WITHIN  /* an indicator's key: within a prefix, at or below a name, a URL, a hash */
};

struct filter_field {
	const char *name;
	enum filter_kind kind;
	/* FILTER_WORD: the number of a word, false when it is none */
	bool (*word)(struct str word, int64_t *out);
	const char *expected; /* "a role (src, dst or policy)"; NULL: the kind says it */
	/* SQL around the comparison: "i.score", "" or "EXISTS (SELECT ... AND c.role", ")" */
	const char *before;
	const char *after;
	const char *summary; /* for people and for the API's description */
};

struct filter_fields {
	const struct filter_field *rows;
	size_t n;
	/* index of the field that a bare word stands for */
	size_t bare;
};

enum { FILTER_TEXT_MAX = 4096, FILTER_TERMS_MAX = 16, FILTER_VALUES_MAX = 24 };

/* An inclusive range; a single value is one with equal ends. */
struct filter_value {
	int64_t low; /* NUMBER, TIME, WORD */
	int64_t high;
	struct str text_low; /* TEXT, PART, WITHIN; equal ends but for WITHIN */
	struct str text_high;
};

struct filter_term {
	const struct filter_field *field;
	bool negated;
	size_t value_count; /* at least 1: any of them */
	const struct filter_value *values;
};

/* Zero-initialised holds for every row. */
struct filter {
	size_t term_count;
	const struct filter_term *terms;
};

/* Where parsing stopped: bytes from..from+n of the text, and what was expected there. */
struct filter_fault {
	size_t from;
	size_t n;
	char expected[192];
};

/*
 * ERR_SYNTAX or ERR_LIMIT fill fault (may be NULL) and why, whose text names the character (from 1)
 * and what was expected. now_s is what ages count from.
 */
NODISCARD enum err filter_parse(struct str text, const struct filter_fields *fields, int64_t now_s,
	struct arena *arena, struct filter *out, struct filter_fault *fault, struct why *why);

/* What a row has in a field: numbers in low, texts and keys in text_low. */
struct filter_row {
	/* The i-th value of the field in this row; false when there are no more. */
	bool (*value)(const void *row, const struct filter_field *field, size_t i,
		struct filter_value *out);
	const void *row;
};

bool filter_matches(const struct filter *filter, const struct filter_row *row);
