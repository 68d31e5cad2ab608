/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/command.h"

#include "base/clock.h"
#include "base/json_copy.h"
#include "base/log.h"
#include "keeper/handlers.h"
#include "keeper/service.h"
#include "store/audit.h"
#include "store/text.h"

static const struct command commands[] = {
	{ "report", TOKEN_REPORT, true, "claim something of one indicator", handle_report },
	{ "feed.run", TOKEN_OPERATE, true, "fetch a feed of the catalogue now", handle_feed_run },
	{ "feed.import", TOKEN_OPERATE, true, "read a file as a source's list",
		handle_feed_import },
	{ "snapshot.build", TOKEN_OPERATE, true, "score everything and build a snapshot now",
		handle_snapshot_build },
	{ "retention.run", TOKEN_OPERATE, true, "remove evidence past its time",
		handle_retention_run },
	{ "override.add", TOKEN_DECIDE, true, "allow or block an indicator until its end",
		handle_override_add },
	{ "override.approve", TOKEN_DECIDE, true, "the second person's yes",
		handle_override_approve },
	{ "override.refuse", TOKEN_DECIDE, true, "the second person's no", handle_override_refuse },
	{ "override.revoke", TOKEN_DECIDE, true, "end an override", handle_override_revoke },
	{ "policy.add", TOKEN_DECIDE, true, "keep a version of a policy", handle_policy_add },
	{ "policy.live", TOKEN_DECIDE, true, "make a version the live one", handle_policy_live },
	{ "policy.try", TOKEN_DECIDE, true, "what a policy would change", handle_policy_try },
	{ "model.refit", TOKEN_OPERATE, true, "learn a model from what happened since",
		handle_model_refit },
	{ "model.try", TOKEN_DECIDE, true, "what a model would change", handle_model_try },
	{ "model.live", TOKEN_DECIDE, true, "make a model the live one", handle_model_live },
	{ "pending.approve", TOKEN_DECIDE, true, "do what waits for a person",
		handle_pending_approve },
	{ "pending.dismiss", TOKEN_DECIDE, true, "leave undone what waits for a person",
		handle_pending_dismiss },
	{ "source.set", TOKEN_DECIDE, true, "declare what a source is", handle_source_set },
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
			STR_FMT(text_cut(token->owner, ACTOR_OWNER_MAX)));
		out->permissions = token->permissions;
		return token_used(service->keeper.db, id, now_s, why);
	}
	return fail(why, ERR_DENIED, "no token %.*s", STR_FMT(str_first(id, 32)));
}

/* The owner of a token's name as above; empty for others. */
static struct str owner_of(struct str actor)
{
	size_t open = str_find(actor, '(');

	return str_starts(actor, STR("token:")) && str_ends(actor, STR(")"))
		       ? str_first(str_from_index(actor, open + 1), actor.n - open - 2)
		       : STR("");
}

bool actor_is_same(struct str a, struct str b)
{
	struct str owner = owner_of(a);

	return str_eq(a, b) || (owner.n > 0 && str_eq(owner, owner_of(b)));
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

enum { AUDIT_SUBJECT_MAX = 256, AUDIT_DETAIL_MAX = 1024 };

/* Adds " name=value" for what was said; a text in quotes. */
static void audit_member(struct buf *out, struct json_node arguments, const char *name)
{
	struct json_node value = json_get(arguments, name);
	struct json_writer json = json_writer_on(out);
	size_t before = out->n;
	struct str text;

	if (json_type(value) == JSON_ABSENT)
		return;
	buf_fmt(out, " %s=", name);
	if (json_str(value, &text))
		json_put_str(&json, str_first(text, AUDIT_SUBJECT_MAX));
	else if (json_copy(&json, value, NULL) != OK)
		out->n = before;
}

/* What was asked and by whom; written before it is done, so that a refusal leaves a trace too. */
static enum err audit(struct service *service, const struct command *command,
	const struct actor *actor, struct json_node arguments, const char *outcome, struct why *why)
{
	static const char *const subjects[] = { "name", "indicator", "source", "owner" };
	static const char *const numbers[] = { "id", "version" };
	static const char *const details[] = { "kind", "owner", "reason", "days", "until", "note",
		"standing", "weight", "family", "traits", "decay", "accept" };
	struct keeper *keeper = &service->keeper;
	CLEANUP(buf_done) struct buf subject = { 0 };
	CLEANUP(buf_done) struct buf detail = { 0 };
	struct str text;
	int64_t number;

	if (!command->is_audited)
		return OK;
	for (size_t i = 0; i < ARRAY_LEN(numbers) && subject.n == 0; i++) {
		if (json_i64(json_get(arguments, numbers[i]), &number))
			buf_fmt(&subject, "%lld", (long long)number);
		else if (json_str(json_get(arguments, numbers[i]), &text))
			buf_str(&subject, text);
	}
	for (size_t i = 0; i < ARRAY_LEN(subjects) && subject.n == 0; i++) {
		if (json_str(json_get(arguments, subjects[i]), &text))
			buf_str(&subject, text);
	}
	buf_fmt(&detail, "%s", outcome);
	for (size_t i = 0; i < ARRAY_LEN(details); i++)
		audit_member(&detail, arguments, details[i]);

	CLEANUP(db_rollback_unless_done) struct db *open = keeper->db;

	TRY(db_begin(keeper->db, why));
	TRY(audit_append(keeper->db,
		&(struct audit_entry){ .time_s = clock_now_s(keeper->clock),
			.actor = str_c(actor->name),
			.action = str_c(command->name),
			.subject = str_first(buf_view(&subject), AUDIT_SUBJECT_MAX),
			.detail = str_first(buf_view(&detail), AUDIT_DETAIL_MAX) },
		why));
	return db_commit(open, why);
}

/* Who shows a token acts as its owner: a second person at the same machine. */
static enum err actor_of_secret(
	struct service *service, struct str secret, struct actor *out, struct why *why)
{
	CLEANUP(token_set_done) struct token_set set = { 0 };
	const struct token *token;
	int64_t now_s = clock_now_s(service->keeper.clock);

	TRY(token_set_load(service->keeper.db, &set, why));
	TRY(token_set_check(&set, secret, now_s, &token, why));
	return actor_of_token(service, token->id, out, why);
}

static enum err actor_find(struct service *service, struct json_node root,
	const struct actor *local, struct actor *out, struct why *why)
{
	struct str text;

	if (local == NULL && json_str(json_get(root, "token"), &text))
		return actor_of_token(service, text, out, why);
	if (local == NULL)
		return fail(why, ERR_DENIED, "nobody is named who asks");
	if (json_str(json_get(root, "secret"), &text))
		return actor_of_secret(service, text, out, why);
	*out = *local;
	return OK;
}

static enum err run(struct service *service, struct json_node root, const struct actor *local,
	struct command_call *call, struct json_writer *json, struct why *why)
{
	const struct command *command;
	struct str name;

	if (!json_str(json_get(root, "command"), &name))
		return fail(why, ERR_USAGE, "no command is named");
	command = command_find(name);
	if (command == NULL)
		return fail(why, ERR_USAGE, "no command '%.*s'", STR_FMT(str_first(name, 64)));
	TRY(actor_find(service, root, local, &call->actor, why));
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
