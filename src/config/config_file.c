/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration file, from libyaml's events straight into the rows: every scalar is text until
 * its row reads it, and every refusal has the line of what it refuses. (libcyaml, which maps YAML
 * to structs, knows only the line of the mapping around a value, and reads 10s as 10.)
 */
#include "config/config_int.h"

#include "base/io.h"
#include "base/map.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <yaml.h>

enum { SHOWN_MAX = 40 };

struct reader {
	yaml_parser_t yaml;
	yaml_event_t event; /* the one under consideration */
	struct config *config;
	struct map seen; /* keys, each with the line where it stood */
	struct why *why;
};

static void reader_done(struct reader *reader)
{
	yaml_event_delete(&reader->event);
	yaml_parser_delete(&reader->yaml);
	map_done(&reader->seen);
}

static uint64_t event_line(const struct reader *reader)
{
	return reader->event.start_mark.line + 1;
}

/* Goes to the next event. Anchors, aliases and tags have no use here and much abuse. */
static enum err next(struct reader *reader)
{
	const yaml_event_t *event = &reader->event;

	yaml_event_delete(&reader->event);
	if (yaml_parser_parse(&reader->yaml, &reader->event) == 0) {
		must(reader->yaml.error != YAML_MEMORY_ERROR);
		return fail_at(reader->why, ERR_SYNTAX, reader->yaml.problem_mark.line + 1,
			"not valid YAML: %s",
			reader->yaml.problem == NULL ? "unreadable" : reader->yaml.problem);
	}
	if (event->type == YAML_ALIAS_EVENT ||
		(event->type == YAML_SCALAR_EVENT && event->data.scalar.anchor != NULL) ||
		(event->type == YAML_SEQUENCE_START_EVENT &&
			event->data.sequence_start.anchor != NULL) ||
		(event->type == YAML_MAPPING_START_EVENT &&
			event->data.mapping_start.anchor != NULL))
		return fail_at(reader->why, ERR_SYNTAX, event_line(reader),
			"anchors and aliases are not read");
	if (event->type == YAML_SCALAR_EVENT && event->data.scalar.tag != NULL)
		return fail_at(reader->why, ERR_SYNTAX, event_line(reader), "tags are not read");
	return OK;
}

static struct str scalar(const struct reader *reader)
{
	return str_from(
		(const char *)reader->event.data.scalar.value, reader->event.data.scalar.length);
}

/* "key:" with nothing behind it; the empty value is written "". */
static bool is_nothing(const struct reader *reader)
{
	return reader->event.type == YAML_SCALAR_EVENT && reader->event.data.scalar.length == 0 &&
	       reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* The entries of a sequence, from its start event to its end event. */
static enum err read_sequence(struct reader *reader, struct buf *out)
{
	for (;;) {
		TRY(next(reader));
		if (reader->event.type == YAML_SEQUENCE_END_EVENT)
			return OK;
		if (reader->event.type != YAML_SCALAR_EVENT)
			return fail_at(reader->why, ERR_SYNTAX, event_line(reader),
				"an entry of a list must be one value");
		buf_str(out, scalar(reader));
		buf_byte(out, '\n');
	}
}

static enum err read_value(struct reader *reader, struct str key)
{
	CLEANUP(buf_done) struct buf entries = { 0 };
	uint64_t line = event_line(reader);
	uint64_t *first_line;
	struct str text;
	bool is_new;

	first_line = map_add(&reader->seen, key, &is_new);
	if (!is_new)
		return fail_at(reader->why, ERR_SYNTAX, line,
			"%.*s stands twice, first in line %llu", STR_FMT(str_first(key, SHOWN_MAX)),
			(unsigned long long)*first_line);
	*first_line = line;
	if (reader->event.type == YAML_SEQUENCE_START_EVENT) {
		TRY(read_sequence(reader, &entries));
		text = buf_view(&entries);
	} else {
		text = scalar(reader);
	}

	enum err err = config_apply(reader->config, key, text, CONFIG_FROM_FILE, line, reader->why);

	/* an unknown key is the file's mistake, not a file that is missing */
	return err == OK ? OK : ERR_SYNTAX;
}

/* From the start of a mapping to its end. prefix is the section's name with a dot, or empty. */
static enum err read_mapping(struct reader *reader, struct str prefix)
{
	CLEANUP(buf_done) struct buf key = { 0 };

	for (;;) {
		TRY(next(reader));
		if (reader->event.type == YAML_MAPPING_END_EVENT)
			return OK;
		if (reader->event.type != YAML_SCALAR_EVENT)
			return fail_at(reader->why, ERR_SYNTAX, event_line(reader),
				"a key must be a word");
		buf_clear(&key);
		buf_str(&key, prefix);
		buf_str(&key, scalar(reader));
		TRY(next(reader));
		if (is_nothing(reader))
			return fail_at(reader->why, ERR_SYNTAX, event_line(reader),
				"%.*s has no value", STR_FMT(str_first(buf_view(&key), SHOWN_MAX)));
		if (reader->event.type != YAML_MAPPING_START_EVENT) {
			TRY(read_value(reader, buf_view(&key)));
			continue;
		}
		if (prefix.n > 0)
			return fail_at(reader->why, ERR_SYNTAX, event_line(reader),
				"%.*s: sections have no sections",
				STR_FMT(str_first(buf_view(&key), SHOWN_MAX)));
		buf_byte(&key, '.');
		TRY(read_mapping(reader, buf_view(&key)));
	}
}

static enum err read_stream(struct reader *reader)
{
	TRY(next(reader)); /* the stream's start */
	TRY(next(reader));
	if (reader->event.type == YAML_STREAM_END_EVENT)
		return OK;
	TRY(next(reader)); /* behind the document's start */
	if (!is_nothing(reader)) {
		if (reader->event.type != YAML_MAPPING_START_EVENT)
			return fail_at(reader->why, ERR_SYNTAX, event_line(reader),
				"the file must hold keys with values");
		TRY(read_mapping(reader, STR("")));
	}
	TRY(next(reader)); /* the document's end */
	TRY(next(reader));
	if (reader->event.type != YAML_STREAM_END_EVENT)
		return fail_at(reader->why, ERR_SYNTAX, event_line(reader),
			"a second document in the file");
	return OK;
}

enum err config_parse(struct config *config, struct str yaml, struct why *why)
{
	CLEANUP(reader_done) struct reader reader = { .config = config, .why = why };

	if (yaml.n > CONFIG_FILE_BYTES_MAX)
		return fail(why, ERR_LIMIT, "more than 1 MiB of configuration");
	must(yaml_parser_initialize(&reader.yaml) == 1);
	yaml_parser_set_input_string(
		&reader.yaml, (const unsigned char *)(yaml.n == 0 ? "" : yaml.p), yaml.n);
	return read_stream(&reader);
}

enum err config_load(struct config *config, const char *path, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct why reason = { 0 };

	if (access(path, F_OK) == -1 && errno == ENOENT)
		return fail(why, ERR_NOT_FOUND, "there is no %s", path);
	TRY(file_read(path, CONFIG_FILE_BYTES_MAX, &text, why));

	enum err err = config_parse(config, buf_view(&text), &reason);

	if (err != OK)
		return fail_at(why, err, reason.line, "%s:%llu: %s", path,
			(unsigned long long)reason.line, reason.text);
	return OK;
}
