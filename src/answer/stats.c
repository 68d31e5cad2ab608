/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/stats.h"

enum {
	CLIENT_WAYS = 4, /* places a prefix may have, one cache line */
	KEY_V4 = 4,
	KEY_V6 = 6,
	KEY_BITS = 56
};

#define QUERIES "pehra_dns_queries"
#define REPLIES "pehra_dns_replies"
#define DROPPED "pehra_dns_dropped"
#define TCP     "pehra_dns_tcp_connections"
#define BY_ZONE "Queries read, by zone."
#define BY_CODE "Replies sent, by response code."
#define BY_WHY  "Queries that got no reply, by reason."
#define BY_FATE "TCP connections, by what became of them."

static const struct answer_counter_info infos[] = {
	[COUNT_ZONE_COMBINED] = { QUERIES, "zone", "rep", BY_ZONE },
	[COUNT_ZONE_SOURCE] = { QUERIES, "zone", "src", BY_ZONE },
	[COUNT_ZONE_DESTINATION] = { QUERIES, "zone", "dst", BY_ZONE },
	[COUNT_ZONE_POLICY] = { QUERIES, "zone", "pol", BY_ZONE },
	[COUNT_ZONE_ALLOW] = { QUERIES, "zone", "allow", BY_ZONE },
	[COUNT_ZONE_SCORE] = { QUERIES, "zone", "score", BY_ZONE },
	[COUNT_ZONE_NAMES] = { QUERIES, "zone", "dom", BY_ZONE },
	[COUNT_ZONE_NONE] = { QUERIES, "zone", "none", BY_ZONE },
	[COUNT_UDP] = { "pehra_dns_requests", "transport", "udp", "Requests, by transport." },
	[COUNT_TCP] = { "pehra_dns_requests", "transport", "tcp", "Requests, by transport." },
	[COUNT_NOERROR] = { REPLIES, "rcode", "NOERROR", BY_CODE },
	[COUNT_FORMERR] = { REPLIES, "rcode", "FORMERR", BY_CODE },
	[COUNT_SERVFAIL] = { REPLIES, "rcode", "SERVFAIL", BY_CODE },
	[COUNT_NXDOMAIN] = { REPLIES, "rcode", "NXDOMAIN", BY_CODE },
	[COUNT_NOTIMP] = { REPLIES, "rcode", "NOTIMP", BY_CODE },
	[COUNT_REFUSED] = { REPLIES, "rcode", "REFUSED", BY_CODE },
	[COUNT_BADVERS] = { REPLIES, "rcode", "BADVERS", BY_CODE },
	[COUNT_LISTED] = { "pehra_dns_listed", NULL, NULL, "Replies that say: listed." },
	[COUNT_TRUNCATED] = { "pehra_dns_truncated", NULL, NULL,
		"Replies too long for the client's UDP." },
	[COUNT_NOT_ALLOWED] = { "pehra_dns_not_allowed", NULL, NULL,
		"Queries refused because the client may not ask." },
	[COUNT_DROP_NO_QUERY] = { DROPPED, "reason", "no-query", BY_WHY },
	[COUNT_DROP_RATE] = { DROPPED, "reason", "rate", BY_WHY },
	[COUNT_DROP_SEND] = { DROPPED, "reason", "send", BY_WHY },
	[COUNT_SLIPPED] = { "pehra_dns_slipped", NULL, NULL,
		"Queries over the rate answered as truncated, so that the client may use TCP." },
	[COUNT_TCP_ACCEPTED] = { TCP, "fate", "accepted", BY_FATE },
	[COUNT_TCP_OVER_LIMIT] = { TCP, "fate", "over-limit", BY_FATE },
	[COUNT_TCP_TIMEOUT] = { TCP, "fate", "timeout", BY_FATE },
	[COUNT_RELOADS] = { "pehra_dns_reloads", "result", "ok", "Snapshots opened." },
	[COUNT_RELOAD_FAILURES] = { "pehra_dns_reloads", "result", "failed", "Snapshots opened." },
};
_Static_assert(ARRAY_LEN(infos) == ANSWER_COUNTERS, "one row per counter");

const struct answer_counter_info *answer_counter_info(enum answer_counter counter)
{
	return &infos[counter];
}

size_t answer_stats_bytes(void)
{
	return sizeof(struct answer_stats) +
	       ANSWER_WORKERS_MAX * sizeof(struct answer_worker_stats);
}

uint64_t answer_client_key(const struct ipaddr *client)
{
	uint64_t key = 0;

	if (ip_is_v4(client))
		return (uint64_t)KEY_V4 << KEY_BITS | ip_to_u32(client) >> (32 - CLIENT_V4_BITS);
	for (size_t i = 0; i < CLIENT_V6_BITS / 8; i++)
		key = key << 8 | client->bytes[i];
	return (uint64_t)KEY_V6 << KEY_BITS | key;
}

void answer_client_format(struct buf *out, uint64_t key)
{
	struct prefix prefix = { .length = CLIENT_V6_BITS };

	if (key >> KEY_BITS == KEY_V4) {
		prefix.length = IPV4_OFFSET + CLIENT_V4_BITS;
		prefix.address = ip_from_u32((uint32_t)key << (32 - CLIENT_V4_BITS));
	} else {
		for (size_t i = 0; i < CLIENT_V6_BITS / 8; i++)
			prefix.address.bytes[i] = (uint8_t)(key >> (CLIENT_V6_BITS - 8 - 8 * i));
	}
	prefix_format(out, &prefix);
}

static uint64_t get(const _Atomic uint64_t *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

static void put(_Atomic uint64_t *p, uint64_t value)
{
	atomic_store_explicit(p, value, memory_order_relaxed);
}

void answer_count_client(struct answer_worker_stats *stats, uint64_t prefix, uint64_t hash)
{
	struct answer_client *ways =
		&stats->clients[hash % (ANSWER_TOP_CLIENTS / CLIENT_WAYS) * CLIENT_WAYS];
	struct answer_client *fewest = ways;

	for (size_t i = 0; i < CLIENT_WAYS; i++) {
		if (get(&ways[i].prefix) == prefix) {
			put(&ways[i].queries, get(&ways[i].queries) + 1);
			return;
		}
		if (get(&ways[i].queries) < get(&fewest->queries))
			fewest = &ways[i];
	}
	put(&fewest->prefix, prefix);
	put(&fewest->queries, get(&fewest->queries) + 1);
}

/* The same prefix may have asked several workers. */
static void add_client(struct answer_totals *out, const struct answer_client *client)
{
	uint64_t prefix = get(&client->prefix);
	uint64_t queries = get(&client->queries);
	size_t i = 0;

	if (prefix == 0)
		return;
	while (i < out->client_count && out->clients[i].prefix != prefix)
		i++;
	if (i == out->client_count) {
		if (i < ANSWER_TOP_CLIENTS)
			out->client_count++;
		else if (out->clients[--i].queries >= queries)
			return;
		out->clients[i].prefix = prefix;
		out->clients[i].queries = 0;
	}
	queries += out->clients[i].queries;
	/* kept in order, most first */
	for (; i > 0 && out->clients[i - 1].queries < queries; i--)
		out->clients[i] = out->clients[i - 1];
	out->clients[i].prefix = prefix;
	out->clients[i].queries = queries;
}

bool answer_stats_read(const struct answer_stats *stats, size_t bytes, struct answer_totals *out)
{
	uint32_t workers;

	*out = (struct answer_totals){ 0 };
	if (bytes < answer_stats_bytes() || stats->version != ANSWER_STATS_VERSION)
		return false;
	workers = atomic_load_explicit(&stats->worker_count, memory_order_acquire);
	if (workers > ANSWER_WORKERS_MAX)
		return false;
	for (uint32_t w = 0; w < workers; w++) {
		const struct answer_worker_stats *worker = &stats->workers[w];
		uint64_t generation = get(&worker->generation);

		for (size_t i = 0; i < ANSWER_COUNTERS; i++)
			out->counters[i] += get(&worker->counters[i]);
		if (w == 0 || generation < out->generation)
			out->generation = generation;
		for (size_t i = 0; i < ANSWER_TOP_CLIENTS; i++)
			add_client(out, &worker->clients[i]);
	}
	return true;
}
