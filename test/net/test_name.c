/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "net/name.h"

/* What a spelling becomes, or the reason for which it is refused. */
static const struct {
	const char *input;
	const char *name;
	const char *reason;
} spellings[] = {
	{ "example.org", "example.org", NULL },
	{ "WWW.Example.ORG.", "www.example.org", NULL },
	{ "a_b._tcp.example.org", "a_b._tcp.example.org", NULL },
	{ "r3---sn-x.example.org", "r3---sn-x.example.org", NULL },
	{ "m\xc3\xbcnchen.example", "xn--mnchen-3ya.example", NULL },
	{ "XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example", NULL },
	{ "fa\xc3\x9f.example", "xn--fa-hia.example", NULL },
	{ "ex\xf0\x9d\x93\xb8mple.org", "exomple.org", NULL },
	{ "a\xe3\x80\x82"
	  "example.org",
		"a.example.org", NULL },
	{ "xn--ls8h.example", "xn--ls8h.example", NULL },
	{ "_x.m\xc3\xbcnchen.example", "_x.xn--mnchen-3ya.example", NULL },
	{ "*.example.org", "example.org", NULL },
	{ "1.example", "1.example", NULL },
	{ "", NULL, "an empty name" },
	{ ".", NULL, "an empty label" },
	{ "www..example.org", NULL, "an empty label" },
	{ ".example.org", NULL, "an empty label" },
	{ "example.org..", NULL, "an empty label" },
	{ "*.", NULL, "an empty label" },
	{ "m\xc3\xbcnchen..example", NULL, "an empty label" },
	{ "-a.example.org", NULL, "a label starts or ends with a hyphen" },
	{ "a-.example.org", NULL, "a label starts or ends with a hyphen" },
	{ "localhost", NULL, "a single label is not a full name" },
	{ "192.0.2.1", NULL, "an address, not a name" },
	{ "192.0.2.1.", NULL, "an address, not a name" },
	{ "192.000.002.001", NULL, "an address, not a name" },
	{ "2001:db8::1", NULL, "an address, not a name" },
	{ "1.2.3", NULL, "the last label is a number" },
	{ "example.org:80", NULL, "a colon in a name (a port?)" },
	{ "http://example.org/", NULL, "a URL or path, not a name" },
	{ "example.org/path", NULL, "a URL or path, not a name" },
	{ "a@example.org", NULL, "a mail address, not a name" },
	{ "a b.example.org", NULL, "white space in a name" },
	{ "a.*.example.org", NULL, "a star that is not the whole first label" },
	{ "*.*.example.org", NULL, "a star that is not the whole first label" },
	{ "example[.]org", NULL, "a bracket in a name (defanged?)" },
	{ "a\x01.example.org", NULL, "a byte that does not belong in a name" },
	{ "\xff.example.org", NULL, "not UTF-8" },
	{ "xn--zz.example", NULL, "a label that is no valid Punycode" },
	{ "\xf0\x9f\x92\xa9.example", NULL, "a character that names may not hold" },
	{ "\xc3\xbc.\xe2\x84\x80.example", NULL, "a byte that does not belong in a name" },
};

static void test_spellings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
		struct why why = { 0 };
		struct name name;
		enum err err = name_parse(str_c(spellings[i].input), NULL, &name, &why);
		struct str reason = str_first(str_c(why.text), str_find(str_c(why.text), ':'));

		if ((err == OK) != (spellings[i].name != NULL))
			fail_msg("%s: %s", spellings[i].input, err == OK ? name.text : why.text);
		if (err == OK && !str_eq(name_str(&name), str_c(spellings[i].name)))
			fail_msg("%s gave %s", spellings[i].input, name.text);
		if (err != OK && !str_eq(reason, str_c(spellings[i].reason)))
			fail_msg("%s gave %s", spellings[i].input, why.text);
	}
}

static void test_nul(void **state)
{
	struct name name;

	(void)state;
	assert_int_equal(name_parse(STR("a\0.example.org"), NULL, &name, NULL), ERR_SYNTAX);
	assert_int_equal(name_parse(STR("\xc3\xbc.de\0.org"), NULL, &name, NULL), ERR_SYNTAX);
}

static void test_rules(void **state)
{
	struct name_rules host = { .refuse_underscore = true, .refuse_wildcard = true };
	struct name_rules lax = { .allow_single = true, .allow_edge_hyphen = true };
	struct name name;

	(void)state;
	assert_int_equal(name_parse(STR("a_b.example.org"), &host, &name, NULL), ERR_SYNTAX);
	assert_int_equal(name_parse(STR("*.example.org"), &host, &name, NULL), ERR_SYNTAX);
	assert_int_equal(name_parse(STR("localhost"), &lax, &name, NULL), OK);
	assert_int_equal(name_parse(STR("1"), &lax, &name, NULL), ERR_SYNTAX);
	assert_int_equal(name_parse(STR("a-.-b.example.org"), &lax, &name, NULL), OK);
	assert_int_equal(name_parse(STR("*.example.org"), NULL, &name, NULL), OK);
	assert_true(name.is_wildcard);
	assert_int_equal(name_parse(STR("example.org"), NULL, &name, NULL), OK);
	assert_false(name.is_wildcard);
}

static void test_lengths(void **state)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct name name;

	(void)state;
	for (int i = 0; i < LABEL_LENGTH_MAX; i++)
		buf_byte(&text, 'a');
	buf_str(&text, STR(".example"));
	assert_int_equal(name_parse(buf_view(&text), NULL, &name, NULL), OK);
	buf_clear(&text);
	for (int i = 0; i <= LABEL_LENGTH_MAX; i++)
		buf_byte(&text, 'a');
	buf_str(&text, STR(".example"));
	assert_int_equal(name_parse(buf_view(&text), NULL, &name, NULL), ERR_LIMIT);

	buf_clear(&text);
	for (int i = 0; i < 126; i++)
		buf_str(&text, STR("a."));
	buf_byte(&text, 'b');
	assert_int_equal(text.n, NAME_LENGTH_MAX);
	assert_int_equal(name_parse(buf_view(&text), NULL, &name, NULL), OK);
	assert_int_equal(name.n, NAME_LENGTH_MAX);
	buf_byte(&text, '.');
	assert_int_equal(name_parse(buf_view(&text), NULL, &name, NULL), OK);
	buf_byte(&text, 'c');
	assert_int_equal(name_parse(buf_view(&text), NULL, &name, NULL), ERR_LIMIT);
}

static void test_labels(void **state)
{
	struct str rest = STR("a.b.example");
	struct str label;

	(void)state;
	assert_true(name_next_label(&rest, &label) && str_eq(label, STR("a")));
	assert_true(name_next_label(&rest, &label) && str_eq(label, STR("b")));
	assert_true(name_next_label(&rest, &label) && str_eq(label, STR("example")));
	assert_false(name_next_label(&rest, &label));
	assert_int_equal(name_label_count(STR("a.b.example")), 3);
	assert_true(str_eq(name_parent(STR("a.b.example")), STR("b.example")));
	assert_int_equal(name_parent(STR("example")).n, 0);
	assert_true(name_is_below(STR("a.example"), STR("example")));
	assert_false(name_is_below(STR("aexample"), STR("example")));
	assert_false(name_is_below(STR("example"), STR("example")));
	assert_false(name_is_below(STR("example"), STR("a.example")));
	assert_false(name_is_below(STR("gov.example.d-dns.example.net"), STR("gov.example")));
	assert_true(name_is_within(STR("example"), STR("example")));
	assert_false(name_is_within(STR("b.example"), STR("a.example")));
}

static void test_public_suffix(void **state)
{
	(void)state;
	assert_true(name_is_public_suffix(STR("com")));
	assert_true(name_is_public_suffix(STR("gov.pk")));
	assert_true(name_is_public_suffix(STR("github.io")));
	assert_true(name_is_public_suffix(STR("xn--55qx5d.cn")));
	assert_true(name_is_public_suffix(STR("nosuchtoplevel")));
	assert_false(name_is_public_suffix(STR("example.com")));
	assert_false(name_is_public_suffix(STR("www.ck")));
	assert_false(name_is_public_suffix(STR("")));
	assert_true(str_eq(name_registrable(STR("a.b.example.gov.pk")), STR("example.gov.pk")));
	assert_int_equal(name_registrable(STR("gov.pk")).n, 0);
}

/* Text near a name: what comes out is canonical, so it comes out of itself again. */
static const char *parse_is_idempotent(struct prop *prop)
{
	static const char *const pieces[] = { "a", "B", "9", "-", "_", ".", "xn--", "\xc3\xbc",
		"\xf0\x9d\x93\xb8", "mnchen-3ya", "\xe3\x80\x82", "*.", "example", " ", "\xff" };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct name name;
	struct name again;

	for (uint64_t n = 1 + prop_below(prop, 10); n > 0; n--)
		buf_str(&text, str_c(pieces[prop_below(prop, ARRAY_LEN(pieces))]));
	if (name_parse(buf_view(&text), NULL, &name, NULL) != OK)
		return NULL;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.text[i];

		if (!byte_is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '.' &&
			c != '_')
			return "a name holds a byte that is not canonical";
	}
	if (name.n != strlen(name.text) || name.n > NAME_LENGTH_MAX)
		return "length and text differ";
	if (name_parse(name_str(&name), NULL, &again, NULL) != OK)
		return "a canonical name is refused";
	return str_eq(name_str(&name), name_str(&again)) ? NULL : "a canonical name changes";
}

static void test_idempotent(void **state)
{
	(void)state;
	PROP_RUN(20000, parse_is_idempotent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_public_suffix),
		cmocka_unit_test(test_idempotent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
