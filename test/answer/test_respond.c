/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Query to reply on a small snapshot: what each name answers, replies read by libknot. */
#include "ask.h"
#include "fixture.h"

#define N16 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
/* 2001:db8:1::1 and ::ffff:127.0.0.2, ::ffff:127.0.0.1, ::ffff:192.0.2.1 */
#define V6_LISTED "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2."
#define V6_OTHER  "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.8.b.d.0.1.0.0.2."
#define V6_TEST   "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0." N16
#define V6_UNTEST "1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0." N16
#define V6_MAPPED "1.0.2.0.0.0.0.c.f.f.f.f.0.0.0.0." N16

#define A    DNS_TYPE_A
#define TXT  DNS_TYPE_TXT
#define NONE ""

static const struct conformity {
	const char *name; /* before the base */
	uint16_t type;
	uint16_t rcode;
	const char *answers;
} table[] = {
	/* apexes */
	{ "", DNS_TYPE_SOA, DNS_NOERROR,
		"ns.rep.pehra.test. hostmaster.rep.pehra.test. 77 3600 600 604800 60" },
	{ "score.", DNS_TYPE_SOA, DNS_NOERROR,
		"ns.rep.pehra.test. hostmaster.rep.pehra.test. 77 3600 600 604800 60" },
	{ "", DNS_TYPE_NS, DNS_NOERROR, "ns.rep.pehra.test." },
	{ "dom.", DNS_TYPE_NS, DNS_NOERROR, "ns.rep.pehra.test." },
	{ "", A, DNS_NOERROR, NONE },
	{ "src.", A, DNS_NOERROR, NONE },
	{ "", DNS_TYPE_ANY, DNS_NOERROR, "\"RFC8482\" \"\"" },
	{ "ns.", DNS_TYPE_AAAA, DNS_NOERROR, NONE },
	{ "ns.src.", A, DNS_NXDOMAIN, NONE },
	/* codes: several, sorted */
	{ "1.2.0.192.", A, DNS_NOERROR, "127.0.0.2 127.0.0.3" },
	{ "1.2.0.192.", DNS_TYPE_AAAA, DNS_NOERROR, NONE },
	{ "1.2.0.192.", DNS_TYPE_SOA, DNS_NOERROR, NONE },
	{ "1.2.0.192.", DNS_TYPE_ANY, DNS_NOERROR, "\"RFC8482\" \"\"" },
	{ "1.2.0.192.src.", A, DNS_NOERROR, "127.0.0.2 127.0.0.3" },
	{ "1.2.0.192.dst.", A, DNS_NXDOMAIN, NONE },
	{ "1.2.0.192.pol.", A, DNS_NXDOMAIN, NONE },
	{ "1.2.0.192.allow.", A, DNS_NXDOMAIN, NONE },
	{ "1.2.0.192.score.", A, DNS_NOERROR, "127.0.1.87" },
	{ "2.2.0.192.", A, DNS_NXDOMAIN, NONE },
	{ "200.113.0.203.", A, DNS_NXDOMAIN, NONE }, /* action none */
	{ "200.113.0.203.score.", A, DNS_NOERROR, "127.0.1.30" },
	{ "201.113.0.203.", A, DNS_NOERROR, "127.0.0.12" }, /* no code of its own */
	/* two roles: each zone gives the codes of its role */
	{ "202.113.0.203.", A, DNS_NOERROR, "127.0.0.3 127.0.0.8" },
	{ "202.113.0.203.src.", A, DNS_NOERROR, "127.0.0.3" },
	{ "202.113.0.203.dst.", A, DNS_NOERROR, "127.0.0.8" },
	{ "202.113.0.203.score.", A, DNS_NOERROR, "127.0.1.80" },
	{ "203.113.0.203.src.", A, DNS_NOERROR, "127.0.0.8" }, /* unusual role */
	/* blocked by a person: nothing is claimed, so it has no score and no category */
	{ "204.113.0.203.", A, DNS_NOERROR, "127.0.0.12" },
	{ "204.113.0.203.src.", A, DNS_NOERROR, "127.0.0.12" },
	{ "204.113.0.203.dst.", A, DNS_NOERROR, "127.0.0.12" },
	{ "204.113.0.203.pol.", A, DNS_NXDOMAIN, NONE },
	{ "204.113.0.203.score.", A, DNS_NXDOMAIN, NONE },
	/* prefixes, and an allow inside a block */
	{ "99.100.51.198.", A, DNS_NOERROR, "127.0.0.8" },
	{ "7.100.51.198.", A, DNS_NXDOMAIN, NONE },
	{ "7.100.51.198.src.", A, DNS_NXDOMAIN, NONE },
	{ "7.100.51.198.score.", A, DNS_NXDOMAIN, NONE },
	{ "7.100.51.198.allow.", A, DNS_NOERROR, "127.0.0.40" },
	/* facts of policy have a code, but no score */
	{ "5.113.0.203.pol.", A, DNS_NOERROR, "127.0.0.20" },
	{ "5.113.0.203.", A, DNS_NOERROR, "127.0.0.20" },
	{ "5.113.0.203.score.", A, DNS_NXDOMAIN, NONE },
	/* RFC 5782, 5 */
	{ "2.0.0.127.", A, DNS_NOERROR, "127.0.0.2" },
	{ "2.0.0.127.src.", A, DNS_NOERROR, "127.0.0.2" },
	{ "2.0.0.127.pol.", A, DNS_NOERROR, "127.0.0.2" },
	{ "2.0.0.127.allow.", A, DNS_NOERROR, "127.0.0.40" },
	{ "2.0.0.127.score.", A, DNS_NOERROR, "127.0.1.100" },
	{ "1.0.0.127.", A, DNS_NXDOMAIN, NONE }, /* though 127.0.0.0/8 is listed here */
	{ "1.0.0.127.src.", A, DNS_NXDOMAIN, NONE },
	{ "3.0.0.127.", A, DNS_NOERROR, "127.0.0.11" },
	{ V6_TEST, A, DNS_NOERROR, "127.0.0.2" },
	{ V6_TEST "score.", A, DNS_NOERROR, "127.0.1.100" },
	{ V6_UNTEST, A, DNS_NXDOMAIN, NONE },
	{ "test.dom.", A, DNS_NOERROR, "127.0.0.2" },
	{ "invalid.dom.", A, DNS_NOERROR, NONE }, /* something is listed at or below */
	{ "test.", A, DNS_NXDOMAIN, NONE },
	/* empty non-terminals */
	{ "2.0.192.", A, DNS_NOERROR, NONE },
	{ "0.192.", A, DNS_NOERROR, NONE },
	{ "192.", A, DNS_NOERROR, NONE },
	{ "193.", A, DNS_NXDOMAIN, NONE },
	{ "3.0.192.", A, DNS_NXDOMAIN, NONE },
	{ "100.51.198.", A, DNS_NOERROR, NONE },
	{ "0.0.127.allow.", A, DNS_NOERROR, NONE },
	{ "1.2.127.", A, DNS_NOERROR, NONE }, /* within a /8 */
	{ "0.0.0.0.", A, DNS_NOERROR, NONE }, /* also the nibbles of 0000::/16 */
	{ "1.0.0.2.", A, DNS_NOERROR, NONE }, /* 2.0.0.1, and the nibbles of 2001::/16 */
	{ "2.0.0.2.", A, DNS_NXDOMAIN, NONE },
	/* IPv6 by nibbles */
	{ V6_LISTED, A, DNS_NOERROR, "127.0.0.6" },
	{ V6_LISTED "src.", A, DNS_NOERROR, "127.0.0.6" },
	{ V6_OTHER, A, DNS_NXDOMAIN, NONE },
	{ "1.0.0.0.8.b.d.0.1.0.0.2.", A, DNS_NOERROR, NONE },
	{ "f.f.f.f.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.", A, DNS_NOERROR, NONE },
	{ "2.0.0.0.8.b.d.0.1.0.0.2.", A, DNS_NXDOMAIN, NONE },
	{ V6_MAPPED, A, DNS_NOERROR, "127.0.0.2 127.0.0.3" },
	/* names that are no address */
	{ "01.2.0.192.", A, DNS_NXDOMAIN, NONE },
	{ "256.2.0.192.", A, DNS_NXDOMAIN, NONE },
	{ "1.2.0.192.5.", A, DNS_NXDOMAIN, NONE },
	{ "x.1.2.0.192.", A, DNS_NXDOMAIN, NONE },
	{ "g.", A, DNS_NXDOMAIN, NONE },
	{ "0." V6_LISTED, A, DNS_NXDOMAIN, NONE },
	{ "src.src.", A, DNS_NXDOMAIN, NONE },
	/* domain names */
	{ "bad.example.org.dom.", A, DNS_NOERROR, "127.0.0.10" },
	{ "www.bad.example.org.dom.", A, DNS_NXDOMAIN, NONE },
	{ "example.org.dom.", A, DNS_NOERROR, NONE },
	{ "org.dom.", A, DNS_NOERROR, NONE },
	{ "example.com.dom.", A, DNS_NXDOMAIN, NONE },
	{ "a.b.evil.example.net.dom.", A, DNS_NOERROR, "127.0.0.3 127.0.0.8" },
	{ "*.example.net.dom.", A, DNS_NXDOMAIN, NONE },
	/* text */
	{ "1.2.0.192.", TXT, DNS_NOERROR,
		"\"2,3 s=87 f=2026-07-28 l=2026-10-26 e=2026-11-05 "
		"https://pehra.example/ip/192.0.2.1\"" },
	{ V6_LISTED, TXT, DNS_NOERROR,
		"\"6 s=70 f=2026-07-28 l=2026-10-26 e=- "
		"https://pehra.example/ip/2001:db8:1::1\"" },
	{ "bad.example.org.dom.", TXT, DNS_NOERROR,
		"\"10 s=90 f=2026-07-28 l=2026-10-26 e=2026-11-02 "
		"https://pehra.example/name/bad.example.org\"" },
	{ "2.0.0.127.", TXT, DNS_NOERROR,
		"\"2 s=100 f=- l=- e=- https://pehra.example/ip/127.0.0.2\"" },
	{ "2.2.0.192.", TXT, DNS_NXDOMAIN, NONE },
	/* transfers belong to other servers */
	{ "", DNS_TYPE_AXFR, DNS_REFUSED, NONE },
	{ "src.", DNS_TYPE_IXFR, DNS_REFUSED, NONE },
};

static void check_row(
	struct fixture *fixture, const struct conformity *row, enum respond_transport transport)
{
	char name[256];
	struct ask question = { .name = name, .type = row->type, .transport = transport };

	snprintf(name, sizeof name, "%s" FIXTURE_BASE ".", row->name);

	struct told told = ask(&fixture->responder, &question);

	if (told.rcode != row->rcode || strcmp(told.text, row->answers) != 0)
		fail_msg("%s type %u: rcode %u, '%s'; expected %u, '%s'", name, row->type,
			told.rcode, told.text, row->rcode, row->answers);
	assert_false(told.is_truncated);
	assert_false(told.has_edns);
	assert_int_equal(told.is_authoritative, row->rcode != DNS_REFUSED);
	/* no records: who keeps the negative answer must know for how long */
	assert_int_equal(told.authorities, told.answers == 0 && row->rcode != DNS_REFUSED);
	if (told.authorities == 1)
		assert_int_equal(told.ttl_s, NEGATIVE_TTL_S);
}

static void test_conformity(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		check_row(&fixture, &table[i], RESPOND_UDP);
		check_row(&fixture, &table[i], RESPOND_TCP);
	}
	fixture_done(&fixture);
}

static void test_case_is_kept(void **state)
{
	struct fixture fixture;
	struct ask question = { .name = "1.2.0.192.SrC.ReP.pEHra.TEST.", .type = A };
	struct ask name = { .name = "BAD.eXample.orG.DOM.rep.PEHRA.test.", .type = A };

	(void)state;
	fixture_init(&fixture);
	/* ask() compares the question byte by byte */
	assert_string_equal(ask(&fixture.responder, &question).text, "127.0.0.2 127.0.0.3");
	assert_string_equal(ask(&fixture.responder, &name).text, "127.0.0.10");
	fixture_done(&fixture);
}

static void test_time_to_live(void **state)
{
	struct fixture fixture;
	struct ask soon = { .name = "1.2.0.192." FIXTURE_BASE ".", .type = A };
	struct ask overdue = { .name = "bad.example.org.dom." FIXTURE_BASE ".", .type = A };
	struct ask unknown = { .name = "9.100.51.198." FIXTURE_BASE ".", .type = A };
	struct ask apex = { .name = FIXTURE_BASE ".", .type = DNS_TYPE_SOA };

	(void)state;
	fixture_init(&fixture);
	assert_int_equal(ask(&fixture.responder, &soon).ttl_s, FIXTURE_LEFT_S);
	assert_int_equal(ask(&fixture.responder, &overdue).ttl_s, LISTING_TTL_OVERDUE_S);
	assert_int_equal(ask(&fixture.responder, &unknown).ttl_s, LISTING_TTL_MAX_S);
	assert_int_equal(ask(&fixture.responder, &apex).ttl_s, ZONE_TTL_S);
	fixture.responder.now_s -= LISTING_TTL_MAX_S;
	assert_int_equal(ask(&fixture.responder, &soon).ttl_s, LISTING_TTL_MAX_S);
	fixture_done(&fixture);
}

static void test_negative_owner(void **state)
{
	struct fixture fixture;
	struct ask in_base = { .name = "2.2.0.192." FIXTURE_BASE ".", .type = A };
	struct ask in_score = { .name = "2.2.0.192.score." FIXTURE_BASE ".", .type = A };

	(void)state;
	fixture_init(&fixture);
	assert_true(str_starts(str_c(ask(&fixture.responder, &in_base).authority),
		STR(FIXTURE_BASE ". ns." FIXTURE_BASE ".")));
	assert_true(str_starts(str_c(ask(&fixture.responder, &in_score).authority),
		STR("score." FIXTURE_BASE ". ns." FIXTURE_BASE ".")));
	fixture_done(&fixture);
}

static void test_name_server(void **state)
{
	static const struct ipaddr addresses[] = {
		{ { [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 53 } },
		{ { 0x20, 1, 0xd, 0xb8, [15] = 0x53 } },
	};
	struct fixture fixture;
	struct ask ns = { .name = FIXTURE_BASE ".", .type = DNS_TYPE_NS };
	struct ask v4 = { .name = "ns." FIXTURE_BASE ".", .type = A };
	struct ask v6 = { .name = "ns." FIXTURE_BASE ".", .type = DNS_TYPE_AAAA };

	(void)state;
	fixture_init(&fixture);
	fixture.config.server_addresses = addresses;
	fixture.config.server_address_count = ARRAY_LEN(addresses);
	assert_string_equal(ask(&fixture.responder, &v4).text, "192.0.2.53");
	assert_string_equal(ask(&fixture.responder, &v6).text, "2001:db8::53");
	assert_int_equal(
		zones_init(&fixture.config.zones, STR(FIXTURE_BASE), STR("dns1.example.org"), NULL),
		OK);
	assert_string_equal(ask(&fixture.responder, &ns).text, "dns1.example.org.");
	/* then ns.<base> is no name of ours */
	assert_int_equal(ask(&fixture.responder, &v4).rcode, DNS_NXDOMAIN);
	fixture_done(&fixture);
}

static void test_edns(void **state)
{
	struct fixture fixture;
	struct ask question = {
		.name = "1.2.0.192." FIXTURE_BASE ".", .type = A, .has_edns = true, .payload = 4096
	};
	struct told told;

	(void)state;
	fixture_init(&fixture);
	told = ask(&fixture.responder, &question);
	assert_true(told.has_edns && !told.has_dnssec_ok);
	assert_int_equal(told.payload, DNS_UDP_EDNS);
	assert_int_equal(told.extended, -1);
	question.has_dnssec_ok = true;
	assert_true(ask(&fixture.responder, &question).has_dnssec_ok);
	question.edns_version = 1;
	told = ask(&fixture.responder, &question);
	assert_int_equal(told.rcode, DNS_BADVERS);
	assert_int_equal(told.answers, 0);
	fixture_done(&fixture);
}

#define TEN   "abcdefghij"
#define FIFTY TEN TEN TEN TEN TEN
/* Names under this base leave little of 512 bytes, and links to these pages take it. */
#define LONG_BASE FIFTY "." FIFTY "." FIFTY "." TEN "klm.test"
#define LONG_URL  "https://pehra.example/" FIFTY FIFTY TEN
#define LONG_NAME FIFTY ".evil.example.net.dom."

static void test_truncation(void **state)
{
	static const struct {
		bool has_edns;
		uint16_t payload;
		enum respond_transport transport;
		bool is_truncated;
	} rows[] = {
		{ false, 0, RESPOND_UDP, true },
		{ true, 100, RESPOND_UDP, true }, /* less than 512 means 512 (RFC 6891, 6.2.3) */
		{ true, 512, RESPOND_UDP, true },
		{ true, 4096, RESPOND_UDP, false },
		{ false, 0, RESPOND_TCP, false },
	};
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.config.public_url = STR(LONG_URL);
	assert_int_equal(zones_init(&fixture.config.zones, STR(LONG_BASE), STR(""), NULL), OK);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ask question = { .name = LONG_NAME LONG_BASE ".",
			.type = TXT,
			.has_edns = rows[i].has_edns,
			.payload = rows[i].payload,
			.transport = rows[i].transport };
		struct told told = ask(&fixture.responder, &question);

		assert_int_equal(told.is_truncated, rows[i].is_truncated);
		assert_int_equal(told.answers, rows[i].is_truncated ? 0 : 1);
		assert_int_equal(told.has_edns, rows[i].has_edns);
		assert_true(told.bytes <= DNS_UDP_PLAIN || !rows[i].is_truncated);
	}
	assert_int_equal(fixture.stats.counters[COUNT_TRUNCATED], 3);
	fixture_done(&fixture);
}

/* The link goes when it does not fit into one string. */
static void test_text_is_bounded(void **state)
{
	struct fixture fixture;
	struct ask question = { .name = LONG_NAME FIXTURE_BASE ".", .type = TXT };

	(void)state;
	fixture_init(&fixture);
	fixture.config.public_url = STR(LONG_URL FIFTY);
	assert_string_equal(ask(&fixture.responder, &question).text,
		"\"3,8 s=80 f=2026-07-28 l=2026-10-26 e=-\"");
	fixture_done(&fixture);
}

static void test_refusals(void **state)
{
	static const struct {
		struct ask ask;
		unsigned rcode;
		int extended;
	} rows[] = {
		{ { .name = "example.org.", .type = A, .has_edns = true }, DNS_REFUSED,
			DNS_EDE_NOT_AUTHORITATIVE },
		{ { .name = "example.org.", .type = A }, DNS_REFUSED, -1 },
		{ { .name = ".", .type = A }, DNS_REFUSED, -1 },
		{ { .name = "pehra.test.", .type = A }, DNS_REFUSED, -1 },
		{ { .name = "xrep.pehra.test.", .type = A }, DNS_REFUSED, -1 },
		{ { .name = "version.bind.", .type = TXT, .class = 3 }, DNS_REFUSED, -1 },
		{ { .name = "1.2.0.192." FIXTURE_BASE ".", .type = A, .class = 255 }, DNS_REFUSED,
			-1 },
		{ { .name = FIXTURE_BASE ".", .type = DNS_TYPE_AXFR, .has_edns = true },
			DNS_REFUSED, DNS_EDE_NOT_SUPPORTED },
	};
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct told told = ask(&fixture.responder, &rows[i].ask);

		assert_int_equal(told.rcode, rows[i].rcode);
		assert_int_equal(told.extended, rows[i].extended);
		assert_int_equal(told.answers, 0);
		assert_false(told.is_authoritative);
	}
	fixture_done(&fixture);
}

static void test_access(void **state)
{
	struct prefix allowed[3];
	struct fixture fixture;
	struct ask question = {
		.name = "1.2.0.192." FIXTURE_BASE ".", .type = A, .has_edns = true
	};
	struct told told;

	(void)state;
	fixture_init(&fixture);
	assert_int_equal(prefix_parse(STR("198.51.100.0/24"), NULL, &allowed[0], NULL), OK);
	assert_int_equal(prefix_parse(STR("2001:db8:5::/48"), NULL, &allowed[1], NULL), OK);
	assert_int_equal(prefix_parse(STR("192.0.2.8"), NULL, &allowed[2], NULL), OK);
	access_init(&fixture.config.access, allowed, ARRAY_LEN(allowed));
	question.client = "198.51.100.255";
	assert_int_equal(ask(&fixture.responder, &question).rcode, DNS_NOERROR);
	question.client = "2001:db8:5:ffff::1";
	assert_int_equal(ask(&fixture.responder, &question).rcode, DNS_NOERROR);
	question.client = "192.0.2.8";
	assert_int_equal(ask(&fixture.responder, &question).rcode, DNS_NOERROR);
	question.client = "2001:db8:6::1";
	assert_int_equal(ask(&fixture.responder, &question).rcode, DNS_REFUSED);
	question.client = "192.0.2.9";
	told = ask(&fixture.responder, &question);
	assert_int_equal(told.rcode, DNS_REFUSED);
	assert_int_equal(told.extended, DNS_EDE_PROHIBITED);
	assert_int_equal(told.answers + told.authorities, 0);
	assert_int_equal(fixture.stats.counters[COUNT_NOT_ALLOWED], 2);
	fixture_done(&fixture);
}

static void test_no_snapshot(void **state)
{
	struct fixture fixture;
	struct ask question = {
		.name = "2.0.0.127." FIXTURE_BASE ".", .type = A, .has_edns = true
	};
	struct told told;

	(void)state;
	fixture_init(&fixture);
	fixture.responder.snapshot = NULL;
	told = ask(&fixture.responder, &question);
	assert_int_equal(told.rcode, DNS_SERVFAIL);
	assert_int_equal(told.extended, DNS_EDE_NOT_READY);
	assert_int_equal(told.answers, 0);
	fixture_done(&fixture);
}

/* A query with some bytes changed, and what is to come of it. */
static void test_odd_messages(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
		int rcode; /* -1: no reply */
	} rows[] = {
		{ 2, 0x80, -1 },           /* a reply is not answered: two servers would loop */
		{ 2, 0x20, DNS_NOTIMP },   /* opcode NOTIFY */
		{ 2, 0x28, DNS_NOTIMP },   /* opcode UPDATE */
		{ 5, 0, DNS_FORMERR },     /* no question */
		{ 5, 2, DNS_FORMERR },     /* two */
		{ 4, 1, DNS_FORMERR },     /* 257 */
		{ 7, 1, DNS_FORMERR },     /* a record that is not there */
		{ 11, 2, DNS_FORMERR },    /* likewise, behind the OPT record */
		{ 12, 0xc0, DNS_FORMERR }, /* a pointer in the question */
		{ 12, 0x40, DNS_FORMERR }, /* a label type that never came to be */
		{ 12, 63, DNS_FORMERR },   /* a label that runs on */
		{ 3, 0xff, DNS_NOERROR },  /* unknown flags */
	};
	struct fixture fixture;
	struct ask question = {
		.name = "1.2.0.192." FIXTURE_BASE ".", .type = A, .has_edns = true
	};
	struct ipaddr client = ip_from_u32(0x7f000001);

	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t query[512];
		uint8_t reply[RESPOND_BYTES_MAX];
		size_t n = ask_write(&question, 9, query, sizeof query);
		size_t told_n;

		query[rows[i].at] = rows[i].byte;
		told_n = respond(&fixture.responder, RESPOND_UDP, &client, query, n, reply);
		if (rows[i].rcode == -1) {
			assert_int_equal(told_n, 0);
			continue;
		}

		struct told told = ask_read(reply, told_n, query, n);

		assert_int_equal(told.rcode, rows[i].rcode);
		assert_int_equal(told.id, 9);
		assert_int_equal(told.has_question, rows[i].rcode == DNS_NOERROR);
		/* one byte more or less is no query */
		assert_int_equal(
			respond(&fixture.responder, RESPOND_UDP, &client, query, 11, reply), 0);
	}
	fixture_done(&fixture);
}

static void test_option_forms(void **state)
{
	/* OPT: root, type 41, payload 1232, rcode 0, version 0, flags 0, length, then options */
	static const struct {
		struct str bytes;
		uint8_t additional;
		unsigned rcode;
	} rows[] = {
		{ STR_INIT("\0\0\51\4\320\0\0\0\0\0\0"), 1, DNS_NOERROR },
		/* an option nobody knows, and a cookie */
		{ STR_INIT("\0\0\51\4\320\0\0\0\0\0\6\377\0\0\2xx"), 1, DNS_NOERROR },
		{ STR_INIT("\0\0\51\4\320\0\0\0\0\0\14\0\12\0\10abcdefgh"), 1, DNS_NOERROR },
		/* an option that is longer than the record; half an option */
		{ STR_INIT("\0\0\51\4\320\0\0\0\0\0\6\377\0\0\3xx"), 1, DNS_FORMERR },
		{ STR_INIT("\0\0\51\4\320\0\0\0\0\0\2\377\0"), 1, DNS_FORMERR },
		/* two of them; one that has an owner; bytes left over */
		{ STR_INIT("\0\0\51\4\320\0\0\0\0\0\0\0\0\51\4\320\0\0\0\0\0\0"), 2, DNS_FORMERR },
		{ STR_INIT("\1a\0\0\51\4\320\0\0\0\0\0\0"), 1, DNS_FORMERR },
		{ STR_INIT("\0\0\51\4\320\0\0\0\0\0\0x"), 1, DNS_FORMERR },
	};
	struct fixture fixture;
	struct ask question = { .name = "1.2.0.192." FIXTURE_BASE ".", .type = A };
	struct ipaddr client = ip_from_u32(0x7f000001);

	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t query[512];
		uint8_t reply[RESPOND_BYTES_MAX];
		size_t n = ask_write(&question, 9, query, sizeof query);

		query[11] = rows[i].additional;
		memcpy(query + n, rows[i].bytes.p, rows[i].bytes.n);
		n += rows[i].bytes.n;

		size_t told_n = respond(&fixture.responder, RESPOND_UDP, &client, query, n, reply);
		struct told told = ask_read(reply, told_n, query, n);

		assert_int_equal(told.rcode, rows[i].rcode);
		assert_int_equal(told.has_edns, rows[i].rcode == DNS_NOERROR);
	}
	fixture_done(&fixture);
}

static void test_truncated_reply(void **state)
{
	struct fixture fixture;
	struct ask question = {
		.name = "1.2.0.192." FIXTURE_BASE ".", .type = A, .has_edns = true
	};
	uint8_t query[512];
	uint8_t reply[RESPOND_BYTES_MAX];
	size_t n;

	(void)state;
	fixture_init(&fixture);
	n = ask_write(&question, 9, query, sizeof query);

	struct told told =
		ask_read(reply, respond_truncated(&fixture.responder, query, n, reply), query, n);

	assert_true(told.is_truncated);
	assert_int_equal(told.answers, 0);
	/* not longer than the query: nothing to gain by forging its sender */
	assert_true(told.bytes <= n);
	assert_int_equal(respond_truncated(&fixture.responder, query, n - 1, reply), 0);
	fixture_done(&fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conformity),
		cmocka_unit_test(test_case_is_kept),
		cmocka_unit_test(test_time_to_live),
		cmocka_unit_test(test_negative_owner),
		cmocka_unit_test(test_name_server),
		cmocka_unit_test(test_edns),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_text_is_bounded),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_no_snapshot),
		cmocka_unit_test(test_odd_messages),
		cmocka_unit_test(test_option_forms),
		cmocka_unit_test(test_truncated_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
