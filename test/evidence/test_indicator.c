/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys: round trips, order, and what hostile bytes may not pass as. */
#include "evidence/make_claim.h"

static const char *key_round_trip(struct prop *prop)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf key = { 0 };
	CLEANUP(buf_done) struct buf again = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf text_again = { 0 };
	struct indicator indicator = make_indicator(prop, &arena);
	struct indicator back;
	struct why why = { 0 };

	indicator_key(&key, &indicator);
	if (indicator_from_key(buf_view(&key), &arena, &back, &why) != OK)
		return "own key is refused";
	indicator_key(&again, &back);
	if (!str_eq(buf_view(&key), buf_view(&again)))
		return "key of the key's indicator differs";
	if (back.kind != indicator.kind || back.below != indicator.below)
		return "kind or below is lost";
	if (back.match != indicator.match || back.subjects != indicator.subjects)
		return "what a pattern matches is lost";
	indicator_format(&text, &indicator);
	indicator_format(&text_again, &back);
	return str_eq(buf_view(&text), buf_view(&text_again)) ? NULL : "text differs";
}

static void test_round_trip(void **state)
{
	(void)state;
	PROP_RUN(20000, key_round_trip);
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

/* Order of names from the definition: labels from the top down, then exact before below. */
static int names_compare(struct indicator a, struct indicator b)
{
	while (a.text.n > 0 && b.text.n > 0) {
		size_t dot_a = str_find_last(a.text, '.');
		size_t dot_b = str_find_last(b.text, '.');
		struct str label_a = dot_a == a.text.n ? a.text : str_from_index(a.text, dot_a + 1);
		struct str label_b = dot_b == b.text.n ? b.text : str_from_index(b.text, dot_b + 1);
		int order = str_cmp(label_a, label_b);

		if (order != 0)
			return order;
		a.text = dot_a == a.text.n ? STR("") : str_first(a.text, dot_a);
		b.text = dot_b == b.text.n ? STR("") : str_first(b.text, dot_b);
	}
	if (a.text.n != b.text.n)
		return a.text.n == 0 ? -1 : 1;
	return (int)a.below - (int)b.below;
}

static int indicators_compare(const struct indicator *a, const struct indicator *b)
{
	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	if (a->kind == INDICATOR_NAME)
		return names_compare(*a, *b);
	if (a->kind == INDICATOR_PATTERN && a->match != b->match)
		return (int)a->match - (int)b->match;
	if (a->kind == INDICATOR_PATTERN && a->subjects != b->subjects)
		return (int)a->subjects - (int)b->subjects;
	if (a->kind != INDICATOR_IP)
		return str_cmp(a->text, b->text);
	if (prefix_is_v4(&a->prefix) != prefix_is_v4(&b->prefix))
		return prefix_is_v4(&a->prefix) ? -1 : 1;
	return prefix_cmp(&a->prefix, &b->prefix);
}

static const char *key_order(struct prop *prop)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf a = { 0 };
	CLEANUP(buf_done) struct buf b = { 0 };
	struct indicator first = make_indicator(prop, &arena);
	struct indicator second = make_indicator(prop, &arena);

	indicator_key(&a, &first);
	indicator_key(&b, &second);

	/* a name is compared by what its key says: above, exact, then everything beneath */
	int expected = sign(indicators_compare(&first, &second));

	if (sign(str_cmp(buf_view(&a), buf_view(&b))) != expected)
		return "order of keys is not the order of indicators";
	return NULL;
}

static void test_order(void **state)
{
	(void)state;
	PROP_RUN(50000, key_order);
}

static void formatted(const char *expected, struct indicator indicator)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	indicator_format(&text, &indicator);
	assert_string_equal(buf_c(&text), expected);
}

static void test_format(void **state)
{
	struct prefix prefix;

	(void)state;
	assert_int_equal(prefix_parse(STR("192.0.2.0/24"), NULL, &prefix, NULL), OK);
	formatted("192.0.2.0/24", (struct indicator){ .kind = INDICATOR_IP, .prefix = prefix });
	formatted("example.org",
		(struct indicator){ .kind = INDICATOR_NAME, .text = STR("example.org") });
	formatted("*.example.org",
		(struct indicator){
			.kind = INDICATOR_NAME, .below = true, .text = STR("example.org") });
	formatted("http://example.org/a",
		(struct indicator){ .kind = INDICATOR_URL, .text = STR("http://example.org/a") });
	formatted("00ff", (struct indicator){ .kind = INDICATOR_HASH, .text = STR("\0\377") });
	assert_true(str_eq(indicator_kind_name(INDICATOR_HASH), STR("hash")));
	assert_true(str_eq(indicator_kind_name(INDICATOR_PATTERN), STR("pattern")));
	assert_true(str_eq(indicator_kind_name((enum indicator_kind)77), STR("unknown")));
}

static struct indicator pattern_of(enum pattern_match match, int subjects, const char *text)
{
	return (struct indicator){ .kind = INDICATOR_PATTERN,
		.match = (uint8_t)match,
		.subjects = (uint8_t)subjects,
		.text = str_c(text) };
}

static void test_patterns(void **state)
{
	static const struct str typed[] = { STR_INIT("string:a"), STR_INIT("hostname:example.org"),
		STR_INIT("substring:a"), STR_INIT("regex:/a/"), STR_INIT("regex:/a/i") };
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf key = { 0 };
	struct indicator out;

	(void)state;
	formatted("string:a", pattern_of(PATTERN_STRING, PATTERN_OF_HASHES, "a"));
	formatted("hostname:example.org",
		pattern_of(PATTERN_HOSTNAME, PATTERN_OF_NAMES, "example.org"));
	formatted("substring:a", pattern_of(PATTERN_SUBSTRING, PATTERN_OF_URLS, "a"));
	formatted("regex:/^A$/", pattern_of(PATTERN_REGEX, PATTERN_OF_URLS, "^A$"));
	out = pattern_of(PATTERN_REGEX, PATTERN_OF_URLS | PATTERN_CASELESS, "a");
	formatted("regex:/a/i", out);
	indicator_key(&key, &out);
	assert_true(str_eq(buf_view(&key), STR("\006\004\024a")));
	/* people type no patterns */
	for (size_t i = 0; i < ARRAY_LEN(typed); i++)
		assert_int_equal(indicator_parse(typed[i], &arena, &out, NULL), ERR_SYNTAX);
}

static void test_known_keys(void **state)
{
	CLEANUP(buf_done) struct buf key = { 0 };
	struct indicator name = { .kind = INDICATOR_NAME, .below = true, .text = STR("a.bc") };
	struct indicator network = { .kind = INDICATOR_IP };

	(void)state;
	indicator_key(&key, &name);
	assert_true(str_eq(buf_view(&key), STR("\003bc\0a\0\001")));
	buf_clear(&key);
	assert_int_equal(prefix_parse(STR("192.0.2.0/24"), NULL, &network.prefix, NULL), OK);
	indicator_key(&key, &network);
	assert_true(str_eq(buf_view(&key), STR("\001\300\000\002\000\030")));
}

static void test_refused(void **state)
{
	static const struct str bad[] = {
		STR_INIT(""), STR_INIT("\000"), STR_INIT("\006abc"), STR_INIT("\001"),
		STR_INIT("\001\300\000\002\000\041"),                       /* width 33 */
		STR_INIT("\001\300\000\002\001\030"),                       /* host bits */
		STR_INIT("\001\300\000\002\000\030\000"),                   /* too long */
		STR_INIT("\002\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1\200"), /* IPv4 as IPv6 */
		STR_INIT("\003"), STR_INIT("\003\000"), STR_INIT("\003\001"), STR_INIT("\003com"),
		STR_INIT("\003com\000"), STR_INIT("\003com\000\002"),
		STR_INIT("\003com\000\000\000"), STR_INIT("\003Com\000\000"),
		STR_INIT("\003a.b\000\000"), STR_INIT("\003a b\000\000"), STR_INIT("\004"),
		STR_INIT("\004http://a/\n"), STR_INIT("\005short"), STR_INIT("\006"),
		STR_INIT("\006\001\002"),      /* no text */
		STR_INIT("\006\000\002a"),     /* no match */
		STR_INIT("\006\005\002a"),     /* an unknown one */
		STR_INIT("\006\001\000a"),     /* speaks of nothing */
		STR_INIT("\006\001\003a"),     /* of something unknown */
		STR_INIT("\006\004\020a"),     /* caseless alone */
		STR_INIT("\006\001\022a"),     /* caseless without being a regular expression */
		STR_INIT("\006\001\002A"),     /* upper case */
		STR_INIT("\006\004\002\377"),  /* no UTF-8 */
		STR_INIT("\006\004\002a\xda"), /* cut off in a character */
	};
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct indicator out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct why why = { 0 };

		if (indicator_from_key(bad[i], &arena, &out, &why) != ERR_CORRUPT)
			fail_msg("bad key %zu is taken", i);
		assert_true(why.text[0] != '\0');
	}
}

/* The longest pattern is a key, one byte more is none. */
static void test_longest_pattern(void **state)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf key = { 0 };
	struct indicator out;

	(void)state;
	buf_str(&key, STR("\006\003\002"));
	for (size_t i = 0; i < PATTERN_TEXT_MAX; i++)
		buf_byte(&key, 'a');
	assert_int_equal(indicator_from_key(buf_view(&key), &arena, &out, NULL), OK);
	buf_byte(&key, 'a');
	assert_int_equal(indicator_from_key(buf_view(&key), &arena, &out, NULL), ERR_CORRUPT);
}

/* Whatever bytes are taken as a key are the key of what they mean. */
static const char *accepted_is_canonical(struct prop *prop)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf key = { 0 };
	CLEANUP(buf_done) struct buf again = { 0 };
	struct indicator indicator = make_indicator(prop, &arena);

	indicator_key(&key, &indicator);
	for (uint64_t changes = prop_below(prop, 3); changes > 0; changes--)
		key.data[prop_below(prop, key.n)] = (char)prop_u64(prop);
	key.n -= prop_below(prop, 4) == 0;
	if (indicator_from_key(buf_view(&key), &arena, &indicator, NULL) != OK)
		return NULL;
	indicator_key(&again, &indicator);
	return str_eq(buf_view(&key), buf_view(&again)) ? NULL : "two keys for one indicator";
}

static void test_hostile(void **state)
{
	(void)state;
	PROP_RUN(50000, accepted_is_canonical);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_known_keys),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_longest_pattern),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
