/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Look-ups beside DPDK rte_fib, rte_fib6 and libmaxminddb: the same lists and streams, in one
 * process on one core, all engines turn by turn over each slice of a stream. A slice counts with
 * its fastest round, which leaves out what other programs took. The sums of all answers must agree.
 */
#include "bench/lookup.h"
#include "bench/results.h"
#include "reader.h"

#include <ftw.h>
#include <sched.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SLICES = 64, SLICE = LOOKUP_STREAM / SLICES, ROUNDS = 5, BUILDS = 3, ENGINES_MAX = 5 };

#define ABOUT                                                                                      \
	"Lists of random hosts in clusters of about 6 in one /24 and 5 % prefixes of /20 to /24, " \
	"grown in the routed space of a real full table (invented where the shared data is "       \
	"absent); "                                                                                \
	"4 M addresses per stream: random, listed, Zipf over 1 M flows of which 10 % are listed. " \
	"One process, one core, engines interleaved, fastest of 5 rounds per slice, 4 KiB pages "  \
	"for "                                                                                     \
	"all, equal sums of answers. Bytes are those that the file takes on disk and "             \
	"in memory, holes left out. Build times are CPU time from sorted entries to a signed "     \
	"file."

static double seconds(clockid_t clock)
{
	struct timespec now;

	must(clock_gettime(clock, &now) == 0);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- ours ---- */

static uint64_t ours_single(void *state, const uint32_t *addresses, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += pehra_ipv4(state, addresses[i]);
	return sum;
}

static uint64_t ours_batch(void *state, const uint32_t *addresses, size_t n)
{
	enum { GROUP = 4096 };
	pehra_id ids[GROUP];
	uint64_t sum = 0;

	for (size_t done = 0; done < n; done += GROUP) {
		size_t now = n - done < GROUP ? n - done : GROUP;

		pehra_ipv4_batch(state, addresses + done, ids, now);
		for (size_t i = 0; i < now; i++)
			sum += ids[i];
	}
	return sum;
}

static uint64_t ours_single6(void *state, uint8_t (*addresses)[16], size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += pehra_ip(state, addresses[i]);
	return sum;
}

static uint64_t ours_batch6(void *state, uint8_t (*addresses)[16], size_t n)
{
	enum { GROUP = 4096 };
	pehra_id ids[GROUP];
	uint64_t sum = 0;

	for (size_t done = 0; done < n; done += GROUP) {
		size_t now = n - done < GROUP ? n - done : GROUP;

		pehra_ip_batch(state, (const uint8_t(*)[16])(addresses + done), ids, now);
		for (size_t i = 0; i < now; i++)
			sum += ids[i];
	}
	return sum;
}

/* ---- measuring ---- */

struct race {
	struct engine engines[ENGINES_MAX];
	size_t count;
	double rate[ENGINES_MAX]; /* M/s */
	double best[ENGINES_MAX][SLICES];
	uint64_t sums[ENGINES_MAX][SLICES];
};

static uint64_t engine_slice(const struct engine *engine, void *stream, size_t slice)
{
	if (engine->v4 != NULL)
		return engine->v4(engine->state, (uint32_t *)stream + slice * SLICE, SLICE);

	return engine->v6(engine->state, (uint8_t(*)[16])stream + slice * SLICE, SLICE);
}

static double engine_time(const struct engine *engine, void *stream, size_t slice, uint64_t *sum)
{
	double start = seconds(CLOCK_MONOTONIC);

	*sum = engine_slice(engine, stream, slice);
	return seconds(CLOCK_MONOTONIC) - start;
}

/*
 * Each engine goes through the whole stream before the next one starts, so that none finds its
 * tables in the cache because of the round before.
 */
static void race_round(struct race *race, void *stream, bool first)
{
	for (size_t i = 0; i < race->count; i++) {
		const struct engine *engine = &race->engines[i];

		for (size_t slice = 0; slice < SLICES; slice += engine->every) {
			uint64_t sum;
			double took = engine_time(engine, stream, slice, &sum);

			if (first || took < race->best[i][slice])
				race->best[i][slice] = took;
			race->sums[i][slice] = sum;
			/* engine 0 goes through all slices */
			must(sum == race->sums[0][slice]);
		}
	}
}

static void race_run(struct race *race, void *stream)
{
	for (size_t round = 0; round < ROUNDS; round++)
		race_round(race, stream, round == 0);
	for (size_t i = 0; i < race->count; i++) {
		double total = 0;
		size_t slices = 0;

		for (size_t slice = 0; slice < SLICES; slice += race->engines[i].every) {
			total += race->best[i][slice];
			slices++;
		}
		race->rate[i] = 1e-6 * (double)(slices * SLICE) / total;
	}
}

static void race_add(struct race *race, struct engine engine)
{
	must(race->count < ENGINES_MAX);
	if (engine.state != NULL)
		race->engines[race->count++] = engine;
}

/* ---- snapshots ---- */

struct made {
	struct pehra *snapshot;
	double build_cpu_s;
	double build_s;
	double bytes;
};

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	(void)about;
	(void)kind;
	(void)where;
	return remove(path);
}

static void build_once(const struct snapshot_input *input, const char *folder,
	const struct snapshot_key *key, struct made *made, bool first)
{
	double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	double wall = seconds(CLOCK_MONOTONIC);
	struct why why = { 0 };

	if (snapshot_build(input, folder, key, &why) != OK) {
		(void)fprintf(stderr, "build: %s\n", why.text);
		exit(1);
	}
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	made->build_cpu_s = first || cpu < made->build_cpu_s ? cpu : made->build_cpu_s;
	made->build_s = first || wall < made->build_s ? wall : made->build_s;
}

static struct made snapshot_make(struct snapshot_input input, const char *folder)
{
	CLEANUP(verdict_table_free) struct verdict_table *verdicts = verdict_table_new();
	CLEANUP(buf_done) struct buf path = { 0 };
	struct snapshot_key key;
	struct why why = { 0 };
	struct made made = { 0 };
	struct stat about;

	for (unsigned i = 1; i <= LOOKUP_VALUES; i++) {
		struct pehra_verdict verdict = { .score = { (uint8_t)i } };

		must(verdict_table_intern(verdicts, &verdict, NULL, 0) == i);
	}
	input.verdicts = verdicts;
	must(snapshot_key_load_or_make(folder, &key, &why) == OK);

	for (size_t i = 0; i < BUILDS; i++)
		build_once(&input, folder, &key, &made, i == 0);
	buf_fmt(&path, "%s/generation.pehra", folder);
	must(pehra_open(buf_c(&path), PEHRA_OPEN_PLAIN, &made.snapshot) == PEHRA_OK);
	must(stat(buf_c(&path), &about) == 0);
	made.bytes = 512.0 * (double)about.st_blocks;
	return made;
}

/* ---- results ---- */

struct report {
	struct results *results;
	const char *family;
	const char *size;
	const char *folder;
};

static void add(const struct report *report, const char *what, const struct result_row *row)
{
	CLEANUP(buf_done) struct buf name = { 0 };
	struct result_row named = *row;

	buf_fmt(&name, "lookup.%s.%s.%s", report->family, what, report->size);
	named.name = buf_c(&name);
	results_add(report->results, &named);
}

static void report_made(const struct report *report, const struct made *made, size_t count)
{
	add(report, "bytes_per_entry",
		&(struct result_row){ .unit = "bytes",
			.value = made->bytes / (double)count,
			.goal_kind = RESULT_AT_MOST,
			.goal = 40 });
	/* the goal is for large lists: a small file's fixed parts weigh more */
	add(report, "build_cpu_per_million",
		&(struct result_row){ .unit = "s",
			.value = 1e6 * made->build_cpu_s / (double)count,
			.goal_kind = count < 1000000 ? RESULT_NO_GOAL : RESULT_AT_MOST,
			.goal = 0.15 });
	add(report, "build_elapsed_per_million",
		&(struct result_row){ .unit = "s", .value = 1e6 * made->build_s / (double)count });
}

/* Engine 0 is ours in its faster form for streams, engine 1 one at a time; peers follow. */
static void report_race(
	const struct report *report, const struct race *race, const char *stream, double times_peer)
{
	CLEANUP(buf_done) struct buf what = { 0 };

	buf_fmt(&what, "%s.single", stream);
	add(report, buf_c(&what), &(struct result_row){ .unit = "M/s", .value = race->rate[1] });
	for (size_t i = 2; i < race->count; i++) {
		bool mmdb = race->engines[i].v4 == mmdb_run;

		buf_clear(&what);
		buf_fmt(&what, "%s.batch_vs_%s", stream, race->engines[i].name);
		add(report, buf_c(&what),
			&(struct result_row){ .unit = "M/s",
				.value = race->rate[0],
				.goal_kind = RESULT_AT_LEAST,
				.goal = race->rate[i] * (mmdb ? 20 : times_peer),
				.peer = race->engines[i].name,
				.peer_value = race->rate[i] });
	}
	if (race->count == 2)
		add(report, stream, &(struct result_row){ .unit = "M/s", .value = race->rate[0] });
}

/* Lines of 64 bytes that a listed address reads behind the filter, pages included. */
static uint64_t lines_read(const struct pehra *s, uint32_t address)
{
	struct pehra_spot spot = pehra_v4_spot(s, address);
	uint32_t permuted = v4_permute(address >> 8, s->v4_multiplier);
	uint64_t line = v4_home(permuted, s->v4_homes);
	uint64_t end = (uint64_t)(spot.detail - s->v4_line_detail) / V4_LINE_SLOTS;
	uint64_t lines = 1;

	if (spot.detail < s->v4_line_detail ||
		spot.detail >= s->v4_line_detail + s->v4_line_count * V4_LINE_SLOTS)
		end = UINT64_MAX; /* a page or the short level, after the whole chain */
	for (uint32_t next; line != end; lines++) {
		next = v4_header_next(LOAD(&s->v4_lines[line].header));
		if (next == 0)
			break;
		line = s->v4_homes + next - 1;
	}
	return lines + (end == UINT64_MAX);
}

static void report_lines(
	const struct report *report, const struct pehra *snapshot, const uint32_t *stream)
{
	uint64_t lines = 0;
	uint64_t once = 0;

	for (size_t i = 0; i < LOOKUP_STREAM; i++) {
		uint64_t read = lines_read(snapshot, stream[i]);

		lines += read;
		once += read == 1;
	}
	add(report, "listed.lines",
		&(struct result_row){ .unit = "lines",
			.value = (double)lines / LOOKUP_STREAM,
			.goal_kind = RESULT_AT_MOST,
			.goal = 1 });
	add(report, "listed.in_one_line",
		&(struct result_row){ .unit = "%", .value = 100.0 * (double)once / LOOKUP_STREAM });
}

static void v4_races(
	const struct report *report, const struct snapshot_v4 *list, size_t count, void *snapshot)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	void *fib = fib_new(list, count);
	bool vector = fib != NULL && fib_vector(fib, true);
	void *mmdb;

	buf_fmt(&path, "%s/bench.mmdb", report->folder);
	mmdb = mmdb_new(list, count, buf_c(&path));
	for (enum stream_kind kind = 0; kind < STREAM_KINDS; kind++) {
		uint32_t *stream = stream_v4(list, count, kind);
		double goal = kind == STREAM_LISTED ? 1 : 2;
		struct race race = { 0 };

		if (kind == STREAM_LISTED)
			report_lines(report, snapshot, stream);
		race_add(&race, (struct engine){ "batch", snapshot, ours_batch, NULL, 1 });
		race_add(&race, (struct engine){ "single", snapshot, ours_single, NULL, 1 });
		race_add(&race, (struct engine){ "libmaxminddb", mmdb, mmdb_run, NULL, 16 });
		if (fib != NULL && fib_vector(fib, false))
			race_add(&race, (struct engine){ "rte_fib_scalar", fib, fib_run, NULL, 1 });
		race_run(&race, stream);
		report_race(report, &race, stream_names[kind], goal);
		if (vector && fib_vector(fib, true)) {
			race.count = 2;
			race_add(&race, (struct engine){ "rte_fib_avx512", fib, fib_run, NULL, 1 });
			race_run(&race, stream);
			report_race(report, &race, stream_names[kind], goal);
		}
		free(stream);
	}
	if (fib != NULL)
		fib_free(fib);
	if (mmdb != NULL)
		mmdb_free(mmdb);
}

static void v6_races(const struct report *report, const struct snapshot_v6 *list, size_t count,
	void *snapshot, bool with_peer)
{
	void *fib = with_peer ? fib6_new(list, count) : NULL;

	for (enum stream_kind kind = 0; kind < STREAM_KINDS; kind++) {
		uint8_t(*stream)[16] = stream_v6(list, count, kind);
		double goal = kind == STREAM_LISTED ? 1 : 2;
		struct race race = { 0 };

		race_add(&race, (struct engine){ "batch", snapshot, NULL, ours_batch6, 1 });
		race_add(&race, (struct engine){ "single", snapshot, NULL, ours_single6, 1 });
		if (fib != NULL && fib6_vector(fib, false))
			race_add(&race,
				(struct engine){ "rte_fib6_scalar", fib, NULL, fib6_run, 8 });
		race_run(&race, stream);
		report_race(report, &race, stream_names[kind], goal);
		if (fib != NULL && fib6_vector(fib, true)) {
			race.count = 2;
			race_add(&race,
				(struct engine){ "rte_fib6_avx512", fib, NULL, fib6_run, 8 });
			race_run(&race, stream);
			report_race(report, &race, stream_names[kind], goal);
		}
		free(stream);
	}
	if (fib != NULL)
		fib6_free(fib);
}

static void v4_measure(struct report report, const struct routed *routed, size_t count)
{
	struct snapshot_v4 *list = list_v4(routed, count, 4);
	struct made made = snapshot_make(
		(struct snapshot_input){ .v4 = list, .v4_count = count, .generation = 1 },
		report.folder);

	report.family = "v4";
	report_made(&report, &made, count);
	v4_races(&report, list, count, made.snapshot);
	pehra_close(made.snapshot);
	free(list);
}

static void v6_measure(struct report report, const struct routed *routed, size_t count,
	uint8_t length, bool with_peer)
{
	struct snapshot_v6 *list = list_v6(routed, count, length, 6);
	struct made made = snapshot_make(
		(struct snapshot_input){ .v6 = list, .v6_count = count, .generation = 1 },
		report.folder);

	report.family = length == 0 ? "v6_mixed" : length == 64 ? "v6_64" : "v6_128";
	report_made(&report, &made, count);
	v6_races(&report, list, count, made.snapshot, with_peer);
	pehra_close(made.snapshot);
	free(list);
}

static void pin(void)
{
	cpu_set_t all;
	cpu_set_t one;
	size_t last = 0;

	must(sched_getaffinity(0, sizeof all, &all) == 0);
	for (size_t i = 0; i < CPU_SETSIZE; i++)
		last = CPU_ISSET(i, &all) ? i : last;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	must(sched_setaffinity(0, sizeof one, &one) == 0);
}

int main(void)
{
	char folder[] = "/dev/shm/pehra-bench-XXXXXX";
	struct routed routed;
	struct report report = { .folder = folder };

	must(mkdtemp(folder) != NULL);
	dpdk_start();
	pin();
	report.results = results_open("lookup", ABOUT);
	routed_load(&routed);
	report.size = "1M";
	v4_measure(report, &routed, 1000000);
	v6_measure(report, &routed, 1000000, 64, false);
	v6_measure(report, &routed, 1000000, 128, false);
	report.size = "200k";
	v6_measure(report, &routed, 200000, 0, true);
	report.size = "10M";
	v4_measure(report, &routed, 10000000);
	v6_measure(report, &routed, 10000000, 64, false);
	v6_measure(report, &routed, 10000000, 128, false);
	routed_done(&routed);
	results_close(&report.results);
	(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}
