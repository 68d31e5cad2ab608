/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the answer role counts, in memory that it shares with web (/metrics). The parent makes the
 * memory (memfd, answer_stats_bytes()) and hands it to both; answer writes, web only reads.
 *
 * Each worker writes its own block, with relaxed atomic stores and nobody else writing, so counting
 * costs no lock and no shared cache line. Readers add the blocks up. A number read is at most a
 * batch old; numbers that belong together may be one query apart.
 */
#pragma once

#include "answer/wire.h"
#include "net/ip.h"

#include <stdatomic.h>

enum {
	ANSWER_STATS_VERSION = 1,
	ANSWER_WORKERS_MAX = 64,
	ANSWER_TOP_CLIENTS = 256, /* per worker */
	CLIENT_V4_BITS = 24,      /* clients are told apart by /24 ... */
	CLIENT_V6_BITS = 56       /* ... and /56 */
};

/* Each is a row of answer_counter_info(). */
enum answer_counter {
	COUNT_ZONE_COMBINED, /* in the order of enum zone */
	COUNT_ZONE_SOURCE,
	COUNT_ZONE_DESTINATION,
	COUNT_ZONE_POLICY,
	COUNT_ZONE_ALLOW,
	COUNT_ZONE_SCORE,
	COUNT_ZONE_NAMES,
	COUNT_ZONE_NONE,
	COUNT_UDP,
	COUNT_TCP,
	COUNT_NOERROR, /* in the order of enum dns_rcode */
	COUNT_FORMERR,
	COUNT_SERVFAIL,
	COUNT_NXDOMAIN,
	COUNT_NOTIMP,
	COUNT_REFUSED,
	COUNT_BADVERS,
	COUNT_LISTED,
	COUNT_TRUNCATED,
	COUNT_NOT_ALLOWED,
	COUNT_DROP_NO_QUERY,
	COUNT_DROP_RATE,
	COUNT_DROP_SEND,
	COUNT_SLIPPED,
	COUNT_TCP_ACCEPTED,
	COUNT_TCP_OVER_LIMIT,
	COUNT_TCP_TIMEOUT,
	COUNT_RELOADS,
	COUNT_RELOAD_FAILURES,
	ANSWER_COUNTERS
};

/* A counter as OpenMetrics shows it: family{label="value"}; label may be NULL. */
struct answer_counter_info {
	const char *family;
	const char *label;
	const char *value;
	const char *help;
};

const struct answer_counter_info *answer_counter_info(enum answer_counter counter);

/* Queries of one client prefix. Estimates: never too low while the prefix is in the table. */
struct answer_client {
	_Atomic uint64_t prefix; /* see answer_client_key(); 0: free */
	_Atomic uint64_t queries;
};

struct answer_worker_stats {
	_Alignas(64) _Atomic uint64_t counters[ANSWER_COUNTERS];
	_Atomic uint64_t generation; /* of the snapshot it answers from, 0: none */
	_Atomic uint64_t changes;    /* made in that snapshot since it was written */
	_Alignas(64) struct answer_client clients[ANSWER_TOP_CLIENTS];
};

struct answer_stats {
	uint32_t version;
	_Atomic uint32_t worker_count;
	struct answer_worker_stats workers[];
};

size_t answer_stats_bytes(void);

/* The client's prefix as one number, never 0: family in the top byte, then its leading bits. */
uint64_t answer_client_key(const struct ipaddr *client);
/* "192.0.2.0/24" of a key. */
void answer_client_format(struct buf *out, uint64_t key);

/* For readers: all workers added up. */
struct answer_totals {
	uint64_t counters[ANSWER_COUNTERS];
	uint64_t generation; /* the oldest that any worker answers from */
	struct {
		uint64_t prefix;
		uint64_t queries;
	} clients[ANSWER_TOP_CLIENTS]; /* most first */
	size_t client_count;
};

/* stats is bytes long and not trusted; false when it is no statistics page of this version. */
bool answer_stats_read(const struct answer_stats *stats, size_t bytes, struct answer_totals *out);

/* For the worker that owns the block. */
static inline void answer_count(struct answer_worker_stats *stats, enum answer_counter counter)
{
	_Atomic uint64_t *p = &stats->counters[counter];

	atomic_store_explicit(
		p, atomic_load_explicit(p, memory_order_relaxed) + 1, memory_order_relaxed);
}

/*
 * Counts a query of a client prefix; hash is that of the prefix. When its place is taken, the
 * prefix with the fewest queries in it makes way and leaves its number (Space-Saving: Metwally,
 * Agrawal, El Abbadi 2005), so a heavy client always ends up in the table.
 */
void answer_count_client(struct answer_worker_stats *stats, uint64_t prefix, uint64_t hash);
