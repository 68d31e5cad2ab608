/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Token buckets against the definition, written down a second time. */
#include "prop.h"

#include "web/limit.h"

#define SECOND INT64_C(1000000000)

static void test_burst(void **state)
{
	CLEANUP(limit_free) struct limit *limit = limit_new(10, 20);
	int64_t now = 5 * SECOND;
	uint32_t wait;

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_true(limit_take(limit, STR("a"), 1, now, &wait));
	assert_false(limit_take(limit, STR("a"), 1, now, &wait));
	assert_int_equal(wait, 1);
	assert_true(limit_take(limit, STR("b"), 1, now, &wait));
	assert_true(limit_take(limit, STR("a"), 1, now + SECOND / 10, &wait));
	assert_false(limit_take(limit, STR("a"), 1, now + SECOND / 10, &wait));
	assert_false(limit_take(limit, STR("a"), 20, now + SECOND, &wait));
	assert_true(limit_take(limit, STR("a"), 20, now + 3 * SECOND, &wait));
	/* more than the burst is held to it */
	assert_true(limit_take(limit, STR("c"), 1000, now, &wait));
}

static void test_none(void **state)
{
	CLEANUP(limit_free) struct limit *limit = limit_new(0, 0);
	uint32_t wait;

	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_true(limit_take(limit, STR("a"), 1, 1, &wait));
}

static const char *as_defined(struct prop *prop)
{
	uint32_t rate = 1 + (uint32_t)prop_below(prop, 50);
	uint32_t burst = 1 + (uint32_t)prop_below(prop, 50);
	CLEANUP(limit_free) struct limit *limit = limit_new(rate, burst);
	int64_t now = (int64_t)prop_below(prop, 1000) * SECOND;
	double tokens = burst;
	int64_t ours = 0;
	int64_t defined = 0;
	uint32_t wait;

	for (int i = 0; i < 500; i++) {
		int64_t passed = (int64_t)prop_below(prop, SECOND / 20);

		now += passed;
		tokens += (double)passed / (double)SECOND * rate;
		tokens = tokens > burst ? burst : tokens;
		if (tokens >= 1) {
			tokens -= 1;
			defined++;
		}
		ours += limit_take(limit, STR("client"), 1, now, &wait);
	}
	/* a request on the very edge may fall either way */
	return ours - defined <= 2 && defined - ours <= 2 ? NULL : "differs from the definition";
}

static void test_rate(void **state)
{
	(void)state;
	PROP_RUN(50, as_defined);
}

/* The table is bounded: many clients never fail, a busy one stays limited among 1,000 others. */
static void test_bounded(void **state)
{
	CLEANUP(limit_free) struct limit *limit = limit_new(1, 2);
	uint32_t wait;
	int64_t now = SECOND;

	(void)state;
	assert_true(limit_take(limit, STR("busy"), 2, now, &wait));
	for (uint32_t i = 0; i < 1000; i++)
		assert_true(limit_take(limit, str_from((const char *)&i, sizeof i), 1, now, &wait));
	assert_false(limit_take(limit, STR("busy"), 1, now, &wait));
	for (uint32_t i = 0; i < 200000; i++)
		(void)limit_take(limit, str_from((const char *)&i, sizeof i), 1, now, &wait);
}

static void test_clients(void **state)
{
	struct ipaddr v4;
	struct ipaddr a;
	struct ipaddr b;
	uint8_t bytes[16];
	uint8_t other[16];

	(void)state;
	assert_int_equal(ip_parse(STR("192.0.2.1"), NULL, &v4, NULL), OK);
	assert_int_equal(ip_parse(STR("2001:db8::1"), NULL, &a, NULL), OK);
	assert_int_equal(ip_parse(STR("2001:db8::2:0:0:1"), NULL, &b, NULL), OK);
	assert_int_equal(limit_client_of_ip(&v4, bytes).n, 4);
	assert_true(str_eq(limit_client_of_ip(&a, bytes), limit_client_of_ip(&b, other)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
