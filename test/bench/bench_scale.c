/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One million entries and ten, by the real path: `pehra feed import` into a running server, a full
 * rescoring with its snapshot, look-ups in the mapped live file. What it costs per entry shall
 * hardly grow.
 *
 * PEHRA_BENCH_ROWS is the most entries: 10,000,000 unless it says otherwise. CPU time counts every
 * process that takes part; wall time is told beside it and depends on who else uses the machine.
 */
#include "base/io.h"
#include "bench/made_list.h"
#include "bench/own_server.h"
#include "bench/results.h"
#include "snapshot/build.h"

#include <sys/stat.h>
#include <unistd.h>

enum {
	MILLION = 1000000,
	ROWS_MAX = 10 * MILLION,
	LOOKUPS = 1 << 20,
	LOOKUP_ROUNDS = 5,
	KEEPER_MIB_MAX = 1536,
	BUILD_MIB_MAX = 300,
	ANSWER_MIB_MAX = 64,
	ENTRY_BYTES_MAX = 40,
	STAT_BLOCK_BYTES = 512
};

/* Goals in seconds of CPU per million entries (../shared/design/reputation.md). */
static const double rescore_goal_s = 1;
static const double sorted_build_goal_s = 0.15;

struct scale {
	struct own_server server;
	struct results *results;
	bool is_v6;
	uint64_t entries;
	struct pehra *live;
};

struct goal {
	enum result_goal kind;
	double value;
};
static const struct goal no_goal = { RESULT_NO_GOAL, 0 };

static struct goal at_most(double value)
{
	return (struct goal){ RESULT_AT_MOST, value };
}

/* "scale.v4.import.cpu.10M" */
static void told(const struct scale *scale, const char *what, const char *unit, double value,
	struct goal goal)
{
	CLEANUP(buf_done) struct buf name = { 0 };

	buf_fmt(&name, "scale.%s.%s.", scale->is_v6 ? "v6" : "v4", what);
	if (scale->entries % MILLION == 0)
		buf_fmt(&name, "%lluM", (unsigned long long)scale->entries / MILLION);
	else
		buf_fmt(&name, "%lluk", (unsigned long long)scale->entries / 1000);
	results_add(scale->results, &(struct result_row){ .name = buf_c(&name),
					    .unit = unit,
					    .value = value,
					    .goal_kind = goal.kind,
					    .goal = goal.value });
}

static double per_entry(const struct scale *scale, double value)
{
	return value / (double)scale->entries;
}

static void imported(struct scale *scale, const char *reading, const char *list)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	CLEANUP(buf_done) struct buf name = { 0 };
	double cpu = own_server_cpu_s(&scale->server) + now_cpu_s();
	double wall = now_wall_s();

	own_server_pehra(&scale->server,
		(const char *const[]){ "feed", "import", "--format", "plain", "--source", "list",
			"--role", "src", "--category", "brute-force", "--allow-special",
			"--no-build", list, NULL },
		&out);
	wall = now_wall_s() - wall;
	cpu = own_server_cpu_s(&scale->server) + now_cpu_s() - cpu;
	buf_fmt(&name, "%s.cpu", reading);
	told(scale, buf_c(&name), "us/row", per_entry(scale, cpu * 1e6), no_goal);
	buf_clear(&name);
	buf_fmt(&name, "%s.wall", reading);
	told(scale, buf_c(&name), "s", wall, no_goal);
	buf_clear(&name);
	buf_fmt(&name, "%s.rate", reading);
	told(scale, buf_c(&name), "lines/s", (double)scale->entries / wall, no_goal);
}

static void rescored(struct scale *scale)
{
	struct json_node built = own_server_command(&scale->server, "snapshot.build", "{}");
	double cpu_s = (double)own_server_number(built, "cpu_ms") / 1e3;
	double peak_mib = (double)own_server_number(built, "peak_kib") / 1024;
	double millions = (double)scale->entries / MILLION;
	struct stat about;

	must(own_server_number(built, scale->is_v6 ? "ipv6" : "ipv4") == scale->entries);
	told(scale, "rescore.cpu_per_million", "s", cpu_s / millions, at_most(rescore_goal_s));
	told(scale, "rescore.memory", "MiB", peak_mib,
		scale->entries <= MILLION ? at_most(BUILD_MIB_MAX) : no_goal);
	told(scale, "rescore.memory_per_entry", "bytes", per_entry(scale, peak_mib * 1048576),
		no_goal);
	must(stat(own_server_path(&scale->server, "snapshot/generation.pehra"), &about) == 0);
	/* in memory and on disk; runs of zeros, as the empty tables of the other family, are holes
	 */
	told(scale, "snapshot.per_entry", "bytes",
		per_entry(scale, (double)about.st_blocks * STAT_BLOCK_BYTES),
		at_most(ENTRY_BYTES_MAX));
	told(scale, "snapshot.length_per_entry", "bytes", per_entry(scale, (double)about.st_size),
		at_most(ENTRY_BYTES_MAX));
	must(stat(own_server_path(&scale->server, "store/pehra.db"), &about) == 0);
	told(scale, "store.per_entry", "bytes", per_entry(scale, (double)about.st_size), no_goal);
}

static void memory(struct scale *scale)
{
	told(scale, "keeper.peak", "MiB",
		process_peak_mib(own_server_role(&scale->server, "keeper")),
		at_most(KEEPER_MIB_MAX));
	told(scale, "answer.private", "MiB",
		process_private_mib(own_server_role(&scale->server, "answer")),
		at_most(ANSWER_MIB_MAX));
}

typedef struct ipaddr address_at(const struct scale *scale, uint64_t *random);

static struct ipaddr address_listed(const struct scale *scale, uint64_t *random)
{
	uint64_t place = made_random(random) % scale->entries;
	struct ipaddr ip;

	if (!scale->is_v6)
		return ip_from_u32(made_v4(place, scale->entries));
	ip = made_v6(place).address;
	ip.bytes[15] = (uint8_t)place;
	return ip;
}

/* Anywhere in IPv4, or anywhere in what the list's /8 is. */
static struct ipaddr address_random(const struct scale *scale, uint64_t *random)
{
	uint64_t bits = made_random(random);
	struct ipaddr ip = ip_from_u32((uint32_t)bits);

	if (scale->is_v6) {
		memcpy(ip.bytes, &bits, sizeof bits);
		ip.bytes[0] = 0xfd;
	}
	return ip;
}

static double thread_cpu_ns(void)
{
	struct timespec time;

	must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* The quietest of some rounds; at least so many must be found. */
static double lookup_ns(
	const struct scale *scale, const struct ipaddr *addresses, size_t found_least)
{
	double best = 1e9;

	for (int round = 0; round < LOOKUP_ROUNDS; round++) {
		double start = thread_cpu_ns();
		size_t found = 0;

		if (scale->is_v6) {
			for (size_t i = 0; i < LOOKUPS; i++)
				found += pehra_ip(scale->live, addresses[i].bytes) != 0;
		} else {
			for (size_t i = 0; i < LOOKUPS; i++)
				found += pehra_ipv4(scale->live, ip_to_u32(&addresses[i])) != 0;
		}

		double ns = (thread_cpu_ns() - start) / LOOKUPS;

		must(found >= found_least);
		best = ns < best ? ns : best;
	}
	return best;
}

static void looked_up(struct scale *scale)
{
	static const struct {
		const char *name;
		address_at *address;
		size_t found_least;
	} kinds[] = { { "lookup.random", address_random, 0 },
		{ "lookup.listed", address_listed, LOOKUPS } };
	struct ipaddr *addresses = calloc(LOOKUPS, sizeof *addresses);

	must(addresses != NULL);
	must(pehra_open(own_server_path(&scale->server, "snapshot/live.pehra"), PEHRA_OPEN_PLAIN,
		     &scale->live) == PEHRA_OK);
	for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
		uint64_t random = 11;

		for (size_t i = 0; i < LOOKUPS; i++)
			addresses[i] = kinds[kind].address(scale, &random);
		told(scale, kinds[kind].name, "ns",
			lookup_ns(scale, addresses, kinds[kind].found_least), no_goal);
	}
	pehra_close(scale->live);
	free(addresses);
}

static int v4_order(const void *a, const void *b)
{
	const struct snapshot_v4 *left = a;
	const struct snapshot_v4 *right = b;

	return (left->address > right->address) - (left->address < right->address);
}

static int v6_order(const void *a, const void *b)
{
	const struct snapshot_v6 *left = a;
	const struct snapshot_v6 *right = b;

	return (left->high > right->high) - (left->high < right->high);
}

/* The same entries, all with this verdict, as the builder takes them; its to free. */
static void *entries_sorted(
	const struct scale *scale, uint16_t verdict, struct snapshot_input *input)
{
	size_t size = scale->is_v6 ? sizeof *input->v6 : sizeof *input->v4;
	void *entries = calloc(scale->entries, size);
	struct snapshot_v4 *v4 = entries;
	struct snapshot_v6 *v6 = entries;

	must(entries != NULL);
	for (uint64_t i = 0; i < scale->entries; i++) {
		if (scale->is_v6) {
			struct prefix prefix = made_v6(i);

			v6[i] = (struct snapshot_v6){ .high = ip_high(&prefix.address),
				.length = prefix.length,
				.verdict = verdict };
		} else {
			v4[i] = (struct snapshot_v4){ .address = made_v4(i, scale->entries),
				.width = 32,
				.verdict = verdict };
		}
	}
	qsort(entries, scale->entries, size, scale->is_v6 ? v6_order : v4_order);
	if (scale->is_v6)
		*input = (struct snapshot_input){ .v6 = v6, .v6_count = scale->entries };
	else
		*input = (struct snapshot_input){ .v4 = v4, .v4_count = scale->entries };
	return entries;
}

/* The file alone, from sorted entries: checks, tables, checksums, signature, write and sync. */
static void built_sorted(struct scale *scale)
{
	CLEANUP(verdict_table_free) struct verdict_table *verdicts = verdict_table_new();
	CLEANUP(buf_done) struct buf folder = { 0 };
	struct pehra_verdict verdict = { .action = PEHRA_WATCH, .score = { 27 } };
	struct snapshot_input input;
	struct snapshot_key key;
	struct why why;
	void *entries =
		entries_sorted(scale, verdict_table_intern(verdicts, &verdict, NULL, 0), &input);

	input.verdicts = verdicts;
	input.generation = 1;
	buf_fmt(&folder, "%s/sorted", scale->server.folder);
	must(folder_make(buf_c(&folder), 0700, &why) == OK);
	must(snapshot_key_load_or_make(buf_c(&folder), &key, &why) == OK);

	double start = thread_cpu_ns();

	must(snapshot_build(&input, buf_c(&folder), &key, &why) == OK);
	told(scale, "build_sorted.cpu_per_million", "s",
		(thread_cpu_ns() - start) / 1e9 / ((double)scale->entries / MILLION),
		at_most(sorted_build_goal_s));
	free(entries);
}

static void measured(struct results *results, bool is_v6, uint64_t entries)
{
	struct scale scale = { .results = results, .is_v6 = is_v6, .entries = entries };
	CLEANUP(buf_done) struct buf list = { 0 };

	own_server_start(&scale.server);
	buf_fmt(&list, "%s/list.txt", scale.server.folder);
	made_list_write(buf_c(&list), is_v6, entries);
	imported(&scale, "import", buf_c(&list));
	rescored(&scale);
	memory(&scale);
	looked_up(&scale);
	built_sorted(&scale);
	own_server_done(&scale.server);
}

int main(void)
{
	CLEANUP(results_close)
	struct results *results = results_open("scale",
		"One million and ten million IPv4 hosts (clusters of six per /24) and IPv6 /64s "
		"(six per /48), in no order, imported by pehra feed import into a running server; "
		"then a full rescoring with its snapshot, 2^20 look-ups one by one in the mapped "
		"live file (the quietest of five rounds), and the snapshot file alone from sorted "
		"entries. CPU time of all processes that take part.");
	uint64_t rows_max;

	if (!parse_u64(str_c(getenv("PEHRA_BENCH_ROWS")), &rows_max) || rows_max == 0)
		rows_max = ROWS_MAX;

	uint64_t rows_first = rows_max < MILLION ? rows_max : MILLION;

	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		measured(results, is_v6 != 0, rows_first);
		if (rows_max > rows_first)
			measured(results, is_v6 != 0, rows_max);
	}
	return 0;
}
