/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON documents and NDJSON with a mapping by dotted paths. Lines with the mapping's metadata key
 * are about the list.
 */
#include "feed/formats.h"

#include "feed/json_records.h"
#include "feed/lines.h"

enum err json_format_parse(struct feed_intake *intake, struct why *why)
{
	struct json_node root;

	TRY(json_member(intake, &root, why));
	return json_records_offer(intake, root, why);
}

enum err ndjson_parse(struct feed_intake *intake, struct why *why)
{
	for (;;) {
		struct json_node root;
		struct str line;
		bool more;

		TRY(intake_next_line(intake, &line, &more, why));
		if (!more)
			return OK;
		if (line_is_comment(line))
			intake_comment(intake);
		else if (json_document(intake, line, &root, NULL) != OK)
			intake_refuse(intake, REFUSED_JSON, line);
		else
			json_record_offer(intake, root, false);
	}
}

bool ndjson_looks(const struct sniff_sample *sample)
{
	size_t hits = 0;

	for (size_t i = 0; i < sample->line_n; i++)
		hits += str_starts(sample->lines[i], STR("{")) &&
			str_ends(sample->lines[i], STR("}"));
	return sample->line_n > 0 && hits * 10 >= sample->line_n * 9 &&
	       (sample->line_n > 1 || str_find(sample->lines[0], '[') == sample->lines[0].n);
}

bool json_looks(const struct sniff_sample *sample)
{
	char first = sniff_first_byte(sample);

	return first == '{' || (first == '[' && !str_starts(str_trim(sample->text), STR("[Ad")));
}
