/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/result.h"

void results_start(struct results *results)
{
	must(pthread_mutex_init(&results->mutex, NULL) == 0);
}

void results_done(struct results *results)
{
	for (size_t i = 0; i < RESULTS_KEPT; i++)
		result_free(&results->kept[i]);
	must(pthread_mutex_destroy(&results->mutex) == 0);
}

struct result *result_new(void)
{
	struct result *result = calloc(1, sizeof *result);

	must(result != NULL);
	return result;
}

void result_free(struct result **result)
{
	if (*result == NULL)
		return;
	must((*result)->users == 0);
	arena_done(&(*result)->arena);
	free((*result)->rows);
	free(*result);
	*result = NULL;
}

enum err result_add(
	struct result *result, int64_t number, struct str text, struct str key, struct why *why)
{
	enum { FIRST_ROWS = 1024 };

	if (result->n == RESULT_ROWS_MAX ||
		result->arena.total_bytes + result->capacity * sizeof *result->rows >
			RESULT_BYTES_MAX)
		return fail(why, ERR_LIMIT,
			"too many rows to sort; narrow the filter, or leave sort out");
	if (result->n == result->capacity) {
		result->capacity = result->capacity == 0 ? FIRST_ROWS : result->capacity * 2;
		result->rows = reallocarray(result->rows, result->capacity, sizeof *result->rows);
		must(result->rows != NULL);
	}
	result->rows[result->n++] = (struct result_row){ number, arena_str(&result->arena, text),
		arena_str(&result->arena, key) };
	return OK;
}

static int compare(const void *left, const void *right, void *state)
{
	const struct result_row *a = left;
	const struct result_row *b = right;
	const bool *is_descending = state;
	int order = (a->number > b->number) - (a->number < b->number);

	if (order == 0)
		order = str_cmp(a->text, b->text);
	if (order != 0)
		return *is_descending ? -order : order;
	return str_cmp(a->key, b->key);
}

void result_sort(struct result *result, bool is_descending)
{
	if (result->n > 0)
		qsort_r(result->rows, result->n, sizeof *result->rows, compare, &is_descending);
}

/* The place for one more: a free one, else that of the one used longest ago that nobody uses. */
static size_t find_place(const struct results *results)
{
	size_t best = RESULTS_KEPT;

	for (size_t i = 0; i < RESULTS_KEPT; i++) {
		const struct result *kept = results->kept[i];

		if (kept == NULL)
			return i;
		if (kept->users == 0 &&
			(best == RESULTS_KEPT || kept->used < results->kept[best]->used))
			best = i;
	}
	/* there are fewer threads than places */
	must(best < RESULTS_KEPT);
	return best;
}

struct result *results_keep(struct results *results, struct result **result)
{
	struct result *kept = *result;

	must(pthread_mutex_lock(&results->mutex) == 0);

	size_t place = find_place(results);

	result_free(&results->kept[place]);
	results->kept[place] = kept;
	kept->id = ++results->last_id;
	kept->used = ++results->uses;
	kept->users = 1;
	must(pthread_mutex_unlock(&results->mutex) == 0);
	*result = NULL;
	return kept;
}

struct result *results_take(struct results *results, uint64_t id)
{
	struct result *found = NULL;

	must(pthread_mutex_lock(&results->mutex) == 0);
	for (size_t i = 0; i < RESULTS_KEPT && found == NULL; i++) {
		if (results->kept[i] != NULL && results->kept[i]->id == id)
			found = results->kept[i];
	}
	if (found != NULL) {
		found->users++;
		found->used = ++results->uses;
	}
	must(pthread_mutex_unlock(&results->mutex) == 0);
	return found;
}

void results_give_back(struct results *results, struct result *result)
{
	must(pthread_mutex_lock(&results->mutex) == 0);
	must(result->users > 0);
	result->users--;
	must(pthread_mutex_unlock(&results->mutex) == 0);
}
