/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TCP (RFC 7766): one thread, all listeners, a fixed table of connections. Queries on a connection
 * are pipelined and answered in order. A connection lives as long as whole queries keep coming and
 * their replies are taken: a client that sends byte by byte, or does not read, runs into the same
 * time-out as a silent one. When the table is full, the connection that is nearest to its time-out
 * makes way.
 */
#include "answer/worker.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LENGTH_BYTES = 2,
	TCP_QUERY_MAX = 4096, /* a longer one ends the connection */
	TCP_IN_BYTES = LENGTH_BYTES + TCP_QUERY_MAX,
	TCP_OUT_BYTES = 16384,
	TCP_EVENTS = 64
};

struct connection {
	int fd;          /* -1: free */
	bool is_ending;  /* the client sends no more */
	bool is_writing; /* waits for room to send */
	uint64_t client_key;
	struct ipaddr client;
	int64_t deadline_ns;
	size_t in_n;
	size_t out_n;
	size_t out_sent;
	uint8_t in[TCP_IN_BYTES];
	uint8_t out[TCP_OUT_BYTES];
};

struct tcp {
	struct worker *worker;
	int epoll;
	int64_t now_ns;
	size_t open_count;
	struct connection *connections; /* settings->tcp_connections of them */
};

static const struct answer_settings *settings_of(const struct tcp *tcp)
{
	return tcp->worker->shared->settings;
}

static int64_t idle_ns(const struct tcp *tcp)
{
	return (int64_t)settings_of(tcp)->tcp_idle_ms * 1000000;
}

static void connection_end(struct tcp *tcp, struct connection *connection)
{
	close(connection->fd);
	connection->fd = -1;
	tcp->open_count--;
}

/* Sends what it can; false when the connection is gone. */
static bool flush(struct connection *connection)
{
	while (connection->out_sent < connection->out_n) {
		ssize_t n = send(connection->fd, connection->out + connection->out_sent,
			connection->out_n - connection->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN;
		connection->out_sent += (size_t)n;
	}
	connection->out_n = 0;
	connection->out_sent = 0;
	return true;
}

/* Answers the whole queries at hand for which there is room; false on what is no DNS. */
static bool answer_queries(struct tcp *tcp, struct connection *connection)
{
	struct worker *worker = tcp->worker;
	size_t at = 0;
	bool is_good = true;

	while (connection->in_n - at >= LENGTH_BYTES &&
		TCP_OUT_BYTES - connection->out_n >= LENGTH_BYTES + RESPOND_BYTES_MAX) {
		size_t n = dns_u16(connection->in + at);
		uint8_t *out = connection->out + connection->out_n;

		if (n < DNS_HEADER_BYTES || n > TCP_QUERY_MAX) {
			answer_count(worker->responder.stats, COUNT_DROP_NO_QUERY);
			is_good = false;
			break;
		}
		if (connection->in_n - at - LENGTH_BYTES < n)
			break;

		size_t length = respond(&worker->responder, RESPOND_TCP, &connection->client,
			connection->in + at + LENGTH_BYTES, n, out + LENGTH_BYTES);

		answer_count_client(worker->responder.stats, connection->client_key,
			limit_hash(&worker->limit, connection->client_key));
		at += LENGTH_BYTES + n;
		if (length == 0)
			continue;
		dns_put_u16(out, (uint32_t)length);
		connection->out_n += LENGTH_BYTES + length;
		connection->deadline_ns = tcp->now_ns + idle_ns(tcp);
	}
	connection->in_n -= at;
	memmove(connection->in, connection->in + at, connection->in_n);
	return is_good;
}

/* Takes what has come, when there is room; false when the connection is gone. */
static bool fill(struct connection *connection, bool *is_more)
{
	ssize_t n;

	*is_more = false;
	if (connection->is_ending || connection->in_n == TCP_IN_BYTES)
		return true;
	n = recv(connection->fd, connection->in + connection->in_n, TCP_IN_BYTES - connection->in_n,
		MSG_DONTWAIT);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		connection->is_ending = true;
	connection->in_n += (size_t)n;
	*is_more = n > 0;
	return true;
}

/* Level-triggered: asks for reading only while there is room, for writing only while needed. */
static void watch(struct tcp *tcp, struct connection *connection)
{
	bool is_writing = connection->out_n > 0;
	struct epoll_event event = { .events = is_writing ? EPOLLOUT : EPOLLIN,
		.data.u64 = (uint64_t)(connection - tcp->connections) };

	if (is_writing == connection->is_writing)
		return;
	connection->is_writing = is_writing;
	must(epoll_ctl(tcp->epoll, EPOLL_CTL_MOD, connection->fd, &event) == 0);
}

static void serve(struct tcp *tcp, struct connection *connection)
{
	bool is_more = true;

	/* while replies wait to be taken nothing is read, so a slow reader slows only itself */
	while (is_more) {
		if (!flush(connection)) {
			connection_end(tcp, connection);
			return;
		}
		if (connection->out_n > 0)
			break;
		if (!fill(connection, &is_more) || !answer_queries(tcp, connection)) {
			flush(connection);
			connection_end(tcp, connection);
			return;
		}
		is_more = is_more || connection->out_n > 0;
	}
	if (connection->is_ending && connection->out_n == 0) {
		connection_end(tcp, connection);
		return;
	}
	watch(tcp, connection);
}

/* A free place, by pushing out the connection nearest to its time-out when there is none. */
static struct connection *free_place(struct tcp *tcp)
{
	struct connection *nearest = tcp->connections;

	for (size_t i = 0; i < settings_of(tcp)->tcp_connections; i++) {
		struct connection *connection = &tcp->connections[i];

		if (connection->fd == -1)
			return connection;
		if (connection->deadline_ns < nearest->deadline_ns)
			nearest = connection;
	}
	answer_count(tcp->worker->responder.stats, COUNT_TCP_OVER_LIMIT);
	connection_end(tcp, nearest);
	return nearest;
}

static bool has_too_many(const struct tcp *tcp, uint64_t client_key)
{
	size_t n = 0;

	for (size_t i = 0; i < settings_of(tcp)->tcp_connections; i++)
		n += tcp->connections[i].fd != -1 && tcp->connections[i].client_key == client_key;
	return n >= settings_of(tcp)->tcp_per_client;
}

static void accept_one(struct tcp *tcp, int listener)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t length = sizeof peer;
	int fd = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct answer_worker_stats *stats = tcp->worker->responder.stats;
	struct connection *connection;

	if (fd == -1)
		return;

	struct ipaddr client = worker_peer((const struct sockaddr *)&peer);
	uint64_t key = answer_client_key(&client);

	answer_count(stats, COUNT_TCP_ACCEPTED);
	if (has_too_many(tcp, key)) {
		answer_count(stats, COUNT_TCP_OVER_LIMIT);
		close(fd);
		return;
	}
	connection = free_place(tcp);
	connection->fd = fd;
	connection->is_ending = false;
	connection->is_writing = false;
	connection->client = client;
	connection->client_key = key;
	connection->deadline_ns = tcp->now_ns + idle_ns(tcp);
	connection->in_n = 0;
	connection->out_n = 0;
	connection->out_sent = 0;
	tcp->open_count++;

	struct epoll_event event = { .events = EPOLLIN,
		.data.u64 = (uint64_t)(connection - tcp->connections) };

	if (epoll_ctl(tcp->epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		connection_end(tcp, connection);
}

static void end_overdue(struct tcp *tcp)
{
	for (size_t i = 0; tcp->open_count > 0 && i < settings_of(tcp)->tcp_connections; i++) {
		struct connection *connection = &tcp->connections[i];

		if (connection->fd == -1 || connection->deadline_ns > tcp->now_ns)
			continue;
		answer_count(tcp->worker->responder.stats, COUNT_TCP_TIMEOUT);
		connection_end(tcp, connection);
	}
}

/* Listeners are numbered behind the connections. */
static void tcp_start(struct tcp *tcp)
{
	struct worker *worker = tcp->worker;
	size_t places = settings_of(tcp)->tcp_connections;

	tcp->epoll = epoll_create1(EPOLL_CLOEXEC);
	tcp->connections = calloc(places, sizeof *tcp->connections);
	must(tcp->epoll != -1 && tcp->connections != NULL);
	for (size_t i = 0; i < places; i++)
		tcp->connections[i].fd = -1;
	for (size_t i = 0; i < worker->socket_count; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u64 = places + i };

		must(epoll_ctl(tcp->epoll, EPOLL_CTL_ADD, worker->sockets[i], &event) == 0);
	}
}

static void tcp_done(struct tcp *tcp)
{
	for (size_t i = 0; i < settings_of(tcp)->tcp_connections; i++) {
		if (tcp->connections[i].fd != -1)
			connection_end(tcp, &tcp->connections[i]);
	}
	free(tcp->connections);
	close(tcp->epoll);
}

void worker_tcp(struct worker *worker)
{
	struct tcp tcp = { .worker = worker };
	struct epoll_event events[TCP_EVENTS];
	size_t places = worker->shared->settings->tcp_connections;

	tcp_start(&tcp);
	while (!worker_is_stopping(worker)) {
		int n = epoll_wait(tcp.epoll, events, TCP_EVENTS, WORKER_POLL_MS);

		tcp.now_ns = worker_refresh(worker);
		for (int i = 0; i < n; i++) {
			size_t index = events[i].data.u64;

			if (index >= places)
				accept_one(&tcp, worker->sockets[index - places]);
			else if (tcp.connections[index].fd != -1)
				serve(&tcp, &tcp.connections[index]);
		}
		end_overdue(&tcp);
	}
	tcp_done(&tcp);
}
