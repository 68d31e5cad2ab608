/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hosts(5): "0.0.0.0 name [name...] # comment". Only names that are sent nowhere are claims; a line
 * with a real address is a translation.
 */
#include "feed/formats.h"

#include "feed/lines.h"

static void hosts_line(
	struct feed_intake *intake, struct str line, const struct intake_facts *facts)
{
	struct intake_facts named = *facts;
	struct str rest = line_cut_comment(line);
	struct str address;
	struct str name;
	bool has_name = false;

	if (!str_next_word(&rest, &address) || !text_looks_like_ip(address)) {
		intake_refuse(intake, REFUSED_SYNTAX, line);
		return;
	}
	if (!text_is_sink(address)) {
		intake_refuse(intake, REFUSED_RULE, line);
		return;
	}
	named.type = TEXT_NAME;
	while (str_next_word(&rest, &name)) {
		has_name = true;
		intake_offer(intake, name, &named, line);
	}
	if (!has_name)
		intake_refuse(intake, REFUSED_EMPTY, line);
}

enum err hosts_parse(struct feed_intake *intake, struct why *why)
{
	return lines_read(intake, hosts_line, why);
}

bool hosts_looks(struct str line)
{
	struct str rest = line;
	struct str address;
	struct str name;

	return str_next_word(&rest, &address) && str_next_word(&rest, &name) &&
	       text_is_sink(address);
}
