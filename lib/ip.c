/* SPDX-License-Identifier: MIT */
/* Addresses of either family in 16 bytes, and the details of entries. */
#include "reader.h"

#include <string.h>

enum { BATCH = 64, IPV4_OFFSET = 96 };

static uint64_t load_big_endian(const uint8_t *p)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < 8; i++)
		value = value << 8 | p[i];
	return value;
}

struct halves {
	uint64_t high;
	uint64_t low;
};

static struct halves halves_of(const uint8_t address[16])
{
	return (struct halves){ load_big_endian(address), load_big_endian(address + 8) };
}

static int is_v4(struct halves ip)
{
	return ip.high == 0 && ip.low >> 32 == 0xffff;
}

pehra_id pehra_ip(const struct pehra *snapshot, const uint8_t address[16])
{
	struct halves ip = halves_of(address);

	return is_v4(ip) ? pehra_ipv4(snapshot, (uint32_t)ip.low)
			 : pehra_v6(snapshot, ip.high, ip.low);
}

/* Splits a group by family, so that each part goes through its own batch. */
static void batch(const struct pehra *s, const uint8_t (*addresses)[16], pehra_id *ids, size_t n)
{
	uint32_t v4[BATCH];
	uint64_t highs[BATCH];
	uint64_t lows[BATCH];
	uint8_t family[BATCH];
	pehra_id v4_ids[BATCH];
	pehra_id v6_ids[BATCH];
	size_t v4_count = 0;
	size_t v6_count = 0;

	for (size_t i = 0; i < n; i++) {
		struct halves ip = halves_of(addresses[i]);

		family[i] = (uint8_t)is_v4(ip);
		v4[v4_count] = (uint32_t)ip.low;
		highs[v6_count] = ip.high;
		lows[v6_count] = ip.low;
		v4_count += family[i];
		v6_count += !family[i];
	}
	pehra_ipv4_batch(s, v4, v4_ids, v4_count);
	pehra_v6_batch(s, highs, lows, v6_ids, v6_count);
	v4_count = 0;
	v6_count = 0;
	for (size_t i = 0; i < n; i++)
		ids[i] = family[i] ? v4_ids[v4_count++] : v6_ids[v6_count++];
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
