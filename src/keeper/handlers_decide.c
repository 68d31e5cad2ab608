/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people decide: overrides, policies, and the queue. */
#include "base/clock.h"
#include "base/json_copy.h"
#include "base/log.h"
#include "decision/override.h"
#include "decision/pending.h"
#include "decision/policy_store.h"
#include "evidence/query.h"
#include "keeper/handlers.h"
#include "keeper/held.h"
#include "keeper/override_live.h"
#include "keeper/scoring_change.h"
#include "keeper/service.h"
#include "store/text.h"

static int64_t now_of(const struct command_call *call)
{
	return clock_now_s(call->service->keeper.clock);
}

static struct str actor_of(const struct command_call *call)
{
	return str_c(call->actor.name);
}

static enum err number_of(
	const struct command_call *call, const char *name, int64_t *out, struct why *why)
{
	TRY(command_number(call, name, 1, INT64_MAX, 0, out, why));
	return *out == 0 ? fail(why, ERR_USAGE, "argument '%s' is missing", name) : OK;
}

static void event(struct service *service, const char *type, int64_t id)
{
	CLEANUP(buf_done) struct buf members = { 0 };

	buf_fmt(&members, "\"id\":%lld", (long long)id);
	service_event(service, type, buf_view(&members));
}

/* ---- overrides ---- */

enum { SUMMARY_PART_MAX = 200 };

struct critical {
	const struct source_table *sources;
	int64_t since_s;
	bool is_hit;
};

static enum err critical_row(void *state, const struct evidence *row, struct why *why)
{
	struct critical *critical = state;

	(void)why;
	if (row->source < critical->sources->n &&
		(critical->sources->rows[row->source].traits & TRAIT_CRITICAL) != 0 &&
		(row->ended_s == 0 || row->last_seen_s >= critical->since_s))
		critical->is_hit = true;
	return OK;
}

/* Does a sensor at critical infrastructure see it these days, or what it holds or what holds it? */
static enum err hits_critical(
	struct keeper *keeper, const struct indicator *indicator, bool *out, struct why *why)
{
	struct critical critical = { .sources = &keeper->scoring.sources,
		.since_s = clock_now_s(keeper->clock) - (int64_t)SCORE_NEAR_DAYS * DAY_S };

	if (indicator->kind == INDICATOR_IP)
		TRY(evidence_within(
			keeper->db, &indicator->prefix, 0, critical_row, &critical, why));
	else if (indicator->kind == INDICATOR_NAME && indicator->below)
		TRY(evidence_below(keeper->db, indicator->text, 0, critical_row, &critical, why));
	else
		TRY(evidence_of(keeper->db, indicator, 0, critical_row, &critical, why));
	TRY(evidence_covering(keeper->db, indicator, 0, critical_row, &critical, why));
	*out = critical.is_hit;
	return OK;
}

/* The end: a number of days from now, or a time. */
static enum err end_of(const struct command_call *call, int64_t *out, struct why *why)
{
	struct str until;
	int64_t days;

	TRY(command_number(call, "days", 1, OVERRIDE_DAYS_MAX, 0, &days, why));
	TRY(command_text(call, "until", false, &until, why));
	if ((days == 0) == (until.n == 0))
		return fail(why, ERR_USAGE, "an override needs its end: days, or until");
	*out = now_of(call) + days * DAY_S;
	if (days == 0 && !time_parse(until, out))
		return fail(why, ERR_USAGE, "'%.*s' is no time such as 2026-12-31T18:00:00Z",
			STR_FMT(str_first(until, 64)));
	return OK;
}

static enum err override_request_of(
	const struct command_call *call, struct override_request *out, struct why *why)
{
	struct str text;

	*out = (struct override_request){ .made_by = actor_of(call) };
	TRY(command_text(call, "indicator", true, &text, why));
	TRY(indicator_parse(text, call->arena, &out->indicator, why));
	TRY(command_text(call, "kind", true, &text, why));
	out->is_allow = str_eq(text, STR("allow"));
	if (!out->is_allow && !str_eq(text, STR("block")))
		return fail(why, ERR_USAGE, "an override is an allow or a block, no '%.*s'",
			STR_FMT(str_first(text, 64)));
	TRY(command_text(call, "owner", true, &out->owner, why));
	TRY(command_text(call, "reason", true, &out->reason, why));
	return end_of(call, &out->ends_s, why);
}

/* Told to the queue while it waits, and in the same transaction. */
static enum err override_wait(
	struct keeper *keeper, const struct override *override, int64_t now_s, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf subject = { 0 };
	CLEANUP(buf_done) struct buf summary = { 0 };
	CLEANUP(buf_done) struct buf detail = { 0 };
	struct json_writer json = json_writer_on(&detail);
	int64_t id;
	bool is_new;

	indicator_format(&text, &override->indicator);
	buf_fmt(&subject, "%lld", (long long) override->id);
	buf_fmt(&summary, "%.*s would %s %.*s: %.*s (%.*s); a second person is needed: %.*s",
		STR_FMT(override->made_by), override->is_allow ? "allow" : "block",
		STR_FMT(text_cut(buf_view(&text), SUMMARY_PART_MAX)),
		STR_FMT(text_cut(override->reason, SUMMARY_PART_MAX)), STR_FMT(override->owner),
		STR_FMT(override->second_reason));
	json_object_begin(&json);
	json_field_i64(&json, "override", override->id);
	json_field_str(&json, "indicator", buf_view(&text));
	json_field_str(&json, "kind", override->is_allow ? STR("allow") : STR("block"));
	json_object_end(&json);
	return pending_raise(keeper->db, PENDING_OVERRIDE, buf_view(&subject), buf_view(&summary),
		buf_view(&detail), now_s, &id, &is_new, why);
}

static enum err override_keep(struct command_call *call, const struct override_request *request,
	struct override *out, struct why *why)
{
	struct keeper *keeper = &call->service->keeper;
	int64_t now_s = now_of(call);
	struct rule_match match;
	int64_t id;

	rules_match(keeper_rules(keeper), &request->indicator, &match);
	if (!request->is_allow && match.guard == GUARD_NEVER)
		return fail(why, ERR_DENIED,
			"the guard list %.*s says that this is never to be blocked",
			STR_FMT(text_cut(match.list, GUARDED_NAME_MAX)));
	TRY(db_begin(keeper->db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = keeper->db;
	TRY(override_add(keeper->db, request, now_s, &id, why));
	TRY(override_find(keeper->db, id, now_s, call->arena, out, why));
	if (out->state == OVERRIDE_WAITING)
		TRY(override_wait(keeper, out, now_s, why));
	return db_commit(open, why);
}

static enum err override_told(struct command_call *call, const struct override *override,
	struct json_writer *result, struct why *why)
{
	bool is_shown = false;

	if (override->starts_s != 0)
		TRY(override_show(call->service, &override->indicator, &is_shown, why));
	service_overrides_changed(call->service);
	json_field_i64(result, "id", override->id);
	json_field_str(result, "state", override_state_name(override->state));
	json_field_str(result, "second_reason", override->second_reason);
	json_field_bool(result, "shown", is_shown);
	event(call->service, "override", override->id);
	return OK;
}

enum err handle_override_add(struct command_call *call, struct json_writer *result, struct why *why)
{
	struct override_request request;
	struct override override;

	TRY(override_request_of(call, &request, why));
	if (request.is_allow)
		TRY(hits_critical(
			&call->service->keeper, &request.indicator, &request.hits_critical, why));
	TRY(override_keep(call, &request, &override, why));
	return override_told(call, &override, result, why);
}

/* What waited for the decision says who made it, in the same transaction. */
static enum err override_item_close(
	struct command_call *call, int64_t id, const char *outcome, struct why *why)
{
	struct db *db = call->service->keeper.db;
	CLEANUP(buf_done) struct buf subject = { 0 };
	struct pending item;
	struct str note;

	buf_fmt(&subject, "%lld", (long long)id);
	TRY(command_text(call, "note", false, &note, why));
	TRY(pending_last(db, PENDING_OVERRIDE, buf_view(&subject), call->arena, &item, why));
	if (item.id == 0 || item.closed_s != 0)
		return OK;
	return pending_close(db, item.id, outcome, actor_of(call), note, now_of(call), why);
}

/* Decides an override, and closes what waited for that. */
static enum err override_settle(struct command_call *call, int64_t id, bool is_approved,
	struct override *out, struct why *why)
{
	struct keeper *keeper = &call->service->keeper;
	int64_t now_s = now_of(call);

	TRY(override_find(keeper->db, id, now_s, call->arena, out, why));
	if (actor_is_same(out->made_by, actor_of(call)))
		return fail(why, ERR_DENIED, "override %lld needs a second person: %.*s made it",
			(long long)id, STR_FMT(out->made_by));
	TRY(db_begin(keeper->db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = keeper->db;
	TRY(override_decide(keeper->db, id, is_approved, actor_of(call), now_s, why));
	TRY(override_item_close(call, id, is_approved ? "approved" : "dismissed", why));
	TRY(override_find(keeper->db, id, now_s, call->arena, out, why));
	return db_commit(open, why);
}

static enum err override_decided(
	struct command_call *call, bool is_approved, struct json_writer *result, struct why *why)
{
	struct override override;
	int64_t id;

	TRY(number_of(call, "id", &id, why));
	TRY(override_settle(call, id, is_approved, &override, why));
	return override_told(call, &override, result, why);
}

enum err handle_override_approve(
	struct command_call *call, struct json_writer *result, struct why *why)
{
	return override_decided(call, true, result, why);
}

enum err handle_override_refuse(
	struct command_call *call, struct json_writer *result, struct why *why)
{
	return override_decided(call, false, result, why);
}

enum err handle_override_revoke(
	struct command_call *call, struct json_writer *result, struct why *why)
{
	struct keeper *keeper = &call->service->keeper;
	CLEANUP(buf_done) struct buf subject = { 0 };
	struct override override;
	int64_t now_s = now_of(call);
	int64_t id;

	TRY(number_of(call, "id", &id, why));
	buf_fmt(&subject, "%lld", (long long)id);
	{
		TRY(db_begin(keeper->db, why));
		CLEANUP(db_rollback_unless_done) struct db *open = keeper->db;
		TRY(override_revoke(keeper->db, id, actor_of(call), now_s, why));
		TRY(pending_overtaken(
			keeper->db, PENDING_OVERRIDE, buf_view(&subject), now_s, why));
		TRY(override_find(keeper->db, id, now_s, call->arena, &override, why));
		TRY(db_commit(open, why));
	}
	return override_told(call, &override, result, why);
}

/* ---- policies ---- */

enum err handle_policy_add(struct command_call *call, struct json_writer *result, struct why *why)
{
	struct keeper *keeper = &call->service->keeper;
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node policy = json_get(call->arguments, "policy");
	struct str name;
	struct str note;
	int64_t id;

	TRY(command_text(call, "name", false, &name, why));
	TRY(command_text(call, "note", false, &note, why));
	if (json_type(policy) != JSON_OBJECT)
		return fail(why, ERR_USAGE, "argument 'policy' is no object");
	TRY(json_copy(&json, policy, why));
	TRY(db_begin(keeper->db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = keeper->db;
	TRY(policy_add(keeper->db, name.n == 0 ? STR(POLICY_DEFAULT_NAME) : name, buf_view(&text),
		note, actor_of(call), now_of(call), &id, why));
	TRY(db_commit(open, why));
	json_field_i64(result, "id", id);
	event(call->service, "policy", id);
	return OK;
}

enum err handle_policy_live(struct command_call *call, struct json_writer *result, struct why *why)
{
	struct keeper *keeper = &call->service->keeper;
	int64_t id;

	TRY(number_of(call, "id", &id, why));
	{
		TRY(db_begin(keeper->db, why));
		CLEANUP(db_rollback_unless_done) struct db *open = keeper->db;
		TRY(policy_go_live(keeper->db, id, actor_of(call), now_of(call), why));
		TRY(db_commit(open, why));
	}
	TRY(scoring_changed(call->service, why));
	json_field_i64(result, "id", id);
	event(call->service, "policy", id);
	return OK;
}

enum err handle_model_live(struct command_call *call, struct json_writer *result, struct why *why)
{
	struct str note;
	int64_t version;

	TRY(number_of(call, "version", &version, why));
	TRY(command_text(call, "note", false, &note, why));
	TRY(model_made_live(call->service, version, actor_of(call), note, why));
	json_field_i64(result, "version", version);
	return OK;
}

/* ---- the queue ---- */

/* What a guard of policy ask holds is listed by an override of whoever approves. */
static enum err approve_guard(struct command_call *call, const struct pending *item,
	struct json_writer *result, struct why *why)
{
	struct override_request request = { .made_by = actor_of(call) };
	struct override override;
	struct str note;
	int64_t days;

	TRY(indicator_parse(item->subject, call->arena, &request.indicator, why));
	TRY(command_text(call, "owner", true, &request.owner, why));
	TRY(command_text(call, "note", false, &note, why));
	TRY(command_number(call, "days", 1, OVERRIDE_DAYS_MAX, 0, &days, why));
	if (days == 0)
		return fail(why, ERR_USAGE, "an override needs its end: days");
	request.reason = note.n == 0 ? item->summary : note;
	request.ends_s = now_of(call) + days * DAY_S;
	TRY(override_keep(call, &request, &override, why));
	json_key(result, "override");
	json_object_begin(result);
	TRY(override_told(call, &override, result, why));
	json_object_end(result);
	return OK;
}

static enum err approve_override(struct command_call *call, const struct pending *item,
	struct json_writer *result, struct why *why)
{
	struct override override;
	int64_t id;

	if (!parse_i64(item->subject, &id))
		return fail(why, ERR_CORRUPT, "item %lld names no override", (long long)item->id);
	TRY(override_settle(call, id, true, &override, why));
	json_key(result, "override");
	json_object_begin(result);
	TRY(override_told(call, &override, result, why));
	json_object_end(result);
	return OK;
}

static enum err approve_model(struct command_call *call, const struct pending *item,
	struct json_writer *result, struct why *why)
{
	struct str note;
	int64_t version;

	(void)result;
	TRY(command_text(call, "note", false, &note, why));
	if (!parse_i64(item->subject, &version))
		return fail(why, ERR_CORRUPT, "item %lld names no model", (long long)item->id);
	return model_made_live(
		call->service, version, actor_of(call), note.n == 0 ? item->summary : note, why);
}

/* First the run, which survives whatever comes: an item that stays open is overtaken by it. */
static enum err approve_feed(struct command_call *call, const struct pending *item,
	struct json_writer *result, struct why *why)
{
	(void)result;
	return held_approve(call->service, item, call->actor.name, why);
}

static enum err dismiss_override(
	struct command_call *call, const struct pending *item, struct why *why)
{
	struct override override;
	int64_t id;

	if (!parse_i64(item->subject, &id))
		return fail(why, ERR_CORRUPT, "item %lld names no override", (long long)item->id);
	return override_settle(call, id, false, &override, why);
}

static const struct {
	enum err (*approve)(struct command_call *call, const struct pending *item,
		struct json_writer *result, struct why *why);
	enum err (*dismiss)(struct command_call *call, const struct pending *item, struct why *why);
} settlements[PENDING_KINDS] = {
	[PENDING_FEED] = { approve_feed, NULL },
	[PENDING_OVERRIDE] = { approve_override, dismiss_override },
	[PENDING_MODEL] = { approve_model, NULL },
	[PENDING_GUARD] = { approve_guard, NULL },
};

static enum err item_open(
	struct command_call *call, struct pending *out, struct str *note, struct why *why)
{
	int64_t id;

	TRY(number_of(call, "id", &id, why));
	TRY(command_text(call, "note", false, note, why));
	TRY(pending_find(call->service->keeper.db, id, call->arena, out, why));
	if (out->closed_s != 0)
		return fail(why, ERR_USAGE, "item %lld was %.*s already", (long long)id,
			STR_FMT(out->outcome));
	return OK;
}

/* What settles an override, or makes a model live, has closed its item already. */
static enum err item_close(struct command_call *call, const struct pending *item,
	const char *outcome, struct str note, struct why *why)
{
	struct keeper *keeper = &call->service->keeper;
	struct pending now;

	TRY(pending_find(keeper->db, item->id, call->arena, &now, why));
	if (now.closed_s != 0)
		return OK;
	TRY(db_begin(keeper->db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = keeper->db;
	TRY(pending_close(keeper->db, item->id, outcome, actor_of(call), note, now_of(call), why));
	return db_commit(open, why);
}

enum err handle_pending_approve(
	struct command_call *call, struct json_writer *result, struct why *why)
{
	struct pending item;
	struct str note;

	TRY(item_open(call, &item, &note, why));
	TRY(settlements[item.kind].approve(call, &item, result, why));
	TRY(item_close(call, &item, "approved", note, why));
	json_field_i64(result, "id", item.id);
	event(call->service, "pending", item.id);
	return OK;
}

enum err handle_pending_dismiss(
	struct command_call *call, struct json_writer *result, struct why *why)
{
	struct pending item;
	struct str note;

	TRY(item_open(call, &item, &note, why));
	if (settlements[item.kind].dismiss != NULL)
		TRY(settlements[item.kind].dismiss(call, &item, why));
	TRY(item_close(call, &item, "dismissed", note, why));
	if (item.kind == PENDING_FEED)
		held_forget(call->service, item.subject);
	json_field_i64(result, "id", item.id);
	event(call->service, "pending", item.id);
	return OK;
}
