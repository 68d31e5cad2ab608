/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pehra snapshot export: the claims still made, one indicator a line; with their verdict in the
 * snapshot, or as the sources gave them.
 */
#include "cli/output.h"
#include "cli/server.h"
#include "cli/verbs.h"
#include "evidence/query.h"
#include "score/action.h"
#include "snapshot/open.h"

struct export
{
	const struct cli_arguments *arguments;
	struct db *db;
	struct pehra *snapshot;
	struct arena arena;
	struct buf out;
	struct buf last; /* the indicator printed last, which sources may share */
	uint32_t source; /* with has_source: its number */
	bool has_source;
	bool is_json;
	bool is_evidence;
};

enum { PRINT_EVERY_BYTES = 256 * 1024 };

static pehra_id verdict_of(const struct export *export, const struct indicator *indicator)
{
	struct str text = indicator->text;

	if (indicator->kind == INDICATOR_IP)
		return pehra_ip(export->snapshot, indicator->prefix.address.bytes);
	if (indicator->kind == INDICATOR_URL)
		return pehra_url(export->snapshot, text.p, text.n);
	if (indicator->kind == INDICATOR_NAME)
		return pehra_name(export->snapshot, text.p, text.n);
	return 0;
}

static void put_verdict(struct export *export, struct str text, const struct pehra_verdict *verdict)
{
	struct json_writer json = json_writer_on(&export->out);

	if (!export->is_json) {
		buf_fmt(&export->out, "%.*s\t%.*s\t%u\t%u\t%u\n", STR_FMT(text),
			STR_FMT(action_name(verdict->action)), verdict->score[0], verdict->score[1],
			verdict->score[2]);
		return;
	}
	json_object_begin(&json);
	json_field_str(&json, "indicator", text);
	json_field_str(&json, "action", action_name(verdict->action));
	json_field_u64(&json, "src", verdict->score[0]);
	json_field_u64(&json, "dst", verdict->score[1]);
	json_field_u64(&json, "policy", verdict->score[2]);
	json_object_end(&json);
	json_line_end(&json);
}

static enum err export_one(void *state, const struct evidence *row, struct why *why)
{
	struct export *export = state;
	CLEANUP(buf_done) struct buf text = { 0 };
	struct indicator indicator;

	if (row->ended_s != 0 || str_eq(row->key, buf_view(&export->last)))
		return OK;
	buf_clear(&export->last);
	buf_str(&export->last, row->key);
	TRY(indicator_from_key(row->key, &export->arena, &indicator, why));
	indicator_format(&text, &indicator);
	if (export->is_evidence) {
		buf_str(&export->out, buf_view(&text));
		buf_byte(&export->out, '\n');
	} else {
		const struct pehra_verdict *verdict =
			pehra_verdict(export->snapshot, verdict_of(export, &indicator));

		if (verdict != NULL)
			put_verdict(export, buf_view(&text), verdict);
	}
	arena_reset(&export->arena);
	if (export->out.n < PRINT_EVERY_BYTES)
		return OK;
	if (cli_print(export->arguments, &export->out, CLI_OK) != CLI_OK)
		return fail(why, ERR_IO, "the output is gone");
	buf_clear(&export->out);
	return OK;
}

static enum err note_source(void *state, const struct source_status *row, struct why *why)
{
	struct export *export = state;

	(void)why;
	export->source = row->id;
	export->has_source = true;
	return OK;
}

static enum err export_all(struct export *export, struct why *why)
{
	const struct cli_arguments *arguments = export->arguments;
	const char *source = cli_value(arguments, "--source");

	TRY(server_store_open(arguments, &export->db, why));
	if (!export->is_evidence)
		TRY(snapshot_open_data(cli_data(arguments), &export->snapshot, why));
	if (source == NULL)
		return evidence_scan(export->db, 0, export_one, export, why);
	TRY(source_list(export->db, str_c(source), false, note_source, export, why));
	if (!export->has_source)
		return fail(why, ERR_NOT_FOUND, "no source '%s'", source);
	return evidence_of_source(export->db, export->source, 0, export_one, export, why);
}

int verb_snapshot_export(const struct cli_arguments *arguments)
{
	struct export export = { .arguments = arguments,
		.is_json = cli_has(arguments, "--json"),
		.is_evidence = cli_has(arguments, "--evidence") };
	struct why why = { 0 };
	enum err err = export_all(&export, &why);
	int exit = cli_print(arguments, &export.out, CLI_OK);

	if (err != OK)
		exit = cli_fail(arguments, &why);
	pehra_close(export.snapshot);
	db_close(&export.db);
	arena_done(&export.arena);
	buf_done(&export.out);
	buf_done(&export.last);
	return exit;
}
