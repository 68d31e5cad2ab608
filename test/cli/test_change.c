/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options of a verb as the arguments of a command, and what a command would change in words. */
#include "prop.h"
#include "base/arena.h"
#include "cli/change.h"

static const struct cli_option rows[] = { { "--owner", "WHO", "" }, { "--days", "N", "" },
	{ "--weight", "W", "" }, { "--traits", "T", "" }, { "--decay", NULL, "" }, { 0 } };
static const struct cli_verb verb = { "some verb", "ID", "", 1, 1, rows, NULL };
static const struct change_option options[] = {
	{ "--owner", "owner", CHANGE_TEXT },
	{ "--days", "days", CHANGE_NUMBER },
	{ "--weight", "weight", CHANGE_REAL },
	{ "--traits", "traits", CHANGE_WORDS },
	{ "--decay", "decay", CHANGE_FLAG },
};

/* Words of a command line, one behind the other; NULL when they are refused. */
static const char *written(struct buf *out, const char *words)
{
	enum { WORDS_MAX = 16 };
	CLEANUP(arena_done) struct arena arena = { 0 };
	char *argv[WORDS_MAX] = { NULL };
	struct cli_arguments arguments;
	struct json_writer json = json_writer_on(out);
	struct str rest = str_c(words);
	struct str word;
	struct why why;
	int argc = 0;

	buf_clear(out);
	while (str_next_word(&rest, &word)) {
		argv[argc] = arena_alloc(&arena, word.n + 1);
		memcpy(argv[argc++], word.p, word.n);
	}
	assert_int_equal(cli_parse(&verb, 1, argc, argv, &arguments, &why), OK);
	json_object_begin(&json);
	if (change_number(&json, &arguments, "id", &why) != OK ||
		change_options(&json, &arguments, options, ARRAY_LEN(options), &why) != OK)
		return NULL;
	json_object_end(&json);
	return buf_c(out);
}

static void options_become_members(void **state)
{
	static const struct {
		const char *words;
		const char *json;
	} cases[] = {
		{ "pehra some verb 7", "{\"id\":7}" },
		{ "pehra some verb --owner \"soc\" 7", "{\"id\":7,\"owner\":\"\\\"soc\\\"\"}" },
		{ "pehra some verb 7 --days 3 --decay", "{\"id\":7,\"days\":3,\"decay\":true}" },
		{ "pehra some verb 7 --weight -0.5", "{\"id\":7,\"weight\":-0.5}" },
		{ "pehra some verb 7 --traits cloud,shared",
			"{\"id\":7,\"traits\":[\"cloud\",\"shared\"]}" },
		{ "pehra some verb 7 --traits=", "{\"id\":7,\"traits\":[]}" },
		{ "pehra some verb x", NULL },
		{ "pehra some verb -- -7", NULL },
		{ "pehra some verb 7 --days 3.5", NULL },
		{ "pehra some verb 7 --weight heavy", NULL },
		{ "pehra some verb 7 --traits cloud,,shared", NULL },
	};
	CLEANUP(buf_done) struct buf text = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got = written(&text, cases[i].words);

		if (cases[i].json == NULL)
			assert_null(got);
		else
			assert_string_equal(got, cases[i].json);
	}
}

static void an_impact_in_words(void **state)
{
	static const char json[] =
		"{\"now\":{\"block\":1200,\"challenge\":5,\"watch\":9},"
		"\"then\":{\"block\":1100,\"challenge\":105,\"watch\":9},"
		"\"listed\":0,\"unlisted\":100,\"guards\":1,\"listed_examples\":[],"
		"\"unlisted_examples\":[\"192.0.2.1\",\"192.0.2.2\"],"
		"\"guard_examples\":[{\"indicator\":\"198.51.100.53\",\"list\":\"dns\","
		"\"score\":80}]}";
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(buf_done) struct buf out = { 0 };
	struct json_node root;

	(void)state;
	assert_int_equal(json_parse(reader, str_c(json), &root, NULL), OK);
	change_impact(&out, root);
	assert_string_equal(buf_c(&out), "  now : block 1,200, challenge 5, watch 9\n"
					 "  then: block 1,100, challenge 105, watch 9\n"
					 "  newly blocked: 0\n"
					 "  no longer blocked: 100: 192.0.2.1, 192.0.2.2\n"
					 "  kept from being blocked by guards: 1: 198.51.100.53\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_become_members),
		cmocka_unit_test(an_impact_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
