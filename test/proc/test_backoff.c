/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "proc/backoff.h"

static void test_growth(void **state)
{
	static const int64_t expected_ms[] = { 0, 100, 200, 400, 800, 1600, 3200, 6400, 12800,
		25600, 30000, 30000 };
	struct backoff backoff = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expected_ms); i++) {
		assert_int_equal(backoff_is_loop(&backoff), i >= BACKOFF_LOOP_DEATHS);
		assert_int_equal(
			backoff_death(&backoff, &backoff_times_default, 10), expected_ms[i]);
	}
	/* a quiet life is forgiven all */
	assert_int_equal(
		backoff_death(&backoff, &backoff_times_default, backoff_times_default.quiet_ms), 0);
	assert_false(backoff_is_loop(&backoff));
	assert_int_equal(backoff_death(&backoff, &backoff_times_default, 0), 100);
}

static const char *bounded_case(struct prop *prop)
{
	struct backoff backoff = { 0 };
	int64_t before_ms = 0;

	for (int i = 0; i < 200; i++) {
		int64_t lived_ms = (int64_t)prop_below(prop, 70000);
		int64_t wait_ms = backoff_death(&backoff, &backoff_times_default, lived_ms);

		if (wait_ms < 0 || wait_ms > backoff_times_default.most_ms)
			return "out of bounds";
		if (lived_ms >= backoff_times_default.quiet_ms ? wait_ms != 0 : wait_ms < before_ms)
			return "does not grow";
		before_ms = wait_ms;
	}
	return NULL;
}

static void test_bounded(void **state)
{
	(void)state;
	PROP_RUN(100, bounded_case);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
