/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random indicators and claims for the property tests of this folder. */
#pragma once

#include "prop.h"

#include "evidence/claim.h"

static inline struct str make_bytes(
	struct prop *prop, struct arena *arena, const char *alphabet, size_t n)
{
	size_t letters = strlen(alphabet);
	char *text = arena_alloc(arena, n + 1);

	for (size_t i = 0; i < n; i++)
		text[i] = alphabet[prop_below(prop, letters)];
	return str_from(text, n);
}

/* Few letters and few labels, so that equal and nested names come up. */
static inline struct str make_name(struct prop *prop, struct arena *arena)
{
	size_t labels = 1 + prop_below(prop, 4);
	struct str name = make_bytes(prop, arena, "ab-", 1 + prop_below(prop, 3));

	for (size_t i = 1; i < labels; i++) {
		struct str label = make_bytes(prop, arena, "ab-", 1 + prop_below(prop, 3));

		name = arena_fmt(arena, "%.*s.%.*s", STR_FMT(name), STR_FMT(label));
	}
	return name;
}

static inline struct prefix make_prefix(struct prop *prop)
{
	uint8_t bytes[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	struct ipaddr ip;

	if (prop_below(prop, 3) > 0) {
		ip = ip_from_u32(0xc0000200 + (uint32_t)prop_below(prop, 256));
		return prefix_around(&ip, (uint8_t)(IPV4_OFFSET + prop_below(prop, 33)));
	}
	bytes[15] = (uint8_t)prop_below(prop, 256);
	bytes[6] = (uint8_t)prop_below(prop, 4);
	memcpy(ip.bytes, bytes, sizeof ip.bytes);
	return prefix_around(&ip, (uint8_t)prop_below(prop, 129));
}

/* Of a guard list; letters of both cases and of more than one byte where they may stand. */
static inline struct indicator make_pattern(struct prop *prop, struct arena *arena)
{
	static const uint8_t subjects[] = { PATTERN_OF_NAMES, PATTERN_OF_NAMES | PATTERN_OF_URLS,
		PATTERN_OF_HASHES };
	struct indicator out = { .kind = INDICATOR_PATTERN,
		.match = (uint8_t)(1 + prop_below(prop, PATTERN_MATCHES - 1)),
		.subjects = subjects[prop_below(prop, ARRAY_LEN(subjects))] };
	bool is_regex = out.match == PATTERN_REGEX;
	struct str start = make_bytes(prop, arena, is_regex ? "aB^/" : "ab.", prop_below(prop, 4));

	if (is_regex && prop_below(prop, 2) == 0)
		out.subjects |= PATTERN_CASELESS;
	out.text = arena_fmt(
		arena, "%.*s%s", STR_FMT(start), prop_below(prop, 2) == 0 ? "\u06a9" : "z");
	return out;
}

static inline struct indicator make_indicator(struct prop *prop, struct arena *arena)
{
	static const enum indicator_kind kinds[] = { INDICATOR_IP, INDICATOR_NAME, INDICATOR_URL,
		INDICATOR_HASH, INDICATOR_PATTERN };
	struct indicator out = { .kind = kinds[prop_below(prop, ARRAY_LEN(kinds))] };

	if (out.kind == INDICATOR_PATTERN) {
		out = make_pattern(prop, arena);
	} else if (out.kind == INDICATOR_IP) {
		out.prefix = make_prefix(prop);
	} else if (out.kind == INDICATOR_NAME) {
		out.text = make_name(prop, arena);
		out.below = prop_below(prop, 2) == 0;
	} else if (out.kind == INDICATOR_URL) {
		out.text = arena_fmt(arena, "http://host.example/%.*s",
			STR_FMT(make_bytes(prop, arena, "ab", prop_below(prop, 20))));
	} else {
		char *bytes = arena_alloc(arena, 32);

		bytes[31] = (char)prop_below(prop, 3);
		out.text = str_from(bytes, 16 + prop_below(prop, 17));
	}
	return out;
}

static inline struct claim make_claim(struct prop *prop, struct arena *arena)
{
	struct claim claim = {
		.indicator = make_indicator(prop, arena),
		.role = (enum role)prop_below(prop, 2),
		.category = (enum category)(CATEGORY_SPAM + prop_below(prop, 3)),
		.tlp = (enum tlp)prop_below(prop, TLP_COUNT),
		.confidence = (int16_t)((int)prop_below(prop, 102) - 1),
		.count = (uint32_t)prop_below(prop, 5),
		.first_seen_s = (int64_t)prop_below(prop, 3) * 1000,
		.last_seen_s = (int64_t)prop_below(prop, 4) * 900,
		.reference = make_bytes(prop, arena, "xyz", prop_below(prop, 3)),
	};

	return claim;
}
