/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/output.h"

#include "base/io.h"

#include <unistd.h>

static const char DATA_DEFAULT[] = "/var/lib/pehra";

int cli_fail(const struct cli_arguments *arguments, const struct why *why)
{
	CLEANUP(buf_done) struct buf line = { 0 };

	buf_str(&line, STR("pehra"));
	if (arguments != NULL && arguments->verb != NULL)
		buf_fmt(&line, " %s", arguments->verb->words);
	if (why->line != 0)
		buf_fmt(&line, ": line %llu", (unsigned long long)why->line);
	buf_fmt(&line, ": %s\n", why->text);
	(void)!write(STDERR_FILENO, line.data, line.n);
	return why->code == ERR_HELD ? CLI_SOME : CLI_ERROR;
}

int cli_print(const struct cli_arguments *arguments, const struct buf *text, int exit)
{
	struct why why;

	if (fd_write_all(STDOUT_FILENO, buf_view(text), &why) != OK)
		return cli_fail(arguments, &why);
	return exit;
}

const char *cli_data(const struct cli_arguments *arguments)
{
	const char *data = cli_value(arguments, "--data");

	if (data == NULL)
		data = getenv("PEHRA_DATA");
	return data == NULL ? DATA_DEFAULT : data;
}

const char *cli_token(const struct cli_arguments *arguments)
{
	const struct cli_option *options = arguments->verb->options;
	const char *token = getenv("PEHRA_TOKEN");

	for (size_t row = 0; options[row].name != NULL; row++) {
		if (strcmp(options[row].name, "--token") == 0 && arguments->values[row] != NULL)
			token = arguments->values[row];
	}
	return token != NULL && token[0] != '\0' ? token : NULL;
}

void cli_number(struct buf *out, uint64_t value)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			buf_byte(out, ',');
		buf_byte(out, digits[i]);
	}
}

void cli_pad(struct buf *out, struct str text, size_t width)
{
	buf_str(out, text);
	for (size_t i = text.n; i < width; i++)
		buf_byte(out, ' ');
}

static enum err each_line(cli_each each, void *state, struct why *why)
{
	CLEANUP(buf_done) struct buf input = { 0 };
	struct str rest;
	struct str line;
	uint64_t number = 0;

	TRY(fd_read_all(STDIN_FILENO, BUF_MAX / 2, &input, why));
	rest = buf_view(&input);
	while (str_next_line(&rest, &line)) {
		struct str what = str_trim(line);
		enum err err;

		number++;
		if (what.n == 0 || what.p[0] == '#')
			continue;
		err = each(state, what, why);
		if (err != OK) {
			why->line = number;
			return err;
		}
	}
	return OK;
}

enum err cli_for_each(
	const struct cli_arguments *arguments, cli_each each, void *state, struct why *why)
{
	for (size_t i = 0; i < arguments->operand_count; i++) {
		if (strcmp(arguments->operands[i], "-") == 0)
			TRY(each_line(each, state, why));
		else
			TRY(each(state, str_c(arguments->operands[i]), why));
	}
	return OK;
}
