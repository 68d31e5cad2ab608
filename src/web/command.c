/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands to keeper, and its replies as answers. */
#include "web/command.h"
#include "web/server.h"

#include "base/json_copy.h"

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

		if (json_copy(&json, json_get(root, "result"), &why) != OK)
			problem_of(request, &why);
		return;
	}
	(void)!json_str(json_get(root, "error"), &word);
	(void)!json_str(json_get(root, "why"), &text);
	why_set(&why, error_of_word(word), 0, "%.*s", STR_FMT(str_first(text, WHY_TEXT_MAX - 1)));
	problem_of(request, &why);
}
