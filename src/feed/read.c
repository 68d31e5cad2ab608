/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/read.h"

#include <fcntl.h>

#include "base/io.h"
#include "feed/format.h"
#include "feed/read_folder.h"

/* The definition's format, or what the member looks like. */
static enum err format_choose(const struct feed_definition *definition, struct feed_input *input,
	const struct feed_format **out, struct why *why)
{
	struct str text;

	if (!str_eq(definition->format, STR("auto"))) {
		*out = feed_format_find(definition->format);
		if (*out == NULL)
			return fail(why, ERR_USAGE, "no format is called %.*s",
				STR_FMT(definition->format));
		return OK;
	}
	TRY(input_peek(input, &text, why));

	struct sniff_sample *sample = calloc(1, sizeof *sample);

	must(sample != NULL);
	sniff_sample_make(sample, input_name(input), text, text.n < INPUT_SAMPLE_BYTES);

	enum err code = feed_format_sniff(sample, out, why);

	free(sample);
	return code;
}

/* A list of what must be left alone, read as one of what attacks, would do the most harm. */
static enum err format_check(
	const struct feed_definition *definition, const struct feed_format *format, struct why *why)
{
	if (format->purpose == PURPOSE_CLAIMS || format->purpose == definition->purpose)
		return OK;
	return fail(why, ERR_UNSUPPORTED,
		"this is %.*s (%.*s): the feed needs \"purpose: %.*s\", and has %.*s",
		STR_FMT(format->name), STR_FMT(format->doc),
		STR_FMT(source_purpose_name(format->purpose)),
		STR_FMT(source_purpose_name((enum source_purpose)definition->purpose)));
}

static bool mapping_is_empty(const struct feed_mapping *mapping)
{
	return mapping->columns[COLUMN_INDICATOR].n == 0 && mapping->records.n == 0;
}

static enum err member_read(struct feed_intake *intake, struct why *why)
{
	const struct feed_definition *definition = intake->definition;
	const struct feed_format *format;

	TRY(format_choose(definition, intake->input, &format, why));
	TRY(format_check(definition, format, why));
	intake->report->format = format->name;
	intake->line = 0;
	intake->own_mapping = format->mapping;
	intake->mapping = format->mapping != NULL && mapping_is_empty(&definition->mapping)
				  ? format->mapping
				  : &definition->mapping;
	return format->parse(intake, why);
}

/* Does a failure cost only this member of the archive? */
static bool failure_is_of_document(enum err code)
{
	return code == ERR_SYNTAX || code == ERR_UNSUPPORTED;
}

static enum err members_read(struct feed_intake *intake, struct why *why)
{
	bool more;

	for (;;) {
		struct why member_why = { 0 };
		enum err code = member_read(intake, &member_why);

		intake->report->documents++;
		TRY(intake_flush(intake, why));
		if (code != OK) {
			if (why != NULL)
				*why = member_why;
			intake_refuse(intake, REFUSED_DOCUMENT, str_c(member_why.text));
			if (!failure_is_of_document(code) || !input_is_archive(intake->input))
				return code;
		}
		TRY(input_next_member(intake->input, &more, why));
		if (!more)
			return OK;
	}
}

enum err feed_read(const struct feed_definition *definition, struct feed_input *input,
	const struct feed_sink *sink, struct feed_report *report, struct why *why)
{
	CLEANUP(intake_done) struct feed_intake intake;

	*report = (struct feed_report){ .compression = input_compression(input) };
	intake_start(&intake, definition, &definition->mapping, sink, report, input);

	enum err code = members_read(&intake, why);

	report->plain_bytes = input_plain_bytes(input);
	return code;
}

enum err feed_read_path(const struct feed_definition *definition, const char *path,
	const struct input_limits *limits, const struct feed_sink *sink, struct feed_report *report,
	struct why *why)
{
	CLEANUP(input_close) struct feed_input *input = NULL;
	CLEANUP(fd_close) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*report = (struct feed_report){ 0 };
	if (folder != -1)
		return feed_read_folder(definition, folder, limits, sink, report, why);
	TRY(input_open_file(path, limits, &input, why));
	return feed_read(definition, input, sink, report, why);
}
