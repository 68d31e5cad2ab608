/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * POST routes that are commands of keeper's, one to one: the route's table says which, and what its
 * body may hold. Web looks at names and types; keeper judges the values and the permission.
 */
#include "web/command.h"
#include "web/handlers.h"

#include "base/json_copy.h"

static const struct body_member *member_of(const struct route_command *command, struct str name)
{
	for (size_t i = 0; i < ROUTE_MEMBERS_MAX && command->members[i].name != NULL; i++) {
		if (str_eq(str_c(command->members[i].name), name))
			return &command->members[i];
	}
	return NULL;
}

static enum err check_type(
	const struct body_member *member, struct json_node value, struct why *why)
{
	enum json_type type = json_type(value);

	if (type == member->type || (member->type == JSON_REAL && type == JSON_INTEGER))
		return OK;
	return fail(why, ERR_SYNTAX, "'%s' is a %s, not a %s", member->name, json_type_word(type),
		json_type_word(member->type));
}

static enum err write_members(struct json_writer *json, const struct route_command *command,
	struct json_node root, struct why *why)
{
	struct json_iterator it = json_each(root);
	struct json_node value;
	struct str name;

	while (json_next_member(&it, &name, &value)) {
		const struct body_member *member = member_of(command, name);

		if (member == NULL)
			return fail(why, ERR_SYNTAX, "this takes no member '%.*s'",
				STR_FMT(str_first(name, 64)));
		TRY(check_type(member, value, why));
		json_key_str(json, name);
		TRY(json_copy(json, value, why));
	}
	for (size_t i = 0; i < ROUTE_MEMBERS_MAX && command->members[i].name != NULL; i++) {
		if (command->members[i].is_needed &&
			json_type(json_get(root, command->members[i].name)) == JSON_ABSENT)
			return fail(why, ERR_SYNTAX, "'%s' is missing", command->members[i].name);
	}
	return OK;
}

static enum err write_capture(struct request *request, struct json_writer *json, struct why *why)
{
	const struct route_command *command = request->route->command;
	int64_t number;

	if (command->capture == NULL)
		return OK;
	if (!command->is_number) {
		json_field_str(json, command->capture, request->capture);
		return OK;
	}
	if (!parse_i64(request->capture, &number) || number < 0)
		return fail(why, ERR_SYNTAX, "%.*s is no number",
			STR_FMT(str_first(request->capture, 64)));
	json_field_i64(json, command->capture, number);
	return OK;
}

enum err serve_command(struct request *request, struct why *why)
{
	const struct route_command *command = request->route->command;
	struct json_node root = { 0 };

	if (request->body.n > 0) {
		TRY(json_parse(request->lane->json, buf_view(&request->body), &root, why));
		if (json_type(root) != JSON_OBJECT)
			return fail(why, ERR_SYNTAX, "the body is a JSON object");
	}

	struct json_writer json = command_begin(request, command->name);

	TRY(write_capture(request, &json, why));
	TRY(write_members(&json, command, root, why));
	command_end(&json);
	return OK;
}
