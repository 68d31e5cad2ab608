/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Response rate limits per client prefix (/24, /56), for UDP, where the sender's address may be
 * forged: a server that answers without limit is a tool for flooding others.
 *
 * A token bucket per prefix in a table of fixed size that one worker owns, so there is no lock and
 * no growth. Over the limit, every slip-th query is answered as truncated, so that an honest client
 * comes back over TCP, and the others are dropped. When prefixes share a place in the table, the
 * one with the fullest bucket loses its history, which is the one that needs it least.
 */
#pragma once

#include "base/err.h"

enum { LIMIT_WAYS = 4, LIMIT_SETS = 8192 };

struct limit_bucket {
	uint64_t prefix;    /* answer_client_key(); 0: free */
	uint32_t tokens;    /* thousandths of a query */
	uint32_t filled_ms; /* wraps */
};

struct limit {
	uint32_t rate_per_s;          /* 0: no limit */
	uint32_t burst;               /* queries that a quiet client may send at once */
	uint32_t slip;                /* every n-th over the limit is truncated; 0: none */
	uint64_t over;                /* how many were over the limit */
	uint64_t key[2];              /* secret: nobody can aim at another prefix's place */
	struct limit_bucket *buckets; /* LIMIT_SETS * LIMIT_WAYS */
};

enum limit_verdict { LIMIT_PASS, LIMIT_SLIP, LIMIT_DROP };

/* The most that burst and rate may be, so that thousandths fit. */
#define LIMIT_RATE_MAX UINT32_C(4000000)

void answer_limit_init(struct limit *limit, uint32_t rate_per_s, uint32_t burst, uint32_t slip);
void answer_limit_done(struct limit *limit);

/* A hash of the prefix under the secret key, also good for other tables. */
uint64_t limit_hash(const struct limit *limit, uint64_t prefix);
/* Takes one token. now_ms may be any clock that only goes forward. */
enum limit_verdict answer_limit_take(
	struct limit *limit, uint64_t prefix, uint64_t hash, uint32_t now_ms);
