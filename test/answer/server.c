/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server.h"

#include "answer/sample.h"

#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char list[] = "192.0.2.1 scanner,brute-force 87 0 0 3\n"
			   "198.51.100.0/24 c2-server 0 95 0 3\n"
			   "198.51.100.7 c2-server 50 0 0 4\n"
			   "2001:db8:1::/64 spam 70 0 0 3\n"
			   "bad.example.org phishing 0 90 0 3\n";

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	(void)about;
	(void)kind;
	(void)where;
	return remove(path);
}

static socklen_t address_of(const struct server *server, struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons(server->port),
		.sin_addr.s_addr = htonl(ip_to_u32(&server->address)) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(server->port) };

	*out = (struct sockaddr_storage){ 0 };
	if (ip_is_v4(&server->address)) {
		memcpy(out, &v4, sizeof v4);
		return sizeof v4;
	}
	memcpy(&v6.sin6_addr, server->address.bytes, sizeof v6.sin6_addr);
	memcpy(out, &v6, sizeof v6);
	return sizeof v6;
}

void server_init(struct server *server, const char *address)
{
	struct sockaddr_in6 bound = { 0 };
	socklen_t length = sizeof bound;

	memset(server, 0, sizeof *server);
	must(str_to_c(STR("/tmp/pehra-answer-XXXXXX"), server->folder, sizeof server->folder));
	assert_non_null(mkdtemp(server->folder));
	snprintf(server->path, sizeof server->path, "%s/generation.pehra", server->folder);
	sample_build(server->folder, str_c(list), 1);
	assert_int_equal(ip_parse(str_c(address), NULL, &server->address, NULL), OK);
	assert_int_equal(answer_listen(&server->address, 0, SERVER_UDP, server->sockets, NULL), OK);
	assert_int_equal(getsockname(server->sockets[0], (struct sockaddr *)&bound, &length), 0);
	/* the port stands at the same place in both families */
	server->port = ntohs(bound.sin6_port);
	server->stats = aligned_alloc(64, answer_stats_bytes());
	assert_non_null(server->stats);
	memset(server->stats, 0, answer_stats_bytes());
	server->settings = (struct answer_settings){ .snapshot_path = server->path,
		.zone = STR(SERVER_BASE),
		.public_url = STR("https://pehra.example"),
		.sockets = server->sockets,
		.socket_count = ARRAY_LEN(server->sockets),
		.stats = server->stats };
}

void server_start(struct server *server)
{
	struct why why = { 0 };

	if (answer_start(&server->settings, &server->answer, &why) != OK)
		fail_msg("%s", why.text);
}

void server_done(struct server *server)
{
	answer_stop(&server->answer);
	for (size_t i = 0; i < ARRAY_LEN(server->sockets); i++)
		close(server->sockets[i]);
	free(server->stats);
	(void)nftw(server->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

uint64_t server_counter(const struct server *server, enum answer_counter counter)
{
	struct answer_totals totals;

	assert_true(answer_stats_read(server->stats, answer_stats_bytes(), &totals));
	return totals.counters[counter];
}

int server_connect(const struct server *server, int type)
{
	struct sockaddr_storage address;
	socklen_t length = address_of(server, &address);
	int fd = socket(address.ss_family, type | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, length), 0);
	return fd;
}

static bool is_readable(int fd, int wait_ms)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	return poll(&one, 1, wait_ms) == 1;
}

static int read_bytes(int fd, uint8_t *out, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t more;

		if (!is_readable(fd, SERVER_WAIT_MS))
			return -1;
		more = recv(fd, out + at, n - at, 0);
		if (more <= 0)
			return 0;
		at += (size_t)more;
	}
	return (int)n;
}

int server_read_tcp(int fd, uint8_t *out, size_t size)
{
	uint8_t length[2];
	int n = read_bytes(fd, length, sizeof length);

	if (n <= 0)
		return n;
	assert_true(dns_u16(length) <= size);
	return read_bytes(fd, out, dns_u16(length));
}

void server_write_tcp(int fd, const uint8_t *query, size_t n)
{
	uint8_t message[2 + DNS_MESSAGE_MAX];

	dns_put_u16(message, (uint32_t)n);
	memcpy(message + 2, query, n);
	assert_int_equal(send(fd, message, n + 2, MSG_NOSIGNAL), n + 2);
}

struct told server_ask(int fd, const struct ask *ask, int wait_ms)
{
	uint8_t query[DNS_MESSAGE_MAX];
	uint8_t reply[DNS_MESSAGE_MAX];
	size_t n = ask_write(ask, 77, query, sizeof query);
	ssize_t told;

	assert_int_equal(send(fd, query, n, 0), n);
	if (!is_readable(fd, wait_ms))
		return (struct told){ .is_none = true };
	told = recv(fd, reply, sizeof reply, 0);
	assert_true(told > 0);
	return ask_read(reply, (size_t)told, query, n);
}
