/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sorted results: the keys of a list's match in an order that was settled once. Pages walk through
 * it, so a row whose value changes meanwhile does not move. A few are kept, the one used longest
 * ago goes; a cursor into one that went is answered with 410.
 */
#pragma once

#include "base/arena.h"

#include <pthread.h>

enum { RESULTS_KEPT = 8, RESULT_ROWS_MAX = 2000000, RESULT_BYTES_MAX = 96 << 20 };

struct result_row {
	int64_t number;
	struct str text;
	struct str key;
};

struct result {
	uint64_t id;
	struct arena arena; /* rows and their texts */
	struct result_row *rows;
	size_t n;
	size_t capacity;
	unsigned users; /* threads at work on it; it stays while there are any */
	uint64_t used;  /* when it was last used, in uses of the cache */
};

struct results {
	pthread_mutex_t mutex;
	struct result *kept[RESULTS_KEPT];
	uint64_t last_id;
	uint64_t uses;
};

void results_start(struct results *results);
void results_done(struct results *results);

struct result *result_new(void);
void result_free(struct result **result); /* for CLEANUP, of one that was not kept */
/* Copies texts. ERR_LIMIT when it grows too large. */
NODISCARD enum err result_add(
	struct result *result, int64_t number, struct str text, struct str key, struct why *why);
/* By number, then text, then key; descending turns the first two. */
void result_sort(struct result *result, bool is_descending);

/* Keeps it (taken) and lends it to the caller. */
struct result *results_keep(struct results *results, struct result **result);
/* NULL: it is gone. */
struct result *results_take(struct results *results, uint64_t id);
void results_give_back(struct results *results, struct result *result);
