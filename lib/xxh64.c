/* SPDX-License-Identifier: MIT */
#include "xxh64.h"

#include <string.h>

#define PRIME_1 UINT64_C(0x9e3779b185ebca87)
#define PRIME_2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define PRIME_3 UINT64_C(0x165667b19e3779f9)
#define PRIME_4 UINT64_C(0x85ebca77c2b2ae63)
#define PRIME_5 UINT64_C(0x27d4eb2f165667c5)

enum { LANES = 4, STRIPE_BYTES = 32 };

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof value);
	return value;
}

static uint64_t lane_round(uint64_t lane, uint64_t input)
{
	return rotate(lane + input * PRIME_2, 31) * PRIME_1;
}

static uint64_t stripes(const uint8_t *p, size_t count, uint64_t seed)
{
	uint64_t lanes[LANES] = { seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1 };
	uint64_t hash;

	for (; count > 0; count--, p += STRIPE_BYTES) {
		for (size_t i = 0; i < LANES; i++)
			lanes[i] = lane_round(lanes[i], load64(p + 8 * i));
	}
	hash = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) +
	       rotate(lanes[3], 18);
	for (size_t i = 0; i < LANES; i++)
		hash = (hash ^ lane_round(0, lanes[i])) * PRIME_1 + PRIME_4;
	return hash;
}

static uint64_t tail(const uint8_t *p, size_t size, uint64_t hash)
{
	for (; size >= 8; size -= 8, p += 8)
		hash = rotate(hash ^ lane_round(0, load64(p)), 27) * PRIME_1 + PRIME_4;
	if (size >= 4) {
		uint32_t word;

		memcpy(&word, p, sizeof word);
		hash = rotate(hash ^ word * PRIME_1, 23) * PRIME_2 + PRIME_3;
		size -= 4;
		p += 4;
	}
	for (; size > 0; size--, p++)
		hash = rotate(hash ^ *p * PRIME_5, 11) * PRIME_1;
	return hash;
}

uint64_t xxh64(const void *data, size_t size, uint64_t seed)
{
	const uint8_t *p = data;
	size_t count = size / STRIPE_BYTES;
	uint64_t hash = count > 0 ? stripes(p, count, seed) : seed + PRIME_5;

	hash = tail(p + count * STRIPE_BYTES, size % STRIPE_BYTES, hash + size);
	hash = (hash ^ hash >> 33) * PRIME_2;
	hash = (hash ^ hash >> 29) * PRIME_3;
	return hash ^ hash >> 32;
}
