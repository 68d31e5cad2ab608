/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a plain list beside iprange (Debian package), each in a child of its own, by the CPU time
 * that the kernel counts for it. iprange -C reads, sorts, merges and counts; we read, judge every
 * line, make claims of them and sort them in batches.
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "bench/results.h"
#include "feed/read.h"

enum { LINES = 2000000, RUNS = 5 };

static uint64_t random_next(uint64_t *state)
{
	/* splitmix64 (Steele, Lea, Flood 2014) */
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Public addresses, so that neither side refuses any: 11.0.0.0 to 99.255.255.255. */
static void list_write(const char *path, bool sorted, bool prefixes)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	uint64_t state = 1;
	uint32_t step = (UINT32_C(89) << 24) / LINES;

	for (uint32_t i = 0; i < LINES; i++) {
		uint32_t at =
			sorted ? i * step : (uint32_t)(random_next(&state) % (UINT64_C(89) << 24));
		struct ipaddr ip = ip_from_u32((UINT32_C(11) << 24) + at);
		struct prefix prefix = prefix_around(&ip, prefixes ? IPV4_OFFSET + 28 : 128);

		prefix_format(&text, &prefix);
		buf_byte(&text, '\n');
	}
	must(file_replace(path, buf_view(&text), 0600, NULL) == OK);
}

static enum err batch_drop(void *state, struct claim_batch *batch, struct why *why)
{
	(void)why;
	*(uint64_t *)state += batch->n;
	return OK;
}

static int read_list(const char *path)
{
	struct feed_definition definition = feed_definition_default(STR("bench"));
	uint64_t rows = 0;
	struct feed_sink sink = { &rows, batch_drop, NULL };
	struct feed_report report;
	struct why why = { 0 };

	if (feed_read_path(&definition, path, NULL, &sink, &report, &why) != OK) {
		(void)fprintf(stderr, "bench_feed: %s\n", why.text);
		return 1;
	}
	return report.accepted == LINES ? 0 : 1;
}

static void iprange_run(const char *path)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	must(null != -1 && dup2(null, STDOUT_FILENO) != -1);
	(void)execlp("iprange", "iprange", "-C", path, (char *)NULL);
	_exit(127);
}

/* User CPU of one child in nanoseconds a line; 0 when it could not run. */
static double child_cost(const char *path, bool is_peer)
{
	struct rusage usage;
	int status;
	pid_t pid = fork();

	must(pid != -1);
	if (pid == 0) {
		if (is_peer)
			iprange_run(path);
		_exit(read_list(path));
	}
	must(wait4(pid, &status, 0, &usage) == pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return 0;
	return ((double)usage.ru_utime.tv_sec * 1e9 + (double)usage.ru_utime.tv_usec * 1e3) / LINES;
}

/* The least of several runs in turn: what the machine does besides only adds. */
static bool cost_pair(const char *path, double *ours, double *peer)
{
	*ours = 0;
	*peer = 0;
	for (int run = 0; run < RUNS; run++) {
		double a = child_cost(path, false);
		double b = child_cost(path, true);

		if (a == 0 || b == 0)
			return false;
		if (run == 0 || a < *ours)
			*ours = a;
		if (run == 0 || b < *peer)
			*peer = b;
	}
	return true;
}

int main(void)
{
	static const struct {
		const char *name;
		bool sorted;
		bool prefixes;
	} lists[] = {
		{ "feed.plain.random-addresses.2M", false, false },
		{ "feed.plain.sorted-addresses.2M", true, false },
		{ "feed.plain.random-prefixes.2M", false, true },
	};
	char path[] = "/tmp/pehra-bench-feed-XXXXXX";
	int fd = mkstemp(path);
	CLEANUP(results_close)
	struct results *results = results_open("feed",
		"Reading plain lists of 2 million IPv4 addresses or /28 prefixes (fixed seed), "
		"user CPU "
		"a line, least of 5 runs in turn. iprange -C reads, sorts, merges and counts; "
		"Pehra "
		"reads, judges every line, makes claims and sorts them in batches.");

	must(fd != -1);
	fd_close(&fd);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		double ours;
		double peer;

		list_write(path, lists[i].sorted, lists[i].prefixes);
		if (!cost_pair(path, &ours, &peer)) {
			(void)fprintf(stderr, "bench_feed: %s: no figure (is iprange there?)\n",
				lists[i].name);
			continue;
		}
		results_add(results, &(struct result_row){ .name = lists[i].name,
					     .unit = "ns",
					     .value = ours,
					     .goal_kind = RESULT_AT_MOST,
					     .goal = peer,
					     .peer = "iprange 1.0.4",
					     .peer_value = peer });
	}
	(void)unlink(path);
	return 0;
}
