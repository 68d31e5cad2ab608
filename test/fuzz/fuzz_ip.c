/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses, prefixes and ranges: libc agrees, and what was read is read again from its text. */
#include "fuzz/fuzz.h"

#include "net/ip.h"

#include <arpa/inet.h>

static void check_address(struct str text)
{
	CLEANUP(buf_done) struct buf written = { 0 };
	char c[IP_TEXT_MAX + 1];
	uint8_t expected[16] = { [10] = 0xff, [11] = 0xff };
	struct ipaddr ip, again;
	bool accepted = ip_parse(text, NULL, &ip, NULL) == OK;

	if (str_to_c(text, c, sizeof c) && strlen(c) == text.n) {
		bool is_v4 = inet_pton(AF_INET, c, expected + 12) == 1;

		must(accepted == (is_v4 || inet_pton(AF_INET6, c, expected) == 1));
		must(!accepted || memcmp(ip.bytes, expected, sizeof expected) == 0);
	}
	if (accepted) {
		ip_format(&written, &ip);
		must(written.n < IP_TEXT_MAX);
		must(ip_parse(buf_view(&written), NULL, &again, NULL) == OK);
		must(ip_cmp(&ip, &again) == 0);
	}
}

static void check_prefix(struct str text, const struct ip_rules *rules)
{
	CLEANUP(buf_done) struct buf written = { 0 };
	struct prefix prefix, again, around;

	if (prefix_parse(text, rules, &prefix, NULL) != OK)
		return;
	around = prefix_around(&prefix.address, prefix.length);
	must(prefix_cmp(&prefix, &around) == 0);
	prefix_format(&written, &prefix);
	must(written.n < PREFIX_TEXT_MAX);
	must(prefix_parse(buf_view(&written), NULL, &again, NULL) == OK);
	must(prefix_cmp(&prefix, &again) == 0);
}

static void check_range(struct str text)
{
	struct prefix prefixes[RANGE_PREFIXES_MAX];
	struct ip_range range;
	struct ipaddr last;
	size_t n;

	if (ip_range_parse(text, NULL, &range, NULL) != OK)
		return;
	must(ip_cmp(&range.first, &range.last) <= 0);
	n = ip_range_to_prefixes(&range, prefixes);
	must(n >= 1 && n <= RANGE_PREFIXES_MAX);
	last = prefix_last(&prefixes[n - 1]);
	must(ip_cmp(&prefixes[0].address, &range.first) == 0);
	must(ip_cmp(&last, &range.last) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ip_rules lenient = { HOST_BITS_MASK, ZERO_PADDED_DECIMAL };
	struct str text = { (const char *)data, size };

	check_address(text);
	check_prefix(text, NULL);
	check_prefix(text, &lenient);
	check_range(text);
	return 0;
}
