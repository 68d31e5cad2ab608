/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes in place: the same answers as a new build, seen whole by readers, whatever dies. */
#include "snapshot/oracle.h"
#include "snapshot/live.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEPS = 300, READER_STEPS = 20000, READER_LOOKS = 100000, KILLS = 12, KILL_STEPS = 4000 };

static struct snapshot_live *live_open(const struct oracle *oracle)
{
	struct snapshot_live *live = NULL;
	struct why why = { 0 };

	if (snapshot_live_open(oracle->folder, &live, &why) != OK)
		fail_msg("live: %s", why.text);
	return live;
}

/* Half of the changes meet an entry that exists. */
static struct snapshot_v4 change_v4(const struct oracle *oracle, struct prop *prop)
{
	struct snapshot_v4 entry = oracle_random_v4(prop);

	if (oracle->v4_count > 0 && prop_below(prop, 2) == 0) {
		struct snapshot_v4 known = oracle->v4[prop_below(prop, oracle->v4_count)];

		entry.address = known.address;
		entry.width = known.width;
	}
	if (prop_below(prop, 2) == 0)
		entry.verdict = 0;
	return entry;
}

static struct snapshot_v6 change_v6(const struct oracle *oracle, struct prop *prop)
{
	struct snapshot_v6 entry = oracle_random_v6(prop);

	if (oracle->v6_count > 0 && prop_below(prop, 2) == 0) {
		struct snapshot_v6 known = oracle->v6[prop_below(prop, oracle->v6_count)];

		entry.high = known.high;
		entry.low = known.low;
		entry.length = known.length;
	}
	if (entry.length != 128) {
		entry.length = 64;
		entry.low = 0;
	}
	if (prop_below(prop, 2) == 0)
		entry.verdict = 0;
	return entry;
}

/* What the addresses of an entry fall back to when it goes. */
static enum err put_v4(struct oracle *oracle, struct snapshot_live *live,
	const struct snapshot_v4 *entry, struct why *why)
{
	const struct snapshot_v4 *wider = oracle_v4(oracle, entry->address, entry->width);
	struct snapshot_v4 cover = wider == NULL ? (struct snapshot_v4){ 0 } : *wider;

	oracle_put_v4(oracle, entry);
	return snapshot_live_put_v4(live, entry, wider == NULL ? NULL : &cover, why);
}

static enum err put_v6(struct oracle *oracle, struct snapshot_live *live,
	const struct snapshot_v6 *entry, struct why *why)
{
	const struct snapshot_v6 *wider = oracle_v6(oracle, entry->high, entry->low, entry->length);
	struct snapshot_v6 cover = wider == NULL ? (struct snapshot_v6){ 0 } : *wider;

	oracle_put_v6(oracle, entry);
	return snapshot_live_put_v6(live, entry, wider == NULL ? NULL : &cover, why);
}

static const char *counts_agree(const struct oracle *oracle, const struct pehra *snapshot)
{
	struct pehra_info info;

	pehra_info(snapshot, &info);
	if (info.ipv6_entries != oracle->v6_count || info.name_entries != oracle->text_count)
		return "the live copy counts its entries wrongly";
	return info.is_live && info.generation == oracle->generation ? NULL : "not a live copy";
}

/* A random sequence gives what a linear scan of the final set gives. */
static const char *sequence_agrees(struct prop *prop)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
	CLEANUP(snapshot_live_close) struct snapshot_live *live = NULL;
	size_t steps = 1 + prop_below(prop, STEPS);
	const char *wrong = NULL;
	char text[ORACLE_NAME_MAX];

	oracle_add_v4(oracle, prop, prop_below(prop, 500));
	oracle_add_v6(oracle, prop, prop_below(prop, 500));
	oracle_add_texts(oracle, prop, prop_below(prop, 100));
	oracle_build(oracle);
	live = live_open(oracle);

	struct pehra *snapshot = oracle_open(oracle, "live.pehra");

	for (size_t i = 0; wrong == NULL && i < steps; i++) {
		struct snapshot_v4 v4 = change_v4(oracle, prop);
		struct snapshot_v6 v6 = change_v6(oracle, prop);
		struct snapshot_text entry = oracle_random_text(prop, text);
		struct why why = { 0 };

		if (prop_below(prop, 2) == 0)
			entry.verdict = 0;
		if (put_v4(oracle, live, &v4, &why) != OK ||
			put_v6(oracle, live, &v6, &why) != OK ||
			snapshot_live_put_text(live, &entry, &why) != OK)
			wrong = "a change that has room was refused";
		oracle_put_text(oracle, &entry);
	}
	if (wrong == NULL)
		wrong = oracle_compare_v4(oracle, snapshot, prop);
	if (wrong == NULL)
		wrong = oracle_compare_v6(oracle, snapshot, prop);
	if (wrong == NULL)
		wrong = oracle_compare_texts(oracle, snapshot, prop);
	if (wrong == NULL)
		wrong = counts_agree(oracle, snapshot);
	pehra_close(snapshot);
	return wrong;
}

static void test_sequence(void **state)
{
	(void)state;
	PROP_RUN(30, sequence_agrees);
}

/* One /24 filled host by host goes over to a page, and is emptied again. */
static void test_crowded(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
	CLEANUP(snapshot_live_close) struct snapshot_live *live = NULL;
	struct prop prop = { 1 };
	struct why why = { 0 };

	(void)state;
	oracle_build(oracle);
	live = live_open(oracle);

	struct pehra *snapshot = oracle_open(oracle, "live.pehra");

	for (uint32_t i = 0; i < 2 * 256; i++) {
		struct snapshot_v4 host = { .address = 0x0a00f000 | (i * 7 & 0xff),
			.width = 32,
			.verdict = (uint16_t)(i < 256 ? 1 + i % 100 : 0) };

		assert_int_equal(put_v4(oracle, live, &host, &why), OK);
		if (i % 32 == 0)
			assert_null(oracle_compare_v4(oracle, snapshot, &prop));
	}
	assert_null(oracle_compare_v4(oracle, snapshot, &prop));
	pehra_close(snapshot);
}

/* When the room is gone the change is refused and nothing of it is seen. */
static void test_full(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
	CLEANUP(snapshot_live_close) struct snapshot_live *live = NULL;
	struct snapshot_v6 wide = {
		.high = UINT64_C(0x20010db800000000), .length = 48, .verdict = 1
	};
	struct snapshot_v6 network = { .length = 64, .verdict = 2 };
	struct why why = { 0 };
	enum err err = OK;
	uint8_t bytes[16];

	(void)state;
	oracle_build(oracle);
	live = live_open(oracle);

	struct pehra *snapshot = oracle_open(oracle, "live.pehra");

	assert_int_equal(snapshot_live_put_v6(live, &wide, NULL, &why), ERR_FULL);
	for (uint64_t i = 1; err == OK; i++) {
		network.high = wide.high + i;
		err = snapshot_live_put_v6(live, &network, NULL, &why);
	}
	assert_int_equal(err, ERR_FULL);
	oracle_bytes_of(network.high, 0, bytes);
	assert_int_equal(pehra_ip(snapshot, bytes), 0);
	oracle_bytes_of(network.high - 1, 5, bytes);
	assert_int_equal(pehra_ip(snapshot, bytes), 2);
	pehra_close(snapshot);
}

static void test_intern(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
	CLEANUP(snapshot_live_close) struct snapshot_live *live = NULL;
	const struct str names[] = { STR_INIT("gamma"), STR_INIT("alpha") };
	struct pehra_verdict known = { .categories = 3, .score = { 3 } };
	struct pehra_verdict fresh = { .score = { 77 }, .action = PEHRA_BLOCK };
	const char *sources[4];
	struct why why = { 0 };
	uint16_t id;

	(void)state;
	oracle_build(oracle);
	live = live_open(oracle);

	struct pehra *snapshot = oracle_open(oracle, "live.pehra");

	assert_int_equal(snapshot_live_intern(live, &known, NULL, 0, &id, &why), OK);
	assert_int_equal(id, 3);
	assert_null(pehra_verdict(snapshot, ORACLE_VERDICTS + 1));
	assert_int_equal(snapshot_live_intern(live, &fresh, names, 2, &id, &why), OK);
	assert_int_equal(id, ORACLE_VERDICTS + 1);

	const struct pehra_verdict *seen = pehra_verdict(snapshot, id);

	assert_non_null(seen);
	assert_int_equal(seen->score[0], 77);
	assert_int_equal(seen->source_count, 2);
	assert_int_equal(pehra_sources(snapshot, seen->source_set, sources, 4), 2);
	assert_string_equal(sources[0], "alpha");
	assert_string_equal(sources[1], "gamma");

	struct snapshot_v4 entry = { .address = 1, .width = 32, .verdict = 999 };

	assert_int_equal(snapshot_live_put_v4(live, &entry, NULL, &why), ERR_USAGE);
	pehra_close(snapshot);
}

static void test_superseded(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
	CLEANUP(snapshot_live_close) struct snapshot_live *first = NULL;
	CLEANUP(snapshot_live_close) struct snapshot_live *second = NULL;

	(void)state;
	oracle_build(oracle);
	first = live_open(oracle);

	struct pehra *live = oracle_open(oracle, "live.pehra");
	struct pehra *generation = oracle_open(oracle, "generation.pehra");

	assert_false(pehra_superseded(live));
	assert_false(pehra_superseded(generation));
	oracle_build(oracle);
	assert_true(pehra_superseded(generation));
	assert_false(pehra_superseded(live));
	second = live_open(oracle);
	assert_true(pehra_superseded(live));
	pehra_close(live);
	pehra_close(generation);
	live = oracle_open(oracle, "live.pehra");
	assert_false(pehra_superseded(live));
	pehra_close(live);
}

static ino_t inode_of(const struct oracle *oracle, const char *name)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	struct stat about;

	buf_fmt(&path, "%s/%s", oracle->folder, name);
	return stat(buf_c(&path), &about) == 0 ? about.st_ino : 0;
}

/* The next copy answers as the oracle once it is published; true when it is this file. */
static bool next_is(const struct oracle *oracle, struct prop *prop, ino_t inode)
{
	CLEANUP(snapshot_live_close) struct snapshot_live *live = NULL;
	struct pehra *generation = oracle_open(oracle, "generation.pehra");
	struct pehra_info of_generation;
	struct pehra_info of_live;
	struct why why;

	assert_int_equal(snapshot_live_next(oracle->folder, &live, &why), OK);
	assert_int_equal(snapshot_live_publish(oracle->folder, &why), OK);

	struct pehra *snapshot = oracle_open(oracle, "live.pehra");

	pehra_info(snapshot, &of_live);
	pehra_info(generation, &of_generation);
	assert_true(of_live.is_live);
	assert_int_equal(of_live.generation, of_generation.generation);
	assert_null(oracle_compare_v4(oracle, snapshot, prop));
	assert_int_equal(inode_of(oracle, "live.next"), 0);
	pehra_close(snapshot);
	pehra_close(generation);
	return inode_of(oracle, "live.pehra") == inode;
}

/* What the builder left ready is taken when it is the newest generation's, and only then. */
static void test_prepared(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
	CLEANUP(buf_done) struct buf path = { 0 };
	struct prop prop = { 5 };
	struct why why;
	ino_t inode;

	(void)state;
	oracle_add_v4(oracle, &prop, 500);
	oracle_build(oracle);
	assert_int_equal(snapshot_live_prepare(oracle->folder, &why), OK);
	inode = inode_of(oracle, "live.next");
	assert_true(next_is(oracle, &prop, inode));
	/* of an older generation */
	assert_int_equal(snapshot_live_prepare(oracle->folder, &why), OK);
	inode = inode_of(oracle, "live.next");
	oracle_add_v4(oracle, &prop, 500);
	oracle_build(oracle);
	assert_false(next_is(oracle, &prop, inode));
	/* cut short */
	assert_int_equal(snapshot_live_prepare(oracle->folder, &why), OK);
	inode = inode_of(oracle, "live.next");
	buf_fmt(&path, "%s/live.next", oracle->folder);
	assert_int_equal(truncate(buf_c(&path), 8192), 0);
	assert_false(next_is(oracle, &prop, inode));
	/* a start trusts nothing that was changed in place */
	assert_int_equal(snapshot_live_prepare(oracle->folder, &why), OK);
	inode = inode_of(oracle, "live.next");

	CLEANUP(snapshot_live_close) struct snapshot_live *live = live_open(oracle);

	assert_int_not_equal(inode_of(oracle, "live.pehra"), inode);
}

/*
 * A host and its cover change so that the cover's second verdict (4) always hides behind the host:
 * a reader that mixes two changes would show it, or nothing.
 */
struct watch {
	struct pehra *snapshot;
	atomic_bool stop;
	atomic_uint wrong_ids;
	atomic_uint wrong_details;
	atomic_uint looks;
};

static void *watcher(void *state)
{
	struct watch *watch = state;
	uint8_t v6[1][16];
	pehra_id batch;
	uint32_t address = 0xc6336407;

	oracle_bytes_of(UINT64_C(0x20010db800000001), 7, v6[0]);
	while (!atomic_load(&watch->stop)) {
		pehra_id v4 = pehra_ipv4(watch->snapshot, address);
		pehra_id host = pehra_ip(watch->snapshot, v6[0]);
		pehra_id name = pehra_name(watch->snapshot, "a.b.example", 11);
		struct pehra_detail detail;

		pehra_ipv4_batch(watch->snapshot, &address, &batch, 1);
		if ((v4 != 2 && v4 != 3) || (batch != 2 && batch != 3) ||
			(host != 2 && host != 3) || (name != 2 && name != 3))
			atomic_fetch_add(&watch->wrong_ids, 1);
		(void)pehra_name_detail(watch->snapshot, "a.b.example", 11, &detail);
		if (detail.first_day != detail.id)
			atomic_fetch_add(&watch->wrong_details, 1);
		atomic_fetch_add(&watch->looks, 1);
	}
	return NULL;
}

static void watched_step(struct snapshot_live *live, unsigned step)
{
	struct snapshot_v4 wide = {
		.address = 0xc6336400, .width = 24, .verdict = step % 4 == 1 ? 4 : 2
	};
	struct snapshot_v4 host = {
		.address = 0xc6336407, .width = 32, .verdict = step % 4 == 0 ? 3 : 0
	};
	struct snapshot_v6 network = {
		.high = UINT64_C(0x20010db800000001), .length = 64, .verdict = wide.verdict
	};
	struct snapshot_v6 host6 = { .high = UINT64_C(0x20010db800000001),
		.low = 7,
		.length = 128,
		.verdict = host.verdict };
	struct snapshot_text below = { .text = STR("b.example"),
		.below = true,
		.verdict = wide.verdict,
		.detail = { wide.verdict, 0, 0 } };
	struct snapshot_text exact = { .text = STR("a.b.example"),
		.verdict = host.verdict,
		.detail = { host.verdict, 0, 0 } };
	struct why why = { 0 };

	/* 0: host comes; 1: cover to 4 behind it; 2: cover back; 3: host goes */
	if (step % 4 == 0 || step % 4 == 3) {
		must(snapshot_live_put_v4(live, &host, &wide, &why) == OK);
		must(snapshot_live_put_v6(live, &host6, &network, &why) == OK);
		must(snapshot_live_put_text(live, &exact, &why) == OK);
	} else {
		must(snapshot_live_put_v4(live, &wide, NULL, &why) == OK);
		must(snapshot_live_put_v6(live, &network, NULL, &why) == OK);
		must(snapshot_live_put_text(live, &below, &why) == OK);
	}
}

static void test_reader_during_changes(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
	CLEANUP(snapshot_live_close) struct snapshot_live *live = NULL;
	struct watch watch = { 0 };
	pthread_t thread;

	(void)state;
	oracle_build(oracle);
	live = live_open(oracle);
	watched_step(live, 2);
	watch.snapshot = oracle_open(oracle, "live.pehra");
	assert_int_equal(pthread_create(&thread, NULL, watcher, &watch), 0);
	for (unsigned step = 0; step < READER_STEPS || atomic_load(&watch.looks) < READER_LOOKS;
		step++)
		watched_step(live, step);
	atomic_store(&watch.stop, true);
	(void)pthread_join(thread, NULL);
	assert_int_equal(atomic_load(&watch.wrong_ids), 0);
	assert_int_equal(atomic_load(&watch.wrong_details), 0);
	pehra_close(watch.snapshot);
}

/* The entry of step i of a sequence that parent and child both know. */
static struct snapshot_v4 kill_entry(uint64_t seed, uint32_t step)
{
	struct prop prop = { seed + step };
	struct snapshot_v4 entry = oracle_random_v4(&prop);

	if (prop_below(&prop, 3) == 0)
		entry.verdict = 0;
	return entry;
}

static void kill_child(struct oracle *oracle, uint64_t seed, _Atomic uint32_t *step)
{
	struct snapshot_live *live = NULL;
	struct why why = { 0 };

	must(snapshot_live_open(oracle->folder, &live, &why) == OK);
	for (uint32_t i = 0; i < KILL_STEPS; i++) {
		struct snapshot_v4 entry = kill_entry(seed, i);

		atomic_store(step, i);
		must(put_v4(oracle, live, &entry, &why) == OK);
	}
	atomic_store(step, KILL_STEPS);
	(void)pause();
}

static uint16_t id_of(const struct snapshot_v4 *entry)
{
	return entry == NULL ? 0 : entry->verdict;
}

/* Each address has its verdict from before or from after the change that the kill cut short. */
static void killed_agrees(struct oracle *oracle, uint64_t seed, uint32_t step)
{
	enum { PROBES = 2000 };
	struct prop prop = { seed };
	uint32_t probes[PROBES];
	uint16_t before[PROBES];
	struct pehra *snapshot = oracle_open(oracle, "live.pehra");

	for (uint32_t i = 0; i < step; i++) {
		struct snapshot_v4 entry = kill_entry(seed, i);

		oracle_put_v4(oracle, &entry);
	}
	for (size_t i = 0; i < PROBES; i++) {
		probes[i] = oracle_random_v4(&prop).address + (uint32_t)prop_below(&prop, 300);
		before[i] = id_of(oracle_v4(oracle, probes[i], 33));
	}
	if (step < KILL_STEPS) {
		struct snapshot_v4 entry = kill_entry(seed, step);

		oracle_put_v4(oracle, &entry);
	}
	for (size_t i = 0; i < PROBES; i++) {
		pehra_id id = pehra_ipv4(snapshot, probes[i]);

		assert_true(id == before[i] || id == id_of(oracle_v4(oracle, probes[i], 33)));
	}
	pehra_close(snapshot);
}

static void test_killed_writer(void **state)
{
	_Atomic uint32_t *step =
		mmap(NULL, sizeof *step, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	must(step != MAP_FAILED);
	for (uint64_t kill_number = 0; kill_number < KILLS; kill_number++) {
		CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
		uint64_t seed = 1 + kill_number * 1000003;
		struct timespec wait = { 0, (long)(kill_number * 7 % 12) * 1000000 + 100000 };

		atomic_store(step, UINT32_MAX);
		oracle_build(oracle);

		pid_t child = fork();

		must(child != -1);
		if (child == 0) {
			kill_child(oracle, seed, step);
			_exit(1);
		}
		while (atomic_load(step) == UINT32_MAX)
			(void)nanosleep(&(struct timespec){ 0, 100000 }, NULL);
		(void)nanosleep(&wait, NULL);
		must(kill(child, SIGKILL) == 0);
		must(waitpid(child, NULL, 0) == child);
		killed_agrees(oracle, seed, atomic_load(step));
	}
	(void)munmap(step, sizeof *step);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_crowded),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_intern),
		cmocka_unit_test(test_superseded),
		cmocka_unit_test(test_prepared),
		cmocka_unit_test(test_reader_during_changes),
		cmocka_unit_test(test_killed_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
