/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The route table is whole, and finds what it says. */
#include "prop.h"

#include "web/handlers.h"
#include "web/route.h"
#include "web/schema.h"
#include "web/target.h"

static const struct route *find(
	const char *method, const char *text, struct arena *arena, struct str *allow)
{
	struct target target;
	struct str capture;

	assert_int_equal(target_parse(str_c(text), arena, &target, NULL), OK);
	return route_find(str_c(method), &target, arena, &capture, allow);
}

/* What a command's route says of itself hangs together. */
static void check_command(const struct route *route)
{
	const struct route_command *command = route->command;

	assert_int_equal(route->lane, LANE_COMMAND);
	assert_non_null(command->name);
	if ((command->capture != NULL) != (route->capture != NULL))
		fail_msg("%s: what its braces take goes nowhere", route->name);
	for (size_t i = 0; i < ROUTE_MEMBERS_MAX && command->members[i].name != NULL; i++) {
		assert_non_null(command->members[i].summary);
		assert_int_not_equal(command->members[i].type, JSON_ABSENT);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(command->members[i].name, command->members[k].name);
	}
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count; i++) {
		const struct route *route = &routes[i];

		if (route->method == NULL || route->pattern == NULL || route->handle == NULL ||
			route->name == NULL || route->summary == NULL || route->success < 200)
			fail_msg("route %zu lacks something", i);
		must(route->pattern != NULL);
		if ((strchr(route->pattern, '{') != NULL) != (route->capture != NULL))
			fail_msg("%s: its capture is not explained", route->name);
		if (route->answer != NULL && !schema_exists(str_c(route->answer)))
			fail_msg("%s: no schema %s", route->name, route->answer);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(route->name, routes[k].name);
		for (size_t k = 0; k < ROUTE_PARAMETERS_MAX && route->parameters[k].name; k++)
			assert_non_null(route->parameters[k].summary);
		if ((route->handle == serve_command) != (route->command != NULL))
			fail_msg("%s: a command without its row", route->name);
		if (route->command != NULL)
			check_command(route);
	}
}

static void test_find(void **state)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct str allow;

	(void)state;
	assert_string_equal(find("GET", "/v1/ip/192.0.2.1", &arena, &allow)->name, "getIp");
	assert_string_equal(find("HEAD", "/v1/ip/192.0.2.1", &arena, &allow)->name, "getIp");
	assert_string_equal(find("POST", "/v1/ip/bulk", &arena, &allow)->name, "postIpBulk");
	assert_null(find("DELETE", "/v1/ip/bulk", &arena, &allow));
	assert_true(str_eq(allow, STR("GET, HEAD, POST")));
	assert_null(find("GET", "/v1/nothing", &arena, &allow));
	assert_int_equal(allow.n, 0);
	assert_null(find("get", "/v1/me", &arena, &allow));
}

static void test_parameters(void **state)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "/v1/check", true },
		{ "/v1/check?threshold=1", true },
		{ "/v1/check?threshold=0", false },
		{ "/v1/check?threshold=101", false },
		{ "/v1/check?threshold=", false },
		{ "/v1/check?treshold=7", false },
		{ "/v1/url", false },
		{ "/v1/url?u=http://example.net/", true },
	};
	struct str allow;
	struct target target;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct route *route = find("GET", cases[i].text, &arena, &allow);

		assert_int_equal(target_parse(str_c(cases[i].text), &arena, &target, NULL), OK);
		if ((route_check_parameters(route, &target, NULL) == OK) != cases[i].good)
			fail_msg("%s", cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
