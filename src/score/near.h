/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Neighbours: which indicators count as near each other. One definition for the compiler, the live
 * copy, explanations and learning, because all four must count the same.
 */
#pragma once

#include "net/ip.h"
#include "score/score.h"

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
