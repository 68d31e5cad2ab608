/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pehra source list, set: how far who claims is trusted, as declared and as learned. */
#include "cli/change.h"
#include "cli/output.h"
#include "cli/server.h"
#include "cli/verbs.h"
#include "evidence/query.h"
#include "guard/rules.h"
#include "learn/model_store.h"
#include "score/standing.h"

#include <math.h>

static void put_set(struct buf *out, struct json_node result)
{
	buf_fmt(out, "source %.*s: declared\n", STR_FMT(change_str(result, "name")));
}

static enum err check_words(const struct cli_arguments *arguments, struct why *why)
{
	const char *standing = cli_value(arguments, "--standing");
	const char *traits = cli_value(arguments, "--traits");
	uint8_t ignored;

	if (standing != NULL && !source_standing_parse(str_c(standing), &ignored))
		return fail(why, ERR_USAGE, "--standing %s: new, vouched or sensor", standing);
	if (traits != NULL && !source_traits_parse(str_c(traits), &ignored))
		return fail(why, ERR_USAGE, "--traits %s: of spoofable, critical, cloud, shared",
			traits);
	return OK;
}

int verb_source_set(const struct cli_arguments *arguments)
{
	static const struct change_option options[] = {
		{ "--standing", "standing", CHANGE_TEXT },
		{ "--weight", "weight", CHANGE_REAL },
		{ "--family", "family", CHANGE_TEXT },
		{ "--traits", "traits", CHANGE_WORDS },
	};
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct why why = { 0 };

	json_object_begin(&json);
	json_field_str(&json, "name", str_c(arguments->operands[0]));
	if (check_words(arguments, &why) != OK ||
		change_options(&json, arguments, options, ARRAY_LEN(options), &why) != OK)
		return cli_fail(arguments, &why);
	json_object_end(&json);
	return change_send(arguments, "source.set", buf_view(&text), put_set);
}

/* ---- the list ---- */

struct listing {
	struct change_rows rows;
	struct model model;
};

static void write_learned(struct json_writer *json, const struct model_source *learned)
{
	json_key(json, "learned");
	if (learned == NULL) {
		json_put_null(json);
		return;
	}
	json_object_begin(json);
	json_field_bool(json, "proven", learned->is_proven);
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		json_key_str(json, role_name((enum role)role));
		json_object_begin(json);
		json_field_double(json, "weight", (double)learned->role[role].weight);
		json_field_double(json, "confirmed", learned->role[role].confirmed);
		json_field_double(json, "refuted", learned->role[role].refuted);
		json_field_double(json, "unconfirmed", learned->role[role].unconfirmed);
		json_object_end(json);
	}
	json_object_end(json);
}

static void write_json(struct json_writer *json, const struct source_status *row,
	const struct model_source *learned)
{
	const struct source_properties *properties = &row->properties;
	CLEANUP(buf_done) struct buf traits = { 0 };

	source_traits_format(&traits, properties->traits);
	json_object_begin(json);
	json_field_str(json, "name", row->name);
	json_field_str(
		json, "purpose", source_purpose_name((enum source_purpose)properties->purpose));
	if (properties->purpose == PURPOSE_GUARD)
		json_field_str(
			json, "guard", guard_policy_name((enum guard_policy)properties->rule));
	json_field_str(json, "standing", source_standing_name(properties->standing));
	json_field_str(json, "traits", buf_view(&traits));
	json_field_str(json, "family", row->family);
	json_key(json, "weight");
	if (isnan(properties->weight))
		json_put_null(json);
	else
		json_put_double(json, properties->weight);
	json_field_time(json, "last_success", row->last_success_s);
	write_learned(json, learned);
	json_object_end(json);
}

static void write_text(
	struct buf *out, const struct source_status *row, const struct model_source *learned)
{
	const struct source_properties *properties = &row->properties;

	cli_pad(out, row->name, 32);
	buf_byte(out, ' ');
	if (properties->purpose == PURPOSE_GUARD)
		buf_fmt(out, "guard %-6.*s  ",
			STR_FMT(guard_policy_name((enum guard_policy)properties->rule)));
	else if (properties->purpose == PURPOSE_ROUTES)
		buf_fmt(out, "routes        ");
	else
		buf_fmt(out, "%-7.*s %-6s", STR_FMT(source_standing_name(properties->standing)),
			learned != NULL && learned->is_proven ? "proven" : "");
	for (unsigned role = 0; learned != NULL && role < ROLE_COUNT; role++) {
		if (learned->role[role].confirmed + learned->role[role].unconfirmed > 0)
			buf_fmt(out, "  %.*s %+.2f", STR_FMT(role_name((enum role)role)),
				(double)learned->role[role].weight);
	}
	if (!isnan(properties->weight))
		buf_fmt(out, "  declared %+.2f", properties->weight);
	buf_fmt(out, "  ");
	source_traits_format(out, properties->traits);
	buf_byte(out, '\n');
}

static enum err list_one(void *state, const struct source_status *row, struct why *why)
{
	struct listing *listing = state;
	const struct model_source *learned = model_source_find(&listing->model, row->name);

	(void)why;
	if (listing->rows.is_json)
		write_json(&listing->rows.json, row, learned);
	else
		write_text(&listing->rows.out, row, learned);
	return OK;
}

int verb_source_list(const struct cli_arguments *arguments)
{
	CLEANUP(db_close) struct db *db = NULL;
	struct listing listing = { 0 };
	struct why why = { 0 };
	enum err err;

	change_rows_begin(&listing.rows, arguments);
	err = server_store_open(arguments, &db, &why);
	if (err == OK)
		err = model_live(db, 0, &listing.model, &why);
	if (err == OK) {
		err = source_list(db, STR(""), false, list_one, &listing, &why);
		model_done(&listing.model);
	}
	return change_rows_print(&listing.rows, arguments, err, &why);
}
