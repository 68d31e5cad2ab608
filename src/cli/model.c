/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pehra model list, show, refit, try, live: what was learned, and what scores with it. */
#include "base/clock.h"
#include "cli/change.h"
#include "cli/output.h"
#include "cli/server.h"
#include "cli/verbs.h"
#include "learn/model_store.h"

/* ---- changes ---- */

static void put_impact(struct buf *out, struct json_node result)
{
	if (json_type(json_get(result, "impact")) == JSON_OBJECT)
		change_impact(out, json_get(result, "impact"));
}

static void put_refit(struct buf *out, struct json_node result)
{
	struct str state = change_str(result, "state");
	long long version = (long long)change_i64(result, "version");

	buf_fmt(out, "model %lld: %.*s\n", version, STR_FMT(state));
	put_impact(out, result);
	if (str_eq(state, STR("waiting")))
		buf_fmt(out,
			"it moves more than a model may by itself; `pehra model live %lld` "
			"takes it, and `pehra pending list` has it\n",
			version);
}

static void put_live(struct buf *out, struct json_node result)
{
	buf_fmt(out, "model %lld is live\n", (long long)change_i64(result, "version"));
}

int verb_model_refit(const struct cli_arguments *arguments)
{
	static const struct change_option options[] = { { "--decay", "decay", CHANGE_FLAG } };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct why why = { 0 };

	json_object_begin(&json);
	if (change_options(&json, arguments, options, ARRAY_LEN(options), &why) != OK)
		return cli_fail(arguments, &why);
	json_object_end(&json);
	return change_send(arguments, "model.refit", buf_view(&text), put_refit);
}

int verb_model_try(const struct cli_arguments *arguments)
{
	return change_by_number(arguments, "model.try", "version", NULL, 0, change_impact);
}

int verb_model_live(const struct cli_arguments *arguments)
{
	static const struct change_option note[] = { { "--note", "note", CHANGE_TEXT } };

	return change_by_number(
		arguments, "model.live", "version", note, ARRAY_LEN(note), put_live);
}

/* ---- reading ---- */

struct listing {
	struct change_rows rows;
	bool some_live;
};

static void write_row(struct change_rows *rows, const struct model_version *row, bool live)
{
	struct json_writer *json = &rows->json;

	if (!rows->is_json) {
		buf_fmt(&rows->out, "%6lld  ", (long long)row->version);
		cli_pad(&rows->out, live ? STR("live") : STR(""), 6);
		if (row->made_s == 0)
			buf_fmt(&rows->out, "%10s", "");
		else
			date_format(&rows->out, row->made_s);
		buf_fmt(&rows->out, "  %.*s\n", STR_FMT(row->note));
		return;
	}
	json_object_begin(json);
	json_field_i64(json, "version", row->version);
	json_field_bool(json, "live", live);
	json_field_time(json, "made", row->made_s);
	json_field_time(json, "live_from", row->live_from_s);
	json_field_time(json, "live_until", row->live_until_s);
	json_field_str(json, "live_by", row->live_by);
	json_field_str(json, "note", row->note);
	json_object_end(json);
}

static enum err list_one(void *state, const struct model_version *row, struct why *why)
{
	struct listing *listing = state;
	bool live = row->live_from_s != 0 && row->live_until_s == 0;

	(void)why;
	listing->some_live |= live;
	write_row(&listing->rows, row, live);
	return OK;
}

int verb_model_list(const struct cli_arguments *arguments)
{
	CLEANUP(db_close) struct db *db = NULL;
	struct listing listing = { 0 };
	struct why why = { 0 };
	enum err err;

	change_rows_begin(&listing.rows, arguments);
	err = server_store_open(arguments, &db, &why);
	if (err == OK)
		err = model_list(db, list_one, &listing, &why);
	/* the one that the program brings is not stored; it is live until another is */
	if (err == OK)
		write_row(&listing.rows,
			&(struct model_version){ .version = 1, .note = STR_INIT("built in") },
			!listing.some_live);
	return change_rows_print(&listing.rows, arguments, err, &why);
}

static void put_role(struct buf *out, unsigned role, const struct score_role_model *model)
{
	buf_fmt(out,
		"  %-6.*s prior %+.2f, scale %.2f, shift %+.2f; decay %.0f %% in %.1f d, "
		"the rest in %.1f d\n",
		STR_FMT(role_name((enum role)role)), model->prior, model->scale, model->shift,
		model->decay.recent_share * 100, model->decay.recent_half_life_d,
		model->decay.lasting_half_life_d);
}

static void put_source(struct buf *out, const struct model_source *source)
{
	buf_fmt(out, "  ");
	cli_pad(out, source->name, 28);
	buf_fmt(out, "%s", source->is_proven ? "proven" : "new   ");
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (source->role[role].confirmed + source->role[role].refuted +
				source->role[role].unconfirmed ==
			0)
			continue;
		buf_fmt(out, "  %.*s %+.2f (%.0f confirmed, %.0f refuted, %.0f not)",
			STR_FMT(role_name((enum role)role)), (double)source->role[role].weight,
			source->role[role].confirmed, source->role[role].refuted,
			source->role[role].unconfirmed);
	}
	buf_byte(out, '\n');
}

static void put_model(struct buf *out, const struct model *model)
{
	buf_fmt(out, "model %d, made ", model->score.version);
	if (model->score.made_s == 0)
		buf_fmt(out, "with the program");
	else
		time_format(out, model->score.made_s);
	buf_fmt(out, "; weight of an unknown source %+.2f, networks: %u\n",
		model->score.default_weight, model->networks.index.n);
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		put_role(out, role, &model->score.roles[role]);
	for (size_t i = 0; i < model->source_count; i++)
		put_source(out, &model->sources[i]);
}

int verb_model_show(const struct cli_arguments *arguments)
{
	CLEANUP(db_close) struct db *db = NULL;
	CLEANUP(buf_done) struct buf out = { 0 };
	struct json_writer json = json_writer_on(&out);
	struct model model = { 0 };
	struct why why = { 0 };
	int64_t version = 0;
	enum err err;

	if (arguments->operand_count > 0 && !parse_i64(str_c(arguments->operands[0]), &version)) {
		why_set(&why, ERR_USAGE, 0, "%s is no number", arguments->operands[0]);
		return cli_fail(arguments, &why);
	}
	err = server_store_open(arguments, &db, &why);
	if (err == OK && arguments->operand_count > 0)
		err = model_load(db, version, &model, &why);
	else if (err == OK)
		err = model_live(db, 0, &model, &why);
	if (err != OK)
		return cli_fail(arguments, &why);
	if (cli_has(arguments, "--json")) {
		model_write(&json, &model);
		json_line_end(&json);
	} else {
		put_model(&out, &model);
	}
	model_done(&model);
	return cli_print(arguments, &out, CLI_OK);
}
