/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An indicator: that about which something is claimed. Canonical from the edge on, so that equal
 * indicators have equal keys.
 */
#pragma once

#include "net/ip.h"

enum indicator_kind {
	INDICATOR_IP = 1,   /* an address or prefix of either family */
	INDICATOR_NAME = 3, /* a domain name, exact or with everything below */
	INDICATOR_URL = 4,
	INDICATOR_HASH = 5,   /* of a file */
	INDICATOR_PATTERN = 6 /* of a guard list: what names, URLs or hashes look like */
};

/* How a pattern matches: the types of MISP's warning lists that are no address range. Stored. */
enum pattern_match {
	PATTERN_STRING = 1,    /* equal */
	PATTERN_HOSTNAME = 2,  /* the name itself or one below it; of a URL, its host */
	PATTERN_SUBSTRING = 3, /* holds it */
	PATTERN_REGEX = 4,     /* a Perl-compatible regular expression, without delimiters */
	PATTERN_MATCHES
};
/* What a pattern speaks of, as bits. Stored. */
enum pattern_subject {
	PATTERN_OF_NAMES = 2,
	PATTERN_OF_URLS = 4,
	PATTERN_OF_HASHES = 8,
	PATTERN_CASELESS = 16 /* REGEX: the flag i */
};

enum {
	INDICATOR_TEXT_MAX = 2048, /* the longest URL that is kept */
	PATTERN_TEXT_MAX = 1024,
	INDICATOR_KEY_MAX = INDICATOR_TEXT_MAX + 8 /* bytes of a key */
};

struct indicator {
	enum indicator_kind kind;
	bool below;           /* INDICATOR_NAME: the name and everything below it */
	struct prefix prefix; /* INDICATOR_IP */
	uint8_t match;        /* PATTERN: enum pattern_match */
	uint8_t subjects;     /* PATTERN: enum pattern_subject */
	/*
	 * Borrowed. NAME: lower-case A-labels, no last dot. URL: canonical text. HASH: raw bytes.
	 * PATTERN: UTF-8, not empty; lower-case unless it is a regular expression.
	 */
	struct str text;
};

/*
 * The key under which evidence is stored; memcmp of two keys orders indicators:
 *   IPv4   1, 4 bytes of address, width (0..32)
 *   IPv6   2, 16 bytes of address, length
 *   name   3, labels from the top down each followed by 0, then 0 (exact) or 1 (with all below)
 *   URL    4, text
 *   hash   5, bytes
 *   pattern 6, match, subjects, text
 * So IPv4 sorts by address then width, and a name's subdomains follow it.
 */
void indicator_key(struct buf *out, const struct indicator *indicator);

/*
 * The indicator of a key. Text is placed in the arena for names; for URLs and hashes it is borrowed
 * from the key. ERR_CORRUPT when the bytes are no key.
 */
struct arena;
NODISCARD enum err indicator_from_key(
	struct str key, struct arena *arena, struct indicator *out, struct why *why);

/*
 * What somebody typed: an address, a prefix, a domain name, *.name (with all below), or a URL with
 * its scheme. Host bits behind a prefix length are refused, other spellings are made canonical.
 * Text is placed in the arena. ERR_SYNTAX tells what it looks like and what is wrong with it.
 */
NODISCARD enum err indicator_parse(
	struct str text, struct arena *arena, struct indicator *out, struct why *why);

/* As people write it: 192.0.2.0/24, example.org, *.example.org (with all below), a URL, hex. */
void indicator_format(struct buf *out, const struct indicator *indicator);

/* "ip", "name", "url", "hash", "pattern". */
struct str indicator_kind_name(enum indicator_kind kind);
