/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fixed work for the instruction guard: reading and writing addresses, the cost of every line. */
#include "net/ip.h"

enum { ROUNDS = 2000 };

static const struct str texts[] = { STR_INIT("192.0.2.1"), STR_INIT("198.51.100.0/24"),
	STR_INIT("203.0.113.255"), STR_INIT("2001:db8::1"), STR_INIT("2001:db8:1:2::/64"),
	STR_INIT("not an address") };

int main(void)
{
	CLEANUP(buf_done) struct buf written = { 0 };
	struct prefix prefix;
	size_t accepted = 0;

	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
			if (prefix_parse(texts[i], NULL, &prefix, NULL) != OK)
				continue;
			accepted++;
			buf_clear(&written);
			prefix_format(&written, &prefix);
		}
	}
	return accepted == ROUNDS * (ARRAY_LEN(texts) - 1) ? 0 : 1;
}
