/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands to keeper, and its replies as answers. */
#include "web/command.h"
#include "web/server.h"

/* Keeper's words for what went wrong, as errors of ours, so that they get the same status. */
static enum err error_of_word(struct str word)
{
	for (int code = OK + 1; code < ERR_COUNT; code++) {
		if (str_eq(str_c(err_word((enum err)code)), word))
			return (enum err)code;
	}
	return ERR_IO;
}

struct json_writer command_begin(struct request *request, const char *name)
{
	struct json_writer json = json_writer_on(&request->command);

	json_object_begin(&json);
	json_field_str(&json, "command", str_c(name));
	json_field_str(&json, "token", request->audience.token_id);
	json_key(&json, "arguments");
	json_object_begin(&json);
	return json;
}

void command_end(struct json_writer *json)
{
	json_object_end(json);
	json_object_end(json);
}

void command_finish(struct request *request, struct lane *lane, struct str reply)
{
	struct json_node root;
	struct str word = STR("");
	struct str text = STR("");
	struct why why = { .code = ERR_IO };
	bool good = false;

	if (json_parse(lane->json, reply, &root, &why) != OK ||
		!json_bool(json_get(root, "ok"), &good)) {
		log_event(LOG_ERROR, "reply_refused", LOG_C("request", request->id),
			LOG_C("why", why.text));
		problem_of(request, &why);
		return;
	}
	if (good) {
		request->lane = lane;
		request->response.status = request->route->success;

		struct json_writer json = response_json(request);

		json_copy(&json, json_get(root, "result"));
		return;
	}
	(void)!json_str(json_get(root, "error"), &word);
	(void)!json_str(json_get(root, "why"), &text);
	why_set(&why, error_of_word(word), 0, "%.*s", STR_FMT(str_first(text, WHY_TEXT_MAX - 1)));
	problem_of(request, &why);
}

void json_copy(struct json_writer *json, struct json_node node)
{
	struct json_iterator it = json_each(node);
	struct json_node value;
	struct str text;
	int64_t integer;
	uint64_t positive;
	double number;
	bool flag;

	if (json_type(node) == JSON_OBJECT) {
		json_object_begin(json);
		while (json_next_member(&it, &text, &value)) {
			json_key_str(json, text);
			json_copy(json, value);
		}
		json_object_end(json);
	} else if (json_type(node) == JSON_ARRAY) {
		json_array_begin(json);
		while (json_next(&it, &value))
			json_copy(json, value);
		json_array_end(json);
	} else if (json_str(node, &text)) {
		json_put_str(json, text);
	} else if (json_i64(node, &integer)) {
		json_put_i64(json, integer);
	} else if (json_u64(node, &positive)) {
		json_put_u64(json, positive);
	} else if (json_double(node, &number)) {
		json_put_double(json, number);
	} else if (json_bool(node, &flag)) {
		json_put_bool(json, flag);
	} else {
		json_put_null(json);
	}
}
