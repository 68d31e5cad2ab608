/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to answer/: what one thread of the role owns. */
#pragma once

#include "answer/answer.h"
#include "answer/limit.h"
#include "answer/respond.h"

#include <stdatomic.h>

enum {
	WORKER_POLL_MS = 250,  /* how late a stop or, when idle, a new snapshot is seen */
	WORKER_RETRY_MS = 1000 /* between attempts to open a snapshot */
};

/* What all workers share. */
struct worker_shared {
	const struct answer_settings *settings;
	struct respond_config respond;
	struct access unlimited;
	atomic_bool is_stopping;
	atomic_bool has_told_failure; /* of opening a snapshot: once, not per worker and attempt */
};

struct worker {
	struct worker_shared *shared;
	struct responder responder;
	struct limit limit;
	struct pehra *snapshot;
	int64_t retry_ns; /* not before this is another attempt made */
	const int *sockets;
	size_t socket_count;
};

/*
 * Between batches: the time, and the newest snapshot. The old one is kept until the new one is
 * open. Returns the monotonic time.
 */
int64_t worker_refresh(struct worker *worker);
static inline bool worker_is_stopping(const struct worker *worker)
{
	return atomic_load_explicit(&worker->shared->is_stopping, memory_order_relaxed);
}

/* Both return when stopping. worker->sockets: one UDP socket; all TCP sockets. */
void worker_udp(struct worker *worker);
void worker_tcp(struct worker *worker);

/* Options and flags of a socket, whoever opened it; *type becomes SOCK_STREAM or SOCK_DGRAM. */
NODISCARD enum err listen_prepare(int fd, int *type, struct why *why);

struct sockaddr;
/* The address of a peer, IPv4 mapped. */
struct ipaddr worker_peer(const struct sockaddr *peer);
