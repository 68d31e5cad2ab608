/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words for people: everything that an explanation may say has a stable key ("part.near",
 * "doubt.shared", "rule.override.allow"), named parameters, and a text in every language. One table
 * (words_table.c), so that no face can know a key that another does not.
 *
 * Keys never change their meaning; programs may store them. Texts may be improved at any time.
 * Texts of parts, roles, actions and categories have no full stop; the others are sentences.
 */
#pragma once

#include "base/buf.h"
#include "score/score.h"

enum lang { LANG_ENGLISH, LANG_URDU, LANG_COUNT };

/* "en", "ur". */
struct str lang_name(enum lang lang);
bool lang_parse(struct str word, enum lang *out);
/* What ends a sentence, and what stands between two things of a list. */
struct str lang_full_stop(enum lang lang);

struct word_row {
	struct str key;
	struct str params; /* names, separated by spaces; each stands in every text as {name} */
	struct str text[LANG_COUNT];
};

/* For the tests, and whoever documents the keys. */
size_t words_table(const struct word_row **out);
/* NULL: there is no such key. */
const struct word_row *words_find(struct str key);

struct word_param {
	const char *name;
	struct str value; /* borrowed */
};

/*
 * Appends the text of a key that the table has, with its parameters put in; every one that the row
 * names must be given. Between right-to-left words, a value of plain ASCII (an address, a date) is
 * isolated by U+2066 and U+2069, so that it is shown in its own order.
 */
void words_render(
	struct buf *out, enum lang lang, struct str key, const struct word_param *params, size_t n);

/* The keys of what has a number elsewhere. */
struct str words_part(enum score_part_kind kind); /* "part.near" */
struct str words_doubt(enum score_doubt doubt);   /* one bit: "doubt.shared" */
struct str words_action(unsigned action);         /* enum pehra_action: "action.block" */
struct str words_role(unsigned role);             /* enum role: "role.src" */
struct str words_category(unsigned category);     /* "category.brute-force" */
enum { DOUBT_BITS = 8 };
