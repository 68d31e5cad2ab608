/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Domain names, parsed once at the edge into one form: lower-case A-labels (RFC 5890) without the
 * last dot. Two spellings of a name are equal bytes afterwards.
 *
 * A name of ASCII letters, digits, hyphens and underscores is read here in one pass; libidn2 is
 * asked (UTS 46, non-transitional) only when a label is not ASCII or begins with "xn--".
 *
 * Every refusal is "<reason>: <the name, shortened>", and <reason> holds no colon and nothing of
 * the input, so refusals can be counted by it.
 *
 * Functions that take a name as struct str want the canonical form.
 */
#pragma once

#include "base/str.h"

enum {
	NAME_LENGTH_MAX = 253, /* RFC 1035 2.3.4: 255 octets on the wire */
	LABEL_LENGTH_MAX = 63,
	NAME_INPUT_MAX = 1024 /* longest spelling that is looked at; an A-label is rarely longer */
};

/* What to do with odd names; zero-initialised (or NULL) is right for indicators. */
struct name_rules {
	bool refuse_underscore; /* real lists hold names with underscores */
	bool refuse_wildcard;   /* *.example.org */
	bool allow_single;      /* one label: localhost, com */
	/* -a.example.org and a-.example.org answer in the DNS, but no registry sells them */
	bool allow_edge_hyphen;
};

struct name {
	char text[NAME_LENGTH_MAX + 1]; /* a NUL stands behind the name */
	uint8_t n;
	bool is_wildcard; /* it was written *.text: the names below, not text itself */
};

static inline struct str name_str(const struct name *name)
{
	return (struct str){ name->text, name->n };
}

/* ERR_SYNTAX or ERR_LIMIT. One last dot is taken off; white space is the caller's to trim. */
NODISCARD enum err name_parse(
	struct str s, const struct name_rules *rules, struct name *out, struct why *why);

/* Cuts the first label off *rest; false when none is left. From left (host) to right (top). */
bool name_next_label(struct str *rest, struct str *label);
size_t name_label_count(struct str name);
/* The name without its first label; empty for a single label. */
struct str name_parent(struct str name);
/* www.example.org is below example.org and below org; example.org is not below itself. */
bool name_is_below(struct str name, struct str above);
/* The same name or below it. */
bool name_is_within(struct str name, struct str zone);

/*
 * Does the public suffix list (private part included) have it as a suffix under which strangers
 * register? com, gov.pk, github.io. A top level that the list does not know counts.
 */
bool name_is_public_suffix(struct str name);
/* The public suffix and one label more, a slice of name; empty when name is a suffix itself. */
struct str name_registrable(struct str name);
