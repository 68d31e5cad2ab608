/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/command.h"

#include "base/clock.h"
#include "base/log.h"
#include "keeper/handlers.h"
#include "keeper/service.h"
#include "store/audit.h"

static const struct command commands[] = {
	{ "report", TOKEN_REPORT, true, "claim something of one indicator", handle_report },
	{ "feed.run", TOKEN_OPERATE, true, "fetch a feed of the catalogue now", handle_feed_run },
	{ "feed.import", TOKEN_OPERATE, true, "read a file as a source's list",
		handle_feed_import },
	{ "snapshot.build", TOKEN_OPERATE, true, "score everything and build a snapshot now",
		handle_snapshot_build },
	{ "retention.run", TOKEN_OPERATE, true, "remove evidence past its time",
		handle_retention_run },
	{ "token.add", TOKEN_ADMIN, true, "make an API token", handle_token_add },
	{ "token.revoke", TOKEN_ADMIN, true, "end an API token", handle_token_revoke },
	{ "status", TOKEN_READ, false, "jobs under way and the newest snapshot", handle_status },
};

size_t command_table(const struct command **out)
{
	*out = commands;
	return ARRAY_LEN(commands);
}

enum err command_text(const struct command_call *call, const char *name, bool is_needed,
	struct str *out, struct why *why)
{
	struct json_node value = json_get(call->arguments, name);

	*out = STR("");
	if (json_type(value) == JSON_ABSENT || json_type(value) == JSON_NULL)
		return is_needed ? fail(why, ERR_USAGE, "argument '%s' is missing", name) : OK;
	if (!json_str(value, out))
		return fail(why, ERR_USAGE, "argument '%s' is no text", name);
	return OK;
}

enum err command_number(const struct command_call *call, const char *name, int64_t low,
	int64_t high, int64_t otherwise, int64_t *out, struct why *why)
{
	struct json_node value = json_get(call->arguments, name);

	*out = otherwise;
	if (json_type(value) == JSON_ABSENT || json_type(value) == JSON_NULL)
		return OK;
	if (!json_i64(value, out) || *out < low || *out > high)
		return fail(why, ERR_USAGE, "argument '%s' is no whole number from %lld to %lld",
			name, (long long)low, (long long)high);
	return OK;
}

bool command_flag(const struct command_call *call, const char *name, bool otherwise)
{
	bool value = otherwise;

	return json_bool(json_get(call->arguments, name), &value) ? value : otherwise;
}

void command_answer_error(struct buf *answer, const struct why *why)
{
	struct json_writer json = json_writer_on(answer);

	json_object_begin(&json);
	json_field_bool(&json, "ok", false);
	json_field_str(&json, "error", str_c(err_word(why->code)));
	json_field_str(&json, "why", str_c(why->text));
	if (why->line != 0)
		json_field_u64(&json, "line", why->line);
	json_object_end(&json);
}

/*
 * Web says which token it let in. What that token may do is read here from the store, so a web
 * process gone bad can do no more than the tokens that are shown to it.
 */
static enum err actor_of_token(
	struct service *service, struct str id, struct actor *out, struct why *why)
{
	CLEANUP(token_set_done) struct token_set set = { 0 };
	int64_t now_s = clock_now_s(service->keeper.clock);

	TRY(token_set_load(service->keeper.db, &set, why));
	for (size_t i = 0; i < set.n; i++) {
		const struct token *token = &set.tokens[i];

		if (!str_eq(token->id, id))
			continue;
		if (token->revoked_s != 0 || token->ends_s <= now_s)
			return fail(why, ERR_DENIED, "token %.*s has ended", STR_FMT(id));
		(void)snprintf(out->name, sizeof out->name, "token:%.*s (%.*s)", STR_FMT(id),
			STR_FMT(str_first(token->owner, 64)));
		out->permissions = token->permissions;
		return token_used(service->keeper.db, id, now_s, why);
	}
	return fail(why, ERR_DENIED, "no token %.*s", STR_FMT(str_first(id, 32)));
}

static const struct command *command_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (str_eq(str_c(commands[i].name), name))
			return &commands[i];
	}
	return NULL;
}

/* The one permission check. An administrator may do everything. */
static enum err permit(const struct command *command, const struct actor *actor, struct why *why)
{
	if ((actor->permissions & (command->permission | TOKEN_ADMIN)) != 0)
		return OK;

	CLEANUP(buf_done) struct buf needed = { 0 };

	token_permissions_format(&needed, command->permission);
	return fail(why, ERR_DENIED, "%s may not '%s': it needs the permission %s", actor->name,
		command->name, buf_c(&needed));
}

enum { AUDIT_SUBJECT_MAX = 256 };

/* What was asked and by whom; written before it is done, so that a refusal leaves a trace too. */
static enum err audit(struct service *service, const struct command *command,
	const struct actor *actor, struct json_node arguments, const char *outcome, struct why *why)
{
	static const char *const subjects[] = { "name", "indicator", "source", "id", "owner" };
	struct keeper *keeper = &service->keeper;
	struct str subject = STR("");

	if (!command->is_audited)
		return OK;
	for (size_t i = 0; i < ARRAY_LEN(subjects) && subject.n == 0; i++) {
		if (!json_str(json_get(arguments, subjects[i]), &subject))
			subject = STR("");
	}

	CLEANUP(db_rollback_unless_done) struct db *open = keeper->db;

	TRY(db_begin(keeper->db, why));
	TRY(audit_append(keeper->db,
		&(struct audit_entry){ .time_s = clock_now_s(keeper->clock),
			.actor = str_c(actor->name),
			.action = str_c(command->name),
			.subject = str_first(subject, AUDIT_SUBJECT_MAX),
			.detail = str_c(outcome) },
		why));
	return db_commit(open, why);
}

static enum err run(struct service *service, struct json_node root, const struct actor *local,
	struct command_call *call, struct json_writer *json, struct why *why)
{
	const struct command *command;
	struct str name;
	struct str token;

	if (!json_str(json_get(root, "command"), &name))
		return fail(why, ERR_USAGE, "no command is named");
	command = command_find(name);
	if (command == NULL)
		return fail(why, ERR_USAGE, "no command '%.*s'", STR_FMT(str_first(name, 64)));
	if (local != NULL)
		call->actor = *local;
	else if (json_str(json_get(root, "token"), &token))
		TRY(actor_of_token(service, token, &call->actor, why));
	else
		return fail(why, ERR_DENIED, "nobody is named who asks");
	call->arguments = json_get(root, "arguments");
	if (permit(command, &call->actor, why) != OK) {
		struct why ignored;

		/* the refusal stands even when the trail cannot be written */
		if (audit(service, command, &call->actor, call->arguments, "refused", &ignored) !=
			OK)
			log_why(LOG_ERROR, "audit_failed", &ignored);
		return why->code;
	}
	TRY(audit(service, command, &call->actor, call->arguments, "asked", why));
	return command->run(call, json, why);
}

void command_execute(struct service *service, struct channel *asker, const struct actor *local,
	struct message *message, struct buf *answer, bool *is_deferred)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct command_call call = { .service = service,
		.fd = &message->fd,
		.asker = asker,
		.id = message->id,
		.arena = &arena };
	struct json_writer json = json_writer_on(answer);
	struct json_node root;
	struct why why = { 0 };
	size_t before = answer->n;

	json_object_begin(&json);
	json_field_bool(&json, "ok", true);
	json_key(&json, "result");
	json_object_begin(&json);
	if (json_parse(reader, message->payload, &root, &why) != OK ||
		run(service, root, local, &call, &json, &why) != OK) {
		answer->n = before;
		command_answer_error(answer, &why);
		*is_deferred = false;
		return;
	}
	json_object_end(&json);
	json_object_end(&json);
	*is_deferred = call.is_deferred;
}
