/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queries against brute force over everything, and the merging rule against a model in C. */
#include "store/fixture.h"

#include "evidence/make_claim.h"

#include "base/clock.h"
#include "evidence/import.h"
#include "evidence/query.h"
#include "evidence/schema.h"

#include <math.h>

enum { ROWS_MAX = 4000, SOURCES = 3 };

static const int64_t start_s = 1700000000;

struct model_row {
	int source;
	struct str key;
	int role;
	int category;
	int64_t first_s;
	int64_t last_s;
	int64_t ended_s;
	double recent;
	double lasting;
	int64_t decayed_s;
	uint64_t count;
	int confidence;
	int tlp;
	struct str reference;
	bool is_met; /* in the reading under way */
};

struct model {
	struct arena arena;
	struct model_row rows[ROWS_MAX];
	size_t n;
};

static struct model_row *model_find(struct model *model, int source,
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

static double grown(double old, int64_t old_s, int64_t new_s, double half_life_d)
{
	double apart = fabs((double)(new_s - old_s)) / DAY_S / half_life_d;

	return new_s >= old_s ? old * exp2(-apart) + 1 : old + exp2(-apart);
}

static void model_sight(struct model_row *row, int64_t at_s)
{
	row->recent = grown(row->recent, row->decayed_s, at_s, 1.5);
	row->lasting = grown(row->lasting, row->decayed_s, at_s, 20);
	if (at_s > row->decayed_s)
		row->decayed_s = at_s;
}

/* The rule as import.h tells it, for one batch per reading. */
static void model_merge(struct model *model, int source, bool is_news, int64_t now_s,
	const struct claim_batch *batch, const struct claim_row *row)
{
	struct model_row *one = model_find(model, source, batch, row);
	bool is_silent = row->last_seen_s == 0 || row->last_seen_s > now_s;
	int64_t last_s = is_silent ? now_s : row->last_seen_s;
	int64_t first_s =
		row->first_seen_s == 0 || row->first_seen_s > last_s ? last_s : row->first_seen_s;
	bool is_dated = is_news || row->last_seen_s != 0;
	struct str reference = claim_row_reference(batch, row);

	if (one == NULL) {
		must(model->n < ROWS_MAX);
		model->rows[model->n++] = (struct model_row){ source,
			arena_str(&model->arena, claim_row_key(batch, row)), row->role,
			row->category, first_s, last_s, is_news ? last_s : 0, 1, 1, last_s,
			row->count, row->confidence, row->tlp, arena_str(&model->arena, reference),
			true };
		return;
	}

	bool returns = !is_news && one->ended_s != 0;

	if (returns || (is_dated && last_s > one->last_s))
		model_sight(one, last_s);
	if ((is_dated || returns) && last_s > one->last_s)
		one->last_s = last_s;
	if (first_s < one->first_s && first_s < (is_news ? INT64_MAX : now_s))
		one->first_s = first_s;
	one->ended_s = is_news ? one->last_s : 0;
	one->count = is_news                   ? one->count + row->count
		     : row->count > one->count ? row->count
					       : one->count;
	one->confidence = row->confidence >= 0 ? row->confidence : one->confidence;
	one->tlp = row->tlp;
	if (reference.n > 0)
		one->reference = arena_str(&model->arena, reference);
	one->is_met = true;
}

static void source_name(int source, char out[8])
{
	(void)snprintf(out, 8, "s%d", source);
}

static void reading_in(struct db *db, struct model *model, struct prop *prop, int source,
	int64_t now_s, size_t most)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	/* the last source gives news */
	bool is_news = source == SOURCES - 1;
	char name[8];
	struct import_request request = { .now_s = now_s,
		.kind = is_news ? IMPORT_ADDITIONS : IMPORT_FULL_LIST };
	struct import_reading reading = { 0 };
	struct import_result result;
	struct import *import;
	bool is_unchanged;
	uint64_t ended = 0;

	source_name(source, name);
	request.source = str_c(name);
	for (size_t n = prop_below(prop, most); n > 0; n--) {
		struct claim claim = make_claim(prop, &arena);

		if (claim.last_seen_s != 0)
			claim.last_seen_s = start_s + (int64_t)prop_below(prop, 60) * DAY_S;
		if (claim.first_seen_s != 0)
			claim.first_seen_s = start_s - (int64_t)prop_below(prop, 60) * DAY_S;
		claim_batch_add(&batch, &claim);
	}
	claim_batch_sort(&batch);
	WORKS(import_begin(db, &request, &import, &is_unchanged, &why));
	WORKS(import_batch(import, &batch, &why));
	WORKS(import_finish(&import, &reading, STR(""), STR(""), &result, &why));
	for (size_t i = 0; i < batch.n; i++)
		model_merge(model, source, is_news, now_s, &batch, &batch.rows[i]);
	for (size_t i = 0; i < model->n; i++) {
		struct model_row *row = &model->rows[i];

		if (row->source == source && !is_news && !row->is_met && row->ended_s == 0) {
			row->ended_s = now_s;
			ended++;
		}
		row->is_met = false;
	}
	assert_int_equal(result.ended, ended);
	assert_int_equal(result.added + result.updated + result.kept, batch.n);
}

struct all {
	struct arena arena;
	struct evidence rows[ROWS_MAX];
	size_t n;
};

static enum err keep(void *state, const struct evidence *row, struct why *why)
{
	struct all *all = state;

	(void)why;
	must(all->n < ROWS_MAX);
	all->rows[all->n] = *row;
	all->rows[all->n].key = arena_str(&all->arena, row->key);
	all->rows[all->n++].reference = arena_str(&all->arena, row->reference);
	return OK;
}

static bool is_near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

static void same_as_model(const struct all *all, const struct model *model)
{
	assert_int_equal(all->n, model->n);
	for (size_t i = 0; i < model->n; i++) {
		const struct model_row *want = &model->rows[i];
		const struct evidence *have = NULL;

		for (size_t k = 0; k < all->n && have == NULL; k++) {
			const struct evidence *row = &all->rows[k];

			/* sources are numbered in the order in which they came */
			if ((int)row->source == want->source + 1 && row->role == want->role &&
				row->category == want->category && str_eq(row->key, want->key))
				have = row;
		}
		must(have != NULL);
		assert_int_equal(have->first_seen_s, want->first_s);
		assert_int_equal(have->last_seen_s, want->last_s);
		assert_int_equal(have->ended_s, want->ended_s);
		assert_int_equal(have->decayed_at_s, want->decayed_s);
		assert_true(is_near(have->recent, want->recent));
		assert_true(is_near(have->lasting, want->lasting));
		assert_int_equal(have->count, want->count);
		assert_int_equal(have->confidence, want->confidence);
		assert_int_equal(have->tlp, want->tlp);
		assert_true(str_eq(have->reference, want->reference));
		assert_true(have->first_seen_s <= have->last_seen_s && have->recent >= 1);
	}
}

/* All readings of a random history, with clocks that now and then jump back. */
static void history(struct db *db, struct model *model, struct prop *prop, int readings)
{
	int64_t now_s = start_s;

	WORKS(db_migrate(db, evidence_migrations, EVIDENCE_MIGRATIONS, 1, &why));
	for (int source = 0; source < SOURCES; source++) {
		char name[8];

		source_name(source, name);
		WORKS(source_set(db, str_c(name),
			&(struct source_properties){ .weight = (double)NAN }, now_s, &why));
	}
	for (int i = 0; i < readings; i++) {
		now_s += (int64_t)prop_below(prop, 10) * DAY_S + 1;
		reading_in(db, model, prop, (int)prop_below(prop, SOURCES), now_s, 80);
	}
}

static void test_model(void **state)
{
	static struct model model;
	static struct all all;

	for (uint64_t seed = 1; seed <= 4; seed++) {
		CLEANUP(db_close) struct db *db = fresh(state);
		struct prop prop = { prop_env("PEHRA_SEED", seed) };

		model.n = all.n = 0;
		history(db, &model, &prop, 25);
		WORKS(evidence_scan(db, 0, keep, &all, &why));
		same_as_model(&all, &model);
		for (size_t i = 1; i < all.n; i++) {
			const struct evidence *a = &all.rows[i - 1];
			const struct evidence *b = &all.rows[i];

			assert_true(a->source < b->source ||
				    (a->source == b->source && str_cmp(a->key, b->key) <= 0));
		}
	}
	arena_done(&model.arena);
	arena_done(&all.arena);
}

/* By its meaning: does outer take in inner, and is it another? */
static bool covers(const struct indicator *outer, const struct indicator *inner)
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

static void queried(struct db *db, const struct all *all, struct prop *prop, struct all *found)
{
	struct indicator what = make_indicator(prop, &found->arena);
	CLEANUP(buf_done) struct buf key = { 0 };
	size_t same = 0;
	size_t above = 0;
	size_t within = 0;

	indicator_key(&key, &what);
	for (size_t i = 0; i < all->n; i++) {
		struct indicator one;

		WORKS(indicator_from_key(all->rows[i].key, &found->arena, &one, &why));
		same += str_eq(all->rows[i].key, buf_view(&key));
		above += covers(&one, &what);
		if (what.kind == INDICATOR_IP)
			within += covers(&what, &one) || str_eq(all->rows[i].key, buf_view(&key));
	}
	found->n = 0;
	WORKS(evidence_of(db, &what, 0, keep, found, &why));
	assert_int_equal(found->n, same);
	found->n = 0;
	WORKS(evidence_covering(db, &what, 0, keep, found, &why));
	assert_int_equal(found->n, above);
	found->n = 0;
	if (what.kind == INDICATOR_IP) {
		WORKS(evidence_within(db, &what.prefix, 0, keep, found, &why));
		assert_int_equal(found->n, within);
	}
}

static void test_queries(void **state)
{
	static struct model model;
	static struct all all;
	static struct all found;
	CLEANUP(db_close) struct db *db = fresh(state);
	struct prop prop = { prop_env("PEHRA_SEED", 21) };
	uint64_t count;

	history(db, &model, &prop, 25);
	WORKS(evidence_scan(db, 0, keep, &all, &why));
	WORKS(evidence_count(db, &count, &why));
	assert_int_equal(count, all.n);
	for (int i = 0; i < 200; i++) {
		queried(db, &all, &prop, &found);
		arena_reset(&found.arena);
	}
	for (uint32_t source = 1; source <= SOURCES; source++) {
		size_t expected = 0;

		for (size_t i = 0; i < all.n; i++)
			expected += all.rows[i].source == source;
		found.n = 0;
		WORKS(evidence_of_source(db, source, 0, keep, &found, &why));
		assert_int_equal(found.n, expected);
	}
	arena_done(&model.arena);
	arena_done(&all.arena);
	arena_done(&found.arena);
}

static enum err stop(void *state, const struct evidence *row, struct why *why)
{
	(void)row;
	++*(int *)state;
	why_set(why, ERR_LIMIT, 0, "enough");
	return ERR_LIMIT;
}

/* A caller that stops, stops; and the handle is free for the next. */
static void test_stopped(void **state)
{
	static struct model model;
	CLEANUP(db_close) struct db *db = fresh(state);
	struct prop prop = { 3 };
	int n = 0;

	history(db, &model, &prop, 8);
	FAILS(ERR_LIMIT, evidence_scan(db, 0, stop, &n, &why));
	FAILS(ERR_LIMIT, evidence_scan(db, 0, stop, &n, &why));
	assert_int_equal(n, 2);
	arena_done(&model.arena);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_stopped),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
