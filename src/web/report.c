/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * POST /v1/report and /v1/feeds/{name}/run: commands to keeper.
 *
 * Who reports is a source of its own, named by its token, so that nobody speaks for another and a
 * source that turns out bad can be told from the others.
 */
#include "web/command.h"
#include "web/handlers.h"

#include "base/json_copy.h"

/* What a report may say; keeper checks the values. */
static const struct {
	const char *name;
	enum json_type type;
	bool is_needed;
} members[] = {
	{ "indicator", JSON_STRING, true },
	{ "category", JSON_STRING, true },
	{ "role", JSON_STRING, false },
	{ "tlp", JSON_STRING, false },
	{ "confidence", JSON_INTEGER, false },
	{ "count", JSON_INTEGER, false },
	{ "reference", JSON_STRING, false },
};

static bool is_member(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (str_eq(str_c(members[i].name), name))
			return true;
	}
	return false;
}

static enum err check_members(struct json_node root, struct why *why)
{
	struct json_iterator it = json_each(root);
	struct json_node value;
	struct str name;

	if (json_type(root) != JSON_OBJECT)
		return fail(why, ERR_SYNTAX, "a report is a JSON object");
	while (json_next_member(&it, &name, &value)) {
		if (!is_member(name))
			return fail(why, ERR_SYNTAX, "a report has no member '%.*s'",
				STR_FMT(str_first(name, 64)));
	}
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (members[i].is_needed ||
			json_type(json_get(root, members[i].name)) != JSON_ABSENT)
			TRY(json_need(root, members[i].name, members[i].type, &value, why));
	}
	return OK;
}

enum err serve_report(struct request *request, struct why *why)
{
	struct json_node root;

	TRY(json_parse(request->lane->json, buf_view(&request->body), &root, why));
	TRY(check_members(root, why));

	struct json_writer json = command_begin(request, "report");

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		struct json_node value = json_get(root, members[i].name);

		if (json_type(value) == JSON_ABSENT)
			continue;
		json_key(&json, members[i].name);
		TRY(json_copy(&json, value, why));
	}
	json_key(&json, "source");
	json_put_str(&json,
		arena_fmt(&request->arena, "token-%.*s", STR_FMT(request->audience.token_id)));
	command_end(&json);
	return OK;
}

enum err serve_feed_run(struct request *request, struct why *why)
{
	struct json_writer json = command_begin(request, "feed.run");

	(void)why;
	json_field_str(&json, "name", request->capture);
	json_field_bool(&json, "wait", false);
	command_end(&json);
	return OK;
}
