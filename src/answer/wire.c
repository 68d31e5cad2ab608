/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/wire.h"

enum {
	FLAG_REPLY = 0x8000,
	FLAG_AUTHORITATIVE = 0x0400,
	FLAG_TRUNCATED = 0x0200,
	FLAG_RECURSION_DESIRED = 0x0100,
	OPCODE_MASK = 0x7800,
	EDNS_DNSSEC_OK = 0x8000,
	POINTER_MARK = 0xc0,
	RECORD_FIXED_BYTES = 10, /* type, class, TTL, length, behind the owner */
	OPT_BYTES = 1 + RECORD_FIXED_BYTES,
	EDE_OPTION = 15,
	EDE_BYTES = 6 /* option code, option length, info code */
};

/* ASCII upper to lower; length bytes (at most 63) are below 'A' and stay as they are. */
static inline uint8_t lower(uint8_t c)
{
	return (uint8_t)(c + ((uint8_t)(c - 'A') < 26 ? 'a' - 'A' : 0));
}

/* The question's name: uncompressed, as there is nothing before it to point to. */
static bool read_name(const uint8_t *message, size_t n, struct dns_query *out)
{
	const uint8_t *name = message + DNS_HEADER_BYTES;
	size_t room = n - DNS_HEADER_BYTES;
	size_t at = 0;
	unsigned labels = 0;

	while (at < room && name[at] != 0) {
		size_t step = (size_t)name[at] + 1;

		/* the root label must still fit */
		if (name[at] > DNS_LABEL_MAX || at + step >= DNS_NAME_MAX || at + step >= room)
			return false;
		out->labels[labels++] = (uint8_t)at;
		for (size_t i = at; i < at + step; i++)
			out->name[i] = lower(name[i]);
		at += step;
	}
	if (at >= room)
		return false;
	out->name[at] = 0;
	out->name_bytes = (uint8_t)(at + 1);
	out->label_count = (uint8_t)labels;
	return true;
}

/* Where the byte behind a name stands, or 0. Compressed names end with their pointer. */
static size_t skip_name(const uint8_t *message, size_t n, size_t at)
{
	while (at < n) {
		uint8_t length = message[at];

		if (length == 0)
			return at + 1;
		if ((length & POINTER_MARK) == POINTER_MARK)
			return at + 2 <= n ? at + 2 : 0;
		if (length > DNS_LABEL_MAX)
			return 0;
		at += (size_t)length + 1;
	}
	return 0;
}

/* Options (RFC 6891, 6.1.2) must fill the record exactly; none is asked for its meaning. */
static bool options_are_whole(const uint8_t *options, size_t n)
{
	size_t at = 0;

	while (at + 4 <= n)
		at += 4 + (size_t)dns_u16(options + at + 2);
	return at == n;
}

/* The records behind the question: only OPT matters, and there may be one, in the last section. */
static bool read_records(const uint8_t *message, size_t n, struct dns_query *out)
{
	size_t before = (size_t)dns_u16(message + 6) + dns_u16(message + 8);
	size_t all = before + dns_u16(message + 10);
	size_t at = DNS_HEADER_BYTES + (size_t)out->question_bytes;

	for (size_t i = 0; i < all; i++) {
		size_t fixed = skip_name(message, n, at);

		if (fixed == 0 || fixed + RECORD_FIXED_BYTES > n)
			return false;

		const uint8_t *record = message + fixed;
		size_t rdata_bytes = dns_u16(record + 8);
		size_t end = fixed + RECORD_FIXED_BYTES + rdata_bytes;

		if (end > n)
			return false;
		if (dns_u16(record) == DNS_TYPE_OPT) {
			if (out->has_edns || i < before || message[at] != 0 ||
				!options_are_whole(record + RECORD_FIXED_BYTES, rdata_bytes))
				return false;
			out->has_edns = true;
			out->payload = dns_u16(record + 2);
			out->edns_version = record[5];
			out->has_dnssec_ok = (dns_u16(record + 6) & EDNS_DNSSEC_OK) != 0;
		}
		at = end;
	}
	return at == n;
}

enum dns_form dns_query_read(const uint8_t *message, size_t n, struct dns_query *out)
{
	if (n < DNS_HEADER_BYTES)
		return DNS_FORM_DROP;
	out->id = dns_u16(message);
	out->flags = dns_u16(message + 2);
	out->has_edns = false;
	out->has_dnssec_ok = false;
	out->edns_version = 0;
	out->payload = 0;
	if ((out->flags & FLAG_REPLY) != 0)
		return DNS_FORM_DROP;
	if ((out->flags & OPCODE_MASK) != 0)
		return DNS_FORM_OPCODE;
	if (dns_u16(message + 4) != 1 || !read_name(message, n, out))
		return DNS_FORM_MALFORMED;

	size_t fields = DNS_HEADER_BYTES + (size_t)out->name_bytes;

	if (fields + 4 > n)
		return DNS_FORM_MALFORMED;
	out->type = dns_u16(message + fields);
	out->class = dns_u16(message + fields + 2);
	out->question_bytes = (uint16_t)(out->name_bytes + 4);
	if (read_records(message, n, out))
		return DNS_FORM_QUERY;
	/* an OPT record in a broken message asks for nothing */
	out->has_edns = false;
	return DNS_FORM_MALFORMED;
}

size_t dns_udp_limit(const struct dns_query *query)
{
	if (!query->has_edns || query->payload < DNS_UDP_PLAIN)
		return DNS_UDP_PLAIN;
	return query->payload < DNS_UDP_EDNS ? query->payload : DNS_UDP_EDNS;
}

void dns_reply_begin(struct dns_reply *reply, uint8_t *bytes, size_t limit, const uint8_t *message,
	const struct dns_query *query, bool has_question)
{
	size_t question = has_question ? query->question_bytes : 0;

	/* a header, the longest question and the OPT record always fit */
	must(limit >= DNS_UDP_PLAIN);
	*reply = (struct dns_reply){ .bytes = bytes,
		.n = DNS_HEADER_BYTES + question,
		.limit = query->has_edns ? limit - OPT_BYTES - EDE_BYTES : limit,
		.records_at = DNS_HEADER_BYTES + question,
		.has_question = has_question };
	memcpy(bytes + DNS_HEADER_BYTES, message + DNS_HEADER_BYTES, question);
}

void dns_reply_record(struct dns_reply *reply, enum dns_section section, size_t owner,
	enum dns_type type, uint32_t ttl_s, struct str rdata)
{
	uint8_t *p = reply->bytes + reply->n;
	size_t needed = 2 + RECORD_FIXED_BYTES + rdata.n;

	if (reply->limit - reply->n < needed) {
		reply->is_truncated = true;
		return;
	}
	dns_put_u16(p, dns_pointer(owner));
	dns_put_u16(p + 2, type);
	dns_put_u16(p + 4, DNS_CLASS_IN);
	dns_put_u32(p + 6, ttl_s);
	dns_put_u16(p + 10, (uint32_t)rdata.n);
	memcpy(p + 12, rdata.p, rdata.n);
	reply->n += needed;
	reply->counts[section]++;
}

void dns_reply_a(struct dns_reply *reply, uint32_t ttl_s, uint32_t address)
{
	uint8_t rdata[4];

	dns_put_u32(rdata, address);
	dns_reply_record(reply, DNS_ANSWER, 0, DNS_TYPE_A, ttl_s,
		str_from((const char *)rdata, sizeof rdata));
}

void dns_reply_txt(struct dns_reply *reply, uint32_t ttl_s, struct str text)
{
	char rdata[1 + DNS_STRING_MAX];

	must(text.n <= DNS_STRING_MAX);
	rdata[0] = (char)(uint8_t)text.n;
	memcpy(rdata + 1, text.p, text.n);
	dns_reply_record(reply, DNS_ANSWER, 0, DNS_TYPE_TXT, ttl_s, str_from(rdata, 1 + text.n));
}

static void put_opt(struct dns_reply *reply, const struct dns_query *query, enum dns_rcode rcode,
	enum dns_extended_error extended)
{
	uint8_t *p = reply->bytes + reply->n;

	p[0] = 0;
	dns_put_u16(p + 1, DNS_TYPE_OPT);
	dns_put_u16(p + 3, DNS_UDP_EDNS);
	p[5] = (uint8_t)(rcode >> 4);
	p[6] = 0;
	dns_put_u16(p + 7, query->has_dnssec_ok ? EDNS_DNSSEC_OK : 0);
	dns_put_u16(p + 9, extended == DNS_EDE_NONE ? 0 : EDE_BYTES);
	reply->n += OPT_BYTES;
	if (extended == DNS_EDE_NONE)
		return;
	dns_put_u16(p + OPT_BYTES, EDE_OPTION);
	dns_put_u16(p + OPT_BYTES + 2, 2);
	dns_put_u16(p + OPT_BYTES + 4, extended);
	reply->n += EDE_BYTES;
}

size_t dns_reply_end(struct dns_reply *reply, const struct dns_query *query, bool is_authoritative,
	enum dns_rcode rcode, enum dns_extended_error extended)
{
	uint8_t *p = reply->bytes;
	unsigned flags = FLAG_REPLY | (query->flags & (OPCODE_MASK | FLAG_RECURSION_DESIRED)) |
			 (is_authoritative ? FLAG_AUTHORITATIVE : 0) | ((unsigned)rcode & 0xf);

	if (reply->is_truncated) {
		flags |= FLAG_TRUNCATED;
		reply->n = reply->records_at;
		memset(reply->counts, 0, sizeof reply->counts);
	}
	dns_put_u16(p, query->id);
	dns_put_u16(p + 2, flags);
	dns_put_u16(p + 4, reply->has_question);
	dns_put_u16(p + 6, reply->counts[DNS_ANSWER]);
	dns_put_u16(p + 8, reply->counts[DNS_AUTHORITY]);
	dns_put_u16(p + 10, query->has_edns);
	if (query->has_edns)
		put_opt(reply, query, rcode, extended);
	return reply->n;
}

bool dns_name_from_text(struct str text, uint8_t out[DNS_NAME_MAX], uint8_t *out_bytes)
{
	size_t at = 0;

	if (text.n > 0 && text.p[text.n - 1] == '.')
		text.n--;
	for (struct str rest = text; text.n > 0 && rest.p != NULL;) {
		struct str label = str_split(&rest, '.');

		if (label.n == 0 || label.n > DNS_LABEL_MAX || at + label.n + 2 > DNS_NAME_MAX)
			return false;
		out[at++] = (uint8_t)label.n;
		for (size_t i = 0; i < label.n; i++)
			out[at++] = lower((uint8_t)label.p[i]);
	}
	out[at++] = 0;
	*out_bytes = (uint8_t)at;
	return true;
}
