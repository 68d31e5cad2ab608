/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a zone says of a subject: which entries are listed in it and with which codes.
 *
 *   zone      lists an entry when                                       answers
 *   combined  action >= watch, any role's score > 0                     127.0.0.<category code>
 *   src dst   action >= watch, the role's score > 0                     127.0.0.<category code>
 *   pol       action >= watch, the policy score > 0                     127.0.0.<category code>
 *   allow     action = allow                                            127.0.0.40
 *   score     source or destination score > 0, whatever the action      127.0.1.<the higher one>
 *   dom       as combined, for names                                    127.0.0.<category code>
 *
 * An allowed entry is listed in allow alone. Codes are those of the taxonomy; categories without
 * one answer DNS_CODE_OTHER. A verdict does not say which category belongs to which role, so a
 * role's zone gives the codes of the categories whose usual role it is, or of all when none is.
 *
 * RFC 5782 test points: 127.0.0.2 and ::ffff:127.0.0.2 are always listed, 127.0.0.1 and its mapped
 * form never; in dom, "test" always and "invalid" never.
 */
#pragma once

#include "answer/zone.h"
#include "pehra.h"

enum {
	DNS_CODE_TEST = 2,
	DNS_CODE_OTHER = 12,
	DNS_CODE_ALLOW = 40,
	LISTING_TTL_MAX_S = 300,
	LISTING_TTL_OVERDUE_S = 60, /* the predicted change is due and has not come */
	LISTING_TEXT_MAX = DNS_STRING_MAX
};

struct listing {
	/*
	 * The name exists: it is listed, or something is at or below it (an empty non-terminal).
	 * Whether that something is listed in this very zone is not looked at.
	 */
	bool exists;
	bool is_listed;
	uint64_t codes; /* bit c: 127.0.0.c */
	uint8_t score;  /* of the zone's role; in combined and dom the highest of all roles */
	uint32_t ttl_s;
	struct pehra_detail detail; /* zero for the test points */
};

void listing_find(const struct pehra *snapshot, const struct subject *subject, int64_t now_s,
	struct listing *out);

/* The address an A record gives for a code, or in the score zone for the score. */
uint32_t listing_address(enum zone zone, unsigned value);

/*
 * "3,8 s=87 f=2026-11-02 l=2026-11-20 e=2026-12-04 <url>/ip/192.0.2.1": codes, score, first and
 * last seen, expected end; "-" for an unknown day. At most LISTING_TEXT_MAX bytes: the link is left
 * out when it does not fit. The text is put into out, which is cleared first.
 */
void listing_text(const struct subject *subject, const struct listing *listing, struct str url,
	struct buf *out);
