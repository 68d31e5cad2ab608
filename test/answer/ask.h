/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queries and their replies for tests: written by libknot, answered by us, read by libknot. */
#pragma once

#include "answer/respond.h"

enum { ASK_RECORDS_MAX = 32, ASK_TEXT_MAX = 600 };

struct ask {
	const char *name;
	uint16_t type;
	uint16_t class; /* 0: IN */
	bool has_edns;
	bool has_dnssec_ok;
	uint16_t payload;
	uint8_t edns_version;
	enum respond_transport transport;
	const char *client; /* NULL: 127.0.0.1 */
};

struct told {
	bool is_none; /* no reply */
	uint16_t id;
	unsigned rcode; /* with the upper bits of EDNS */
	bool is_authoritative;
	bool is_truncated;
	bool has_edns;
	bool has_dnssec_ok;
	uint16_t payload;
	int extended; /* -1: none */
	bool has_question;
	bool is_question_as_sent; /* byte by byte */
	size_t answers;
	size_t authorities;
	size_t bytes;
	uint32_t ttl_s;
	uint16_t type;                /* of the answers */
	char text[ASK_TEXT_MAX];      /* the answers' data as text, joined by spaces */
	char authority[ASK_TEXT_MAX]; /* "owner SOA data" */
};

/* The bytes of a query; returns how many. */
size_t ask_write(const struct ask *ask, uint16_t id, uint8_t *out, size_t size);
/* What libknot reads in a reply; ends the test when it cannot. */
struct told ask_read(const uint8_t *reply, size_t n, const uint8_t *query, size_t query_n);
struct told ask(struct responder *responder, const struct ask *ask);
