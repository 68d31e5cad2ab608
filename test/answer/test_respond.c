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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conformity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
