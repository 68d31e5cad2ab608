/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/limit.h"

#include <sodium.h>

enum { LIMIT_SETS = 2048, LIMIT_WAYS = 8 };
_Static_assert((LIMIT_SETS & (LIMIT_SETS - 1)) == 0, "sets are chosen by a mask");

static const int64_t NS_PER_S = 1000000000;

struct bucket {
	uint64_t client;    /* hash; 0: free */
	int64_t full_at_ns; /* when it would be full again if nothing were taken */
};

struct limit {
	int64_t interval_ns; /* one request; 0: no limit */
	int64_t burst;
	uint8_t key[crypto_shorthash_KEYBYTES];
	struct bucket buckets[LIMIT_SETS][LIMIT_WAYS];
};

struct limit *limit_new(uint32_t per_second, uint32_t burst)
{
	struct limit *limit = calloc(1, sizeof *limit);

	must(limit != NULL);
	limit->interval_ns = per_second == 0 ? 0 : NS_PER_S / per_second;
	limit->burst = burst == 0 ? 1 : burst;
	randombytes_buf(limit->key, sizeof limit->key);
	return limit;
}

void limit_free(struct limit **limit)
{
	free(*limit);
	*limit = NULL;
}

/* The client's bucket, or the one that was idle longest, emptied of its past. */
static struct bucket *find_bucket(struct limit *limit, uint64_t client)
{
	struct bucket *set = limit->buckets[client & (LIMIT_SETS - 1)];
	struct bucket *oldest = &set[0];

	for (size_t i = 0; i < LIMIT_WAYS; i++) {
		if (set[i].client == client)
			return &set[i];
		if (set[i].full_at_ns < oldest->full_at_ns)
			oldest = &set[i];
	}
	*oldest = (struct bucket){ .client = client };
	return oldest;
}

bool limit_take(
	struct limit *limit, struct str client, uint32_t cost, int64_t now_ns, uint32_t *wait_s)
{
	uint64_t hash;

	*wait_s = 0;
	if (limit->interval_ns == 0)
		return true;
	_Static_assert(sizeof hash == crypto_shorthash_BYTES, "the hash fits");
	must(crypto_shorthash((uint8_t *)&hash, (const uint8_t *)client.p, client.n, limit->key) ==
		0);

	struct bucket *bucket = find_bucket(limit, hash == 0 ? 1 : hash);
	int64_t most = cost < limit->burst ? cost : limit->burst;
	int64_t from = bucket->full_at_ns > now_ns ? bucket->full_at_ns : now_ns;
	int64_t full_at = from + most * limit->interval_ns;
	int64_t over = full_at - now_ns - limit->burst * limit->interval_ns;

	if (over > 0) {
		*wait_s = (uint32_t)((over + NS_PER_S - 1) / NS_PER_S);
		return false;
	}
	bucket->full_at_ns = full_at;
	return true;
}

struct str limit_client_of_ip(const struct ipaddr *ip, uint8_t out[16])
{
	enum { V4_FROM = 12, V4_BYTES = 4, V6_BYTES = 8 };
	bool v4 = ip_is_v4(ip);
	size_t n = v4 ? V4_BYTES : V6_BYTES;

	memcpy(out, ip->bytes + (v4 ? V4_FROM : 0), n);
	return str_from((const char *)out, n);
}
