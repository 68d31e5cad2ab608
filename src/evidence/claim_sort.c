/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sorting a batch: by eight bytes of the key at a time, most significant first, each step a radix
 * sort. An IPv4 key with its role and category is settled in one step; long keys with a common
 * beginning (URLs of one host) need a step per eight bytes, so the work is linear in the bytes.
 */
#include "evidence/claim.h"

enum { CHUNK = 8, DIGITS = 12, INSERTION_MAX = 48 };

/* A tie with this bit is not settled: the key goes on behind the chunk. */
static const uint32_t key_goes_on = UINT32_C(1) << 24;

struct item {
	uint64_t chunk; /* the next bytes of the key, zero behind its end */
	uint32_t tie;   /* of a key that ends here: bytes left, role, category; else key_goes_on */
	uint32_t row;
};

struct sorter {
	const struct claim_batch *batch;
	struct item *items;
	struct item *other; /* as long as items */
};

static struct item item_of(const struct claim_batch *batch, uint32_t row_index, size_t depth)
{
	const struct claim_row *row = &batch->rows[row_index];
	struct str rest = str_from_index(claim_row_key(batch, row), depth);
	struct item item = { .row = row_index };
	uint8_t bytes[CHUNK] = { 0 };

	memcpy(bytes, rest.p, rest.n < CHUNK ? rest.n : CHUNK);
	memcpy(&item.chunk, bytes, sizeof item.chunk);
	item.chunk = __builtin_bswap64(item.chunk);
	item.tie = rest.n > CHUNK
			   ? key_goes_on
			   : (uint32_t)rest.n << 16 | (uint32_t)row->role << 8 | row->category;
	return item;
}

static bool item_less(const struct item *a, const struct item *b)
{
	return a->chunk != b->chunk ? a->chunk < b->chunk : a->tie < b->tie;
}

static void insertion_sort(struct item *items, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct item item = items[i];
		size_t to = i;

		while (to > 0 && item_less(&item, &items[to - 1])) {
			items[to] = items[to - 1];
			to--;
		}
		items[to] = item;
	}
}

/* Digit 0 is the least significant byte of tie, digit 4 that of chunk. */
static inline unsigned item_digit(const struct item *item, unsigned digit)
{
	return digit < 4 ? (item->tie >> (8 * digit)) & 0xff
			 : (unsigned)(item->chunk >> (8 * (digit - 4))) & 0xff;
}

static void scatter(
	const struct item *from, struct item *to, size_t n, unsigned digit, const uint32_t *counts)
{
	uint32_t places[256];
	uint32_t sum = 0;

	for (size_t i = 0; i < 256; i++) {
		places[i] = sum;
		sum += counts[i];
	}
	for (size_t i = 0; i < n; i++)
		to[places[item_digit(&from[i], digit)]++] = from[i];
}

/* Least significant digit first; digits that are the same in all items cost nothing. */
static void radix_sort(struct sorter *sorter, size_t start, size_t n)
{
	struct item *from = sorter->items + start;
	struct item *to = sorter->other + start;
	uint32_t counts[DIGITS][256] = { 0 };

	for (size_t i = 0; i < n; i++) {
		for (unsigned digit = 0; digit < DIGITS; digit++)
			counts[digit][item_digit(&from[i], digit)]++;
	}
	for (unsigned digit = 0; digit < DIGITS; digit++) {
		if (counts[digit][item_digit(from, digit)] == n)
			continue;
		scatter(from, to, n, digit, counts[digit]);

		struct item *swap = from;

		from = to;
		to = swap;
	}
	if (from != sorter->items + start)
		memcpy(sorter->items + start, from, n * sizeof *from);
}

static bool items_are_sorted(const struct item *items, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (item_less(&items[i], &items[i - 1]))
			return false;
	}
	return true;
}

/* Sorts items [start, start + n), whose keys are equal before depth. */
static void sort_from(struct sorter *sorter, size_t start, size_t n, size_t depth)
{
	struct item *items = sorter->items + start;

	for (size_t i = 0; i < n; i++)
		items[i] = item_of(sorter->batch, items[i].row, depth);
	if (n <= INSERTION_MAX)
		insertion_sort(items, n);
	else if (!items_are_sorted(items, n))
		radix_sort(sorter, start, n);
	for (size_t i = 0; i < n;) {
		size_t end = i + 1;

		while (end < n && items[end].chunk == items[i].chunk &&
			items[end].tie == items[i].tie)
			end++;
		if (items[i].tie == key_goes_on && end - i > 1)
			sort_from(sorter, start + i, end - i, depth + CHUNK);
		i = end;
	}
}

static bool rows_are_one(
	const struct claim_batch *batch, const struct claim_row *a, const struct claim_row *b)
{
	return a->role == b->role && a->category == b->category &&
	       str_eq(claim_row_key(batch, a), claim_row_key(batch, b));
}

static int64_t earlier_known(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Every rule here is free of order, so a batch is the same however its lines came. */
static void row_merge(
	const struct claim_batch *batch, struct claim_row *into, const struct claim_row *from)
{
	struct str mine = claim_row_reference(batch, into);
	struct str other = claim_row_reference(batch, from);

	if (__builtin_add_overflow(into->count, from->count, &into->count))
		into->count = UINT32_MAX;
	into->first_seen_s = earlier_known(into->first_seen_s, from->first_seen_s);
	if (from->last_seen_s > into->last_seen_s)
		into->last_seen_s = from->last_seen_s;
	if (from->confidence > into->confidence)
		into->confidence = from->confidence;
	if (from->tlp > into->tlp)
		into->tlp = from->tlp;
	if (other.n > 0 && (mine.n == 0 || str_cmp(other, mine) < 0)) {
		/* the reference follows its key, and the keys are equal */
		into->key_offset = from->key_offset;
		into->reference_length = from->reference_length;
	}
}

/*
 * A known first time may lie behind the last one when one row knew only the first and another
 * only the last; both are times of a sighting.
 */
static void row_settle(struct claim_row *row)
{
	if (row->first_seen_s != 0 && row->last_seen_s != 0 &&
		row->first_seen_s > row->last_seen_s) {
		int64_t later = row->first_seen_s;

		row->first_seen_s = row->last_seen_s;
		row->last_seen_s = later;
	}
}

/* Rows in the order of items, equal ones merged. */
static void rows_gather(struct claim_batch *batch, const struct item *items)
{
	struct claim_row *rows = calloc(batch->n, sizeof *rows);
	size_t n = 0;

	must(rows != NULL);
	for (size_t i = 0; i < batch->n; i++) {
		const struct claim_row *row = &batch->rows[items[i].row];

		if (n > 0 && rows_are_one(batch, &rows[n - 1], row))
			row_merge(batch, &rows[n - 1], row);
		else
			rows[n++] = *row;
	}
	for (size_t i = 0; i < n; i++)
		row_settle(&rows[i]);
	free(batch->rows);
	batch->rows = rows;
	batch->capacity = batch->n;
	batch->n = n;
}

/* Does a come before b, with nothing to merge? */
static bool row_is_before(
	const struct claim_batch *batch, const struct claim_row *a, const struct claim_row *b)
{
	size_t n = a->key_length < b->key_length ? a->key_length : b->key_length;
	int order = memcmp(batch->bytes.data + a->key_offset, batch->bytes.data + b->key_offset, n);

	if (order == 0)
		order = (a->key_length > b->key_length) - (a->key_length < b->key_length);
	if (order == 0)
		order = a->role - b->role;
	return order != 0 ? order < 0 : a->category < b->category;
}

/* Many lists come sorted: then there is nothing to do, and finding that out is cheap. */
static bool rows_are_sorted(const struct claim_batch *batch)
{
	for (size_t i = 1; i < batch->n; i++) {
		if (!row_is_before(batch, &batch->rows[i - 1], &batch->rows[i]))
			return false;
	}
	return true;
}

void claim_batch_sort(struct claim_batch *batch)
{
	if (batch->n < 2 || rows_are_sorted(batch))
		return;

	struct sorter sorter = { .batch = batch,
		.items = calloc(batch->n, sizeof *sorter.items),
		.other = calloc(batch->n, sizeof *sorter.other) };

	must(sorter.items != NULL && sorter.other != NULL);
	for (size_t i = 0; i < batch->n; i++)
		sorter.items[i].row = (uint32_t)i;
	sort_from(&sorter, 0, batch->n, 0);
	rows_gather(batch, sorter.items);
	free(sorter.items);
	free(sorter.other);
}
