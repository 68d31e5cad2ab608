/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The formats of guard lists and of routes, by small fixtures of our own: what they say, what is
 * refused why, and that none is read for another purpose.
 */
#include "prop.h"

#include "collect.h"
#include "feed/format.h"
#include "feed/routes.h"
#include "guard/rules.h"

struct fixture {
	const char *format;
	const char *text;
	const char *indicators; /* in the order of their keys; of routes with their AS */
	const char *refused;    /* "word=count word=count", in the order of the table */
};

/* "list" of a warning list with these other members. */
#define WARNING(type, attributes, list)                                              \
	"{\"name\":\"n\",\"description\":\"d\",\"version\":1,\"type\":\"" type "\"," \
	"\"matching_attributes\":[" attributes "],\"list\":" list "}"
#define OF_IP    "\"ip-src\",\"ip-dst|port\",\"domain|ip\""
#define OF_NAMES "\"domain\",\"hostname\""
#define OF_WEB   "\"hostname\",\"url\",\"domain|ip\""
#define OF_FILES "\"md5\",\"filename|sha256\",\"ssdeep\""

static const struct fixture fixtures[] = {
	{ "misp-warninglist",
		WARNING("cidr", OF_IP,
			"[\"192.0.2.1\",\"198.51.100.0/24\",\"2001:DB8::/32\",\"203.0.113.7/24\","
			"\"example.org\",\"\"]"),
		"192.0.2.1\n198.51.100.0/24\n2001:db8::/32\n",
		"address=1 host-bits=1 no-indicator=1" },
	{ "misp-warninglist",
		WARNING("hostname", OF_NAMES,
			"[\".Example.org\",\"example.net.\",\"b\\u00fccher.example\",\"com\","
			"\"two words.example\",\"192.0.2.1\"]"),
		"hostname:example.net\nhostname:example.org\nhostname:xn--bcher-kva.example\n",
		"name=2 public-suffix=1" },
	{ "misp-warninglist",
		WARNING("hostname", OF_WEB, "[\"example.org\",\"192.0.2.1\",\"www.example.net\"]"),
		"192.0.2.1\nhostname:example.org\nhostname:www.example.net\n", "" },
	{ "misp-warninglist", WARNING("hostname", "\"url\"", "[\"192.0.2.1\",\"example.org\"]"),
		"hostname:192.0.2.1\nhostname:example.org\n", "" },
	{ "misp-warninglist",
		WARNING("string", OF_WEB,
			"[\"Example.org\",\".example.net\",\"*.example.com\",\"192.0.2.1\",\"TLD\","
			"\"HTTP://example.org/A\",\"\\u0007x\"]"),
		"192.0.2.1\nstring:example.org\nstring:http://example.org/a\nstring:tld\n"
		"hostname:example.com\nhostname:example.net\n",
		"pattern=1" },
	{ "misp-warninglist", WARNING("string", OF_NAMES, "[\"a.example.org\",\"two words\"]"),
		"string:a.example.org\n", "name=1" },
	{ "misp-warninglist",
		WARNING("string", OF_FILES,
			"[\"D41D8CD98F00B204E9800998ECF8427E\",\"3::\",\"example.org\"]"),
		"string:d41d8cd98f00b204e9800998ecf8427e\n", "hash=2" },
	{ "misp-warninglist", WARNING("string", "\"ip-src\"", "[\"192.0.2.1\",\"example.org\"]"),
		"192.0.2.1\n", "address=1" },
	{ "misp-warninglist",
		WARNING("substring", OF_NAMES ",\"email-src\"", "[\"Sandbox.example\",\"ab\"]"),
		"substring:sandbox.example\n", "pattern=1" },
	{ "misp-warninglist",
		WARNING("regex", OF_NAMES,
			"[\"/^a\\\\.Example$/i\",\"#b/c#\",\"/d\\\\/e/g\",\"/f/x\",\"g\",\"/h\","
			"\"//\",\"(i)\",\"/j/k/\",\"/l\\\\\"]"),
		"regex:/b/c/\nregex:/d\\/e/\nregex:/^a\\.Example$/i\n",
		"pattern=6 no-indicator=1" },
	/* with comments, as MISP also takes it; without a type and attributes: string, all */
	{ "misp-warninglist",
		"{\"name\":\"n\",\"description\":\"\",\"list\":{\"example.org\":\"why\","
		"\"192.0.2.1\":null,\"d41d8cd98f00b204e9800998ecf8427e\":\"\"}}",
		"192.0.2.1\nstring:d41d8cd98f00b204e9800998ecf8427e\nstring:example.org\n", "" },
	{ "misp-warninglist",
		"{\"description\":\"\",\"type\":[\"cidr\"],\"matching_attributes\":[\"ALL\"],"
		"\"list\":[\"192.0.2.1\",1]}",
		"192.0.2.1\n", "no-indicator=1" },
	{ "asn-ranges",
		"192.0.2.0,192.0.2.127,64496,Example\n"
		"2001:db8::,2001:db8:1:ffff:ffff:ffff:ffff:ffff,64497,\"Other, Ltd\"\n"
		"198.51.100.0,198.51.100.2,0,Nobody\n203.0.113.9,203.0.113.1,64498,Example\n",
		"192.0.2.0/25 AS64496\n198.51.100.0/31\n198.51.100.2\n2001:db8::/47 AS64497\n",
		"range=1" },
	/* of two ASes of one prefix the one that is first in byte order stays */
	{ "vrp",
		"{\"metadata\":{\"roas\":9},\"roas\":["
		"{\"asn\":\"AS64496\",\"prefix\":\"192.0.2.0/24\",\"maxLength\":24,\"ta\":\"x\"},"
		"{\"asn\":64500,\"prefix\":\"198.51.100.0/24\"},"
		"{\"asn\":\"as64499\",\"prefix\":\"198.51.100.0/24\"},"
		"{\"asn\":\"AS0\",\"prefix\":\"203.0.113.0/24\"},"
		"{\"asn\":\"4294967295\",\"prefix\":\"2001:db8::/32\"},"
		"{\"asn\":4294967296,\"prefix\":\"2001:db8::/48\"},"
		"{\"asn\":\"ASX\",\"prefix\":\"2001:db8::/48\"},"
		"{\"asn\":1,\"prefix\":\"192.0.2.1/24\"},{\"asn\":1}]}",
		"192.0.2.0/24 AS64496\n198.51.100.0/24 AS64499\n203.0.113.0/24\n"
		"2001:db8::/32 AS4294967295\n",
		"host-bits=1 no-indicator=1 syntax=2" },
	{ "vrp",
		"{\"slurmVersion\":1,\"validationOutputFilters\":{\"prefixFilters\":["
		"{\"prefix\":\"192.0.2.0/24\"}]},\"locallyAddedAssertions\":{\"prefixAssertions\":["
		"{\"asn\":64496,\"prefix\":\"198.51.100.0/24\",\"maxPrefixLength\":25}]}}",
		"198.51.100.0/24 AS64496\n", "" },
	{ "vrp", "{\"roas\": [\n]}\n", "", "" },
	{ "rir-prefixes",
		"{\"country\":\"X\",\"delegationStatus\":[\"allocated\"],\"prefixes\":{"
		"\"ipv4\":[\"192.0.2.0/24\",\"x\"],\"ipv6\":[\"2001:db8::/32\"]}}",
		"192.0.2.0/24\n2001:db8::/32\n", "not-an-indicator=1" },
	{ "ixf",
		"{\"version\":\"0.6\",\"ixp_list\":[],\"member_list\":["
		"{\"asnum\":64496,\"connection_list\":[{\"vlan_list\":["
		"{\"ipv4\":{\"address\":\"192.0.2.1\"},\"ipv6\":{\"address\":\"2001:db8::1\"}},"
		"{\"ipv4\":{}}]}]},"
		"{\"asnum\":64497,\"connection_list\":[{\"vlan_list\":["
		"{\"ipv4\":{\"address\":\"192.0.2.x\"}}]}]},"
		"{\"asnum\":64498,\"connection_list\":[]},"
		"{\"connection_list\":[{\"vlan_list\":[{\"ipv4\":{\"address\":\"192.0.2.9\"}}]}]}]"
		"}",
		"192.0.2.1 AS64496\n2001:db8::1 AS64496\n", "address=1 no-indicator=1 syntax=1" },
	{ "delegated",
		"# terms\n2|apnic|20241109|9|19830613|20241108|+1000\napnic|*|ipv4|*|7|summary\n"
		"apnic|JP|ipv4|192.0.2.0|256|20110412|allocated\n"
		"apnic|JP|ipv4|198.51.100.0|768|20110412|assigned|x\n"
		"apnic|JP|ipv6|2001:db8::|32|20110412|allocated\n"
		"apnic|JP|ipv6|2001:db8::1|32|20110412|allocated\n"
		"apnic|JP|ipv4|255.255.255.0|257|20110412|allocated\n"
		"apnic|JP|ipv4|192.0.2.0|0|20110412|allocated\n"
		"apnic|JP|ipv4|2001:db8::|1|20110412|allocated\n"
		"apnic|JP|ipv6|192.0.2.0|24|20110412|allocated\n"
		"apnic|JP|asn|64496|1|20110412|allocated\n"
		"apnic||ipv4|203.0.113.0|256||available\napnic|JP|ipv4\n"
		"apnic|JP|mac|x|1|20110412|allocated\n",
		"192.0.2.0/24\n198.51.100.0/23\n198.51.102.0/24\n2001:db8::/32\n",
		"address=2 host-bits=1 range=2 as-number=1 kind=2 fields=1" },
};

static struct feed_definition definition_of(const struct feed_format *format, const char *as)
{
	struct feed_definition definition = feed_definition_default(STR("purpose"));

	definition.format = str_c(as);
	definition.purpose = (uint8_t)format->purpose;
	definition.rule = format->purpose == PURPOSE_GUARD ? GUARD_ASK : GUARD_NONE;
	definition.rules.allow_special_purpose = true;
	return definition;
}

static void refusals_format(struct buf *out, const struct feed_report *report)
{
	for (size_t i = 0; i < REFUSAL_COUNT; i++) {
		if (report->refused[i] > 0)
			buf_fmt(out, "%s%.*s=%llu", out->n > 0 ? " " : "",
				STR_FMT(refusal_info((enum refusal)i)->word),
				(unsigned long long)report->refused[i]);
	}
}

static void fixture_check(const struct fixture *fixture, const char *as)
{
	const struct feed_format *format = feed_format_find(str_c(fixture->format));
	struct feed_definition definition = definition_of(format, as);
	CLEANUP(buf_done) struct buf refused = { 0 };
	struct collect collect = { .with_references = format->purpose == PURPOSE_ROUTES };
	struct feed_report report;
	struct why why = { 0 };

	if (collect_memory(&collect, &definition, str_c(fixture->text), "x", &report, &why) != OK)
		fail_msg("%s: %s: %s", as, fixture->text, why.text);
	if (!str_eq(report.format, format->name))
		fail_msg("%s is taken for %.*s: %s", fixture->format, STR_FMT(report.format),
			fixture->text);
	if (!str_eq(buf_view(&collect.text), str_c(fixture->indicators)))
		fail_msg("%s gives '%.*s', not '%s'", fixture->text,
			STR_FMT(buf_view(&collect.text)), fixture->indicators);
	refusals_format(&refused, &report);
	if (!str_eq(buf_view(&refused), str_c(fixture->refused)))
		fail_msg("%s refuses '%.*s', not '%s'", fixture->text, STR_FMT(buf_view(&refused)),
			fixture->refused);
	assert_int_equal(
		report.lines, report.comments + report.accepted + feed_report_refused(&report));
	collect_done(&collect);
}

static void each_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
		fixture_check(&fixtures[i], fixtures[i].format);
		fixture_check(&fixtures[i], "auto");
	}
}

static void no_format_is_untried(void **state)
{
	(void)state;
	for (size_t i = 0; i < feed_format_count(); i++) {
		const struct feed_format *format = feed_format_at(i);
		bool is_tried = format->purpose == PURPOSE_CLAIMS;

		for (size_t j = 0; j < ARRAY_LEN(fixtures); j++)
			is_tried = is_tried || str_eq(format->name, str_c(fixtures[j].format));
		if (!is_tried)
			fail_msg("%.*s has no fixture", STR_FMT(format->name));
	}
}

/* A list of what is harmless is never read as one of what attacks, nor the other way round. */
static void no_other_purpose(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(fixtures); i++) {
		const struct fixture *fixture = &fixtures[i / 2];
		const struct feed_format *format = feed_format_find(str_c(fixture->format));

		for (int purpose = 0; purpose < PURPOSE_COUNT; purpose++) {
			struct feed_definition definition =
				definition_of(format, i % 2 == 0 ? fixture->format : "auto");
			struct collect collect = { 0 };
			struct feed_report report;
			struct why why = { 0 };

			definition.purpose = (uint8_t)purpose;

			enum err code = collect_memory(
				&collect, &definition, str_c(fixture->text), "x", &report, &why);

			assert_int_equal(
				code, purpose == (int)format->purpose ? OK : ERR_UNSUPPORTED);
			if (code != OK) {
				assert_non_null(strstr(why.text, "purpose: "));
				assert_int_equal(collect.text.n, 0);
				assert_int_equal(report.accepted, 0);
			}
			collect_done(&collect);
		}
	}
}

/* What cannot be a list of anything that is kept is said, whole. */
static void a_list_of_nothing_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum err code;
		const char *says;
	} rows[] = {
		{ WARNING("regex", "\"email-src\",\"target-email\"", "[\"/^noc@/\"]"),
			ERR_UNSUPPORTED, "regex about email-src, target-email: nothing" },
		{ WARNING("cidr", OF_NAMES, "[\"192.0.2.1\"]"), ERR_UNSUPPORTED, "nothing" },
		{ WARNING("substring", "\"ip-src\"", "[\"192.0.2\"]"), ERR_UNSUPPORTED, "nothing" },
		{ WARNING("hostname", OF_FILES, "[\"example.org\"]"), ERR_UNSUPPORTED, "nothing" },
		{ WARNING("fuzzy", OF_NAMES, "[\"example.org\"]"), ERR_UNSUPPORTED, "'fuzzy'" },
		{ WARNING("cidr", OF_IP, "\"192.0.2.1\""), ERR_SYNTAX, "without its list" },
		{ WARNING("cidr", "1", "[\"192.0.2.1\"]"), ERR_SYNTAX, "is a word" },
		{ "{\"type\":1,\"list\":[]}", ERR_SYNTAX, "is a word" },
		{ "[]", ERR_SYNTAX, "without its list" },
		{ "{\"list\":[", ERR_SYNTAX, "byte 9" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *name = "misp-warninglist";
		struct feed_definition definition =
			definition_of(feed_format_find(str_c(name)), name);
		struct collect collect = { 0 };
		struct feed_report report;
		struct why why = { 0 };

		assert_int_equal(collect_memory(&collect, &definition, str_c(rows[i].text), "x",
					 &report, &why),
			rows[i].code);
		if (strstr(why.text, rows[i].says) == NULL)
			fail_msg("'%s' does not say '%s'", why.text, rows[i].says);
		assert_int_equal(report.accepted, 0);
		collect_done(&collect);
	}
}

/* The subjects of a pattern are what its list speaks of and its type can say. */
static enum err subjects_take(void *state, struct claim_batch *batch, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct claim claim;

	assert_int_equal(batch->n, 1);
	TRY(claim_from_row(batch, batch->rows, &arena, &claim, why));
	*(struct indicator *)state = claim.indicator;
	return OK;
}

static void subjects_and_flags(void **state)
{
	static const struct {
		const char *text;
		uint8_t match;
		uint8_t subjects;
	} rows[] = {
		{ WARNING("hostname", OF_WEB, "[\"a.example\"]"), PATTERN_HOSTNAME,
			PATTERN_OF_NAMES | PATTERN_OF_URLS },
		{ WARNING("hostname", OF_NAMES, "[\"a.example\"]"), PATTERN_HOSTNAME,
			PATTERN_OF_NAMES },
		{ WARNING("substring", "\"url\",\"link\",\"uri\"", "[\"a.example\"]"),
			PATTERN_SUBSTRING, PATTERN_OF_URLS },
		{ WARNING("string", OF_FILES, "[\"d41d8cd98f00b204e9800998ecf8427e\"]"),
			PATTERN_STRING, PATTERN_OF_HASHES },
		{ WARNING("regex", OF_NAMES "," OF_FILES, "[\"/a/ig\"]"), PATTERN_REGEX,
			PATTERN_OF_NAMES | PATTERN_OF_HASHES | PATTERN_CASELESS },
		{ WARNING("regex", "", "[\"/a/\"]"), PATTERN_REGEX,
			PATTERN_OF_NAMES | PATTERN_OF_URLS | PATTERN_OF_HASHES },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(input_close) struct feed_input *input = NULL;
		const char *name = "misp-warninglist";
		struct feed_definition definition =
			definition_of(feed_format_find(str_c(name)), name);
		struct indicator seen = { 0 };
		struct feed_sink sink = { &seen, subjects_take, NULL };
		struct feed_report report;

		assert_int_equal(
			input_open_memory(str_c(rows[i].text), STR("x"), NULL, &input, NULL), OK);
		assert_int_equal(feed_read(&definition, input, &sink, &report, NULL), OK);
		assert_int_equal(seen.kind, INDICATOR_PATTERN);
		assert_int_equal(seen.match, rows[i].match);
		assert_int_equal(seen.subjects, rows[i].subjects);
	}
}

/* "holds" speaks of patterns, too: a list of names that should hold addresses is refused. */
static void kinds_that_are_not_expected(void **state)
{
	const char *name = "misp-warninglist";
	struct feed_definition definition = definition_of(feed_format_find(str_c(name)), name);
	struct collect collect = { 0 };
	struct feed_report report;

	(void)state;
	definition.rules.holds = FEED_HOLDS_IP;
	assert_int_equal(collect_memory(&collect, &definition,
				 STR(WARNING("string", OF_WEB,
					 "[\"example.org\",\"192.0.2.1\",\"example.net\"]")),
				 "x", &report, NULL),
		OK);
	assert_true(str_eq(buf_view(&collect.text), STR("192.0.2.1\n")));
	assert_int_equal(report.refused[REFUSED_UNEXPECTED_KIND], 2);
	collect_done(&collect);
}

/* The AS of a route and back, for every form in which sources write one. */
static void as_numbers(void **state)
{
	static const struct {
		const char *text;
		const char *reference; /* NULL: refused */
		uint32_t asn;
	} rows[] = {
		{ "AS64496", "AS64496", 64496 },
		{ " as64496 ", "AS64496", 64496 },
		{ "64496", "AS64496", 64496 },
		{ "4294967295", "AS4294967295", UINT32_MAX },
		{ "", "", 0 },
		{ "0", "", 0 },
		{ "AS0", "", 0 },
		{ "AS", NULL, 0 },
		{ "4294967296", NULL, 0 },
		{ "1.5", NULL, 0 },
		{ "-1", NULL, 0 },
		{ "AS 5", NULL, 0 },
	};
	char space[ROUTE_REFERENCE_MAX];
	struct str reference;
	uint32_t asn;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool is_one = route_reference(str_c(rows[i].text), space, &reference);

		assert_int_equal(is_one, rows[i].reference != NULL);
		if (!is_one)
			continue;
		assert_true(str_eq(reference, str_c(rows[i].reference)));
		assert_true(route_asn(reference, &asn));
		assert_int_equal(asn, rows[i].asn);
	}
	assert_false(route_asn(STR("malware"), &asn));
	assert_int_equal(asn, 0);
	assert_false(route_asn(STR("AS4294967296"), &asn));
}

/* Every general format tells routes, too: the mapping says where the AS stands. */
static void a_mapping_may_tell_routes(void **state)
{
	struct feed_definition definition = feed_definition_default(STR("routes"));
	struct collect collect = { .with_references = true };
	struct feed_report report;

	(void)state;
	definition.purpose = PURPOSE_ROUTES;
	definition.rules.allow_special_purpose = true;
	definition.format = STR("tsv");
	definition.mapping.columns[COLUMN_INDICATOR] = STR("1");
	definition.mapping.columns[COLUMN_REFERENCE] = STR("2");
	assert_int_equal(collect_memory(&collect, &definition,
				 STR("192.0.2.0/24\t64496\n198.51.100.0/24\t\nexample.org\t64496\n"
				     "203.0.113.0/24\tx\n"),
				 "x", &report, NULL),
		OK);
	assert_true(
		str_eq(buf_view(&collect.text), STR("192.0.2.0/24 AS64496\n198.51.100.0/24\n")));
	assert_int_equal(report.refused[REFUSED_UNEXPECTED_KIND], 1);
	assert_int_equal(report.refused[REFUSED_SYNTAX], 1);
	collect_done(&collect);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format),
		cmocka_unit_test(no_format_is_untried),
		cmocka_unit_test(no_other_purpose),
		cmocka_unit_test(a_list_of_nothing_is_refused),
		cmocka_unit_test(subjects_and_flags),
		cmocka_unit_test(kinds_that_are_not_expected),
		cmocka_unit_test(as_numbers),
		cmocka_unit_test(a_mapping_may_tell_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
