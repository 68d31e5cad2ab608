/* SPDX-License-Identifier: MIT */
/* Addresses of either family in 16 bytes, and the details of entries. */
#include "reader.h"

#include <string.h>

enum { BATCH = 256, IPV4_OFFSET = 96 };

/* Snapshots are read on little-endian machines alone. */
static inline uint64_t load_big_endian(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof value);
	return __builtin_bswap64(value);
}

struct halves {
	uint64_t high;
	uint64_t low;
};

static inline struct halves halves_of(const uint8_t address[16])
{
	return (struct halves){ load_big_endian(address), load_big_endian(address + 8) };
}

static inline int is_v4(struct halves ip)
{
	return ip.high == 0 && ip.low >> 32 == 0xffff;
}

pehra_id pehra_ip(const struct pehra *snapshot, const uint8_t address[16])
{
	struct halves ip = halves_of(address);

	return is_v4(ip) ? pehra_ipv4(snapshot, (uint32_t)ip.low)
			 : pehra_v6(snapshot, ip.high, ip.low);
}

/* A group split by family, so that each part goes through its own batch. */
static void batch(const struct pehra *s, const uint8_t (*addresses)[16], pehra_id *ids, size_t n)
{
	uint32_t v4[BATCH];
	uint64_t highs[BATCH];
	uint64_t lows[BATCH];
	uint32_t v4_at[BATCH];
	pehra_id v4_ids[BATCH];
	size_t v4_count = 0;

	for (size_t i = 0; i < n; i++) {
		struct halves ip = halves_of(addresses[i]);

		highs[i] = ip.high;
		lows[i] = ip.low;
		v4[v4_count] = (uint32_t)ip.low;
		v4_at[v4_count] = (uint32_t)i;
		v4_count += (size_t)is_v4(ip);
	}
	/* the place of IPv4 within IPv6 holds nothing there, and its ids are put right below */
	if (v4_count < n)
		pehra_v6_batch(s, highs, lows, ids, n);
	pehra_ipv4_batch(s, v4, v4_ids, v4_count);
	for (size_t i = 0; i < v4_count; i++)
		ids[v4_at[i]] = v4_ids[i];
}

void pehra_ip_batch(
	const struct pehra *snapshot, const uint8_t (*addresses)[16], pehra_id *ids, size_t n)
{
	while (n > 0) {
		size_t now = n < BATCH ? n : BATCH;

		batch(snapshot, addresses, ids, now);
		addresses += now;
		ids += now;
		n -= now;
	}
}

void pehra_detail_fill(struct pehra_detail *out, pehra_id id, uint64_t detail)
{
	*out = (struct pehra_detail){ .id = id };
	if (id == 0)
		return;
	out->first_day = (uint16_t)detail;
	out->last_day = (uint16_t)(detail >> 16);
	out->until_day = (uint16_t)(detail >> 32);
	out->prefix_length = detail_length(detail);
}

pehra_id pehra_ip_detail(
	const struct pehra *snapshot, const uint8_t address[16], struct pehra_detail *out)
{
	struct halves ip = halves_of(address);
	int v4 = is_v4(ip);

	struct pehra_spot spot = { 0, NULL, 0 };
	uint64_t detail = 0;

	for (unsigned i = 0; i < PEHRA_TRIES; i++) {
		uint32_t turn = turn_now(snapshot);

		spot = v4 ? pehra_v4_spot(snapshot, (uint32_t)ip.low)
			  : pehra_v6_spot(snapshot, ip.high, ip.low);
		detail = spot.detail != NULL ? LOAD_ACQUIRE(spot.detail) : spot.fixed_detail;
		if (!turn_changed(snapshot, turn))
			break;
	}
	pehra_detail_fill(out, spot.id, detail);
	return spot.id;
}

int pehra_ip_any_within(const struct pehra *snapshot, const uint8_t address[16], uint8_t length)
{
	struct halves ip = halves_of(address);

	if (length > 128)
		return 0;
	if (length >= IPV4_OFFSET && is_v4(ip))
		return pehra_v4_any_within(snapshot, (uint32_t)ip.low, length - IPV4_OFFSET);
	return pehra_v6_any_within(snapshot, ip.high, ip.low, length);
}
