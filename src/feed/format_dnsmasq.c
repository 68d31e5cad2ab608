/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dnsmasq.conf(5): address=/name/[name/]0.0.0.0, and local=/name/ or server=/name/ which keep a
 * name from being asked for. Each stands for the name and all below it.
 */
#include "feed/formats.h"

#include "feed/lines.h"

static const struct str options[] = { STR_INIT("address="), STR_INIT("local="),
	STR_INIT("server=") };

/* The part behind the last slash: where the names are sent. Empty and "#" mean nowhere. */
static bool target_is_sink(struct str target, bool is_address)
{
	if (target.n == 0)
		return true;
	return is_address && (str_eq(target, STR("#")) || text_is_sink(target));
}

static bool value_of(struct str line, struct str *value, bool *is_address)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (str_starts(line, options[i])) {
			*value = str_from_index(line, options[i].n);
			*is_address = i == 0;
			return true;
		}
	}
	return false;
}

static void dnsmasq_line(
	struct feed_intake *intake, struct str line, const struct intake_facts *facts)
{
	struct intake_facts named = *facts;
	struct str value;
	bool is_address;

	if (!value_of(line_cut_comment(line), &value, &is_address) || value.n < 2 ||
		value.p[0] != '/') {
		intake_refuse(intake, REFUSED_SYNTAX, line);
		return;
	}

	size_t last = str_find_last(value, '/');

	if (last == 0 || !target_is_sink(str_from_index(value, last + 1), is_address)) {
		intake_refuse(intake, REFUSED_RULE, line);
		return;
	}
	named.type = TEXT_NAME;
	named.below = true;
	for (struct str names = str_from(value.p + 1, last - 1); names.p != NULL;)
		intake_offer(intake, str_split(&names, '/'), &named, line);
}

enum err dnsmasq_parse(struct feed_intake *intake, struct why *why)
{
	return lines_read(intake, dnsmasq_line, why);
}

bool dnsmasq_looks(struct str line)
{
	struct str value;
	bool is_address;

	return value_of(line, &value, &is_address) && str_starts(value, STR("/"));
}
