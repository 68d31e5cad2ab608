/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Filter lists of ad blockers as far as they block names: "||name^" (the name and all below it),
 * also with options that do not narrow it, and bare names. Exceptions, cosmetic rules, paths,
 * regular expressions, wildcards and options that hold only in some context are refused: they say
 * less than "this name is bad".
 */
#include "feed/formats.h"

#include "feed/lines.h"

/* Options under which "||name^" still blocks the whole name. */
static const struct str harmless[] = {
	STR_INIT("important"),
	STR_INIT("all"),
	STR_INIT("document"),
	STR_INIT("doc"),
};

static bool options_are_harmless(struct str text)
{
	while (text.p != NULL) {
		struct str option = str_trim(str_split(&text, ','));
		size_t i = 0;

		while (i < ARRAY_LEN(harmless) && !str_eq_nocase(harmless[i], option))
			i++;
		if (i == ARRAY_LEN(harmless))
			return false;
	}
	return true;
}

static bool text_is_cosmetic(struct str line)
{
	static const struct str marks[] = { STR_INIT("##"), STR_INIT("#@#"), STR_INIT("#?#"),
		STR_INIT("#$#"), STR_INIT("#%#"), STR_INIT("$$") };

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		if (str_find_str(line, marks[i]) < line.n)
			return true;
	}
	return false;
}

/* What is between "||" and "^", or the line itself; false when the rule is of another kind. */
static bool rule_name(struct str line, struct str *name, bool *below)
{
	size_t dollar = str_find(line, '$');
	struct str rule = str_first(line, dollar);

	if (dollar < line.n && !options_are_harmless(str_from_index(line, dollar + 1)))
		return false;
	*below = str_starts(rule, STR("||"));
	if (*below)
		rule = str_from_index(rule, 2);
	else if (dollar < line.n)
		return false;
	if (*below && str_ends(rule, STR("^")))
		rule.n--;
	else if (*below && str_ends(rule, STR("^|")))
		rule.n -= 2;
	*name = rule;
	/* "*." in front is a wildcard that a name can keep */
	rule = str_starts(rule, STR("*.")) ? str_from_index(rule, 2) : rule;
	return rule.n > 0 && str_find(rule, '*') == rule.n && str_find(rule, '/') == rule.n &&
	       str_find(rule, '|') == rule.n && str_find(rule, '^') == rule.n &&
	       str_find(rule, '=') == rule.n;
}

static void adblock_line(
	struct feed_intake *intake, struct str line, const struct intake_facts *facts)
{
	struct intake_facts named = *facts;
	struct str name;

	if (str_starts(line, STR("[")) && str_ends(line, STR("]"))) {
		intake_comment(intake);
	} else if (str_starts(line, STR("@@"))) {
		intake_refuse(intake, REFUSED_EXCEPTION, line);
	} else if (text_is_cosmetic(line) || !rule_name(line, &name, &named.below)) {
		intake_refuse(intake, REFUSED_RULE, line);
	} else {
		/* the name may be an address all the same */
		named.type = named.below ? TEXT_NAME : TEXT_ANY;
		intake_offer(intake, name, &named, line);
	}
}

/* "##.banner" is a cosmetic rule for all sites, "# text" a comment that some lists use. */
enum err adblock_parse(struct feed_intake *intake, struct why *why)
{
	return lines_read(intake, adblock_line, why);
}

bool adblock_looks(struct str line)
{
	return str_starts(line, STR("||")) || str_starts(line, STR("@@")) ||
	       text_is_cosmetic(line) || str_starts(line, STR("[Adblock"));
}
