/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scoring everything anew, with evidence as a country would have it: a million indicators
 * (PEHRA_BENCH_ENTRIES), each claimed by five sources, in the real server. Measured is the
 * process that reads the store, scores, and builds and signs the snapshot.
 */
#include "bench/made_list.h"
#include "bench/own_server.h"
#include "bench/results.h"

enum { ENTRIES = 1000000, SOURCES = 5, ROUNDS = 3 };

/* Seconds of CPU for a million indicators with five million claims. */
static const double rescore_goal_s = 5;

static uint64_t entries_wanted(void)
{
	const char *wanted = getenv("PEHRA_BENCH_ENTRIES");

	return wanted == NULL ? ENTRIES : strtoull(wanted, NULL, 10);
}

static void told(struct results *results, const char *name, const char *unit, double value)
{
	results_add(results, &(struct result_row){ .name = name, .unit = unit, .value = value });
}

static void import_all(struct own_server *server, const char *list)
{
	for (int i = 0; i < SOURCES; i++) {
		CLEANUP(buf_done) struct buf out = { 0 };
		CLEANUP(buf_done) struct buf source = { 0 };

		buf_fmt(&source, "list-%d", i + 1);
		own_server_pehra(server,
			(const char *const[]){ "feed", "import", "--format", "plain", "--source",
				buf_c(&source), "--role", "src", "--category", "brute-force",
				"--allow-special", "--no-build", list, NULL },
			&out);
	}
}

int main(void)
{
	struct own_server server;
	uint64_t entries = entries_wanted();
	double millions = (double)entries / 1e6;
	double best_s = 0;
	double peak_mib = 0;
	CLEANUP(buf_done) struct buf list = { 0 };
	CLEANUP(results_close)
	struct results *results = results_open("rescore",
		"A million indicators, each claimed by five sources: all evidence read from the "
		"store, "
		"scored with its surroundings, and built into a signed snapshot with its live "
		"copy. CPU "
		"time of the building process, the best of three.");

	own_server_start(&server);
	buf_fmt(&list, "%s/list.txt", server.folder);
	made_list_write(buf_c(&list), false, entries);
	import_all(&server, buf_c(&list));
	for (int i = 0; i < ROUNDS; i++) {
		struct json_node built = own_server_command(&server, "snapshot.build", "{}");
		double cpu_s = (double)own_server_number(built, "cpu_ms") / 1e3;

		must(own_server_number(built, "ipv4") == entries);
		best_s = i == 0 || cpu_s < best_s ? cpu_s : best_s;
		peak_mib = (double)own_server_number(built, "peak_kib") / 1024;
	}
	results_add(results, &(struct result_row){ .name = "rescore.cpu_per_million",
				     .unit = "s",
				     .value = best_s / millions,
				     .goal_kind = RESULT_AT_MOST,
				     .goal = rescore_goal_s });
	told(results, "rescore.cpu_per_claim", "us", best_s * 1e6 / ((double)entries * SOURCES));
	told(results, "rescore.memory", "MiB", peak_mib);
	own_server_done(&server);
	return 0;
}
