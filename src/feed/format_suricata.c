/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules of Suricata that name one indicator: "alert dns ... dns.query; content:"name"; depth:N;
 * endswith" (also tls.sni, http.host), and "alert ip ... -> address". A rule that matches only a
 * part of a name, or more than an address, is refused as a rule.
 */
#include "feed/formats.h"

#include "feed/lines.h"

enum { HEADER_WORDS = 7 }; /* action protocol source port arrow destination port */

static const struct str name_buffers[] = { STR_INIT("dns.query;"), STR_INIT("dns_query;"),
	STR_INIT("tls.sni;"), STR_INIT("http.host;") };

/* The value of an option: `key:"value"` or `key:value`; empty when it is not there. */
static struct str option_value(struct str options, struct str key)
{
	struct str rest = str_from_index(options, str_find_str(options, key));

	if (rest.n == 0)
		return rest;
	rest = str_from_index(rest, key.n);

	struct str value = str_trim(str_first(rest, str_find(rest, ';')));

	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		return str_from(value.p + 1, value.n - 2);
	return value;
}

static bool options_have_name(struct str options)
{
	for (size_t i = 0; i < ARRAY_LEN(name_buffers); i++) {
		if (str_find_str(options, name_buffers[i]) < options.n)
			return true;
	}
	return false;
}

/* Both ends are fixed: the whole name; the end alone and a dot in front: all below. */
static void offer_name_rule(struct feed_intake *intake, struct str options,
	const struct intake_facts *facts, struct str line)
{
	struct intake_facts named = *facts;
	struct str content = option_value(options, STR("content:"));
	uint64_t depth;
	bool is_whole = parse_u64(option_value(options, STR("depth:")), &depth) &&
			depth == content.n && str_find_str(options, STR("endswith")) < options.n;

	named.type = TEXT_NAME;
	named.below = str_find_str(options, STR("dotprefix;")) < options.n;
	if (!is_whole && !named.below)
		intake_refuse(intake, REFUSED_RULE, line);
	else
		intake_offer(intake, content, &named, line);
}

static void offer_address_rule(struct feed_intake *intake, struct str address,
	const struct intake_facts *facts, struct str line)
{
	struct intake_facts addressed = *facts;

	if (str_starts(address, STR("[")) && str_ends(address, STR("]")))
		address = str_from(address.p + 1, address.n - 2);
	addressed.type = TEXT_IP;
	if (str_starts(address, STR("!")) || str_starts(address, STR("$")) ||
		str_eq(address, STR("any"))) {
		intake_refuse(intake, REFUSED_RULE, line);
		return;
	}
	while (address.p != NULL)
		intake_offer(intake, str_split(&address, ','), &addressed, line);
}

static void suricata_line(
	struct feed_intake *intake, struct str line, const struct intake_facts *facts)
{
	struct intake_facts ruled = *facts;
	size_t open = str_find(line, '(');
	struct str header = str_first(line, open);
	struct str options = str_from_index(line, open);
	struct str words[HEADER_WORDS];
	size_t n = 0;

	while (n < HEADER_WORDS && str_next_word(&header, &words[n]))
		n++;
	if (n < HEADER_WORDS || options.n == 0) {
		intake_refuse(intake, REFUSED_SYNTAX, line);
		return;
	}
	ruled.reference = option_value(options, STR("msg:"));
	if (str_eq(words[0], STR("pass")))
		intake_refuse(intake, REFUSED_EXCEPTION, line);
	else if (options_have_name(options))
		offer_name_rule(intake, options, &ruled, line);
	else
		offer_address_rule(intake,
			str_starts(words[2], STR("$")) || str_eq(words[2], STR("any")) ? words[5]
										       : words[2],
			&ruled, line);
}

enum err suricata_parse(struct feed_intake *intake, struct why *why)
{
	return lines_read(intake, suricata_line, why);
}

bool suricata_looks(struct str line)
{
	static const struct str actions[] = { STR_INIT("alert "), STR_INIT("drop "),
		STR_INIT("reject "), STR_INIT("pass ") };

	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (str_starts(line, actions[i]))
			return str_find_str(line, STR("sid:")) < line.n;
	}
	return false;
}
