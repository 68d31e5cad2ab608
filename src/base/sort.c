/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sort.h"

struct runs {
	size_t *ends; /* index behind the last item of each run */
	size_t n;
	size_t capacity;
};

static void runs_add(struct runs *runs, size_t end)
{
	if (runs->n == runs->capacity) {
		runs->capacity = runs->capacity == 0 ? 64 : runs->capacity * 2;
		runs->ends = realloc(runs->ends, runs->capacity * sizeof *runs->ends);
		must(runs->ends != NULL);
	}
	runs->ends[runs->n++] = end;
}

/* Merges [left, middle) and [middle, right) of from into to. */
static void merge(const char *from, char *to, size_t left, size_t middle, size_t right, size_t size,
	sort_order order)
{
	size_t a = left;
	size_t b = middle;
	char *next = to + left * size;

	while (a < middle && b < right) {
		bool take_b = order(from + b * size, from + a * size) < 0;

		memcpy(next, from + (take_b ? b : a) * size, size);
		next += size;
		a += !take_b;
		b += take_b;
	}
	memcpy(next, from + a * size, (middle - a) * size);
	next += (middle - a) * size;
	memcpy(next, from + b * size, (right - b) * size);
}

/* One pass: neighbours are merged two by two from one array into the other. */
static void merge_pass(struct runs *runs, const char *from, char *to, size_t size, sort_order order)
{
	size_t left = 0;
	size_t kept = 0;

	for (size_t i = 0; i < runs->n; i += 2) {
		size_t middle = runs->ends[i];
		size_t right = i + 1 < runs->n ? runs->ends[i + 1] : middle;

		merge(from, to, left, middle, right, size, order);
		runs->ends[kept++] = right;
		left = right;
	}
	runs->n = kept;
}

void sort_runs(void *items, size_t n, size_t size, sort_order order)
{
	struct runs runs = { 0 };
	char *here = items;

	for (size_t i = 1; i < n; i++) {
		if (order(here + (i - 1) * size, here + i * size) > 0)
			runs_add(&runs, i);
	}
	if (runs.n > 0) {
		char *spare = malloc(n * size);
		char *from = here;
		char *to = spare;

		must(spare != NULL);
		runs_add(&runs, n);
		while (runs.n > 1) {
			char *swap = from;

			merge_pass(&runs, from, to, size, order);
			from = to;
			to = swap;
		}
		if (from != here)
			memcpy(here, from, n * size);
		free(spare);
	}
	free(runs.ends);
}
