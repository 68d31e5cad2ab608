/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parts of bench_lookup: the lists and streams that are looked up, and the peers.
 */
#pragma once

#include "base/buf.h"
#include "prop.h"
#include "snapshot/build.h"

enum { LOOKUP_VALUES = 64, LOOKUP_STREAM = 4 << 20 };

/* The routed space that lists grow in: a full table from the shared data, else invented. */
struct routed {
	struct buf v4;      /* struct snapshot_v4, any order */
	struct buf v4_sums; /* uint64_t: /24s up to and with each */
	struct buf v6;      /* struct snapshot_v6 */
	bool is_real;
};

void routed_load(struct routed *routed);
void routed_done(struct routed *routed);

/*
 * Grows to count entries, sorted and unique: 5 % prefixes of /20 to /24, the rest in clusters of
 * about 6 hosts in one /24. The memory is the caller's.
 */
struct snapshot_v4 *list_v4(const struct routed *routed, size_t count, uint64_t seed);

/* length 64 or 128; 0 makes half /64, a quarter /48 and a quarter /128. */
struct snapshot_v6 *list_v6(
	const struct routed *routed, size_t count, uint8_t length, uint64_t seed);

enum stream_kind { STREAM_RANDOM, STREAM_LISTED, STREAM_ZIPF, STREAM_KINDS };
extern const char *const stream_names[STREAM_KINDS];

uint32_t *stream_v4(const struct snapshot_v4 *list, size_t count, enum stream_kind kind);
uint8_t (*stream_v6(const struct snapshot_v6 *list, size_t count, enum stream_kind kind))[16];

/* A way to look up; run() returns the sum of the answers, which all engines share. */
struct engine {
	const char *name;
	void *state;
	uint64_t (*v4)(void *state, const uint32_t *addresses, size_t n);
	uint64_t (*v6)(void *state, uint8_t (*addresses)[16], size_t n);
	unsigned every; /* measures each nth slice: slow engines */
};

/* ---- peers; NULL state when the peer cannot hold the list, with a word on standard error ---- */

void dpdk_start(void);
void *fib_new(const struct snapshot_v4 *list, size_t count);
void fib_free(void *fib);
/* False when the processor or DPDK refuses. */
bool fib_vector(void *fib, bool vector);
uint64_t fib_run(void *fib, const uint32_t *addresses, size_t n);

void *fib6_new(const struct snapshot_v6 *list, size_t count);
void fib6_free(void *fib);
bool fib6_vector(void *fib, bool vector);
uint64_t fib6_run(void *fib, uint8_t (*addresses)[16], size_t n);

/* Writes the list as a MaxMind database at path, maps it with libmaxminddb, removes it. */
void *mmdb_new(const struct snapshot_v4 *list, size_t count, const char *path);
void mmdb_free(void *mmdb);
uint64_t mmdb_run(void *mmdb, const uint32_t *addresses, size_t n);
