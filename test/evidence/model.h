/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules of import.h as a model in C, and random histories that are read into the store and into
 * the model alike. Sources: lists, one that gives news, one that only guards.
 */
#pragma once

#include "store/fixture.h"

#include "evidence/make_claim.h"

#include "base/clock.h"
#include "evidence/import.h"
#include "evidence/query.h"
#include "evidence/schema.h"

#include <math.h>

enum {
	ROWS_MAX = 6000,
	SOURCE_NEWS = 2, /* lists are 0, 1 */
	SOURCE_GUARD = 3,
	SOURCES = 4,
	ABSENCES_MAX = 20000
};

static const int64_t start_s = 1700000000;

struct model_row {
	int source;
	struct str key;
	uint8_t role;
	uint8_t category;
	int64_t first_s;
	int64_t last_s;
	int64_t started_s;
	int64_t ended_s;
	int64_t changed_s;
	double recent;
	double lasting;
	int64_t decayed_s;
	uint64_t count;
	uint64_t episodes;
	int confidence;
	int tlp;
	struct str reference;
	bool is_met;   /* in the reading under way */
	bool had_run;  /* a reading has met it: else it was reported alone */
	bool has_past; /* there was a state before: this began the first of them */
	int64_t past_started_s;
	int64_t past_changed_s;
};

/* A listing that ended, and when the next began; 0: not yet. */
struct model_absence {
	size_t row;
	int64_t ended_s;
	int64_t returned_s;
};

struct model {
	struct arena arena;
	struct model_row rows[ROWS_MAX];
	size_t n;
	struct model_absence absences[ABSENCES_MAX];
	size_t absence_count;
};

static inline struct model_row *model_find(struct model *model, int source,
	const struct claim_batch *batch, const struct claim_row *row)
{
	for (size_t i = 0; i < model->n; i++) {
		struct model_row *one = &model->rows[i];

		if (one->source == source && one->role == row->role &&
			one->category == row->category &&
			str_eq(one->key, claim_row_key(batch, row)))
			return one;
	}
	return NULL;
}

static inline double model_grown(double old, int64_t old_s, int64_t new_s, double half_life_d)
{
	double apart = fabs((double)(new_s - old_s)) / DAY_S / half_life_d;

	return new_s >= old_s ? old * exp2(-apart) + 1 : old + exp2(-apart);
}

static inline void model_sight(struct model_row *row, int64_t at_s)
{
	row->recent = model_grown(row->recent, row->decayed_s, at_s, 1.5);
	row->lasting = model_grown(row->lasting, row->decayed_s, at_s, 20);
	if (at_s > row->decayed_s)
		row->decayed_s = at_s;
}

static inline bool model_states_differ(const struct model_row *a, const struct model_row *b)
{
	return a->first_s != b->first_s || a->last_s != b->last_s || a->started_s != b->started_s ||
	       a->ended_s != b->ended_s || a->recent != b->recent || a->lasting != b->lasting ||
	       a->decayed_s != b->decayed_s || a->episodes != b->episodes ||
	       a->confidence != b->confidence || a->tlp != b->tlp ||
	       !str_eq(a->reference, b->reference);
}

/* What follows when row was old and is known anew since now_s. */
static inline void model_changed(
	struct model *model, struct model_row *row, const struct model_row *old, int64_t now_s)
{
	if (!model_states_differ(row, old))
		return;
	if (now_s > old->changed_s && !row->has_past) {
		row->has_past = true;
		row->past_started_s = old->started_s;
		row->past_changed_s = old->changed_s;
	}
	row->changed_s = now_s;
	for (size_t i = model->absence_count; i > 0 && row->started_s != old->started_s; i--) {
		struct model_absence *absence = &model->absences[i - 1];

		if (absence->row == (size_t)(row - model->rows)) {
			if (absence->returned_s == 0)
				absence->returned_s = row->started_s;
			break;
		}
	}
}

/* What one claim says, with now for what it does not. */
struct model_said {
	int64_t first_s;
	int64_t last_s;
	bool is_dated;
};

static inline struct model_said model_times(
	const struct claim_row *row, bool is_news, int64_t now_s)
{
	bool is_silent = row->last_seen_s == 0 || row->last_seen_s > now_s;
	int64_t last_s = is_silent ? now_s : row->last_seen_s;
	bool is_first_known = row->first_seen_s != 0 && row->first_seen_s <= last_s;

	return (struct model_said){ is_first_known ? row->first_seen_s : last_s, last_s,
		is_news || row->last_seen_s != 0 };
}

static inline void model_new(struct model *model, int source, bool is_news, int64_t now_s,
	const struct claim_batch *batch, const struct claim_row *row)
{
	struct model_said said = model_times(row, is_news, now_s);

	must(model->n < ROWS_MAX);
	model->rows[model->n++] = (struct model_row){
		.source = source,
		.key = arena_str(&model->arena, claim_row_key(batch, row)),
		.role = row->role,
		.category = row->category,
		.first_s = said.first_s,
		.last_s = said.last_s,
		.started_s = now_s,
		.ended_s = is_news ? said.last_s : 0,
		.changed_s = now_s,
		.recent = 1,
		.lasting = 1,
		.decayed_s = said.last_s,
		.count = row->count,
		.confidence = row->confidence,
		.tlp = row->tlp,
		.reference = arena_str(&model->arena, claim_row_reference(batch, row)),
	};
}

static inline void model_meet_in_list(
	struct model_row *one, const struct model_said *said, uint32_t count, int64_t now_s)
{
	bool returns = one->ended_s != 0;

	if (returns || (said->is_dated && said->last_s > one->last_s))
		model_sight(one, said->last_s);
	if ((said->is_dated || returns) && said->last_s > one->last_s)
		one->last_s = said->last_s;
	if (said->first_s < one->first_s && said->first_s < now_s)
		one->first_s = said->first_s;
	if (returns) {
		one->started_s = now_s;
		one->episodes++;
	}
	one->ended_s = 0;
	one->count = count > one->count ? count : one->count;
}

static inline void model_meet_as_news(
	struct model_row *one, const struct model_said *said, uint32_t count, int64_t now_s)
{
	if (said->last_s > one->last_s) {
		if (one->ended_s != 0 && said->last_s - one->last_s > DAY_S) {
			one->started_s = now_s;
			one->episodes++;
		}
		model_sight(one, said->last_s);
		one->last_s = said->last_s;
	}
	if (said->first_s < one->first_s)
		one->first_s = said->first_s;
	if (one->ended_s != 0 && said->last_s > one->ended_s)
		one->ended_s = said->last_s;
	one->count += count;
}

enum model_way { MODEL_LIST, MODEL_NEWS, MODEL_REPORT };

/* The rule as import.h tells it, for one batch per reading. */
static inline void model_merge(struct model *model, int source, enum model_way way, int64_t now_s,
	const struct claim_batch *batch, const struct claim_row *row)
{
	struct model_row *one = model_find(model, source, batch, row);
	struct str reference = claim_row_reference(batch, row);
	struct model_said said = model_times(row, way != MODEL_LIST, now_s);

	if (one == NULL) {
		model_new(model, source, way != MODEL_LIST, now_s, batch, row);
		one = &model->rows[model->n - 1];
	} else {
		struct model_row old = *one;

		if (way == MODEL_LIST)
			model_meet_in_list(one, &said, row->count, now_s);
		else
			model_meet_as_news(one, &said, row->count, now_s);
		one->confidence = row->confidence >= 0 ? row->confidence : one->confidence;
		/* reports of what no reading has met are one import without an end */
		if (way != MODEL_REPORT || one->had_run || row->tlp > one->tlp)
			one->tlp = row->tlp;
		if (reference.n > 0)
			one->reference = arena_str(&model->arena, reference);
		model_changed(model, one, &old, now_s);
	}
	one->is_met = true;
	one->had_run |= way != MODEL_REPORT;
}

/* What was listed until its end counts as seen until then. */
static inline void model_stood_by(struct model_row *row)
{
	double days = (double)(row->ended_s - row->decayed_s) / DAY_S;

	if (days <= 0)
		return;
	row->recent = fmax(1, row->recent * exp2(-days / 1.5));
	row->lasting = fmax(1, row->lasting * exp2(-days / 20));
	row->decayed_s = row->ended_s;
}

/* Ends what the list of source did not name; returns how many. */
static inline uint64_t model_end(struct model *model, int source, int64_t now_s)
{
	uint64_t ended = 0;

	for (size_t i = 0; i < model->n; i++) {
		struct model_row *row = &model->rows[i];
		struct model_row old = *row;

		if (row->source != source || row->is_met || row->ended_s != 0)
			continue;
		row->ended_s = row->started_s > now_s ? row->started_s : now_s;
		model_stood_by(row);
		model_changed(model, row, &old, now_s);
		must(model->absence_count < ABSENCES_MAX);
		model->absences[model->absence_count++] =
			(struct model_absence){ .row = i, .ended_s = row->ended_s };
		ended++;
	}
	return ended;
}

/* The clock went back: what is known counts as known since now. */
static inline void model_turn_back(struct model *model, int64_t now_s)
{
	for (size_t i = 0; i < model->n; i++) {
		struct model_row *row = &model->rows[i];

		if (row->changed_s > now_s)
			row->changed_s = now_s;
		row->has_past = row->has_past && row->past_changed_s < now_s;
	}
}

static inline const char *model_source_name(int source)
{
	static const char *const names[] = { "list-0", "list-1", "news", "guard" };

	_Static_assert(ARRAY_LEN(names) == SOURCES, "one name per source");
	return names[source];
}

static inline void model_claims(
	struct prop *prop, int64_t now_s, size_t n, struct arena *arena, struct claim_batch *out)
{
	for (; n > 0; n--) {
		struct claim claim = make_claim(prop, arena);

		/* few values each, so that now one and now another of them changes alone */
		claim.confidence = prop_below(prop, 3) > 0 ? CONFIDENCE_UNKNOWN : 50;
		claim.tlp = prop_below(prop, 4) > 0 ? TLP_GREEN : claim.tlp;
		claim.reference = prop_below(prop, 3) > 0 ? STR("x") : claim.reference;
		/* now and then ahead of now */
		if (claim.last_seen_s != 0)
			claim.last_seen_s = now_s + DAY_S - (int64_t)prop_below(prop, 20) * DAY_S;
		if (claim.first_seen_s != 0)
			claim.first_seen_s = start_s - (int64_t)prop_below(prop, 60) * DAY_S;
		claim_batch_add(out, &claim);
	}
	claim_batch_sort(out);
}

/* One reading of source, of fewer than most claims, into the store and the model. */
static inline void model_reading(struct db *db, struct model *model, struct prop *prop, int source,
	int64_t now_s, size_t most)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	bool is_news = source == SOURCE_NEWS;
	struct import_request request = { .source = str_c(model_source_name(source)),
		.now_s = now_s,
		.kind = is_news ? IMPORT_ADDITIONS : IMPORT_FULL_LIST };
	struct import_reading reading = { 0 };
	struct import_result result;
	struct import *import;
	bool is_unchanged;

	model_claims(prop, now_s, prop_below(prop, most), &arena, &batch);
	WORKS(import_begin(db, &request, &import, &is_unchanged, &why));
	WORKS(import_batch(import, &batch, &why));
	WORKS(import_finish(&import, &reading, STR(""), STR(""), &result, &why));
	for (size_t i = 0; i < model->n; i++)
		model->rows[i].is_met = false;
	for (size_t i = 0; i < batch.n; i++)
		model_merge(model, source, is_news ? MODEL_NEWS : MODEL_LIST, now_s, &batch,
			&batch.rows[i]);
	assert_int_equal(result.ended, is_news ? 0 : model_end(model, source, now_s));
	assert_int_equal(result.added + result.updated + result.kept, batch.n);
}

/* One claim that is reported alone. */
static inline void model_report(
	struct db *db, struct model *model, struct prop *prop, int source, int64_t now_s)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	struct claim claim;

	model_claims(prop, now_s, 1, &arena, &batch);
	WORKS(claim_from_row(&batch, &batch.rows[0], &arena, &claim, &why));
	WORKS(import_one(db, str_c(model_source_name(source)), &claim, now_s, &why));
	model_merge(model, source, MODEL_REPORT, now_s, &batch, &batch.rows[0]);
}

/* A store with the sources, numbered 1 .. SOURCES in their order. */
static inline void model_begin(struct db *db, struct model *model)
{
	model->n = model->absence_count = 0;
	arena_reset(&model->arena);
	WORKS(db_migrate(db, evidence_migrations, EVIDENCE_MIGRATIONS, 1, &why));
	for (int source = 0; source < SOURCES; source++) {
		struct source_properties properties = { .weight = (double)NAN,
			.purpose = source == SOURCE_GUARD ? PURPOSE_GUARD : PURPOSE_CLAIMS };

		WORKS(source_set(db, str_c(model_source_name(source)), &properties, start_s, &why));
	}
}

/* Rows that a query gave, with copies of their texts. */
struct all {
	struct arena arena;
	struct evidence rows[ROWS_MAX];
	size_t n;
};

static inline enum err keep(void *state, const struct evidence *row, struct why *why)
{
	struct all *all = state;

	(void)why;
	must(all->n < ROWS_MAX);
	all->rows[all->n] = *row;
	all->rows[all->n].key = arena_str(&all->arena, row->key);
	all->rows[all->n++].reference = arena_str(&all->arena, row->reference);
	return OK;
}

static inline void all_clear(struct all *all)
{
	all->n = 0;
	arena_reset(&all->arena);
}

static inline bool is_near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

static inline bool is_same_claim(const struct evidence *a, const struct evidence *b)
{
	return a->source == b->source && a->role == b->role && a->category == b->category &&
	       str_eq(a->key, b->key);
}

/* By its meaning: does outer take in inner, and is it another? */
static inline bool covers(const struct indicator *outer, const struct indicator *inner)
{
	CLEANUP(buf_done) struct buf tail = { 0 };

	if (outer->kind != inner->kind)
		return false;
	if (outer->kind == INDICATOR_IP)
		return prefix_is_v4(&outer->prefix) == prefix_is_v4(&inner->prefix) &&
		       outer->prefix.length < inner->prefix.length &&
		       prefix_contains(&outer->prefix, &inner->prefix);
	if (outer->kind != INDICATOR_NAME || !outer->below)
		return false;
	if (str_eq(outer->text, inner->text))
		return !inner->below;
	buf_fmt(&tail, ".%.*s", STR_FMT(outer->text));
	return str_ends(inner->text, buf_view(&tail));
}
