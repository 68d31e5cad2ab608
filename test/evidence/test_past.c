/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Past states: what is asked as of a time is what was scanned at that time, whatever came since;
 * what changed since, and how long listings were away. And a store that is older than past states.
 */
#include "evidence/model.h"

#include "evidence/retention.h"

enum { MEMORIES_MAX = 12 };

/* What was scanned at a time, of all claims. */
struct memory {
	int64_t at_s;
	struct all all;
};

struct world {
	struct db *db;
	struct model model;
	struct memory memories[MEMORIES_MAX];
	size_t n;
	struct all found;
	struct all now;
};

static void world_done(struct world *world)
{
	db_close(&world->db);
	arena_done(&world->model.arena);
	arena_done(&world->found.arena);
	arena_done(&world->now.arena);
	for (size_t i = 0; i < MEMORIES_MAX; i++)
		arena_done(&world->memories[i].all.arena);
	free(world);
}

static struct world *world_new(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	must(world != NULL);
	world->db = fresh(state);
	model_begin(world->db, &world->model);
	return world;
}

static void remember(struct world *world, int64_t at_s)
{
	struct memory *memory = &world->memories[world->n];

	if (world->n == MEMORIES_MAX)
		return;
	world->n++;
	memory->at_s = at_s;
	all_clear(&memory->all);
	WORKS(evidence_scan(world->db, 0, keep, &memory->all, &why));
}

/*
 * At now_s something happens: what was scanned at that time or later is not what is remembered of
 * it any more.
 */
static void forget_from(struct world *world, int64_t now_s)
{
	size_t kept = 0;

	for (size_t i = 0; i < world->n; i++) {
		if (world->memories[i].at_s >= now_s)
			continue;
		if (kept != i) {
			struct memory swap = world->memories[kept];

			world->memories[kept] = world->memories[i];
			world->memories[i] = swap;
		}
		kept++;
	}
	world->n = kept;
}

/* A count alone changes no state, so those that still last have the newest. */
static void counts_follow(struct world *world)
{
	all_clear(&world->now);
	WORKS(evidence_scan(world->db, 0, keep, &world->now, &why));
	for (size_t i = 0; i < world->n; i++) {
		struct all *all = &world->memories[i].all;
		size_t at = 0;

		/* both are in the order of scans */
		for (size_t k = 0; k < all->n; k++) {
			struct evidence *row = &all->rows[k];

			while (at < world->now.n && !is_same_claim(&world->now.rows[at], row))
				at++;
			must(at < world->now.n);
			if (world->now.rows[at].changed_s == row->changed_s)
				row->count = world->now.rows[at].count;
		}
	}
}

static void same_row(const struct evidence *have, const struct evidence *want)
{
	assert_true(is_same_claim(have, want));
	assert_int_equal(have->tlp, want->tlp);
	assert_int_equal(have->confidence, want->confidence);
	assert_int_equal(have->count, want->count);
	assert_int_equal(have->first_seen_s, want->first_seen_s);
	assert_int_equal(have->last_seen_s, want->last_seen_s);
	assert_int_equal(have->ended_s, want->ended_s);
	assert_true(have->recent == want->recent && have->lasting == want->lasting);
	assert_int_equal(have->decayed_at_s, want->decayed_at_s);
	assert_int_equal(have->episodes, want->episodes);
	assert_int_equal(have->started_s, want->started_s);
	assert_int_equal(have->changed_s, want->changed_s);
	assert_true(str_eq(have->reference, want->reference));
}

static void same_rows(const struct all *have, const struct evidence *const *want, size_t n)
{
	assert_int_equal(have->n, n);
	for (size_t i = 0; i < n; i++)
		same_row(&have->rows[i], want[i]);
}

static void scanned_as_remembered(struct world *world, const struct memory *memory)
{
	all_clear(&world->found);
	WORKS(evidence_scan(world->db, memory->at_s, keep, &world->found, &why));
	assert_int_equal(world->found.n, memory->all.n);
	for (size_t i = 0; i < memory->all.n; i++)
		same_row(&world->found.rows[i], &memory->all.rows[i]);
}

/* The remembered rows that a question is about, in the order of the answer. */
enum question { ASK_OF, ASK_WITHIN, ASK_SOURCE, ASK_COVERING };

static size_t remembered_of(struct world *world, const struct memory *memory, enum question ask,
	const struct indicator *what, uint32_t source, const struct evidence **out)
{
	CLEANUP(buf_done) struct buf key = { 0 };
	size_t n = 0;

	indicator_key(&key, what);
	for (size_t i = 0; i < memory->all.n; i++) {
		const struct evidence *row = &memory->all.rows[i];
		bool is_itself = str_eq(row->key, buf_view(&key));
		struct indicator one;

		WORKS(indicator_from_key(row->key, &world->found.arena, &one, &why));
		if ((ask == ASK_OF && is_itself) || (ask == ASK_COVERING && covers(&one, what)) ||
			(ask == ASK_WITHIN && (is_itself || covers(what, &one))) ||
			(ask == ASK_SOURCE && row->source == source))
			out[n++] = row;
	}
	return n;
}

static void asked_as_remembered(struct world *world, const struct memory *memory, struct prop *prop)
{
	const struct evidence *want[ROWS_MAX];
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct indicator what = make_indicator(prop, &arena);
	uint32_t source = 1 + (uint32_t)prop_below(prop, SOURCE_GUARD);
	struct all *found = &world->found;
	size_t n;

	all_clear(found);
	n = remembered_of(world, memory, ASK_OF, &what, 0, want);
	WORKS(evidence_of(world->db, &what, memory->at_s, keep, found, &why));
	same_rows(found, want, n);
	all_clear(found);
	n = remembered_of(world, memory, ASK_SOURCE, &what, source, want);
	WORKS(evidence_of_source(world->db, source, memory->at_s, keep, found, &why));
	same_rows(found, want, n);
	all_clear(found);
	n = remembered_of(world, memory, ASK_COVERING, &what, 0, want);
	WORKS(evidence_covering(world->db, &what, memory->at_s, keep, found, &why));
	assert_int_equal(found->n, n);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		/* from the nearest, or the widest: another order than that of keys */
		while (k < n && !is_same_claim(&found->rows[k], want[i]))
			k++;
		assert_true(k < n);
		same_row(&found->rows[k], want[i]);
	}
	if (what.kind != INDICATOR_IP)
		return;
	all_clear(found);
	n = remembered_of(world, memory, ASK_WITHIN, &what, 0, want);
	WORKS(evidence_within(world->db, &what.prefix, memory->at_s, keep, found, &why));
	same_rows(found, want, n);
}

struct comparing {
	struct world *world;
	const struct memory *then;
	size_t at_now;
	size_t at_then;
};

static int64_t first_start(const struct model *model, const struct evidence *row)
{
	for (size_t i = 0; i < model->n; i++) {
		const struct model_row *one = &model->rows[i];

		if (one->source + 1 == (int)row->source && one->role == row->role &&
			one->category == row->category && str_eq(one->key, row->key))
			return one->has_past ? one->past_started_s : one->started_s;
	}
	return -1;
}

static enum err compare_change(void *state, const struct evidence_change *change, struct why *why)
{
	struct comparing *comparing = state;
	const struct evidence *now = &comparing->world->now.rows[comparing->at_now++];
	const struct all *all = &comparing->then->all;

	(void)why;
	assert_true(is_same_claim(&change->then, now));
	if (comparing->at_then < all->n && is_same_claim(&all->rows[comparing->at_then], now)) {
		assert_true(change->was_known);
		same_row(&change->then, &all->rows[comparing->at_then++]);
	} else {
		assert_false(change->was_known);
		assert_int_equal(
			change->then.started_s, first_start(&comparing->world->model, now));
	}
	assert_int_equal(change->is_news,
		now->changed_s > comparing->then->at_s && now->last_seen_s > comparing->then->at_s);
	return OK;
}

static void changes_as_remembered(struct world *world, const struct memory *memory)
{
	struct comparing comparing = { .world = world, .then = memory };

	all_clear(&world->now);
	WORKS(evidence_scan(world->db, 0, keep, &world->now, &why));
	WORKS(evidence_changes(world->db, memory->at_s, compare_change, &comparing, &why));
	assert_int_equal(comparing.at_now, world->now.n);
	assert_int_equal(comparing.at_then, memory->all.n);
}

static void all_as_remembered(struct world *world, struct prop *prop)
{
	for (size_t i = 0; i < world->n; i++) {
		const struct memory *memory = &world->memories[i];

		scanned_as_remembered(world, memory);
		changes_as_remembered(world, memory);
		for (int question = 0; question < 12; question++)
			asked_as_remembered(world, memory, prop);
	}
}

/* One more reading or a few reports; what lies at now_s or behind is no longer past. */
static void step(struct world *world, struct prop *prop, int64_t now_s)
{
	forget_from(world, now_s);
	if (prop_below(prop, 3) > 0) {
		model_reading(
			world->db, &world->model, prop, (int)prop_below(prop, SOURCES), now_s, 120);
	} else {
		for (uint64_t n = 1 + prop_below(prop, 30); n > 0; n--)
			model_report(world->db, &world->model, prop, (int)prop_below(prop, SOURCES),
				now_s);
	}
	counts_follow(world);
}

/* Steps of seconds and of days; now and then the clock stands still, or goes back. */
static int64_t next_time(struct world *world, struct prop *prop, int64_t now_s)
{
	uint64_t way = prop_below(prop, 10);

	if (way == 0)
		return now_s;
	if (way > 1)
		return now_s + 1 + (way < 5 ? 0 : (int64_t)prop_below(prop, 5 * DAY_S));
	now_s -= 1 + (int64_t)prop_below(prop, 4) * DAY_S;
	model_turn_back(&world->model, now_s);
	return now_s;
}

static void test_histories(void **state)
{
	uint64_t only = prop_env("PEHRA_SEED", 0);
	uint64_t cases = prop_env("PEHRA_CASES", 6);

	for (uint64_t seed = only != 0 ? only : 1; seed <= (only != 0 ? only : cases); seed++) {
		struct world *world = world_new(state);
		struct prop prop = { seed };
		int64_t now_s = start_s;
		size_t compared = 0;

		print_message("seed %llu\n", (unsigned long long)seed);
		for (int i = 0; i < 40; i++) {
			now_s = next_time(world, &prop, now_s);
			step(world, &prop, now_s);
			if (prop_below(&prop, 2) == 0)
				remember(world, now_s);
			if (i % 13 == 12)
				all_as_remembered(world, &prop);
			compared += world->n;
		}
		all_as_remembered(world, &prop);
		assert_true(compared > 0);
		world_done(world);
	}
}

struct absences {
	size_t away;
	size_t returned;
	double days[ROLE_COUNT];
};

static enum err sum_absence(
	void *state, uint8_t role, double age_days, bool has_returned, struct why *why)
{
	struct absences *sums = state;

	(void)why;
	assert_true(role < ROLE_COUNT && age_days >= 0);
	sums->returned += has_returned;
	sums->away += !has_returned;
	sums->days[role] += age_days;
	return OK;
}

/* How long listings were away, against the model's own list of endings. */
static void test_absences(void **state)
{
	struct world *world = world_new(state);
	struct prop prop = { prop_env("PEHRA_SEED", 5) };
	int64_t now_s = start_s;
	int64_t since_s;
	struct absences have = { 0 };
	struct absences want = { 0 };

	for (int i = 0; i < 60; i++) {
		now_s += 1 + (int64_t)prop_below(&prop, 2 * DAY_S);
		model_reading(world->db, &world->model, &prop, (int)prop_below(&prop, SOURCES),
			now_s, 120);
	}
	since_s = start_s + (now_s - start_s) / 3;
	now_s += DAY_S;
	for (size_t i = 0; i < world->model.absence_count; i++) {
		const struct model_absence *one = &world->model.absences[i];
		const struct model_row *row = &world->model.rows[one->row];
		int64_t until_s = one->returned_s != 0 ? one->returned_s : now_s;

		if (row->source == SOURCE_GUARD || one->ended_s < since_s)
			continue;
		want.returned += one->returned_s != 0;
		want.away += one->returned_s == 0;
		want.days[row->role] += (double)(until_s - one->ended_s) / DAY_S;
	}
	WORKS(evidence_absences(world->db, since_s, now_s, sum_absence, &have, &why));
	assert_int_equal(have.away, want.away);
	assert_int_equal(have.returned, want.returned);
	assert_true(want.away > 0 && want.returned > 0);
	for (int role = 0; role < ROLE_COUNT; role++)
		assert_true(is_near(have.days[role], want.days[role]));
	world_done(world);
}

/* Past states go when they were over before the given time, in steps. */
static void test_retention(void **state)
{
	struct world *world = world_new(state);
	struct prop prop = { 9 };
	int64_t now_s = start_s;
	int64_t before_s;
	int64_t expected;
	uint64_t removed = 0;
	bool is_more = true;

	for (int i = 0; i < 30; i++) {
		now_s += 1 + (int64_t)prop_below(&prop, DAY_S);
		step(world, &prop, now_s);
	}
	before_s = start_s + 8 * DAY_S;
	expected = number(world->db, "SELECT count(*) FROM evidence_past WHERE until < 1700691200");
	assert_true(expected > 20);
	while (is_more) {
		struct retention_result result;

		WORKS(retention_step(world->db, before_s, 10, &result, &is_more, &why));
		assert_true(result.past <= 10);
		removed += result.past;
	}
	assert_int_equal(removed, expected);
	assert_int_equal(
		number(world->db, "SELECT count(*) FROM evidence_past WHERE until < 1700691200"),
		0);
	WORKS(retention_step(
		world->db, INT64_MAX, 100000, &(struct retention_result){ 0 }, &is_more, &why));
	assert_int_equal(number(world->db, "SELECT count(*) FROM evidence_past"), 0);
	world_done(world);
}

static enum err first_row(void *state, const struct evidence *row, struct why *why)
{
	(void)why;
	*(struct evidence *)state = *row;
	return OK;
}

/* The row of the indicator with this last byte of its key. */
static struct evidence row_at(struct db *db, uint8_t last, int64_t as_of_s)
{
	struct ipaddr ip = ip_from_u32(0xc0000200U + last);
	struct indicator what = { .kind = INDICATOR_IP, .prefix = prefix_host(&ip) };
	struct evidence row = { 0 };

	WORKS(evidence_of(db, &what, as_of_s, first_row, &row, &why));
	return row;
}

static void insert_old(
	struct db *db, uint8_t last, int64_t started_s, int64_t ended_s, int64_t last_seen_s)
{
	static const char sql[] =
		"INSERT INTO evidence (source, indicator, role, category, first_seen, last_seen,"
		" started, ended, count, confidence, tlp, reference, recent, lasting, decayed_at,"
		" sighted, run) VALUES (1, $1, 0, 1, 50, $2, $3, $4, 1, -1, 0, 'x', 1.5, 2.5,"
		" $2, 0, 0)";
	struct ipaddr ip = ip_from_u32(0xc0000200U + last);
	struct indicator what = { .kind = INDICATOR_IP, .prefix = prefix_host(&ip) };
	CLEANUP(buf_done) struct buf key = { 0 };
	CLEANUP(db_finish) struct db_statement *insert = NULL;

	indicator_key(&key, &what);
	WORKS(db_prepare(db, sql, &insert, &why));
	db_bind_bytes(insert, 1, buf_view(&key));
	db_bind_i64(insert, 2, last_seen_s);
	db_bind_i64(insert, 3, started_s);
	db_bind_i64(insert, 4, ended_s);
	WORKS(db_run(insert, NULL, &why));
}

static void list_one(struct db *db, uint8_t last, int64_t now_s)
{
	struct ipaddr ip = ip_from_u32(0xc0000200U + last);
	struct claim claim = { .indicator = { .kind = INDICATOR_IP, .prefix = prefix_host(&ip) },
		.category = CATEGORY_SPAM,
		.confidence = CONFIDENCE_UNKNOWN,
		.count = 1 };
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	struct import_request request = {
		.source = STR("old"), .kind = IMPORT_FULL_LIST, .now_s = now_s
	};
	struct import_reading reading = { 0 };
	struct import_result result;
	struct import *import;
	bool is_unchanged;

	claim_batch_add(&batch, &claim);
	WORKS(import_begin(db, &request, &import, &is_unchanged, &why));
	WORKS(import_batch(import, &batch, &why));
	WORKS(import_finish(&import, &reading, STR(""), STR(""), &result, &why));
}

/* A store with rows of before there were past states takes its step, and goes on from there. */
static void test_migration(void **state)
{
	CLEANUP(db_close) struct db *db = fresh(state);

	WORKS(db_migrate(db, evidence_migrations, 1, 1, &why));
	run(db, "INSERT INTO source (id, name, family, created) VALUES (1, 'old', 'old', 1)");
	run(db, "INSERT INTO feed_state (source, state, last_attempt, last_success, failures,"
		" failure, etag, last_modified, content_hash, last_run)"
		" VALUES (1, 'done', 400, 400, 0, '', '', '', '', 0)");
	insert_old(db, 1, 100, 0, 100);   /* listed since 100 */
	insert_old(db, 2, 100, 0, 250);   /* and seen since */
	insert_old(db, 3, 100, 300, 200); /* left the list */
	run(db, "INSERT INTO episode (source, indicator, role, category, started, ended)"
		" SELECT source, indicator, role, category, started, ended FROM evidence"
		" WHERE ended <> 0");
	run(db, "INSERT INTO episode (source, indicator, role, category, started, ended)"
		" SELECT source, indicator, role, category, 60, 70 FROM evidence WHERE ended <> 0");

	WORKS(db_migrate(db, evidence_migrations, EVIDENCE_MIGRATIONS, 500, &why));
	WORKS(db_migrate(db, evidence_migrations, EVIDENCE_MIGRATIONS, 501, &why));
	assert_int_equal(row_at(db, 1, 0).changed_s, 100);
	assert_int_equal(row_at(db, 2, 0).changed_s, 250);
	assert_int_equal(row_at(db, 3, 0).changed_s, 300);
	assert_int_equal(row_at(db, 1, 0).episodes, 0);
	/* the listing that ended last is the current one */
	assert_int_equal(row_at(db, 3, 0).episodes, 1);
	assert_true(row_at(db, 3, 0).recent == 1.5);
	assert_int_equal(row_at(db, 3, 299).source, 0);
	assert_int_equal(number(db, "SELECT purpose + rule + standing + traits + cadence"
				    " FROM source"),
		0);

	list_one(db, 3, 600);
	assert_int_equal(row_at(db, 3, 0).ended_s, 0);
	assert_int_equal(row_at(db, 3, 0).episodes, 2);
	assert_int_equal(row_at(db, 3, 599).ended_s, 300);
	assert_true(row_at(db, 3, 599).recent == 1.5);
	assert_int_equal(row_at(db, 1, 0).ended_s, 600);
	assert_int_equal(row_at(db, 1, 599).ended_s, 0);
	assert_int_equal(row_at(db, 2, 249).source, 0);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histories),
		cmocka_unit_test(test_absences),
		cmocka_unit_test(test_retention),
		cmocka_unit_test(test_migration),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
