/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON against jansson: what one accepts the other accepts, with the same tree. Differences that
 * are known and allowed for:
 *   - integers from 2^63 to 2^64-1: simdjson reads them, jansson refuses them;
 *   - a key that holds NUL: jansson refuses it even with JSON_ALLOW_NUL;
 *   - depth: jansson stops at 2048, we stop at JSON_DEPTH_MAX; documents here stay below both.
 */
#include "prop.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "jansson_oracle.h"

/* The same line as jansson_dump(); *beyond when there is something that jansson cannot read. */
static void our_dump(struct json_node node, struct buf *out, bool *beyond)
{
	struct json_iterator it = json_each(node);
	struct json_node value;
	struct str text;
	int64_t number;
	double real;
	bool truth;

	if (json_str(node, &text)) {
		dump_str(out, text);
	} else if (json_i64(node, &number)) {
		buf_byte(out, 'i');
		buf_i64(out, number);
	} else if (json_type(node) == JSON_INTEGER) {
		*beyond = true;
	} else if (json_double(node, &real)) {
		dump_real(out, real);
	} else if (json_bool(node, &truth)) {
		buf_byte(out, truth ? 't' : 'f');
	} else if (json_type(node) == JSON_NULL) {
		buf_byte(out, 'n');
	} else {
		buf_byte(out, json_type(node) == JSON_OBJECT ? '{' : '[');
		while (json_next(&it, &value))
			our_dump(value, out, beyond);
		while (json_next_member(&it, &text, &value)) {
			*beyond |= str_find(text, '\0') < text.n;
			dump_str(out, text);
			our_dump(value, out, beyond);
		}
		buf_byte(out, json_type(node) == JSON_OBJECT ? '}' : ']');
	}
}

static const char *compare(struct json_reader *reader, struct str text, bool *accepted)
{
	CLEANUP(buf_done) struct buf ours = { 0 };
	CLEANUP(buf_done) struct buf theirs = { 0 };
	struct json_node root;
	bool beyond = false;
	bool they_accept = jansson_dump(text, &theirs);

	*accepted = json_parse(reader, text, &root, NULL) == OK;
	if (*accepted)
		our_dump(root, &ours, &beyond);
	if (they_accept && !*accepted)
		return "jansson accepts what we refuse";
	if (*accepted && !they_accept && !beyond)
		return "we accept what jansson refuses";
	if (*accepted && they_accept && !str_eq(buf_view(&ours), buf_view(&theirs)))
		return "we and jansson read different trees";
	return NULL;
}

static void put_random_str(struct prop *prop, struct buf *out)
{
	static const char *const pieces[] = { "a", "key", "\"", "\\", "\n", "\x01", "\xc3\xbc",
		"\xf0\x9f\x98\x80", "\xe2\x82", "\xff", "\xed\xa0\x80", "/", " " };

	for (uint64_t n = prop_below(prop, 4); n > 0; n--)
		buf_str(out, str_c(pieces[prop_below(prop, ARRAY_LEN(pieces))]));
}

static void put_random(struct prop *prop, struct json_writer *json, unsigned depth)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	uint64_t bits = prop_u64(prop);
	double real;

	memcpy(&real, &bits, sizeof real);
	switch (prop_below(prop, depth == 0 ? 7 : 9)) {
	case 0:
		json_put_i64(json, (int64_t)(bits >> prop_below(prop, 64)));
		break;
	case 1:
		json_put_u64(json, bits);
		break;
	case 2:
		json_put_double(json, __builtin_isfinite(real) ? real : 0.5);
		break;
	case 3:
		json_put_double(json, (double)(bits % 1000) / 8);
		break;
	case 4:
		json_put_bool(json, bits % 2 == 0);
		break;
	case 5:
		json_put_null(json);
		break;
	case 6:
		put_random_str(prop, &text);
		json_put_str(json, buf_view(&text));
		break;
	case 7:
		json_array_begin(json);
		for (uint64_t n = prop_below(prop, 5); n > 0; n--)
			put_random(prop, json, depth - 1);
		json_array_end(json);
		break;
	default:
		json_object_begin(json);
		for (uint64_t n = prop_below(prop, 5); n > 0; n--) {
			buf_clear(&text);
			put_random_str(prop, &text);
			buf_u64(&text, n); /* so that keys differ */
			json_key_str(json, buf_view(&text));
			put_random(prop, json, depth - 1);
		}
		json_object_end(json);
	}
}

static void put_document(struct prop *prop, struct buf *out)
{
	struct json_writer json = json_writer_on(out);

	put_random(prop, &json, 4);
	json_line_end(&json);
}

/* Made once: that is how a reader is meant to be used. */
static struct json_reader **the_reader(void)
{
	static struct json_reader *reader;

	return &reader;
}

static const char *written_is_read(struct prop *prop)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	bool accepted;
	const char *wrong;

	put_document(prop, &text);
	wrong = compare(*the_reader(), buf_view(&text), &accepted);
	if (wrong != NULL)
		return wrong;
	return accepted ? NULL : "what we wrote is refused";
}

static const char *mutated_is_read_alike(struct prop *prop)
{
	static const char bytes[] = "{}[],:\"\\u0123456789.-+eE truefalsn\n\x01\xff\xc3";
	CLEANUP(buf_done) struct buf text = { 0 };
	bool accepted;

	put_document(prop, &text);
	for (uint64_t n = 1 + prop_below(prop, 3); n > 0; n--) {
		size_t at = prop_below(prop, text.n);

		if (prop_below(prop, 3) == 0)
			memmove(text.data + at, text.data + at + 1, --text.n - at);
		else
			text.data[at] = bytes[prop_below(prop, sizeof bytes - 1)];
		if (text.n == 0)
			break;
	}
	return compare(*the_reader(), buf_view(&text), &accepted);
}

static const char *const accepted_by_both[] = { "0", "-0", "-0.0", "1.0", "1e2", "\"\"",
	"\"\\u0000\"", "\"\\ud83d\\ude00\"", " [ ] ", "9223372036854775807", "-9223372036854775808",
	"{\"a\":{\"a\":1}}", "\"\x7f\"", "1.5e-300", "0.1", "1E+2", "1e-999", "4.9e-324", "null",
	"true", "[[[[]]]]" };

static const char *const refused_by_both[] = { "", " ", "01", "+1", ".5", "1.", "1e", "0.E1",
	"1e999", "-1e999", "NaN", "Infinity", "[1,]", "{,}", "{\"a\"}", "{\"a\":1,}", "{a:1}",
	"[1 2]", "[]x", "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\"\n\"", "\"\xc0\x80\"",
	"\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\xef\xbb\xbf[]", "{\"a\":1,\"a\":1}",
	"18446744073709551616", "[", "\"", "tru", "/**/1", "'a'", "[1}", "--1", "0x1",
	"[\"a\" \"b\"]" };

static void test_cases(void **state)
{
	bool accepted;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(accepted_by_both); i++) {
		const char *wrong = compare(*the_reader(), str_c(accepted_by_both[i]), &accepted);

		if (wrong != NULL || !accepted)
			fail_msg("%s: %s", accepted_by_both[i], wrong == NULL ? "refused" : wrong);
	}
	for (size_t i = 0; i < ARRAY_LEN(refused_by_both); i++) {
		const char *wrong = compare(*the_reader(), str_c(refused_by_both[i]), &accepted);

		if (wrong != NULL || accepted)
			fail_msg("%s: %s", refused_by_both[i], wrong == NULL ? "accepted" : wrong);
	}
}

static void test_properties(void **state)
{
	(void)state;
	PROP_RUN(5000, written_is_read);
	PROP_RUN(20000, mutated_is_read_alike);
}

static int set_up(void **state)
{
	(void)state;
	*the_reader() = json_reader_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	json_reader_free(the_reader());
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_properties),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
