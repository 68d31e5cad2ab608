/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random numbers of made histories: splitmix64 (Steele, Lea, Flood 2014), seeded by what they are
 * for. So what happens to one host does not depend on how many were made before it, and a history
 * is the same on every machine.
 */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct chance {
	uint64_t state;
};

static inline uint64_t chance_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* purpose: one number for each use; of: what it is used for (a host, a day). */
static inline struct chance chance_for(uint64_t seed, uint64_t purpose, uint64_t of)
{
	uint64_t mixed = chance_mix(seed + UINT64_C(0x9e3779b97f4a7c15) * (purpose + 1));

	return (struct chance){ chance_mix(mixed + UINT64_C(0x9e3779b97f4a7c15) * (of + 1)) };
}

static inline uint64_t chance_u64(struct chance *chance)
{
	chance->state += UINT64_C(0x9e3779b97f4a7c15);
	return chance_mix(chance->state);
}

/* Greater than 0, less than 1. */
static inline double chance_unit(struct chance *chance)
{
	return ((double)(chance_u64(chance) >> 11) + 0.5) * 0x1p-53;
}

static inline bool chance_is(struct chance *chance, double probability)
{
	return chance_unit(chance) < probability;
}

/* 0..limit-1; the bias of the remainder is below 2^-32 for all limits used here. */
static inline uint32_t chance_below(struct chance *chance, uint32_t limit)
{
	return (uint32_t)(chance_u64(chance) % limit);
}

static inline double chance_exponential(struct chance *chance, double mean)
{
	return -mean * log(chance_unit(chance));
}

/* Box and Muller's. */
static inline double chance_normal(struct chance *chance)
{
	double radius = sqrt(-2 * log(chance_unit(chance)));

	return radius * cos(2 * M_PI * chance_unit(chance));
}

static inline double chance_lognormal(struct chance *chance, double median, double sigma)
{
	return median * exp(sigma * chance_normal(chance));
}

/* Gamma distributed with mean 1 and this variance (Marsaglia and Tsang 2000). */
static inline double chance_gamma(struct chance *chance, double variance)
{
	double shape = 1 / variance;
	double boost = shape < 1 ? pow(chance_unit(chance), 1 / shape) : 1;
	double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3;

	for (;;) {
		double x = chance_normal(chance);
		double v = 1 + x / sqrt(9 * d);

		v = v * v * v;
		if (v > 0 && log(chance_unit(chance)) < 0.5 * x * x + d - d * v + d * log(v))
			return boost * d * v * variance;
	}
}

/* Poisson distributed; by the normal distribution where the mean is large. */
static inline uint32_t chance_poisson(struct chance *chance, double mean)
{
	double limit = exp(-mean);
	double product = 1;
	uint32_t n = 0;

	if (mean > 50)
		return (uint32_t)fmax(0, round(mean + sqrt(mean) * chance_normal(chance)));
	for (product = chance_unit(chance); product > limit; n++)
		product *= chance_unit(chance);
	return n;
}
