/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reputation zones: which names there are, and what a name asks about.
 *
 *   <base>         combined: any role           4.3.2.1.<base>
 *   src.<base>     attacks come from it         4.3.2.1.src.<base>
 *   dst.<base>     victims connect to it
 *   pol.<base>     facts: Tor exit, VPN ...
 *   allow.<base>   allowed by a person or guard
 *   score.<base>   127.0.1.<0..100>
 *   dom.<base>     domain names, all roles      www.example.org.dom.<base>
 *
 * Each is a zone of its own with SOA and NS. IPv4 is asked for by four reversed decimal octets,
 * IPv6 by 32 reversed nibbles. The zones' labels have two letters or more, at least one of them no
 * hexadecimal digit, so they are never taken for an octet or a nibble. Access by key label
 * (<key>.<base>) has its place beside them: a key has eight characters or more.
 *
 * Built once before the workers start, then only read.
 */
#pragma once

#include "answer/wire.h"
#include "net/ip.h"

enum zone {
	ZONE_COMBINED,
	ZONE_SOURCE,
	ZONE_DESTINATION,
	ZONE_POLICY,
	ZONE_ALLOW,
	ZONE_SCORE,
	ZONE_NAMES,
	ZONE_COUNT,
	ZONE_NONE = ZONE_COUNT /* not ours */
};

struct zones {
	uint8_t base[DNS_NAME_MAX]; /* wire form, lower case */
	uint8_t base_bytes;
	uint8_t base_labels;
	uint8_t name_server[DNS_NAME_MAX]; /* wire form */
	uint8_t name_server_bytes;
	bool has_own_server; /* ns.<base>, whose addresses we give */
};

/*
 * base as text ("rep.example.org"); name_server as text, or empty for ns.<base>. ERR_USAGE when
 * either is no domain name, or the base is too long to have an IPv6 address before it.
 */
NODISCARD enum err zones_init(
	struct zones *zones, struct str base, struct str name_server, struct why *why);

enum subject_kind {
	SUBJECT_NOTHING, /* a name that no zone can hold */
	SUBJECT_APEX,
	SUBJECT_SERVER, /* ns.<base> */
	SUBJECT_IP,     /* an address, or a part of one: see has_v4, has_v6 */
	SUBJECT_NAME
};

/* What a name asks about. */
struct subject {
	enum zone zone;
	enum subject_kind kind;
	size_t apex; /* where in the query's name the zone's own name begins */
	/*
	 * SUBJECT_IP. Digits 1 to 9 are octets as well as nibbles, so a name of up to four labels
	 * can be a part of both.
	 */
	bool has_v4;
	bool has_v6;
	struct prefix v4; /* whole when its length is 128 */
	struct prefix v6;
	/* SUBJECT_NAME: lower-case, no last dot */
	size_t name_bytes;
	char name[DNS_NAME_MAX];
};

/* out->zone is ZONE_NONE when the name is not under the base. */
void zone_find(const struct zones *zones, const struct dns_query *query, struct subject *out);
