/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Imports on both drivers: the merging rule against a model in C, re-reads, endings, runs. */
#include "store/fixture.h"

#include "evidence/make_claim.h"

#include "base/clock.h"
#include "evidence/import.h"
#include "evidence/query.h"
#include "evidence/retention.h"
#include "evidence/schema.h"

#include <math.h>

static const int64_t start_s = 1700000000;

static struct db *evidence_store(void **state)
{
	struct db *db = fresh(state);

	WORKS(db_migrate(db, evidence_migrations, EVIDENCE_MIGRATIONS, 1, &why));
	return db;
}

static struct claim claim_of(const char *prefix, int64_t last_seen_s)
{
	struct claim claim = { .indicator = { .kind = INDICATOR_IP },
		.role = ROLE_SOURCE,
		.category = CATEGORY_SPAM,
		.confidence = CONFIDENCE_UNKNOWN,
		.count = 1,
		.last_seen_s = last_seen_s };

	WORKS(prefix_parse(str_c(prefix), NULL, &claim.indicator.prefix, &why));
	return claim;
}

static struct import *begun(struct db *db, enum import_kind kind, int64_t now_s, uint8_t hash)
{
	struct import_request request = { .source = STR("list"),
		.kind = kind,
		.now_s = now_s,
		.content_hash = { hash },
		.resume = STR("how") };
	struct import *import;
	bool is_unchanged;

	WORKS(import_begin(db, &request, &import, &is_unchanged, &why));
	assert_int_equal(is_unchanged, import == NULL);
	return import;
}

static void batch_in(struct import *import, const struct claim *claims, size_t n)
{
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };

	for (size_t i = 0; i < n; i++)
		claim_batch_add(&batch, &claims[i]);
	claim_batch_sort(&batch);
	WORKS(import_batch(import, &batch, &why));
}

static struct import_result finished(struct import *import)
{
	struct import_reading reading = { .lines = 5, .accepted = 4, .refused = 1 };
	struct import_result result;

	WORKS(import_finish(&import, &reading, STR("\"tag\""), STR("yesterday"), &result, &why));
	assert_null(import);
	return result;
}

static struct import_result listed(struct db *db, enum import_kind kind, int64_t now_s,
	uint8_t hash, const struct claim *claims, size_t n)
{
	struct import *import = begun(db, kind, now_s, hash);

	assert_non_null(import);
	batch_in(import, claims, n);
	return finished(import);
}

/* The one row of an indicator; its slices are dropped. */
static enum err keep_one(void *state, const struct evidence *row, struct why *why)
{
	struct evidence *out = state;

	(void)why;
	assert_int_equal(out->source, 0);
	*out = *row;
	out->key = out->reference = STR("");
	return OK;
}

static struct evidence row_about(struct db *db, const char *prefix)
{
	struct claim claim = claim_of(prefix, 0);
	struct evidence row = { 0 };

	WORKS(evidence_of(db, &claim.indicator, 0, keep_one, &row, &why));
	assert_int_not_equal(row.source, 0);
	return row;
}

static enum err count_episode(void *state, const struct episode *row, struct why *why)
{
	(void)why;
	assert_true(row->started_s <= row->ended_s);
	++*(int *)state;
	return OK;
}

static int episodes(struct db *db, const char *prefix)
{
	struct claim claim = claim_of(prefix, 0);
	int n = 0;

	WORKS(episodes_of(db, &claim.indicator, count_episode, &n, &why));
	return n;
}

static void changed(struct import_result result, uint64_t added, uint64_t updated, uint64_t kept,
	uint64_t ended)
{
	assert_int_equal(result.added, added);
	assert_int_equal(result.updated, updated);
	assert_int_equal(result.kept, kept);
	assert_int_equal(result.ended, ended);
}

/* A list that says no times: in, still in, out, back. */
static void test_life_of_a_listing(void **state)
{
	CLEANUP(db_close) struct db *db = evidence_store(state);
	struct claim both[] = { claim_of("192.0.2.1", 0), claim_of("192.0.2.2", 0) };
	int64_t now_s = start_s;
	struct evidence row;

	changed(listed(db, IMPORT_FULL_LIST, now_s, 1, both, 2), 2, 0, 0, 0);
	row = row_about(db, "192.0.2.1");
	assert_int_equal(row.first_seen_s, now_s);
	assert_true(row.recent == 1 && row.lasting == 1);
	/* the same again: nothing to do; other content that still names it: only met */
	assert_null(begun(db, IMPORT_FULL_LIST, now_s + 10, 1));
	changed(listed(db, IMPORT_FULL_LIST, now_s + DAY_S, 2, both, 2), 0, 0, 2, 0);
	row = row_about(db, "192.0.2.1");
	assert_int_equal(row.last_seen_s, now_s);
	assert_true(row.recent == 1);
	changed(listed(db, IMPORT_FULL_LIST, now_s + 2 * DAY_S, 3, both, 1), 0, 0, 1, 1);
	row = row_about(db, "192.0.2.2");
	assert_int_equal(row.ended_s, now_s + 2 * DAY_S);
	assert_int_equal(episodes(db, "192.0.2.2"), 1);
	/* it was listed until now: as if seen now */
	assert_int_equal(row.decayed_at_s, now_s + 2 * DAY_S);
	assert_true(row.recent == 1 && row.lasting == 1);
	/* it was away for a day */
	changed(listed(db, IMPORT_FULL_LIST, now_s + 3 * DAY_S, 1, both, 2), 1, 0, 1, 0);
	row = row_about(db, "192.0.2.2");
	assert_int_equal(row.ended_s, 0);
	assert_int_equal(row.first_seen_s, now_s);
	assert_int_equal(row.last_seen_s, now_s + 3 * DAY_S);
	assert_true(fabs(row.recent - (1 + exp2(-1 / 1.5))) < 1e-12);
	assert_true(fabs(row.lasting - (1 + exp2(-1.0 / 20))) < 1e-12);
}

static void test_times_said(void **state)
{
	CLEANUP(db_close) struct db *db = evidence_store(state);
	struct claim claim = claim_of("192.0.2.1", start_s - DAY_S);
	struct evidence row;

	claim.first_seen_s = start_s - 5 * DAY_S;
	changed(listed(db, IMPORT_FULL_LIST, start_s, 1, &claim, 1), 1, 0, 0, 0);
	changed(listed(db, IMPORT_FULL_LIST, start_s + 1, 2, &claim, 1), 0, 0, 1, 0);
	claim.last_seen_s = start_s;
	changed(listed(db, IMPORT_FULL_LIST, start_s + 2, 3, &claim, 1), 0, 1, 0, 0);
	row = row_about(db, "192.0.2.1");
	assert_int_equal(row.first_seen_s, start_s - 5 * DAY_S);
	assert_int_equal(row.last_seen_s, start_s);
	assert_true(fabs(row.recent - (1 + exp2(-1 / 1.5))) < 1e-12);
	/* ahead of now is now; earlier than known changes only the first time */
	claim.last_seen_s = start_s + 500 * DAY_S;
	changed(listed(db, IMPORT_FULL_LIST, start_s + 10, 4, &claim, 1), 0, 1, 0, 0);
	assert_int_equal(row_about(db, "192.0.2.1").last_seen_s, start_s + 10);
	claim.last_seen_s = 5;
	claim.first_seen_s = 4;
	changed(listed(db, IMPORT_FULL_LIST, start_s + 11, 5, &claim, 1), 0, 0, 1, 0);
	row = row_about(db, "192.0.2.1");
	assert_int_equal(row.first_seen_s, 4);
	assert_int_equal(row.last_seen_s, start_s + 10);
}

static void test_clock_jumps_back(void **state)
{
	CLEANUP(db_close) struct db *db = evidence_store(state);
	struct claim claim = claim_of("192.0.2.1", 0);
	struct claim other = claim_of("192.0.2.2", 0);
	struct evidence row;

	(void)listed(db, IMPORT_FULL_LIST, start_s, 1, &claim, 1);
	(void)listed(db, IMPORT_FULL_LIST, start_s - 90 * DAY_S, 2, &other, 1);
	row = row_about(db, "192.0.2.1");
	assert_int_equal(row.ended_s, start_s);
	assert_int_equal(episodes(db, "192.0.2.1"), 1);
	(void)listed(db, IMPORT_FULL_LIST, start_s - 89 * DAY_S, 3, &claim, 1);
	row = row_about(db, "192.0.2.1");
	assert_true(row.first_seen_s <= row.last_seen_s);
	assert_int_equal(row.last_seen_s, start_s);
	assert_int_equal(row.decayed_at_s, start_s);
	assert_true(row.recent == 1 && fabs(row.lasting - (1 + exp2(-89.0 / 20))) < 1e-12);
	(void)listed(db, IMPORT_FULL_LIST, start_s + INT64_C(100) * 365 * DAY_S, 4, &other, 1);
	(void)listed(db, IMPORT_FULL_LIST, start_s + INT64_C(104) * 365 * DAY_S, 5, &claim, 1);
	row = row_about(db, "192.0.2.1");
	assert_true(row.recent == 1 && row.lasting == 1);
}

/* News are sightings, not listings: nothing ends by absence, and nothing stands either. */
static void test_news(void **state)
{
	CLEANUP(db_close) struct db *db = evidence_store(state);
	struct claim claim = claim_of("192.0.2.1", 0);
	struct claim other = claim_of("192.0.2.2", 0);
	struct evidence row;

	changed(listed(db, IMPORT_ADDITIONS, start_s, 1, &claim, 1), 1, 0, 0, 0);
	changed(listed(db, IMPORT_ADDITIONS, start_s + 10, 2, &other, 1), 1, 0, 0, 0);
	row = row_about(db, "192.0.2.1");
	assert_int_equal(row.ended_s, start_s);
	claim.count = 7;
	changed(listed(db, IMPORT_ADDITIONS, start_s + 20, 3, &claim, 1), 0, 1, 0, 0);
	row = row_about(db, "192.0.2.1");
	assert_int_equal(row.count, 8);
	assert_int_equal(row.ended_s, start_s + 20);
	assert_true(row.recent > 1.99 && row.recent < 2);
	WORKS(import_one(db, STR("list"), &claim, start_s + 30, &why));
	row = row_about(db, "192.0.2.1");
	assert_int_equal(row.count, 15);
	assert_int_equal(row.ended_s, start_s + 30);
	assert_true(row.recent > 2.99 && row.recent < 3);
	WORKS(import_one(db, STR("sensor"), &other, start_s, &why));
	assert_int_equal(number(db, "SELECT count(*) FROM evidence"), 3);
	assert_int_equal(number(db, "SELECT count(*) FROM run"), 3);
}

static void test_batches_of_one_import(void **state)
{
	CLEANUP(db_close) struct db *db = evidence_store(state);
	CLEANUP(claim_batch_done) struct claim_batch unsorted = { 0 };
	struct claim claim = claim_of("192.0.2.1", start_s - 100);
	struct claim later = claim_of("192.0.2.1", start_s - 50);
	struct claim strict = later;
	struct import *import = begun(db, IMPORT_ADDITIONS, start_s, 0);
	struct evidence row;

	batch_in(import, &claim, 1);
	batch_in(import, &claim, 1);
	assert_int_equal(row_about(db, "192.0.2.1").count, 1);
	strict.tlp = TLP_RED;
	batch_in(import, &strict, 1);
	batch_in(import, &later, 1);
	row = row_about(db, "192.0.2.1");
	/* one import is one sighting, whatever its batches; the strictest label stays */
	assert_true(row.recent == 1);
	assert_int_equal(row.count, 3);
	assert_int_equal(row.last_seen_s, start_s - 50);
	assert_int_equal(row.tlp, TLP_RED);
	claim_batch_add(&unsorted, &claim);
	claim_batch_add(&unsorted, &later);
	FAILS(ERR_USAGE, import_batch(import, &unsorted, &why));
	/* and goes on after a batch that failed */
	claim = claim_of("192.0.2.9", 0);
	batch_in(import, &claim, 1);
	changed(finished(import), 2, 0, 0, 0);
	assert_int_equal(number(db, "SELECT count(*) FROM run_batch"), 0);
}

static enum err keep_status(void *state, const struct source_status *row, struct why *why)
{
	struct source_status *out = state;

	(void)why;
	*out = *row;
	assert_true(str_eq(row->name, STR("list")));
	/* texts do not outlive the row; what is compared is copied as a length */
	out->failure.p = NULL;
	out->etag.p = NULL;
	out->run_state = str_eq(row->run_state, STR("done"))          ? STR("done")
			 : str_eq(row->run_state, STR("failed"))      ? STR("failed")
			 : str_eq(row->run_state, STR("unchanged"))   ? STR("unchanged")
			 : str_eq(row->run_state, STR("running"))     ? STR("running")
			 : str_eq(row->run_state, STR("interrupted")) ? STR("interrupted")
								      : STR("?");
	return OK;
}

static struct source_status status(struct db *db, const char *run_state)
{
	struct source_status out = { 0 };

	WORKS(source_list(db, STR("list"), true, keep_status, &out, &why));
	assert_string_equal(out.run_state.p, run_state);
	return out;
}

static enum err count_unfinished(void *state, int64_t run, struct str resume, struct why *why)
{
	(void)why;
	assert_true(str_eq(resume, STR("how")));
	*(int64_t *)state = run;
	return OK;
}

static enum err keep_refusal(void *state, const struct import_refusal *row, struct why *why)
{
	(void)why;
	assert_true(str_eq(row->reason, STR("not an address")));
	assert_true(str_eq(row->sample, STR("\xff\0x")));
	assert_int_equal(row->line, 17);
	*(uint64_t *)state += row->count;
	return OK;
}

static void test_status_of_a_source(void **state)
{
	CLEANUP(db_close) struct db *db = evidence_store(state);
	struct claim both[] = { claim_of("192.0.2.1", 0), claim_of("192.0.2.2", 0) };
	struct import_refusal refusal = { STR("not an address"), 3, 17, STR("\xff\0x") };
	struct import_reading reading = { .lines = 9,
		.accepted = 2,
		.refused = 3,
		.format = STR("plain"),
		.refusals = &refusal,
		.refusal_count = 1 };
	struct source_properties properties = { .family = STR("family"), .weight = 2.5 };
	struct import *import;
	int64_t run = 0;
	uint64_t refused = 0;

	WORKS(source_set(db, STR("list"), &properties, start_s, &why));
	WORKS(import_failed(db, STR("list"), start_s, STR("no route \xff"), &why));
	WORKS(import_failed(db, STR("list"), start_s + 1, STR("no route"), &why));
	assert_int_equal(status(db, "failed").failures, 2);
	assert_int_equal(status(db, "failed").last_attempt_s, start_s + 1);
	assert_true(status(db, "failed").properties.weight == 2.5);
	(void)listed(db, IMPORT_FULL_LIST, start_s + 2, 1, both, 2);
	assert_int_equal(status(db, "done").failures, 0);
	assert_int_equal(status(db, "done").listed, 2);
	assert_int_equal(status(db, "done").etag.n, 5);
	WORKS(import_not_modified(db, STR("list"), start_s + 3, &why));
	assert_int_equal(status(db, "unchanged").last_success_s, start_s + 3);
	assert_int_equal(status(db, "unchanged").accepted, 4);

	/* an import that fails ends nothing, and its run tells why */
	import = begun(db, IMPORT_FULL_LIST, start_s + 4, 2);
	batch_in(import, &both[0], 1);
	assert_int_equal(status(db, "running").etag.n, 0);
	run = import_run(import);
	import_abort(&import, &reading, STR("the document is cut off"));
	assert_null(import);
	assert_int_equal(status(db, "failed").listed, 2);
	assert_int_equal(status(db, "failed").refused, 3);
	WORKS(refusals_of(db, run, keep_refusal, &refused, &why));
	assert_int_equal(refused, 3);
	/* what was read before it is no longer "unchanged" */
	assert_non_null(import = begun(db, IMPORT_FULL_LIST, start_s + 5, 1));
	batch_in(import, both, 2);
	import_leave(&import);
	run = 0;
	WORKS(import_unfinished(db, count_unfinished, &run, &why));
	assert_int_not_equal(run, 0);
	WORKS(import_interrupted(db, run, start_s + 6, &why));
	(void)status(db, "interrupted");
	/* over the same input it goes on as the same run */
	import = begun(db, IMPORT_FULL_LIST, start_s + 7, 1);
	assert_int_equal(import_run(import), run);
	batch_in(import, both, 2);
	changed(finished(import), 0, 0, 2, 0);
	assert_int_equal(status(db, "done").last_run, run);
}

static void test_retention(void **state)
{
	CLEANUP(db_close) struct db *db = evidence_store(state);
	struct claim claims[30];
	struct retention_result total = { 0 };
	bool is_more = true;
	int steps = 0;

	for (int i = 0; i < 30; i++) {
		char text[32];

		(void)snprintf(text, sizeof text, "192.0.2.%d", i);
		claims[i] = claim_of(text, 0);
	}
	(void)listed(db, IMPORT_FULL_LIST, start_s, 1, claims, 30);
	(void)listed(db, IMPORT_FULL_LIST, start_s + 10, 2, claims, 20);
	(void)listed(db, IMPORT_FULL_LIST, start_s + 20, 3, claims, 5);
	while (is_more) {
		struct retention_result step;

		WORKS(retention_step(db, start_s + 15, 3, &step, &is_more, &why));
		assert_true(step.evidence <= 3 && step.episodes <= 3 && step.runs <= 3);
		total.evidence += step.evidence;
		total.episodes += step.episodes;
		total.runs += step.runs;
		steps++;
	}
	assert_int_equal(total.evidence, 10);
	assert_int_equal(total.episodes, 10);
	assert_int_equal(total.runs, 2);
	assert_true(steps <= 5);
	assert_int_equal(number(db, "SELECT count(*) FROM evidence"), 20);
	/* what is listed, and the last run, stay whatever their age */
	WORKS(retention_step(db, INT64_MAX, 1000, &total, &is_more, &why));
	assert_int_equal(number(db, "SELECT count(*) FROM evidence"), 5);
	assert_int_equal(number(db, "SELECT count(*) FROM run"), 1);
}

/* What is held changes nothing but the status, and the same once more is a run of its own. */
static void test_held(void **state)
{
	CLEANUP(db_close) struct db *db = evidence_store(state);
	struct claim claims[] = { claim_of("192.0.2.1", 0), claim_of("192.0.2.2", 0) };
	struct import_reading reading = { .lines = 5, .accepted = 1 };
	struct import_good good;
	struct import *import;
	int64_t held;

	WORKS(import_last_good(db, STR("list"), &good, &why));
	assert_int_equal(good.run, 0);
	(void)listed(db, IMPORT_FULL_LIST, start_s, 1, claims, 2);
	import = begun(db, IMPORT_FULL_LIST, start_s + 10, 2);
	held = import_run(import);
	WORKS(import_hold(&import, &reading, STR("it shrank"), &why));
	assert_null(import);
	WORKS(import_last_good(db, STR("list"), &good, &why));
	assert_int_equal(good.run, held - 1);
	assert_int_equal(good.accepted, 4);
	assert_int_equal(number(db, "SELECT count(*) FROM evidence WHERE ended = 0"), 2);
	assert_int_equal(number(db, "SELECT count(*) FROM feed_state WHERE state = 'held'"), 1);
	assert_int_equal(number(db, "SELECT failures FROM feed_state"), 0);
	assert_int_equal(number(db, "SELECT last_success FROM feed_state"), start_s);
	assert_int_equal(number(db, "SELECT last_attempt FROM feed_state"), start_s + 10);
	assert_int_equal(number(db, "SELECT count(*) FROM run WHERE state = 'held' AND"
				    " reason = 'it shrank' AND accepted = 1"),
		1);
	import = begun(db, IMPORT_FULL_LIST, start_s + 20, 2);
	assert_int_not_equal(import_run(import), held);
	batch_in(import, claims, 1);
	assert_int_equal(finished(import).ended, 1);
	WORKS(import_last_good(db, STR("list"), &good, &why));
	assert_true(good.run > held);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life_of_a_listing),
		cmocka_unit_test(test_times_said),
		cmocka_unit_test(test_clock_jumps_back),
		cmocka_unit_test(test_news),
		cmocka_unit_test(test_batches_of_one_import),
		cmocka_unit_test(test_status_of_a_source),
		cmocka_unit_test(test_retention),
		cmocka_unit_test(test_held),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
