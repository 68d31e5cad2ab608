/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules of proxy clients (Surge, Quantumult, Clash): KIND,value[,policy[,...]], in Clash's YAML
 * with
 * "- " in front. A rule is a claim when its policy is to reject, or when the list has no policies.
 */
#include "feed/formats.h"

#include "feed/lines.h"

static const struct {
	struct str word;
	enum text_type type;
	bool below;
} kinds[] = {
	{ STR_INIT("DOMAIN"), TEXT_NAME, false },
	{ STR_INIT("HOST"), TEXT_NAME, false },
	{ STR_INIT("DOMAIN-SUFFIX"), TEXT_NAME, true },
	{ STR_INIT("HOST-SUFFIX"), TEXT_NAME, true },
	{ STR_INIT("IP-CIDR"), TEXT_IP, false },
	{ STR_INIT("IP-CIDR6"), TEXT_IP, false },
	{ STR_INIT("IP6-CIDR"), TEXT_IP, false },
	{ STR_INIT("IP-ASN"), TEXT_ASN, false },
};

static struct str without_dash(struct str line)
{
	return str_starts(line, STR("- ")) ? str_trim(str_from_index(line, 2)) : line;
}

/* The index in kinds, or its length. */
static size_t kind_find(struct str line)
{
	struct str word = str_trim(str_first(line, str_find(line, ',')));
	size_t i = 0;

	while (i < ARRAY_LEN(kinds) && !str_eq(kinds[i].word, word))
		i++;
	return i;
}

static void rules_line(
	struct feed_intake *intake, struct str line, const struct intake_facts *facts)
{
	struct intake_facts ruled = *facts;
	struct str rest = without_dash(line_cut_comment(line));
	size_t kind = kind_find(rest);

	if (str_eq(rest, STR("payload:"))) {
		intake_comment(intake);
		return;
	}
	str_split(&rest, ',');
	if (rest.p == NULL) {
		intake_refuse(intake, REFUSED_SYNTAX, line);
		return;
	}
	if (kind == ARRAY_LEN(kinds)) {
		intake_refuse(intake, REFUSED_RULE, line);
		return;
	}

	struct str value = str_split(&rest, ',');
	struct str policy = rest.p == NULL ? STR("") : str_trim(str_split(&rest, ','));

	if (policy.n > 0 && !str_starts_nocase(policy, STR("REJECT")) &&
		!str_eq_nocase(policy, STR("no-resolve"))) {
		intake_refuse(intake, REFUSED_EXCEPTION, line);
		return;
	}
	ruled.type = kinds[kind].type;
	ruled.below = kinds[kind].below;
	intake_offer(intake, value, &ruled, line);
}

enum err rules_parse(struct feed_intake *intake, struct why *why)
{
	return lines_read(intake, rules_line, why);
}

bool rules_looks(struct str line)
{
	line = without_dash(line);
	return kind_find(line) < ARRAY_LEN(kinds) && str_find(line, ',') < line.n;
}
