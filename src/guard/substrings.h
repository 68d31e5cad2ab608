/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many texts looked for in one pass over another: the automaton of Aho and Corasick (1975). Its
 * states are numbered in breadth-first order, so the children of a state stand in one run and a
 * state costs 17 bytes.
 *
 * Made once, read by any thread. Costs one step per byte of the text, whatever the number of texts.
 */
#pragma once

#include "base/str.h"

struct substrings;

/* The texts are sorted by str_cmp(), unique and not empty; nothing of them is kept. */
struct substrings *substrings_new(const struct str *texts, size_t n);
void substrings_free(struct substrings **substrings); /* for CLEANUP; NULL is fine */

/* Calls each with the number of a text wherever it ends: the longer of two that end there first. */
typedef void (*substring_each)(void *state, uint32_t number);
void substrings_find(
	const struct substrings *substrings, struct str text, substring_each each, void *state);
