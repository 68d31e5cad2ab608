/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the bytes of a query to the bytes of the reply: the answer role without sockets. One
 * responder belongs to one worker; it takes no lock and, once warm, allocates nothing.
 *
 * Errors are never addresses: who may not ask gets REFUSED, a broken query FORMERR, and while there
 * is no snapshot every name of ours is SERVFAIL.
 */
#pragma once

#include "answer/access.h"
#include "answer/listing.h"
#include "answer/stats.h"

enum {
	RESPOND_BYTES_MAX = DNS_UDP_EDNS, /* no reply is longer, over TCP neither */
	ZONE_TTL_S = 3600,                /* of SOA, NS and the name server's addresses */
	NEGATIVE_TTL_S = 60               /* how long "not listed" may be kept */
};

/* What all workers share; built once, then only read. */
struct respond_config {
	struct zones zones;
	struct access access; /* who may ask; nobody named: everybody */
	struct str public_url;
	const struct ipaddr *server_addresses; /* of ns.<base> */
	size_t server_address_count;
};

struct responder {
	const struct respond_config *config;
	struct answer_worker_stats *stats;
	/* the owner sets these between batches */
	const struct pehra *snapshot; /* NULL: none yet */
	uint32_t serial;              /* of the zones */
	int64_t now_s;
	/* scratch, kept here so that it is not cleared for each query */
	struct dns_query query;
	struct subject subject;
	struct buf text;
};

void responder_done(struct responder *responder);

enum respond_transport { RESPOND_UDP, RESPOND_TCP };

/*
 * Writes the reply to a message of n bytes into out (RESPOND_BYTES_MAX bytes) and returns its
 * length; 0 when none is due.
 */
size_t respond(struct responder *responder, enum respond_transport transport,
	const struct ipaddr *client, const uint8_t *message, size_t n, uint8_t *out);

/* The truncated reply that sends an honest client over to TCP; 0 when none is due. */
size_t respond_truncated(
	struct responder *responder, const uint8_t *message, size_t n, uint8_t *out);
