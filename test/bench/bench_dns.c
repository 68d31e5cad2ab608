/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNSBL over UDP beside rbldnsd: the same 500,004 addresses, the same queries, servers pinned to
 * one core and dnsperf to another, rounds taken in turn. CPU per query is utime + stime of the
 * server process with all its threads: on a busy machine that is the sturdy figure, while answers
 * per second also tell what the client could ask.
 */
#include "answer/answer.h"
#include "answer/sample.h"
#include "bench/results.h"
#include "prop.h"

#include "base/io.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ZONE "rep.pehra.test"

enum {
	ENTRIES = 500004,
	QUERIES = 100000,
	ROUNDS = 5,
	FIRST_PORT = 25353,
	SERVER_CORE = 0,
	CLIENT_CORE = 1,
	READY_TRIES = 200,
	OUTPUT_MAX = 1 << 16
};

static const unsigned mixes[] = { 5, 50, 100 }; /* per cent of queries for listed addresses */

enum which { TRIE, SET, OURS, SERVERS };

static const char *const names[] = {
	[TRIE] = "rbldnsd ip4trie", [SET] = "rbldnsd ip4set", [OURS] = "pehra"
};

struct run {
	double cpu_us; /* per query */
	double rate;   /* answers per second */
};

struct bench {
	char folder[32];
	uint32_t *addresses; /* sorted, unique */
	struct prop prop;
	uint64_t listed[ARRAY_LEN(mixes)]; /* how many of the queries ask for a listed address */
	pid_t pids[SERVERS];
	struct run runs[SERVERS][ARRAY_LEN(mixes)][ROUNDS];
};

static int order_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* As on real lists, half of them are neighbours of others. */
static void make_addresses(struct bench *bench)
{
	size_t n = 0;

	bench->addresses = calloc(ENTRIES, sizeof *bench->addresses);
	must(bench->addresses != NULL);
	while (n < ENTRIES) {
		size_t room = ENTRIES - n;

		for (size_t added = 0; added < room;) {
			uint32_t net = (uint32_t)prop_u64(&bench->prop);
			size_t hosts = prop_below(&bench->prop, 5) == 0
					       ? 2 + prop_below(&bench->prop, 7)
					       : 1;

			if (net >> 24 == 0 || net >> 24 == 127 || net >> 24 >= 224)
				continue;
			for (size_t i = 0; i < hosts && added < room; i++, added++)
				bench->addresses[n + added] =
					(net & ~UINT32_C(0xff)) |
					(uint32_t)prop_below(&bench->prop, 256);
		}
		qsort(bench->addresses, ENTRIES, sizeof *bench->addresses, order_u32);
		n = 1;
		for (size_t i = 1; i < ENTRIES; i++) {
			if (bench->addresses[i] != bench->addresses[n - 1])
				bench->addresses[n++] = bench->addresses[i];
		}
	}
}

static void put_address(struct buf *out, uint32_t address, bool is_reversed)
{
	for (unsigned i = 0; i < 4; i++)
		buf_fmt(out, "%s%u", i == 0 ? "" : ".",
			address >> (is_reversed ? 8 * i : 24 - 8 * i) & 0xff);
}

static void write_file(const struct bench *bench, const char *name, const struct buf *content)
{
	char path[64];

	snprintf(path, sizeof path, "%s/%s", bench->folder, name);
	must(file_replace(path, buf_view(content), 0644, NULL) == OK);
}

static void write_inputs(struct bench *bench)
{
	CLEANUP(buf_done) struct buf ours = { 0 };
	CLEANUP(buf_done) struct buf theirs = { 0 };

	buf_str(&theirs, STR("$SOA 3600 ns." ZONE " hostmaster." ZONE " 1 3600 600 604800 60\n"
			     "$NS 3600 ns." ZONE "\n:127.0.0.2:listed\n"));
	for (size_t i = 0; i < ENTRIES; i++) {
		put_address(&ours, bench->addresses[i], false);
		buf_byte(&ours, '\n');
	}
	buf_str(&theirs, buf_view(&ours));
	write_file(bench, "rbl", &theirs);
	sample_build(bench->folder, buf_view(&ours), 1);
	for (size_t mix = 0; mix < ARRAY_LEN(mixes); mix++) {
		CLEANUP(buf_done) struct buf queries = { 0 };
		char name[16];

		for (size_t i = 0; i < QUERIES; i++) {
			uint32_t address = (uint32_t)prop_u64(&bench->prop);

			if (prop_below(&bench->prop, 100) < mixes[mix])
				address = bench->addresses[address % ENTRIES];
			bench->listed[mix] += bsearch(&address, bench->addresses, ENTRIES,
						      sizeof address, order_u32) != NULL;
			put_address(&queries, address, true);
			buf_str(&queries, STR("." ZONE " A\n"));
		}
		snprintf(name, sizeof name, "q%zu", mix);
		write_file(bench, name, &queries);
	}
}

static void pin(size_t core)
{
	cpu_set_t cores;

	CPU_ZERO(&cores);
	CPU_SET(core, &cores);
	must(sched_setaffinity(0, sizeof cores, &cores) == 0);
}

static void serve_ours(const struct bench *bench)
{
	char path[64];
	int sockets[2];
	int never[2];
	struct ipaddr address = ip_from_u32(0x7f000001);
	struct answer_settings settings = { .snapshot_path = path,
		.zone = STR(ZONE),
		.public_url = STR("https://pehra.example"),
		.sockets = sockets,
		.socket_count = ARRAY_LEN(sockets) };

	snprintf(path, sizeof path, "%s/generation.pehra", bench->folder);
	must(answer_listen(&address, FIRST_PORT + OURS, 1, sockets, NULL) == OK);
	must(pipe(never) == 0);
	must(answer_run(&settings, never[0], NULL) == OK);
}

static void serve(const struct bench *bench, enum which which)
{
	char bind_to[32];
	char zone[64];
	const char *const as_root[] = { "rbldnsd", "-n", "-u", "nobody", "-w", bench->folder, "-b",
		bind_to, zone, NULL };
	const char *const as_user[] = { "rbldnsd", "-n", "-w", bench->folder, "-b", bind_to, zone,
		NULL };

	snprintf(bind_to, sizeof bind_to, "127.0.0.1/%d", FIRST_PORT + (int)which);
	snprintf(zone, sizeof zone, ZONE ":%s:rbl", which == TRIE ? "ip4trie" : "ip4set");
	pin(SERVER_CORE);
	if (which == OURS) {
		serve_ours(bench);
		return;
	}
	must(freopen("/dev/null", "w", stdout) != NULL);
	execv("/usr/sbin/rbldnsd", (char *const *)(uintptr_t)(geteuid() == 0 ? as_root : as_user));
}

/* Any reply will do. */
static bool answers(enum which which)
{
	static const char query[] = "\0\1\0\0\0\1\0\0\0\0\0\0\3rep\5pehra\4test\0\0\6\0\1";
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)(FIRST_PORT + (int)which)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CLEANUP(fd_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd reply = { .fd = fd, .events = POLLIN };
	char byte;

	for (size_t i = 0; i < READY_TRIES; i++) {
		if (sendto(fd, query, sizeof query - 1, 0, (struct sockaddr *)&to, sizeof to) > 0 &&
			poll(&reply, 1, 50) == 1 && recv(fd, &byte, 1, 0) > 0)
			return true;
		usleep(20000);
	}
	return false;
}

static bool start(struct bench *bench, enum which which)
{
	bench->pids[which] = fork();
	must(bench->pids[which] != -1);
	if (bench->pids[which] == 0) {
		serve(bench, which);
		_exit(1);
	}
	return answers(which);
}

static void stop_all(struct bench *bench)
{
	for (enum which i = 0; i < SERVERS; i++) {
		if (bench->pids[i] <= 0)
			continue;
		(void)kill(bench->pids[i], SIGKILL);
		(void)waitpid(bench->pids[i], NULL, 0);
	}
}

/* utime + stime of all threads. */
static double cpu_us(pid_t pid)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	char path[32];
	struct str rest;
	struct str word = { NULL, 0 };
	uint64_t ticks = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	must(file_read(path, OUTPUT_MAX, &text, NULL) == OK);
	rest = buf_view(&text);
	rest = str_from_index(rest, str_find_last(rest, ')') + 1);
	for (int field = 3; field <= 15 && str_next_word(&rest, &word); field++) {
		uint64_t value = 0;

		if (field >= 14 && parse_u64(word, &value))
			ticks += value;
	}
	return (double)ticks * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

/* The number behind a heading of dnsperf's report. */
static double figure(struct str report, struct str heading)
{
	struct str rest = str_from_index(report, str_find_str(report, heading) + heading.n);
	struct str word;
	double value;

	return str_next_word(&rest, &word) && parse_double(word, &value) ? value : 0;
}

static bool run_client(const struct bench *bench, enum which which, size_t mix, struct buf *report)
{
	char port[8];
	char queries[64];
	char output[64];
	int status = 0;
	pid_t pid;

	snprintf(port, sizeof port, "%d", FIRST_PORT + (int)which);
	snprintf(queries, sizeof queries, "%s/q%zu", bench->folder, mix);
	snprintf(output, sizeof output, "%s/report", bench->folder);
	pid = fork();
	must(pid != -1);
	if (pid == 0) {
		pin(CLIENT_CORE);
		must(freopen(output, "w", stdout) != NULL);
		must(dup2(STDOUT_FILENO, STDERR_FILENO) != -1);
		execlp("dnsperf", "dnsperf", "-s", "127.0.0.1", "-p", port, "-d", queries, "-c",
			"4", "-T", "1", "-q", "128", "-n", "1", "-t", "0.25", (char *)NULL);
		_exit(127);
	}
	must(waitpid(pid, &status, 0) == pid);
	must(file_read(output, OUTPUT_MAX, report, NULL) == OK);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool measure(const struct bench *bench, enum which which, size_t mix, struct run *out)
{
	CLEANUP(buf_done) struct buf report = { 0 };
	double before_us = cpu_us(bench->pids[which]);
	double completed;

	if (!run_client(bench, which, mix, &report))
		return false;
	completed = figure(buf_view(&report), STR("Queries completed:"));
	if (completed < 1)
		return false;
	out->cpu_us = (cpu_us(bench->pids[which]) - before_us) / completed;
	out->rate = figure(buf_view(&report), STR("Queries per second:"));
	if (completed < QUERIES)
		fprintf(stderr, "bench_dns: %s lost %.0f of %d queries\n", names[which],
			QUERIES - completed, QUERIES);
	else if (figure(buf_view(&report), STR("NOERROR")) != (double)bench->listed[mix])
		fprintf(stderr, "bench_dns: %s gave wrong answers\n", names[which]);
	return true;
}

static bool measure_all(struct bench *bench)
{
	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t mix = 0; mix < ARRAY_LEN(mixes); mix++) {
			for (enum which i = 0; i < SERVERS; i++) {
				if (!measure(bench, i, mix, &bench->runs[i][mix][round]))
					return false;
			}
		}
	}
	return true;
}

static int order_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const struct run *runs, bool is_rate)
{
	double values[ROUNDS];

	for (size_t i = 0; i < ROUNDS; i++)
		values[i] = is_rate ? runs[i].rate : runs[i].cpu_us;
	qsort(values, ROUNDS, sizeof values[0], order_double);
	return values[ROUNDS / 2];
}

static void report(const struct bench *bench, struct results *results)
{
	for (size_t mix = 0; mix < ARRAY_LEN(mixes); mix++) {
		double ours = median(bench->runs[OURS][mix], false);
		double rate = median(bench->runs[OURS][mix], true);

		for (enum which peer = TRIE; peer < OURS; peer++) {
			const char *kind = peer == TRIE ? "ip4trie" : "ip4set";
			double theirs = median(bench->runs[peer][mix], false);
			char name[64];

			snprintf(name, sizeof name, "dns.cpu.%u%%.%s", mixes[mix], kind);
			results_add(results, &(struct result_row){ .name = name,
						     .unit = "us/query",
						     .value = ours,
						     .goal_kind = RESULT_AT_MOST,
						     .goal = theirs,
						     .peer = names[peer],
						     .peer_value = theirs });
			snprintf(name, sizeof name, "dns.rate.%u%%.%s", mixes[mix], kind);
			results_add(results,
				&(struct result_row){ .name = name,
					.unit = "answers/s",
					.value = rate,
					.peer = names[peer],
					.peer_value = median(bench->runs[peer][mix], true) });
		}
	}
}

static void clean(struct bench *bench)
{
	static const char *const files[] = { "rbl", "q0", "q1", "q2", "report", "generation.pehra",
		"snapshot.key", "snapshot.pub" };
	char path[64];

	stop_all(bench);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof path, "%s/%s", bench->folder, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(bench->folder);
	free(bench->addresses);
}

int main(void)
{
	struct bench bench = { .folder = "/tmp/pehra-bench-XXXXXX", .prop = { 1 } };
	bool is_good = true;

	if (access("/usr/sbin/rbldnsd", X_OK) == -1 || access("/usr/bin/dnsperf", X_OK) == -1 ||
		sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		fprintf(stderr, "bench_dns: needs rbldnsd, dnsperf and two cores; not measured\n");
		return 0;
	}
	must(mkdtemp(bench.folder) != NULL && chmod(bench.folder, 0755) == 0);
	make_addresses(&bench);
	write_inputs(&bench);
	for (enum which i = 0; i < SERVERS && is_good; i++)
		is_good = start(&bench, i);
	is_good = is_good && measure_all(&bench);
	stop_all(&bench);
	if (is_good) {
		CLEANUP(results_close)
		struct results *results = results_open("dns",
			"DNSBL queries over loopback UDP, 500,004 listed IPv4 addresses, 5, 50 "
			"and 100 % of the queries for listed ones: CPU time of the server per "
			"query, and answers per second. Server and dnsperf have a core each; the "
			"servers take turns in each of 5 rounds, the median counts.");

		report(&bench, results);
	} else {
		fprintf(stderr, "bench_dns: a server or dnsperf failed; not measured\n");
	}
	clean(&bench);
	return is_good ? 0 : 1;
}
