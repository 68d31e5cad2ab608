/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "cli/arguments.h"

static int run_nothing(const struct cli_arguments *arguments)
{
	return arguments->operand_count == 0 ? CLI_OK : CLI_SOME;
}

static const struct cli_option options[] = {
	{ "--data", "DIR", "data directory" },
	{ "--json", NULL, "JSON" },
	{ 0 },
};
static const struct cli_verb verbs[] = {
	{ "feed", "", "feeds", 0, 0, options, run_nothing },
	{ "feed import", "FILE...|-", "imports", 1, 3, options, run_nothing },
};

enum { WORDS_MAX = 16, LINE_MAX_BYTES = 128 };

/* A command line as words; they point into line, which outlives the result. */
struct line {
	char text[LINE_MAX_BYTES];
	char *argv[WORDS_MAX + 1];
};

static enum err parse(
	struct line *line, const char *text, struct cli_arguments *out, struct why *why)
{
	int argc = 0;

	must(str_to_c(str_c(text), line->text, sizeof line->text));
	for (char *p = line->text; *p != '\0'; p++) {
		if (p == line->text || p[-1] == '\0')
			line->argv[argc++] = p;
		if (*p == ' ')
			*p = '\0';
	}
	line->argv[argc] = NULL;
	return cli_parse(verbs, ARRAY_LEN(verbs), argc, line->argv, out, why);
}

static void test_forms(void **state)
{
	struct line line;
	struct cli_arguments out;
	struct why why;

	(void)state;
	assert_int_equal(parse(&line, "pehra feed import a --data x b --json", &out, &why), OK);
	assert_string_equal(out.verb->words, "feed import");
	assert_int_equal(out.operand_count, 2);
	assert_string_equal(out.operands[1], "b");
	assert_string_equal(cli_value(&out, "--data"), "x");
	assert_true(cli_has(&out, "--json"));
	assert_int_equal(parse(&line, "pehra feed import --data=y -- --json -", &out, &why), OK);
	assert_string_equal(cli_value(&out, "--data"), "y");
	assert_false(cli_has(&out, "--json"));
	assert_int_equal(out.operand_count, 2);
	assert_int_equal(parse(&line, "pehra feed", &out, &why), OK);
	assert_string_equal(out.verb->words, "feed");
}

static void test_errors(void **state)
{
	struct line line;
	struct cli_arguments out;
	struct why why;

	(void)state;
	assert_int_equal(parse(&line, "pehra fed", &out, &why), ERR_USAGE);
	assert_int_equal(parse(&line, "pehra feed import", &out, &why), ERR_USAGE);
	assert_int_equal(parse(&line, "pehra feed import 1 2 3 4", &out, &why), ERR_USAGE);
	assert_int_equal(parse(&line, "pehra feed --data", &out, &why), ERR_USAGE);
	assert_int_equal(parse(&line, "pehra feed --json=1", &out, &why), ERR_USAGE);
	assert_int_equal(parse(&line, "pehra feed --nothing", &out, &why), ERR_USAGE);
	assert_non_null(strstr(why.text, "--nothing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
