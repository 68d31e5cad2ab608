/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kill -9 of the importing process at random moments, on both drivers: every batch that was
 * acknowledged is there, and when the import goes on until it is done, the rows are those of an
 * import that nobody disturbed.
 */
#include "store/fixture.h"

#include "evidence/make_claim.h"

#include "evidence/import.h"
#include "evidence/query.h"
#include "evidence/schema.h"

#include <signal.h>
#include <sodium.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 12, BATCHES = 60, BATCH_ROWS = 60, PAUSE_MAX_NS = 30 * 1000 * 1000 };

static const int64_t start_s = 1700000000;

static struct db *store(const char *url)
{
	struct db *db = opened(url, DB_READ_WRITE);

	WORKS(db_migrate(db, evidence_migrations, EVIDENCE_MIGRATIONS, 1, &why));
	return db;
}

/* Batch i of reading number reading; some keys come in several batches. */
static void batch_make(int reading, int i, struct claim_batch *batch)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct prop prop = { (uint64_t)(reading * 1000 + i + 1) };

	for (int n = 0; n < BATCH_ROWS; n++) {
		struct claim claim = make_claim(&prop, &arena);

		claim_batch_add(batch, &claim);
	}
	claim_batch_sort(batch);
}

static struct import *begun(struct db *db, enum import_kind kind, int reading)
{
	struct import_request request = { .source = STR("list"),
		.kind = kind,
		.now_s = start_s + reading * 3600,
		.content_hash = { (uint8_t)reading } };
	struct import *import;
	bool is_unchanged;

	WORKS(import_begin(db, &request, &import, &is_unchanged, &why));
	assert_false(is_unchanged);
	return import;
}

/* Imports a reading; tells each acknowledged batch on out unless it is -1. */
static void reading_in(struct db *db, enum import_kind kind, int reading, int out)
{
	struct import *import = begun(db, kind, reading);
	struct import_reading summary = { .accepted = BATCHES * BATCH_ROWS };
	struct import_result result;

	for (int i = 0; i < BATCHES; i++) {
		CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };

		batch_make(reading, i, &batch);
		WORKS(import_batch(import, &batch, &why));
		if (out != -1)
			must(write(out, &i, sizeof i) == sizeof i);
	}
	WORKS(import_finish(&import, &summary, STR(""), STR(""), &result, &why));
}

static enum err key_seen(void *state, const struct evidence *row, struct why *why)
{
	(void)row;
	(void)why;
	++*(size_t *)state;
	return OK;
}

/* Are all claims of batches 0..last in the store? */
static void all_there(struct db *db, int reading, int last)
{
	for (int i = 0; i <= last; i++) {
		CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
		CLEANUP(arena_done) struct arena arena = { 0 };

		batch_make(reading, i, &batch);
		for (size_t n = 0; n < batch.n; n += 7) {
			struct claim claim;
			size_t seen = 0;

			WORKS(claim_from_row(&batch, &batch.rows[n], &arena, &claim, &why));
			WORKS(evidence_of(db, &claim.indicator, 0, key_seen, &seen, &why));
			assert_true(seen > 0);
		}
	}
}

/* Kills a child in the middle of the reading; returns false when the child was done before. */
static bool killed(const char *url, enum import_kind kind, int reading, int64_t pause_ns)
{
	struct timespec pause = { 0, pause_ns };
	int ends[2];
	int last = -1;
	int told;
	int status;
	pid_t child;

	must(pipe(ends) == 0);
	child = fork();
	must(child != -1);
	if (child == 0) {
		reading_in(store(url), kind, reading, ends[1]);
		_exit(0);
	}
	must(close(ends[1]) == 0);
	must(read(ends[0], &told, sizeof told) == sizeof told);
	last = told;
	(void)nanosleep(&pause, NULL);
	must(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
	while (read(ends[0], &told, sizeof told) == sizeof told)
		last = told;
	must(close(ends[0]) == 0);

	CLEANUP(db_close) struct db *db = store(url);

	all_there(db, reading, last);
	return WIFSIGNALED(status);
}

static enum err add_row(void *state, const struct evidence *row, struct why *why)
{
	crypto_generichash_state *hash = state;
	CLEANUP(buf_done) struct buf text = { 0 };

	(void)why;
	buf_hex(&text, (const uint8_t *)row->key.p, row->key.n);
	buf_fmt(&text, " %u %d %d %d %d %llu %lld %lld %lld %.15g %.15g %lld %.*s", row->source,
		row->role, row->category, row->tlp, row->confidence, (unsigned long long)row->count,
		(long long)row->first_seen_s, (long long)row->last_seen_s, (long long)row->ended_s,
		row->recent, row->lasting, (long long)row->decayed_at_s, STR_FMT(row->reference));
	must(crypto_generichash_update(hash, (const uint8_t *)text.data, text.n) == 0);
	return OK;
}

static void rows_hash(struct db *db, uint8_t out[32])
{
	crypto_generichash_state hash;

	must(crypto_generichash_init(&hash, NULL, 0, 32) == 0);
	WORKS(evidence_scan(db, 0, add_row, &hash, &why));
	must(crypto_generichash_final(&hash, out, 32) == 0);
}

static bool is_done(const char *url, int reading)
{
	CLEANUP(db_close) struct db *db = store(url);

	return number(db, "SELECT count(*) FROM run WHERE state = 'done'") >= reading;
}

static void kill_and_compare(void **state, enum import_kind kind)
{
	const char *url = place_fresh(the_place(state));
	struct prop prop = { prop_env("PEHRA_SEED", 11) };
	CLEANUP(db_close) struct db *calm = store(place_fresh(the_place(state)));
	CLEANUP(db_close) struct db *db = NULL;
	uint8_t expected[32];
	uint8_t found[32];
	int kills = 0;
	int rounds = 0;

	for (int reading = 1; reading <= 3; reading++) {
		/* on a fast machine a kill may come after the end: then there is nothing left to do
		 */
		for (int round = 0; round < ROUNDS / 3 && !is_done(url, reading); round++) {
			rounds++;
			kills += killed(
				url, kind, reading, (int64_t)prop_below(&prop, PAUSE_MAX_NS));
		}
		if (db == NULL)
			db = store(url);
		if (!is_done(url, reading))
			reading_in(db, kind, reading, -1);
		reading_in(calm, kind, reading, -1);
		rows_hash(db, found);
		rows_hash(calm, expected);
		assert_memory_equal(found, expected, sizeof found);
	}
	print_message("%d of %d rounds were killed in the middle\n", kills, rounds);
	assert_true(kills > rounds / 2);
	assert_int_equal(number(db, "SELECT count(*) FROM run"), 3);
}

static void test_list(void **state)
{
	kill_and_compare(state, IMPORT_FULL_LIST);
}

static void test_news(void **state)
{
	kill_and_compare(state, IMPORT_ADDITIONS);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_news),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
