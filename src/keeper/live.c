/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/live.h"

#include "base/clock.h"
#include "snapshot/judge.h"
#include "snapshot/open.h"

#include <unistd.h>

enum err live_reopen(struct keeper *keeper, bool *is_anew, struct why *why)
{
	CLEANUP(buf_done) struct buf folder = { 0 };
	CLEANUP(buf_done) struct buf file = { 0 };

	*is_anew = true;
	if (access(keeper_path(&file, keeper->data, SNAPSHOT_GENERATION), F_OK) == -1)
		return fail(why, ERR_NOT_FOUND, "no snapshot was built yet");
	snapshot_live_close(&keeper->live);
	(void)keeper_path(&folder, keeper->data, SNAPSHOT_FOLDER);
	*is_anew = !snapshot_live_continue(buf_c(&folder), &keeper->live);
	return *is_anew ? snapshot_live_open(buf_c(&folder), &keeper->live, why) : OK;
}

/* An entry as the live copy takes it: its interned verdict, 0 for no entry. */
struct put {
	uint16_t verdict;
	struct snapshot_detail detail;
};

static enum err put_of(struct keeper *keeper, const struct compile_entry *entry,
	struct arena *arena, struct put *out, struct why *why)
{
	struct str *names = arena_array(arena, entry->source_count, sizeof *names);

	for (size_t i = 0; i < entry->source_count; i++)
		names[i] = keeper->scoring.sources.rows[entry->sources[i]].name;
	out->detail = entry->detail;
	return snapshot_live_intern(
		keeper->live, &entry->verdict, names, entry->source_count, &out->verdict, why);
}

static enum err put_ip(struct keeper *keeper, const struct prefix *prefix, const struct put *put,
	const struct prefix *wider, const struct put *cover, struct why *why)
{
	if (prefix_is_v4(prefix)) {
		struct snapshot_v4 entry = { .address = ip_to_u32(&prefix->address),
			.width = prefix_width(prefix),
			.verdict = put->verdict,
			.detail = put->detail };
		struct snapshot_v4 outer = { .address = ip_to_u32(&wider->address),
			.width = cover->verdict == 0 ? 0 : prefix_width(wider),
			.verdict = cover->verdict,
			.detail = cover->detail };

		return snapshot_live_put_v4(keeper->live, &entry, &outer, why);
	}

	struct snapshot_v6 entry = { .high = ip_high(&prefix->address),
		.low = ip_low(&prefix->address),
		.length = prefix->length,
		.verdict = put->verdict,
		.detail = put->detail };
	struct snapshot_v6 outer = { .high = ip_high(&wider->address),
		.low = ip_low(&wider->address),
		.length = wider->length,
		.verdict = cover->verdict,
		.detail = cover->detail };

	return snapshot_live_put_v6(keeper->live, &entry, &outer, why);
}

/* Shows what a new snapshot would show at the indicator. */
static enum err put_judged(
	struct keeper *keeper, const struct judged *judged, struct arena *arena, struct why *why)
{
	const struct indicator *indicator = &judged->indicator;
	struct judged_shown shown;
	struct put put = { 0 };
	struct put cover = { 0 };

	TRY(judged_show(keeper->db, judged, &keeper->scoring, clock_now_s(keeper->clock), 0, arena,
		&shown, why));
	if (shown.has_entry)
		TRY(put_of(keeper, &shown.entry, arena, &put, why));
	else if (shown.has_cover)
		TRY(put_of(keeper, &shown.cover, arena, &cover, why));
	if (indicator->kind == INDICATOR_IP)
		return put_ip(
			keeper, &indicator->prefix, &put, &shown.cover_of.prefix, &cover, why);
	return snapshot_live_put_text(keeper->live,
		&(struct snapshot_text){ .text = indicator->text,
			.is_url = indicator->kind == INDICATOR_URL,
			.below = indicator->below,
			.verdict = put.verdict,
			.detail = put.detail },
		why);
}

/* Others are scored with this one's claims when it holds them: only a new generation shows that. */
static bool holds_others(const struct indicator *indicator)
{
	if (indicator->kind == INDICATOR_NAME)
		return indicator->below;
	if (indicator->kind != INDICATOR_IP)
		return false;
	return indicator->prefix.length <
	       (prefix_is_v4(&indicator->prefix) ? 128 : COMPILE_V6_HOST_LENGTH);
}

static enum err apply(struct keeper *keeper, struct str key, bool may_hold_others, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct indicator indicator;
	struct judged judged;

	if (keeper->live == NULL)
		return fail(why, ERR_FULL, "no snapshot was built yet");
	TRY(indicator_from_key(key, &arena, &indicator, why));
	if (indicator.kind == INDICATOR_HASH || indicator.kind == INDICATOR_PATTERN)
		return OK;
	if (holds_others(&indicator) && !may_hold_others)
		return fail(why, ERR_FULL, "the indicator holds others: a new snapshot shows it");
	TRY(judged_read(keeper->db, &keeper->scoring, &indicator, clock_now_s(keeper->clock), 0,
		&arena, &judged, why));
	TRY(put_judged(keeper, &judged, &arena, why));
	/* what a rule says of one host stands beside what is said of its /64 */
	if (!may_hold_others || !judged_is_host(&indicator))
		return OK;
	TRY(judged_host_read(keeper->db, &keeper->scoring, &indicator, clock_now_s(keeper->clock),
		0, &arena, &judged, why));
	return put_judged(keeper, &judged, &arena, why);
}

enum err live_apply(struct keeper *keeper, struct str key, struct why *why)
{
	return apply(keeper, key, false, why);
}

enum err live_show(struct keeper *keeper, struct str key, struct why *why)
{
	return apply(keeper, key, true, why);
}
