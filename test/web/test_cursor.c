/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cursors come back whole, or not at all. */
#include "prop.h"

#include "web/cursor.h"

static const uint8_t key[CURSOR_KEY_BYTES] = { 1, 2, 3 };

static void test_round_trip(void **state)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct cursor cursor = { cursor_query(key, STR("sources"), STR("a"), STR("b")), 17, 9, true,
		3, 100, STR_INIT("\0k\xff") };
	struct str text = cursor_encode(key, &cursor, &arena);
	struct cursor back;

	(void)state;
	assert_int_equal(cursor_decode(key, text, cursor.query, &arena, &back, NULL), OK);
	assert_true(str_eq(back.position, cursor.position));
	assert_int_equal(back.as_of_s, 17);
	assert_int_equal(back.total, 9);
	assert_true(back.is_total_exact);
	assert_int_equal(back.result, 3);
	assert_int_equal(back.offset, 100);
}

static void test_forgery(void **state)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct cursor cursor = { .query = 5, .position = STR("key") };
	struct str text = cursor_encode(key, &cursor, &arena);
	uint8_t other_key[CURSOR_KEY_BYTES] = { 1, 2, 4 };
	struct cursor back;

	(void)state;
	for (size_t i = 0; i < text.n; i++) {
		struct str copy = arena_str(&arena, text);

		((char *)(uintptr_t)copy.p)[i] = copy.p[i] == 'A' ? 'B' : 'A';
		/* the last character's spare bits may not change a byte; then it is not base64 */
		assert_int_equal(cursor_decode(key, copy, 5, &arena, &back, NULL), ERR_SYNTAX);
		assert_int_equal(
			cursor_decode(key, str_first(text, i), 5, &arena, &back, NULL), ERR_SYNTAX);
	}
	assert_int_equal(cursor_decode(key, text, 6, &arena, &back, NULL), ERR_SYNTAX);
	assert_int_equal(cursor_decode(other_key, text, 5, &arena, &back, NULL), ERR_SYNTAX);
}

/* Parts do not run into each other. */
static void test_query(void **state)
{
	(void)state;
	assert_true(cursor_query(key, STR("a"), STR("b"), STR("")) !=
		    cursor_query(key, STR("ab"), STR(""), STR("")));
	assert_true(cursor_query(key, STR("a"), STR("b"), STR("")) !=
		    cursor_query(key, STR("a"), STR(""), STR("b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_forgery),
		cmocka_unit_test(test_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
