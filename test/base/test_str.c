/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "base/clock.h"
#include "base/map.h"

static void test_lines(void **state)
{
	struct str rest = STR("one\r\n\ntwo");
	struct str line;

	(void)state;
	assert_true(str_next_line(&rest, &line));
	assert_true(str_eq(line, STR("one")));
	assert_true(str_next_line(&rest, &line));
	assert_true(str_eq(line, STR("")));
	assert_true(str_next_line(&rest, &line));
	assert_true(str_eq(line, STR("two")));
	assert_false(str_next_line(&rest, &line));
}

static void test_split(void **state)
{
	struct str rest = STR("a,,b,");
	int parts = 0;

	(void)state;
	while (rest.p != NULL) {
		(void)str_split(&rest, ',');
		parts++;
	}
	assert_int_equal(parts, 4);
}

static void test_numbers(void **state)
{
	uint64_t u;
	int64_t i;
	double d;

	(void)state;
	assert_true(parse_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
	assert_false(parse_u64(STR("18446744073709551616"), &u));
	assert_false(
		parse_u64(STR("+1"), &u) || parse_u64(STR(""), &u) || parse_u64(STR("1 "), &u));
	assert_true(parse_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
	assert_false(parse_i64(STR("9223372036854775808"), &i) || parse_i64(STR("-"), &i));
	assert_true(parse_double(STR("-1.5e3"), &d) && d < -1499.9 && d > -1500.1);
	assert_false(parse_double(STR("1e999"), &d) || parse_double(STR("nan"), &d) ||
		     parse_double(STR("0x1"), &d) || parse_double(STR(""), &d));
}

static const char *u64_round_trip(struct prop *prop)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	uint64_t value = prop_u64(prop) >> prop_below(prop, 64);
	uint64_t back;

	buf_u64(&text, value);
	return parse_u64(buf_view(&text), &back) && back == value ? NULL : "u64 round trip";
}

static void test_u64_round_trip(void **state)
{
	(void)state;
	PROP_RUN(2000, u64_round_trip);
}

static const char *time_round_trip(struct prop *prop)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	int64_t time_s = (int64_t)prop_below(prop, UINT64_C(7258118400));
	int64_t back;

	time_format(&text, time_s);
	return time_parse(buf_view(&text), &back) && back == time_s ? NULL : "time round trip";
}

static void test_times(void **state)
{
	int64_t t;

	(void)state;
	PROP_RUN(2000, time_round_trip);
	assert_true(time_parse(STR("2026-11-23T20:49:00+05:00"), &t) && t == 1795448940);
	assert_true(time_parse(STR("2026-11-23 15:49:00.123"), &t) && t == 1795448940);
	assert_true(time_parse(STR("1795448940"), &t) && t == 1795448940);
	assert_false(time_parse(STR("2026-02-31"), &t) || time_parse(STR("2026-13-01"), &t) ||
		     time_parse(STR("26-01-01"), &t) || time_parse(STR("2026-01-01T"), &t));
	assert_true(duration_parse(STR("2h"), &t) && t == 7200);
	assert_false(duration_parse(STR("2"), &t) || duration_parse(STR("h"), &t) ||
		     duration_parse(STR("2y"), &t));
}

static void test_map(void **state)
{
	CLEANUP(map_done) struct map map = { 0 };
	CLEANUP(buf_done) struct buf key = { 0 };
	bool is_new;

	(void)state;
	assert_null(map_get(&map, STR("x")));
	for (uint64_t i = 0; i < 5000; i++) {
		buf_clear(&key);
		buf_u64(&key, i % 2500);
		*map_add(&map, buf_view(&key), &is_new) += 1;
		assert_int_equal(is_new, i < 2500);
	}
	assert_int_equal(map.n, 2500);
	assert_int_equal(*map_get(&map, STR("2499")), 2);
	assert_null(map_get(&map, STR("2500")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_u64_round_trip),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
