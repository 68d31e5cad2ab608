/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/made_list.h"

#include "base/io.h"

#include <fcntl.h>

enum {
	FIRST_NET = 16 << 16,    /* 16.0.0.0/24 */
	NETS = (127 - 16) << 16, /* the /24s from there to 126.255.255.0/24: none is guarded */
	HOST_STRIDE = 41,        /* odd, so the hosts of a cluster differ */
	SUBNET_STRIDE = 7919,    /* the same for the /64s of a /48 */
	SHUFFLE = 982451653,     /* a prime, so places times it pass every cluster */
	FLUSH_BYTES = 1 << 20
};

uint64_t made_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t hash_of(uint64_t n)
{
	return made_random(&n);
}

struct cluster {
	uint32_t step; /* /24s from one cluster to the next, at least two */
	uint32_t net;  /* the number of its /24 */
	uint8_t first; /* host */
};

static struct cluster cluster_at(uint64_t place, uint64_t entries)
{
	uint64_t clusters = (entries + MADE_CLUSTER - 1) / MADE_CLUSTER;
	uint64_t number = place / MADE_CLUSTER * SHUFFLE % clusters;
	uint64_t hash = hash_of(number);
	struct cluster cluster = { .step = (uint32_t)(NETS / clusters) };

	must(clusters % SHUFFLE != 0 && cluster.step >= 2);
	/* one /24 of each step stays free, for made_v4_far() */
	cluster.net = FIRST_NET + (uint32_t)(number * cluster.step + hash % (cluster.step - 1));
	cluster.first = (uint8_t)(hash >> 32);
	return cluster;
}

static uint32_t host_of(const struct cluster *cluster, uint64_t n)
{
	return cluster->net << 8 | (uint8_t)(cluster->first + n * HOST_STRIDE);
}

uint32_t made_v4(uint64_t place, uint64_t entries)
{
	struct cluster cluster = cluster_at(place, entries);

	return host_of(&cluster, place % MADE_CLUSTER);
}

uint32_t made_v4_neighbour(uint64_t place, uint64_t entries)
{
	struct cluster cluster = cluster_at(place, entries);

	return host_of(&cluster, MADE_CLUSTER + place % MADE_CLUSTER);
}

uint32_t made_v4_far(uint64_t place, uint64_t entries)
{
	struct cluster cluster = cluster_at(place, entries);
	uint32_t number = (cluster.net - FIRST_NET) / cluster.step;

	cluster.net = FIRST_NET + number * cluster.step + cluster.step - 1;
	return host_of(&cluster, place % MADE_CLUSTER);
}

struct prefix made_v6(uint64_t place)
{
	uint64_t cluster = place / MADE_CLUSTER;
	/* odd, so every cluster below 2^40 has a /48 of its own */
	uint64_t site = cluster * UINT64_C(0x9e3779b97f4a7c15) & UINT64_C(0xffffffffff);
	uint64_t subnet = hash_of(cluster) + place % MADE_CLUSTER * SUBNET_STRIDE;
	struct prefix prefix = { .address.bytes = { 0xfd }, .length = 64 };

	for (int i = 0; i < 5; i++)
		prefix.address.bytes[1 + i] = (uint8_t)(site >> (32 - 8 * i));
	prefix.address.bytes[6] = (uint8_t)(subnet >> 8);
	prefix.address.bytes[7] = (uint8_t)subnet;
	return prefix;
}

static void flush(int fd, struct buf *text)
{
	struct why why;

	if (fd_write_all(fd, buf_view(text), &why) != OK) {
		(void)fprintf(stderr, "%s\n", why.text);
		must(!"the list is written");
	}
	buf_clear(text);
}

void made_list_write(const char *path, bool is_v6, uint64_t entries)
{
	CLEANUP(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CLEANUP(buf_done) struct buf text = { 0 };

	must(fd != -1);
	for (uint64_t place = 0; place < entries; place++) {
		struct prefix prefix;

		if (is_v6) {
			prefix = made_v6(place);
		} else {
			struct ipaddr ip = ip_from_u32(made_v4(place, entries));

			prefix = prefix_host(&ip);
		}
		prefix_format(&text, &prefix);
		buf_byte(&text, '\n');
		if (text.n >= FLUSH_BYTES)
			flush(fd, &text);
	}
	flush(fd, &text);
}
