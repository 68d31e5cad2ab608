/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/substrings.h"

#include <stdlib.h>

#define NO_TEXT UINT32_MAX

enum { ROOT = 0, BYTE_VALUES = 256 };

/*
 * State 0 is the root. Breadth-first numbers make the children of state i the states first[i] up to
 * first[i + 1], in the order of their bytes.
 */
struct substrings {
	uint32_t n;
	uint32_t *first;
	uint32_t
		*fail; /* the state of the longest end of this one's text that is another's begin */
	uint32_t *hit; /* the nearest state, itself included, where a text ends; ROOT: none */
	uint32_t *text; /* that ends here, or NO_TEXT */
	uint8_t *byte;  /* that leads here */
	uint32_t from_root[BYTE_VALUES];
};

/* While it is built: the texts that pass through a state. */
struct span {
	uint32_t from;
	uint32_t end;
};

static void *array_of(size_t n, size_t size)
{
	void *items = calloc(n, size);

	must(items != NULL);
	return items;
}

/* Texts that pass through a state at depth are sorted, so those with one next byte are neighbours.
 */
static void make_children(struct substrings *all, struct span *spans, uint32_t state, size_t depth,
	const struct str *texts)
{
	struct span span = spans[state];

	all->first[state] = all->n;
	all->text[state] = NO_TEXT;
	if (span.from < span.end && texts[span.from].n == depth)
		all->text[state] = span.from++;
	while (span.from < span.end) {
		uint8_t byte = (uint8_t)texts[span.from].p[depth];
		uint32_t child = all->n++;

		spans[child].from = span.from;
		while (span.from < span.end && (uint8_t)texts[span.from].p[depth] == byte)
			span.from++;
		spans[child].end = span.from;
		all->byte[child] = byte;
	}
}

static uint32_t child_of(const struct substrings *all, uint32_t state, uint8_t byte)
{
	uint32_t low = all->first[state];
	uint32_t high = all->first[state + 1];

	if (state == ROOT)
		return all->from_root[byte];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (all->byte[middle] == byte)
			return middle;
		if (all->byte[middle] < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return ROOT;
}

static uint32_t step(const struct substrings *all, uint32_t state, uint8_t byte)
{
	uint32_t next = child_of(all, state, byte);

	while (next == ROOT && state != ROOT) {
		state = all->fail[state];
		next = child_of(all, state, byte);
	}
	return next;
}

/* Shallower states come first, and a fail state is shallower than its own. */
static void link_states(struct substrings *all)
{
	for (uint32_t child = all->first[ROOT]; child < all->first[ROOT + 1]; child++)
		all->from_root[all->byte[child]] = child;
	for (uint32_t state = ROOT; state < all->n; state++) {
		all->hit[state] = all->text[state] != NO_TEXT ? state : all->hit[all->fail[state]];
		for (uint32_t child = all->first[state]; child < all->first[state + 1]; child++)
			all->fail[child] = state == ROOT
						   ? ROOT
						   : step(all, all->fail[state], all->byte[child]);
	}
}

struct substrings *substrings_new(const struct str *texts, size_t n)
{
	struct substrings *all = array_of(1, sizeof *all);
	size_t most = 1;

	for (size_t i = 0; i < n; i++) {
		must(texts[i].n > 0 && (i == 0 || str_cmp(texts[i - 1], texts[i]) < 0));
		most += texts[i].n;
	}
	must(most < UINT32_MAX && n < NO_TEXT);
	all->first = array_of(most + 1, sizeof *all->first);
	all->fail = array_of(most, sizeof *all->fail);
	all->hit = array_of(most, sizeof *all->hit);
	all->text = array_of(most, sizeof *all->text);
	all->byte = array_of(most, sizeof *all->byte);

	struct span *spans = array_of(most, sizeof *spans);
	uint32_t deeper = 1; /* the first state of the next depth */
	size_t depth = 0;

	spans[ROOT] = (struct span){ 0, (uint32_t)n };
	all->n = 1;
	for (uint32_t state = ROOT; state < all->n; state++) {
		if (state == deeper) {
			deeper = all->n;
			depth++;
		}
		make_children(all, spans, state, depth, texts);
	}
	free(spans);
	all->first[all->n] = all->n;
	link_states(all);
	return all;
}

void substrings_free(struct substrings **substrings)
{
	struct substrings *all = *substrings;

	if (all == NULL)
		return;
	free(all->first);
	free(all->fail);
	free(all->hit);
	free(all->text);
	free(all->byte);
	free(all);
	*substrings = NULL;
}

void substrings_find(
	const struct substrings *substrings, struct str text, substring_each each, void *state)
{
	uint32_t at = ROOT;

	for (size_t i = 0; i < text.n; i++) {
		at = step(substrings, at, (uint8_t)text.p[i]);
		for (uint32_t hit = substrings->hit[at]; hit != ROOT;
			hit = substrings->hit[substrings->fail[hit]])
			each(state, substrings->text[hit]);
	}
}
