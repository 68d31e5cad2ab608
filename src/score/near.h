/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Neighbours: which indicators count as near each other. One definition for the compiler, the live
 * copy, explanations and learning, because all four must count the same.
 */
#pragma once

#include "net/ip.h"
#include "score/score.h"

/*
 * Groups as numbers: the upper bits of the address. Only narrower than /24 and only /64s are
 * members; the number alone tells whether an address lies in the group's range.
 */
static inline uint64_t near_number_v4(uint32_t address)
{
	return address >> 8;
}

static inline uint64_t near_number_v6(uint64_t high, unsigned level)
{
	return high >> (level == 0 ? 8 : 16);
}

static inline bool near_is_member_v4(uint8_t width, unsigned level)
{
	return level == 0 && width > 24;
}

static inline bool near_is_member_v6(uint8_t length, unsigned level)
{
	return level < SCORE_NEAR_LEVELS && length == 64;
}

/*
 * The group of a level in which an address' neighbours are counted: IPv4 narrower than /24: level 0
 * is its /24. IPv6 of /64 (as hosts are judged): level 0 its /56, level 1 its /48. False: none.
 */
bool near_group(const struct prefix *prefix, unsigned level, struct prefix *out);

/*
 * Is a claim active for its neighbours: listed, or last seen at most SCORE_NEAR_DAYS before today?
 * Days as compile_day() counts them. Claims of the role policy never are.
 */
bool near_is_active(uint8_t role, bool is_listed, uint16_t last_day, uint16_t today);
