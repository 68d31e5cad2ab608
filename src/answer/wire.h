/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS messages on the hot path (RFC 1035, 6891, 8914): reads one query, writes one reply. Bounded
 * by the bytes given, no allocation, no state. Any bytes may be handed in: what is no query is told
 * apart by enum dns_form, and nothing is read behind the end.
 *
 * Owner names in replies are compression pointers into the question, which is copied as it came, so
 * the letters' case is kept (0x20).
 */
#pragma once

#include "base/str.h"

enum {
	DNS_HEADER_BYTES = 12,
	DNS_NAME_MAX = 255, /* on the wire, with the root label */
	DNS_LABEL_MAX = 63,
	DNS_LABELS_MAX = 127,
	DNS_UDP_PLAIN = 512, /* the most a client without EDNS takes over UDP */
	DNS_UDP_EDNS = 1232, /* the most we send over UDP and say we take (DNS flag day 2020) */
	DNS_MESSAGE_MAX = UINT16_MAX, /* over TCP */
	DNS_STRING_MAX = 255          /* of one string of a TXT record */
};

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_HINFO = 13,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_IXFR = 251,
	DNS_TYPE_AXFR = 252,
	DNS_TYPE_ANY = 255
};

enum { DNS_CLASS_IN = 1 };

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_BADVERS = 16 /* needs EDNS: its upper bits are in the OPT record */
};

/* Extended errors (RFC 8914); 0 says none here. */
enum dns_extended_error {
	DNS_EDE_NONE = 0,
	DNS_EDE_NOT_READY = 14,
	DNS_EDE_PROHIBITED = 18,
	DNS_EDE_NOT_AUTHORITATIVE = 20,
	DNS_EDE_NOT_SUPPORTED = 21
};

/* What the bytes are. */
enum dns_form {
	DNS_FORM_QUERY,     /* one question, all fields of struct dns_query are set */
	DNS_FORM_DROP,      /* shorter than a header, or itself a reply: no answer is due */
	DNS_FORM_MALFORMED, /* FORMERR; header fields are set */
	DNS_FORM_OPCODE     /* NOTIMP; header fields are set */
};

struct dns_query {
	uint16_t id;
	uint16_t flags;
	uint16_t type;
	uint16_t class;
	uint16_t question_bytes; /* of the question section, which follows the header */
	uint16_t payload;        /* the most the client takes over UDP */
	bool has_edns;
	bool has_dnssec_ok;
	uint8_t edns_version;
	uint8_t name_bytes;             /* with the root label */
	uint8_t label_count;            /* without the root label */
	uint8_t labels[DNS_LABELS_MAX]; /* where in name each label's length byte stands */
	uint8_t name[DNS_NAME_MAX + 1]; /* wire form, lower case */
};

enum dns_form dns_query_read(const uint8_t *message, size_t n, struct dns_query *out);

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_SECTIONS };

/* A reply being written into the caller's bytes. */
struct dns_reply {
	uint8_t *bytes;
	size_t n;
	size_t limit;                  /* room for the OPT record is taken off */
	size_t records_at;             /* where the records begin */
	uint16_t counts[DNS_SECTIONS]; /* by enum dns_section */
	bool has_question;
	bool is_truncated;
};

/*
 * Begins with the header and, when the question could be read, the question. bytes has room for
 * limit, which is at least DNS_UDP_PLAIN and what the transport and the client take.
 */
void dns_reply_begin(struct dns_reply *reply, uint8_t *bytes, size_t limit, const uint8_t *message,
	const struct dns_query *query, bool has_question);
/* What the client takes over UDP: 512 without EDNS, else its payload size, at most 1232. */
size_t dns_udp_limit(const struct dns_query *query);

/* The pointer to the part of the question's name that begins at offset. */
static inline uint16_t dns_pointer(size_t offset)
{
	return (uint16_t)(0xc000 | (DNS_HEADER_BYTES + offset));
}

/*
 * Adds a record of class IN whose owner is the part of the question's name from offset owner on.
 * What does not fit marks the reply as truncated.
 */
void dns_reply_record(struct dns_reply *reply, enum dns_section section, size_t owner,
	enum dns_type type, uint32_t ttl_s, struct str rdata);
/* Answers owned by the question's name. */
void dns_reply_a(struct dns_reply *reply, uint32_t ttl_s, uint32_t address);
/* text is at most DNS_STRING_MAX bytes. */
void dns_reply_txt(struct dns_reply *reply, uint32_t ttl_s, struct str text);

/*
 * Ends the message: counts, flags, OPT. Returns its length. A truncated one loses its records.
 * EDNS in the reply if and only if it was in the query (query->has_edns).
 */
size_t dns_reply_end(struct dns_reply *reply, const struct dns_query *query, bool is_authoritative,
	enum dns_rcode rcode, enum dns_extended_error extended);

/*
 * A domain name as people write it (with or without last dot) in wire form, lower case; false when
 * it is none. Escapes (\.) are not read.
 */
bool dns_name_from_text(struct str text, uint8_t out[DNS_NAME_MAX], uint8_t *out_bytes);

static inline uint16_t dns_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void dns_put_u16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static inline void dns_put_u32(uint8_t *p, uint32_t value)
{
	dns_put_u16(p, value >> 16);
	dns_put_u16(p + 2, value);
}
