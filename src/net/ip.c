/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/ip.h"

#include <arpa/inet.h>

enum { V4_OCTETS = 4 };

struct ipaddr ip_from_u32(uint32_t host_order)
{
	return (struct ipaddr){ { [10] = 0xff,
		[11] = 0xff,
		[12] = (uint8_t)(host_order >> 24),
		[13] = (uint8_t)(host_order >> 16),
		[14] = (uint8_t)(host_order >> 8),
		[15] = (uint8_t)host_order } };
}

static uint64_t big_endian_64(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

uint64_t ip_high(const struct ipaddr *ip)
{
	return big_endian_64(ip->bytes);
}

uint64_t ip_low(const struct ipaddr *ip)
{
	return big_endian_64(ip->bytes + 8);
}

/*
 * Dotted quad on the hot path of every list, so it is read here and not by inet_pton, which wants
 * a NUL and does not say why it refuses. Returns how much was read, 0 on failure.
 */
static enum err v4_parse(struct str s, const struct ip_rules *rules, uint32_t *out, struct why *why)
{
	uint32_t address = 0;
	size_t i = 0;

	for (int octet = 0; octet < V4_OCTETS; octet++) {
		uint32_t value = 0;
		size_t start = i;

		while (i < s.n && i - start < 4 && byte_is_digit(s.p[i]))
			value = value * 10 + (uint32_t)(s.p[i++] - '0');

		size_t digits = i - start;

		if (digits == 0 || digits > 3 || value > 255)
			return fail(
				why, ERR_SYNTAX, "not an address: %.*s", STR_FMT(str_first(s, 64)));
		if (digits > 1 && s.p[start] == '0' &&
			(rules == NULL || rules->zero_padded == ZERO_PADDED_REFUSE))
			return fail(why, ERR_SYNTAX, "zero-padded octet (decimal or octal?): %.*s",
				STR_FMT(str_first(s, 64)));
		address = address << 8 | value;
		if (octet < V4_OCTETS - 1) {
			if (i >= s.n || s.p[i] != '.')
				return fail(why, ERR_SYNTAX, "not an address: %.*s",
					STR_FMT(str_first(s, 64)));
			i++;
		}
	}
	if (i != s.n)
		return fail(why, ERR_SYNTAX, "trailing text after the address: %.*s",
			STR_FMT(str_first(s, 64)));
	*out = address;
	return OK;
}

enum err ip_parse(struct str s, const struct ip_rules *rules, struct ipaddr *out, struct why *why)
{
	char text[IP_TEXT_MAX];
	uint32_t v4;

	if (str_find(s, ':') == s.n) {
		TRY(v4_parse(s, rules, &v4, why));
		*out = ip_from_u32(v4);
		return OK;
	}
	if (str_find(s, '%') != s.n)
		return fail(why, ERR_SYNTAX, "a zone id has no meaning elsewhere: %.*s",
			STR_FMT(str_first(s, 64)));
	/* a NUL inside would end the text early for inet_pton */
	if (str_find(s, '\0') != s.n || !str_to_c(s, text, sizeof text) ||
		inet_pton(AF_INET6, text, out->bytes) != 1)
		return fail(why, ERR_SYNTAX, "not an address: %.*s", STR_FMT(str_first(s, 64)));
	return OK;
}

static void mask(struct ipaddr *ip, uint8_t length)
{
	size_t whole = length / 8;

	if (whole >= sizeof ip->bytes)
		return;
	ip->bytes[whole] &= (uint8_t)(0xff00 >> (length % 8));
	memset(ip->bytes + whole + 1, 0, sizeof ip->bytes - whole - 1);
}

struct prefix prefix_around(const struct ipaddr *ip, uint8_t length)
{
	struct prefix prefix = { *ip, length };

	mask(&prefix.address, length);
	return prefix;
}

struct prefix prefix_host(const struct ipaddr *ip)
{
	return (struct prefix){ *ip, 128 };
}

/* "24" or, for IPv4, "255.255.255.0". */
static enum err width_parse(struct str s, bool v4, uint8_t *out, struct why *why)
{
	uint64_t width;

	if (v4 && str_find(s, '.') != s.n) {
		uint32_t bits;

		TRY(v4_parse(s, NULL, &bits, why));

		uint32_t host = ~bits;

		if ((host & (host + 1)) != 0)
			return fail(why, ERR_SYNTAX, "not a contiguous netmask: %.*s",
				STR_FMT(str_first(s, 64)));
		*out = (uint8_t)__builtin_popcount(bits);
		return OK;
	}
	if (s.n > 3 || !parse_u64(s, &width) || width > (v4 ? 32 : 128))
		return fail(
			why, ERR_SYNTAX, "not a prefix length: %.*s", STR_FMT(str_first(s, 64)));
	*out = (uint8_t)width;
	return OK;
}

enum err prefix_parse(
	struct str s, const struct ip_rules *rules, struct prefix *out, struct why *why)
{
	size_t slash = str_find(s, '/');
	struct ipaddr ip;
	uint8_t width;

	TRY(ip_parse(str_first(s, slash), rules, &ip, why));
	if (slash == s.n) {
		*out = prefix_host(&ip);
		return OK;
	}

	/* ::ffff:192.0.2.0/120 is written with its IPv6 length */
	bool v4 = str_find(s, ':') == s.n;

	TRY(width_parse(str_from_index(s, slash + 1), v4, &width, why));
	*out = prefix_around(&ip, v4 ? (uint8_t)(width + IPV4_OFFSET) : width);
	if (ip_cmp(&ip, &out->address) != 0 &&
		(rules == NULL || rules->host_bits == HOST_BITS_REFUSE))
		return fail(why, ERR_SYNTAX, "host bits are set behind the prefix length: %.*s",
			STR_FMT(str_first(s, 64)));
	return OK;
}

void ip_format(struct buf *out, const struct ipaddr *ip)
{
	char text[INET6_ADDRSTRLEN];

	if (ip_is_v4(ip)) {
		for (int i = 12; i < 16; i++) {
			buf_u64(out, ip->bytes[i]);
			if (i < 15)
				buf_byte(out, '.');
		}
		return;
	}
	must(inet_ntop(AF_INET6, ip->bytes, text, sizeof text) != NULL);
	buf_str(out, str_c(text));
}

void prefix_format(struct buf *out, const struct prefix *prefix)
{
	ip_format(out, &prefix->address);
	if (prefix->length == 128)
		return;
	buf_byte(out, '/');
	buf_u64(out, prefix_width(prefix));
}

bool prefix_contains_ip(const struct prefix *prefix, const struct ipaddr *ip)
{
	struct prefix around = prefix_around(ip, prefix->length);

	return ip_cmp(&around.address, &prefix->address) == 0;
}

bool prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
	return outer->length <= inner->length && prefix_contains_ip(outer, &inner->address);
}

struct ipaddr prefix_last(const struct prefix *prefix)
{
	struct ipaddr last = prefix->address;
	size_t whole = prefix->length / 8;

	if (whole >= sizeof last.bytes)
		return last;
	last.bytes[whole] |= (uint8_t)(0xff >> (prefix->length % 8));
	memset(last.bytes + whole + 1, 0xff, sizeof last.bytes - whole - 1);
	return last;
}

enum err ip_range_parse(
	struct str s, const struct ip_rules *rules, struct ip_range *out, struct why *why)
{
	size_t dash = str_find(s, '-');

	if (dash == s.n)
		return fail(why, ERR_SYNTAX, "not a range: %.*s", STR_FMT(str_first(s, 64)));
	TRY(ip_parse(str_trim(str_first(s, dash)), rules, &out->first, why));
	TRY(ip_parse(str_trim(str_from_index(s, dash + 1)), rules, &out->last, why));
	if (ip_is_v4(&out->first) != ip_is_v4(&out->last))
		return fail(why, ERR_SYNTAX, "a range of two address families: %.*s",
			STR_FMT(str_first(s, 96)));
	if (ip_cmp(&out->first, &out->last) > 0)
		return fail(why, ERR_SYNTAX, "the range ends before it starts: %.*s",
			STR_FMT(str_first(s, 96)));
	return OK;
}

/* Adds one; false when it wraps. */
static bool ip_increment(struct ipaddr *ip)
{
	for (int i = 15; i >= 0; i--) {
		if (++ip->bytes[i] != 0)
			return true;
	}
	return false;
}

size_t ip_range_to_prefixes(const struct ip_range *range, struct prefix out[RANGE_PREFIXES_MAX])
{
	uint8_t shortest = ip_is_v4(&range->first) ? IPV4_OFFSET : 0;
	struct ipaddr next = range->first;
	size_t n = 0;

	for (;;) {
		struct prefix prefix = prefix_host(&next);

		/* widen while it starts at next and ends within the range */
		while (prefix.length > shortest) {
			struct prefix wider = prefix_around(&next, (uint8_t)(prefix.length - 1));
			struct ipaddr last = prefix_last(&wider);

			if (ip_cmp(&wider.address, &next) != 0 || ip_cmp(&last, &range->last) > 0)
				break;
			prefix = wider;
		}
		must(n < RANGE_PREFIXES_MAX);
		out[n++] = prefix;
		next = prefix_last(&prefix);
		if (ip_cmp(&next, &range->last) == 0 || !ip_increment(&next))
			return n;
	}
}

static int prefix_order(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

/* Are a and b the two halves of one prefix of the same family? a comes first. */
static bool prefix_joins(const struct prefix *a, const struct prefix *b, struct prefix *out)
{
	if (a->length != b->length || a->length == 0 || prefix_is_v4(a) != prefix_is_v4(b) ||
		(prefix_is_v4(a) && a->length == IPV4_OFFSET))
		return false;

	struct prefix whole = prefix_around(&a->address, (uint8_t)(a->length - 1));

	if (ip_cmp(&whole.address, &a->address) != 0 || ip_cmp(&a->address, &b->address) == 0 ||
		!prefix_contains(&whole, b))
		return false;
	*out = whole; /* only now: out may be b */
	return true;
}

size_t prefixes_aggregate(struct prefix *prefixes, size_t n)
{
	size_t kept = 0;

	if (n == 0)
		return 0;
	qsort(prefixes, n, sizeof *prefixes, prefix_order);
	for (size_t i = 0; i < n; i++) {
		struct prefix next = prefixes[i];

		if (kept > 0 && prefix_contains(&prefixes[kept - 1], &next) &&
			prefix_is_v4(&prefixes[kept - 1]) == prefix_is_v4(&next))
			continue;
		while (kept > 0 && prefix_joins(&prefixes[kept - 1], &next, &next))
			kept--;
		prefixes[kept++] = next;
	}
	return kept;
}
