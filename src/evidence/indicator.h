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
	INDICATOR_HASH = 5 /* of a file */
};

enum {
	INDICATOR_TEXT_MAX = 2048,                 /* the longest URL that is kept */
	INDICATOR_KEY_MAX = INDICATOR_TEXT_MAX + 8 /* bytes of a key */
};

struct indicator {
	enum indicator_kind kind;
	bool below;           /* INDICATOR_NAME: the name and everything below it */
	struct prefix prefix; /* INDICATOR_IP */
	/* Borrowed. NAME: lower-case A-labels, no last dot. URL: canonical text. HASH: raw bytes.
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

/* "ip", "name", "url", "hash". */
struct str indicator_kind_name(enum indicator_kind kind);
