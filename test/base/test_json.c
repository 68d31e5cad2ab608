/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "base/json_read.h"
#include "base/json_write.h"

static struct json_reader *reader_of(void **state)
{
	return *state;
}

static int set_up(void **state)
{
	*state = json_reader_new();
	return 0;
}

static int tear_down(void **state)
{
	struct json_reader *reader = *state;

	json_reader_free(&reader);
	return 0;
}

static void test_values(void **state)
{
	struct json_node root;
	struct json_node list;
	struct str s;
	int64_t i;
	uint64_t u;
	double d;
	bool b;

	assert_int_equal(json_parse(reader_of(state),
				 STR("{\"s\":\"a\\u0000b\",\"i\":-5,\"u\":18446744073709551615,"
				     "\"d\":1.5,\"b\":true,\"n\":null,\"o\":{\"x\":[1,[2],{}]}}"),
				 &root, NULL),
		OK);
	assert_int_equal(json_count(root), 7);
	assert_true(json_str(json_get(root, "s"), &s) && str_eq(s, STR("a\0b")));
	assert_true(json_i64(json_get(root, "i"), &i) && i == -5);
	assert_false(json_u64(json_get(root, "i"), &u));
	assert_true(json_u64(json_get(root, "u"), &u) && u == UINT64_MAX);
	assert_false(json_i64(json_get(root, "u"), &i));
	assert_true(json_double(json_get(root, "d"), &d) && d > 1.4 && d < 1.6);
	assert_false(json_i64(json_get(root, "d"), &i));
	assert_true(json_double(json_get(root, "i"), &d) && d < -4.9);
	assert_true(json_bool(json_get(root, "b"), &b) && b);
	assert_int_equal(json_type(json_get(root, "n")), JSON_NULL);
	assert_int_equal(json_type(json_get(root, "none")), JSON_ABSENT);
	assert_int_equal(json_type(json_get(json_get(root, "none"), "x")), JSON_ABSENT);
	assert_false(json_str(json_get(root, "none"), &s) || json_str(json_get(root, "i"), &s));
	list = json_get(json_get(root, "o"), "x");
	assert_int_equal(json_count(list), 3);
	assert_int_equal(json_count(json_get(root, "i")), 0);
}

static void test_iteration(void **state)
{
	struct json_node root;
	struct json_node value;
	struct json_iterator it;
	struct str key;
	int64_t sum = 0;
	int64_t i;

	assert_int_equal(
		json_parse(reader_of(state), STR("{\"a\":1,\"b\":[2,3,[]],\"c\":{}}"), &root, NULL),
		OK);
	it = json_each(root);
	assert_false(json_next(&it, &value));
	assert_true(json_next_member(&it, &key, &value) && str_eq(key, STR("a")));
	assert_true(json_next_member(&it, &key, &value) && str_eq(key, STR("b")));
	for (struct json_iterator each = json_each(value); json_next(&each, &value);)
		sum += json_i64(value, &i) ? i : 100;
	assert_int_equal(sum, 105);
	assert_true(json_next_member(&it, &key, &value) && str_eq(key, STR("c")));
	assert_false(json_next_member(&it, &key, &value));
	it = json_each((struct json_node){ NULL, 0 });
	assert_false(json_next(&it, &value) || json_next_member(&it, &key, &value));
}

static const struct {
	const char *text;
	enum err err;
	const char *reason;
} refused[] = {
	{ "", ERR_SYNTAX, "no value" },
	{ "   ", ERR_SYNTAX, "no value" },
	{ "\xef\xbb\xbf{}", ERR_SYNTAX, "byte order mark" },
	{ "{\"a\":1,\"b\":2,\"a\":3}", ERR_SYNTAX, "'a' stands twice" },
	{ "[{\"a\":{\"\":1,\"\":2}}]", ERR_SYNTAX, "'' stands twice" },
	{ "{\"a\":1,\"\\u0061\":2}", ERR_SYNTAX, "'a' stands twice" },
	{ "[1,2", ERR_SYNTAX, "" },
	{ "[1,]", ERR_SYNTAX, "out of place" },
	{ "{} {}", ERR_SYNTAX, "" },
	{ "[01]", ERR_SYNTAX, "number" },
	{ "[1e999]", ERR_SYNTAX, "number" },
	{ "[NaN]", ERR_SYNTAX, "" },
	{ "[18446744073709551616]", ERR_SYNTAX, "number" },
	{ "\"\\ud800\"", ERR_SYNTAX, "escape" },
	{ "\"\xff\"", ERR_SYNTAX, "UTF-8" },
	{ "\"a\nb\"", ERR_SYNTAX, "control" },
	{ "\"abc", ERR_SYNTAX, "not closed" },
	{ "[tru]", ERR_SYNTAX, "not true" },
};

static void test_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct json_node root = { "", 1 };
		struct why why = { 0 };
		enum err err = json_parse(reader_of(state), str_c(refused[i].text), &root, &why);

		if (err != refused[i].err || root.document != NULL ||
			strstr(why.text, refused[i].reason) == NULL)
			fail_msg("%s: %s %s", refused[i].text, err_word(err), why.text);
	}
}

static void test_caps(void **state)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_node root;

	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_byte(&text, '[');
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_byte(&text, ']');
	assert_int_equal(json_parse(reader_of(state), buf_view(&text), &root, NULL), OK);
	buf_clear(&text);
	for (int i = 0; i <= JSON_DEPTH_MAX; i++)
		buf_byte(&text, '[');
	for (int i = 0; i <= JSON_DEPTH_MAX; i++)
		buf_byte(&text, ']');
	assert_int_equal(json_parse(reader_of(state), buf_view(&text), &root, NULL), ERR_LIMIT);
	assert_int_equal(json_parse(reader_of(state),
				 str_from(text.data, (size_t)JSON_BYTES_MAX + 1), &root, NULL),
		ERR_LIMIT);
}

/* Beyond the pairwise comparison. */
static void test_many_keys(void **state)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node root;
	struct why why = { 0 };
	char key[24];

	json_object_begin(&json);
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(key, sizeof key, "key%u", i);
		json_field_u64(&json, key, i);
	}
	assert_false(json.has_key);
	buf_byte(&text, '}');
	assert_int_equal(json_parse(reader_of(state), buf_view(&text), &root, NULL), OK);
	assert_int_equal(json_count(root), 1000);
	text.n--;
	json_field_u64(&json, "key7", 1);
	json_object_end(&json);
	assert_int_equal(json_parse(reader_of(state), buf_view(&text), &root, &why), ERR_SYNTAX);
	assert_non_null(strstr(why.text, "'key7' stands twice"));
}

/* Around the number of keys where the way of comparing changes, wherever the twin stands. */
static const char *twin_is_found(struct prop *prop)
{
	struct json_reader *reader = json_reader_new();
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node root;
	uint64_t n = 2 + prop_below(prop, 80);
	uint64_t copy = prop_below(prop, n);
	uint64_t original = prop_below(prop, n);

	json_array_begin(&json);
	json_object_begin(&json);
	for (uint64_t i = 0; i < n; i++) {
		CLEANUP(buf_done) struct buf key = { 0 };

		buf_u64(&key, i == copy ? original : i);
		json_key_str(&json, buf_view(&key));
		/* a child with the same keys does not count, and does not disturb */
		json_object_begin(&json);
		json_field_u64(&json, "0", i);
		json_object_end(&json);
	}
	json_object_end(&json);
	json_array_end(&json);

	bool accepted = json_parse(reader, buf_view(&text), &root, NULL) == OK;

	json_reader_free(&reader);
	return accepted == (copy == original) ? NULL : "a key that stands twice is not found";
}

static void test_twins(void **state)
{
	(void)state;
	PROP_RUN(1000, twin_is_found);
}

static void test_need(void **state)
{
	struct json_node root;
	struct json_node node;
	struct why why = { 0 };

	assert_int_equal(
		json_parse(reader_of(state), STR("{\"a\":1,\"b\":\"x\"}"), &root, NULL), OK);
	assert_int_equal(json_need(root, "a", JSON_INTEGER, &node, &why), OK);
	assert_int_equal(json_need(root, "a", JSON_REAL, &node, &why), OK);
	assert_int_equal(json_need(root, "b", JSON_INTEGER, &node, &why), ERR_SYNTAX);
	assert_string_equal(why.text, "'b' is of type string, not integer");
	assert_int_equal(json_need(root, "c", JSON_STRING, &node, &why), ERR_SYNTAX);
	assert_string_equal(why.text, "'c' is missing");
}

static void test_writer(void **state)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);

	(void)state;
	json_object_begin(&json);
	json_field_str(&json, "s", STR("q\" b\\ n\n\x01 \xc3\xbc \xff\xe2\x82 \xed\xa0\x80"));
	json_key(&json, "l");
	json_array_begin(&json);
	json_put_i64(&json, INT64_MIN);
	json_put_u64(&json, UINT64_MAX);
	json_put_double(&json, 0.1);
	json_put_null(&json);
	json_array_begin(&json);
	json_array_end(&json);
	json_object_begin(&json);
	json_object_end(&json);
	json_array_end(&json);
	json_field_bool(&json, "b", false);
	json_object_end(&json);
	json_line_end(&json);
	json_put_raw(&json, STR("[1]"));
	json_line_end(&json);
	assert_string_equal(buf_c(&text),
		"{\"s\":\"q\\\" b\\\\ n\\n\\u0001 \xc3\xbc "
		"\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
		"\"l\":[-9223372036854775808,18446744073709551615,0.1,null,[],{}],\"b\":false}\n"
		"[1]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_iteration),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_need),
		cmocka_unit_test(test_writer),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
