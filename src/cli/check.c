/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pehra check: what the snapshot says of addresses, prefixes, names and URLs. Reads the file that
 * every local reader maps, so it needs no running server and gives the server's own answer.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "evidence/indicator.h"
#include "evidence/taxonomy.h"
#include "score/action.h"
#include "snapshot/open.h"

struct check {
	const struct cli_arguments *arguments;
	struct pehra *snapshot;
	struct arena arena;
	struct buf out;
	bool json;
	bool some_listed;
	bool some_refused;
};

/* How the indicator stands to what is listed. */
enum standing { NOT_LISTED, LISTED, LISTED_WITHIN };

static const char *const standings[] = {
	[NOT_LISTED] = "not listed",
	[LISTED] = "listed",
	[LISTED_WITHIN] = "listed within",
};

/* An entry counts for a prefix only when it holds all of it. */
static enum standing look_up_prefix(
	const struct pehra *snapshot, const struct prefix *prefix, struct pehra_detail *detail)
{
	if (pehra_ip_detail(snapshot, prefix->address.bytes, detail) != 0 &&
		detail->prefix_length <= prefix->length)
		return LISTED;
	*detail = (struct pehra_detail){ 0 };
	if (pehra_ip_any_within(snapshot, prefix->address.bytes, prefix->length))
		return LISTED_WITHIN;
	return NOT_LISTED;
}

static enum standing look_up(const struct pehra *snapshot, const struct indicator *indicator,
	struct pehra_detail *detail)
{
	struct str text = indicator->text;

	*detail = (struct pehra_detail){ 0 };
	if (indicator->kind == INDICATOR_IP)
		return look_up_prefix(snapshot, &indicator->prefix, detail);
	if (indicator->kind == INDICATOR_URL)
		return pehra_url_detail(snapshot, text.p, text.n, detail) != 0 ? LISTED
									       : NOT_LISTED;
	return pehra_name_detail(snapshot, text.p, text.n, detail) != 0 ? LISTED : NOT_LISTED;
}

static void put_day(struct buf *out, uint16_t day)
{
	date_format(out, PEHRA_DAY_ZERO_S + (int64_t)day * DAY_S);
}

/* The entry that matched an address: it may be wider than what was asked. */
static void put_entry(struct buf *out, const struct indicator *indicator, uint8_t length)
{
	struct prefix entry = prefix_around(&indicator->prefix.address, length);

	prefix_format(out, &entry);
}

static void put_categories(struct buf *out, uint64_t categories, const char *separator)
{
	const char *before = "";

	for (unsigned i = 0; i < CATEGORY_COUNT; i++) {
		if ((categories >> i & 1) == 0 || category_info(i) == NULL)
			continue;
		buf_fmt(out, "%s%.*s", before, STR_FMT(category_info(i)->name));
		before = separator;
	}
}

enum { SOURCES_SHOWN = 64 };

static void put_text(struct check *check, const struct indicator *indicator, enum standing standing,
	const struct pehra_detail *detail)
{
	const struct pehra_verdict *verdict = pehra_verdict(check->snapshot, detail->id);
	const char *sources[SOURCES_SHOWN];
	struct buf *out = &check->out;

	indicator_format(out, indicator);
	if (verdict == NULL) {
		buf_fmt(out, "\t%s\n", standings[standing]);
		return;
	}
	buf_fmt(out, "\t%.*s", STR_FMT(action_name(verdict->action)));
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (verdict->score[role] != 0)
			buf_fmt(out, "\t%.*s=%u", STR_FMT(role_name(role)), verdict->score[role]);
	}
	if (verdict->categories != 0) {
		buf_byte(out, '\t');
		put_categories(out, verdict->categories, ",");
	}

	size_t n = pehra_sources(check->snapshot, verdict->source_set, sources, SOURCES_SHOWN);

	for (size_t i = 0; i < n && i < SOURCES_SHOWN; i++)
		buf_fmt(out, "%s%s", i == 0 ? "\tby " : ",", sources[i]);
	if (indicator->kind == INDICATOR_IP && detail->prefix_length < indicator->prefix.length) {
		buf_fmt(out, "\tin ");
		put_entry(out, indicator, detail->prefix_length);
	}
	if (detail->until_day != 0) {
		buf_fmt(out, "\tuntil ");
		put_day(out, detail->until_day);
	}
	buf_byte(out, '\n');
}

static void json_day(struct json_writer *json, const char *key, uint16_t day)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	json_key(json, key);
	if (day == 0) {
		json_put_null(json);
		return;
	}
	put_day(&text, day);
	json_put_str(json, buf_view(&text));
}

static void json_verdict(struct check *check, struct json_writer *json,
	const struct pehra_verdict *verdict, const struct pehra_detail *detail)
{
	const char *sources[SOURCES_SHOWN];
	size_t n = pehra_sources(check->snapshot, verdict->source_set, sources, SOURCES_SHOWN);

	json_field_str(json, "action", action_name(verdict->action));
	json_key(json, "score");
	json_object_begin(json);
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		json_key_str(json, role_name(role));
		json_put_u64(json, verdict->score[role]);
	}
	json_object_end(json);
	json_key(json, "categories");
	json_array_begin(json);
	for (unsigned i = 0; i < CATEGORY_COUNT; i++) {
		if ((verdict->categories >> i & 1) != 0 && category_info(i) != NULL)
			json_put_str(json, category_info(i)->name);
	}
	json_array_end(json);
	json_key(json, "sources");
	json_array_begin(json);
	for (size_t i = 0; i < n && i < SOURCES_SHOWN; i++)
		json_put_str(json, str_c(sources[i]));
	json_array_end(json);
	json_field_u64(json, "source_count", verdict->source_count);
	json_day(json, "first_seen", detail->first_day);
	json_day(json, "last_seen", detail->last_day);
	json_day(json, "until", detail->until_day);
}

static void put_json(struct check *check, const struct indicator *indicator, enum standing standing,
	const struct pehra_detail *detail)
{
	const struct pehra_verdict *verdict = pehra_verdict(check->snapshot, detail->id);
	struct json_writer json = json_writer_on(&check->out);
	CLEANUP(buf_done) struct buf text = { 0 };

	indicator_format(&text, indicator);
	json_object_begin(&json);
	json_field_str(&json, "indicator", buf_view(&text));
	json_field_str(&json, "kind", indicator_kind_name(indicator->kind));
	json_field_bool(&json, "listed", standing != NOT_LISTED);
	json_field_str(&json, "standing", str_c(standings[standing]));
	if (verdict != NULL && indicator->kind == INDICATOR_IP) {
		buf_clear(&text);
		put_entry(&text, indicator, detail->prefix_length);
		json_field_str(&json, "entry", buf_view(&text));
	}
	if (verdict != NULL)
		json_verdict(check, &json, verdict, detail);
	json_object_end(&json);
	json_line_end(&json);
}

/* What is allowed has an entry, too, but nobody need beware of it. */
static bool is_bad(
	const struct check *check, enum standing standing, const struct pehra_detail *detail)
{
	const struct pehra_verdict *verdict = pehra_verdict(check->snapshot, detail->id);

	return standing != NOT_LISTED && (verdict == NULL || verdict->action != PEHRA_ALLOW);
}

static enum err check_one(void *state, struct str what, struct why *why)
{
	enum { PRINT_EVERY_BYTES = 64 * 1024 };
	struct check *check = state;
	struct indicator indicator;
	struct pehra_detail detail;
	enum standing standing;

	/* one that cannot be read costs itself, not the rest of the lines */
	if (indicator_parse(what, &check->arena, &indicator, why) != OK) {
		check->some_refused = true;
		(void)cli_fail(check->arguments, why);
		return OK;
	}
	standing = look_up(check->snapshot, &indicator, &detail);
	check->some_listed |= is_bad(check, standing, &detail);
	(check->json ? put_json : put_text)(check, &indicator, standing, &detail);
	arena_reset(&check->arena);
	if (check->out.n < PRINT_EVERY_BYTES)
		return OK;
	if (cli_print(check->arguments, &check->out, CLI_OK) != CLI_OK)
		return fail(why, ERR_IO, "the output is gone");
	buf_clear(&check->out);
	return OK;
}

int verb_check(const struct cli_arguments *arguments)
{
	struct check check = { .arguments = arguments, .json = cli_has(arguments, "--json") };
	struct why why = { 0 };
	enum err err = snapshot_open_data(cli_data(arguments), &check.snapshot, &why);

	if (err == OK)
		err = cli_for_each(arguments, check_one, &check, &why);

	int exit = cli_print(arguments, &check.out, check.some_listed ? CLI_SOME : CLI_OK);

	if (err != OK)
		exit = cli_fail(arguments, &why);
	if (check.some_refused)
		exit = CLI_ERROR;
	pehra_close(check.snapshot);
	arena_done(&check.arena);
	buf_done(&check.out);
	return exit;
}
