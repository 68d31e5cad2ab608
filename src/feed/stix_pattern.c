/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/stix_pattern.h"

static const struct {
	struct str path; /* or its beginning, when it ends in a dot */
	enum text_type type;
} paths[] = {
	{ STR_INIT("ipv4-addr:value"), TEXT_IP },
	{ STR_INIT("ipv6-addr:value"), TEXT_IP },
	{ STR_INIT("domain-name:value"), TEXT_NAME },
	{ STR_INIT("url:value"), TEXT_URL },
	{ STR_INIT("file:hashes."), TEXT_HASH },
	{ STR_INIT("network-traffic:dst_ref.value"), TEXT_ANY },
	{ STR_INIT("network-traffic:src_ref.value"), TEXT_ANY },
};

static enum text_type path_type(struct str path)
{
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		if (str_ends(paths[i].path, STR(".")) ? str_starts(path, paths[i].path)
						      : str_eq(path, paths[i].path))
			return paths[i].type;
	}
	return TEXT_OTHER;
}

static void skip(struct str *rest)
{
	while (rest->n > 0 && byte_is_space(rest->p[0]))
		*rest = str_from_index(*rest, 1);
}

static bool take(struct str *rest, struct str token)
{
	skip(rest);
	if (!str_starts_nocase(*rest, token))
		return false;
	*rest = str_from_index(*rest, token.n);
	return true;
}

/* A word operator ends at white space or a bracket: "INSTANCE" is not "IN". */
static bool take_word(struct str *rest, struct str word)
{
	struct str after;

	skip(rest);
	after = str_from_index(*rest, word.n);
	if (!str_starts_nocase(*rest, word) ||
		(after.n > 0 && !byte_is_space(after.p[0]) && after.p[0] != '(' &&
			after.p[0] != '[' && after.p[0] != '\''))
		return false;
	*rest = after;
	return true;
}

/* 'text' with \' and \\ within. */
static bool take_string(struct str *rest, struct arena *arena, struct str *out)
{
	if (!take(rest, STR("'")))
		return false;

	char *copy = arena_alloc(arena, rest->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < rest->n; i++) {
		char c = rest->p[i];

		if (c == '\'') {
			*out = str_from(copy, n);
			*rest = str_from_index(*rest, i + 1);
			return true;
		}
		if (c == '\\' && ++i == rest->n)
			return false;
		copy[n++] = rest->p[i];
	}
	return false;
}

/* Up to an operator or white space; quoted parts (hashes.'SHA-256') belong to it. */
static bool take_path(struct str *rest, struct str *out)
{
	size_t i = 0;
	bool quoted = false;

	skip(rest);
	while (i < rest->n &&
		(quoted || (!byte_is_space(rest->p[i]) && rest->p[i] != '=' && rest->p[i] != '!' &&
				   rest->p[i] != '>' && rest->p[i] != '<' && rest->p[i] != ']'))) {
		quoted ^= rest->p[i] == '\'';
		i++;
	}
	*out = str_first(*rest, i);
	*rest = str_from_index(*rest, i);
	return i > 0 && str_find(*out, ':') < out->n;
}

struct pattern {
	struct str rest;
	struct arena *arena;
	struct stix_item *items;
	size_t n;
};

static bool take_value(struct pattern *pattern, enum text_type type)
{
	if (pattern->n == STIX_ITEMS_MAX)
		return false;

	struct stix_item *item = &pattern->items[pattern->n++];

	item->type = type;
	return take_string(&pattern->rest, pattern->arena, &item->value);
}

static bool take_comparison(struct pattern *pattern)
{
	struct str path;

	if (!take_path(&pattern->rest, &path))
		return false;

	enum text_type type = path_type(path);

	if (take(&pattern->rest, STR("=")) ||
		(type == TEXT_IP && take_word(&pattern->rest, STR("ISSUBSET"))))
		return take_value(pattern, type);
	if (!take_word(&pattern->rest, STR("IN")) || !take(&pattern->rest, STR("(")))
		return false;
	do {
		if (!take_value(pattern, type))
			return false;
	} while (take(&pattern->rest, STR(",")));
	return take(&pattern->rest, STR(")"));
}

static bool take_observation(struct pattern *pattern)
{
	if (!take(&pattern->rest, STR("[")))
		return false;
	do {
		if (!take_comparison(pattern))
			return false;
	} while (take_word(&pattern->rest, STR("OR")));
	return take(&pattern->rest, STR("]"));
}

bool stix_pattern_parse(struct str text, struct arena *arena, struct stix_item *items, size_t *n)
{
	struct pattern pattern = { text, arena, items, 0 };

	do {
		if (!take_observation(&pattern))
			return false;
	} while (take_word(&pattern.rest, STR("OR")));
	skip(&pattern.rest);
	*n = pattern.n;
	return pattern.rest.n == 0;
}
