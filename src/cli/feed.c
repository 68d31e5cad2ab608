/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pehra feed list, status, run; pehra report. */
#include "cli/feed.h"

#include "base/clock.h"
#include "base/io.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "evidence/import.h"
#include "evidence/query.h"
#include "feed/format.h"
#include "guard/rules.h"
#include "score/standing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_WIDTH = 28, GATHER_BYTES = 1 << 20 };

static void put_formats(struct buf *out)
{
	for (size_t i = 0; i < feed_format_count(); i++) {
		const struct feed_format *format = feed_format_at(i);

		cli_pad(out, format->name, NAME_WIDTH);
		buf_fmt(out, "%.*s\n", STR_FMT(format->doc));
	}
}

static void put_feed_json(struct json_writer *json, const struct feed_definition *feed)
{
	json_object_begin(json);
	json_field_str(json, "name", feed->name);
	json_field_str(json, "title", feed->title);
	json_field_str(json, "url", feed->url);
	json_field_str(json, "format", feed->format);
	json_field_str(json, "role", role_name(feed->role));
	json_field_str(json, "category", category_info(feed->category)->name);
	json_field_i64(json, "cadence_s", feed->cadence_s);
	json_field_str(json, "family", feed->family);
	json_field_str(json, "purpose", source_purpose_name((enum source_purpose)feed->purpose));
	if (feed->purpose == PURPOSE_GUARD)
		json_field_str(json, "guard", guard_policy_name((enum guard_policy)feed->rule));
	json_field_str(json, "standing", source_standing_name(feed->standing));
	json_field_str(json, "licence", feed->licence);
	json_field_bool(json, "enabled", feed->is_enabled);
	json_field_str(json, "off_reason", feed->off_reason);
	json_object_end(json);
}

static void put_feed_text(struct buf *out, const struct feed_definition *feed)
{
	cli_pad(out, feed->name, NAME_WIDTH);
	cli_pad(out, feed->is_enabled ? STR("on") : STR("off"), 5);
	cli_pad(out, role_name(feed->role), 8);
	cli_pad(out, category_info(feed->category)->name, 22);
	buf_fmt(out, "%.*s\n", STR_FMT(feed->title));
	if (!feed->is_enabled && feed->off_reason.n != 0)
		buf_fmt(out, "%*s     off because: %.*s\n", NAME_WIDTH, "",
			STR_FMT(feed->off_reason));
}

int verb_feed_list(const struct cli_arguments *arguments)
{
	CLEANUP(catalogue_done) struct feed_catalogue catalogue = { 0 };
	CLEANUP(buf_done) struct buf out = { 0 };
	struct json_writer json = json_writer_on(&out);
	bool is_json = cli_has(arguments, "--json");
	struct config config;
	struct why why = { 0 };
	enum err err;

	if (cli_has(arguments, "--formats")) {
		put_formats(&out);
		return cli_print(arguments, &out, CLI_OK);
	}
	err = server_config(&config, arguments, &why);
	if (err == OK)
		err = server_catalogue_open(arguments, &config, &catalogue, &why);
	config_done(&config);
	if (err != OK)
		return cli_fail(arguments, &why);
	if (is_json)
		json_array_begin(&json);
	for (size_t i = 0; i < catalogue.n; i++) {
		if (is_json)
			put_feed_json(&json, &catalogue.feeds[i]);
		else
			put_feed_text(&out, &catalogue.feeds[i]);
	}
	if (is_json) {
		json_array_end(&json);
		json_line_end(&json);
	}
	return cli_print(arguments, &out, CLI_OK);
}

struct status {
	struct db *db;
	struct buf out;
	struct json_writer json;
	bool is_json;
	bool is_named; /* one source is asked for: its refusals are told, too */
	int64_t run;   /* its last one; 0: none */
	int64_t now_s;
};

static void status_json(struct status *status, const struct source_status *row)
{
	struct json_writer *json = &status->json;

	json_object_begin(json);
	json_field_str(json, "name", row->name);
	json_field_str(json, "family", row->family);
	json_field_u64(json, "listed", row->listed);
	json_field_u64(json, "ended", row->ended);
	json_field_time(json, "last_attempt", row->last_attempt_s);
	json_field_time(json, "last_success", row->last_success_s);
	json_field_u64(json, "failures", row->failures);
	json_field_str(json, "failure", row->failure);
	json_field_str(json, "state", row->run_state);
	json_field_u64(json, "lines", row->lines);
	json_field_u64(json, "accepted", row->accepted);
	json_field_u64(json, "refused", row->refused);
	json_field_u64(json, "added", row->added);
	json_field_u64(json, "last_ended", row->run_ended);
	/* refusals are another query, which waits until this one has ended */
	if (!status->is_named)
		json_object_end(json);
}

static enum err status_one(void *state, const struct source_status *row, struct why *why)
{
	struct status *status = state;
	struct buf *out = &status->out;

	(void)why;
	/* families and weights of the catalogue are noted before a feed was ever read */
	if (row->last_attempt_s == 0 && row->listed == 0 && row->ended == 0)
		return OK;
	status->run = row->last_run;
	if (status->is_json) {
		status_json(status, row);
		return OK;
	}
	cli_pad(out, row->name, NAME_WIDTH);
	cli_number(out, row->listed);
	buf_fmt(out, " listed");
	if (row->run_state.n != 0)
		buf_fmt(out, ", last reading %.*s: %llu accepted, %llu refused",
			STR_FMT(row->run_state), (unsigned long long)row->accepted,
			(unsigned long long)row->refused);
	if (row->last_success_s != 0)
		buf_fmt(out, ", %lld s ago", (long long)(status->now_s - row->last_success_s));
	if (row->failures != 0)
		buf_fmt(out, "; FAILED %u× since: %.*s", row->failures, STR_FMT(row->failure));
	buf_byte(out, '\n');
	return OK;
}

static enum err refusal_one(void *state, const struct import_refusal *row, struct why *why)
{
	struct status *status = state;

	(void)why;
	if (!status->is_json) {
		buf_fmt(&status->out, "  %llu × %.*s, first in line %llu: %.*s\n",
			(unsigned long long)row->count, STR_FMT(row->reason),
			(unsigned long long)row->line, STR_FMT(row->sample));
		return OK;
	}
	json_object_begin(&status->json);
	json_field_str(&status->json, "reason", row->reason);
	json_field_u64(&status->json, "count", row->count);
	json_field_u64(&status->json, "line", row->line);
	json_field_str(&status->json, "sample", row->sample);
	json_object_end(&status->json);
	return OK;
}

/* What the last reading of the one source refused, with the first line of each reason. */
static enum err refusals_put(struct status *status, struct why *why)
{
	if (status->is_json) {
		json_key(&status->json, "refusals");
		json_array_begin(&status->json);
	}
	TRY(refusals_of(status->db, status->run, refusal_one, status, why));
	if (status->is_json) {
		json_array_end(&status->json);
		json_object_end(&status->json);
	}
	return OK;
}

int verb_feed_status(const struct cli_arguments *arguments)
{
	struct status status = { .is_json = cli_has(arguments, "--json"),
		.is_named = arguments->operand_count > 0,
		.now_s = clock_now_s(NULL) };
	struct str name = str_c(arguments->operand_count > 0 ? arguments->operands[0] : "");
	struct why why = { 0 };
	enum err err = server_store_open(arguments, &status.db, &why);
	int exit;

	status.json = json_writer_on(&status.out);
	if (status.is_json)
		json_array_begin(&status.json);
	if (err == OK)
		err = source_list(status.db, name, true, status_one, &status, &why);
	if (err == OK && status.is_named && status.out.n <= 1)
		err = fail(&why, ERR_NOT_FOUND, "nothing was read from '%.*s' yet", STR_FMT(name));
	if (err == OK && status.is_named)
		err = refusals_put(&status, &why);
	if (err == OK && status.is_json) {
		json_array_end(&status.json);
		json_line_end(&status.json);
	}
	exit = err == OK ? cli_print(arguments, &status.out, CLI_OK) : cli_fail(arguments, &why);
	db_close(&status.db);
	buf_done(&status.out);
	return exit;
}

struct run {
	const struct cli_arguments *arguments;
	struct session session;
	struct buf out;
};

static enum err run_one(struct run *run, struct str name, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node result;
	struct str state;
	uint64_t accepted = 0;

	json_object_begin(&json);
	json_field_str(&json, "name", name);
	json_object_end(&json);
	TRY(session_command(
		&run->session, "feed.run", buf_view(&text), -1, NULL, NULL, &result, why));
	if (!json_str(json_get(result, "state"), &state))
		state = STR("");
	(void)!json_u64(json_get(json_get(result, "reading"), "accepted"), &accepted);
	if (cli_has(run->arguments, "--json"))
		buf_fmt(&run->out, "{\"name\":\"%.*s\",\"state\":\"%.*s\",\"accepted\":%llu}\n",
			STR_FMT(name), STR_FMT(state), (unsigned long long)accepted);
	else
		buf_fmt(&run->out, "%.*s: %.*s, %llu accepted\n", STR_FMT(name), STR_FMT(state),
			(unsigned long long)accepted);
	return OK;
}

/* All feeds that are on, when none is named. */
static enum err run_all(struct run *run, bool *some_failed, struct why *why)
{
	const struct cli_arguments *arguments = run->arguments;
	CLEANUP(catalogue_done) struct feed_catalogue catalogue = { 0 };
	struct config config;
	enum err err = server_config(&config, arguments, why);

	if (err == OK)
		err = server_catalogue_open(arguments, &config, &catalogue, why);
	config_done(&config);
	TRY(err);
	TRY(session_open(&run->session, arguments, SESSION_FETCH, why));
	for (size_t i = 0; i < arguments->operand_count; i++) {
		if (run_one(run, str_c(arguments->operands[i]), why) != OK) {
			*some_failed = true;
			(void)cli_fail(arguments, why);
		}
	}
	for (size_t i = 0; arguments->operand_count == 0 && i < catalogue.n; i++) {
		const struct feed_definition *feed = &catalogue.feeds[i];

		if (feed->is_enabled && feed->url.n != 0 && run_one(run, feed->name, why) != OK) {
			*some_failed = true;
			(void)cli_fail(arguments, why);
		}
	}
	return OK;
}

int verb_feed_run(const struct cli_arguments *arguments)
{
	struct run run = { .arguments = arguments, .session = { .channel = CHANNEL_CLOSED } };
	struct why why = { 0 };
	bool some_failed = false;
	enum err err = run_all(&run, &some_failed, &why);
	int exit = cli_print(arguments, &run.out, some_failed ? CLI_ERROR : CLI_OK);

	if (err != OK)
		exit = cli_fail(arguments, &why);
	session_close(&run.session);
	buf_done(&run.out);
	return exit;
}

int verb_report(const struct cli_arguments *arguments)
{
	static const struct {
		const char *option;
		const char *member;
	} texts[] = { { "--source", "source" }, { "--category", "category" }, { "--role", "role" },
		{ "--tlp", "tlp" }, { "--reference", "reference" } };
	CLEANUP(session_close) struct session session = { .channel = CHANNEL_CLOSED };
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(buf_done) struct buf out = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node result;
	struct why why = { 0 };
	bool is_shown = false;

	json_object_begin(&json);
	json_field_str(&json, "indicator", str_c(arguments->operands[0]));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *value = cli_value(arguments, texts[i].option);

		if (value != NULL)
			json_field_str(&json, texts[i].member, str_c(value));
	}
	json_object_end(&json);
	if (session_open(&session, arguments, 0, &why) != OK ||
		session_command(
			&session, "report", buf_view(&text), -1, NULL, NULL, &result, &why) != OK)
		return cli_fail(arguments, &why);
	(void)!json_bool(json_get(result, "shown"), &is_shown);
	if (cli_has(arguments, "--json"))
		buf_fmt(&out, "{\"kept\":true,\"shown\":%s}\n", is_shown ? "true" : "false");
	else
		buf_fmt(&out, "%s: kept%s\n", arguments->operands[0],
			is_shown ? ", and shown at once" : "; the next snapshot shows it");
	return cli_print(arguments, &out, CLI_OK);
}

/* Keeper takes files that are there as a whole: what comes bit by bit is gathered here first. */
static enum err gather(int from, int *out, struct why *why)
{
	CLEANUP(fd_close) int memory = memfd_create("import", MFD_CLOEXEC);
	CLEANUP(buf_done) struct buf chunk = { 0 };
	ssize_t n;

	if (memory == -1)
		return fail_sys(why, "cannot make room for the input");
	(void)buf_reserve(&chunk, GATHER_BYTES);
	do {
		n = read(from, chunk.data, GATHER_BYTES);
		if (n > 0)
			TRY(fd_write_all(memory, str_from(chunk.data, (size_t)n), why));
	} while (n > 0 || (n == -1 && errno == EINTR));
	if (n == -1)
		return fail_sys(why, "cannot be read");
	if (lseek(memory, 0, SEEK_SET) == -1)
		return fail_sys(why, "cannot be read again");
	*out = memory;
	memory = -1;
	return OK;
}

enum err feed_file_open(const char *path, int *out, struct why *why)
{
	CLEANUP(fd_close)
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;

	if (fd == -1 && errno == ENOENT)
		return fail(why, ERR_NOT_FOUND, "there is no such file");
	if (fd == -1 || fstat(fd, &stat) == -1)
		return fail_sys(why, "cannot be opened");
	if (S_ISDIR(stat.st_mode))
		return feed_folder_open(path, out, why);
	if (!S_ISREG(stat.st_mode))
		return gather(fd, out, why);
	*out = fd;
	fd = -1;
	return OK;
}
