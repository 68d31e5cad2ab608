/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filter language: what it means, and how it refuses. */
#include "prop.h"

#include "evidence/indicator.h"
#include "evidence/taxonomy.h"
#include "query/filter.h"

#define NOW INT64_C(1795381200) /* 2026-11-22T21:00:00Z */

enum { FIELD_SCORE, FIELD_SEEN, FIELD_CATEGORY, FIELD_SOURCE, FIELD_NOTE, FIELD_NET };

static bool category_word(struct str word, int64_t *out)
{
	enum category category;

	if (!category_parse(word, &category))
		return false;
	*out = category;
	return true;
}

static const struct filter_field rows[] = {
	[FIELD_SCORE] = { "score", FILTER_NUMBER, NULL, NULL, "score", "", "" },
	[FIELD_SEEN] = { "seen", FILTER_TIME, NULL, NULL, "seen", "", "" },
	[FIELD_CATEGORY] = { "cat", FILTER_WORD, category_word, "a category", "cat", "", "" },
	[FIELD_SOURCE] = { "source", FILTER_TEXT, NULL, NULL, "source", "", "" },
	[FIELD_NOTE] = { "note", FILTER_PART, NULL, NULL, "note", "", "" },
	[FIELD_NET] = { "net", FILTER_WITHIN, NULL, NULL, "key", "", "" },
};
static const struct filter_fields fields = { rows, ARRAY_LEN(rows), FIELD_NET };

struct sample {
	int64_t score;
	int64_t seen_s;
	int64_t categories[2];
	const char *source;
	const char *note;
	struct str key;
};

static bool sample_value(
	const void *row, const struct filter_field *field, size_t i, struct filter_value *out)
{
	const struct sample *sample = row;
	size_t which = (size_t)(field - rows);

	if (i > (which == FIELD_CATEGORY ? 1 : 0))
		return false;
	if (which == FIELD_SCORE)
		out->low = sample->score;
	else if (which == FIELD_SEEN)
		out->low = sample->seen_s;
	else if (which == FIELD_CATEGORY)
		out->low = sample->categories[i];
	else if (which == FIELD_SOURCE)
		out->text_low = str_c(sample->source);
	else if (which == FIELD_NOTE)
		out->text_low = str_c(sample->note);
	else
		out->text_low = sample->key;
	return true;
}

static bool holds(const char *text, const struct sample *sample)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct filter filter;
	struct why why = { 0 };
	struct filter_row row = { sample_value, sample };

	if (filter_parse(str_c(text), &fields, NOW, &arena, &filter, NULL, &why) != OK)
		fail_msg("%s: %s", text, why.text);
	return filter_matches(&filter, &row);
}

static void key_of(struct buf *out, const char *text)
{
	struct indicator indicator = { .kind = INDICATOR_IP };

	buf_clear(out);
	if (prefix_parse(str_c(text), NULL, &indicator.prefix, NULL) != OK)
		indicator = (struct indicator){ .kind = INDICATOR_NAME, .text = str_c(text) };
	indicator_key(out, &indicator);
}

static void test_meaning(void **state)
{
	CLEANUP(buf_done) struct buf key = { 0 };
	struct sample sample = { 80, NOW - HOUR_S, { CATEGORY_SCANNER, CATEGORY_TOR }, "drop",
		"Brute \"force\" | x", { 0 } };
	static const struct {
		const char *text;
		bool holds;
	} cases[] = {
		{ "", true },
		{ "  \t ", true },
		{ "score>=80", true },
		{ "score>80", false },
		{ "score<=80 score<81 score>79 score:80 score=80", true },
		{ "score!=80", false },
		{ "-score!=80", true },
		{ "score:1|80|3", true },
		{ "seen<24h", true },
		{ "seen>24h", false },
		{ "seen<=1h seen>=1h", true },
		{ "seen<1h", false },
		{ "seen>=2026-11-01", true },
		{ "seen:2026-11-22", true },
		{ "seen:2026-11-23", false },
		{ "cat:scanner", true },
		{ "cat:tor", true },
		{ "-cat:tor", false },
		{ "cat!=tor", false },
		{ "cat:spam|phishing", false },
		{ "cat:spam|tor score:80", true },
		{ "source:drop", true },
		{ "source:Drop", false },
		{ "SOURCE:\"drop\"", true },
		{ "note:FORCE", true },
		{ "note:\"brute \\\"force\\\" | X\"", true },
		{ "net:192.0.2.0/24", true },
		{ "192.0.2.7", true },
		{ "-192.0.2.7", false },
		{ "192.0.2.7|198.51.100.1", true },
		{ "net:192.0.2.8|198.51.100.0/24", false },
		{ "net:2001:db8::/32", false },
		{ "2001:db8::/32", false },
		{ "0.0.0.0/0", true },
		{ "example.org", false },
		{ "https://example.org/a?b=c", false },
	};

	(void)state;
	key_of(&key, "192.0.2.7");
	sample.key = buf_view(&key);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (holds(cases[i].text, &sample) != cases[i].holds)
			fail_msg("%s: %s", cases[i].text, cases[i].holds ? "fails" : "holds");
	}
}

static void test_names(void **state)
{
	CLEANUP(buf_done) struct buf key = { 0 };
	struct sample sample = { .source = "", .note = "" };

	(void)state;
	key_of(&key, "www.example.org");
	sample.key = buf_view(&key);
	assert_true(holds("example.org", &sample));
	assert_true(holds("www.example.org", &sample));
	assert_true(holds("net:WWW.Example.ORG.", &sample));
	assert_false(holds("xample.org", &sample));
	assert_false(holds("a.www.example.org", &sample));
	assert_false(holds("example.com", &sample));
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text;
		size_t from; /* where it is marked */
		const char *expected;
	} cases[] = {
		{ "score>=abc", 7, "a whole number" },
		{ "cat:tor score>=", 15, "a value" },
		{ "cat:tor colour:red", 8, "a field: score seen cat source note net" },
		{ "cat:nonsense", 4, "a category" },
		{ "cat>tor", 4, ": before this field's value" },
		{ "score>1|2", 6, "a whole number" },
		{ "score>\"1\"|2", 9, "one value behind a comparison" },
		{ "seen:24h", 5, "<, <=, > or >= before an age" },
		{ "seen<yesterday", 5, "a date (2026-11-23) or an age (24h, 7d)" },
		{ "note:\"abc", 9, "a closing quote" },
		{ "note:\"a\\n\"", 7, "\\\" or \\\\ in a quoted text" },
		{ "note:\"a\"b", 8, "a space behind the quote" },
		{ "note:a\"b", 6, "quotes around the whole value" },
		{ "score:1 -", 9, "a term behind the minus" },
		{ "score:1|", 8, "a value" },
		{ "nonsense", 0, "an address, a prefix, a name, a URL or a hash" },
		{ "192.0.2.1/24", 0, "an address, a prefix, a name, a URL or a hash" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena arena = { 0 };
		struct filter filter;
		struct filter_fault fault;
		struct why why = { 0 };

		if (filter_parse(str_c(cases[i].text), &fields, NOW, &arena, &filter, &fault,
			    &why) != ERR_SYNTAX)
			fail_msg("%s: accepted", cases[i].text);
		assert_string_equal(fault.expected, cases[i].expected);
		if (fault.from != cases[i].from)
			fail_msg("%s: marked at %zu", cases[i].text, fault.from);
		assert_true(fault.from + fault.n <= strlen(cases[i].text));
	}
}

static void test_limits(void **state)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct filter filter;
	struct why why = { 0 };

	(void)state;
	for (size_t i = 0; i < FILTER_TERMS_MAX; i++)
		buf_str(&text, STR("score:1 "));
	assert_int_equal(
		filter_parse(buf_view(&text), &fields, NOW, &arena, &filter, NULL, &why), OK);
	assert_int_equal(filter.term_count, FILTER_TERMS_MAX);
	buf_str(&text, STR("score:1"));
	assert_int_equal(filter_parse(buf_view(&text), &fields, NOW, &arena, &filter, NULL, &why),
		ERR_LIMIT);
	buf_clear(&text);
	buf_str(&text, STR("score:0"));
	for (size_t i = 1; i < FILTER_VALUES_MAX; i++)
		buf_str(&text, STR("|1"));
	assert_int_equal(
		filter_parse(buf_view(&text), &fields, NOW, &arena, &filter, NULL, &why), OK);
	buf_str(&text, STR("|1"));
	assert_int_equal(filter_parse(buf_view(&text), &fields, NOW, &arena, &filter, NULL, &why),
		ERR_LIMIT);
	for (size_t i = 0; i < FILTER_TEXT_MAX; i++)
		buf_byte(&text, ' ');
	assert_int_equal(filter_parse(buf_view(&text), &fields, NOW, &arena, &filter, NULL, &why),
		ERR_LIMIT);
}

/* Two prefixes of which one often holds the other. */
static void two_prefixes(struct prop *prop, struct prefix *a, struct prefix *b)
{
	struct ipaddr ip = ip_from_u32(0xc0000200 + (uint32_t)prop_below(prop, 16));
	struct ipaddr other = ip_from_u32(0xc0000200 + (uint32_t)prop_below(prop, 16));
	uint8_t shortest = 122;

	if (prop_below(prop, 2) == 0) {
		memcpy(ip.bytes, "\x20\x01\x0d\xb8", 4);
		other = ip;
		other.bytes[prop_below(prop, 16)] ^= (uint8_t)(1U << prop_below(prop, 8));
		shortest = 0;
	}
	*a = prefix_around(&ip, (uint8_t)(shortest + prop_below(prop, (uint64_t)(129 - shortest))));
	*b = prefix_around(
		&other, (uint8_t)(shortest + prop_below(prop, (uint64_t)(129 - shortest))));
}

/* A prefix term holds for exactly the prefixes within it. */
static const char *within_is_exact(struct prop *prop)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf key = { 0 };
	struct indicator inner = { .kind = INDICATOR_IP };
	struct prefix outer;
	struct filter filter;

	two_prefixes(prop, &outer, &inner.prefix);
	if (!prefix_is_v4(&outer) && ip_is_v4(&outer.address))
		return NULL;
	prefix_format(&text, &outer);
	indicator_key(&key, &inner);

	struct sample sample = { .key = buf_view(&key) };
	struct filter_row row = { sample_value, &sample };

	if (filter_parse(buf_view(&text), &fields, NOW, &arena, &filter, NULL, NULL) != OK)
		return "a prefix is no filter";
	return filter_matches(&filter, &row) == prefix_contains(&outer, &inner.prefix)
		       ? NULL
		       : "within differs from prefix_contains";
}

static void test_within(void **state)
{
	(void)state;
	PROP_RUN(20000, within_is_exact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
