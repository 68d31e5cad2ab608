/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evidence in memory against the store: a small history, imported day by day as feeds are, gives
 * the same rows, the same changes of a week and the same absences.
 */
#include "store/fixture.h"

#include "bench/score/ledger.h"
#include "bench/score/world.h"

#include "base/clock.h"
#include "evidence/import.h"
#include "evidence/query.h"
#include "evidence/schema.h"

#include <math.h>

enum { DAYS = 50, WEEK = 7 };

struct made {
	struct world *world;
	struct ledger now;
	struct ledger then; /* a week earlier */
	struct db *db;
	uint16_t *numbers; /* of sources by their number in the store */
	size_t met;
};

/* ---- importing ---- */

/* What one source says on one day: its whole list, or its news. */
static void batch_make(
	const struct made *made, uint16_t source, int32_t day, struct claim_batch *batch)
{
	const struct history *history = &made->world->history;
	const struct history_source *teller = &history->sources[source];
	int64_t now_s = history_read_s(history, (uint32_t)day);

	for (uint32_t i = 0; i < history->indicator_count; i++) {
		const struct ledger_row *row = ledger_find(&made->now, i, source);
		struct claim claim = {
			.indicator = { .kind = INDICATOR_IP, .prefix = history->indicators[i] },
			.role = teller->role,
			.category = teller->category,
			.confidence = CONFIDENCE_UNKNOWN,
			.count = 1,
		};
		bool is_told = row != NULL &&
			       (teller->is_news ? row->last_seen_s == now_s : row->ended_s == 0);

		if (!is_told)
			continue;
		claim.last_seen_s = teller->is_dated ? row->last_seen_s : 0;
		claim_batch_add(batch, &claim);
	}
	claim_batch_sort(batch);
}

static void import_day(const struct made *made, uint16_t source, int32_t day)
{
	const struct history *history = &made->world->history;
	struct import_request request = { .source = history->sources[source].name,
		.kind = history->sources[source].is_news ? IMPORT_ADDITIONS : IMPORT_FULL_LIST,
		.now_s = history_read_s(history, (uint32_t)day) };
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	struct import_reading reading = { 0 };
	struct import_result result;
	struct import *import;
	bool is_unchanged;

	batch_make(made, source, day, &batch);
	WORKS(import_begin(made->db, &request, &import, &is_unchanged, &why));
	WORKS(import_batch(import, &batch, &why));
	WORKS(import_finish(&import, &reading, STR(""), STR(""), &result, &why));
}

static void import_all(struct made *made)
{
	const struct history *history = &made->world->history;

	for (int32_t day = 0; day < DAYS; day++) {
		ledger_to(&made->now, day);
		for (uint16_t source = 0; source < history->source_count; source++)
			import_day(made, source, day);
	}
}

/* ---- comparing ---- */

static enum err note_source(void *state, const struct source_status *row, struct why *why)
{
	struct made *made = state;
	const struct history *history = &made->world->history;

	(void)why;
	for (uint16_t i = 0; i < history->source_count; i++) {
		if (str_eq(history->sources[i].name, row->name))
			made->numbers[row->id] = i;
	}
	return OK;
}

static uint32_t indicator_of(const struct made *made, struct str key)
{
	const struct history *history = &made->world->history;
	struct arena arena = { 0 };
	struct indicator indicator;
	uint32_t low = 0;
	uint32_t high = (uint32_t)history->indicator_count;

	WORKS(indicator_from_key(key, &arena, &indicator, &why));
	arena_done(&arena);
	while (low + 1 < high) {
		uint32_t middle = low + (high - low) / 2;

		if (prefix_cmp(&history->indicators[middle], &indicator.prefix) <= 0)
			low = middle;
		else
			high = middle;
	}
	assert_int_equal(prefix_cmp(&history->indicators[low], &indicator.prefix), 0);
	return low;
}

static bool is_close(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

static void same_row(
	const struct made *made, const struct evidence *row, const struct ledger_row *ours)
{
	assert_non_null(ours);
	assert_int_equal(row->role, made->world->history.sources[ours->source].role);
	assert_int_equal(row->first_seen_s, ours->first_seen_s);
	assert_int_equal(row->last_seen_s, ours->last_seen_s);
	assert_int_equal(row->started_s, ours->started_s);
	assert_int_equal(row->ended_s, ours->ended_s);
	assert_int_equal(row->decayed_at_s, ours->decayed_at_s);
	assert_int_equal(row->episodes, ours->episodes);
	assert_true(is_close(row->recent, ours->recent));
	assert_true(is_close(row->lasting, ours->lasting));
}

static enum err compare_row(void *state, const struct evidence *row, struct why *why)
{
	struct made *made = state;

	(void)why;
	same_row(made, row,
		ledger_find(&made->now, indicator_of(made, row->key), made->numbers[row->source]));
	made->met++;
	return OK;
}

static enum err compare_change(void *state, const struct evidence_change *row, struct why *why)
{
	struct made *made = state;
	uint32_t indicator = indicator_of(made, row->then.key);
	uint16_t source = made->numbers[row->then.source];
	const struct ledger_row *now = ledger_find(&made->now, indicator, source);
	const struct ledger_row *then = ledger_find(&made->then, indicator, source);
	int64_t then_s = history_judge_s(&made->world->history, (uint32_t)made->then.day);

	(void)why;
	assert_non_null(now);
	assert_int_equal(row->was_known, then != NULL);
	assert_int_equal(row->is_news, now->sighted_s > then_s);
	if (then != NULL)
		same_row(made, &row->then, then);
	else
		assert_int_equal(row->then.started_s, now->first_seen_s);
	/* rows are numbered alike in both */
	assert_true(then == NULL || then - made->then.rows == now - made->now.rows);
	made->met++;
	return OK;
}

struct absences {
	size_t n;
	size_t returned;
	double days;
};

static enum err count_absence(
	void *state, uint8_t role, double age_days, bool has_returned, struct why *why)
{
	struct absences *absences = state;

	(void)role;
	(void)why;
	absences->n++;
	absences->returned += has_returned;
	absences->days += age_days;
	return OK;
}

static void compare_absences(struct made *made)
{
	int64_t now_s = history_judge_s(&made->world->history, DAYS - 1);
	struct absences stored = { 0 };
	struct absences ours = { 0 };

	WORKS(evidence_absences(made->db, 0, now_s, count_absence, &stored, &why));
	for (size_t i = 0; i < made->now.absence_count; i++) {
		const struct ledger_absence *absence = &made->now.absences[i];
		bool has_returned = absence->returned_s != 0;

		ours.n++;
		ours.returned += has_returned;
		ours.days +=
			(double)((has_returned ? absence->returned_s : now_s) - absence->ended_s) /
			DAY_S;
	}
	assert_int_equal(stored.n, ours.n);
	assert_int_equal(stored.returned, ours.returned);
	assert_true(is_close(stored.days, ours.days));
	assert_true(ours.returned > 10 && ours.n > ours.returned);
}

static void test_store(void **state)
{
	struct world_settings settings;
	struct made made = { .db = fresh(state) };

	world_settings_default(&settings, 0.0004, DAYS);
	made.world = world_make(&settings);
	made.numbers = calloc(HISTORY_SOURCES_MAX + 1, sizeof *made.numbers);
	must(made.numbers != NULL);
	ledger_init(&made.now, &made.world->history);
	ledger_init(&made.then, &made.world->history);
	ledger_to(&made.then, DAYS - 1 - WEEK);
	WORKS(db_migrate(made.db, evidence_migrations, EVIDENCE_MIGRATIONS, 1, &why));
	import_all(&made);
	WORKS(source_list(made.db, STR(""), false, note_source, &made, &why));
	WORKS(evidence_scan(made.db, 0, compare_row, &made, &why));
	assert_int_equal(made.met, made.now.row_count);
	assert_true(made.met > 300);
	made.met = 0;
	WORKS(evidence_changes(made.db, history_judge_s(&made.world->history, DAYS - 1 - WEEK),
		compare_change, &made, &why));
	assert_int_equal(made.met, made.now.row_count);
	compare_absences(&made);
	free(made.numbers);
	ledger_done(&made.now);
	ledger_done(&made.then);
	world_free(&made.world);
	db_close(&made.db);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = { cmocka_unit_test(test_store) };

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
