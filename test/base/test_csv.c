/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "base/csv.h"

enum { FIELDS_MAX = 16 };

static const struct {
	const char *text;
	struct csv_rules rules;
	const char *fields[4];
} records[] = {
	{ "a,b,c\n", { 0 }, { "a", "b", "c" } },
	{ "a,b\r\n", { 0 }, { "a", "b" } },
	{ "a", { 0 }, { "a" } },
	{ "\n", { 0 }, { "" } },
	{ ",\n", { 0 }, { "", "" } },
	{ "\"a,b\",\"c\"\"d\"\n", { 0 }, { "a,b", "c\"d" } },
	{ "\"two\r\nlines\",x\n", { 0 }, { "two\r\nlines", "x" } },
	{ "\"\",x\n", { 0 }, { "", "x" } },
	{ "a\"b,\"\"\"\"\n", { 0 }, { "a\"b", "\"" } },
	{ "a\tb\"\t\"c\n", { .separator = '\t', .no_quotes = true }, { "a", "b\"", "\"c" } },
	{ "a;b,c\n", { .separator = ';' }, { "a", "b,c" } },
};

static void test_records(void **state)
{
	CLEANUP(arena_done) struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		struct str rest = str_c(records[i].text);
		struct str record;
		struct str fields[FIELDS_MAX];
		struct why why = { 0 };
		size_t n;
		size_t expected = 0;

		while (expected < 4 && records[i].fields[expected] != NULL)
			expected++;
		assert_true(csv_next_record(&rest, &records[i].rules, true, &record, NULL));
		if (csv_split(record, &records[i].rules, &arena, fields, FIELDS_MAX, &n, &why) !=
			OK)
			fail_msg("%s: %s", records[i].text, why.text);
		assert_int_equal(n, expected);
		for (size_t k = 0; k < n; k++)
			assert_true(str_eq(fields[k], str_c(records[i].fields[k])));
		assert_false(csv_next_record(&rest, &records[i].rules, true, &record, NULL));
	}
}

static void test_refused(void **state)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct str rest = STR("a,\"b\"c\n\"never closed\nnext,line\n");
	struct str fields[2];
	struct str record;
	struct why why = { 0 };
	uint64_t lines = 0;
	size_t n;

	(void)state;
	assert_true(csv_next_record(&rest, NULL, true, &record, &lines));
	assert_int_equal(csv_split(record, NULL, &arena, fields, 2, &n, &why), ERR_SYNTAX);
	assert_string_equal(why.text, "text behind a closing quote");
	assert_true(csv_next_record(&rest, NULL, true, &record, &lines));
	assert_int_equal(csv_split(record, NULL, &arena, fields, 2, &n, &why), ERR_SYNTAX);
	assert_string_equal(why.text, "a quote is not closed");
	assert_true(csv_next_record(&rest, NULL, true, &record, &lines));
	assert_int_equal(csv_split(record, NULL, &arena, fields, 2, &n, &why), OK);
	assert_int_equal(lines, 3);
	assert_int_equal(csv_split(STR("a,b,c"), NULL, &arena, fields, 2, &n, &why), ERR_LIMIT);
}

/* One quote in a large file does not swallow it. */
static void test_stray_quote(void **state)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct str record;
	struct str rest;
	uint64_t lines = 0;

	(void)state;
	buf_str(&text, STR("\"stray\n"));
	while (text.n < CSV_RECORD_MAX + 100)
		buf_str(&text, STR("a,b\n"));
	rest = buf_view(&text);
	assert_true(csv_next_record(&rest, NULL, false, &record, &lines));
	assert_true(str_eq(record, STR("\"stray")));
	rest = str_first(buf_view(&text), 100);
	assert_false(csv_next_record(&rest, NULL, false, &record, &lines));
	assert_int_equal(rest.n, 100);
}

/*
 * The oracle: a byte at a time, as RFC 4180 reads. One letter per event: the field's bytes, 1 for
 * the end of a field, 2 for the end of a record; false where a record is to be refused.
 */
static bool naive_read(struct str text, struct buf *out)
{
	enum { START, PLAIN, QUOTED, CLOSED } at = START;
	bool pending = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool crlf = c == '\r' && i + 1 < text.n && text.p[i + 1] == '\n' && at != QUOTED;

		pending = true;
		if (at == QUOTED) {
			if (c == '"')
				at = CLOSED;
			else
				buf_byte(out, c);
		} else if (at == CLOSED && c == '"') {
			buf_byte(out, c);
			at = QUOTED;
		} else if (crlf) {
			continue;
		} else if (c == ',' || c == '\n') {
			buf_byte(out, c == ',' ? 1 : 2);
			at = START;
			pending = c == ',';
		} else if (at == CLOSED) {
			if (c != '\r' || i + 1 != text.n)
				return false;
		} else if (c == '"' && at == START) {
			at = QUOTED;
		} else if (c != '\r' || i + 1 != text.n) {
			buf_byte(out, c);
			at = PLAIN;
		}
	}
	if (pending)
		buf_byte(out, 2);
	return at != QUOTED;
}

static bool our_read(struct str rest, struct buf *out)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct str record;

	while (csv_next_record(&rest, NULL, true, &record, NULL)) {
		struct csv_fields fields = csv_fields_of(record, NULL, &arena);
		struct str field;
		bool found;
		bool first = true;

		for (;;) {
			if (csv_next_field(&fields, &field, &found, NULL) != OK)
				return false;
			if (!found)
				break;
			if (!first)
				buf_byte(out, 1);
			first = false;
			buf_str(out, field);
		}
		buf_byte(out, 2);
	}
	return true;
}

static void random_bytes(struct prop *prop, struct buf *out, size_t most)
{
	static const char alphabet[] = "ab,,\"\"\"\r\n\n =";

	for (uint64_t n = prop_below(prop, most); n > 0; n--)
		buf_byte(out, alphabet[prop_below(prop, sizeof alphabet - 1)]);
}

static const char *agrees_with_naive(struct prop *prop)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf ours = { 0 };
	CLEANUP(buf_done) struct buf theirs = { 0 };

	random_bytes(prop, &text, 24);

	bool accepted = our_read(buf_view(&text), &ours);

	if (accepted != naive_read(buf_view(&text), &theirs))
		return "we and the naive reader differ on what is refused";
	return !accepted || str_eq(buf_view(&ours), buf_view(&theirs)) ? NULL : "fields differ";
}

/* Cut anywhere, with more bytes later, the records are the same. */
static const char *chunks_do_not_matter(struct prop *prop)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct str whole;
	struct str expected;
	struct str record;
	size_t start = 0;

	random_bytes(prop, &text, 40);
	whole = buf_view(&text);
	for (size_t end = 0; end <= text.n; end += 1 + prop_below(prop, 5)) {
		struct str rest = str_from(text.data == NULL ? "" : text.data + start, end - start);

		while (csv_next_record(&rest, NULL, false, &record, NULL)) {
			if (!csv_next_record(&whole, NULL, true, &expected, NULL) ||
				!str_eq(record, expected))
				return "a record differs when read in chunks";
		}
		start = end - rest.n;
	}
	return NULL;
}

static const char *writer_round_trip(struct prop *prop)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf values = { 0 };
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct csv_writer csv = { .out = &text };
	struct str record;
	struct str fields[FIELDS_MAX];
	size_t ends[FIELDS_MAX];
	size_t n = 1 + prop_below(prop, FIELDS_MAX);
	size_t read;

	for (size_t i = 0; i < n; i++) {
		size_t start = values.n;

		random_bytes(prop, &values, 6);
		ends[i] = values.n;
		csv_put_field(&csv, str_from_index(buf_view(&values), start));
	}
	csv_record_end(&csv);

	struct str rest = buf_view(&text);

	if (!csv_next_record(&rest, NULL, true, &record, NULL) || rest.n != 0)
		return "what was written is not one record";
	if (csv_split(record, NULL, &arena, fields, FIELDS_MAX, &read, NULL) != OK || read != n)
		return "another number of fields comes back";
	for (size_t i = 0, start = 0; i < n; start = ends[i++]) {
		if (!str_eq(fields[i],
			    str_from_index(str_first(buf_view(&values), ends[i]), start)))
			return "another value comes back";
	}
	return NULL;
}

static void test_properties(void **state)
{
	(void)state;
	PROP_RUN(50000, agrees_with_naive);
	PROP_RUN(20000, chunks_do_not_matter);
	PROP_RUN(5000, writer_round_trip);
}

static void test_writer(void **state)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct csv_writer csv = { .out = &text, .guard_formulas = true };

	(void)state;
	csv_put_field(&csv, STR("=1+1"));
	csv_put_field(&csv, STR("-5"));
	csv_put_field(&csv, STR("a=b"));
	csv_put_field(&csv, STR(""));
	csv_put_field(&csv, STR("\t@x"));
	csv_put_u64(&csv, 7);
	csv_record_end(&csv);
	csv_put_field(&csv, STR(""));
	csv_record_end(&csv);
	csv.guard_formulas = false;
	csv_put_field(&csv, STR("=1"));
	csv_record_end(&csv);
	assert_string_equal(buf_c(&text), "\"'=1+1\",\"'-5\",a=b,,\"'\t@x\",7\r\n\"\"\r\n=1\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_stray_quote),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
