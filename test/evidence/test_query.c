/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queries against brute force over everything, and the merging rule against a model in C. */
#include "evidence/model.h"

static void same_as_model(const struct all *all, const struct model *model)
{
	size_t claims = 0;

	for (size_t i = 0; i < model->n; i++) {
		const struct model_row *want = &model->rows[i];
		const struct evidence *have = NULL;

		if (want->source == SOURCE_GUARD)
			continue;
		claims++;
		for (size_t k = 0; k < all->n && have == NULL; k++) {
			const struct evidence *row = &all->rows[k];

			if ((int)row->source == want->source + 1 && row->role == want->role &&
				row->category == want->category && str_eq(row->key, want->key))
				have = row;
		}
		must(have != NULL);
		assert_int_equal(have->first_seen_s, want->first_s);
		assert_int_equal(have->last_seen_s, want->last_s);
		assert_int_equal(have->started_s, want->started_s);
		assert_int_equal(have->ended_s, want->ended_s);
		assert_int_equal(have->changed_s, want->changed_s);
		assert_int_equal(have->episodes, want->episodes);
		assert_int_equal(have->decayed_at_s, want->decayed_s);
		assert_true(is_near(have->recent, want->recent));
		assert_true(is_near(have->lasting, want->lasting));
		assert_int_equal(have->count, want->count);
		assert_int_equal(have->confidence, want->confidence);
		assert_int_equal(have->tlp, want->tlp);
		assert_true(str_eq(have->reference, want->reference));
		assert_true(have->first_seen_s <= have->last_seen_s && have->recent >= 1);
	}
	assert_int_equal(all->n, claims);
}

/* Readings and reports of a random history. */
static void history(struct db *db, struct model *model, struct prop *prop, int readings)
{
	int64_t now_s = start_s;

	model_begin(db, model);
	for (int i = 0; i < readings; i++) {
		now_s += (int64_t)prop_below(prop, 10) * DAY_S + 1;
		model_reading(db, model, prop, (int)prop_below(prop, SOURCES), now_s, 80);
		for (uint64_t n = prop_below(prop, 20); n > 0; n--)
			model_report(db, model, prop, (int)prop_below(prop, SOURCES), now_s);
	}
}

static void test_model(void **state)
{
	static struct model model;
	static struct all all;

	for (uint64_t seed = 1; seed <= 4; seed++) {
		CLEANUP(db_close) struct db *db = fresh(state);
		struct prop prop = { prop_env("PEHRA_SEED", seed) };

		all_clear(&all);
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
		if (what.kind == INDICATOR_NAME && one.kind == INDICATOR_NAME)
			within += str_eq(one.text, what.text) ||
				  (str_ends(one.text, what.text) && one.text.n > what.text.n &&
					  one.text.p[one.text.n - what.text.n - 1] == '.');
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
	if (what.kind == INDICATOR_NAME) {
		WORKS(evidence_below(db, what.text, 0, keep, found, &why));
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
	/* asked for by its number, a source that only guards tells its rows, too */
	for (int source = 0; source < SOURCES; source++) {
		size_t expected = 0;

		for (size_t i = 0; i < model.n; i++)
			expected += model.rows[i].source == source;
		all_clear(&found);
		WORKS(evidence_of_source(db, (uint32_t)source + 1, 0, keep, &found, &why));
		assert_int_equal(found.n, expected);
		assert_true(expected > 0);
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
