/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Judging one indicator from the store against the sweep over the same store, and against the slow
 * judge (world.h): what is explained is what the snapshot shows.
 */
#include "snapshot/entries.h"
#include "snapshot/world.h"
#include "store/fixture.h"

#include "evidence/schema.h"
#include "pehra.h"
#include "snapshot/judge.h"

enum { ASKED_MAX = WORLD_SPOTS_MAX + WORLD_ROWS_MAX, WORLDS = 12 };

/* One row per source, indicator, role and category, as the store has it. */
static void rows_unique(struct world *world)
{
	size_t kept = 0;

	for (size_t i = 0; i < world->n; i++) {
		const struct compile_row *row = &world->rows[i].compiled;
		bool is_known = false;

		for (size_t j = 0; j < kept; j++) {
			const struct compile_row *other = &world->rows[j].compiled;

			is_known |= row->source == other->source && row->role == other->role &&
				    row->category == other->category &&
				    str_eq(row->key, other->key);
		}
		if (is_known)
			buf_done(&world->rows[i].key);
		else
			world->rows[kept++] = world->rows[i];
	}
	world->n = kept;
}

static void rows_store(struct db *db, const struct world *world)
{
	static const char sql[] =
		"INSERT INTO evidence (source, indicator, role, category, first_seen, last_seen,"
		" started, ended, count, confidence, tlp, reference, recent, lasting, decayed_at,"
		" sighted, run, changed, episodes) VALUES ($1, $2, $3, $4, $5, $6, $5, $7, 1, $8,"
		" 0, '', $9, $10, $11, 0, 0, $12, $13)";
	CLEANUP(db_finish) struct db_statement *insert = NULL;

	WORKS(db_begin(db, &why));
	run(db, "DELETE FROM evidence");
	WORKS(db_prepare(db, sql, &insert, &why));
	for (size_t i = 0; i < world->n; i++) {
		const struct compile_row *row = &world->rows[i].compiled;

		db_reset(insert);
		db_bind_i64(insert, 1, row->source);
		db_bind_bytes(insert, 2, row->key);
		db_bind_i64(insert, 3, row->role);
		db_bind_i64(insert, 4, row->category);
		db_bind_i64(insert, 5, row->first_seen_s);
		db_bind_i64(insert, 6, row->last_seen_s);
		db_bind_i64(insert, 7, row->is_listed ? 0 : row->last_seen_s);
		db_bind_i64(insert, 8, row->confidence);
		db_bind_double(insert, 9, row->recent);
		db_bind_double(insert, 10, row->lasting);
		db_bind_i64(insert, 11, row->decayed_at_s);
		db_bind_i64(insert, 12, world_now_s);
		db_bind_i64(insert, 13, (int64_t)row->episodes);
		WORKS(db_run(insert, NULL, &why));
	}
	WORKS(db_commit(db, &why));
}

static enum err take(void *state, const struct evidence *row, struct why *why)
{
	struct compile_row compiled = compile_row_of(row);

	return compile_add(state, &compiled, why);
}

static struct compile *swept(struct db *db, const struct world *world, struct snapshot_input *input)
{
	struct compile *compile = compile_new(&world->scoring, world_now_s);

	WORKS(evidence_scan(db, 0, take, compile, &why));
	compile_finish(compile, input);
	return compile;
}

static bool same_verdict(
	const struct snapshot_input *input, uint16_t id, const struct compile_entry *entry)
{
	struct pehra_verdict record = entries_record(input, id);

	record.source_set = 0;
	record.source_count = 0;
	return memcmp(&record, &entry->verdict, sizeof record) == 0;
}

/* The closest entry that is wider; 0: none. */
static uint16_t cover_of(const struct world *world, const struct snapshot_input *input,
	const struct indicator *of, struct indicator *cover)
{
	struct indicator spots[WORLD_SPOTS_MAX];
	size_t n = world_spots(world, spots);
	struct snapshot_detail detail;
	uint16_t id = 0;

	for (size_t i = 0; i < n; i++) {
		uint16_t its = entries_exact(input, &spots[i], &detail);

		if (its == 0 || !world_holds(&spots[i], of) || world_same(&spots[i], of) ||
			(id != 0 && !world_holds(cover, &spots[i])))
			continue;
		*cover = spots[i];
		id = its;
	}
	return id;
}

static void check_shown(struct db *db, const struct world *world,
	const struct snapshot_input *input, const struct judged *judged)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct judged_shown shown;
	struct snapshot_detail detail;
	struct indicator cover = { 0 };
	uint16_t id = entries_exact(input, &judged->indicator, &detail);
	uint16_t cover_id = cover_of(world, input, &judged->indicator, &cover);

	WORKS(judged_show(db, judged, &world->scoring, world_now_s, 0, &arena, &shown, &why));
	assert_int_equal(shown.has_entry, id != 0);
	if (id != 0) {
		assert_true(same_verdict(input, id, &shown.entry));
		assert_memory_equal(&shown.entry.detail, &detail, sizeof detail);
	}
	assert_int_equal(shown.has_cover, cover_id != 0);
	if (cover_id != 0) {
		assert_true(world_same(&shown.cover_of, &cover));
		assert_true(same_verdict(input, cover_id, &shown.cover));
	}
}

static void check_judged(struct db *db, const struct world *world,
	const struct snapshot_input *input, const struct indicator *asked)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct score_surroundings around;
	struct explanation explanation;
	struct world_found found;
	struct judged judged;
	struct world_found here;

	WORKS(judged_read(db, &world->scoring, asked, world_now_s, 0, &arena, &judged, &why));
	world_around(world, &judged.indicator, &around);
	assert_memory_equal(judged.around.near, around.near, sizeof around.near);
	assert_memory_equal(judged.around.network.log_odds, around.network.log_odds,
		sizeof around.network.log_odds);
	assert_int_equal(judged.around.is_noted, around.is_noted);
	assert_int_equal(judged.around.is_shared, around.is_shared);
	assert_int_equal(judged.around.is_cloud, around.is_cloud);
	WORKS(judged_explain(&judged, &world->scoring, world_now_s, &arena, &explanation, &why));
	world_judge(world, &judged.indicator, &found);
	world_judge(world, asked, &here);
	assert_memory_equal(
		explanation.score.log_odds, found.score.log_odds, sizeof found.score.log_odds);
	assert_memory_equal(explanation.score.value, found.score.value, sizeof found.score.value);
	assert_int_equal(explanation.score.action, found.score.action);
	assert_true(explanation.part_count <= judged.n + 10 * (size_t)ROLE_COUNT);
	if (world_same(asked, &judged.indicator))
		assert_int_equal(explanation.action, here.action);
	else
		assert_int_equal(
			explanation.action == PEHRA_ALLOW, world_rule(world, asked) == RULE_ALLOW);
	check_shown(db, world, input, &judged);
}

/* Spots of rows and rules, the very hosts of IPv6 rows, and what nobody names. */
static size_t all_asked(const struct world *world, struct indicator asked[ASKED_MAX + 2])
{
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 3, 9 };
	struct ipaddr ip = ip_from_u32(UINT32_C(0xc63364c8));
	size_t n = world_spots(world, asked);

	for (size_t i = 0; i < world->n; i++)
		asked[n++] = world->rows[i].indicator;
	asked[n++] = (struct indicator){ .kind = INDICATOR_IP, .prefix = prefix_host(&ip) };
	memcpy(ip.bytes, v6, sizeof v6);
	asked[n++] = (struct indicator){ .kind = INDICATOR_IP, .prefix = prefix_host(&ip) };
	return n;
}

static struct db *store_new(void **state)
{
	struct db *db = fresh(state);

	WORKS(db_migrate(db, evidence_migrations, EVIDENCE_MIGRATIONS, 1, &why));
	for (int i = 0; i < WORLD_SOURCES; i++) {
		char sql[200];

		(void)snprintf(sql, sizeof sql,
			"INSERT INTO source (id, name, family, created) VALUES (%d, '%c', '', 1)",
			i, 'a' + i);
		run(db, sql);
	}
	return db;
}

static void test_same_as_the_sweep(void **state)
{
	CLEANUP(db_close) struct db *db = store_new(state);
	static struct world world;
	uint64_t worlds = prop_env("PEHRA_CASES", WORLDS);

	for (uint64_t i = 0; i < worlds; i++) {
		struct prop prop = { prop_env("PEHRA_SEED", i * 7919 + 1) };
		struct indicator asked[ASKED_MAX + 2];
		struct snapshot_input input;
		struct compile *compile;
		size_t n;

		world_make(&prop, &world);
		rows_unique(&world);
		rows_store(db, &world);
		compile = swept(db, &world, &input);
		n = all_asked(&world, asked);
		print_message("world %llu\n", (unsigned long long)i * 7919 + 1);
		for (size_t j = 0; j < n; j++)
			check_judged(db, &world, &input, &asked[j]);
		compile_free(&compile);
		world_done(&world);
	}
}

/* As of a time before anything was known, nothing was. */
static void test_as_of(void **state)
{
	CLEANUP(db_close) struct db *db = store_new(state);
	CLEANUP(arena_done) struct arena arena = { 0 };
	static struct world world;
	struct prop prop = { 3 };
	struct judged judged;

	do {
		world_done(&world);
		world_make(&prop, &world);
		rows_unique(&world);
	} while (world.n == 0 || world.rule_count > 0);
	rows_store(db, &world);
	WORKS(judged_read(db, &world.scoring, &world.rows[0].indicator, world_now_s, world_now_s,
		&arena, &judged, &why));
	assert_true(judged.own > 0);
	WORKS(judged_read(db, &world.scoring, &world.rows[0].indicator, world_now_s - 1,
		world_now_s - 1, &arena, &judged, &why));
	assert_int_equal(judged.n, 0);
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		assert_int_equal(judged.around.near[role][0], 0);
	world_done(&world);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_the_sweep),
		cmocka_unit_test(test_as_of),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
