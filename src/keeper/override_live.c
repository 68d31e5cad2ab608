/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/override_live.h"

#include "base/clock.h"
#include "base/log.h"
#include "evidence/query.h"
#include "keeper/live.h"

enum { SLICE_NS = 4000000 };

static void changes_clear(struct live_changes *changes)
{
	arena_done(&changes->arena);
	free(changes->keys);
	*changes = (struct live_changes){ 0 };
}

static void change_add(struct live_changes *changes, struct str key)
{
	if (changes->n > 0 && str_eq(changes->keys[changes->n - 1], key))
		return;
	if (changes->n == changes->capacity) {
		changes->capacity = changes->capacity * 2 + 64;
		changes->keys = realloc(changes->keys, changes->capacity * sizeof *changes->keys);
		must(changes->keys != NULL);
	}
	changes->keys[changes->n++] = arena_str(&changes->arena, key);
}

struct gathering {
	struct live_changes *changes;
	size_t most;
};

static enum err gather(void *state, const struct evidence *row, struct why *why)
{
	struct gathering *gathering = state;

	if (gathering->changes->n >= gathering->most)
		return fail(why, ERR_FULL, "more than %d indicators are held", LIVE_WITHIN_MAX);
	change_add(gathering->changes, row->key);
	return OK;
}

/* Other rules within it may need an entry of their own, or need it no more. */
static enum err gather_places(struct live_changes *changes, const struct rules *rules,
	const struct prefix *prefix, size_t most, struct why *why)
{
	const struct rule_place *places;
	size_t n = rules_places(rules, &places);
	CLEANUP(arena_done) struct arena arena = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct indicator indicator;

		arena_reset(&arena);
		TRY(indicator_from_key(places[i].key, &arena, &indicator, why));
		if (indicator.kind != INDICATOR_IP || !prefix_contains(prefix, &indicator.prefix))
			continue;
		if (changes->n >= most)
			return fail(why, ERR_FULL, "more than %d rules are held", LIVE_WITHIN_MAX);
		change_add(changes, places[i].key);
	}
	return OK;
}

/* ERR_FULL: what it holds is too much, or cannot be listed. */
static enum err gather_within(
	struct service *service, const struct indicator *indicator, struct why *why)
{
	struct live_changes *changes = &service->live_changes;
	struct keeper *keeper = &service->keeper;
	struct gathering gathering = { changes, changes->n + LIVE_WITHIN_MAX };

	if (indicator->kind == INDICATOR_NAME && indicator->below)
		return fail(why, ERR_FULL, "what is below a name is shown by a new snapshot");
	if (indicator->kind != INDICATOR_IP)
		return OK;
	TRY(evidence_within(keeper->db, &indicator->prefix, 0, gather, &gathering, why));
	return gather_places(
		changes, keeper_rules(keeper), &indicator->prefix, gathering.most, why);
}

enum err override_show(
	struct service *service, const struct indicator *indicator, bool *is_shown, struct why *why)
{
	struct keeper *keeper = &service->keeper;
	CLEANUP(buf_done) struct buf key = { 0 };
	size_t before = service->live_changes.n;
	struct why unfit;

	*is_shown = false;
	TRY(scoring_reload_rules(&keeper->scoring, keeper->db, clock_now_s(keeper->clock), why));
	indicator_key(&key, indicator);
	builder_note_rule(&service->builder, buf_view(&key));
	/* a new generation in any case: it shows what the live copy has no place for */
	service_want_build(service, 0);
	if (keeper->live == NULL || live_show(keeper, buf_view(&key), &unfit) != OK)
		return OK;
	*is_shown = true;
	if (gather_within(service, indicator, &unfit) != OK) {
		service->live_changes.n = before;
		return OK;
	}
	for (size_t i = before; i < service->live_changes.n; i++)
		builder_note_rule(&service->builder, service->live_changes.keys[i]);
	(void)override_live_turn(service);
	return OK;
}

bool override_live_turn(struct service *service)
{
	struct keeper *keeper = &service->keeper;
	struct live_changes *changes = &service->live_changes;
	int64_t end_ns = clock_monotonic_ns(keeper->clock) + SLICE_NS;
	struct why why;

	while (changes->at < changes->n) {
		if (clock_monotonic_ns(keeper->clock) >= end_ns)
			return true;
		if (live_show(keeper, changes->keys[changes->at++], &why) == OK)
			continue;
		if (why.code != ERR_FULL)
			log_why(LOG_ERROR, "override_not_shown", &why);
		changes->at = changes->n;
	}
	changes_clear(changes);
	return false;
}
