/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include <unistd.h>

#include "feed/input.h"
#include "pack.h"

static const char list[] = "192.0.2.1\r\n192.0.2.2\n\n192.0.2.3";

static void (*const packers[])(struct buf *, struct str) = { pack_gzip, pack_zstd, pack_xz };

static void four_lines(struct feed_input *input)
{
	static const char *const expected[] = { "192.0.2.1", "192.0.2.2", "", "192.0.2.3" };
	struct input_line line;
	bool more;

	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_int_equal(input_next_line(input, &line, &more, NULL), OK);
		assert_true(more);
		assert_false(line.is_too_long);
		assert_true(str_eq(line.text, str_c(expected[i])));
	}
	assert_int_equal(input_next_line(input, &line, &more, NULL), OK);
	assert_false(more);
}

static void each_compression(void **state)
{
	static const struct {
		const char *name;
		void (*put)(struct buf *out, struct str plain);
	} rows[] = {
		{ "none", buf_str },
		{ "gzip", pack_gzip },
		{ "zstd", pack_zstd },
		{ "xz", pack_xz },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(buf_done) struct buf packed = { 0 };
		CLEANUP(input_close) struct feed_input *input = NULL;
		struct str peeked;

		rows[i].put(&packed, STR(list));
		assert_int_equal(
			input_open_memory(buf_view(&packed), STR("x"), NULL, &input, NULL), OK);
		assert_true(str_eq(input_compression(input), str_c(rows[i].name)));
		assert_int_equal(input_peek(input, &peeked, NULL), OK);
		assert_true(str_eq(peeked, STR(list)));
		four_lines(input);
		assert_int_equal(input_plain_bytes(input), sizeof list - 1);
		assert_int_equal(input_bytes_read(input), packed.n);
	}
}

/* Gzip members, zstd frames and xz streams may follow each other; zero bytes may pad gzip. */
static void concatenated(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packers); i++) {
		CLEANUP(buf_done) struct buf packed = { 0 };
		CLEANUP(input_close) struct feed_input *input = NULL;

		packers[i](&packed, str_first(STR(list), 9));
		packers[i](&packed, str_from_index(STR(list), 9));
		if (packers[i] == pack_gzip)
			buf_put(&packed, "\0\0\0", 3);
		assert_int_equal(
			input_open_memory(buf_view(&packed), STR("x"), NULL, &input, NULL), OK);
		four_lines(input);
	}
}

static enum err read_whole(struct str bytes, const struct input_limits *limits, size_t *n)
{
	CLEANUP(input_close) struct feed_input *input = NULL;
	CLEANUP(buf_done) struct buf all = { 0 };
	struct why why = { 0 };
	bool more = true;
	enum err code = input_open_memory(bytes, STR("x"), limits, &input, &why);

	while (code == OK && more) {
		code = input_read_all(input, UINT64_MAX, &all, &why);
		*n = all.n;
		if (code == OK)
			code = input_next_member(input, &more, &why);
	}
	assert_true(code == OK || why.text[0] != '\0');
	return code;
}

/* Cut anywhere behind its magic number, a compressed list is refused; it never hangs. */
static void cut_off(void **state)
{
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packers); i++) {
		CLEANUP(buf_done) struct buf packed = { 0 };

		packers[i](&packed, STR(list));
		for (size_t end = 6; end < packed.n; end++)
			assert_int_equal(read_whole(str_first(buf_view(&packed), end), NULL, &n),
				ERR_SYNTAX);
		buf_str(&packed, STR("trailing"));
		assert_int_equal(read_whole(buf_view(&packed), NULL, &n), ERR_SYNTAX);
	}
}

static void zip_members_in_turn(void **state)
{
	static const struct pack_member members[] = {
		{ "first.txt", STR_INIT(list), true },
		{ "folder/", STR_INIT(""), false },
		{ "__MACOSX/first.txt", STR_INIT("junk"), false },
		{ "folder/second.txt",
			STR_INIT("\xef\xbb\xbf"
				 "example.org\n"),
			false },
	};
	CLEANUP(buf_done) struct buf packed = { 0 };
	CLEANUP(input_close) struct feed_input *input = NULL;
	struct input_line line;
	bool more;

	(void)state;
	pack_zip(&packed, members, ARRAY_LEN(members));
	assert_int_equal(input_open_memory(buf_view(&packed), STR("x"), NULL, &input, NULL), OK);
	assert_true(str_eq(input_compression(input), STR("zip")));
	assert_true(input_is_archive(input));
	assert_true(str_eq(input_name(input), STR("first.txt")));
	four_lines(input);
	assert_int_equal(input_next_member(input, &more, NULL), OK);
	assert_true(more);
	assert_true(str_eq(input_name(input), STR("folder/second.txt")));
	assert_int_equal(input_next_line(input, &line, &more, NULL), OK);
	assert_true(str_eq(line.text, STR("example.org")));
	assert_int_equal(input_next_member(input, &more, NULL), OK);
	assert_false(more);
}

/* Every bit of an archive changed in turn: it reads or is refused, and mostly refused. */
static void zip_damaged(void **state)
{
	static const struct pack_member members[] = {
		{ "a", STR_INIT(list), true },
		{ "b", STR_INIT("x\n"), false },
	};
	CLEANUP(buf_done) struct buf packed = { 0 };
	size_t refused = 0;
	size_t n = 0;

	(void)state;
	pack_zip(&packed, members, ARRAY_LEN(members));
	for (size_t i = 0; i < packed.n * 8; i++) {
		packed.data[i / 8] ^= (char)(1 << (i % 8));
		refused += read_whole(buf_view(&packed), NULL, &n) != OK;
		packed.data[i / 8] ^= (char)(1 << (i % 8));
	}
	assert_in_range(refused, packed.n, packed.n * 8);
}

static void caps(void **state)
{
	enum { ZEROS = 64 << 20 };
	CLEANUP(buf_done) struct buf zeros = { 0 };
	CLEANUP(buf_done) struct buf packed = { 0 };
	struct input_limits limits = { 1 << 30, 1 << 20, INPUT_RATIO_MAX, INPUT_LINE_MAX };
	size_t n = 0;

	(void)state;
	memset(buf_reserve(&zeros, ZEROS), '0', ZEROS);
	zeros.n = ZEROS;
	pack_zstd(&packed, buf_view(&zeros));

	/* too much plain text */
	assert_int_equal(read_whole(buf_view(&packed), &limits, &n), ERR_LIMIT);
	/* within that cap, but a bomb by its ratio, stopped near the grace */
	limits.plain_max = UINT64_C(1) << 40;
	assert_int_equal(read_whole(buf_view(&packed), &limits, &n), ERR_LIMIT);
	assert_in_range(n, INPUT_RATIO_GRACE_BYTES / 2, INPUT_RATIO_GRACE_BYTES * 2);
	/* the same bytes are fine where nothing is packed */
	assert_int_equal(read_whole(buf_view(&zeros), NULL, &n), OK);
	limits.compressed_max = 100;
	assert_int_equal(read_whole(buf_view(&packed), &limits, &n), ERR_LIMIT);
}

static void long_lines_cost_themselves(void **state)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(input_close) struct feed_input *input = NULL;
	static const bool too_long[] = { true, false, true, false };
	struct input_line line;
	bool more;

	(void)state;
	for (size_t i = 0; i < 3 << 20; i++)
		buf_byte(&text, 'a');
	buf_str(&text, STR("\n192.0.2.1\n"));
	for (size_t i = 0; i <= INPUT_LINE_MAX; i++)
		buf_byte(&text, 'b');
	buf_str(&text, STR("\r\nlast"));
	assert_int_equal(input_open_memory(buf_view(&text), STR("x"), NULL, &input, NULL), OK);
	for (size_t i = 0; i < ARRAY_LEN(too_long); i++) {
		assert_int_equal(input_next_line(input, &line, &more, NULL), OK);
		assert_true(more);
		assert_int_equal(line.is_too_long, too_long[i]);
		if (i == 1)
			assert_true(str_eq(line.text, STR("192.0.2.1")));
	}
	assert_true(str_eq(line.text, STR("last")));
}

static void what_is_not_text(void **state)
{
	static const struct {
		struct str bytes;
		const char *says;
	} rows[] = {
		{ STR_INIT("\xff\xfe"
			   "a\0"),
			"UTF-16" },
		{ STR_INIT("\xfe\xff\0a"), "UTF-16" },
		{ STR_INIT("BZh91AY&SY"), "bzip2" },
		{ STR_INIT("7z\xbc\xaf\x27\x1c"), "7z" },
		{ STR_INIT("%PDF-1.7"), "PDF" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct feed_input *input = NULL;
		struct why why = { 0 };

		assert_int_equal(input_open_memory(rows[i].bytes, STR("x"), NULL, &input, &why),
			ERR_UNSUPPORTED);
		assert_non_null(strstr(why.text, rows[i].says));
		assert_null(input);
	}
}

/* From a pipe lines come out as they went in. */
static const char *lines_through_a_pipe(struct prop *prop)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf seen = { 0 };
	CLEANUP(input_close) struct feed_input *input = NULL;
	struct input_line line;
	bool more = true;
	int ends[2];

	buf_byte(&text, 'a');
	for (uint64_t n = prop_below(prop, 3000); n > 0; n--)
		buf_byte(&text, prop_below(prop, 6) == 0 ? '\n' : 'a');
	must(pipe(ends) == 0);
	must(write(ends[1], text.data, text.n) == (ssize_t)text.n);
	must(close(ends[1]) == 0);
	if (input_open_fd(ends[0], STR("pipe"), NULL, &input, NULL) != OK)
		return "the pipe cannot be opened";
	while (input_next_line(input, &line, &more, NULL) == OK && more) {
		buf_str(&seen, line.text);
		buf_byte(&seen, '\n');
	}
	must(close(ends[0]) == 0);
	if (text.data[text.n - 1] != '\n')
		buf_byte(&text, '\n');
	return str_eq(buf_view(&text), buf_view(&seen)) ? NULL : "lines differ";
}

static void from_a_pipe(void **state)
{
	(void)state;
	PROP_RUN(200, lines_through_a_pipe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_compression),
		cmocka_unit_test(concatenated),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(zip_members_in_turn),
		cmocka_unit_test(zip_damaged),
		cmocka_unit_test(caps),
		cmocka_unit_test(long_lines_cost_themselves),
		cmocka_unit_test(what_is_not_text),
		cmocka_unit_test(from_a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
