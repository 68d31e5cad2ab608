/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The special-purpose addresses of both families: the IANA registries founded by RFC 6890, the
 * multicast ranges, and what is left reserved. An indicator in one of them is nobody's public
 * address: a feed that lists it is wrong, or means a host that only its author can see.
 *
 * The rows are checked against each other and against the registries' own rules by a test.
 */
#pragma once

#include "net/ip.h"

struct special {
	struct prefix prefix;
	const char *name; /* "private", "loopback" ...: a word for messages and JSON */
	const char *rfc;
	bool is_global; /* the registry says that it is reachable from the Internet all the same */
};

/* The narrowest row that holds all of prefix; NULL when none does. */
const struct special *special_within(const struct prefix *prefix);
/*
 * The first row (by address) that has an address in common with prefix, be it around it or inside;
 * NULL when prefix is free of them. For wide prefixes that swallow one: 0.0.0.0/1, 8.0.0.0/6.
 */
const struct special *special_overlaps(const struct prefix *prefix);

/* All rows in order of prefix_cmp(), for documents and tests. */
size_t special_rows(const struct special **out);
