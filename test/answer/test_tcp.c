/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP as RFC 7766 wants it: pipelining, half close, slow and greedy clients, limits. */
#include "server.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct ask listed = { .name = "1.2.0.192." SERVER_BASE ".", .type = DNS_TYPE_A };

static void start(struct server *server)
{
	server_init(server, "127.0.0.1");
	server->settings.tcp_idle_ms = 600;
	server->settings.tcp_per_client = 8;
	server_start(server);
}

/* Is the connection closed by the server within wait_ms? */
static bool is_closed(int fd, int wait_ms)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };
	uint8_t byte;

	return poll(&one, 1, wait_ms) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static void expect_reply(int fd, uint16_t id)
{
	uint8_t query[DNS_UDP_PLAIN];
	uint8_t reply[DNS_UDP_PLAIN];
	size_t query_n = ask_write(&listed, id, query, sizeof query);
	int n = server_read_tcp(fd, reply, sizeof reply);

	assert_true(n > 0);

	struct told told = ask_read(reply, (size_t)n, query, query_n);

	assert_int_equal(told.id, id);
	assert_int_equal(told.answers, 2);
}

/* Many queries in one write, cut at every place; replies come in order. */
static void test_pipelining(void **state)
{
	enum { QUERIES = 500 };
	struct server server;
	struct prop prop = { 1 };
	uint8_t bytes[QUERIES * 64];
	size_t n = 0;
	int fd;

	(void)state;
	start(&server);
	fd = server_connect(&server, SOCK_STREAM);
	for (unsigned id = 0; id < QUERIES; id++) {
		size_t query =
			ask_write(&listed, (uint16_t)id, bytes + n + 2, sizeof bytes - n - 2);

		dns_put_u16(bytes + n, (uint32_t)query);
		n += query + 2;
	}
	for (size_t at = 0; at < n;) {
		size_t part = 1 + prop_below(&prop, 700);

		part = part < n - at ? part : n - at;
		assert_int_equal(send(fd, bytes + at, part, MSG_NOSIGNAL), part);
		at += part;
	}
	/* half close: what was asked is still answered, then the server closes too */
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	for (unsigned id = 0; id < QUERIES; id++)
		expect_reply(fd, (uint16_t)id);
	assert_true(is_closed(fd, SERVER_WAIT_MS));
	close(fd);
	assert_int_equal(server_counter(&server, COUNT_TCP), QUERIES);
	server_done(&server);
}

/* A client that does not read is held back, and gets everything once it reads. */
static void test_back_pressure(void **state)
{
	enum { QUERIES = 400000 };
	struct server server;
	uint8_t query[DNS_UDP_PLAIN];
	size_t sent = 0;
	int small = 65536;
	int fd;

	(void)state;
	server_init(&server, "127.0.0.1");
	server_start(&server);
	fd = server_connect(&server, SOCK_STREAM);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);

	size_t n = ask_write(&listed, 7, query + 2, sizeof query - 2) + 2;

	dns_put_u16(query, (uint32_t)(n - 2));
	while (sent < QUERIES && send(fd, query, n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n)
		sent++;
	/* a write that was cut short is a query not yet whole: the end of the connection drops it
	 */
	assert_in_range(sent, 100, QUERIES - 1);
	shutdown(fd, SHUT_WR);
	for (size_t i = 0; i < sent; i++)
		expect_reply(fd, 7);
	close(fd);
	server_done(&server);
}

static void test_silent_client(void **state)
{
	struct server server;
	int fd;

	(void)state;
	start(&server);
	fd = server_connect(&server, SOCK_STREAM);
	assert_false(is_closed(fd, 300));
	assert_true(is_closed(fd, SERVER_WAIT_MS));
	close(fd);
	assert_int_equal(server_counter(&server, COUNT_TCP_TIMEOUT), 1);
	server_done(&server);
}

/* Byte after byte without ever finishing a query: the time-out does not start anew. */
static void test_slow_client(void **state)
{
	struct server server;
	uint8_t query[DNS_UDP_PLAIN] = { 0, 200 };
	bool is_cut = false;
	int fd;

	(void)state;
	start(&server);
	fd = server_connect(&server, SOCK_STREAM);
	for (size_t i = 0; i < 40 && !is_cut; i++) {
		if (send(fd, query + i, 1, MSG_NOSIGNAL) != 1)
			is_cut = true;
		else
			is_cut = is_closed(fd, 50);
	}
	assert_true(is_cut);
	close(fd);
	server_done(&server);
}

/* One that keeps asking stays, well beyond the time-out. */
static void test_busy_client(void **state)
{
	struct server server;
	uint8_t query[DNS_UDP_PLAIN];
	size_t n = ask_write(&listed, 3, query, sizeof query);
	int fd;

	(void)state;
	start(&server);
	fd = server_connect(&server, SOCK_STREAM);
	for (size_t i = 0; i < 6; i++) {
		server_write_tcp(fd, query, n);
		expect_reply(fd, 3);
		usleep(250000);
	}
	close(fd);
	server_done(&server);
}

static void test_bad_framing(void **state)
{
	static const struct str openings[] = {
		STR_INIT("\0\0"),               /* empty message */
		STR_INIT("\0\5hello"),          /* shorter than a header */
		STR_INIT("\377\377"),           /* longer than any query */
		STR_INIT("GET / HTTP/1.1\r\n"), /* another protocol: 0x4745 bytes announced */
	};
	struct server server;

	(void)state;
	start(&server);
	for (size_t i = 0; i < ARRAY_LEN(openings); i++) {
		int fd = server_connect(&server, SOCK_STREAM);

		assert_int_equal(
			send(fd, openings[i].p, openings[i].n, MSG_NOSIGNAL), openings[i].n);
		assert_true(is_closed(fd, 400));
		close(fd);
	}
	server_done(&server);
}

static void test_per_client_limit(void **state)
{
	struct server server;
	int fds[9];

	(void)state;
	start(&server);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = server_connect(&server, SOCK_STREAM);
	assert_true(is_closed(fds[8], 400));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	assert_int_equal(server_counter(&server, COUNT_TCP_OVER_LIMIT), 1);
	server_done(&server);
}

/* When the table is full the one that is nearest to its time-out goes; newcomers are served. */
static void test_total_limit(void **state)
{
	struct server server;
	uint8_t query[DNS_UDP_PLAIN];
	size_t n = ask_write(&listed, 3, query, sizeof query);
	int fds[5];

	(void)state;
	server_init(&server, "127.0.0.1");
	server.settings.tcp_connections = 4;
	server_start(&server);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = server_connect(&server, SOCK_STREAM);
		server_write_tcp(fds[i], query, n);
		expect_reply(fds[i], 3);
		usleep(2000);
	}
	assert_true(is_closed(fds[0], SERVER_WAIT_MS));
	server_write_tcp(fds[1], query, n);
	expect_reply(fds[1], 3);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	server_done(&server);
}

/* Streams of random bytes end, and others are served. */
static void test_random_streams(void **state)
{
	struct server server;
	struct prop prop = { prop_env("PEHRA_SEED", 1) };
	uint8_t query[DNS_UDP_PLAIN];
	size_t n;
	int fd;

	(void)state;
	start(&server);
	for (size_t i = 0; i < 300; i++) {
		uint8_t bytes[300];
		size_t length = 1 + prop_below(&prop, sizeof bytes);

		fd = server_connect(&server, SOCK_STREAM);
		for (size_t j = 0; j < length; j++)
			bytes[j] = (uint8_t)prop_below(&prop, j < 2 ? 2 : 256);
		(void)send(fd, bytes, length, MSG_NOSIGNAL);
		close(fd);
	}
	fd = server_connect(&server, SOCK_STREAM);
	n = ask_write(&listed, 3, query, sizeof query);
	server_write_tcp(fd, query, n);
	expect_reply(fd, 3);
	close(fd);
	server_done(&server);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipelining),
		cmocka_unit_test(test_back_pressure),
		cmocka_unit_test(test_silent_client),
		cmocka_unit_test(test_slow_client),
		cmocka_unit_test(test_busy_client),
		cmocka_unit_test(test_bad_framing),
		cmocka_unit_test(test_per_client_limit),
		cmocka_unit_test(test_total_limit),
		cmocka_unit_test(test_random_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
