/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Property tests: a body runs with a seeded generator. The seed is printed when the body fails;
 * PEHRA_SEED=... repeats that one case, PEHRA_CASES=... scales how many cases run.
 */
#pragma once

#include "base/buf.h"

/* cmocka.h needs these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct prop {
	uint64_t state;
};

/* splitmix64 (Steele, Lea, Flood 2014) */
static inline uint64_t prop_u64(struct prop *prop)
{
	uint64_t z = prop->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* 0..limit-1 */
static inline uint64_t prop_below(struct prop *prop, uint64_t limit)
{
	return prop_u64(prop) % limit;
}

static inline uint64_t prop_env(const char *name, uint64_t otherwise)
{
	uint64_t value;

	return parse_u64(str_c(getenv(name)), &value) ? value : otherwise;
}

/* Bit for bit, where doubles must have come out the same and not merely close. */
static inline bool same_bytes(const void *a, const void *b, size_t n)
{
	return memcmp(a, b, n) == 0;
}

/* cmocka leaves by longjmp on failure, so the seed is printed before each case is judged. */
#define PROP_RUN(cases, body)                                                                  \
	do {                                                                                   \
		uint64_t prop_one_ = prop_env("PEHRA_SEED", 0);                                \
		uint64_t prop_n_ = prop_one_ != 0 ? 1 : prop_env("PEHRA_CASES", (cases));      \
		for (uint64_t prop_i_ = 0; prop_i_ < prop_n_; prop_i_++) {                     \
			uint64_t prop_seed_ = prop_one_ != 0 ? prop_one_ : prop_i_ * 7919 + 1; \
			struct prop prop_ = { prop_seed_ };                                    \
			const char *prop_wrong_ = (body)(&prop_);                              \
			if (prop_wrong_ != NULL)                                               \
				fail_msg("%s: PEHRA_SEED=%llu repeats it", prop_wrong_,        \
					(unsigned long long)prop_seed_);                       \
		}                                                                              \
	} while (0)
