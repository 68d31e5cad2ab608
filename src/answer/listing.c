/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/listing.h"

#include "base/clock.h"
#include "evidence/taxonomy.h"

_Static_assert((int)ROLE_COUNT == (int)PEHRA_ROLES && (int)ROLE_POLICY == (int)PEHRA_POLICY,
	"roles of the library are the roles of the taxonomy");

enum {
	CODE_NET = 0x7f000000,  /* 127.0.0.0 */
	SCORE_NET = 0x7f000100, /* 127.0.1.0 */
	SCORE_MAX = 100,
	HOST_LENGTH = 128
};

/* 127.0.0.2 and 127.0.0.1, mapped */
static const struct ipaddr listed_ip = { { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 2 } };
static const struct ipaddr unlisted_ip = { { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 } };

/* The roles whose scores count in a zone, and whether the action must say so too. */
static const struct zone_rule {
	unsigned roles; /* bit r: role r */
	bool needs_action;
	bool is_allow;
	bool is_of_one_role;
} rules[] = {
	[ZONE_COMBINED] = { 7, true, false, false },
	[ZONE_SOURCE] = { 1 << PEHRA_SOURCE, true, false, true },
	[ZONE_DESTINATION] = { 1 << PEHRA_DESTINATION, true, false, true },
	[ZONE_POLICY] = { 1 << PEHRA_POLICY, true, false, true },
	[ZONE_ALLOW] = { 7, false, true, false },
	[ZONE_SCORE] = { 1 << PEHRA_SOURCE | 1 << PEHRA_DESTINATION, false, false, false },
	[ZONE_NAMES] = { 7, true, false, false },
};
_Static_assert(ARRAY_LEN(rules) == ZONE_COUNT, "one rule per zone");

static uint8_t highest_score(const struct pehra_verdict *verdict, unsigned roles)
{
	uint8_t score = 0;

	for (unsigned role = 0; role < PEHRA_ROLES; role++) {
		if ((roles & 1U << role) != 0 && verdict->score[role] > score)
			score = verdict->score[role];
	}
	return score < SCORE_MAX ? score : SCORE_MAX;
}

static uint64_t codes_of(const struct pehra_verdict *verdict, const struct zone_rule *rule)
{
	uint64_t codes = 0;
	uint64_t others = 0; /* of categories whose usual role is another one */

	for (uint64_t left = verdict->categories; left != 0; left &= left - 1) {
		const struct category_info *info = category_info((unsigned)__builtin_ctzll(left));
		unsigned code =
			info == NULL || info->dns_code == 0 ? DNS_CODE_OTHER : info->dns_code;

		if (info != NULL && rule->is_of_one_role &&
			(rule->roles & 1U << info->usual_role) == 0)
			others |= UINT64_C(1) << code;
		else
			codes |= UINT64_C(1) << code;
	}
	if (codes == 0)
		codes = others;
	return codes != 0 ? codes : UINT64_C(1) << DNS_CODE_OTHER;
}

/*
 * A block without a score is a person's: it answers both questions of who attacks and of whom
 * victims meet, as nobody said which is meant.
 */
static bool is_blocked_by_hand(const struct pehra_verdict *verdict, const struct zone_rule *rule)
{
	const unsigned attacks = 1 << PEHRA_SOURCE | 1 << PEHRA_DESTINATION;

	return verdict->action == PEHRA_BLOCK && rule->needs_action &&
	       (rule->roles & attacks) != 0 && highest_score(verdict, ~0U) == 0;
}

static bool is_listed(const struct pehra_verdict *verdict, enum zone zone, struct listing *out)
{
	const struct zone_rule *rule = &rules[zone];

	if (verdict == NULL)
		return false;
	out->score = highest_score(verdict, rule->roles);
	if (rule->is_allow) {
		out->codes = UINT64_C(1) << DNS_CODE_ALLOW;
		return verdict->action == PEHRA_ALLOW;
	}
	if ((out->score == 0 && !is_blocked_by_hand(verdict, rule)) ||
		verdict->action == PEHRA_ALLOW ||
		(rule->needs_action && verdict->action < PEHRA_WATCH))
		return false;
	out->codes = codes_of(verdict, rule);
	return true;
}

static uint32_t time_to_live(uint16_t until_day, int64_t now_s)
{
	int64_t left_s = PEHRA_DAY_ZERO_S + (int64_t)until_day * DAY_S - now_s;

	if (until_day == 0 || left_s >= LISTING_TTL_MAX_S)
		return LISTING_TTL_MAX_S;
	return left_s > 0 ? (uint32_t)left_s : LISTING_TTL_OVERDUE_S;
}

static void test_entry(enum zone zone, struct listing *out)
{
	out->exists = true;
	out->is_listed = true;
	out->score = SCORE_MAX;
	out->codes = UINT64_C(1) << (rules[zone].is_allow ? DNS_CODE_ALLOW : DNS_CODE_TEST);
	out->ttl_s = LISTING_TTL_MAX_S;
}

static void find_host(const struct pehra *snapshot, const struct ipaddr *ip, enum zone zone,
	int64_t now_s, struct listing *out)
{
	pehra_id id;

	if (ip_cmp(ip, &listed_ip) == 0) {
		test_entry(zone, out);
		return;
	}
	if (ip_cmp(ip, &unlisted_ip) == 0)
		return;
	/* most of what is asked for is not listed, and this look-up reads less than that of details
	 */
	id = ip_is_v4(ip) ? pehra_ipv4(snapshot, ip_to_u32(ip)) : pehra_ip(snapshot, ip->bytes);
	if (id == 0 || !is_listed(pehra_verdict(snapshot, id), zone, out))
		return;
	out->exists = true;
	out->is_listed = true;
	pehra_ip_detail(snapshot, ip->bytes, &out->detail);
	out->ttl_s = time_to_live(out->detail.until_day, now_s);
}

/* A part of an address exists when an entry covers it or lies within. */
static bool has_within(const struct pehra *snapshot, const struct prefix *prefix)
{
	return prefix_contains_ip(prefix, &listed_ip) ||
	       pehra_ip(snapshot, prefix->address.bytes) != 0 ||
	       pehra_ip_any_within(snapshot, prefix->address.bytes, prefix->length) != 0;
}

static void find_ip(const struct pehra *snapshot, const struct subject *subject, int64_t now_s,
	struct listing *out)
{
	if (subject->has_v4) {
		if (subject->v4.length == HOST_LENGTH)
			find_host(snapshot, &subject->v4.address, subject->zone, now_s, out);
		else
			out->exists = has_within(snapshot, &subject->v4);
	}
	if (subject->has_v6 && !out->exists) {
		if (subject->v6.length == HOST_LENGTH)
			find_host(snapshot, &subject->v6.address, subject->zone, now_s, out);
		else
			out->exists = has_within(snapshot, &subject->v6);
	}
}

static void find_name(const struct pehra *snapshot, const struct subject *subject, int64_t now_s,
	struct listing *out)
{
	struct str name = { subject->name, subject->name_bytes };
	pehra_id id;

	if (str_eq(name, STR("test"))) {
		test_entry(subject->zone, out);
		return;
	}
	id = str_eq(name, STR("invalid")) ? 0 : pehra_name(snapshot, name.p, name.n);
	if (id != 0 && is_listed(pehra_verdict(snapshot, id), subject->zone, out)) {
		out->exists = true;
		out->is_listed = true;
		pehra_name_detail(snapshot, name.p, name.n, &out->detail);
		out->ttl_s = time_to_live(out->detail.until_day, now_s);
		return;
	}
	out->exists = pehra_name_any_below(snapshot, name.p, name.n) != 0;
}

void listing_find(const struct pehra *snapshot, const struct subject *subject, int64_t now_s,
	struct listing *out)
{
	*out = (struct listing){ 0 };
	if (subject->kind == SUBJECT_IP)
		find_ip(snapshot, subject, now_s, out);
	else if (subject->kind == SUBJECT_NAME)
		find_name(snapshot, subject, now_s, out);
}

uint32_t listing_address(enum zone zone, unsigned value)
{
	return (zone == ZONE_SCORE ? SCORE_NET : CODE_NET) + value;
}

static void put_day(struct buf *out, char key, uint16_t day)
{
	buf_byte(out, ' ');
	buf_byte(out, key);
	buf_byte(out, '=');
	if (day == 0)
		buf_byte(out, '-');
	else
		date_format(out, PEHRA_DAY_ZERO_S + (int64_t)day * DAY_S);
}

void listing_text(const struct subject *subject, const struct listing *listing, struct str url,
	struct buf *out)
{
	size_t plain;

	buf_clear(out);
	for (uint64_t left = listing->codes; left != 0; left &= left - 1) {
		if (out->n > 0)
			buf_byte(out, ',');
		buf_u64(out, (uint64_t)__builtin_ctzll(left));
	}
	buf_str(out, STR(" s="));
	buf_u64(out, listing->score);
	put_day(out, 'f', listing->detail.first_day);
	put_day(out, 'l', listing->detail.last_day);
	put_day(out, 'e', listing->detail.until_day);
	plain = out->n;
	buf_byte(out, ' ');
	buf_str(out, url);
	if (subject->kind == SUBJECT_IP) {
		buf_str(out, STR("/ip/"));
		ip_format(out, subject->has_v4 && subject->v4.length == HOST_LENGTH
				       ? &subject->v4.address
				       : &subject->v6.address);
	} else {
		buf_str(out, STR("/name/"));
		buf_put(out, subject->name, subject->name_bytes);
	}
	if (url.n == 0 || out->n > LISTING_TEXT_MAX)
		out->n = plain;
}
