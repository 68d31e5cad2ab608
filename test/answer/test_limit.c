/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "answer/limit.h"

enum { RATE = 100, BURST = 50, SLIP = 2 };

struct taken {
	size_t passed;
	size_t slipped;
	size_t dropped;
};

static struct taken take(struct limit *limit, uint64_t prefix, size_t n, uint32_t now_ms)
{
	struct taken taken = { 0 };

	for (size_t i = 0; i < n; i++) {
		switch (answer_limit_take(limit, prefix, limit_hash(limit, prefix), now_ms)) {
		case LIMIT_PASS:
			taken.passed++;
			break;
		case LIMIT_SLIP:
			taken.slipped++;
			break;
		case LIMIT_DROP:
			taken.dropped++;
			break;
		}
	}
	return taken;
}

static void test_bucket(void **state)
{
	struct limit limit;
	struct taken taken;

	(void)state;
	answer_limit_init(&limit, RATE, BURST, SLIP);
	taken = take(&limit, 1, 90, 5000);
	assert_int_equal(taken.passed, BURST);
	assert_int_equal(taken.slipped, 20);
	assert_int_equal(taken.dropped, 20);
	/* 100 a second are 10 in 100 ms */
	assert_int_equal(take(&limit, 1, 90, 5100).passed, 10);
	/* another client has its own */
	assert_int_equal(take(&limit, 2, 90, 5100).passed, BURST);
	/* never more than the burst, however long it was quiet */
	assert_int_equal(take(&limit, 1, 90, 5100 + 3600000).passed, BURST);
	answer_limit_done(&limit);
}

static void test_clock_wraps(void **state)
{
	struct limit limit;

	(void)state;
	answer_limit_init(&limit, RATE, BURST, 0);
	assert_int_equal(take(&limit, 1, 90, UINT32_MAX - 49).passed, BURST);
	assert_int_equal(take(&limit, 1, 90, 50).passed, 10);
	/* slip 0: nothing is answered as truncated */
	assert_int_equal(take(&limit, 1, 90, 50).slipped, 0);
	answer_limit_done(&limit);
}

static void test_off(void **state)
{
	struct limit limit;

	(void)state;
	answer_limit_init(&limit, 0, 0, SLIP);
	assert_int_equal(take(&limit, 1, 100000, 0).passed, 100000);
	answer_limit_done(&limit);
}

/* Far more clients than places: the table stays as it is and a flooding client is still held. */
static void test_many_clients(void **state)
{
	struct prop prop = { 1 };
	struct limit limit;
	struct taken flood = { 0 };

	(void)state;
	answer_limit_init(&limit, RATE, BURST, SLIP);
	for (uint32_t ms = 0; ms < 1000; ms++) {
		for (size_t i = 0; i < 500; i++)
			take(&limit, prop_u64(&prop) | 1, 1, ms);
		flood.passed += take(&limit, 42, 10, ms).passed;
	}
	/* a second's worth and the burst */
	assert_in_range(flood.passed, RATE, RATE + BURST + 1);
	answer_limit_done(&limit);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bucket),
		cmocka_unit_test(test_clock_wraps),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_many_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
