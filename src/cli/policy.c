/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pehra policy list, show, add, try, live: how scores become verdicts. */
#include "base/clock.h"
#include "base/io.h"
#include "base/json_copy.h"
#include "cli/change.h"
#include "cli/output.h"
#include "cli/server.h"
#include "cli/verbs.h"
#include "decision/policy_store.h"
#include "feed/yaml_tree.h"

#include <fcntl.h>
#include <unistd.h>

/* ---- a file as a JSON object ---- */

/* YAML's scalars are text: whole numbers and null become what they mean. */
static void write_scalar(struct json_writer *json, struct str text)
{
	int64_t number;

	if (parse_i64(text, &number))
		json_put_i64(json, number);
	else if (str_eq(text, STR("null")) || str_eq(text, STR("~")))
		json_put_null(json);
	else
		json_put_str(json, text);
}

/* Depth is bounded by YAML_DEPTH_MAX. */
static void write_yaml(struct json_writer *json, const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR) {
		write_scalar(json, node->text);
		return;
	}
	if (node->kind == YAML_MAP)
		json_object_begin(json);
	else
		json_array_begin(json);
	for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
		if (node->kind == YAML_MAP)
			json_key_str(json, child->key);
		write_yaml(json, child);
	}
	if (node->kind == YAML_MAP)
		json_object_end(json);
	else
		json_array_end(json);
}

/* A file that begins with a brace is JSON, any other YAML. */
static enum err write_policy(struct json_writer *json, const char *path, struct why *why)
{
	CLEANUP(fd_close)
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct yaml_node *tree;
	struct json_node root;
	struct policy policy;

	if (fd == -1)
		return fail_sys(why, "%s cannot be opened", path);
	TRY(fd_read_all(fd, POLICY_TEXT_MAX, &text, why));
	if (str_starts(str_trim(buf_view(&text)), STR("{"))) {
		TRY(json_parse(reader, buf_view(&text), &root, why));
	} else {
		CLEANUP(buf_done) struct buf made = { 0 };
		struct json_writer maker = json_writer_on(&made);

		TRY(yaml_tree_parse(buf_view(&text), &arena, &tree, why));
		write_yaml(&maker, tree);
		TRY(json_parse(reader, buf_view(&made), &root, why));
	}
	/* a mistake is told here, with the file at hand; keeper looks again */
	TRY(policy_read(root, &policy, why));
	return json_copy(json, root, why);
}

/* ---- changes ---- */

static void put_kept(struct buf *out, struct json_node result)
{
	long long id = (long long)change_i64(result, "id");

	buf_fmt(out,
		"policy %lld is kept; `pehra policy try %lld` tells what it would change, "
		"`pehra policy live %lld` makes it live\n",
		id, id, id);
}

static void put_live(struct buf *out, struct json_node result)
{
	buf_fmt(out, "policy %lld is live\n", (long long)change_i64(result, "id"));
}

static const struct change_option note[] = { { "--note", "note", CHANGE_TEXT } };

/* name and policy of a file, as members of an object that is open */
static enum err write_file(
	struct json_writer *json, const struct cli_arguments *arguments, struct why *why)
{
	const char *name = cli_value(arguments, "--name");

	json_field_str(json, "name", name == NULL ? STR(POLICY_DEFAULT_NAME) : str_c(name));
	json_key(json, "policy");
	return write_policy(json, arguments->operands[0], why);
}

int verb_policy_add(const struct cli_arguments *arguments)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct why why = { 0 };

	json_object_begin(&json);
	if (write_file(&json, arguments, &why) != OK ||
		change_options(&json, arguments, note, ARRAY_LEN(note), &why) != OK)
		return cli_fail(arguments, &why);
	json_object_end(&json);
	return change_send(arguments, "policy.add", buf_view(&text), put_kept);
}

/* A number names a version that is kept; else it is a file. */
int verb_policy_try(const struct cli_arguments *arguments)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct why why = { 0 };
	int64_t id;

	if (parse_i64(str_c(arguments->operands[0]), &id))
		return change_by_number(arguments, "policy.try", "id", NULL, 0, change_impact);
	json_object_begin(&json);
	if (write_file(&json, arguments, &why) != OK)
		return cli_fail(arguments, &why);
	json_object_end(&json);
	return change_send(arguments, "policy.try", buf_view(&text), change_impact);
}

int verb_policy_live(const struct cli_arguments *arguments)
{
	return change_by_number(arguments, "policy.live", "id", note, ARRAY_LEN(note), put_live);
}

/* ---- reading ---- */

static bool is_live(const struct policy_version *row)
{
	return row->live_from_s != 0 && row->live_until_s == 0;
}

static void write_json(struct json_writer *json, const struct policy_version *row)
{
	json_object_begin(json);
	json_field_i64(json, "id", row->id);
	json_field_str(json, "name", row->name);
	json_field_bool(json, "live", is_live(row));
	json_field_str(json, "note", row->note);
	json_field_time(json, "made", row->made_s);
	json_field_str(json, "made_by", row->made_by);
	json_field_time(json, "live_from", row->live_from_s);
	json_field_time(json, "live_until", row->live_until_s);
	json_field_str(json, "live_by", row->live_by);
	json_key(json, "policy");
	json_put_raw(json, row->text);
	json_object_end(json);
}

static void write_text(struct buf *out, const struct policy_version *row)
{
	buf_fmt(out, "%6lld  ", (long long)row->id);
	cli_pad(out, row->name, 16);
	cli_pad(out,
		is_live(row)            ? STR("live")
		: row->live_from_s != 0 ? STR("was")
					: STR("new"),
		6);
	date_format(out, row->made_s);
	buf_fmt(out, "  %.*s: %.*s\n", STR_FMT(row->made_by), STR_FMT(row->note));
}

static enum err list_one(void *state, const struct policy_version *row, struct why *why)
{
	struct change_rows *rows = state;

	(void)why;
	if (rows->is_json)
		write_json(&rows->json, row);
	else
		write_text(&rows->out, row);
	return OK;
}

int verb_policy_list(const struct cli_arguments *arguments)
{
	CLEANUP(db_close) struct db *db = NULL;
	struct str name = str_c(arguments->operand_count > 0 ? arguments->operands[0] : "");
	struct change_rows rows;
	struct why why = { 0 };
	enum err err;

	change_rows_begin(&rows, arguments);
	err = server_store_open(arguments, &db, &why);
	if (err == OK)
		err = policy_list(db, name, list_one, &rows, &why);
	return change_rows_print(&rows, arguments, err, &why);
}

/* Every number of it, whether the file gave it or not. */
static void put_whole(struct buf *out, const struct policy *policy)
{
	struct json_writer json = json_writer_on(out);

	policy_write(&json, policy);
	json_line_end(&json);
}

static enum err show(const struct cli_arguments *arguments, struct buf *out, struct why *why)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(db_close) struct db *db = NULL;
	struct json_writer json = json_writer_on(out);
	struct str what =
		str_c(arguments->operand_count > 0 ? arguments->operands[0] : POLICY_DEFAULT_NAME);
	struct policy_version version;
	struct policy policy;
	struct json_node root;
	int64_t id;

	TRY(server_store_open(arguments, &db, why));
	if (!parse_i64(what, &id))
		TRY(policy_live(db, what, 0, &policy, &id, why));
	if (id == 0) {
		policy_default(&policy);
		put_whole(out, &policy);
		return OK;
	}
	TRY(policy_find(db, id, &arena, &version, why));
	TRY(json_parse(reader, version.text, &root, why));
	TRY(policy_read(root, &policy, why));
	if (cli_has(arguments, "--json")) {
		write_json(&json, &version);
		json_line_end(&json);
		return OK;
	}
	write_text(out, &version);
	put_whole(out, &policy);
	return OK;
}

int verb_policy_show(const struct cli_arguments *arguments)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	struct why why = { 0 };

	if (show(arguments, &out, &why) != OK)
		return cli_fail(arguments, &why);
	return cli_print(arguments, &out, CLI_OK);
}
