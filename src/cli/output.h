/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every verb prints: results on standard output, errors as one line on standard error.
 */
#pragma once

#include "base/json_write.h"
#include "cli/arguments.h"

/*
 * Prints "pehra VERB: why" (with the line where there is one) and returns CLI_ERROR; CLI_SOME when
 * it is held until a person decides.
 */
int cli_fail(const struct cli_arguments *arguments, const struct why *why);

/* Writes all of it to standard output; CLI_ERROR and a message when that fails, else exit. */
int cli_print(const struct cli_arguments *arguments, const struct buf *text, int exit);

/* --data, else $PEHRA_DATA, else the packaged place. */
const char *cli_data(const struct cli_arguments *arguments);

/* --token of a verb that has it, else $PEHRA_TOKEN; NULL: neither. */
const char *cli_token(const struct cli_arguments *arguments);

/* "1,234,567": for people, never for --json. */
void cli_number(struct buf *out, uint64_t value);

/* For tables of people: text and spaces up to width; text that is longer stays whole. */
void cli_pad(struct buf *out, struct str text, size_t width);

/*
 * Calls each for every operand, or for every line of standard input when the operand is "-"; empty
 * lines and lines that start with '#' are passed over. Stops at the first that is not OK.
 */
typedef enum err (*cli_each)(void *state, struct str what, struct why *why);
NODISCARD enum err cli_for_each(
	const struct cli_arguments *arguments, cli_each each, void *state, struct why *why);
