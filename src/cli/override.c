/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pehra override add, list, show, approve, refuse, revoke: what people allow and block. */
#include "base/clock.h"
#include "cli/change.h"
#include "cli/output.h"
#include "cli/server.h"
#include "cli/verbs.h"
#include "decision/override.h"

enum { PAGE = 1000 };

/* ---- changes ---- */

static void put_shown(struct buf *out, struct json_node result)
{
	bool is_shown = false;

	(void)!json_bool(json_get(result, "shown"), &is_shown);
	buf_fmt(out, "%s\n", is_shown ? ", and answers show it" : "; the next snapshot shows it");
}

static void put_state(struct buf *out, struct json_node result)
{
	buf_fmt(out, "override %lld: %.*s\n", (long long)change_i64(result, "id"),
		STR_FMT(change_str(result, "state")));
}

static void put_added(struct buf *out, struct json_node result)
{
	struct str second = change_str(result, "second_reason");

	buf_fmt(out, "override %lld: %.*s", (long long)change_i64(result, "id"),
		STR_FMT(change_str(result, "state")));
	if (second.n == 0)
		put_shown(out, result);
	else
		buf_fmt(out, " for a second person: %.*s\n", STR_FMT(second));
}

static void put_revoked(struct buf *out, struct json_node result)
{
	buf_fmt(out, "override %lld: revoked", (long long)change_i64(result, "id"));
	put_shown(out, result);
}

static enum err check_add(const struct cli_arguments *arguments, struct why *why)
{
	bool is_allow = cli_has(arguments, "--allow");

	if (is_allow == cli_has(arguments, "--block"))
		return fail(why, ERR_USAGE, "either --allow or --block is needed");
	if (cli_value(arguments, "--owner") == NULL)
		return fail(why, ERR_USAGE, "--owner is needed: who answers for it");
	if (cli_value(arguments, "--reason") == NULL)
		return fail(why, ERR_USAGE, "--reason is needed: why, for those who ask later");
	if ((cli_value(arguments, "--days") == NULL) == (cli_value(arguments, "--until") == NULL))
		return fail(why, ERR_USAGE, "an end is needed: either --days or --until");
	return OK;
}

/* A day ends with its last second: --until 2026-12-31 holds on that day. */
static enum err write_until(
	struct json_writer *json, const struct cli_arguments *arguments, struct why *why)
{
	enum { DATE_BYTES = sizeof "2026-12-31" - 1 };
	const char *until = cli_value(arguments, "--until");
	CLEANUP(buf_done) struct buf text = { 0 };
	int64_t time_s;

	if (until == NULL)
		return OK;
	if (!time_parse(str_c(until), &time_s))
		return fail(why, ERR_USAGE,
			"--until %s: a time such as 2026-12-31 or 2026-12-31T18:00:00Z is expected",
			until);
	if (strlen(until) == DATE_BYTES && until[4] == '-')
		time_s += DAY_S - 1;
	time_format(&text, time_s);
	json_field_str(json, "until", buf_view(&text));
	return OK;
}

int verb_override_add(const struct cli_arguments *arguments)
{
	static const struct change_option options[] = { { "--owner", "owner", CHANGE_TEXT },
		{ "--reason", "reason", CHANGE_TEXT }, { "--days", "days", CHANGE_NUMBER } };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct why why = { 0 };

	json_object_begin(&json);
	json_field_str(&json, "indicator", str_c(arguments->operands[0]));
	json_field_str(&json, "kind", cli_has(arguments, "--allow") ? STR("allow") : STR("block"));
	if (check_add(arguments, &why) != OK ||
		change_options(&json, arguments, options, ARRAY_LEN(options), &why) != OK ||
		write_until(&json, arguments, &why) != OK)
		return cli_fail(arguments, &why);
	json_object_end(&json);
	return change_send(arguments, "override.add", buf_view(&text), put_added);
}

static const struct change_option note[] = { { "--note", "note", CHANGE_TEXT } };

int verb_override_approve(const struct cli_arguments *arguments)
{
	return change_by_number(
		arguments, "override.approve", "id", note, ARRAY_LEN(note), put_state);
}

int verb_override_refuse(const struct cli_arguments *arguments)
{
	return change_by_number(
		arguments, "override.refuse", "id", note, ARRAY_LEN(note), put_state);
}

int verb_override_revoke(const struct cli_arguments *arguments)
{
	return change_by_number(arguments, "override.revoke", "id", NULL, 0, put_revoked);
}

/* ---- reading ---- */

static void write_json(struct json_writer *json, const struct override *row)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	indicator_format(&text, &row->indicator);
	json_object_begin(json);
	json_field_i64(json, "id", row->id);
	json_field_str(json, "indicator", buf_view(&text));
	json_field_str(json, "kind", row->is_allow ? STR("allow") : STR("block"));
	json_field_str(json, "state", override_state_name(row->state));
	json_field_str(json, "owner", row->owner);
	json_field_str(json, "reason", row->reason);
	json_field_str(json, "second_reason", row->second_reason);
	json_field_time(json, "made", row->made_s);
	json_field_str(json, "made_by", row->made_by);
	json_field_time(json, "starts", row->starts_s);
	json_field_time(json, "ends", row->ends_s);
	json_field_time(json, "decided", row->decided_s);
	json_field_str(json, "decided_by", row->decided_by);
	json_field_time(json, "revoked", row->revoked_s);
	json_field_str(json, "revoked_by", row->revoked_by);
	json_object_end(json);
}

static void write_text(struct buf *out, const struct override *row)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	buf_fmt(out, "%6lld  ", (long long)row->id);
	cli_pad(out, override_state_name(row->state), 9);
	cli_pad(out, row->is_allow ? STR("allow") : STR("block"), 6);
	indicator_format(&text, &row->indicator);
	cli_pad(out, buf_view(&text), 20);
	buf_fmt(out, "  until ");
	date_format(out, row->ends_s);
	buf_fmt(out, "  %.*s: %.*s\n", STR_FMT(row->owner), STR_FMT(row->reason));
}

static enum err list_one(void *state, const struct override *row, struct why *why)
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

int verb_override_list(const struct cli_arguments *arguments)
{
	CLEANUP(db_close) struct db *db = NULL;
	struct change_rows rows;
	struct why why = { 0 };
	enum err err;

	change_rows_begin(&rows, arguments);
	err = server_store_open(arguments, &db, &why);
	while (err == OK) {
		rows.n = 0;
		err = override_list(db, rows.now_s, rows.last, PAGE, list_one, &rows, &why);
		if (rows.n < PAGE)
			break;
	}
	return change_rows_print(&rows, arguments, err, &why);
}

static void put_who(struct buf *out, const char *what, int64_t time_s, struct str by)
{
	if (time_s == 0)
		return;
	buf_fmt(out, "  %-9s ", what);
	time_format(out, time_s);
	buf_fmt(out, " by %.*s\n", STR_FMT(by));
}

static void put_one(struct buf *out, const struct override *row)
{
	write_text(out, row);
	put_who(out, "made", row->made_s, row->made_by);
	if (row->second_reason.n != 0)
		buf_fmt(out, "  a second person is needed: %.*s\n", STR_FMT(row->second_reason));
	put_who(out, row->state == OVERRIDE_REFUSED ? "refused" : "approved", row->decided_s,
		row->decided_by);
	put_who(out, "revoked", row->revoked_s, row->revoked_by);
}

int verb_override_show(const struct cli_arguments *arguments)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(db_close) struct db *db = NULL;
	CLEANUP(buf_done) struct buf out = { 0 };
	struct json_writer json = json_writer_on(&out);
	struct override row;
	struct why why = { 0 };
	int64_t id;

	if (!parse_i64(str_c(arguments->operands[0]), &id)) {
		why_set(&why, ERR_USAGE, 0, "%s is no number", arguments->operands[0]);
		return cli_fail(arguments, &why);
	}
	if (server_store_open(arguments, &db, &why) != OK ||
		override_find(db, id, clock_now_s(NULL), &arena, &row, &why) != OK)
		return cli_fail(arguments, &why);
	if (!cli_has(arguments, "--json")) {
		put_one(&out, &row);
		return cli_print(arguments, &out, CLI_OK);
	}
	write_json(&json, &row);
	json_line_end(&json);
	return cli_print(arguments, &out, CLI_OK);
}
