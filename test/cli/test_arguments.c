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

static enum err parse(char **argv, struct cli_arguments *out, struct why *why)
{
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	return cli_parse(verbs, ARRAY_LEN(verbs), argc, argv, out, why);
}

#define PARSE(out, why, ...) parse((char *[]){ "pehra", __VA_ARGS__, NULL }, (out), (why))

static void test_forms(void **state)
{
	struct cli_arguments out;
	struct why why;

	(void)state;
	assert_int_equal(
		PARSE(&out, &why, "feed", "import", "a", "--data", "x", "b", "--json"), OK);
	assert_string_equal(out.verb->words, "feed import");
	assert_int_equal(out.operand_count, 2);
	assert_string_equal(out.operands[1], "b");
	assert_string_equal(cli_value(&out, "--data"), "x");
	assert_true(cli_has(&out, "--json"));
	assert_int_equal(PARSE(&out, &why, "feed", "import", "--data=y", "--", "--json", "-"), OK);
	assert_string_equal(cli_value(&out, "--data"), "y");
	assert_false(cli_has(&out, "--json"));
	assert_int_equal(out.operand_count, 2);
	assert_int_equal(PARSE(&out, &why, "feed"), OK);
	assert_string_equal(out.verb->words, "feed");
}

static void test_errors(void **state)
{
	struct cli_arguments out;
	struct why why;

	(void)state;
	assert_int_equal(PARSE(&out, &why, "fed"), ERR_USAGE);
	assert_int_equal(PARSE(&out, &why, "feed", "import"), ERR_USAGE);
	assert_int_equal(PARSE(&out, &why, "feed", "import", "1", "2", "3", "4"), ERR_USAGE);
	assert_int_equal(PARSE(&out, &why, "feed", "--data"), ERR_USAGE);
	assert_int_equal(PARSE(&out, &why, "feed", "--json=1"), ERR_USAGE);
	assert_int_equal(PARSE(&out, &why, "feed", "--nothing"), ERR_USAGE);
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
