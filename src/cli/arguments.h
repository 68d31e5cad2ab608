/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line: verbs and their options come from one table, so that help, checks and the man
 * page's test read the same rows.
 */
#pragma once

#include "base/buf.h"

/* What a verb's exit tells; the same for every verb (pehra(1), EXIT STATUS). */
enum cli_exit {
	CLI_OK = 0, /* done; check: nothing listed */
	/* check: something listed; import: nothing accepted, or held; verify: does not hold */
	CLI_SOME = 1,
	CLI_ERROR = 2 /* the words were off, or it could not be done */
};

enum { CLI_OPTIONS_MAX = 20, CLI_OPERANDS_MAX = 65536 };

struct cli_option {
	const char *name;  /* "--data" */
	const char *value; /* what the value is called in help; NULL: the option takes none */
	const char *doc;
};

struct cli_verb;

/* A parsed command line. Texts belong to argv. */
struct cli_arguments {
	const struct cli_verb *verb;
	const char *values[CLI_OPTIONS_MAX]; /* by the option's row; "" for one without value */
	char **operands;
	size_t operand_count;
};

struct cli_verb {
	const char *words;    /* "feed import" */
	const char *operands; /* "FILE...|-", "" when there are none */
	const char *summary;  /* one line */
	size_t operands_min;
	size_t operands_max;
	const struct cli_option *options; /* ends with a row whose name is NULL */
	int (*run)(const struct cli_arguments *arguments);
};

/*
 * Finds the verb (the longest that matches) and reads options anywhere after it; "--" ends them,
 * "--name=value" is "--name value". argv[0] is the program.
 */
NODISCARD enum err cli_parse(const struct cli_verb *verbs, size_t verb_count, int argc, char **argv,
	struct cli_arguments *out, struct why *why);

/* The value of an option of the verb, NULL when it was not given. The name must be in its table. */
const char *cli_value(const struct cli_arguments *arguments, const char *name);
bool cli_has(const struct cli_arguments *arguments, const char *name);

void cli_usage(struct buf *out, const struct cli_verb *verb);
