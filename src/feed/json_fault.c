/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a text stops being JSON (RFC 8259): simdjson does not tell, and people need to know. Runs
 * only over texts that were refused.
 */
#include "feed/json_records.h"

struct scan {
	struct str text;
	size_t at;
};

static void skip_space(struct scan *scan)
{
	while (scan->at < scan->text.n &&
		(scan->text.p[scan->at] == ' ' || scan->text.p[scan->at] == '\t' ||
			scan->text.p[scan->at] == '\n' || scan->text.p[scan->at] == '\r'))
		scan->at++;
}

/* The next byte that is not space, 0 at the end. */
static char look(struct scan *scan)
{
	skip_space(scan);
	return scan->at < scan->text.n ? scan->text.p[scan->at] : '\0';
}

static bool string_skip(struct scan *scan)
{
	if (look(scan) != '"')
		return false;
	for (scan->at++; scan->at < scan->text.n; scan->at++) {
		unsigned char c = (unsigned char)scan->text.p[scan->at];

		if (c == '"') {
			scan->at++;
			return true;
		}
		if (c < 0x20)
			return false;
		if (c == '\\')
			scan->at++;
	}
	scan->at = scan->text.n;
	return false;
}

static bool scalar_skip(struct scan *scan)
{
	static const struct str words[] = { STR_INIT("true"), STR_INIT("false"), STR_INIT("null") };
	struct str rest = str_from_index(scan->text, scan->at);
	size_t n = 0;
	double value;

	if (look(scan) == '"')
		return string_skip(scan);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_starts(rest, words[i])) {
			scan->at += words[i].n;
			return true;
		}
	}
	while (n < rest.n && (byte_is_digit(rest.p[n]) || rest.p[n] == '-' || rest.p[n] == '+' ||
				     rest.p[n] == '.' || rest.p[n] == 'e' || rest.p[n] == 'E'))
		n++;
	if (!parse_double(str_first(rest, n), &value))
		return false;
	scan->at += n;
	return true;
}

/* Behind a value: closes what ends here; true when a further value or member is due. */
static bool value_follows(struct scan *scan, char *open, size_t *depth)
{
	while (*depth > 0) {
		char c = look(scan);

		if (c == ',') {
			scan->at++;
			return open[*depth - 1] != '{' ||
			       (string_skip(scan) && look(scan) == ':' && ++scan->at > 0);
		}
		if (c != (open[*depth - 1] == '{' ? '}' : ']'))
			return false;
		scan->at++;
		--*depth;
	}
	return false;
}

size_t json_fault_offset(struct str text)
{
	struct scan scan = { text, 0 };
	char open[JSON_DEPTH_MAX];
	size_t depth = 0;

	for (;;) {
		char c = look(&scan);

		if (c == '{' || c == '[') {
			if (depth == JSON_DEPTH_MAX)
				return scan.at;
			open[depth++] = c;
			scan.at++;
			if (look(&scan) != (c == '{' ? '}' : ']')) {
				if (c == '{' && (!string_skip(&scan) || look(&scan) != ':'))
					return scan.at;
				scan.at += c == '{';
				continue;
			}
			scan.at++;
			depth--;
		} else if (!scalar_skip(&scan)) {
			return scan.at;
		}
		if (!value_follows(&scan, open, &depth))
			return scan.at;
	}
}
