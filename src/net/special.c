/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/special.h"

#define V4(a, b, c, d, width)                                                                      \
	{                                                                                          \
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (a), (b), (c), (d) } }, (width) + 96 \
	}
/* The first four groups of an IPv6 address; the rest is zero. */
#define V6(a, b, c, d, width)                                                             \
	{                                                                                 \
		{ { (a) >> 8, (a)&0xff, (b) >> 8, (b)&0xff, (c) >> 8, (c)&0xff, (d) >> 8, \
			(d)&0xff, 0, 0, 0, 0, 0, 0, 0, 0 } },                             \
			(width)                                                           \
	}

/*
 * IANA IPv4 and IPv6 Special-Purpose Address Registries and address space registries, as of 2025.
 * In order of prefix_cmp(), so IPv4 (mapped) stands after ::1 and before the rest of IPv6.
 */
static const struct special rows[] = {
	{ V6(0, 0, 0, 0, 128), "unspecified", "RFC 4291", false },
	{ { { { [15] = 1 } }, 128 }, "loopback", "RFC 4291", false },
	{ V4(0, 0, 0, 0, 8), "this network", "RFC 791", false },
	{ V4(0, 0, 0, 0, 32), "unspecified", "RFC 1122", false },
	{ V4(10, 0, 0, 0, 8), "private", "RFC 1918", false },
	{ V4(100, 64, 0, 0, 10), "shared (carrier NAT)", "RFC 6598", false },
	{ V4(127, 0, 0, 0, 8), "loopback", "RFC 1122", false },
	{ V4(169, 254, 0, 0, 16), "link-local", "RFC 3927", false },
	{ V4(172, 16, 0, 0, 12), "private", "RFC 1918", false },
	{ V4(192, 0, 0, 0, 24), "protocol assignments", "RFC 6890", false },
	{ V4(192, 0, 0, 0, 29), "IPv4 service continuity", "RFC 7335", false },
	{ V4(192, 0, 0, 8, 32), "dummy address", "RFC 7600", false },
	{ V4(192, 0, 0, 9, 32), "port control anycast", "RFC 7723", true },
	{ V4(192, 0, 0, 10, 32), "TURN anycast", "RFC 8155", true },
	{ V4(192, 0, 0, 170, 31), "NAT64 discovery", "RFC 8880", false },
	{ V4(192, 0, 2, 0, 24), "documentation", "RFC 5737", false },
	{ V4(192, 31, 196, 0, 24), "AS112", "RFC 7535", true },
	{ V4(192, 52, 193, 0, 24), "multicast tunnelling", "RFC 7450", true },
	{ V4(192, 88, 99, 0, 24), "6to4 relay (ended)", "RFC 7526", false },
	{ V4(192, 168, 0, 0, 16), "private", "RFC 1918", false },
	{ V4(192, 175, 48, 0, 24), "AS112", "RFC 7534", true },
	{ V4(198, 18, 0, 0, 15), "benchmark", "RFC 2544", false },
	{ V4(198, 51, 100, 0, 24), "documentation", "RFC 5737", false },
	{ V4(203, 0, 113, 0, 24), "documentation", "RFC 5737", false },
	{ V4(224, 0, 0, 0, 4), "multicast", "RFC 5771", false },
	{ V4(233, 252, 0, 0, 24), "documentation", "RFC 6676", false },
	{ V4(240, 0, 0, 0, 4), "reserved", "RFC 1112", false },
	{ V4(255, 255, 255, 255, 32), "broadcast", "RFC 919", false },
	{ V6(0x64, 0xff9b, 0, 0, 96), "NAT64", "RFC 6052", true },
	{ V6(0x64, 0xff9b, 1, 0, 48), "NAT64, local", "RFC 8215", false },
	{ V6(0x100, 0, 0, 0, 64), "discard", "RFC 6666", false },
	{ V6(0x100, 0, 0, 1, 64), "dummy prefix", "RFC 9780", false },
	{ V6(0x2001, 0, 0, 0, 23), "protocol assignments", "RFC 2928", false },
	{ V6(0x2001, 0, 0, 0, 32), "Teredo", "RFC 4380", false },
	{ { { { 0x20, 0x01, 0, 0x01, [15] = 1 } }, 128 }, "port control anycast", "RFC 7723",
		true },
	{ { { { 0x20, 0x01, 0, 0x01, [15] = 2 } }, 128 }, "TURN anycast", "RFC 8155", true },
	{ { { { 0x20, 0x01, 0, 0x01, [15] = 3 } }, 128 }, "DNS-SD anycast", "RFC 9665", true },
	{ V6(0x2001, 2, 0, 0, 48), "benchmark", "RFC 5180", false },
	{ V6(0x2001, 3, 0, 0, 32), "multicast tunnelling", "RFC 7450", true },
	{ V6(0x2001, 4, 0x112, 0, 48), "AS112", "RFC 7535", true },
	{ V6(0x2001, 0x10, 0, 0, 28), "ORCHID (ended)", "RFC 4843", false },
	{ V6(0x2001, 0x20, 0, 0, 28), "ORCHIDv2", "RFC 7343", true },
	{ V6(0x2001, 0x30, 0, 0, 28), "drone remote id", "RFC 9374", true },
	{ V6(0x2001, 0xdb8, 0, 0, 32), "documentation", "RFC 3849", false },
	{ V6(0x2002, 0, 0, 0, 16), "6to4", "RFC 3056", false },
	{ V6(0x2620, 0x4f, 0x8000, 0, 48), "AS112", "RFC 7534", true },
	{ V6(0x3fff, 0, 0, 0, 20), "documentation", "RFC 9637", false },
	{ V6(0x5f00, 0, 0, 0, 16), "segment routing ids", "RFC 9602", false },
	{ V6(0xfc00, 0, 0, 0, 7), "unique local", "RFC 4193", false },
	{ V6(0xfe80, 0, 0, 0, 10), "link-local", "RFC 4291", false },
	{ V6(0xfec0, 0, 0, 0, 10), "site-local (ended)", "RFC 3879", false },
	{ V6(0xff00, 0, 0, 0, 8), "multicast", "RFC 4291", false },
};

/*
 * First octets of IPv4 that no row touches are the bulk of every list: one load answers for them.
 * A test holds the table to the rows.
 */
static const bool octet_is_special[256] = {
	[0] = true,
	[10] = true,
	[100] = true,
	[127] = true,
	[169] = true,
	[172] = true,
	[192] = true,
	[198] = true,
	[203] = true,
	[224] = true,
	[225] = true,
	[226] = true,
	[227] = true,
	[228] = true,
	[229] = true,
	[230] = true,
	[231] = true,
	[232] = true,
	[233] = true,
	[234] = true,
	[235] = true,
	[236] = true,
	[237] = true,
	[238] = true,
	[239] = true,
	[240] = true,
	[241] = true,
	[242] = true,
	[243] = true,
	[244] = true,
	[245] = true,
	[246] = true,
	[247] = true,
	[248] = true,
	[249] = true,
	[250] = true,
	[251] = true,
	[252] = true,
	[253] = true,
	[254] = true,
	[255] = true,
};

static bool is_plainly_free(const struct prefix *prefix)
{
	return prefix->length >= IPV4_OFFSET + 8 && ip_is_v4(&prefix->address) &&
	       !octet_is_special[prefix->address.bytes[12]];
}

const struct special *special_within(const struct prefix *prefix)
{
	if (is_plainly_free(prefix))
		return NULL;
	/* wider rows stand first, so the last one that fits is the narrowest */
	for (size_t i = ARRAY_LEN(rows); i > 0; i--) {
		if (prefix_contains(&rows[i - 1].prefix, prefix))
			return &rows[i - 1];
	}
	return NULL;
}

const struct special *special_overlaps(const struct prefix *prefix)
{
	if (is_plainly_free(prefix))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (prefix_contains(&rows[i].prefix, prefix) ||
			prefix_contains(prefix, &rows[i].prefix))
			return &rows[i];
	}
	return NULL;
}

size_t special_rows(const struct special **out)
{
	*out = rows;
	return ARRAY_LEN(rows);
}
