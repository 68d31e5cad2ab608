/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses, prefixes and ranges of IPv4 and IPv6, parsed once at the edge.
 *
 * Both families share one form: 16 bytes in network order, IPv4 mapped (::ffff:a.b.c.d). A prefix
 * length counts in that form, so 192.0.2.0/24 has length 120; prefix_width() gives the 24 that
 * people write. A v4-mapped address written as IPv6 is the IPv4 address.
 */
#pragma once

#include "base/buf.h"

struct ipaddr {
	uint8_t bytes[16];
};

/* Invariant: all bits behind length are zero. */
struct prefix {
	struct ipaddr address;
	uint8_t length; /* 0..128 in the mapped form */
};

enum { IPV4_OFFSET = 96, IP_TEXT_MAX = 46, PREFIX_TEXT_MAX = 50 };

/* What to do with odd spellings; a feed's definition says it. */
struct ip_rules {
	enum { HOST_BITS_REFUSE = 0, HOST_BITS_MASK } host_bits;
	/* 109.230.155.061: nobody can know whether 061 is octal, so the default refuses */
	enum { ZERO_PADDED_REFUSE = 0, ZERO_PADDED_DECIMAL } zero_padded;
};

static inline bool ip_is_v4(const struct ipaddr *ip)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(ip->bytes, mapped, sizeof mapped) == 0;
}

/* Is the whole prefix within IPv4? ::/0 is not: it is the IPv6 default. */
static inline bool prefix_is_v4(const struct prefix *prefix)
{
	return prefix->length >= IPV4_OFFSET && ip_is_v4(&prefix->address);
}

/* The length as people write it: 0..32 or 0..128. */
static inline uint8_t prefix_width(const struct prefix *prefix)
{
	return prefix_is_v4(prefix) ? (uint8_t)(prefix->length - IPV4_OFFSET) : prefix->length;
}

/* Host order. */
static inline uint32_t ip_to_u32(const struct ipaddr *ip)
{
	return (uint32_t)ip->bytes[12] << 24 | (uint32_t)ip->bytes[13] << 16 |
	       (uint32_t)ip->bytes[14] << 8 | ip->bytes[15];
}

struct ipaddr ip_from_u32(uint32_t host_order);

/* The first and the last eight bytes as numbers. */
uint64_t ip_high(const struct ipaddr *ip);
uint64_t ip_low(const struct ipaddr *ip);

static inline int ip_cmp(const struct ipaddr *a, const struct ipaddr *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* By address, then shorter (wider) first. */
static inline int prefix_cmp(const struct prefix *a, const struct prefix *b)
{
	int order = ip_cmp(&a->address, &b->address);

	return order != 0 ? order : (int)a->length - (int)b->length;
}

/* rules may be NULL for the strict ones. Zone ids (fe80::1%eth0) are refused. */
NODISCARD enum err ip_parse(
	struct str s, const struct ip_rules *rules, struct ipaddr *out, struct why *why);
/* An address alone is a host prefix. Also "a.b.c.d/255.255.255.0". */
NODISCARD enum err prefix_parse(
	struct str s, const struct ip_rules *rules, struct prefix *out, struct why *why);
void ip_format(struct buf *out, const struct ipaddr *ip);         /* RFC 5952 */
void prefix_format(struct buf *out, const struct prefix *prefix); /* hosts without "/32" */

struct prefix prefix_host(const struct ipaddr *ip);
/* The prefix of length (mapped form) around ip. */
struct prefix prefix_around(const struct ipaddr *ip, uint8_t length);
bool prefix_contains(const struct prefix *outer, const struct prefix *inner);
bool prefix_contains_ip(const struct prefix *prefix, const struct ipaddr *ip);
struct ipaddr prefix_last(const struct prefix *prefix);

/* An inclusive range; first <= last, both of one family. */
struct ip_range {
	struct ipaddr first;
	struct ipaddr last;
};

/* "first-last" with optional spaces, or an integer pair is not accepted here: text addresses only.
 */
NODISCARD enum err ip_range_parse(
	struct str s, const struct ip_rules *rules, struct ip_range *out, struct why *why);

enum { RANGE_PREFIXES_MAX = 254 };

/* The fewest prefixes that cover the range exactly, in order; returns how many (1..254). */
size_t ip_range_to_prefixes(const struct ip_range *range, struct prefix out[RANGE_PREFIXES_MAX]);

/*
 * Sorts and merges in place: what lies within another goes, siblings join. Returns the new count.
 * The set of addresses is the same before and after.
 */
size_t prefixes_aggregate(struct prefix *prefixes, size_t n);
