/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The answer role: reputation by DNS, over UDP and TCP, from the snapshot that it maps read-only.
 *
 * The parent opens the sockets (answer_listen) and the statistics memory, and hands them over; the
 * role itself opens nothing but the snapshot's path, again whenever a newer file took its place.
 * One thread reads each UDP socket and one serves all of TCP; each has its own handle of the
 * snapshot (the pages are shared), so that there is no lock between them. Signals are blocked in
 * these threads.
 */
#pragma once

#include "answer/stats.h"
#include "base/clock.h"

enum {
	ANSWER_SOCKETS_MAX = ANSWER_WORKERS_MAX,
	ANSWER_SLIP = 2, /* every second query over the rate is answered as truncated */
	ANSWER_TCP_CONNECTIONS = 256, /* at most, and when a setting is 0 */
	ANSWER_TCP_PER_CLIENT = 32,
	ANSWER_TCP_IDLE_MS = 10000
};

/* Everything is borrowed for as long as the role runs. */
struct answer_settings {
	const char *snapshot_path;
	struct str zone;                       /* base, "rep.pehra.test" */
	struct str name_server;                /* of the zones' NS and SOA; empty: ns.<zone> */
	const struct ipaddr *server_addresses; /* what ns.<zone> answers */
	size_t server_address_count;
	struct str public_url;       /* linked in TXT records, no last slash; empty: no link */
	const struct prefix *access; /* who may ask; none: everybody */
	size_t access_count;
	const struct prefix *unlimited; /* who has no rate limit: own resolvers */
	size_t unlimited_count;
	uint32_t rate_per_s; /* queries of one client prefix over UDP, per worker; 0: no limit */
	uint32_t burst;      /* 0: twice the rate */
	uint32_t tcp_connections;
	uint32_t tcp_per_client;
	uint32_t tcp_idle_ms;
	/* UDP and TCP, bound and listening; answer_start() sets their options. Still the caller's.
	 */
	const int *sockets;
	size_t socket_count;
	struct answer_stats
		*stats;            /* answer_stats_bytes() of zeroed memory; NULL: kept to itself */
	const struct clock *clock; /* NULL: the machine's */
};

/*
 * Opens one address: udp_count UDP sockets that share the port (SO_REUSEPORT: the kernel spreads
 * the clients over them) and one TCP socket. Port 0 lets the kernel choose; all get the same one.
 * Fills 1 + udp_count descriptors, TCP first; the caller closes them. Needs the right to bind.
 */
NODISCARD enum err answer_listen(
	const struct ipaddr *address, uint16_t port, size_t udp_count, int *out, struct why *why);

struct answer;

/*
 * Starts the threads. A snapshot that is missing or damaged is no error: it is tried again every
 * second and until then names get SERVFAIL. ERR_USAGE for settings that cannot be.
 */
NODISCARD enum err answer_start(
	const struct answer_settings *settings, struct answer **out, struct why *why);
/* Stops and joins them, in at most half a second, and frees; for CLEANUP. */
void answer_stop(struct answer **answer);

/* answer_start(), then waits until stop_fd is readable or closed by its peer, then answer_stop().
 */
NODISCARD enum err answer_run(const struct answer_settings *settings, int stop_fd, struct why *why);
