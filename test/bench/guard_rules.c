/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fixed work for the instruction guard: asking the rules, once for each indicator of a build. */
#include "guard/rules.h"

enum { PREFIXES = 20000, NAMES = 5000, ROUNDS = 20000 };

/* Spreads small numbers over the address space. */
static struct ipaddr address(uint32_t i)
{
	return ip_from_u32(i * UINT32_C(2654435761));
}

static void fill(struct rules *rules)
{
	for (uint32_t i = 0; i < PREFIXES; i++) {
		struct ipaddr ip = address(i);
		struct indicator indicator = { .kind = INDICATOR_IP,
			.prefix = prefix_around(&ip, (uint8_t)(IPV4_OFFSET + 16 + i % 17)) };

		must(rules_add_guard(rules, &indicator, GUARD_ASK, STR("list"), 0, NULL) == OK);
	}
	for (uint32_t i = 0; i < NAMES; i++) {
		CLEANUP(buf_done) struct buf text = { 0 };
		struct indicator pattern = { .kind = INDICATOR_PATTERN,
			.match = i % 2 == 0 ? PATTERN_HOSTNAME : PATTERN_SUBSTRING,
			.subjects = PATTERN_OF_NAMES };

		buf_fmt(&text, "host%u.example", i);
		pattern.text = buf_view(&text);
		must(rules_add_guard(rules, &pattern, GUARD_NOTE, STR("names"), 0, NULL) == OK);
	}
	rules_ready(rules);
}

int main(void)
{
	CLEANUP(rules_free) struct rules *rules = rules_new();
	CLEANUP(buf_done) struct buf key = { 0 };
	struct rule_match match;
	size_t held = 0;

	fill(rules);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		struct ipaddr ip = address(i);
		struct indicator host = { .kind = INDICATOR_IP, .prefix = prefix_host(&ip) };
		struct indicator name = { .kind = INDICATOR_NAME,
			.text = STR("www.host4711.example") };

		buf_clear(&key);
		indicator_key(&key, &host);
		held += rules_match_key(rules, buf_view(&key), &match);
		buf_clear(&key);
		indicator_key(&key, &name);
		held += rules_match_key(rules, buf_view(&key), &match);
	}
	return held == 2 * ROUNDS ? 0 : 1;
}
