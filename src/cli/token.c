/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pehra token add, list, revoke: API tokens. Changes go through keeper, the list is read. */
#include "base/clock.h"
#include "cli/output.h"
#include "cli/server.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "registry/token.h"

int verb_token_add(const struct cli_arguments *arguments)
{
	static const struct {
		const char *option;
		const char *member;
	} members[] = { { "--permissions", "permissions" }, { "--tlp", "tlp" } };
	CLEANUP(session_close) struct session session = { .channel = CHANNEL_CLOSED };
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf out = { 0 };
	struct json_writer json = json_writer_on(&text);
	const char *days = cli_value(arguments, "--days");
	struct json_node result;
	struct why why = { 0 };
	struct str token;
	uint64_t number;

	json_object_begin(&json);
	json_field_str(&json, "owner", str_c(arguments->operands[0]));
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const char *value = cli_value(arguments, members[i].option);

		if (value != NULL)
			json_field_str(&json, members[i].member, str_c(value));
	}
	if (days != NULL && !parse_u64(str_c(days), &number)) {
		why_set(&why, ERR_USAGE, 0, "--days %s is no number", days);
		return cli_fail(arguments, &why);
	}
	if (days != NULL)
		json_field_u64(&json, "days", number);
	json_object_end(&json);
	if (session_open(&session, arguments, 0, &why) != OK ||
		session_command(&session, "token.add", buf_view(&text), -1, NULL, NULL, &result,
			&why) != OK)
		return cli_fail(arguments, &why);
	if (!json_str(json_get(result, "token"), &token))
		token = STR("");
	if (cli_has(arguments, "--json"))
		buf_fmt(&out, "{\"token\":\"%.*s\"}\n", STR_FMT(token));
	else
		buf_fmt(&out, "%.*s\n", STR_FMT(token));
	return cli_print(arguments, &out, CLI_OK);
}

int verb_token_revoke(const struct cli_arguments *arguments)
{
	CLEANUP(session_close) struct session session = { .channel = CHANNEL_CLOSED };
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf out = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node result;
	struct why why = { 0 };

	json_object_begin(&json);
	json_field_str(&json, "id", str_c(arguments->operands[0]));
	json_object_end(&json);
	if (session_open(&session, arguments, 0, &why) != OK ||
		session_command(&session, "token.revoke", buf_view(&text), -1, NULL, NULL, &result,
			&why) != OK)
		return cli_fail(arguments, &why);
	if (cli_has(arguments, "--json"))
		buf_fmt(&out, "{\"revoked\":\"%s\"}\n", arguments->operands[0]);
	else
		buf_fmt(&out, "token %s is revoked\n", arguments->operands[0]);
	return cli_print(arguments, &out, CLI_OK);
}

static const char *state_of(const struct token *token, int64_t now_s)
{
	return token->revoked_s != 0 ? "revoked" : token->ends_s <= now_s ? "ended" : "valid";
}

static void put_token_json(struct json_writer *json, const struct token *token, int64_t now_s)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	json_object_begin(json);
	json_field_str(json, "id", token->id);
	json_field_str(json, "owner", token->owner);
	token_permissions_format(&text, token->permissions);
	json_field_str(json, "permissions", buf_view(&text));
	json_field_str(json, "tlp", tlp_name(token->tlp));
	json_field_str(json, "state", str_c(state_of(token, now_s)));
	buf_clear(&text);
	time_format(&text, token->ends_s);
	json_field_str(json, "ends", buf_view(&text));
	json_field_time(json, "last_command", token->last_used_s);
	json_object_end(json);
}

static void put_token_text(struct buf *out, const struct token *token, int64_t now_s)
{
	CLEANUP(buf_done) struct buf words = { 0 };

	token_permissions_format(&words, token->permissions);
	cli_pad(out, token->id, TOKEN_ID_LENGTH + 2);
	cli_pad(out, str_c(state_of(token, now_s)), 9);
	cli_pad(out, buf_view(&words), 28);
	date_format(out, token->ends_s);
	buf_fmt(out, "  %.*s\n", STR_FMT(token->owner));
}

static enum err list(const struct cli_arguments *arguments, struct buf *out, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(db_close) struct db *db = NULL;
	struct json_writer json = json_writer_on(out);
	bool is_json = cli_has(arguments, "--json");
	int64_t now_s = clock_now_s(NULL);
	struct token *tokens;
	size_t n;

	TRY(server_store_open(arguments, &db, why));
	TRY(token_list(db, &arena, &tokens, &n, why));
	if (is_json)
		json_array_begin(&json);
	for (size_t i = 0; i < n; i++) {
		if (is_json)
			put_token_json(&json, &tokens[i], now_s);
		else
			put_token_text(out, &tokens[i], now_s);
	}
	if (is_json) {
		json_array_end(&json);
		json_line_end(&json);
	}
	return OK;
}

int verb_token_list(const struct cli_arguments *arguments)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	struct why why = { 0 };

	if (list(arguments, &out, &why) != OK)
		return cli_fail(arguments, &why);
	return cli_print(arguments, &out, CLI_OK);
}
