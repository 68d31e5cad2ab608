/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pehra audit show, verify: who asked for what, and whether the trail holds. */
#include "base/clock.h"
#include "cli/output.h"
#include "cli/server.h"
#include "cli/verbs.h"
#include "store/audit.h"

struct show {
	struct buf out;
	bool json;
};

static enum err show_one(void *state, const struct audit_entry *entry, struct why *why)
{
	struct show *show = state;
	struct json_writer json = json_writer_on(&show->out);
	CLEANUP(buf_done) struct buf time = { 0 };
	CLEANUP(buf_done) struct buf hash = { 0 };

	(void)why;
	time_format(&time, entry->time_s);
	buf_hex(&hash, entry->hash, sizeof entry->hash);
	if (!show->json) {
		buf_fmt(&show->out, "%6lld  %.*s  %.*s  ", (long long)entry->sequence,
			STR_FMT(buf_view(&time)), STR_FMT(str_first(buf_view(&hash), 12)));
		cli_pad(&show->out, entry->actor, 16);
		buf_fmt(&show->out, "  %.*s %.*s (%.*s)\n", STR_FMT(entry->action),
			STR_FMT(entry->subject), STR_FMT(entry->detail));
		return OK;
	}
	json_object_begin(&json);
	json_field_i64(&json, "sequence", entry->sequence);
	json_field_str(&json, "time", buf_view(&time));
	json_field_str(&json, "actor", entry->actor);
	json_field_str(&json, "action", entry->action);
	json_field_str(&json, "subject", entry->subject);
	json_field_str(&json, "detail", entry->detail);
	json_field_str(&json, "hash", buf_view(&hash));
	json_object_end(&json);
	json_line_end(&json);
	return OK;
}

int verb_audit_show(const struct cli_arguments *arguments)
{
	CLEANUP(db_close) struct db *db = NULL;
	struct show show = { .json = cli_has(arguments, "--json") };
	const char *after = cli_value(arguments, "--after");
	struct why why = { 0 };
	int64_t sequence = 0;
	int exit;

	if (after != NULL && !parse_i64(str_c(after), &sequence)) {
		why_set(&why, ERR_USAGE, 0, "--after %s is no number", after);
		return cli_fail(arguments, &why);
	}
	if (server_store_open(arguments, &db, &why) != OK ||
		audit_read(db, sequence, UINT32_MAX, show_one, &show, &why) != OK)
		exit = cli_fail(arguments, &why);
	else
		exit = cli_print(arguments, &show.out, CLI_OK);
	buf_done(&show.out);
	return exit;
}

int verb_audit_verify(const struct cli_arguments *arguments)
{
	CLEANUP(db_close) struct db *db = NULL;
	CLEANUP(buf_done) struct buf out = { 0 };
	uint8_t head[AUDIT_HASH_BYTES];
	struct why why = { 0 };
	uint64_t count = 0;
	enum err err;

	err = server_store_open(arguments, &db, &why);
	if (err == OK)
		err = audit_verify(db, &count, head, &why);
	if (err == ERR_CORRUPT) {
		(void)cli_fail(arguments, &why);
		return CLI_SOME;
	}
	if (err != OK)
		return cli_fail(arguments, &why);
	if (cli_has(arguments, "--json"))
		buf_fmt(&out, "{\"entries\":%llu,\"head\":\"", (unsigned long long)count);
	else
		buf_fmt(&out, "%llu entries hold; the newest hash is ", (unsigned long long)count);
	buf_hex(&out, head, sizeof head);
	buf_str(&out, cli_has(arguments, "--json") ? STR("\"}\n") : STR("\n"));
	return cli_print(arguments, &out, CLI_OK);
}
