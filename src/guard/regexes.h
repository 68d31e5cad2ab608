/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Perl-compatible regular expressions of guard lists, over PCRE2. They come from outside, so what
 * one may cost is bounded: its length, its nesting, and for each text its steps and its memory. The
 * bounds are of PCRE2's own counting, hence the same verdict on every machine.
 *
 * Texts are bytes: no Unicode modes, no JIT (keeper's sandbox maps nothing executable).
 * Add first, then read from any thread. The memory for matching is kept from text to text.
 */
#pragma once

#include "base/str.h"

enum {
	REGEX_STEPS_MAX = 20000, /* PCRE2's match limit */
	REGEX_DEPTH_MAX = 5000,
	REGEX_HEAP_KIB_MAX = 2048
};

struct regexes;

struct regexes *regexes_new(void);
void regexes_free(struct regexes **regexes); /* for CLEANUP; NULL is fine */
size_t regexes_count(const struct regexes *regexes);

/* Its number is the count before. kinds is what regexes_find() asks for. ERR_SYNTAX. */
NODISCARD enum err regexes_add(struct regexes *regexes, struct str pattern, bool is_caseless,
	uint8_t kinds, struct why *why);

/* Calls each with the number of every one of that kind that matches somewhere in the text. */
typedef void (*regex_each)(void *state, uint32_t number);
void regexes_find(
	const struct regexes *regexes, uint8_t kind, struct str text, regex_each each, void *state);

/* How many matches were given up at a bound. */
uint64_t regexes_limits(const struct regexes *regexes);
