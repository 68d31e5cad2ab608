/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/words.h"

#include "pehra.h"

static const struct str langs[LANG_COUNT] = {
	[LANG_ENGLISH] = STR_INIT("en"),
	[LANG_URDU] = STR_INIT("ur"),
};

static const struct str full_stops[LANG_COUNT] = {
	[LANG_ENGLISH] = STR_INIT("."),
	[LANG_URDU] = STR_INIT("۔"),
};

struct str lang_name(enum lang lang)
{
	return (unsigned)lang < LANG_COUNT ? langs[lang] : langs[LANG_ENGLISH];
}

bool lang_parse(struct str word, enum lang *out)
{
	for (unsigned i = 0; i < LANG_COUNT; i++) {
		if (str_eq(langs[i], word)) {
			*out = (enum lang)i;
			return true;
		}
	}
	return false;
}

struct str lang_full_stop(enum lang lang)
{
	return full_stops[lang];
}

const struct word_row *words_find(struct str key)
{
	const struct word_row *rows;
	size_t n = words_table(&rows);

	for (size_t i = 0; i < n; i++) {
		if (str_eq(rows[i].key, key))
			return &rows[i];
	}
	return NULL;
}

/* Plain ASCII with something that has a direction: digits alone need no isolation. */
static bool wants_isolation(struct str value)
{
	bool has_others = false;

	for (size_t i = 0; i < value.n; i++) {
		if ((value.p[i] & 0x80) != 0)
			return false;
		has_others |= !byte_is_digit(value.p[i]);
	}
	return has_others;
}

static void put_value(struct buf *out, enum lang lang, struct str value)
{
	bool is_isolated = lang == LANG_URDU && wants_isolation(value);

	if (is_isolated)
		buf_str(out, STR("\xe2\x81\xa6"));
	buf_str(out, value);
	if (is_isolated)
		buf_str(out, STR("\xe2\x81\xa9"));
}

static void put_param(
	struct buf *out, enum lang lang, struct str name, const struct word_param *params, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(str_c(params[i].name), name)) {
			put_value(out, lang, params[i].value);
			return;
		}
	}
	must(!"a parameter of the text is not given");
}

void words_render(
	struct buf *out, enum lang lang, struct str key, const struct word_param *params, size_t n)
{
	const struct word_row *row = words_find(key);
	struct str rest;

	must(row != NULL && (unsigned)lang < LANG_COUNT);
	rest = row->text[lang];
	for (;;) {
		size_t brace = str_find(rest, '{');

		buf_str(out, str_first(rest, brace));
		if (brace == rest.n)
			return;
		rest = str_from_index(rest, brace + 1);
		put_param(out, lang, str_first(rest, str_find(rest, '}')), params, n);
		rest = str_from_index(rest, str_find(rest, '}') + 1);
	}
}

/* ---- keys of numbers ---- */

static const struct str parts[] = {
	[SCORE_PART_PRIOR] = STR_INIT("part.prior"),
	[SCORE_PART_FAMILY] = STR_INIT("part.source"),
	[SCORE_PART_REPEATED] = STR_INIT("part.repeated"),
	[SCORE_PART_UNPROVEN] = STR_INIT("part.unproven"),
	[SCORE_PART_NEAR] = STR_INIT("part.near"),
	[SCORE_PART_NETWORK] = STR_INIT("part.network"),
	[SCORE_PART_EPISODES] = STR_INIT("part.episodes"),
	[SCORE_PART_SURROUNDINGS_CAP] = STR_INIT("part.cap"),
	[SCORE_PART_SHARED] = STR_INIT("part.shared"),
	[SCORE_PART_CLOUD] = STR_INIT("part.cloud"),
	[SCORE_PART_SPOOFABLE] = STR_INIT("part.spoofable"),
};
_Static_assert(ARRAY_LEN(parts) == SCORE_PART_KINDS, "one key per kind of part");

static const struct str doubts[] = {
	STR_INIT("doubt.shared"),
	STR_INIT("doubt.cloud"),
	STR_INIT("doubt.spoofable"),
	STR_INIT("doubt.stale"),
	STR_INIT("doubt.unproven"),
	STR_INIT("doubt.alone"),
	STR_INIT("doubt.noted"),
	STR_INIT("doubt.faded"),
};
_Static_assert(ARRAY_LEN(doubts) == DOUBT_BITS, "one key per doubt");
_Static_assert(1U << (DOUBT_BITS - 1) == DOUBT_FADED, "the last doubt has the last bit");

static const struct str actions[] = {
	[PEHRA_NONE] = STR_INIT("action.none"),
	[PEHRA_WATCH] = STR_INIT("action.watch"),
	[PEHRA_CHALLENGE] = STR_INIT("action.challenge"),
	[PEHRA_BLOCK] = STR_INIT("action.block"),
	[PEHRA_ALLOW] = STR_INIT("action.allow"),
};

static const struct str roles[ROLE_COUNT] = {
	[ROLE_SOURCE] = STR_INIT("role.src"),
	[ROLE_DESTINATION] = STR_INIT("role.dst"),
	[ROLE_POLICY] = STR_INIT("role.policy"),
};

struct str words_part(enum score_part_kind kind)
{
	must((unsigned)kind < SCORE_PART_KINDS);
	return parts[kind];
}

struct str words_doubt(enum score_doubt doubt)
{
	size_t i = 0;

	while (i < DOUBT_BITS - 1 && 1U << i != (unsigned)doubt)
		i++;
	return doubts[i];
}

struct str words_action(unsigned action)
{
	return actions[action < ARRAY_LEN(actions) ? action : PEHRA_NONE];
}

struct str words_role(unsigned role)
{
	must(role < ROLE_COUNT);
	return roles[role];
}

/* The rows of categories end as the taxonomy's names do. */
struct str words_category(unsigned category)
{
	const struct category_info *info = category_info(category);
	const struct str prefix = STR("category.");
	const struct word_row *rows;
	size_t n = words_table(&rows);

	for (size_t i = 0; info != NULL && i < n; i++) {
		if (str_starts(rows[i].key, prefix) &&
			str_eq(str_from_index(rows[i].key, prefix.n), info->name))
			return rows[i].key;
	}
	return STR("word.unknown");
}
