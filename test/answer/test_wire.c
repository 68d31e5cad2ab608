/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of queries against libknot's, on queries that were bent at random. */
#include "ask.h"
#include "prop.h"

#include <libknot/libknot.h>

enum {
	QUERY_BYTES = 600,
	/* libknot takes a payload size of 1 for class IN and then wants data in the record */
	PAYLOAD_LIKE_CLASS_IN = 1
};

static void random_name(struct prop *prop, char *out, size_t size)
{
	static const char letters[] = "abcXYZ019-_";
	size_t n = 0;
	size_t labels = prop_below(prop, 6);

	for (size_t i = 0; i < labels; i++) {
		size_t length = 1 + prop_below(prop, prop_below(prop, 8) == 0 ? 40 : 4);

		for (size_t j = 0; j < length; j++)
			out[n++] = letters[prop_below(prop, sizeof letters - 1)];
		out[n++] = '.';
	}
	must(n + 1 < size);
	if (n == 0)
		out[n++] = '.';
	out[n] = '\0';
}

/* Behind the query: a record that is or is not well formed. */
static size_t add_record(struct prop *prop, uint8_t *query, size_t n)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_OPT, DNS_TYPE_TXT, 250, 65280 };
	size_t rdata = prop_below(prop, 12);

	query[11]++;
	query[n++] = 0;
	dns_put_u16(query + n, types[prop_below(prop, ARRAY_LEN(types))]);
	dns_put_u16(query + n + 2, (uint32_t)prop_below(prop, 2000));
	dns_put_u32(query + n + 4, (uint32_t)prop_below(prop, 3) << 16);
	dns_put_u16(query + n + 8, (uint32_t)rdata);
	n += 10;
	for (size_t i = 0; i < rdata; i++)
		query[n++] = (uint8_t)prop_below(prop, 4);
	return n;
}

static size_t random_query(struct prop *prop, uint8_t *out)
{
	char name[256];
	struct ask ask = { .name = name,
		.type = (uint16_t)prop_below(prop, 300),
		.class = (uint16_t)(1 + prop_below(prop, 3)),
		.has_edns = prop_below(prop, 2) == 0,
		.has_dnssec_ok = prop_below(prop, 2) == 0,
		.payload = (uint16_t)prop_u64(prop),
		.edns_version = (uint8_t)(prop_below(prop, 4) == 0) };
	size_t n;

	random_name(prop, name, sizeof name);
	n = ask_write(&ask, (uint16_t)prop_u64(prop), out, QUERY_BYTES);
	if (prop_below(prop, 4) == 0)
		n = add_record(prop, out, n);
	for (uint64_t i = prop_below(prop, 4); i > 0; i--)
		out[prop_below(prop, n)] ^= (uint8_t)(1U << prop_below(prop, 8));
	if (prop_below(prop, 8) == 0)
		n = prop_below(prop, n + 1);
	return n;
}

static bool is_same(const knot_pkt_t *packet, const struct dns_query *query)
{
	knot_dname_t name[KNOT_DNAME_MAXLEN];
	const knot_rrset_t *opt = packet->opt_rr;

	memcpy(name, knot_pkt_qname(packet), packet->qname_size);
	knot_dname_to_lower(name);
	if (query->id != knot_wire_get_id(packet->wire) || query->type != knot_pkt_qtype(packet) ||
		query->class != knot_pkt_qclass(packet) ||
		query->name_bytes != packet->qname_size ||
		memcmp(query->name, name, query->name_bytes) != 0 ||
		query->label_count != knot_dname_labels(name, NULL) ||
		query->question_bytes != packet->qname_size + 4 || query->has_edns != (opt != NULL))
		return false;
	return opt == NULL || (query->payload == knot_edns_get_payload(opt) &&
				      query->edns_version == knot_edns_get_version(opt) &&
				      query->has_dnssec_ok == knot_edns_do(opt));
}

/*
 * What libknot takes, so do we, and read the same; what it refuses, we may take only when the cause
 * is the content of a record that we skip.
 */
static const char *read_as_libknot(struct prop *prop)
{
	uint8_t bytes[QUERY_BYTES];
	size_t n = random_query(prop, bytes);
	struct dns_query query;
	enum dns_form form = dns_query_read(bytes, n, &query);
	const char *wrong = NULL;
	bool is_query = n >= DNS_HEADER_BYTES && (bytes[2] & 0xf8) == 0;
	knot_pkt_t *packet = knot_pkt_new(bytes, (uint16_t)n, NULL);
	bool is_taken = packet != NULL && knot_pkt_parse(packet, 0) == KNOT_EOK &&
			knot_wire_get_qdcount(bytes) == 1;

	/* RFC 6891, 6.1.2: its owner is the root; libknot does not look */
	if (is_taken && packet->opt_rr != NULL && packet->opt_rr->owner[0] != 0)
		is_taken = false;
	if (!is_query) {
		if (form != DNS_FORM_DROP && form != DNS_FORM_OPCODE)
			wrong = "read what is no query";
	} else if (is_taken) {
		if (form != DNS_FORM_QUERY)
			wrong = "refused what libknot takes";
		else if (!is_same(packet, &query))
			wrong = "read otherwise than libknot";
	} else if (form == DNS_FORM_QUERY && dns_u16(bytes + 6) + dns_u16(bytes + 8) == 0 &&
		   query.payload != PAYLOAD_LIKE_CLASS_IN &&
		   dns_u16(bytes + 10) <= query.has_edns) {
		wrong = "took what libknot refuses";
	}
	knot_pkt_free(packet);
	return wrong;
}

static void test_read(void **state)
{
	(void)state;
	PROP_RUN(200000, read_as_libknot);
}

/* Every length of every query is read within its bounds; the sanitizer watches. */
static void test_cut(void **state)
{
	struct ask ask = { .name = "1.2.0.192.rep.pehra.test.", .type = 1, .has_edns = true };
	uint8_t query[QUERY_BYTES];
	size_t n = ask_write(&ask, 1, query, sizeof query);
	struct dns_query out;

	(void)state;
	for (size_t cut = 0; cut <= n; cut++) {
		uint8_t *copy = malloc(cut == 0 ? 1 : cut);
		enum dns_form form;

		assert_non_null(copy);
		memcpy(copy, query, cut);
		form = dns_query_read(copy, cut, &out);
		assert_int_equal(form, cut < DNS_HEADER_BYTES ? DNS_FORM_DROP
				       : cut < n              ? DNS_FORM_MALFORMED
							      : DNS_FORM_QUERY);
		free(copy);
	}
}

/* Names as people write them: libknot agrees on those without escapes. */
static const char *name_as_libknot(struct prop *prop)
{
	char text[300];
	uint8_t wire[DNS_NAME_MAX];
	uint8_t wire_bytes = 0;
	knot_dname_t *expected;
	const char *wrong = NULL;
	bool is_name;

	random_name(prop, text, sizeof text);
	if (prop_below(prop, 4) == 0)
		text[prop_below(prop, strlen(text))] = '.';
	expected = knot_dname_from_str_alloc(text);
	is_name = dns_name_from_text(str_c(text), wire, &wire_bytes);
	if (is_name != (expected != NULL)) {
		wrong = "not agreed on what is a name";
	} else if (is_name) {
		knot_dname_to_lower(expected);
		if (wire_bytes != knot_dname_size(expected) ||
			memcmp(wire, expected, wire_bytes) != 0)
			wrong = "another name";
	}
	knot_dname_free(expected, NULL);
	return wrong;
}

static void test_names(void **state)
{
	(void)state;
	PROP_RUN(20000, name_as_libknot);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
