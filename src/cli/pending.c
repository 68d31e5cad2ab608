/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pehra pending list, show, approve, dismiss: what waits for a person. */
#include "base/clock.h"
#include "cli/change.h"
#include "cli/output.h"
#include "cli/server.h"
#include "cli/verbs.h"
#include "decision/pending.h"

enum { PAGE = 1000 };

static const struct change_option options[] = { { "--note", "note", CHANGE_TEXT },
	{ "--owner", "owner", CHANGE_TEXT }, { "--days", "days", CHANGE_NUMBER } };

static void put_approved(struct buf *out, struct json_node result)
{
	buf_fmt(out, "%lld: approved\n", (long long)change_i64(result, "id"));
}

static void put_dismissed(struct buf *out, struct json_node result)
{
	buf_fmt(out, "%lld: dismissed\n", (long long)change_i64(result, "id"));
}

int verb_pending_approve(const struct cli_arguments *arguments)
{
	return change_by_number(
		arguments, "pending.approve", "id", options, ARRAY_LEN(options), put_approved);
}

int verb_pending_dismiss(const struct cli_arguments *arguments)
{
	return change_by_number(arguments, "pending.dismiss", "id", options, 1, put_dismissed);
}

static void write_json(struct json_writer *json, const struct pending *row)
{
	json_object_begin(json);
	json_field_i64(json, "id", row->id);
	json_field_str(json, "kind", pending_kind_name(row->kind));
	json_field_str(json, "subject", row->subject);
	json_field_str(json, "summary", row->summary);
	json_field_time(json, "raised", row->raised_s);
	json_field_time(json, "refreshed", row->refreshed_s);
	json_field_time(json, "closed", row->closed_s);
	json_field_str(json, "closed_by", row->closed_by);
	json_field_str(json, "outcome", row->outcome);
	json_field_str(json, "note", row->note);
	json_key(json, "detail");
	if (row->detail.n == 0)
		json_put_null(json);
	else
		json_put_raw(json, row->detail);
	json_object_end(json);
}

static void write_text(struct buf *out, const struct pending *row)
{
	buf_fmt(out, "%6lld  ", (long long)row->id);
	cli_pad(out, pending_kind_name(row->kind), 10);
	time_format(out, row->raised_s);
	buf_fmt(out, "  %.*s: %.*s", STR_FMT(row->subject), STR_FMT(row->summary));
	if (row->closed_s != 0)
		buf_fmt(out, " (%.*s by %.*s)", STR_FMT(row->outcome), STR_FMT(row->closed_by));
	buf_byte(out, '\n');
}

static enum err list_one(void *state, const struct pending *row, struct why *why)
{
	struct change_rows *rows = state;

	(void)why;
	rows->last = row->id;
	rows->n++;
	if (rows->is_json)
		write_json(&rows->json, row);
	else
		write_text(&rows->out, row);
	return OK;
}

int verb_pending_list(const struct cli_arguments *arguments)
{
	CLEANUP(db_close) struct db *db = NULL;
	const char *word = cli_value(arguments, "--kind");
	bool only_open = !cli_has(arguments, "--all");
	enum pending_kind kind = (enum pending_kind)0;
	struct change_rows rows;
	struct why why = { 0 };
	enum err err;

	change_rows_begin(&rows, arguments);
	err = server_store_open(arguments, &db, &why);
	if (err == OK && word != NULL && !pending_kind_parse(str_c(word), &kind))
		err = fail(&why, ERR_USAGE, "--kind %s: feed, override, model or guard", word);
	while (err == OK) {
		rows.n = 0;
		err = pending_list(db, only_open, kind, rows.last, PAGE, list_one, &rows, &why);
		if (rows.n < PAGE)
			break;
	}
	return change_rows_print(&rows, arguments, err, &why);
}

int verb_pending_show(const struct cli_arguments *arguments)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(db_close) struct db *db = NULL;
	CLEANUP(buf_done) struct buf out = { 0 };
	struct json_writer json = json_writer_on(&out);
	struct pending row;
	struct why why = { 0 };
	int64_t id;

	if (!parse_i64(str_c(arguments->operands[0]), &id)) {
		why_set(&why, ERR_USAGE, 0, "%s is no number", arguments->operands[0]);
		return cli_fail(arguments, &why);
	}
	if (server_store_open(arguments, &db, &why) != OK ||
		pending_find(db, id, &arena, &row, &why) != OK)
		return cli_fail(arguments, &why);
	if (cli_has(arguments, "--json")) {
		write_json(&json, &row);
		json_line_end(&json);
	} else {
		write_text(&out, &row);
		if (row.note.n != 0)
			buf_fmt(&out, "  %.*s\n", STR_FMT(row.note));
		buf_fmt(&out, "  %.*s\n", STR_FMT(row.detail));
	}
	return cli_print(arguments, &out, CLI_OK);
}
