/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/respond.h"

enum { SOA_REFRESH_S = 3600, SOA_RETRY_S = 600, SOA_EXPIRE_S = 604800, HINFO_TTL_S = 3600 };

static const struct str hostmaster = STR_INIT("\12hostmaster");
/* RFC 8482, 4.2: what ANY gets */
static const struct str hinfo_any = STR_INIT("\7RFC8482\0");

_Static_assert((int)COUNT_ZONE_NONE - (int)COUNT_ZONE_COMBINED == (int)ZONE_NONE &&
		       (int)COUNT_REFUSED - (int)COUNT_NOERROR == (int)DNS_REFUSED,
	"counters are in the order of what they count");

void responder_done(struct responder *responder)
{
	buf_done(&responder->text);
}

static size_t finish(struct responder *responder, struct dns_reply *reply, bool is_authoritative,
	enum dns_rcode rcode, enum dns_extended_error extended)
{
	answer_count(responder->stats,
		rcode == DNS_BADVERS ? COUNT_BADVERS
				     : (enum answer_counter)(COUNT_NOERROR + (unsigned)rcode));
	if (reply->is_truncated)
		answer_count(responder->stats, COUNT_TRUNCATED);
	return dns_reply_end(reply, &responder->query, is_authoritative, rcode, extended);
}

/* Puts a wire name into rdata, with its base replaced by a pointer into the question. */
static size_t put_name(const struct responder *responder, uint8_t *out, struct str name)
{
	const struct zones *zones = &responder->config->zones;
	size_t head = name.n - zones->base_bytes;

	if (name.n < zones->base_bytes ||
		memcmp(name.p + head, zones->base, zones->base_bytes) != 0) {
		memcpy(out, name.p, name.n);
		return name.n;
	}
	memcpy(out, name.p, head);
	dns_put_u16(
		out + head, dns_pointer((size_t)responder->query.name_bytes - zones->base_bytes));
	return head + 2;
}

static struct str server_name(const struct zones *zones)
{
	return str_from((const char *)zones->name_server, zones->name_server_bytes);
}

static void put_soa(
	const struct responder *responder, struct dns_reply *reply, enum dns_section section)
{
	const struct zones *zones = &responder->config->zones;
	uint8_t rdata[DNS_NAME_MAX + DNS_NAME_MAX + 20];
	size_t n = put_name(responder, rdata, server_name(zones));

	memcpy(rdata + n, hostmaster.p, hostmaster.n);
	n += hostmaster.n;
	dns_put_u16(
		rdata + n, dns_pointer((size_t)responder->query.name_bytes - zones->base_bytes));
	n += 2;
	dns_put_u32(rdata + n, responder->serial);
	dns_put_u32(rdata + n + 4, SOA_REFRESH_S);
	dns_put_u32(rdata + n + 8, SOA_RETRY_S);
	dns_put_u32(rdata + n + 12, SOA_EXPIRE_S);
	dns_put_u32(rdata + n + 16, NEGATIVE_TTL_S);
	n += 20;
	/* RFC 2308: in a negative answer the record lives as long as the negative answer may */
	dns_reply_record(reply, section, responder->subject.apex, DNS_TYPE_SOA,
		section == DNS_AUTHORITY ? NEGATIVE_TTL_S : ZONE_TTL_S,
		str_from((const char *)rdata, n));
}

static void put_any(struct dns_reply *reply)
{
	dns_reply_record(reply, DNS_ANSWER, 0, DNS_TYPE_HINFO, HINFO_TTL_S, hinfo_any);
}

static void answer_apex(const struct responder *responder, struct dns_reply *reply)
{
	uint8_t rdata[DNS_NAME_MAX];
	size_t n;

	switch (responder->query.type) {
	case DNS_TYPE_SOA:
		put_soa(responder, reply, DNS_ANSWER);
		break;
	case DNS_TYPE_NS:
		n = put_name(responder, rdata, server_name(&responder->config->zones));
		dns_reply_record(reply, DNS_ANSWER, 0, DNS_TYPE_NS, ZONE_TTL_S,
			str_from((const char *)rdata, n));
		break;
	case DNS_TYPE_ANY:
		put_any(reply);
		break;
	default:
		break;
	}
}

static void answer_server(const struct responder *responder, struct dns_reply *reply)
{
	uint16_t type = responder->query.type;

	if (type == DNS_TYPE_ANY)
		put_any(reply);
	for (size_t i = 0; i < responder->config->server_address_count; i++) {
		const struct ipaddr *ip = &responder->config->server_addresses[i];

		if (ip_is_v4(ip) && type == DNS_TYPE_A)
			dns_reply_a(reply, ZONE_TTL_S, ip_to_u32(ip));
		else if (!ip_is_v4(ip) && type == DNS_TYPE_AAAA)
			dns_reply_record(reply, DNS_ANSWER, 0, DNS_TYPE_AAAA, ZONE_TTL_S,
				str_from((const char *)ip->bytes, sizeof ip->bytes));
	}
}

static void answer_listed(
	struct responder *responder, struct dns_reply *reply, const struct listing *listing)
{
	enum zone zone = responder->subject.zone;

	switch (responder->query.type) {
	case DNS_TYPE_A:
		if (zone == ZONE_SCORE) {
			dns_reply_a(reply, listing->ttl_s, listing_address(zone, listing->score));
			break;
		}
		for (uint64_t left = listing->codes; left != 0; left &= left - 1)
			dns_reply_a(reply, listing->ttl_s,
				listing_address(zone, (unsigned)__builtin_ctzll(left)));
		break;
	case DNS_TYPE_TXT:
		listing_text(&responder->subject, listing, responder->config->public_url,
			&responder->text);
		dns_reply_txt(reply, listing->ttl_s, buf_view(&responder->text));
		break;
	case DNS_TYPE_ANY:
		put_any(reply);
		break;
	default:
		break;
	}
}

/* A name of ours: NOERROR with or without records, or NXDOMAIN. */
static enum dns_rcode answer_subject(struct responder *responder, struct dns_reply *reply)
{
	struct listing listing;

	switch (responder->subject.kind) {
	case SUBJECT_APEX:
		answer_apex(responder, reply);
		return DNS_NOERROR;
	case SUBJECT_SERVER:
		answer_server(responder, reply);
		return DNS_NOERROR;
	case SUBJECT_NOTHING:
		return DNS_NXDOMAIN;
	case SUBJECT_IP:
	case SUBJECT_NAME:
		break;
	}
	listing_find(responder->snapshot, &responder->subject, responder->now_s, &listing);
	if (listing.is_listed) {
		answer_count(responder->stats, COUNT_LISTED);
		answer_listed(responder, reply, &listing);
	} else if (listing.exists && responder->query.type == DNS_TYPE_ANY) {
		put_any(reply);
	}
	return listing.exists ? DNS_NOERROR : DNS_NXDOMAIN;
}

static size_t answer_query(
	struct responder *responder, struct dns_reply *reply, const struct ipaddr *client)
{
	const struct respond_config *config = responder->config;
	const struct dns_query *query = &responder->query;
	struct subject *subject = &responder->subject;
	enum dns_rcode rcode;

	zone_find(&config->zones, query, subject);
	answer_count(responder->stats,
		(enum answer_counter)(COUNT_ZONE_COMBINED + (unsigned)subject->zone));
	if (config->access.n > 0 && !access_has(&config->access, client)) {
		answer_count(responder->stats, COUNT_NOT_ALLOWED);
		return finish(responder, reply, false, DNS_REFUSED, DNS_EDE_PROHIBITED);
	}
	if (query->has_edns && query->edns_version != 0)
		return finish(responder, reply, false, DNS_BADVERS, DNS_EDE_NONE);
	if (subject->zone == ZONE_NONE || query->class != DNS_CLASS_IN)
		return finish(responder, reply, false, DNS_REFUSED, DNS_EDE_NOT_AUTHORITATIVE);
	if (query->type == DNS_TYPE_AXFR || query->type == DNS_TYPE_IXFR)
		return finish(responder, reply, false, DNS_REFUSED, DNS_EDE_NOT_SUPPORTED);
	if (responder->snapshot == NULL)
		return finish(responder, reply, false, DNS_SERVFAIL, DNS_EDE_NOT_READY);
	rcode = answer_subject(responder, reply);
	if (reply->counts[DNS_ANSWER] == 0 && !reply->is_truncated)
		put_soa(responder, reply, DNS_AUTHORITY);
	return finish(responder, reply, true, rcode, DNS_EDE_NONE);
}

size_t respond(struct responder *responder, enum respond_transport transport,
	const struct ipaddr *client, const uint8_t *message, size_t n, uint8_t *out)
{
	struct dns_query *query = &responder->query;
	enum dns_form form = dns_query_read(message, n, query);
	struct dns_reply reply;

	answer_count(responder->stats, transport == RESPOND_UDP ? COUNT_UDP : COUNT_TCP);
	if (form == DNS_FORM_DROP) {
		answer_count(responder->stats, COUNT_DROP_NO_QUERY);
		return 0;
	}
	if (form != DNS_FORM_QUERY) {
		dns_reply_begin(&reply, out, DNS_UDP_PLAIN, message, query, false);
		return finish(responder, &reply, false,
			form == DNS_FORM_OPCODE ? DNS_NOTIMP : DNS_FORMERR, DNS_EDE_NONE);
	}
	dns_reply_begin(&reply, out,
		transport == RESPOND_UDP ? dns_udp_limit(query) : RESPOND_BYTES_MAX, message, query,
		true);
	return answer_query(responder, &reply, client);
}

size_t respond_truncated(
	struct responder *responder, const uint8_t *message, size_t n, uint8_t *out)
{
	struct dns_query *query = &responder->query;
	struct dns_reply reply;

	if (dns_query_read(message, n, query) != DNS_FORM_QUERY)
		return 0;
	dns_reply_begin(&reply, out, DNS_UDP_PLAIN, message, query, true);
	reply.is_truncated = true;
	return dns_reply_end(&reply, query, false, DNS_NOERROR, DNS_EDE_NONE);
}
