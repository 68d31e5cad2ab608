/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/route.h"
#include "web/target.h"

static bool method_is(struct str method, const char *wanted)
{
	return str_eq(method, str_c(wanted)) ||
	       (str_eq(method, STR("HEAD")) && str_eq(str_c(wanted), STR("GET")));
}

const struct route *route_find(struct str method, const struct target *target, struct arena *arena,
	struct str *capture, struct str *allow)
{
	*allow = STR("");
	for (size_t i = 0; i < route_count; i++) {
		const struct route *route = &routes[i];

		if (!target_fits(target, str_c(route->pattern), arena, capture))
			continue;
		if (method_is(method, route->method))
			return route;
		*allow = arena_fmt(arena, "%.*s%s%s", STR_FMT(*allow), allow->n == 0 ? "" : ", ",
			str_eq(str_c(route->method), STR("GET")) ? "GET, HEAD" : route->method);
	}
	return NULL;
}

bool route_needs_body(const struct route *route)
{
	const struct route_command *command = route->command;

	if (command == NULL)
		return route->body != NULL;
	for (size_t i = 0; i < ROUTE_MEMBERS_MAX && command->members[i].name != NULL; i++) {
		if (command->members[i].is_needed)
			return true;
	}
	return false;
}

static bool has_word(const char *words, struct str wanted)
{
	struct str rest = str_c(words);
	struct str word;

	while (str_next_word(&rest, &word)) {
		if (str_eq(word, wanted))
			return true;
	}
	return false;
}

static enum err check_value(const struct parameter *parameter, struct str value, struct why *why)
{
	int64_t number;

	if (parameter->type == PARAMETER_NUMBER &&
		(!parse_i64(value, &number) || number < parameter->least ||
			number > parameter->most))
		return fail(why, ERR_USAGE, "%s is a whole number from %lld to %lld",
			parameter->name, (long long)parameter->least, (long long)parameter->most);
	if (parameter->type == PARAMETER_FLAG && !has_word("0 1 true false", value))
		return fail(why, ERR_USAGE, "%s is 0 or 1", parameter->name);
	if (parameter->type == PARAMETER_WORD && !has_word(parameter->words, value))
		return fail(why, ERR_USAGE, "%s is one of: %s", parameter->name, parameter->words);
	return OK;
}

static const struct parameter *find_parameter(const struct route *route, struct str name)
{
	for (size_t i = 0; i < ROUTE_PARAMETERS_MAX && route->parameters[i].name != NULL; i++) {
		if (str_eq(str_c(route->parameters[i].name), name))
			return &route->parameters[i];
	}
	return NULL;
}

enum err route_check_parameters(
	const struct route *route, const struct target *target, struct why *why)
{
	for (size_t i = 0; i < target->parameter_count; i++) {
		const struct target_parameter *given = &target->parameters[i];
		const struct parameter *parameter = find_parameter(route, given->name);

		if (parameter == NULL)
			return fail(why, ERR_USAGE, "%s has no parameter %.*s", route->pattern,
				STR_FMT(str_first(given->name, 64)));
		TRY(check_value(parameter, given->value, why));
	}
	for (size_t i = 0; i < ROUTE_PARAMETERS_MAX && route->parameters[i].name != NULL; i++) {
		const char *name = route->parameters[i].name;

		if (route->parameters[i].is_required &&
			target_parameter(target, str_c(name)) == NULL)
			return fail(why, ERR_USAGE, "parameter %s is missing", name);
	}
	return OK;
}
