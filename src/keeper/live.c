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

/* An entry as the live copy takes it: its interned verdict, 0 when nothing is watched. */
struct shown {
	uint16_t verdict;
	struct snapshot_detail detail;
};

static enum err shown_of(struct keeper *keeper, const struct compile_row *rows, size_t n,
	struct arena *arena, struct shown *out, struct why *why)
{
	struct compile_entry entry;
	struct str *names;

	*out = (struct shown){ 0 };
	TRY(compile_one(&keeper->model, keeper->sources.rows, keeper->sources.n,
		clock_now_s(keeper->clock), rows, n, arena, &entry, why));
	if (entry.verdict.action == PEHRA_NONE)
		return OK;
	names = arena_array(arena, entry.source_count, sizeof *names);
	for (size_t i = 0; i < entry.source_count; i++)
		names[i] = keeper->sources.rows[entry.sources[i]].name;
	out->detail = entry.detail;
	return snapshot_live_intern(
		keeper->live, &entry.verdict, names, entry.source_count, &out->verdict, why);
}

/* The closest prefix that holds this one and of which something is claimed; false: none. */
static bool closest_cover(const struct judged *judged, struct prefix *out, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	bool found = false;

	for (size_t i = judged->own; i < judged->n; i++) {
		struct indicator wider;

		if (indicator_from_key(judged->rows[i].key, &arena, &wider, why) != OK)
			continue;
		if (!found || wider.prefix.length > out->length)
			*out = wider.prefix;
		found = true;
	}
	return found;
}

static enum err put_ip(struct keeper *keeper, const struct judged *judged,
	const struct shown *shown, struct arena *arena, struct why *why)
{
	const struct prefix *prefix = &judged->indicator.prefix;
	struct prefix wider = { 0 };
	struct shown cover = { 0 };

	/* claims about what holds it remain when its own have faded */
	if (shown->verdict == 0 && closest_cover(judged, &wider, why))
		TRY(shown_of(keeper, judged->rows + judged->own, judged->n - judged->own, arena,
			&cover, why));
	if (prefix_is_v4(prefix)) {
		struct snapshot_v4 entry = { .address = ip_to_u32(&prefix->address),
			.width = prefix_width(prefix),
			.verdict = shown->verdict,
			.detail = shown->detail };
		struct snapshot_v4 outer = { .address = ip_to_u32(&wider.address),
			.width = cover.verdict == 0 ? 0 : prefix_width(&wider),
			.verdict = cover.verdict,
			.detail = cover.detail };

		return snapshot_live_put_v4(keeper->live, &entry, &outer, why);
	}

	struct snapshot_v6 entry = { .high = ip_high(&prefix->address),
		.low = ip_low(&prefix->address),
		.length = prefix->length,
		.verdict = shown->verdict,
		.detail = shown->detail };
	struct snapshot_v6 outer = { .high = ip_high(&wider.address),
		.low = ip_low(&wider.address),
		.length = wider.length,
		.verdict = cover.verdict,
		.detail = cover.detail };

	return snapshot_live_put_v6(keeper->live, &entry, &outer, why);
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

enum err live_apply(struct keeper *keeper, struct str key, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct indicator indicator;
	struct judged judged;
	struct shown shown;

	if (keeper->live == NULL)
		return fail(why, ERR_FULL, "no snapshot was built yet");
	TRY(indicator_from_key(key, &arena, &indicator, why));
	if (indicator.kind == INDICATOR_HASH)
		return OK;
	if (holds_others(&indicator))
		return fail(why, ERR_FULL, "the indicator holds others: a new snapshot shows it");
	TRY(judged_read(keeper->db, &indicator, &arena, &judged, why));
	TRY(shown_of(keeper, judged.rows, judged.n, &arena, &shown, why));
	if (indicator.kind == INDICATOR_IP)
		return put_ip(keeper, &judged, &shown, &arena, why);
	return snapshot_live_put_text(keeper->live,
		&(struct snapshot_text){ .text = indicator.text,
			.is_url = indicator.kind == INDICATOR_URL,
			.below = indicator.below,
			.verdict = shown.verdict,
			.detail = shown.detail },
		why);
}
