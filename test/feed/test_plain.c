/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "collect.h"

static struct feed_definition documentation(const char *format)
{
	struct feed_definition definition = feed_definition_default(STR("test"));

	definition.format = str_c(format);
	definition.rules.allow_special_purpose = true;
	return definition;
}

/* One line of a plain list, and what it must give: indicators, or a refusal, or nothing. */
static const struct {
	const char *line;
	const char *indicators; /* NULL: refused */
	enum refusal refusal;
} rows[] = {
	{ "192.0.2.1", "192.0.2.1\n", 0 },
	{ "  192.0.2.1\t \r", "192.0.2.1\n", 0 },
	{ "192.0.2.0/24", "192.0.2.0/24\n", 0 },
	{ "192.0.2.0/255.255.255.0", "192.0.2.0/24\n", 0 },
	{ "192.0.2.0 255.255.255.0", "192.0.2.0/24\n", 0 },
	{ "192.0.2.1 # scanner", "192.0.2.1\n", 0 },
	{ "192.0.2.1#scanner", "192.0.2.1\n", 0 },
	{ "192.0.2.1;scanner", "192.0.2.1\n", 0 },
	{ "192.0.2.0/24 ; SBL1", "192.0.2.0/24\n", 0 },
	{ "192.0.2.1 // why", "192.0.2.1\n", 0 },
	{ "192.0.2.1\t10", "192.0.2.1\n", 0 },
	{ "192.0.2.1,AS64496,AT", "192.0.2.1\n", 0 },
	{ "192.0.2.0-192.0.2.3", "192.0.2.0/30\n", 0 },
	{ "192.0.2.1 - 192.0.2.3 # range", "192.0.2.1\n192.0.2.2/31\n", 0 },
	{ "192.0.2.1:8080", "192.0.2.1\n", 0 },
	{ "[2001:db8::1]:443", "2001:db8::1\n", 0 },
	{ "2001:0db8:0000:0000:0000:0000:0000:9001", "2001:db8::9001\n", 0 },
	{ "2001:db8::/32", "2001:db8::/32\n", 0 },
	{ "::ffff:192.0.2.9", "192.0.2.9\n", 0 },
	{ "Example.ORG", "example.org\n", 0 },
	{ "example.org.", "example.org\n", 0 },
	{ "*.example.org", "*.example.org\n", 0 },
	{ ".example.org", "*.example.org\n", 0 },
	{ "example.org:8443", "example.org\n", 0 },
	{ "b\xc3\xbc"
	  "cher.example",
		"xn--bcher-kva.example\n", 0 },
	{ "xn--d-fga.com    # was: d\xc3\xab.com", "xn--d-fga.com\n", 0 },
	{ "under_score.example.org", "under_score.example.org\n", 0 },
	{ "http://example.org/a;b,c", "http://example.org/a;b,c\n", 0 },
	{ "HTTP://Example.org:80", "http://example.org/\n", 0 },
	{ "hxxp://example[.]org/x", "http://example.org/x\n", 0 },
	{ "example.org/path", "http://example.org/path\n", 0 },
	{ "192.0.2.1/path", "http://192.0.2.1/path\n", 0 },
	{ "d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e\n", 0 },
	{ "# comment", "", 0 },
	{ "; comment", "", 0 },
	{ "// comment", "", 0 },
	{ "", "", 0 },
	{ "192.0.2.1/24", NULL, REFUSED_HOST_BITS },
	{ "192.0.2.001", NULL, REFUSED_ZERO_PADDED },
	{ "192.0.2.256", NULL, REFUSED_ADDRESS },
	{ "192.0.2", NULL, REFUSED_ADDRESS },
	{ "192.0.2.1/33", NULL, REFUSED_ADDRESS },
	{ "192.0.0.0/1", NULL, REFUSED_HOST_BITS },
	{ "192.0.0.0/2", NULL, REFUSED_TOO_WIDE },
	{ "0.0.0.0/0", NULL, REFUSED_TOO_WIDE },
	{ "::/0", NULL, REFUSED_TOO_WIDE },
	{ "192.0.2.9-192.0.2.1", NULL, REFUSED_RANGE },
	{ "fe80::1%eth0", NULL, REFUSED_NOT_INDICATOR },
	{ "/w00tw00t.at.example:)", NULL, REFUSED_PATH_ONLY },
	{ "C192.0.2.1", NULL, REFUSED_NAME },
	{ "localhost", NULL, REFUSED_LOCAL_NAME },
	{ ".xyz", NULL, REFUSED_SUFFIX },
	{ "*.gov.pk", NULL, REFUSED_SUFFIX },
	{ "word", NULL, REFUSED_NOT_INDICATOR },
	{ "AS64496 # Example", NULL, REFUSED_ASN },
	{ "somebody@example.org", NULL, REFUSED_KIND },
	{ "a..example.org", NULL, REFUSED_NAME },
	{ "http://www..example.com/phishing", NULL, REFUSED_URL },
	{ "gopher://example.org/", NULL, REFUSED_URL },
	{ ",", NULL, REFUSED_NOT_INDICATOR },
};

static void each_spelling(void **state)
{
	struct feed_definition definition = documentation("plain");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct collect collect = { 0 };
		struct feed_report report;
		struct why why = { 0 };
		CLEANUP(buf_done) struct buf text = { 0 };

		assert_int_equal(collect_memory(&collect, &definition, str_c(rows[i].line), "x",
					 &report, &why),
			OK);
		feed_report_format(&text, &report);
		if (rows[i].indicators != NULL) {
			if (!str_eq(buf_view(&collect.text), str_c(rows[i].indicators)) ||
				feed_report_refused(&report) != 0)
				fail_msg("'%s' gave '%.*s' %.*s", rows[i].line,
					STR_FMT(buf_view(&collect.text)), STR_FMT(buf_view(&text)));
			assert_int_equal(report.comments + (report.accepted > 0), report.lines);
		} else if (report.refused[rows[i].refusal] != 1 ||
			   feed_report_refused(&report) != 1 || report.accepted != 0) {
			fail_msg("'%s': %.*s", rows[i].line, STR_FMT(buf_view(&text)));
		}
		collect_done(&collect);
	}
}

/* Without the permission, addresses that nobody has for himself are refused, also in URLs. */
static void special_purpose_is_refused(void **state)
{
	struct feed_definition definition = documentation("plain");
	struct collect collect = { 0 };
	struct feed_report report;

	(void)state;
	definition.rules.allow_special_purpose = false;
	assert_int_equal(
		collect_memory(&collect, &definition,
			STR("192.168.5.145\n100.65.29.247\n10.0.0.0/8\nhttp://10.160.197.88:1521\n"
			    "fe80::1\n2001:db8::1\n127.0.0.1\n192.0.2.0/25\n224.0.0.1\n"
			    "192.0.2.0-192.0.2.9\n9.9.9.9\n"),
			"x", &report, NULL),
		OK);
	assert_int_equal(report.refused[REFUSED_SPECIAL_PURPOSE], 10);
	assert_int_equal(report.accepted, 1);
	assert_true(str_eq(buf_view(&collect.text), STR("9.9.9.9\n")));
	collect_done(&collect);
}

static void rules_of_the_definition(void **state)
{
	struct feed_definition definition = documentation("plain");
	struct collect collect = { 0 };
	struct feed_report report;

	(void)state;
	definition.rules.ip.host_bits = HOST_BITS_MASK;
	definition.rules.ip.zero_padded = ZERO_PADDED_DECIMAL;
	definition.rules.names_below = true;
	definition.rules.holds = FEED_HOLDS_IP | FEED_HOLDS_NAMES;
	assert_int_equal(collect_memory(&collect, &definition,
				 STR("192.0.2.77/24\n192.0.002.001\nexample.org\n"
				     "http://example.org/\n"),
				 "x", &report, NULL),
		OK);
	assert_int_equal(report.refused[REFUSED_UNEXPECTED_KIND], 1);
	assert_true(
		str_eq(buf_view(&collect.text), STR("192.0.2.0/24\n192.0.2.1\n*.example.org\n")));
	collect_done(&collect);
}

static void samples_are_escaped(void **state)
{
	struct feed_definition definition = documentation("plain");
	struct collect collect = { 0 };
	struct feed_report report;
	const struct feed_sample *sample = &report.samples[REFUSED_NOT_INDICATOR];

	(void)state;
	assert_int_equal(
		collect_memory(&collect, &definition,
			STR("192.0.2.1\n\x1b[31mred\xc3\xa9\xff\x01\nword\n"), "x", &report, NULL),
		OK);
	assert_int_equal(report.refused[REFUSED_NOT_INDICATOR], 2);
	assert_int_equal(sample->line, 2);
	assert_true(
		str_eq(str_from(sample->text, sample->n), STR("\\x1b[31mred\xc3\xa9\\xff\\x01")));
	collect_done(&collect);
}

static void duplicates_and_bom(void **state)
{
	struct feed_definition definition = documentation("auto");
	struct collect collect = { 0 };
	struct feed_report report;

	(void)state;
	assert_int_equal(collect_memory(&collect, &definition,
				 STR("\xef\xbb\xbf"
				     "192.0.2.1\r\n192.0.2.1\r\n2001:db8:0::1\r\n2001:DB8::1"),
				 "x", &report, NULL),
		OK);
	assert_int_equal(report.accepted, 4);
	assert_int_equal(report.duplicates, 2);
	assert_int_equal(report.rows, 2);
	assert_true(str_eq(buf_view(&collect.text), STR("192.0.2.1\n2001:db8::1\n")));
	collect_done(&collect);
}

/* A list longer than a batch comes in several, and a sink that fails ends the run. */
static void batches_and_a_failing_sink(void **state)
{
	struct feed_definition definition = documentation("plain");
	CLEANUP(buf_done) struct buf list = { 0 };
	struct collect collect = { 0 };
	struct collect failing = { .fail_at_batch = 2 };
	struct feed_report report;
	struct why why = { 0 };

	(void)state;
	for (unsigned i = 0; i < 2 * CLAIM_BATCH_MAX + 10; i++)
		buf_fmt(&list, "9.%u.%u.%u\n", i >> 16 & 255, i >> 8 & 255, i & 255);
	assert_int_equal(
		collect_memory(&collect, &definition, buf_view(&list), "x", &report, &why), OK);
	assert_int_equal(collect.batches, 3);
	assert_int_equal(report.rows, 2 * CLAIM_BATCH_MAX + 10);
	assert_int_equal(collect.progress_calls, 3);
	assert_int_equal(collect.last_done, list.n);
	assert_int_equal(collect.last_total, list.n);
	collect_done(&collect);
	assert_int_equal(collect_memory(&failing, &definition, buf_view(&list), "x", &report, &why),
		ERR_FULL);
	assert_string_equal(why.text, "the test's sink is full");
	assert_int_equal(report.sink_errors, 1);
	assert_int_equal(failing.batches, 2);
	collect_done(&failing);
}

/* Whatever the bytes: no crash, and each line is a comment, accepted or refused. */
static const char *every_line_is_accounted(struct prop *prop)
{
	static const char bytes[] = "0123456789abcdef.:/-#; \t\nxyz,[]@*_|\xc3\xa9%";
	struct feed_definition definition = documentation("plain");
	CLEANUP(buf_done) struct buf list = { 0 };
	struct collect collect = { 0 };
	struct feed_report report;
	size_t n = prop_below(prop, 400);

	for (size_t i = 0; i < n; i++)
		buf_byte(&list, bytes[prop_below(prop, sizeof bytes - 1)]);

	enum err code = collect_memory(&collect, &definition, buf_view(&list), "x", &report, NULL);

	collect_done(&collect);
	if (code != OK)
		return "a plain list was refused whole";
	return report.lines == report.comments + report.accepted + feed_report_refused(&report)
		       ? NULL
		       : "a line is unaccounted for";
}

static void lines_are_accounted(void **state)
{
	(void)state;
	PROP_RUN(3000, every_line_is_accounted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_spelling),
		cmocka_unit_test(special_purpose_is_refused),
		cmocka_unit_test(rules_of_the_definition),
		cmocka_unit_test(samples_are_escaped),
		cmocka_unit_test(duplicates_and_bom),
		cmocka_unit_test(batches_and_a_failing_sink),
		cmocka_unit_test(lines_are_accounted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
