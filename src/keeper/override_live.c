/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/override_live.h"

#include "base/clock.h"
#include "base/log.h"
#include "decision/override.h"
#include "decision/pending.h"
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

static bool holds(const struct indicator *outer, const struct indicator *inner)
{
	if (outer->kind != inner->kind)
		return false;
	if (outer->kind == INDICATOR_IP)
		return prefix_contains(&outer->prefix, &inner->prefix);
	if (outer->kind != INDICATOR_NAME || !outer->below || !str_ends(inner->text, outer->text))
		return false;
	return inner->text.n == outer->text.n ||
	       inner->text.p[inner->text.n - outer->text.n - 1] == '.';
}

/* Other rules within it may need an entry of their own, or need it no more. */
static enum err gather_places(struct live_changes *changes, const struct rules *rules,
	const struct indicator *outer, size_t most, struct why *why)
{
	const struct rule_place *places;
	size_t n = rules_places(rules, &places);
	CLEANUP(arena_done) struct arena arena = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct indicator indicator;

		arena_reset(&arena);
		TRY(indicator_from_key(places[i].key, &arena, &indicator, why));
		if (!holds(outer, &indicator))
			continue;
		if (changes->n >= most)
			return fail(why, ERR_FULL, "more than %d rules are held", LIVE_WITHIN_MAX);
		change_add(changes, places[i].key);
	}
	return OK;
}

/* ERR_FULL: what it holds is too much. */
static enum err gather_within(
	struct service *service, const struct indicator *indicator, struct why *why)
{
	struct live_changes *changes = &service->live_changes;
	struct keeper *keeper = &service->keeper;
	struct gathering gathering = { changes, changes->n + LIVE_WITHIN_MAX };

	if (indicator->kind == INDICATOR_IP)
		TRY(evidence_within(keeper->db, &indicator->prefix, 0, gather, &gathering, why));
	else if (indicator->kind == INDICATOR_NAME && indicator->below)
		TRY(evidence_below(keeper->db, indicator->text, 0, gather, &gathering, why));
	else
		return OK;
	return gather_places(changes, keeper_rules(keeper), indicator, gathering.most, why);
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
	if (keeper->live == NULL)
		return OK;
	if (live_show(keeper, buf_view(&key), &unfit) != OK) {
		log_why(LOG_NOTICE, "override_waits_for_a_build", &unfit);
		return OK;
	}
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

/* ---- by the clock ---- */

struct changed {
	struct db *db;
	int64_t now_s;
	int64_t *waited; /* overrides that ended while they waited */
	size_t n;
	size_t capacity;
	bool is_any; /* in force before, or now */
};

static enum err note_changed(void *state, const struct override *row, struct why *why)
{
	struct changed *changed = state;

	(void)why;
	if (row->starts_s != 0) {
		changed->is_any = true;
		return OK;
	}
	if (changed->n == changed->capacity) {
		changed->capacity = changed->capacity * 2 + 16;
		changed->waited =
			realloc(changed->waited, changed->capacity * sizeof *changed->waited);
		must(changed->waited != NULL);
	}
	changed->waited[changed->n++] = row->id;
	return OK;
}

/* Nobody can approve what has ended. */
static enum err waited_close(const struct changed *changed, struct why *why)
{
	char subject[24];

	if (changed->n == 0)
		return OK;
	TRY(db_begin(changed->db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = changed->db;
	for (size_t i = 0; i < changed->n; i++) {
		(void)snprintf(subject, sizeof subject, "%lld", (long long)changed->waited[i]);
		TRY(pending_overtaken(
			changed->db, PENDING_OVERRIDE, str_c(subject), changed->now_s, why));
	}
	return db_commit(open, why);
}

void overrides_by_clock(struct service *service)
{
	struct keeper *keeper = &service->keeper;
	struct changed changed = { .db = keeper->db, .now_s = clock_now_s(keeper->clock) };
	struct why why;

	if (service->overrides_due_s == 0 || changed.now_s < service->overrides_due_s)
		return;
	/* an override that ends by itself ends in every answer with a snapshot, built at once */
	if (override_changes(keeper->db, service->overrides_seen_s, changed.now_s, note_changed,
		    &changed, &why) != OK ||
		waited_close(&changed, &why) != OK)
		log_why(LOG_ERROR, "overrides_not_read", &why);
	else
		service->overrides_seen_s = changed.now_s;
	if (changed.is_any)
		service_rules_changed(service);
	free(changed.waited);
	service_overrides_changed(service);
}

void overrides_since(struct service *service, int64_t since_s)
{
	service->overrides_seen_s = since_s;
	service->overrides_due_s = 1;
	overrides_by_clock(service);
}
