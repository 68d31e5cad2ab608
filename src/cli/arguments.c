/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/arguments.h"

/* How many words of argv (behind the program's name) spell the verb; 0: another one. */
static size_t words_matched(const struct cli_verb *verb, int argc, char **argv)
{
	struct str rest = str_c(verb->words);
	size_t n = 0;

	while (rest.p != NULL) {
		struct str word = str_split(&rest, ' ');

		if ((int)n + 1 >= argc || !str_eq(word, str_c(argv[n + 1])))
			return 0;
		n++;
	}
	return n;
}

static enum err find_verb(const struct cli_verb *verbs, size_t verb_count, int argc, char **argv,
	struct cli_arguments *out, size_t *words, struct why *why)
{
	*words = 0;
	for (size_t i = 0; i < verb_count; i++) {
		size_t n = words_matched(&verbs[i], argc, argv);

		if (n > *words) {
			*words = n;
			out->verb = &verbs[i];
		}
	}
	if (*words != 0)
		return OK;
	if (argc < 2)
		return fail(why, ERR_USAGE, "a verb is missing; `pehra help` lists them");
	return fail(why, ERR_USAGE, "no verb '%s%s%s'; `pehra help` lists them", argv[1],
		argc > 2 && argv[2][0] != '-' ? " " : "",
		argc > 2 && argv[2][0] != '-' ? argv[2] : "");
}

/* Reads one option; *taken says how many words of argv it was. */
static enum err read_option(
	char **argv, int i, struct cli_arguments *out, int *taken, struct why *why)
{
	struct str word = str_c(argv[i]);
	size_t equals = str_find(word, '=');
	const struct cli_option *options = out->verb->options;

	for (size_t row = 0; options[row].name != NULL; row++) {
		if (!str_eq(str_first(word, equals), str_c(options[row].name)))
			continue;
		must(row < CLI_OPTIONS_MAX);
		*taken = 1;
		if (options[row].value == NULL) {
			if (equals != word.n)
				return fail(why, ERR_USAGE, "%s takes no value", options[row].name);
			out->values[row] = "";
			return OK;
		}
		if (equals != word.n) {
			out->values[row] = argv[i] + equals + 1;
			return OK;
		}
		if (argv[i + 1] == NULL)
			return fail(why, ERR_USAGE, "%s needs %s", options[row].name,
				options[row].value);
		out->values[row] = argv[i + 1];
		*taken = 2;
		return OK;
	}
	return fail(why, ERR_USAGE, "'pehra %s' has no option %.*s", out->verb->words,
		STR_FMT(str_first(word, equals)));
}

enum err cli_parse(const struct cli_verb *verbs, size_t verb_count, int argc, char **argv,
	struct cli_arguments *out, struct why *why)
{
	size_t words;
	bool options_end = false;

	*out = (struct cli_arguments){ 0 };
	TRY(find_verb(verbs, verb_count, argc, argv, out, &words, why));
	/* operands are gathered at the front of what is left, so they need no memory of their own
	 */
	out->operands = argv + words + 1;
	for (int i = (int)words + 1; i < argc;) {
		int taken = 1;
		bool is_option = !options_end && argv[i][0] == '-' && argv[i][1] != '\0';

		if (is_option && strcmp(argv[i], "--") == 0)
			options_end = true;
		else if (is_option)
			TRY(read_option(argv, i, out, &taken, why));
		else
			out->operands[out->operand_count++] = argv[i];
		i += taken;
	}
	if (out->operand_count < out->verb->operands_min ||
		out->operand_count > out->verb->operands_max)
		return fail(why, ERR_USAGE,
			"%s: pehra %s [OPTIONS] %s; `pehra help %s` has the options",
			out->operand_count < out->verb->operands_min ? "something is missing"
								     : "too many words",
			out->verb->words, out->verb->operands, out->verb->words);
	return OK;
}

const char *cli_value(const struct cli_arguments *arguments, const char *name)
{
	const struct cli_option *options = arguments->verb->options;

	for (size_t row = 0;; row++) {
		must(options[row].name != NULL);
		if (strcmp(options[row].name, name) == 0)
			return arguments->values[row];
	}
}

bool cli_has(const struct cli_arguments *arguments, const char *name)
{
	return cli_value(arguments, name) != NULL;
}

void cli_usage(struct buf *out, const struct cli_verb *verb)
{
	buf_fmt(out, "usage: pehra %s", verb->words);
	for (const struct cli_option *option = verb->options; option->name != NULL; option++)
		buf_fmt(out, " [%s%s%s]", option->name, option->value == NULL ? "" : " ",
			option->value == NULL ? "" : option->value);
	if (verb->operands[0] != '\0')
		buf_fmt(out, " %s", verb->operands);
	buf_fmt(out, "\n%s\n", verb->summary);
	for (const struct cli_option *option = verb->options; option->name != NULL; option++)
		buf_fmt(out, "  %-12s %-8s %s\n", option->name,
			option->value == NULL ? "" : option->value, option->doc);
}
