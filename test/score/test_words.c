/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of explanations: every key has every language, and every text its parameters. */
#include "prop.h"
#include "score/standing.h"
#include "score/words.h"

#include "base/utf8.h"
#include "pehra.h"

/* How often {name} stands in the text. */
static size_t uses(struct str text, struct str name)
{
	CLEANUP(buf_done) struct buf placed = { 0 };
	size_t n = 0;

	buf_fmt(&placed, "{%.*s}", STR_FMT(name));
	for (size_t at; (at = str_find_str(text, buf_view(&placed))) < text.n; n++)
		text = str_from_index(text, at + placed.n);
	return n;
}

static size_t count_byte(struct str text, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == c;
	return n;
}

static bool is_utf8(struct str text)
{
	size_t bad;
	size_t n;

	for (size_t i = 0; i < text.n; i += n) {
		n = utf8_length(text, i, &bad);
		if (n == 0)
			return false;
	}
	return true;
}

static void every_key_has_every_language(void **state)
{
	const struct word_row *rows;
	size_t n = words_table(&rows);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(words_find(rows[i].key), &rows[i]);
		for (unsigned lang = 0; lang < LANG_COUNT; lang++) {
			struct str rest = rows[i].params;
			struct str text = rows[i].text[lang];
			struct str name;
			size_t placed = 0;

			assert_true(text.n > 0);
			assert_true(is_utf8(text));
			while (str_next_word(&rest, &name)) {
				assert_int_equal(uses(text, name), 1);
				placed++;
			}
			/* and no others */
			assert_int_equal(count_byte(text, '{'), placed);
			assert_int_equal(count_byte(text, '}'), placed);
		}
	}
}

/* Arabic script is U+0600..U+06FF: lead bytes 0xd8..0xdb. */
static void urdu_is_urdu(void **state)
{
	const struct word_row *rows;
	size_t n = words_table(&rows);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct str text = rows[i].text[LANG_URDU];
		size_t arabic = 0;

		for (size_t k = 0; k < text.n; k++) {
			unsigned byte = (uint8_t)text.p[k];

			arabic += byte >= 0xd8 && byte <= 0xdb;
			/* Arabic kaf and yeh have forms of their own in Urdu: U+06A9, U+06CC */
			if (k + 1 < text.n && byte == 0xd9)
				assert_true((uint8_t)text.p[k + 1] != 0x83 &&
					    (uint8_t)text.p[k + 1] != 0x8a);
		}
		assert_true(arabic >= 3);
		/* both languages are sentences, or neither */
		assert_int_equal(str_ends(text, lang_full_stop(LANG_URDU)),
			str_ends(rows[i].text[LANG_ENGLISH], lang_full_stop(LANG_ENGLISH)));
	}
}

static void numbers_have_keys(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SCORE_PART_KINDS; i++)
		assert_non_null(words_find(words_part((enum score_part_kind)i)));
	for (unsigned i = 0; i < DOUBT_BITS; i++) {
		assert_non_null(words_find(words_doubt((enum score_doubt)(1U << i))));
		for (unsigned k = 0; k < i; k++)
			assert_false(str_eq(words_doubt((enum score_doubt)(1U << i)),
				words_doubt((enum score_doubt)(1U << k))));
	}
	for (unsigned i = PEHRA_NONE; i <= PEHRA_ALLOW; i++)
		assert_non_null(words_find(words_action(i)));
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		assert_non_null(words_find(words_role(i)));
	for (unsigned i = 0; i < CATEGORY_COUNT; i++) {
		struct str key = words_category(i);

		assert_non_null(words_find(key));
		assert_int_equal(category_info(i) == NULL, str_eq(key, STR("word.unknown")));
	}
}

static void params_are_put_in(void **state)
{
	const struct word_param params[] = {
		{ "count", STR_INIT("4") },
		{ "prefix", STR_INIT("192.0.2.0/24") },
	};
	CLEANUP(buf_done) struct buf text = { 0 };

	(void)state;
	words_render(&text, LANG_ENGLISH, STR("part.near"), params, ARRAY_LEN(params));
	assert_string_equal(buf_c(&text), "Active neighbours in 192.0.2.0/24: 4");
	buf_clear(&text);
	words_render(&text, LANG_URDU, STR("part.near"), params, ARRAY_LEN(params));
	/* the prefix is isolated, the number need not be */
	assert_string_equal(buf_c(&text), "\xe2\x81\xa6"
					  "192.0.2.0/24"
					  "\xe2\x81\xa9 میں سرگرم پڑوسی پتے: 4");
}

/* Whatever a source or a person is called, it comes out as it is: nothing in it is a template. */
static const char *values_are_no_templates(struct prop *prop)
{
	static const char alphabet[] = "ab{}{source}%s\\\"";
	CLEANUP(buf_done) struct buf value = { 0 };
	CLEANUP(buf_done) struct buf got = { 0 };
	CLEANUP(buf_done) struct buf expected = { 0 };

	for (uint64_t i = prop_below(prop, 20); i > 0; i--)
		buf_byte(&value, alphabet[prop_below(prop, sizeof alphabet - 1)]);

	const struct word_param params[] = { { "source", buf_view(&value) },
		{ "category", buf_view(&value) } };

	words_render(&got, LANG_ENGLISH, STR("part.source"), params, ARRAY_LEN(params));
	buf_fmt(&expected, "%.*s says: %.*s", STR_FMT(buf_view(&value)), STR_FMT(buf_view(&value)));
	return str_eq(buf_view(&got), buf_view(&expected)) ? NULL : "a value was taken for text";
}

static void any_value(void **state)
{
	(void)state;
	PROP_RUN(1000, values_are_no_templates);
}

static void languages_have_names(void **state)
{
	enum lang lang;

	(void)state;
	for (unsigned i = 0; i < LANG_COUNT; i++) {
		assert_true(lang_parse(lang_name((enum lang)i), &lang));
		assert_int_equal(lang, i);
	}
	assert_false(lang_parse(STR("xx"), &lang));
}

static void sources_have_words(void **state)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	uint8_t value;

	(void)state;
	for (unsigned i = 0; i < STANDING_COUNT; i++) {
		assert_true(source_standing_parse(source_standing_name(i), &value));
		assert_int_equal(value, i);
	}
	assert_false(source_standing_parse(STR("nobody"), &value));
	for (unsigned i = 0; i < 1U << SOURCE_TRAIT_BITS; i++) {
		buf_clear(&text);
		source_traits_format(&text, (uint8_t)i);
		assert_true(source_traits_parse(buf_view(&text), &value));
		assert_int_equal(value, i);
	}
	assert_true(source_traits_parse(STR("shared, cloud"), &value));
	assert_int_equal(value, TRAIT_SHARED | TRAIT_CLOUD);
	assert_false(source_traits_parse(STR("shared,"), &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_has_every_language),
		cmocka_unit_test(urdu_is_urdu),
		cmocka_unit_test(numbers_have_keys),
		cmocka_unit_test(params_are_put_in),
		cmocka_unit_test(any_value),
		cmocka_unit_test(languages_have_names),
		cmocka_unit_test(sources_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
