/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/handlers.h"

#include "base/clock.h"
#include "decision/pending.h"
#include "evidence/import.h"
#include "evidence/retention.h"
#include "feed/definition_json.h"
#include "keeper/live.h"
#include "keeper/service.h"

enum { RETENTION_STEP = 10000, COUNT_MAX = 1000000000 };

/* The claim that the arguments make; text lies in the call's arena. */
static enum err claim_of(const struct command_call *call, struct claim *out, struct why *why)
{
	struct str text;
	int64_t number;

	*out = (struct claim){ .role = ROLE_SOURCE, .tlp = TLP_CLEAR };
	TRY(command_text(call, "indicator", true, &text, why));
	TRY(indicator_parse(text, call->arena, &out->indicator, why));
	TRY(command_text(call, "category", true, &text, why));
	if (!category_parse(text, &out->category))
		return fail(why, ERR_USAGE, "no category '%.*s'", STR_FMT(str_first(text, 64)));
	out->role = (enum role)category_info(out->category)->usual_role;
	TRY(command_text(call, "role", false, &text, why));
	if (text.n != 0 && !role_parse(text, &out->role))
		return fail(why, ERR_USAGE, "no role '%.*s': src, dst or policy",
			STR_FMT(str_first(text, 64)));
	TRY(command_text(call, "tlp", false, &text, why));
	if (text.n != 0 && !tlp_parse(text, &out->tlp))
		return fail(why, ERR_USAGE, "no TLP label '%.*s'", STR_FMT(str_first(text, 64)));
	TRY(command_number(call, "confidence", 0, 100, CONFIDENCE_UNKNOWN, &number, why));
	out->confidence = (int16_t)number;
	TRY(command_number(call, "count", 1, COUNT_MAX, 1, &number, why));
	out->count = (uint32_t)number;
	TRY(command_text(call, "reference", false, &out->reference, why));
	out->reference = str_first(out->reference, CLAIM_REFERENCE_MAX);
	return OK;
}

enum err handle_report(struct command_call *call, struct json_writer *result, struct why *why)
{
	struct service *service = call->service;
	struct keeper *keeper = &service->keeper;
	CLEANUP(buf_done) struct buf key = { 0 };
	struct rule_match match;
	struct claim claim;
	struct str source;
	struct why full;
	enum err err;

	TRY(claim_of(call, &claim, why));
	TRY(command_text(call, "source", true, &source, why));
	if (!feed_name_is_valid(source))
		return fail(why, ERR_USAGE,
			"a source's name is lower-case letters, digits and hyphens: '%.*s'",
			STR_FMT(str_first(source, 64)));
	rules_match(keeper_rules(keeper), &claim.indicator, &match);
	if (match.guard == GUARD_NEVER)
		return fail(why, ERR_DENIED,
			"the guard list %.*s says that this is never to be listed",
			STR_FMT(str_first(match.list, GUARDED_NAME_MAX)));
	TRY(import_one(keeper->db, source, &claim, clock_now_s(keeper->clock), why));
	TRY(keeper_sources_reload(keeper, source, why));
	indicator_key(&key, &claim.indicator);
	builder_note(&service->builder, buf_view(&key));
	/* the report is kept by now: what hinders its being shown at once only delays it */
	err = live_apply(keeper, buf_view(&key), &full);
	if (err != OK)
		service_want_build(service, 0);
	json_field_bool(result, "kept", true);
	json_field_bool(result, "shown", err == OK);
	return OK;
}

static bool may_decide(const struct command_call *call)
{
	return (call->actor.permissions & (TOKEN_DECIDE | TOKEN_ADMIN)) != 0;
}

enum err handle_feed_import(struct command_call *call, struct json_writer *result, struct why *why)
{
	struct feed_definition definition;
	struct str file;
	struct job *job;
	int fd = *call->fd;

	(void)result;
	if (fd == -1)
		return fail(why, ERR_USAGE, "the file to import did not come with the command");
	TRY(feed_definition_read(
		json_get(call->arguments, "definition"), call->arena, &definition, why));
	TRY(command_text(call, "file", false, &file, why));
	if (command_flag(call, "accept", false) && !may_decide(call))
		return fail(why, ERR_DENIED, "to accept a list unseen needs the permission decide");
	*call->fd = -1;
	TRY(job_import(call->service, &definition, file, fd, command_flag(call, "build", true),
		&job, why));
	job->is_accepted = command_flag(call, "accept", false);
	job->may_vouch = may_decide(call);
	job->asker = call->asker;
	job->asker_id = call->id;
	(void)snprintf(job->actor, sizeof job->actor, "%s", call->actor.name);
	call->is_deferred = true;
	return OK;
}

enum err handle_feed_run(struct command_call *call, struct json_writer *result, struct why *why)
{
	struct keeper *keeper = &call->service->keeper;
	const struct feed_definition *definition;
	struct str name;
	struct job *job;

	TRY(command_text(call, "name", true, &name, why));
	definition = catalogue_find(&keeper->catalogue, name);
	if (definition == NULL)
		return fail(why, ERR_NOT_FOUND,
			"no feed '%.*s' in the catalogue; `pehra feed list`",
			STR_FMT(str_first(name, 64)));
	TRY(job_fetch(call->service, definition, &job, why));
	(void)snprintf(job->actor, sizeof job->actor, "%s", call->actor.name);
	if (command_flag(call, "wait", true)) {
		job->asker = call->asker;
		job->asker_id = call->id;
		call->is_deferred = true;
		return OK;
	}
	json_key(result, "job");
	job_write(result, job);
	return OK;
}

enum err handle_snapshot_build(
	struct command_call *call, struct json_writer *result, struct why *why)
{
	struct service *service = call->service;

	(void)result;
	if (service->build_asker_count == BUILD_ASKERS_MAX)
		return fail(
			why, ERR_BUSY, "%d callers wait for a snapshot already", BUILD_ASKERS_MAX);
	/* one that is under way may have read the store before what the caller means */
	service->build_askers[service->build_asker_count++] =
		(struct build_asker){ call->asker, call->id, service->builds_started + 1 };
	service_want_build(service, 0);
	call->is_deferred = true;
	return OK;
}

enum err handle_retention_run(
	struct command_call *call, struct json_writer *result, struct why *why)
{
	struct keeper *keeper = &call->service->keeper;
	int64_t before_s = clock_now_s(keeper->clock) - keeper->config.retention.days * DAY_S;
	struct retention_result total = { 0 };
	bool is_more = true;

	while (is_more) {
		struct retention_result step;

		TRY(retention_step(keeper->db, before_s, RETENTION_STEP, &step, &is_more, why));
		total.evidence += step.evidence;
		total.episodes += step.episodes;
		total.runs += step.runs;
	}
	json_field_u64(result, "evidence", total.evidence);
	json_field_u64(result, "episodes", total.episodes);
	json_field_u64(result, "runs", total.runs);
	return OK;
}

enum err handle_token_add(struct command_call *call, struct json_writer *result, struct why *why)
{
	struct keeper *keeper = &call->service->keeper;
	struct token_request request = { .tlp = TLP_CLEAR };
	char text[TOKEN_TEXT_LENGTH + 1];
	int64_t now_s = clock_now_s(keeper->clock);
	struct str words;
	int64_t days;

	TRY(command_text(call, "owner", true, &request.owner, why));
	TRY(command_text(call, "permissions", false, &words, why));
	if (!token_permissions_parse(words.n == 0 ? STR("read") : words, &request.permissions))
		return fail(why, ERR_USAGE,
			"permissions are read, report, operate, decide, admin: '%.*s'",
			STR_FMT(str_first(words, 64)));
	TRY(command_text(call, "tlp", false, &words, why));
	if (words.n != 0 && !tlp_parse(words, &request.tlp))
		return fail(why, ERR_USAGE, "no TLP label '%.*s'", STR_FMT(str_first(words, 64)));
	TRY(command_number(call, "days", 1, TOKEN_LIFE_DAYS_MAX, TOKEN_LIFE_DAYS, &days, why));
	request.ends_s = now_s + days * DAY_S;
	TRY(token_add(keeper->db, &request, now_s, text, why));
	/* web takes it from the next request on, not only when it next looks */
	service_event(call->service, "tokens", STR(""));
	json_field_str(result, "token", str_c(text));
	return OK;
}

enum err handle_token_revoke(struct command_call *call, struct json_writer *result, struct why *why)
{
	struct keeper *keeper = &call->service->keeper;
	struct str id;

	TRY(command_text(call, "id", true, &id, why));
	TRY(token_revoke(keeper->db, id, clock_now_s(keeper->clock), why));
	json_field_str(result, "id", id);
	service_event(call->service, "tokens", STR(""));
	return OK;
}

enum err handle_status(struct command_call *call, struct json_writer *result, struct why *why)
{
	const struct service *service = call->service;
	uint64_t waiting;

	json_key(result, "jobs");
	json_array_begin(result);
	for (size_t i = 0; i < service->job_count; i++)
		job_write(result, service->jobs[i]);
	json_array_end(result);
	json_field_bool(result, "building", service->builder.pid != 0);
	TRY(pending_count(service->keeper.db, &waiting, why));
	json_field_u64(result, "pending", waiting);
	json_field_u64(result, "events", service->next_event);
	return OK;
}
