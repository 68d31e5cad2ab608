/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From one report to the changed answer, in the real server with a list of PEHRA_BENCH_ENTRIES
 * entries (1,000,000 unless it says otherwise): a report goes in by POST /v1/report, and from then
 * on the library (on the mapped live file), the DNS and GET /v1/ip/... are asked in turn until each
 * shows the new verdict. One process, sockets opened before.
 *
 * Three kinds of report, in turn: about an address that another source lists (a verdict changes in
 * place), about its neighbour in a listed /24 (an entry is added to its line), and about an address
 * in a /24 of which nothing was listed. Then the same while a whole new snapshot is being built.
 */
#include "base/io.h"
#include "bench/made_list.h"
#include "bench/own_server.h"
#include "bench/results.h"
#include "evidence/taxonomy.h"
#include "pehra.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

enum {
	REPORTS = 200,
	REPORTS_IN_BUILD_MAX = 2000,
	REPORTS_AFTER_BUILD = 20,
	REPORTS_MAX = REPORTS + REPORTS_IN_BUILD_MAX,
	ENTRIES = 1000000,
	GOAL_MS = 50,
	GIVE_UP_S = 20,
	PAUSE_NS = 100000, /* between two rounds of questions: the server needs the cores, too */
	DNS_WAIT_MS = 1000,
	DNS_BYTES = 512
};

enum face { FACE_LIB, FACE_DNS, FACE_HTTP, FACE_ACCEPTED, FACES };
static const char *const face_names[FACES] = { "lib", "dns", "http", "accepted" };

struct asked {
	struct own_server server;
	uint64_t entries;
	char live_path[320];
	struct pehra *live;
	int dns;
	int http;
	int post;
	char token[128];
	struct buf text;
};

/* What one report does to one address. */
struct change {
	struct ipaddr ip;
	unsigned action;         /* expected, enum pehra_action */
	const char *action_json; /* the same as the API writes it */
};

static int connected(int type, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(fd != -1 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
	if (type == SOCK_STREAM)
		must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
	return fd;
}

static void send_all(int fd, struct str bytes)
{
	struct why why;

	must(fd_write_all(fd, bytes, &why) == OK);
}

/* Length of the whole answer once its head is there, 0 before. */
static size_t http_length(struct str text)
{
	size_t head = text.n;
	struct str line;
	uint64_t length = 0;

	for (size_t i = 0; i + 4 <= text.n && head == text.n; i++) {
		if (memcmp(text.p + i, "\r\n\r\n", 4) == 0)
			head = i + 4;
	}
	if (head == text.n && !str_ends(text, STR("\r\n\r\n")))
		return 0;

	struct str rest = str_first(text, head);

	while (str_next_line(&rest, &line)) {
		if (str_starts_nocase(line, STR("content-length:")))
			must(parse_u64(str_trim(str_from_index(line, 15)), &length));
	}
	return head + length;
}

/* The whole answer to the request that was sent, in asked->text. */
static void http_receive(struct asked *asked, int fd)
{
	enum { CHUNK = 4096 };
	size_t whole = 0;

	buf_clear(&asked->text);
	while (whole == 0 || asked->text.n < whole) {
		ssize_t n = read(fd, buf_reserve(&asked->text, CHUNK), CHUNK);

		if (n == -1 && errno == EINTR)
			continue;
		must(n > 0);
		asked->text.n += (size_t)n;
		whole = http_length(buf_view(&asked->text));
	}
	if (str_starts(buf_view(&asked->text), STR("HTTP/1.1 200")))
		return;
	(void)fprintf(stderr, "%s\n", buf_c(&asked->text));
	must(!"the answer is 200");
}

static bool http_shows(struct asked *asked, const struct change *change)
{
	CLEANUP(buf_done) struct buf action = { 0 };

	buf_clear(&asked->text);
	buf_str(&asked->text, STR("GET /v1/ip/"));
	ip_format(&asked->text, &change->ip);
	buf_str(&asked->text, STR(" HTTP/1.1\r\nHost: localhost\r\n\r\n"));
	send_all(asked->http, buf_view(&asked->text));
	http_receive(asked, asked->http);
	buf_fmt(&action, "\"action\":\"%s\"", change->action_json);
	return str_find_str(buf_view(&asked->text), buf_view(&action)) != asked->text.n;
}

/* 4.3.2.1.rep.pehra.test A, in wire form */
static size_t dns_question(const struct ipaddr *ip, uint16_t id, uint8_t out[DNS_BYTES])
{
	static const char zone[] = "\3rep\5pehra\4test";
	static const uint8_t tail[] = { 0, 1, 0, 1 };
	uint8_t head[12] = { (uint8_t)(id >> 8), (uint8_t)id, 0, 0, 0, 1 };
	size_t n = sizeof head;

	memcpy(out, head, sizeof head);
	for (int i = 3; i >= 0; i--) {
		char digits[4];
		int length = snprintf(digits, sizeof digits, "%u", ip->bytes[12 + i]);

		out[n++] = (uint8_t)length;
		memcpy(out + n, digits, (size_t)length);
		n += (size_t)length;
	}
	memcpy(out + n, zone, sizeof zone);
	n += sizeof zone;
	memcpy(out + n, tail, sizeof tail);
	return n + sizeof tail;
}

/* Has the answer an A record with the code of what was reported? */
static bool dns_shows(struct asked *asked, const struct change *change)
{
	static uint16_t id;
	uint8_t bytes[DNS_BYTES];
	size_t n = dns_question(&change->ip, ++id, bytes);
	const uint8_t wanted[4] = { 127, 0, 0, category_info(CATEGORY_SPAM)->dns_code };

	must(send(asked->dns, bytes, n, 0) == (ssize_t)n);
	for (;;) {
		struct pollfd row = { asked->dns, POLLIN, 0 };
		ssize_t got;

		must(poll(&row, 1, DNS_WAIT_MS) == 1);
		got = recv(asked->dns, bytes, sizeof bytes, 0);
		must(got > (ssize_t)n);
		if (bytes[0] == (uint8_t)(id >> 8) && bytes[1] == (uint8_t)id)
			return memmem(bytes + n, (size_t)got - n, wanted, sizeof wanted) != NULL;
	}
}

static void live_open(struct asked *asked)
{
	if (asked->live != NULL)
		pehra_close(asked->live);
	must(pehra_open(asked->live_path, PEHRA_OPEN_PLAIN, &asked->live) == PEHRA_OK);
}

static bool lib_shows(struct asked *asked, const struct change *change)
{
	const struct pehra_verdict *verdict;

	if (pehra_superseded(asked->live))
		live_open(asked);
	verdict = pehra_verdict(asked->live, pehra_ip(asked->live, change->ip.bytes));
	return verdict != NULL && verdict->action == change->action &&
	       (verdict->categories >> CATEGORY_SPAM & 1) != 0;
}

static bool (*const shows[])(struct asked *asked, const struct change *change) = {
	[FACE_LIB] = lib_shows, [FACE_DNS] = dns_shows, [FACE_HTTP] = http_shows
};

static void report_send(struct asked *asked, const struct change *change)
{
	CLEANUP(buf_done) struct buf body = { 0 };

	buf_str(&body, STR("{\"indicator\":\""));
	ip_format(&body, &change->ip);
	buf_str(&body, STR("\",\"category\":\"spam\"}"));
	buf_clear(&asked->text);
	buf_fmt(&asked->text,
		"POST /v1/report HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
		"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
		asked->token, body.n);
	buf_str(&asked->text, buf_view(&body));
	send_all(asked->post, buf_view(&asked->text));
}

static bool is_readable(int fd)
{
	struct pollfd row = { fd, POLLIN, 0 };

	return poll(&row, 1, 0) == 1;
}

/* One report; how long each face took, in ms. */
static void measure(struct asked *asked, const struct change *change, double ms[FACES])
{
	double start = now_wall_s();
	bool is_shown[FACES] = { false };
	size_t left = FACES;

	for (unsigned face = 0; face < FACE_ACCEPTED; face++)
		must(!shows[face](asked, change));
	start = now_wall_s();
	report_send(asked, change);
	while (left > 0) {
		for (unsigned face = 0; face < FACES; face++) {
			if (is_shown[face])
				continue;
			is_shown[face] = face == FACE_ACCEPTED ? is_readable(asked->post)
							       : shows[face](asked, change);
			ms[face] = (now_wall_s() - start) * 1e3;
			left -= is_shown[face];
		}
		must(ms[FACE_LIB] < GIVE_UP_S * 1e3);
		if (left > 0)
			(void)nanosleep(&(struct timespec){ 0, PAUSE_NS }, NULL);
	}
	http_receive(asked, asked->post);
}

enum kind { KIND_LISTED, KIND_NEIGHBOUR, KIND_FAR, KINDS };

static struct change change_at(const struct asked *asked, uint64_t n)
{
	static const struct {
		uint32_t (*address)(uint64_t place, uint64_t entries);
		unsigned action;
		const char *json;
	} kinds[KINDS] = {
		[KIND_LISTED] = { made_v4, PEHRA_BLOCK, "block" },
		[KIND_NEIGHBOUR] = { made_v4_neighbour, PEHRA_WATCH, "watch" },
		[KIND_FAR] = { made_v4_far, PEHRA_WATCH, "watch" },
	};
	uint64_t place = n * (asked->entries / (REPORTS_MAX));
	enum kind kind = n % KINDS;

	return (struct change){ .ip = ip_from_u32(kinds[kind].address(place, asked->entries)),
		.action = kinds[kind].action,
		.action_json = kinds[kind].json };
}

static int double_order(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

static void told(struct results *results, const char *what, double *ms, size_t n, bool has_goal)
{
	static const struct {
		const char *name;
		double share;
	} ranks[] = { { "p50", 0.50 }, { "p99", 0.99 }, { "max", 1 } };

	qsort(ms, n, sizeof *ms, double_order);
	for (size_t i = 0; i < ARRAY_LEN(ranks); i++) {
		CLEANUP(buf_done) struct buf name = { 0 };
		size_t place = (size_t)(ranks[i].share * (double)(n - 1) + 0.5);

		buf_fmt(&name, "latency.%s.%s", what, ranks[i].name);
		results_add(
			results, &(struct result_row){ .name = buf_c(&name),
					 .unit = "ms",
					 .value = ms[place],
					 .goal_kind = has_goal ? RESULT_AT_MOST : RESULT_NO_GOAL,
					 .goal = GOAL_MS });
	}
}

/* What the disk alone takes for a small write with its fsync, just as a commit does one. */
static void disk(struct results *results, const struct asked *asked)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	static const char page[8192];
	double ms[REPORTS];

	buf_fmt(&path, "%s/fsync", asked->server.folder);

	CLEANUP(fd_close) int fd = open(buf_c(&path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	must(fd != -1);
	/* as the store's log, the file has its size already */
	for (size_t i = 0; i < REPORTS; i++)
		must(write(fd, page, sizeof page) == (ssize_t)sizeof page);
	must(fsync(fd) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	for (size_t i = 0; i < REPORTS; i++) {
		double start = now_wall_s();

		must(write(fd, page, sizeof page) == (ssize_t)sizeof page && fdatasync(fd) == 0);
		ms[i] = (now_wall_s() - start) * 1e3;
	}
	told(results, "disk_sync_alone", ms, REPORTS, false);
}

struct measured {
	double ms[FACES][REPORTS_MAX];
	size_t n;
	uint64_t next; /* place of the next report's address */
};

static void report_once(struct asked *asked, struct measured *measured)
{
	struct change change = change_at(asked, measured->next++);
	double ms[FACES];

	must(measured->n < REPORTS_MAX);
	measure(asked, &change, ms);
	for (unsigned face = 0; face < FACES; face++)
		measured->ms[face][measured->n] = ms[face];
	measured->n++;
}

static void measured_told(struct results *results, const char *where, struct measured *measured)
{
	for (unsigned face = 0; face < FACES; face++) {
		CLEANUP(buf_done) struct buf name = { 0 };

		buf_fmt(&name, "%s%s", where, face_names[face]);
		told(results, buf_c(&name), measured->ms[face], measured->n, true);
	}
	measured->n = 0;
}

static uint64_t generation_of(const struct asked *asked)
{
	struct pehra_info info;

	pehra_info(asked->live, &info);
	return info.generation;
}

/* From the start of a build until it has taken the old one's place and some more. */
static void reports_in_build(struct asked *asked, struct measured *measured)
{
	uint64_t before = generation_of(asked);
	size_t after = 0;

	own_server_send(&asked->server, "snapshot.build", "{}");
	while (measured->n < REPORTS_IN_BUILD_MAX && after < REPORTS_AFTER_BUILD) {
		report_once(asked, measured);
		after += generation_of(asked) > before;
	}
	must(after > 0);
}

/* A token that may report, the list, its snapshot, and the sockets. */
static void prepare(struct asked *asked)
{
	struct own_server *server = &asked->server;
	CLEANUP(buf_done) struct buf list = { 0 };
	CLEANUP(buf_done) struct buf out = { 0 };
	struct str token;

	own_server_start(server);
	buf_fmt(&list, "%s/list.txt", server->folder);
	made_list_write(buf_c(&list), false, asked->entries);
	own_server_pehra(server,
		(const char *const[]){ "feed", "import", "--format", "plain", "--source", "list",
			"--role", "src", "--category", "brute-force", "--allow-special",
			buf_c(&list), NULL },
		&out);
	buf_clear(&out);
	own_server_pehra(server,
		(const char *const[]){ "token", "add", "--permissions", "report", "bench", NULL },
		&out);
	token = str_trim(buf_view(&out));
	must(str_to_c(token, asked->token, sizeof asked->token));
	(void)snprintf(asked->live_path, sizeof asked->live_path, "%s",
		own_server_path(server, "snapshot/live.pehra"));
	live_open(asked);
	asked->dns = connected(SOCK_DGRAM, server->dns_port);
	asked->http = connected(SOCK_STREAM, server->http_port);
	asked->post = connected(SOCK_STREAM, server->http_port);
}

static void asked_done(struct asked *asked)
{
	if (asked->live != NULL)
		pehra_close(asked->live);
	fd_close(&asked->dns);
	fd_close(&asked->http);
	fd_close(&asked->post);
	own_server_done(&asked->server);
	buf_done(&asked->text);
}

int main(void)
{
	CLEANUP(results_close)
	struct results *results = results_open("latency",
		"From POST /v1/report to the changed answer of the library (mapped live file), the "
		"DNS and GET /v1/ip, with the commit; the real server with 1M listed hosts in "
		"clusters of six per /24. 200 reports one after the other: a third about listed "
		"addresses, about their neighbours, about empty /24s; then more while a whole "
		"snapshot is being built and takes the old one's place. Beside it, one write of 8 "
		"KiB with fdatasync on the same "
		"disk.");
	CLEANUP(asked_done)
	struct asked asked = { .entries = ENTRIES, .dns = -1, .http = -1, .post = -1 };
	struct measured *measured;
	uint64_t entries;

	if (parse_u64(str_c(getenv("PEHRA_BENCH_ENTRIES")), &entries) && entries >= REPORTS_MAX)
		asked.entries = entries;
	prepare(&asked);
	disk(results, &asked);
	measured = calloc(1, sizeof *measured);
	must(measured != NULL);
	while (measured->n < REPORTS)
		report_once(&asked, measured);
	measured_told(results, "", measured);
	reports_in_build(&asked, measured);
	measured_told(results, "in_build.", measured);
	free(measured);
	return 0;
}
