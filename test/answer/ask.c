/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ask.h"

#include "prop.h"

#include <libknot/libknot.h>

/* libknot counts these options' codes itself, but 3.2 has no names for them */
enum { EDE_CODE = 15, ID = 0x4d2 };

static void put_edns(knot_pkt_t *packet, const struct ask *ask)
{
	knot_rrset_t opt;

	assert_int_equal(knot_edns_init(&opt, ask->payload, 0, ask->edns_version, NULL), KNOT_EOK);
	if (ask->has_dnssec_ok)
		knot_edns_set_do(&opt);
	assert_int_equal(knot_pkt_begin(packet, KNOT_ADDITIONAL), KNOT_EOK);
	assert_int_equal(knot_pkt_put(packet, KNOT_COMPR_HINT_NONE, &opt, KNOT_PF_FREE), KNOT_EOK);
}

size_t ask_write(const struct ask *ask, uint16_t id, uint8_t *out, size_t size)
{
	knot_pkt_t *packet = knot_pkt_new(NULL, KNOT_WIRE_MAX_PKTSIZE, NULL);
	knot_dname_t *name = knot_dname_from_str_alloc(ask->name);
	size_t n;

	assert_non_null(packet);
	assert_non_null(name);
	assert_int_equal(
		knot_pkt_put_question(packet, name, ask->class == 0 ? 1 : ask->class, ask->type),
		KNOT_EOK);
	knot_wire_set_id(packet->wire, id);
	knot_wire_set_rd(packet->wire);
	if (ask->has_edns)
		put_edns(packet, ask);
	n = packet->size;
	assert_true(n <= size);
	memcpy(out, packet->wire, n);
	knot_dname_free(name, NULL);
	knot_pkt_free(packet);
	return n;
}

static void read_edns(const knot_pkt_t *packet, struct told *told)
{
	if (packet->opt_rr == NULL)
		return;
	told->has_edns = true;
	told->has_dnssec_ok = knot_edns_do(packet->opt_rr);
	told->payload = knot_edns_get_payload(packet->opt_rr);
	told->rcode |= (unsigned)knot_edns_get_ext_rcode(packet->opt_rr) << 4;

	uint8_t *option = knot_edns_get_option(packet->opt_rr, EDE_CODE, NULL);

	if (option != NULL)
		told->extended = dns_u16(knot_edns_opt_get_data(option));
}

static void add_data(char *text, const knot_rrset_t *record)
{
	char data[ASK_TEXT_MAX];
	size_t n = strlen(text);

	assert_true(knot_rrset_txt_dump_data(
			    record, 0, data, sizeof data, &KNOT_DUMP_STYLE_DEFAULT) >= 0);
	assert_true(n + strlen(data) + 2 < ASK_TEXT_MAX);
	snprintf(text + n, ASK_TEXT_MAX - n, "%s%s", n == 0 ? "" : " ", data);
}

static void read_records(const knot_pkt_t *packet, struct told *told)
{
	const knot_pktsection_t *answer = knot_pkt_section(packet, KNOT_ANSWER);
	const knot_pktsection_t *authority = knot_pkt_section(packet, KNOT_AUTHORITY);

	for (uint16_t i = 0; i < answer->count; i++) {
		const knot_rrset_t *record = knot_pkt_rr(answer, i);

		assert_true(knot_dname_is_equal(record->owner, knot_pkt_qname(packet)));
		told->ttl_s = record->ttl;
		told->type = record->type;
		add_data(told->text, record);
	}
	for (uint16_t i = 0; i < authority->count; i++) {
		const knot_rrset_t *record = knot_pkt_rr(authority, i);

		assert_int_equal(record->type, KNOT_RRTYPE_SOA);
		assert_non_null(knot_dname_to_str(told->authority, record->owner, ASK_TEXT_MAX));
		add_data(told->authority, record);
		told->ttl_s = record->ttl;
	}
	told->answers = answer->count;
	told->authorities = authority->count;
}

struct told ask_read(const uint8_t *reply, size_t n, const uint8_t *query, size_t query_n)
{
	uint8_t copy[DNS_MESSAGE_MAX];
	struct told told = { .extended = -1, .bytes = n };
	knot_pkt_t *packet;

	memcpy(copy, reply, n);
	packet = knot_pkt_new(copy, (uint16_t)n, NULL);
	assert_non_null(packet);
	assert_int_equal(knot_pkt_parse(packet, 0), KNOT_EOK);
	assert_true(knot_wire_get_qr(copy));
	told.id = knot_wire_get_id(copy);
	told.rcode = knot_wire_get_rcode(copy);
	told.is_authoritative = knot_wire_get_aa(copy);
	told.is_truncated = knot_wire_get_tc(copy);
	told.has_question = knot_wire_get_qdcount(copy) == 1;
	if (told.has_question) {
		size_t question = (size_t)packet->qname_size + 4;

		told.is_question_as_sent =
			DNS_HEADER_BYTES + question <= query_n &&
			memcmp(reply + DNS_HEADER_BYTES, query + DNS_HEADER_BYTES, question) == 0;
		read_records(packet, &told);
	}
	read_edns(packet, &told);
	knot_pkt_free(packet);
	return told;
}

struct told ask(struct responder *responder, const struct ask *ask)
{
	uint8_t query[DNS_MESSAGE_MAX];
	uint8_t reply[RESPOND_BYTES_MAX];
	size_t query_n = ask_write(ask, ID, query, sizeof query);
	struct ipaddr client;
	size_t n;

	assert_int_equal(ip_parse(str_c(ask->client == NULL ? "127.0.0.1" : ask->client), NULL,
				 &client, NULL),
		OK);
	n = respond(responder, ask->transport, &client, query, query_n, reply);
	if (n == 0)
		return (struct told){ .is_none = true };

	struct told told = ask_read(reply, n, query, query_n);

	assert_int_equal(told.id, ID);
	assert_true(told.is_question_as_sent);
	return told;
}
