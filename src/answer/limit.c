/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/limit.h"

#include <sys/random.h>

enum {
	TOKEN = 1000, /* of one query; so a rate per second is tokens per millisecond */
	IDLE_MAX_MS = 1 << 30
};

void answer_limit_init(struct limit *limit, uint32_t rate_per_s, uint32_t burst, uint32_t slip)
{
	must(rate_per_s <= LIMIT_RATE_MAX && burst <= LIMIT_RATE_MAX);
	*limit = (struct limit){
		.rate_per_s = rate_per_s, .burst = burst > 0 ? burst : 1, .slip = slip
	};
	must(getrandom(limit->key, sizeof limit->key, 0) == (ssize_t)sizeof limit->key);
	limit->key[0] |= 1;
	if (rate_per_s == 0)
		return;
	limit->buckets = aligned_alloc(64, sizeof *limit->buckets * LIMIT_SETS * LIMIT_WAYS);
	must(limit->buckets != NULL);
	memset(limit->buckets, 0, sizeof *limit->buckets * LIMIT_SETS * LIMIT_WAYS);
}

void answer_limit_done(struct limit *limit)
{
	free(limit->buckets);
	limit->buckets = NULL;
}

uint64_t limit_hash(const struct limit *limit, uint64_t prefix)
{
	__extension__ typedef unsigned __int128 u128;
	u128 product = (u128)(prefix ^ limit->key[1]) * (limit->key[0] | UINT64_C(1) << 63);
	uint64_t mixed = (uint64_t)product ^ (uint64_t)(product >> 64);

	product = (u128)(mixed ^ limit->key[0]) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t filled(
	const struct limit *limit, const struct limit_bucket *bucket, uint32_t now_ms)
{
	uint64_t full = (uint64_t)limit->burst * TOKEN;
	uint32_t elapsed_ms = now_ms - bucket->filled_ms;
	uint64_t tokens;

	if (bucket->prefix == 0 || elapsed_ms > IDLE_MAX_MS)
		return full;
	tokens = bucket->tokens + (uint64_t)elapsed_ms * limit->rate_per_s;
	return tokens < full ? tokens : full;
}

enum limit_verdict answer_limit_take(
	struct limit *limit, uint64_t prefix, uint64_t hash, uint32_t now_ms)
{
	struct limit_bucket *ways;
	struct limit_bucket *bucket = NULL;
	uint64_t most = 0;

	if (limit->rate_per_s == 0)
		return LIMIT_PASS;
	ways = &limit->buckets[hash % LIMIT_SETS * LIMIT_WAYS];
	for (size_t i = 0; i < LIMIT_WAYS; i++) {
		uint64_t tokens = filled(limit, &ways[i], now_ms);

		if (ways[i].prefix == prefix) {
			bucket = &ways[i];
			most = tokens;
			break;
		}
		if (bucket == NULL || tokens > most) {
			bucket = &ways[i];
			most = tokens;
		}
	}
	if (bucket->prefix != prefix)
		most = (uint64_t)limit->burst * TOKEN;
	bucket->prefix = prefix;
	bucket->filled_ms = now_ms;
	if (most >= TOKEN) {
		bucket->tokens = (uint32_t)(most - TOKEN);
		return LIMIT_PASS;
	}
	bucket->tokens = (uint32_t)most;
	return limit->slip != 0 && limit->over++ % limit->slip == 0 ? LIMIT_SLIP : LIMIT_DROP;
}
