/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decision/override.h"

#include "base/clock.h"
#include "decision/decision_int.h"

static const struct str state_names[OVERRIDE_STATES] = {
	[OVERRIDE_WAITING] = STR_INIT("waiting"),
	[OVERRIDE_IN_FORCE] = STR_INIT("in-force"),
	[OVERRIDE_ENDED] = STR_INIT("ended"),
	[OVERRIDE_REVOKED] = STR_INIT("revoked"),
	[OVERRIDE_REFUSED] = STR_INIT("refused"),
};

struct str override_state_name(enum override_state state)
{
	must((unsigned)state < OVERRIDE_STATES);
	return state_names[state];
}

static bool prefix_is_wide(const struct prefix *prefix)
{
	struct ipaddr mapped = ip_from_u32(0);

	if (prefix_is_v4(prefix))
		return prefix_width(prefix) < OVERRIDE_ALONE_IP4_WIDTH;
	/* ::/80 is long and yet holds all of IPv4 in the mapped form */
	return prefix->length < OVERRIDE_ALONE_IP6_LENGTH || prefix_contains_ip(prefix, &mapped);
}

static bool indicator_is_wide(const struct indicator *indicator)
{
	if (indicator->kind == INDICATOR_IP)
		return prefix_is_wide(&indicator->prefix);
	/* everything below a top-level domain */
	return indicator->kind == INDICATOR_NAME && indicator->below &&
	       str_find(indicator->text, '.') == indicator->text.n;
}

struct str override_second_reason(const struct override_request *request)
{
	if (indicator_is_wide(&request->indicator))
		return STR("it is wide");
	if (request->is_allow && request->hits_critical)
		return STR("it allows what hits critical infrastructure");
	return STR("");
}

static enum err check_request(
	const struct override_request *request, int64_t now_s, struct why *why)
{
	enum indicator_kind kind = request->indicator.kind;

	if (kind != INDICATOR_IP && kind != INDICATOR_NAME && kind != INDICATOR_URL)
		return fail(why, ERR_USAGE, "an override is of an address, a name or a URL");
	TRY(decision_text_check(
		request->owner, 1, OVERRIDE_OWNER_MAX, "the override's owner", why));
	TRY(decision_text_check(
		request->reason, 1, OVERRIDE_REASON_MAX, "the override's reason", why));
	TRY(decision_text_check(request->made_by, 1, SIZE_MAX, "the override's maker", why));
	if (request->ends_s <= now_s)
		return fail(why, ERR_USAGE, "the override's end is past");
	if (request->ends_s - now_s > (int64_t)OVERRIDE_DAYS_MAX * DAY_S)
		return fail(why, ERR_USAGE, "an override ends within %d days", OVERRIDE_DAYS_MAX);
	return OK;
}

/* The next number, unless too many are in force or waiting. Counting waits until it may matter. */
static enum err next_id(struct db *db, int64_t now_s, int64_t *id, struct why *why)
{
	static const char count_sql[] =
		"SELECT count(*) FROM override WHERE ends > $1 AND revoked = 0"
		" AND (starts <> 0 OR decided = 0)";
	CLEANUP(db_finish) struct db_statement *count = NULL;
	bool row;

	TRY(decision_number(db, "SELECT coalesce(max(id), 0) FROM override", id, why));
	if ((*id)++ < OVERRIDES_MAX)
		return OK;
	TRY(db_prepare(db, count_sql, &count, why));
	db_bind_i64(count, 1, now_s);
	TRY(db_step(count, &row, why));
	if (db_column_i64(count, 0) >= OVERRIDES_MAX)
		return fail(why, ERR_LIMIT, "there are %d overrides already", OVERRIDES_MAX);
	return OK;
}

static enum err insert(struct db *db, int64_t id, const struct override_request *request,
	struct str key, int64_t now_s, struct why *why)
{
	static const char sql[] =
		"INSERT INTO override (id, indicator, is_allow, owner, reason, second_reason,"
		" made, made_by, ends, decided, decided_by, revoked, revoked_by, starts)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '', 0, '', $10)";
	struct str second_reason = override_second_reason(request);
	CLEANUP(db_finish) struct db_statement *write = NULL;

	TRY(db_prepare(db, sql, &write, why));
	db_bind_i64(write, 1, id);
	db_bind_bytes(write, 2, key);
	db_bind_i64(write, 3, request->is_allow);
	db_bind_text(write, 4, request->owner);
	db_bind_text(write, 5, request->reason);
	db_bind_text(write, 6, second_reason);
	db_bind_i64(write, 7, now_s);
	db_bind_text(write, 8, request->made_by);
	db_bind_i64(write, 9, request->ends_s);
	db_bind_i64(write, 10, second_reason.n == 0 ? now_s : 0);
	return db_run(write, NULL, why);
}

/* What is in force of the same indicator and kind makes room for number id. */
static enum err replace_others(struct db *db, int64_t id, struct str key, bool is_allow,
	struct str by, int64_t now_s, struct why *why)
{
	static const char sql[] = "UPDATE override SET revoked = $1, revoked_by = $2"
				  " WHERE indicator = $3 AND is_allow = $4 AND id <> $5"
				  " AND starts <> 0 AND revoked = 0 AND ends > $1";
	CLEANUP(db_finish) struct db_statement *write = NULL;

	TRY(db_prepare(db, sql, &write, why));
	db_bind_i64(write, 1, now_s);
	db_bind_text(write, 2, by);
	db_bind_bytes(write, 3, key);
	db_bind_i64(write, 4, is_allow);
	db_bind_i64(write, 5, id);
	return db_run(write, NULL, why);
}

enum err override_add(struct db *db, const struct override_request *request, int64_t now_s,
	int64_t *id, struct why *why)
{
	CLEANUP(buf_done) struct buf key = { 0 };

	TRY(check_request(request, now_s, why));
	indicator_key(&key, &request->indicator);
	TRY(next_id(db, now_s, id, why));
	TRY(insert(db, *id, request, buf_view(&key), now_s, why));
	if (override_second_reason(request).n != 0)
		return OK;
	return replace_others(
		db, *id, buf_view(&key), request->is_allow, request->made_by, now_s, why);
}

/* The one that is to change, as it is now; ERR_USAGE unless its state allows that. */
static enum err find_for(struct db *db, int64_t id, bool may_be_in_force, const char *what,
	int64_t now_s, struct arena *arena, struct override *out, struct why *why)
{
	TRY(override_find(db, id, now_s, arena, out, why));
	if (out->state == OVERRIDE_WAITING || (may_be_in_force && out->state == OVERRIDE_IN_FORCE))
		return OK;
	return fail(why, ERR_USAGE, "override %lld cannot be %s: it is %.*s", (long long)id, what,
		STR_FMT(override_state_name(out->state)));
}

static enum err decide(struct db *db, const struct override *override, bool is_approved,
	struct str by, int64_t now_s, struct why *why)
{
	static const char sql[] =
		"UPDATE override SET decided = $2, decided_by = $3, starts = $4 WHERE id = $1";
	CLEANUP(buf_done) struct buf key = { 0 };
	CLEANUP(db_finish) struct db_statement *write = NULL;

	TRY(db_prepare(db, sql, &write, why));
	db_bind_i64(write, 1, override->id);
	db_bind_i64(write, 2, now_s);
	db_bind_text(write, 3, by);
	db_bind_i64(write, 4, is_approved ? now_s : 0);
	TRY(db_run(write, NULL, why));
	if (!is_approved)
		return OK;
	indicator_key(&key, &override->indicator);
	return replace_others(db, override->id, buf_view(&key), override->is_allow, by, now_s, why);
}

enum err override_decide(
	struct db *db, int64_t id, bool is_approved, struct str by, int64_t now_s, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct override override;

	TRY(decision_text_check(by, 1, SIZE_MAX, "the second person's name", why));
	TRY(find_for(db, id, false, is_approved ? "approved" : "refused", now_s, &arena, &override,
		why));
	if (str_eq(override.made_by, by))
		return fail(why, ERR_DENIED, "override %lld needs a second person: %.*s made it",
			(long long)id, STR_FMT(by));
	return decide(db, &override, is_approved, by, now_s, why);
}

enum err override_revoke(struct db *db, int64_t id, struct str by, int64_t now_s, struct why *why)
{
	static const char sql[] = "UPDATE override SET revoked = $2, revoked_by = $3 WHERE id = $1";
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(db_finish) struct db_statement *write = NULL;
	struct override override;

	TRY(decision_text_check(by, 1, SIZE_MAX, "who revokes", why));
	TRY(find_for(db, id, true, "revoked", now_s, &arena, &override, why));
	TRY(db_prepare(db, sql, &write, why));
	db_bind_i64(write, 1, id);
	db_bind_i64(write, 2, now_s);
	db_bind_text(write, 3, by);
	return db_run(write, NULL, why);
}
