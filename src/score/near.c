/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/near.h"

bool near_group(const struct prefix *prefix, unsigned level, struct prefix *out)
{
	static const uint8_t ip6_lengths[SCORE_NEAR_LEVELS] = { 56, 48 };
	enum { IP4_LENGTH = IPV4_OFFSET + 24 };

	if (prefix_is_v4(prefix)) {
		if (!near_is_member_v4(prefix_width(prefix), level))
			return false;
		*out = prefix_around(&prefix->address, IP4_LENGTH);
		return true;
	}
	if (!near_is_member_v6(prefix->length, level))
		return false;
	*out = prefix_around(&prefix->address, ip6_lengths[level]);
	return true;
}

bool near_is_active(uint8_t role, bool is_listed, uint16_t last_day, uint16_t today)
{
	return role != ROLE_POLICY && (is_listed || last_day + SCORE_NEAR_DAYS >= today);
}
