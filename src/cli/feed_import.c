/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pehra feed import: files and standard input as a source's list, through keeper. */
#include "base/clock.h"
#include "base/io.h"
#include "cli/feed.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "evidence/query.h"
#include "feed/definition_json.h"
#include "feed/format.h"
#include "guard/rules.h"
#include "score/standing.h"

#include <fcntl.h>
#include <unistd.h>

struct import_verb {
	const struct cli_arguments *arguments;
	struct session session;
	struct feed_catalogue catalogue;
	struct arena arena;
	struct buf out;
	int64_t started_ns;
	bool shows_progress;
	bool some_accepted;
	bool some_failed;
	bool is_last; /* a snapshot is built after the last file */
};

/* "tweetfeed_urls.txt.xz" -> "tweetfeed-urls-txt-xz", so that a file names its source. */
static struct str source_of_file(struct arena *arena, const char *path)
{
	struct str name = str_c(path);
	size_t slash = str_find_last(name, '/');
	char *text;
	size_t n = 0;

	if (slash != name.n)
		name = str_from_index(name, slash + 1);
	name = str_first(name, FEED_NAME_MAX - 1);
	text = arena_alloc(arena, name.n + 1);
	for (size_t i = 0; i < name.n; i++) {
		char c = byte_lower(name.p[i]);
		bool is_word = byte_is_digit(c) || (c >= 'a' && c <= 'z');

		if (is_word || (n > 0 && text[n - 1] != '-'))
			text[n++] = is_word ? c : '-';
	}
	while (n > 0 && text[n - 1] == '-')
		n--;
	return str_from(text, n);
}

static enum err option_word(const struct cli_arguments *arguments, const char *option,
	bool (*parse)(struct str word, int *out), int *out, const char *expected, struct why *why)
{
	const char *value = cli_value(arguments, option);

	if (value == NULL || parse(str_c(value), out))
		return OK;
	return fail(why, ERR_USAGE, "%s %s: %s is expected", option, value, expected);
}

static bool parse_role(struct str word, int *out)
{
	enum role role;

	if (!role_parse(word, &role))
		return false;
	*out = (int)role;
	return true;
}

static bool parse_category(struct str word, int *out)
{
	enum category category;

	if (!category_parse(word, &category))
		return false;
	*out = (int)category;
	return true;
}

static bool parse_tlp(struct str word, int *out)
{
	enum tlp tlp;

	if (!tlp_parse(word, &tlp))
		return false;
	*out = (int)tlp;
	return true;
}

static bool parse_kind(struct str word, int *out)
{
	enum feed_kind kind;

	if (!feed_kind_parse(word, &kind))
		return false;
	*out = (int)kind;
	return true;
}

static bool parse_purpose(struct str word, int *out)
{
	enum source_purpose purpose;

	if (!source_purpose_parse(word, &purpose))
		return false;
	*out = (int)purpose;
	return true;
}

static bool parse_guard(struct str word, int *out)
{
	enum guard_policy policy;

	if (!guard_policy_parse(word, &policy) || policy == GUARD_NONE)
		return false;
	*out = (int)policy;
	return true;
}

static bool parse_standing(struct str word, int *out)
{
	uint8_t standing;

	if (!source_standing_parse(word, &standing))
		return false;
	*out = standing;
	return true;
}

/* What the list is for; a guard's policy says that it is one. */
static enum err apply_purpose(
	const struct cli_arguments *arguments, struct feed_definition *definition, struct why *why)
{
	int purpose = definition->purpose;
	int guard = definition->rule;
	int standing = definition->standing;

	if (cli_has(arguments, "--guard"))
		purpose = PURPOSE_GUARD;
	TRY(option_word(
		arguments, "--purpose", parse_purpose, &purpose, "claims, guard or routes", why));
	TRY(option_word(arguments, "--guard", parse_guard, &guard, "note, ask or never", why));
	TRY(option_word(
		arguments, "--standing", parse_standing, &standing, "new, vouched or sensor", why));
	if ((purpose == PURPOSE_GUARD) != (guard != GUARD_NONE))
		return fail(why, ERR_USAGE, "%s",
			purpose == PURPOSE_GUARD ? "a guard list needs --guard note, ask or never"
						 : "--guard is for guard lists alone");
	definition->purpose = (uint8_t)purpose;
	definition->rule = (uint8_t)guard;
	definition->standing = (uint8_t)standing;
	return OK;
}

static enum err apply_words(
	const struct cli_arguments *arguments, struct feed_definition *definition, struct why *why)
{
	int role = (int)definition->role;
	int category = (int)definition->category;
	int tlp = (int)definition->tlp;
	int kind = (int)definition->kind;

	TRY(option_word(arguments, "--category", parse_category, &category,
		"a category such as brute-force (pehra(1) lists them)", why));
	if (category != (int)definition->category)
		role = category_info((unsigned)category)->usual_role;
	TRY(option_word(arguments, "--role", parse_role, &role, "src, dst or policy", why));
	TRY(option_word(arguments, "--tlp", parse_tlp, &tlp, "a TLP label", why));
	TRY(option_word(arguments, "--kind", parse_kind, &kind, "full-list or additions", why));
	definition->role = (enum role)role;
	definition->category = (enum category)category;
	definition->tlp = (enum tlp)tlp;
	definition->kind = (enum feed_kind)kind;
	return OK;
}

/* What the catalogue knows of the source, and what the options say instead. */
static enum err definition_for(
	struct import_verb *verb, const char *path, struct feed_definition *out, struct why *why)
{
	const struct cli_arguments *arguments = verb->arguments;
	const char *source = cli_value(arguments, "--source");
	const char *format = cli_value(arguments, "--format");
	const char *threshold = cli_value(arguments, "--threshold");
	struct str name = source != NULL           ? str_c(source)
			  : strcmp(path, "-") == 0 ? STR("standard-input")
						   : source_of_file(&verb->arena, path);
	const struct feed_definition *known = catalogue_find(&verb->catalogue, name);
	uint64_t number;

	if (!feed_name_is_valid(name))
		return fail(why, ERR_USAGE,
			"a source's name is lower-case letters, digits and hyphens, not '%.*s'",
			STR_FMT(str_first(name, 64)));
	*out = known != NULL ? *known : feed_definition_default(name);
	if (format != NULL)
		out->format = str_c(format);
	if (!str_eq(out->format, STR("auto")) && feed_format_find(out->format) == NULL)
		return fail(why, ERR_USAGE,
			"no format '%.*s'; `pehra feed list --formats` has them",
			STR_FMT(str_first(out->format, 64)));
	if (cli_has(arguments, "--allow-special"))
		out->rules.allow_special_purpose = true;
	if (threshold != NULL) {
		if (!parse_u64(str_c(threshold), &number) || number > UINT32_MAX)
			return fail(why, ERR_USAGE, "--threshold %s is no number", threshold);
		out->rules.threshold = (uint32_t)number;
	}
	TRY(apply_words(arguments, out, why));
	return apply_purpose(arguments, out, why);
}

/* "\r8.1 M of 10.0 M bytes, 412 k/s, ~5 s left" on a terminal, one line that renews itself. */
static void show_progress(void *state, struct json_node progress)
{
	const struct import_verb *verb = state;
	CLEANUP(buf_done) struct buf line = { 0 };
	uint64_t bytes = 0;
	uint64_t total = 0;
	uint64_t accepted = 0;
	int64_t seconds = (clock_monotonic_ns(NULL) - verb->started_ns) / 1000000000 + 1;

	if (!verb->shows_progress)
		return;
	(void)!json_u64(json_get(progress, "bytes"), &bytes);
	(void)!json_u64(json_get(progress, "bytes_total"), &total);
	(void)!json_u64(json_get(progress, "accepted"), &accepted);
	buf_fmt(&line, "\r%llu of %llu kB, ", (unsigned long long)(bytes / 1000),
		(unsigned long long)(total / 1000));
	cli_number(&line, accepted);
	buf_fmt(&line, " accepted, %llu/s", (unsigned long long)(accepted / (uint64_t)seconds));
	if (total > bytes && bytes > 0)
		buf_fmt(&line, ", ~%llu s left",
			(unsigned long long)((total - bytes) * (uint64_t)seconds / bytes));
	buf_str(&line, STR("\033[K"));
	(void)!write(STDERR_FILENO, line.data, line.n);
}

static uint64_t number_of(struct json_node node, const char *key)
{
	uint64_t value = 0;

	return json_u64(json_get(node, key), &value) ? value : 0;
}

static struct str text_of(struct json_node node, const char *key)
{
	struct str value;

	return json_str(json_get(node, key), &value) ? value : STR("");
}

/* The report in one object: what was read, what it changed, every reason of refusal. */
static void put_json(struct import_verb *verb, const char *path, struct json_node result)
{
	static const char *const changes[] = { "added", "updated", "kept", "ended", "took_ms" };
	static const char *const counts[] = { "lines", "comments", "accepted", "duplicates",
		"refused" };
	static const char *const texts[] = { "reason", "text", "sample" };
	struct json_node reading = json_get(result, "reading");
	struct json_iterator it = json_each(json_get(reading, "refusals"));
	struct json_writer json = json_writer_on(&verb->out);
	struct json_node refusal;

	json_object_begin(&json);
	json_field_str(&json, "file", str_c(path));
	json_field_str(&json, "source", text_of(result, "source"));
	json_field_str(&json, "state", text_of(result, "state"));
	json_field_str(&json, "format", text_of(reading, "format"));
	json_field_str(&json, "compression", text_of(reading, "compression"));
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		json_field_u64(&json, counts[i], number_of(reading, counts[i]));
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		json_field_u64(&json, changes[i], number_of(result, changes[i]));
	json_key(&json, "refusals");
	json_array_begin(&json);
	while (json_next(&it, &refusal)) {
		json_object_begin(&json);
		for (size_t i = 0; i < ARRAY_LEN(texts); i++)
			json_field_str(&json, texts[i], text_of(refusal, texts[i]));
		json_field_u64(&json, "count", number_of(refusal, "count"));
		json_field_u64(&json, "line", number_of(refusal, "line"));
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	json_line_end(&json);
}

static void put_text(struct import_verb *verb, const char *path, struct json_node result)
{
	struct json_node reading = json_get(result, "reading");
	struct json_iterator it = json_each(json_get(reading, "refusals"));
	struct json_node refusal;
	struct buf *out = &verb->out;

	buf_fmt(out, "%s: ", path);
	if (str_eq(text_of(result, "state"), STR("unchanged"))) {
		buf_fmt(out, "unchanged since it was last read\n");
		return;
	}
	cli_number(out, number_of(reading, "accepted"));
	buf_fmt(out, " accepted as %.*s (%.*s)", STR_FMT(text_of(result, "source")),
		STR_FMT(text_of(reading, "format")));
	buf_fmt(out, ": %llu new, %llu seen again, %llu still listed, %llu ended; ",
		(unsigned long long)number_of(result, "added"),
		(unsigned long long)number_of(result, "updated"),
		(unsigned long long)number_of(result, "kept"),
		(unsigned long long)number_of(result, "ended"));
	cli_number(out, number_of(reading, "refused"));
	buf_fmt(out, " refused\n");
	while (json_next(&it, &refusal)) {
		uint64_t line = number_of(refusal, "line");

		buf_fmt(out, "  %llu × %.*s, ", (unsigned long long)number_of(refusal, "count"),
			STR_FMT(text_of(refusal, "text")));
		/* what was refused behind the reader has no line */
		if (line != 0)
			buf_fmt(out, "first in line %llu: ", (unsigned long long)line);
		buf_fmt(out, "%.*s\n", STR_FMT(text_of(refusal, "sample")));
	}
}

static enum err import_opened(struct import_verb *verb, const char *path, int fd, struct why *why)
{
	struct feed_definition definition;
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node result;

	TRY(definition_for(verb, path, &definition, why));
	json_object_begin(&json);
	json_key(&json, "definition");
	feed_definition_write(&json, &definition);
	json_field_str(&json, "file", str_c(path));
	json_field_str(&json, "source", definition.name);
	if (cli_has(verb->arguments, "--accept"))
		json_field_bool(&json, "accept", true);
	json_field_bool(&json, "build", verb->is_last && !cli_has(verb->arguments, "--no-build"));
	json_object_end(&json);
	verb->started_ns = clock_monotonic_ns(NULL);
	TRY(session_command(&verb->session, "feed.import", buf_view(&text), fd, show_progress, verb,
		&result, why));
	if (str_eq(text_of(result, "state"), STR("unchanged")) ||
		number_of(json_get(result, "reading"), "accepted") > 0)
		verb->some_accepted = true;
	if (verb->shows_progress)
		(void)!write(STDERR_FILENO, "\r\033[K", 4);
	(cli_has(verb->arguments, "--json") ? put_json : put_text)(verb, path, result);
	return OK;
}

static enum err import_file(struct import_verb *verb, const char *path, struct why *why)
{
	CLEANUP(fd_close) int fd = -1;

	TRY(feed_file_open(path, &fd, why));
	return import_opened(verb, path, fd, why);
}

/* Everything read is in the snapshot when the command ends, so that a check sees it. */
static enum err wait_for_snapshot(struct import_verb *verb, struct why *why)
{
	struct json_node result;

	if (cli_has(verb->arguments, "--no-build") || !verb->some_accepted)
		return OK;
	return session_command(
		&verb->session, "snapshot.build", STR("{}"), -1, NULL, NULL, &result, why);
}

static enum err import_all(struct import_verb *verb, struct why *why)
{
	const struct cli_arguments *arguments = verb->arguments;
	struct config config;
	enum err err = server_config(&config, arguments, why);

	if (err == OK)
		err = server_catalogue_open(arguments, &config, &verb->catalogue, why);
	config_done(&config);
	TRY(err);
	TRY(session_open(&verb->session, arguments, 0, why));
	for (size_t i = 0; i < arguments->operand_count; i++) {
		verb->is_last = i + 1 == arguments->operand_count;
		/* one file that is no good costs itself, not the others */
		if (import_file(verb, arguments->operands[i], why) != OK) {
			verb->some_failed |= why->code != ERR_HELD;
			CLEANUP(buf_done) struct buf named = { 0 };

			buf_fmt(&named, "%s: %s", arguments->operands[i], why->text);
			(void)snprintf(why->text, sizeof why->text, "%s", buf_c(&named));
			(void)cli_fail(arguments, why);
			if (!channel_is_open(&verb->session.channel))
				break;
		}
	}
	return channel_is_open(&verb->session.channel) ? wait_for_snapshot(verb, why) : OK;
}

int verb_feed_import(const struct cli_arguments *arguments)
{
	struct import_verb verb = { .arguments = arguments,
		.session = { .channel = CHANNEL_CLOSED },
		.shows_progress = isatty(STDERR_FILENO) == 1 };
	struct why why = { 0 };
	enum err err = import_all(&verb, &why);
	int exit = cli_print(arguments, &verb.out, verb.some_accepted ? CLI_OK : CLI_SOME);

	if (err != OK)
		exit = cli_fail(arguments, &why);
	if (verb.some_failed)
		exit = CLI_ERROR;
	session_close(&verb.session);
	catalogue_done(&verb.catalogue);
	arena_done(&verb.arena);
	buf_done(&verb.out);
	return exit;
}
