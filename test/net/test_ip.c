/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses and prefixes against libc's own parser and against brute force. */
#include "prop.h"

#include "net/ip.h"

#include <arpa/inet.h>

static struct prefix parsed(const char *text)
{
	struct prefix prefix;
	struct why why = { 0 };

	if (prefix_parse(str_c(text), NULL, &prefix, &why) != OK)
		fail_msg("%s: %s", text, why.text);
	return prefix;
}

static void refused(const char *text, const struct ip_rules *rules)
{
	struct prefix prefix;
	struct why why = { 0 };

	assert_int_equal(prefix_parse(str_c(text), rules, &prefix, &why), ERR_SYNTAX);
	assert_true(why.text[0] != '\0');
}

static void test_forms(void **state)
{
	struct ip_rules lenient = { .host_bits = HOST_BITS_MASK,
		.zero_padded = ZERO_PADDED_DECIMAL };
	struct prefix a = parsed("2001:0470:0001:0908:0000:0000:0000:9001");
	struct prefix b = parsed("2001:470:1:908::9001");
	struct prefix mapped = parsed("::ffff:192.0.2.1");
	struct prefix padded;

	(void)state;
	assert_int_equal(prefix_cmp(&a, &b), 0);
	assert_true(prefix_is_v4(&mapped));
	b = parsed("::ffff:192.0.2.0/120");
	a = parsed("192.0.2.0/255.255.255.0");
	assert_int_equal(prefix_cmp(&a, &b), 0);
	assert_int_equal(prefix_parse(STR("192.000.002.077/24"), &lenient, &padded, NULL), OK);
	assert_int_equal(prefix_cmp(&a, &padded), 0);
	refused("192.000.002.077", NULL);
	refused("192.0.2.1/24", NULL);
	refused("192.0.2.0/33", NULL);
	refused("192.0.2.0/", NULL);
	refused("192.0.2.0/255.0.255.0", NULL);
	refused("192.0.2", NULL);
	refused("192.0.2.0.1", NULL);
	refused("192.0.2.256", NULL);
	refused("fe80::1%eth0", NULL);
	refused("", NULL);
	refused("1.2.3.4 ", NULL);
	refused("::/129", NULL);
	refused("1::2::3", NULL);
}

/* Text near an address: libc and we agree on what is one, and on its value. */
static const char *agrees_with_libc(struct prop *prop)
{
	static const char alphabet[] = "0123456789.::abcf/";
	char text[40];
	size_t n = 1 + prop_below(prop, sizeof text - 2);
	uint8_t expected[16];
	struct ipaddr ip;
	uint32_t v4;

	if (prop_below(prop, 2) == 0) {
		v4 = htonl((uint32_t)prop_u64(prop));
		must(inet_ntop(AF_INET, &v4, text, sizeof text) != NULL);
		n = strlen(text);
		if (prop_below(prop, 2) == 0)
			text[prop_below(prop, n)] = alphabet[prop_below(prop, sizeof alphabet - 1)];
	} else {
		for (size_t i = 0; i < n; i++)
			text[i] = alphabet[prop_below(prop, sizeof alphabet - 1)];
		text[n] = '\0';
	}

	bool ours = ip_parse(str_c(text), NULL, &ip, NULL) == OK;
	bool theirs;

	if (strchr(text, ':') != NULL) {
		theirs = inet_pton(AF_INET6, text, expected) == 1;
	} else {
		theirs = inet_pton(AF_INET, text, &v4) == 1;
		struct ipaddr mapped = ip_from_u32(ntohl(v4));
		memcpy(expected, mapped.bytes, sizeof expected);
	}
	if (ours != theirs)
		return "we and libc differ on what is an address";
	return !ours || memcmp(ip.bytes, expected, 16) == 0 ? NULL : "value differs from libc's";
}

static void test_libc(void **state)
{
	(void)state;
	PROP_RUN(20000, agrees_with_libc);
}

static struct ipaddr random_ip(struct prop *prop)
{
	struct ipaddr ip;
	uint64_t halves[2] = { prop_u64(prop), prop_u64(prop) };

	if (prop_below(prop, 2) == 0)
		return ip_from_u32((uint32_t)halves[0]);
	memcpy(ip.bytes, halves, sizeof ip.bytes);
	return ip;
}

static const char *format_round_trip(struct prop *prop)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct ipaddr ip = random_ip(prop);
	uint8_t shortest = ip_is_v4(&ip) ? IPV4_OFFSET : 0;
	uint8_t length = (uint8_t)(shortest + prop_below(prop, (uint64_t)(129 - shortest)));
	struct prefix prefix = prefix_around(&ip, length);
	struct prefix back;
	struct ipaddr last = prefix_last(&prefix);

	prefix_format(&text, &prefix);
	if (prefix_parse(buf_view(&text), NULL, &back, NULL) != OK ||
		prefix_cmp(&prefix, &back) != 0)
		return "prefix does not survive text";
	if (!prefix_contains_ip(&prefix, &ip) || !prefix_contains_ip(&prefix, &last))
		return "prefix does not hold its own addresses";
	return NULL;
}

static void test_round_trip(void **state)
{
	(void)state;
	PROP_RUN(5000, format_round_trip);
}

static const char *range_is_exact(struct prop *prop)
{
	uint32_t a = (uint32_t)prop_u64(prop) & 0xfff;
	uint32_t b = (uint32_t)prop_u64(prop) & 0xfff;
	uint32_t base = prop_below(prop, 3) == 0 ? UINT32_MAX - 0xfff : 0x0a000000;
	struct ip_range range = { ip_from_u32(base + (a < b ? a : b)),
		ip_from_u32(base + (a < b ? b : a)) };
	struct prefix prefixes[RANGE_PREFIXES_MAX];
	size_t n = ip_range_to_prefixes(&range, prefixes);
	uint32_t next = ip_to_u32(&range.first);

	for (size_t i = 0; i < n; i++) {
		struct ipaddr last = prefix_last(&prefixes[i]);

		if (ip_to_u32(&prefixes[i].address) != next)
			return "a gap or an overlap in the prefixes of a range";
		next = ip_to_u32(&last) + 1;
	}
	if (next != ip_to_u32(&range.last) + 1)
		return "the prefixes end elsewhere than the range";
	return n <= (size_t)2 * 12 ? NULL : "more prefixes than needed";
}

static void test_ranges(void **state)
{
	struct ip_range range;
	struct prefix prefixes[RANGE_PREFIXES_MAX];

	(void)state;
	PROP_RUN(5000, range_is_exact);
	assert_int_equal(ip_range_parse(STR("192.0.2.0 - 192.0.2.255"), NULL, &range, NULL), OK);
	assert_int_equal(ip_range_to_prefixes(&range, prefixes), 1);
	assert_int_equal(prefix_width(&prefixes[0]), 24);
	assert_int_equal(ip_range_parse(STR("0.0.0.0-255.255.255.255"), NULL, &range, NULL), OK);
	assert_int_equal(ip_range_to_prefixes(&range, prefixes), 1);
	assert_int_equal(prefix_width(&prefixes[0]), 0);
	assert_int_equal(ip_range_parse(STR("0.0.0.1-255.255.255.254"), NULL, &range, NULL), OK);
	assert_int_equal(ip_range_to_prefixes(&range, prefixes), 62);
	assert_int_equal(ip_range_parse(STR("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"), NULL,
				 &range, NULL),
		OK);
	assert_int_equal(ip_range_to_prefixes(&range, prefixes), 254);
	assert_int_equal(ip_range_parse(STR("2.0.0.0-1.0.0.0"), NULL, &range, NULL), ERR_SYNTAX);
	assert_int_equal(ip_range_parse(STR("1.0.0.0-::1"), NULL, &range, NULL), ERR_SYNTAX);
}

/* The bits of a small space, before and after. */
static const char *aggregate_keeps_set(struct prop *prop)
{
	enum { SPACE = 256 };
	bool before[SPACE] = { false };
	bool after[SPACE] = { false };
	struct prefix prefixes[40];
	size_t n = prop_below(prop, ARRAY_LEN(prefixes));

	for (size_t i = 0; i < n; i++) {
		struct ipaddr ip = ip_from_u32((uint32_t)prop_below(prop, SPACE));

		prefixes[i] = prefix_around(&ip, (uint8_t)(121 + prop_below(prop, 8)));
		for (uint32_t host = 0; host < SPACE; host++) {
			struct ipaddr each = ip_from_u32(host);

			before[host] |= prefix_contains_ip(&prefixes[i], &each);
		}
	}
	n = prefixes_aggregate(prefixes, n);
	for (size_t i = 0; i < n; i++) {
		for (uint32_t host = 0; host < SPACE; host++) {
			struct ipaddr each = ip_from_u32(host);

			if (!prefix_contains_ip(&prefixes[i], &each))
				continue;
			if (after[host])
				return "aggregated prefixes overlap";
			after[host] = true;
		}
	}
	return memcmp(before, after, sizeof before) == 0 ? NULL : "aggregation changed the set";
}

static void test_aggregate(void **state)
{
	(void)state;
	PROP_RUN(2000, aggregate_keeps_set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_libc),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_aggregate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
