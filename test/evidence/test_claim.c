/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches: sorting against qsort, merging against brute force, messages against hostile bytes. */
#include "evidence/make_claim.h"

enum { CLAIMS_MAX = 400 };

static int rows_compare(const void *left, const void *right, void *batch)
{
	const struct claim_row *a = left;
	const struct claim_row *b = right;
	int order = str_cmp(claim_row_key(batch, a), claim_row_key(batch, b));

	if (order != 0)
		return order;
	return a->role != b->role ? (int)a->role - (int)b->role
				  : (int)a->category - (int)b->category;
}

static void fill(struct prop *prop, struct arena *arena, struct claim_batch *batch, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct claim claim = make_claim(prop, arena);

		claim_batch_add(batch, &claim);
	}
}

/* Does row of sorted hold what all the rows of plain with its key say together? */
static const char *is_the_sum(const struct claim_batch *sorted, const struct claim_row *row,
	struct claim_batch *plain, size_t *seen)
{
	int64_t first = 0;
	int64_t last = 0;
	uint64_t count = 0;
	int confidence = CONFIDENCE_UNKNOWN;
	int tlp = 0;

	for (size_t i = 0; i < plain->n; i++) {
		const struct claim_row *one = &plain->rows[i];

		if (!str_eq(claim_row_key(plain, one), claim_row_key(sorted, row)) ||
			one->role != row->role || one->category != row->category)
			continue;
		(*seen)++;
		count += one->count;
		if (one->first_seen_s != 0 && (first == 0 || one->first_seen_s < first))
			first = one->first_seen_s;
		last = one->last_seen_s > last ? one->last_seen_s : last;
		confidence = one->confidence > confidence ? one->confidence : confidence;
		tlp = one->tlp > tlp ? one->tlp : tlp;
	}
	if (first != 0 && last != 0 && first > last) {
		int64_t swap = first;

		first = last;
		last = swap;
	}
	if (count != row->count || first != row->first_seen_s || last != row->last_seen_s)
		return "count or times are not those of the parts";
	if (confidence != row->confidence || tlp != row->tlp)
		return "confidence or TLP are not those of the parts";
	return NULL;
}

static const char *sort_is_right(struct prop *prop)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(claim_batch_done) struct claim_batch plain = { 0 };
	CLEANUP(claim_batch_done) struct claim_batch sorted = { 0 };
	CLEANUP(buf_done) struct buf message = { 0 };
	size_t seen = 0;

	fill(prop, &arena, &plain, prop_below(prop, CLAIMS_MAX));
	claim_batch_encode(&message, &plain);
	if (claim_batch_decode(buf_view(&message), &sorted, NULL) != OK)
		return "own message is refused";
	claim_batch_sort(&sorted);
	for (size_t i = 0; i < sorted.n; i++) {
		const char *wrong = is_the_sum(&sorted, &sorted.rows[i], &plain, &seen);

		if (wrong != NULL)
			return wrong;
		if (i > 0 && rows_compare(&sorted.rows[i - 1], &sorted.rows[i], &sorted) >= 0)
			return "rows are not in strictly ascending order";
	}
	return seen == plain.n ? NULL : "a row is lost or counted twice";
}

static void test_sort(void **state)
{
	(void)state;
	PROP_RUN(300, sort_is_right);
}

/* The merged batch is the same in whatever order the claims came. */
static const char *order_does_not_matter(struct prop *prop)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(claim_batch_done) struct claim_batch forward = { 0 };
	CLEANUP(claim_batch_done) struct claim_batch backward = { 0 };
	CLEANUP(buf_done) struct buf a = { 0 };
	CLEANUP(buf_done) struct buf b = { 0 };
	struct claim claims[CLAIMS_MAX];
	size_t n = prop_below(prop, CLAIMS_MAX);

	for (size_t i = 0; i < n; i++)
		claims[i] = make_claim(prop, &arena);
	for (size_t i = 0; i < n; i++) {
		claim_batch_add(&forward, &claims[i]);
		claim_batch_add(&backward, &claims[n - 1 - i]);
	}
	claim_batch_sort(&forward);
	claim_batch_sort(&backward);
	claim_batch_encode(&a, &forward);
	claim_batch_encode(&b, &backward);
	return str_eq(buf_view(&a), buf_view(&b)) ? NULL : "the order of lines shows";
}

static void test_commutes(void **state)
{
	(void)state;
	PROP_RUN(300, order_does_not_matter);
}

/* Long common beginnings take the recursion as deep as it goes. */
static void test_long_keys(void **state)
{
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	char url[INDICATOR_TEXT_MAX];

	(void)state;
	memset(url, 'a', sizeof url);
	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t number = i * 2654435761u;
		size_t n = sizeof url - i % 3;
		struct claim claim = { .indicator = { .kind = INDICATOR_URL,
					       .text = str_from(url, n) },
			.role = ROLE_SOURCE,
			.category = CATEGORY_SPAM,
			.confidence = CONFIDENCE_UNKNOWN,
			.count = 1 };

		for (size_t k = 0; k < 8; k++)
			url[sizeof url - 11 + k] = (char)('a' + (number >> (4 * k) & 15));
		claim_batch_add(&batch, &claim);
	}
	claim_batch_sort(&batch);
	assert_int_equal(batch.n, 3000);
	for (size_t i = 1; i < batch.n; i++)
		assert_true(rows_compare(&batch.rows[i - 1], &batch.rows[i], &batch) < 0);
}

static const char *claim_survives(struct prop *prop)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	CLEANUP(claim_batch_done) struct claim_batch again = { 0 };
	struct claim claim = make_claim(prop, &arena);
	struct claim back;

	claim_batch_add(&batch, &claim);
	if (claim_from_row(&batch, &batch.rows[0], &arena, &back, NULL) != OK)
		return "own row is refused";
	if (back.role != claim.role || back.category != claim.category ||
		back.count != claim.count || back.tlp != claim.tlp ||
		back.confidence != claim.confidence || !str_eq(back.reference, claim.reference))
		return "a field is lost";
	claim_batch_add(&again, &back);
	return str_eq(claim_row_key(&batch, batch.rows), claim_row_key(&again, again.rows))
		       ? NULL
		       : "the indicator is lost";
}

static void test_claim(void **state)
{
	(void)state;
	PROP_RUN(5000, claim_survives);
}

/* Damaged messages are refused, or give a batch that encodes to the same bytes. */
static const char *hostile_message(struct prop *prop)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	CLEANUP(buf_done) struct buf message = { 0 };
	CLEANUP(buf_done) struct buf again = { 0 };
	struct why why = { 0 };

	fill(prop, &arena, &batch, 1 + prop_below(prop, 5));
	claim_batch_encode(&message, &batch);
	for (uint64_t changes = 1 + prop_below(prop, 3); changes > 0; changes--)
		message.data[prop_below(prop, message.n)] = (char)prop_u64(prop);
	if (prop_below(prop, 4) == 0)
		message.n -= prop_below(prop, message.n);

	/* a copy of the exact length, so that a sanitizer sees any byte read behind it */
	char *exact = malloc(message.n);

	must(exact != NULL);
	memcpy(exact, message.data, message.n);

	enum err err = claim_batch_decode(str_from(exact, message.n), &batch, &why);

	free(exact);
	if (err != OK)
		return batch.n != 0 || why.text[0] == '\0' ? "refused, yet rows or no reason"
							   : NULL;
	claim_batch_encode(&again, &batch);
	return str_eq(buf_view(&message), buf_view(&again)) ? NULL : "two messages for one batch";
}

static void test_hostile(void **state)
{
	(void)state;
	PROP_RUN(20000, hostile_message);
}

static void test_limits(void **state)
{
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	char reference[CLAIM_REFERENCE_MAX + 10];
	struct claim claim = { .indicator = { .kind = INDICATOR_NAME, .text = STR("example.org") },
		.category = CATEGORY_SPAM,
		.count = UINT32_MAX,
		.first_seen_s = 20,
		.last_seen_s = 10,
		.reference = { reference, sizeof reference } };

	(void)state;
	memset(reference, 'r', sizeof reference);
	while (!claim_batch_is_full(&batch))
		claim_batch_add(&batch, &claim);
	assert_true(batch.n <= CLAIM_BATCH_MAX);
	must(batch.rows != NULL); /* which the analyzer believes */
	assert_int_equal(batch.rows[0].reference_length, CLAIM_REFERENCE_MAX);
	claim_batch_sort(&batch);
	assert_int_equal(batch.n, 1);
	assert_true(batch.rows[0].count == UINT32_MAX);
	assert_int_equal(batch.rows[0].first_seen_s, 10);
	assert_int_equal(batch.rows[0].last_seen_s, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_commutes),
		cmocka_unit_test(test_long_keys),
		cmocka_unit_test(test_claim),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
