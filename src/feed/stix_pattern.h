/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The part of the STIX 2.1 pattern language (OASIS, section 9) that lists use: comparisons of one
 * object path with values, joined by OR, in one observation or several joined by OR:
 *     [ipv4-addr:value = '192.0.2.1' OR domain-name:value IN ('a.example', 'b.example')]
 * Everything else (AND, FOLLOWEDBY, LIKE, MATCHES, qualifiers) says more than a list can hold.
 */
#pragma once

#include "base/arena.h"
#include "feed/intake.h"

enum { STIX_ITEMS_MAX = 256 };

struct stix_item {
	enum text_type type; /* TEXT_OTHER for objects that are no indicator here */
	struct str value;    /* unescaped; lives in the arena or the pattern */
};

/* False when the pattern goes beyond; then *n is of no use. */
bool stix_pattern_parse(
	struct str pattern, struct arena *arena, struct stix_item *items, size_t *n);
