/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A MISP feed as a folder: manifest.json names events by UUID, each in a file UUID.json. Files are
 * opened relative to the folder, and only by names that are UUIDs.
 */
#include "feed/read_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json_read.h"

enum { UUID_LENGTH = 36, NAME_BYTES = UUID_LENGTH + sizeof ".json", MANIFEST_BYTES_MAX = 64 << 20 };

static bool text_is_uuid(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = byte_lower(text.p[i]);
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? c != '-' : !byte_is_digit(c) && (c < 'a' || c > 'f'))
			return false;
	}
	return text.n == UUID_LENGTH;
}

static enum err event_read(const struct feed_definition *definition, int folder, struct str uuid,
	const struct input_limits *limits, const struct feed_sink *sink, struct feed_report *report,
	struct why *why)
{
	CLEANUP(input_close) struct feed_input *input = NULL;
	CLEANUP(fd_close) int fd = -1;
	char name[NAME_BYTES];

	must(snprintf(name, sizeof name, "%.*s.json", STR_FMT(uuid)) < (int)sizeof name);
	fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	if (fd == -1)
		return fail(why, ERR_NOT_FOUND, "the manifest names %s, which is not there", name);
	TRY(input_open_fd(fd, str_c(name), limits, &input, why));
	return feed_read(definition, input, sink, report, why);
}

/* Does a failure cost only this event? */
static bool failure_is_of_event(enum err code)
{
	return code == ERR_NOT_FOUND || code == ERR_SYNTAX || code == ERR_UNSUPPORTED ||
	       code == ERR_LIMIT;
}

static enum err manifest_open(int folder, struct json_reader *reader, struct buf *text,
	struct json_node *root, struct why *why)
{
	CLEANUP(fd_close) int fd = openat(folder, "manifest.json", O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd == -1 && errno == ENOENT)
		return fail(why, ERR_NOT_FOUND, "the folder has no manifest.json");
	if (fd == -1)
		return fail_sys(why, "cannot open manifest.json");
	TRY(fd_read_all(fd, MANIFEST_BYTES_MAX, text, why));
	TRY(json_parse(reader, buf_view(text), root, why));
	if (json_type(*root) != JSON_OBJECT)
		return fail(why, ERR_SYNTAX, "manifest.json is not an object of events");
	return OK;
}

enum err feed_read_folder(const struct feed_definition *definition, int folder,
	const struct input_limits *limits, const struct feed_sink *sink, struct feed_report *report,
	struct why *why)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_node root;
	struct json_node about;
	struct str uuid;
	uint64_t number = 0;

	*report = (struct feed_report){ .format = STR("misp"), .compression = STR("none") };
	TRY(manifest_open(folder, reader, &text, &root, why));

	struct json_iterator each = json_each(root);

	while (json_next_member(&each, &uuid, &about)) {
		struct feed_report part = { .format = STR("misp"), .compression = STR("none") };
		struct why event_why = { 0 };

		number++;
		if (!text_is_uuid(uuid)) {
			feed_report_refuse(report, REFUSED_DOCUMENT, number, uuid);
			continue;
		}

		enum err code =
			event_read(definition, folder, uuid, limits, sink, &part, &event_why);

		/* one that was not opened is not in its own report */
		if (code != OK && part.refused[REFUSED_DOCUMENT] == 0)
			feed_report_refuse(&part, REFUSED_DOCUMENT, number, str_c(event_why.text));
		feed_report_add(report, &part);
		if (code != OK && !failure_is_of_event(code)) {
			if (why != NULL)
				*why = event_why;
			return code;
		}
	}
	return OK;
}
