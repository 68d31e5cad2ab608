/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The role on a loopback port: UDP, reloads, limits, statistics, start and stop. */
#include "server.h"

#include "answer/sample.h"
#include "evidence/taxonomy.h"
#include "snapshot/live.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct ask listed = { .name = "1.2.0.192." SERVER_BASE ".", .type = DNS_TYPE_A };
static const struct ask unlisted = { .name = "2.2.0.192." SERVER_BASE ".", .type = DNS_TYPE_A };

static void answers_on(const char *address)
{
	struct server server;
	struct told told;
	int fd;

	server_init(&server, address);
	server_start(&server);
	fd = server_connect(&server, SOCK_DGRAM);
	told = server_ask(fd, &listed, SERVER_WAIT_MS);
	assert_string_equal(told.text, "127.0.0.2 127.0.0.3");
	told = server_ask(fd, &unlisted, SERVER_WAIT_MS);
	assert_int_equal(told.rcode, DNS_NXDOMAIN);
	close(fd);
	assert_int_equal(server_counter(&server, COUNT_UDP), 2);
	assert_int_equal(server_counter(&server, COUNT_LISTED), 1);
	assert_int_equal(server_counter(&server, COUNT_NXDOMAIN), 1);
	server_done(&server);
}

static void test_both_families(void **state)
{
	(void)state;
	answers_on("127.0.0.1");
	answers_on("::1");
}

/* On a wildcard address replies come from where the queries went: a connected socket sees that. */
static void test_wildcard(void **state)
{
	static const char *const anys[] = { "0.0.0.0", "::" };
	static const char *const targets[] = { "127.0.0.9", "::1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(anys); i++) {
		struct server server;
		int fd;

		server_init(&server, anys[i]);
		server_start(&server);
		assert_int_equal(ip_parse(str_c(targets[i]), NULL, &server.address, NULL), OK);
		fd = server_connect(&server, SOCK_DGRAM);
		assert_int_equal(server_ask(fd, &listed, SERVER_WAIT_MS).answers, 2);
		close(fd);
		server_done(&server);
	}
}

/* Sockets may come from elsewhere in any mode: workers must wait, not spin. */
static void test_waits(void **state)
{
	struct server server;
	struct timespec before, after;
	int fd;

	(void)state;
	server_init(&server, "127.0.0.1");
	for (size_t i = 0; i < ARRAY_LEN(server.sockets); i++)
		assert_int_equal(fcntl(server.sockets[i], F_SETFL, i % 2 == 0 ? 0 : O_NONBLOCK), 0);
	server_start(&server);
	fd = server_connect(&server, SOCK_DGRAM);
	assert_int_equal(server_ask(fd, &listed, SERVER_WAIT_MS).answers, 2);
	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before), 0);
	usleep(300000);
	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after), 0);
	assert_true((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec <
		    50000000);
	close(fd);
	server_done(&server);
}

/* Many clients at once reach every worker; each gets its own reply. */
static void test_many_clients(void **state)
{
	enum { CLIENTS = 64, QUERIES = 20 };
	struct server server;
	int fds[CLIENTS];
	uint8_t query[DNS_UDP_PLAIN];

	(void)state;
	server_init(&server, "127.0.0.1");
	server_start(&server);
	for (size_t i = 0; i < CLIENTS; i++) {
		fds[i] = server_connect(&server, SOCK_DGRAM);
		for (unsigned id = 0; id < QUERIES; id++) {
			size_t n = ask_write(id % 2 == 0 ? &listed : &unlisted,
				(uint16_t)(i << 8 | id), query, sizeof query);

			assert_int_equal(send(fds[i], query, n, 0), n);
		}
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		uint32_t seen = 0;

		for (size_t j = 0; j < QUERIES; j++) {
			uint8_t reply[DNS_UDP_PLAIN];
			ssize_t n = recv(fds[i], reply, sizeof reply, 0);

			assert_true(n > DNS_HEADER_BYTES);
			assert_int_equal(reply[0], i);
			assert_int_equal(
				reply[3] & 0xf, reply[1] % 2 == 0 ? DNS_NOERROR : DNS_NXDOMAIN);
			seen |= UINT32_C(1) << reply[1];
		}
		assert_int_equal(seen, (UINT32_C(1) << QUERIES) - 1);
		close(fds[i]);
	}
	/* SO_REUSEPORT spreads the clients */
	assert_true(server.stats->workers[0].counters[COUNT_UDP] > 0);
	assert_true(server.stats->workers[1].counters[COUNT_UDP] > 0);
	server_done(&server);
}

static void test_rate_limit(void **state)
{
	enum { RATE = 10, SENT = 100 };
	struct server server;
	struct ask tcp_too = listed;
	size_t answered = 0;
	size_t truncated = 0;
	int fd;

	(void)state;
	server_init(&server, "127.0.0.1");
	server.settings.rate_per_s = RATE;
	server_start(&server);
	fd = server_connect(&server, SOCK_DGRAM);
	for (size_t i = 0; i < SENT; i++) {
		struct told told = server_ask(fd, &tcp_too, 5);

		answered += !told.is_none && !told.is_truncated;
		truncated += !told.is_none && told.is_truncated;
	}
	/* the burst at once, then what a second or two add */
	assert_in_range(answered, 2 * RATE, 5 * RATE);
	assert_true(truncated > 10);
	assert_true(server_counter(&server, COUNT_DROP_RATE) > 10);
	assert_true(server_counter(&server, COUNT_SLIPPED) >= truncated);
	close(fd);
	server_done(&server);
}

static void test_unlimited(void **state)
{
	struct prefix loopback;
	struct server server;
	int fd;

	(void)state;
	server_init(&server, "127.0.0.1");
	assert_int_equal(prefix_parse(STR("127.0.0.0/8"), NULL, &loopback, NULL), OK);
	server.settings.rate_per_s = 1;
	server.settings.unlimited = &loopback;
	server.settings.unlimited_count = 1;
	server_start(&server);
	fd = server_connect(&server, SOCK_DGRAM);
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(server_ask(fd, &listed, SERVER_WAIT_MS).answers, 2);
	close(fd);
	server_done(&server);
}

static struct told until_rcode(int fd, const struct ask *ask, unsigned rcode)
{
	struct told told = { 0 };

	for (size_t i = 0; i < 100; i++) {
		told = server_ask(fd, ask, SERVER_WAIT_MS);
		if (told.rcode == rcode)
			break;
		usleep(50000);
	}
	assert_int_equal(told.rcode, rcode);
	return told;
}

/* Without a snapshot names are SERVFAIL; it is found when it comes, and again when replaced. */
static void test_snapshots_come_and_go(void **state)
{
	struct ask soa = { .name = SERVER_BASE ".", .type = DNS_TYPE_SOA };
	struct server server;
	int fd;

	(void)state;
	server_init(&server, "127.0.0.1");
	assert_int_equal(unlink(server.path), 0);
	server_start(&server);
	fd = server_connect(&server, SOCK_DGRAM);
	until_rcode(fd, &listed, DNS_SERVFAIL);
	assert_true(server_counter(&server, COUNT_RELOAD_FAILURES) > 0);
	sample_build(server.folder, STR("192.0.2.2\n"), 8);
	until_rcode(fd, &unlisted, DNS_NOERROR);
	until_rcode(fd, &listed, DNS_NXDOMAIN);
	assert_true(strstr(server_ask(fd, &soa, SERVER_WAIT_MS).text, " 8 3600") != NULL);
	close(fd);
	server_done(&server);
}

/* A change in the live copy is in the very next answer; a new copy takes over by itself. */
static void test_live_changes(void **state)
{
	struct pehra_verdict verdict = {
		.categories = UINT64_C(1) << CATEGORY_SPAM, .score = { 60 }, .action = PEHRA_BLOCK
	};
	struct snapshot_v4 entry = { .address = 0xc0000202, .width = 32 };
	struct snapshot_v4 nothing = { 0 };
	struct snapshot_live *live;
	struct snapshot_live *next;
	struct server server;
	int fd;

	(void)state;
	server_init(&server, "127.0.0.1");
	assert_int_equal(snapshot_live_open(server.folder, &live, NULL), OK);
	snprintf(server.path, sizeof server.path, "%s/live.pehra", server.folder);
	server_start(&server);
	fd = server_connect(&server, SOCK_DGRAM);
	assert_int_equal(server_ask(fd, &unlisted, SERVER_WAIT_MS).rcode, DNS_NXDOMAIN);
	assert_int_equal(snapshot_live_intern(live, &verdict, NULL, 0, &entry.verdict, NULL), OK);
	assert_int_equal(snapshot_live_put_v4(live, &entry, &nothing, NULL), OK);
	assert_string_equal(server_ask(fd, &unlisted, SERVER_WAIT_MS).text, "127.0.0.6");
	entry.verdict = 0;
	assert_int_equal(snapshot_live_put_v4(live, &entry, &nothing, NULL), OK);
	assert_int_equal(server_ask(fd, &unlisted, SERVER_WAIT_MS).rcode, DNS_NXDOMAIN);
	sample_build(server.folder, STR("192.0.2.2 phishing 0 80 0 3\n"), 2);
	assert_int_equal(snapshot_live_open(server.folder, &next, NULL), OK);
	assert_string_equal(server_ask(fd, &unlisted, SERVER_WAIT_MS).text, "127.0.0.10");
	snapshot_live_close(&live);
	snapshot_live_close(&next);
	close(fd);
	server_done(&server);
}

/* Random bytes and bent queries never stop it; what it says to them is a message. */
static void test_random_packets(void **state)
{
	struct prop prop = { prop_env("PEHRA_SEED", 1) };
	struct server server;
	uint8_t bytes[DNS_UDP_PLAIN];
	int fd;

	(void)state;
	server_init(&server, "127.0.0.1");
	server_start(&server);
	fd = server_connect(&server, SOCK_DGRAM);
	for (size_t i = 0; i < 10000; i++) {
		size_t n = ask_write(&listed, (uint16_t)i, bytes, sizeof bytes);

		if (i % 2 == 0) {
			n = prop_below(&prop, 100);
			for (size_t j = 0; j < n; j++)
				bytes[j] = (uint8_t)prop_u64(&prop);
		} else {
			bytes[prop_below(&prop, n)] = (uint8_t)prop_u64(&prop);
		}
		assert_int_equal(send(fd, bytes, n, 0), n);
		while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
			;
	}
	close(fd);
	fd = server_connect(&server, SOCK_DGRAM);
	assert_int_equal(server_ask(fd, &listed, SERVER_WAIT_MS).answers, 2);
	assert_true(server_counter(&server, COUNT_FORMERR) > 1000);
	assert_true(server_counter(&server, COUNT_DROP_NO_QUERY) > 1000);
	close(fd);
	server_done(&server);
}

static void test_bad_settings(void **state)
{
	struct server server;
	struct answer *answer;
	struct why why = { 0 };

	(void)state;
	server_init(&server, "127.0.0.1");
	server.settings.zone = STR("not..a.zone");
	assert_int_equal(answer_start(&server.settings, &answer, &why), ERR_USAGE);
	assert_null(answer);
	server.settings.zone = STR(SERVER_BASE);
	server.settings.socket_count = 0;
	assert_int_equal(answer_start(&server.settings, &answer, &why), ERR_USAGE);
	/* the port is taken */
	assert_int_equal(
		answer_listen(&server.address, server.port, 1, server.sockets, &why), ERR_IO);
	assert_true(why.text[0] != '\0');
	server_done(&server);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_families),
		cmocka_unit_test(test_wildcard),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_many_clients),
		cmocka_unit_test(test_rate_limit),
		cmocka_unit_test(test_unlimited),
		cmocka_unit_test(test_snapshots_come_and_go),
		cmocka_unit_test(test_live_changes),
		cmocka_unit_test(test_random_packets),
		cmocka_unit_test(test_bad_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
