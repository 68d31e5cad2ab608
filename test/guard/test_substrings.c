/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Substrings against looking for each of them, and regular expressions with their bounds. */
#include "guard/regexes.h"
#include "guard/substrings.h"

#include "prop.h"

#include <pthread.h>
#include <stdlib.h>

enum { TEXTS_MAX = 40, HITS_MAX = 4000 };

struct hits {
	uint32_t counts[TEXTS_MAX];
	uint32_t n;
};

static void note_hit(void *state, uint32_t number)
{
	struct hits *hits = state;

	hits->counts[number]++;
	hits->n++;
}

static int by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Few letters, so that texts overlap and nest. */
static struct str some_text(struct prop *prop, char *out, size_t max)
{
	size_t n = 1 + prop_below(prop, max);

	for (size_t i = 0; i < n; i++)
		out[i] = (char)(prop_below(prop, 30) == 0 ? 200 : 'a' + prop_below(prop, 3));
	return str_from(out, n);
}

static const char *one_set(struct prop *prop)
{
	static char bytes[TEXTS_MAX][8];
	char subject[64];
	struct str texts[TEXTS_MAX] = { 0 };
	struct hits hits = { 0 };
	size_t n = 0;
	size_t made = prop_below(prop, TEXTS_MAX);
	struct str in = some_text(prop, subject, sizeof subject);

	for (size_t i = 0; i < made; i++)
		texts[i] = some_text(prop, bytes[i], sizeof bytes[i]);
	qsort(texts, made, sizeof *texts, by_bytes);
	for (size_t i = 0; i < made; i++) {
		if (n == 0 || !str_eq(texts[n - 1], texts[i]))
			texts[n++] = texts[i];
	}

	CLEANUP(substrings_free) struct substrings *set = substrings_new(texts, n);

	substrings_find(set, in, note_hit, &hits);
	for (size_t i = 0; i < n; i++) {
		uint32_t expected = 0;

		for (size_t at = 0; at + texts[i].n <= in.n; at++)
			expected += memcmp(in.p + at, texts[i].p, texts[i].n) == 0;
		if (hits.counts[i] != expected)
			return "not as often as looking for it finds it";
	}
	return NULL;
}

static void finds_what_looking_for_each_finds(void **state)
{
	(void)state;
	PROP_RUN(20000, one_set);
}

static void longer_ones_come_first(void **state)
{
	static const struct str texts[] = { STR_INIT("c"), STR_INIT("bc"), STR_INIT("abc") };
	struct str sorted[] = { texts[2], texts[1], texts[0] };
	struct hits hits = { 0 };

	(void)state;
	CLEANUP(substrings_free) struct substrings *set = substrings_new(sorted, 3);

	substrings_find(set, STR("xxabcx"), note_hit, &hits);
	assert_int_equal(hits.n, 3);
	substrings_find(set, STR(""), note_hit, &hits);
	assert_int_equal(hits.n, 3);
}

static size_t matches(const char *pattern, bool is_caseless, struct str text)
{
	CLEANUP(regexes_free) struct regexes *regexes = regexes_new();
	struct hits hits = { 0 };
	struct why why;

	assert_int_equal(regexes_add(regexes, str_c(pattern), is_caseless, 1, &why), OK);
	regexes_find(regexes, 2, text, note_hit, &hits);
	assert_int_equal(hits.n, 0); /* of another kind */
	regexes_find(regexes, 1, text, note_hit, &hits);
	return hits.n;
}

static void expressions_match_as_perls_do(void **state)
{
	(void)state;
	assert_int_equal(
		matches("^mail\\d+\\.example\\.org$", false, STR("mail17.example.org")), 1);
	assert_int_equal(matches("^mail\\d+\\.example\\.org$", false, STR("mail.example.org")), 0);
	assert_int_equal(matches("EXAMPLE", false, STR("www.example.org")), 0);
	assert_int_equal(matches("EXAMPLE", true, STR("www.example.org")), 1);
	assert_int_equal(matches("^(a|b)\\1$", false, STR("bb")), 1);
	assert_int_equal(matches("^(?=.*x)a", false, STR("a\0x")), 1); /* a NUL is a byte */
	/* bytes, not characters: no Unicode mode that invalid bytes could break */
	assert_int_equal(matches("^.$", false, STR("\xff")), 1);
}

static void faults_say_where(void **state)
{
	CLEANUP(regexes_free) struct regexes *regexes = regexes_new();
	static const char *const wrong[] = { "(", "a{2,1}", "[z-a]", "(*UTF)a", "\\C",
		"(?<n>a)(?<n>b)" };
	struct why why;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_int_equal(regexes_add(regexes, str_c(wrong[i]), false, 1, &why), ERR_SYNTAX);
		assert_non_null(strstr(why.text, "at byte"));
	}
	assert_int_equal(regexes_count(regexes), 0);
}

static void bounds_end_a_match(void **state)
{
	CLEANUP(regexes_free) struct regexes *regexes = regexes_new();
	struct hits hits = { 0 };
	struct why why;
	char text[2049];

	(void)state;
	memset(text, 'a', sizeof text);
	assert_int_equal(regexes_add(regexes, STR("^(a+)+$"), false, 1, &why), OK);
	text[sizeof text - 1] = 'b';
	regexes_find(regexes, 1, str_from(text, sizeof text), note_hit, &hits);
	assert_int_equal(hits.n, 0);
	assert_int_equal(regexes_limits(regexes), 1);

	/* deep, but within the bounds: memory comes from the heap */
	assert_int_equal(regexes_add(regexes, STR("^(a|b)*c?$"), false, 1, &why), OK);
	regexes_find(regexes, 1, str_from(text, sizeof text), note_hit, &hits);
	assert_int_equal(hits.counts[1], 1);
	assert_int_equal(regexes_limits(regexes), 2);
}

enum { THREADS = 3, ROUNDS = 500 };

static void *match_often(void *state)
{
	const struct regexes *regexes = state;
	struct hits hits = { 0 };
	char text[200];

	memset(text, 'a', sizeof text);
	for (size_t i = 0; i < ROUNDS; i++)
		regexes_find(regexes, 1, str_from(text, sizeof text), note_hit, &hits);
	return hits.counts[0] == ROUNDS && hits.counts[1] == 0 ? NULL : state;
}

static void readers_do_not_meet(void **state)
{
	CLEANUP(regexes_free) struct regexes *regexes = regexes_new();
	pthread_t threads[THREADS];
	struct why why;

	(void)state;
	assert_int_equal(regexes_add(regexes, STR("^(a|b)*$"), false, 1, &why), OK);
	assert_int_equal(regexes_add(regexes, STR("^(a|b)*c$"), false, 1, &why), OK);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, match_often, regexes), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *wrong;

		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	assert_int_equal(regexes_limits(regexes), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_looking_for_each_finds),
		cmocka_unit_test(longer_ones_come_first),
		cmocka_unit_test(expressions_match_as_perls_do),
		cmocka_unit_test(faults_say_where),
		cmocka_unit_test(bounds_end_a_match),
		cmocka_unit_test(readers_do_not_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
