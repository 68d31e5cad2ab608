/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ipsum (github.com/stamparm/ipsum): "address TAB number of lists that hold it". The number is the
 * claim's count and, ten points for each list, its confidence. Entries on fewer lists than the
 * definition's threshold are left out, counted.
 */
#include "feed/formats.h"

#include "feed/lines.h"

enum { POINTS_PER_LIST = 10, CONFIDENCE_MAX = 100 };

static void ipsum_line(
	struct feed_intake *intake, struct str line, const struct intake_facts *facts)
{
	struct intake_facts listed = *facts;
	struct str rest = line_cut_comment(line);
	struct str address;
	struct str number;
	uint64_t lists;

	if (!str_next_word(&rest, &address) || !str_next_word(&rest, &number) ||
		!parse_u64(number, &lists) || lists > UINT32_MAX) {
		intake_refuse(intake, REFUSED_FIELDS, line);
		return;
	}
	if (lists < intake->definition->rules.threshold) {
		intake_refuse(intake, REFUSED_THRESHOLD, line);
		return;
	}
	listed.type = TEXT_IP;
	listed.count = (uint32_t)lists;
	listed.confidence =
		(int16_t)(lists > CONFIDENCE_MAX / POINTS_PER_LIST ? CONFIDENCE_MAX
								   : (int)lists * POINTS_PER_LIST);
	intake_offer(intake, address, &listed, line);
}

enum err ipsum_parse(struct feed_intake *intake, struct why *why)
{
	return lines_read(intake, ipsum_line, why);
}

bool ipsum_looks(struct str line)
{
	size_t tab = str_find(line, '\t');
	uint64_t lists;
	uint32_t address;

	return tab > 0 && line_v4(line, &address) == tab &&
	       parse_u64(str_from_index(line, tab + 1), &lists) && lists < 1000;
}
