/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/change.h"

#include "base/clock.h"
#include "base/json_copy.h"
#include "cli/output.h"

#include <unistd.h>

static enum err write_words(struct json_writer *json, struct str words, struct why *why)
{
	json_array_begin(json);
	for (struct str rest = words; rest.p != NULL;) {
		struct str word = str_trim(str_split(&rest, ','));

		if (word.n == 0 && words.n != 0)
			return fail(why, ERR_USAGE, "a word is missing between commas");
		if (word.n != 0)
			json_put_str(json, word);
	}
	json_array_end(json);
	return OK;
}

static enum err write_value(struct json_writer *json, const struct change_option *option,
	const char *value, struct why *why)
{
	int64_t number;
	double real;

	json_key(json, option->member);
	switch (option->kind) {
	case CHANGE_NUMBER:
		if (!parse_i64(str_c(value), &number))
			return fail(
				why, ERR_USAGE, "%s %s is no whole number", option->option, value);
		json_put_i64(json, number);
		return OK;
	case CHANGE_REAL:
		if (!parse_double(str_c(value), &real))
			return fail(why, ERR_USAGE, "%s %s is no number", option->option, value);
		json_put_double(json, real);
		return OK;
	case CHANGE_WORDS:
		return write_words(json, str_c(value), why);
	case CHANGE_FLAG:
		json_put_bool(json, true);
		return OK;
	case CHANGE_TEXT:
	default:
		json_put_str(json, str_c(value));
		return OK;
	}
}

enum err change_options(struct json_writer *json, const struct cli_arguments *arguments,
	const struct change_option *options, size_t n, struct why *why)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = cli_value(arguments, options[i].option);

		if (value != NULL)
			TRY(write_value(json, &options[i], value, why));
	}
	return OK;
}

enum err change_number(struct json_writer *json, const struct cli_arguments *arguments,
	const char *member, struct why *why)
{
	int64_t number;

	if (!parse_i64(str_c(arguments->operands[0]), &number) || number < 0)
		return fail(why, ERR_USAGE, "%s is no number", arguments->operands[0]);
	json_field_i64(json, member, number);
	return OK;
}

/* "..." on a terminal, a dot for each word of keeper's: long ones are not taken for hanging. */
static void show_progress(void *state, struct json_node progress)
{
	bool *is_shown = state;
	CLEANUP(buf_done) struct buf line = { 0 };

	if (isatty(STDERR_FILENO) != 1)
		return;
	*is_shown = true;
	buf_fmt(&line, "\r%.*s: %lld\033[K", STR_FMT(change_str(progress, "stage")),
		(long long)change_i64(progress, "done"));
	(void)!write(STDERR_FILENO, line.data, line.n);
}

int change_send(const struct cli_arguments *arguments, const char *command, struct str json,
	change_text text)
{
	CLEANUP(session_close) struct session session = { .channel = CHANNEL_CLOSED };
	CLEANUP(buf_done) struct buf out = { 0 };
	struct json_writer writer = json_writer_on(&out);
	bool is_shown = false;
	struct json_node result = { 0 };
	struct why why = { 0 };
	enum err err = session_open(&session, arguments, 0, &why);

	if (err == OK)
		err = session_command(
			&session, command, json, -1, show_progress, &is_shown, &result, &why);
	if (is_shown)
		(void)!write(STDERR_FILENO, "\r\033[K", 4);
	if (err == OK && cli_has(arguments, "--json"))
		err = json_copy(&writer, result, &why);
	if (err != OK)
		return cli_fail(arguments, &why);
	if (cli_has(arguments, "--json"))
		json_line_end(&writer);
	else
		text(&out, result);
	return cli_print(arguments, &out, CLI_OK);
}

int change_by_number(const struct cli_arguments *arguments, const char *command, const char *member,
	const struct change_option *options, size_t n, change_text text)
{
	CLEANUP(buf_done) struct buf json_text = { 0 };
	struct json_writer json = json_writer_on(&json_text);
	struct why why = { 0 };

	json_object_begin(&json);
	if (change_number(&json, arguments, member, &why) != OK ||
		change_options(&json, arguments, options, n, &why) != OK)
		return cli_fail(arguments, &why);
	json_object_end(&json);
	return change_send(arguments, command, buf_view(&json_text), text);
}

struct str change_str(struct json_node node, const char *key)
{
	struct str value;

	return json_str(json_get(node, key), &value) ? value : STR("");
}

int64_t change_i64(struct json_node node, const char *key)
{
	int64_t value;

	return json_i64(json_get(node, key), &value) ? value : 0;
}

/* ---- what would change ---- */

static void put_actions(struct buf *out, const char *name, struct json_node counts)
{
	buf_fmt(out, "  %s: block ", name);
	cli_number(out, (uint64_t)change_i64(counts, "block"));
	buf_fmt(out, ", challenge ");
	cli_number(out, (uint64_t)change_i64(counts, "challenge"));
	buf_fmt(out, ", watch ");
	cli_number(out, (uint64_t)change_i64(counts, "watch"));
	buf_byte(out, '\n');
}

static void put_examples(struct buf *out, struct json_node examples)
{
	struct json_iterator it = json_each(examples);
	const char *before = ": ";
	struct json_node value;
	struct str text;

	while (json_next(&it, &value)) {
		if (!json_str(value, &text))
			text = change_str(value, "indicator");
		buf_fmt(out, "%s%.*s", before, STR_FMT(text));
		before = ", ";
	}
	buf_byte(out, '\n');
}

void change_impact(struct buf *out, struct json_node impact)
{
	static const struct {
		const char *words;
		const char *count;
		const char *examples;
	} rows[] = {
		{ "newly blocked", "listed", "listed_examples" },
		{ "no longer blocked", "unlisted", "unlisted_examples" },
		{ "kept from being blocked by guards", "guards", "guard_examples" },
	};

	put_actions(out, "now ", json_get(impact, "now"));
	put_actions(out, "then", json_get(impact, "then"));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_fmt(out, "  %s: ", rows[i].words);
		cli_number(out, (uint64_t)change_i64(impact, rows[i].count));
		put_examples(out, json_get(impact, rows[i].examples));
	}
}

/* ---- lists ---- */

void change_rows_begin(struct change_rows *rows, const struct cli_arguments *arguments)
{
	*rows = (struct change_rows){ .is_json = cli_has(arguments, "--json"),
		.now_s = clock_now_s(NULL) };
	rows->json = json_writer_on(&rows->out);
	if (rows->is_json)
		json_array_begin(&rows->json);
}

int change_rows_print(struct change_rows *rows, const struct cli_arguments *arguments, enum err err,
	const struct why *why)
{
	int exit;

	if (err == OK && rows->is_json) {
		json_array_end(&rows->json);
		json_line_end(&rows->json);
	}
	exit = err == OK ? cli_print(arguments, &rows->out, CLI_OK) : cli_fail(arguments, why);
	buf_done(&rows->out);
	return exit;
}
