/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/worker.h"

#include "base/io.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	TCP_BACKLOG = 128,
	UDP_RECEIVE_BYTES = 4 << 20 /* about 5,000 queries wait while a batch is answered */
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t fill_address(union address *out, const struct ipaddr *ip, uint16_t port)
{
	*out = (union address){ 0 };
	if (ip_is_v4(ip)) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		out->v4.sin_addr.s_addr = htonl(ip_to_u32(ip));
		return sizeof out->v4;
	}
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons(port);
	memcpy(&out->v6.sin6_addr, ip->bytes, sizeof ip->bytes);
	return sizeof out->v6;
}

static bool is_any(const struct ipaddr *ip)
{
	static const struct ipaddr zero = { { 0 } };

	return ip_cmp(ip, &zero) == 0 || (ip_is_v4(ip) && ip_to_u32(ip) == 0);
}

static enum err set(int fd, int level, int option, int value, struct why *why)
{
	if (setsockopt(fd, level, option, &value, sizeof value) == -1)
		return fail_sys(why, "socket option %d/%d", level, option);
	return OK;
}

static enum err set_blocking(int fd, bool is_blocking, struct why *why)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 ||
		fcntl(fd, F_SETFL, is_blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) == -1)
		return fail_sys(why, "cannot set the flags of a socket");
	return OK;
}

/* UDP workers wait in the call that reads, and look up now and then to see whether to stop. */
static enum err udp_options(int fd, const struct ipaddr *ip, struct why *why)
{
	struct timeval timeout = { .tv_usec = WORKER_POLL_MS * 1000 };

	TRY(set_blocking(fd, true, why));
	TRY(set(fd, SOL_SOCKET, SO_RCVBUF, UDP_RECEIVE_BYTES, why));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == -1)
		return fail_sys(why, "socket time-out");
	/* nobody can make replies shrink or break by forged "too big" messages */
	if (ip_is_v4(ip))
		TRY(set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT, why));
	else
		TRY(set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT, why));
	/* on a wildcard address the reply must leave from where the query went */
	if (is_any(ip) && ip_is_v4(ip))
		return set(fd, IPPROTO_IP, IP_PKTINFO, 1, why);
	if (is_any(ip))
		return set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, why);
	return OK;
}

/* What is accepted takes NODELAY over: pipelined replies do not wait for one another. */
static enum err tcp_options(int fd, struct why *why)
{
	TRY(set_blocking(fd, false, why));
	return set(fd, IPPROTO_TCP, TCP_NODELAY, 1, why);
}

enum err listen_prepare(int fd, int *type, struct why *why)
{
	union address address = { 0 };
	socklen_t address_bytes = sizeof address;
	socklen_t type_bytes = sizeof *type;
	struct ipaddr ip;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, type, &type_bytes) == -1 ||
		getsockname(fd, &address.any, &address_bytes) == -1)
		return fail_sys(why, "descriptor %d is no socket", fd);
	ip = worker_peer(&address.any);
	return *type == SOCK_STREAM ? tcp_options(fd, why) : udp_options(fd, &ip, why);
}

static enum err open_one(
	int type, const struct ipaddr *ip, uint16_t port, int *out, struct why *why)
{
	union address address;
	socklen_t length = fill_address(&address, ip, port);
	CLEANUP(fd_close)
	int fd = socket(address.any.sa_family,
		type | SOCK_CLOEXEC | (type == SOCK_STREAM ? SOCK_NONBLOCK : 0), 0);

	if (fd == -1)
		return fail_sys(why, "cannot make a socket");
	if (!ip_is_v4(ip))
		TRY(set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, why));
	TRY(set(fd, SOL_SOCKET, type == SOCK_STREAM ? SO_REUSEADDR : SO_REUSEPORT, 1, why));
	if (bind(fd, &address.any, length) == -1)
		return fail_sys(why, "cannot bind port %u", port);
	if (type == SOCK_STREAM && listen(fd, TCP_BACKLOG) == -1)
		return fail_sys(why, "cannot listen on port %u", port);
	*out = fd;
	fd = -1;
	return OK;
}

static uint16_t port_of(int fd)
{
	union address address = { 0 };
	socklen_t length = sizeof address;

	must(getsockname(fd, &address.any, &length) == 0);
	return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

enum err answer_listen(
	const struct ipaddr *address, uint16_t port, size_t udp_count, int *out, struct why *why)
{
	size_t opened = 0;
	enum err err = open_one(SOCK_STREAM, address, port, out, why);

	if (err != OK)
		return err;
	port = port_of(out[opened++]);
	while (opened <= udp_count && err == OK) {
		err = open_one(SOCK_DGRAM, address, port, out + opened, why);
		if (err == OK)
			opened++;
	}
	if (err != OK) {
		while (opened > 0)
			fd_close(&out[--opened]);
	}
	return err;
}
