/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * URLs, parsed once at the edge into one form, so that two spellings are equal bytes (RFC 3986
 * section 6.2.2 and 6.2.3):
 *   scheme and host in lower case, the host an A-label name or an address; the default port and an
 *   empty port are gone; no userinfo; no dot segments; an empty path is "/"; percent-encoding only
 *   where it is needed, in capitals; the fragment is gone. Bytes that RFC 3986 does not allow but
 *   that people write (spaces, quotes, brackets in a query, UTF-8) are percent-encoded.
 *
 * Refusals have the form that name.h describes.
 */
#pragma once

#include "net/ip.h"
#include "net/name.h"

enum {
	URL_LENGTH_MAX = 2048, /* of the canonical form */
	URL_INPUT_MAX = 8192   /* of what is looked at */
};

/* What to do with odd URLs; zero-initialised (or NULL) is strict. */
struct url_rules {
	bool allow_defanged;    /* hxxp://example[.]org: see url_refang() */
	bool allow_schemeless;  /* example.org/path is read as http */
	bool drop_userinfo;     /* else user:password@ is refused */
	bool allow_single_host; /* http://localhost/ */
};

struct url {
	/* Slices of the canonical text. */
	struct str text;
	struct str scheme; /* http, https or ftp */
	struct str host;   /* a name, or an address without brackets */
	struct str path;   /* from the first slash on */
	struct str query;  /* behind the question mark; empty when there is none */
	bool host_is_ip;
	struct ipaddr ip; /* when host_is_ip */
	uint16_t port;    /* the scheme's own when none was written */
};

/*
 * Writes the canonical form into text (whose old content goes); out's slices borrow from it until
 * its next write. On failure text holds nothing of use. ERR_SYNTAX, ERR_LIMIT, and ERR_UNSUPPORTED
 * for other schemes.
 */
NODISCARD enum err url_parse(struct str s, const struct url_rules *rules, struct buf *text,
	struct url *out, struct why *why);

/*
 * Undoes the spellings by which people keep indicators from being clicked: hxxp, hxxps, fxp as
 * scheme; "[.]", "(.)", "[dot]" for a dot; "[:]" for a colon, "[://]". Appends to out, for names
 * and addresses too. True when something was undone.
 */
bool url_refang(struct str s, struct buf *out);
