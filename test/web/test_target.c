/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request targets: taken apart, never cut. */
#include "prop.h"

#include "web/target.h"

static enum err parsed(const char *text, struct arena *arena, struct target *out)
{
	struct why why = { 0 };
	enum err err = target_parse(str_c(text), arena, out, &why);

	assert_int_equal(err != OK, why.text[0] != '\0');
	return err;
}

static void test_parts(void **state)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct target target;

	(void)state;
	assert_int_equal(parsed("/v1/ip/192.0.2.0%2F24?a=1+2&b=%26%3d&c&d=", &arena, &target), OK);
	assert_int_equal(target.segment_count, 3);
	assert_true(str_eq(target.segments[2], STR("192.0.2.0/24")));
	assert_int_equal(target.parameter_count, 4);
	assert_true(str_eq(*target_parameter(&target, STR("a")), STR("1 2")));
	assert_true(str_eq(*target_parameter(&target, STR("b")), STR("&=")));
	assert_int_equal(target_parameter(&target, STR("c"))->n, 0);
	assert_null(target_parameter(&target, STR("e")));
	assert_int_equal(parsed("/", &arena, &target), OK);
	assert_int_equal(target.segment_count, 0);
	assert_int_equal(parsed("/a/", &arena, &target), OK);
	assert_int_equal(target.segment_count, 2);
}

static void test_refusals(void **state)
{
	static const char *const bad[] = { "", "v1", "*", "http://example.org/", "/a%00b", "/a%",
		"/a%2", "/a%zz", "/?a=%0", "/?a=%00", "/?a=1&a=2", "/1/2/3/4/5/6/7/8/9",
		"/?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q&r&s&t&u&v&w&x&y" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(arena_done) struct arena arena = { 0 };
		struct target target;

		if (parsed(bad[i], &arena, &target) == OK)
			fail_msg("%s is taken", bad[i]);
	}
}

static void test_patterns(void **state)
{
	static const struct {
		const char *target;
		const char *pattern;
		const char *capture; /* NULL: does not fit */
	} cases[] = {
		{ "/v1/ip/192.0.2.1", "/v1/ip/{prefix}", "192.0.2.1" },
		{ "/v1/ip/192.0.2.0/24", "/v1/ip/{prefix}", "192.0.2.0/24" },
		{ "/v1/ip/192.0.2.0%2F24", "/v1/ip/{prefix}", "192.0.2.0/24" },
		{ "/v1/ip/192.0.2.0/24/explain", "/v1/ip/{prefix}/explain", "192.0.2.0/24" },
		{ "/v1/ip/192.0.2.0/explain", "/v1/ip/{prefix}/explain", "192.0.2.0" },
		{ "/v1/ip/192.0.2.0/24/x", "/v1/ip/{prefix}", NULL },
		{ "/v1/ip/192.0.2.0/x", "/v1/ip/{prefix}", NULL },
		{ "/v1/ip/", "/v1/ip/{prefix}", NULL },
		{ "/v1/ip", "/v1/ip/{prefix}", NULL },
		{ "/v1/name/a/24", "/v1/name/{name}", NULL },
		{ "/v1/me", "/v1/me", "" },
		{ "/v1/me/", "/v1/me", NULL },
		{ "/v1/ME", "/v1/me", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena arena = { 0 };
		struct target target;
		struct str capture;
		bool fits;

		assert_int_equal(parsed(cases[i].target, &arena, &target), OK);
		fits = target_fits(&target, str_c(cases[i].pattern), &arena, &capture);
		if (fits != (cases[i].capture != NULL) ||
			(fits && !str_eq(capture, str_c(cases[i].capture))))
			fail_msg("%s on %s", cases[i].pattern, cases[i].target);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
