/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trails of Maltrail (github.com/stamparm/maltrail): plain lists in which "# Reference: URL" says
 * whence the following block comes. The reference of a block is its first one.
 */
#include "feed/formats.h"

#include "feed/lines.h"

static const struct str mark = STR_INIT("# Reference:");

enum err maltrail_parse(struct feed_intake *intake, struct why *why)
{
	struct intake_facts facts = intake_facts(intake);
	bool in_block = false;

	for (;;) {
		struct str line;
		bool more;

		TRY(intake_next_line(intake, &line, &more, why));
		if (!more)
			return OK;
		if (!line_is_comment(line)) {
			in_block = true;
			plain_line(intake, line, &facts);
			continue;
		}
		intake_comment(intake);
		if (!str_starts(line, mark))
			continue;
		if (in_block || facts.reference.n == 0) {
			arena_reset(&intake->arena);
			facts.reference =
				arena_str(&intake->arena, str_trim(str_from_index(line, mark.n)));
		}
		in_block = false;
	}
}

bool maltrail_looks(const struct sniff_sample *sample)
{
	size_t plain = 0;
	bool is_marked = false;

	for (size_t i = 0; i < sample->comment_n; i++)
		is_marked =
			is_marked || str_starts(sample->comments[i], mark) ||
			str_find_str(sample->comments[i], STR("Maltrail")) < sample->comments[i].n;
	for (size_t i = 0; i < sample->line_n; i++)
		plain += plain_looks(sample->lines[i]);
	return is_marked && plain * 100 >= sample->line_n * 60;
}
