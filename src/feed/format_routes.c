/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables of routes: which AS announces what (feed/routes.h).
 *   asn-ranges    CSV of first, last, AS, its name (github.com/sapics/ip-location-db)
 *   vrp           what validators of the RPKI hold for valid: {"roas": [{"asn", "prefix"}]} as
 *                 rpki-client, Routinator, OctoRPKI and RIPE's write it, and the assertions of
 * SLURM (RFC 8416) rir-prefixes  {"prefixes": {"ipv4": [], "ipv6": []}}
 * (github.com/ipverse/rir-ip); no AS delegated     statistics of the registries:
 * registry|country|type|start|value|date|status
 *                 (apnic.net/about-apnic/corporate-documents/documents/resource-guidelines/
 *                 rir-statistics-exchange-format); no AS
 *   ixf           members of an Internet exchange by the schema of github.com/euro-ix/json-schemas:
 *                 their addresses in its network
 */
#include "feed/formats.h"

#include "feed/json_records.h"
#include "feed/lines.h"
#include "feed/routes.h"

#define COLUMN(name, text) [COLUMN_##name] = STR_INIT(text)

const struct feed_mapping asn_ranges_mapping = {
	.columns = { COLUMN(INDICATOR, "1"), COLUMN(RANGE_END, "2"), COLUMN(REFERENCE, "3") },
	.separator = ',',
};

const struct feed_mapping vrp_mapping = {
	.columns = { COLUMN(INDICATOR, "prefix"), COLUMN(REFERENCE, "asn") },
	.records = STR_INIT("roas[],locallyAddedAssertions.prefixAssertions[]"),
};

const struct feed_mapping rir_prefixes_mapping = {
	.records = STR_INIT("prefixes.ipv4[],prefixes.ipv6[]"),
};

static bool range_line(struct str line)
{
	struct str first = str_split(&line, ',');
	struct str last = line.p == NULL ? line : str_split(&line, ',');
	struct str asn = line.p == NULL ? line : str_split(&line, ',');
	struct ipaddr ip;
	uint64_t number;

	return line.p != NULL && ip_parse(str_trim(first), NULL, &ip, NULL) == OK &&
	       ip_parse(str_trim(last), NULL, &ip, NULL) == OK &&
	       parse_u64(str_trim(asn), &number) && number <= UINT32_MAX;
}

bool asn_ranges_looks(const struct sniff_sample *sample)
{
	for (size_t i = 0; i < sample->line_n; i++) {
		if (!range_line(sample->lines[i]))
			return false;
	}
	return sample->line_n > 0;
}

bool vrp_looks(const struct sniff_sample *sample)
{
	return sniff_first_byte(sample) == '{' &&
	       (sample_has_key(sample, STR("\"roas\"")) ||
		       sample_has_key(sample, STR("\"prefixAssertions\"")));
}

bool rir_prefixes_looks(const struct sniff_sample *sample)
{
	return sniff_first_byte(sample) == '{' &&
	       sample_has_key(sample, STR("\"delegationStatus\"")) &&
	       sample_has_key(sample, STR("\"prefixes\""));
}

/* A line of statistics, cut at its bars. */
struct delegation {
	struct str registry; /* of the line that begins the file: the version */
	struct str country;  /* "*" in a line of totals */
	struct str type;
	struct str start;
	struct str value;
	struct str status; /* "allocated", "assigned"; "available", "reserved" are nobody's */
};

/* False when a field is missing. A line of totals ends with its number. */
static bool delegation_cut(struct str line, struct delegation *out)
{
	struct str date;
	struct str *fields[] = { &out->registry, &out->country, &out->type, &out->start,
		&out->value, &date, &out->status };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (line.p == NULL && i < 6)
			return false;
		*fields[i] = line.p == NULL ? STR("") : str_trim(str_split(&line, '|'));
	}
	return true;
}

static bool delegation_is_heading(const struct delegation *line)
{
	uint64_t version;

	return str_eq(line->country, STR("*")) || parse_u64(line->registry, &version);
}

static void delegated_v4(struct feed_intake *intake, const struct delegation *delegation,
	const struct intake_facts *facts, struct str line)
{
	struct ip_range range;
	uint64_t count;

	if (ip_parse(delegation->start, NULL, &range.first, NULL) != OK ||
		!ip_is_v4(&range.first)) {
		intake_refuse(intake, REFUSED_ADDRESS, line);
		return;
	}
	if (!parse_u64(delegation->value, &count) || count == 0 ||
		count - 1 > UINT32_MAX - ip_to_u32(&range.first)) {
		intake_refuse(intake, REFUSED_RANGE, line);
		return;
	}
	range.last = ip_from_u32(ip_to_u32(&range.first) + (uint32_t)(count - 1));
	intake_range(intake, &range, facts, line);
}

static void delegated_v6(struct feed_intake *intake, const struct delegation *delegation,
	const struct intake_facts *facts, struct str line)
{
	struct prefix prefix;
	struct ipaddr first;
	uint64_t width;

	if (ip_parse(delegation->start, NULL, &first, NULL) != OK || ip_is_v4(&first) ||
		!parse_u64(delegation->value, &width) || width > 128) {
		intake_refuse(intake, REFUSED_ADDRESS, line);
		return;
	}
	prefix = prefix_around(&first, (uint8_t)width);
	if (ip_cmp(&prefix.address, &first) != 0)
		intake_refuse(intake, REFUSED_HOST_BITS, line);
	else
		(void)intake_prefix(intake, &prefix, facts, line);
}

static void delegated_line(
	struct feed_intake *intake, struct str line, const struct intake_facts *facts)
{
	struct delegation delegation;
	bool is_delegated;

	if (!delegation_cut(line, &delegation)) {
		intake_refuse(intake, REFUSED_FIELDS, line);
		return;
	}
	is_delegated = !str_eq(delegation.status, STR("available")) &&
		       !str_eq(delegation.status, STR("reserved"));
	if (delegation_is_heading(&delegation))
		intake_comment(intake);
	else if (str_eq(delegation.type, STR("asn")))
		intake_refuse(intake, REFUSED_ASN, line);
	else if (is_delegated && str_eq(delegation.type, STR("ipv4")))
		delegated_v4(intake, &delegation, facts, line);
	else if (is_delegated && str_eq(delegation.type, STR("ipv6")))
		delegated_v6(intake, &delegation, facts, line);
	else
		intake_refuse(intake, REFUSED_KIND, line);
}

enum err delegated_parse(struct feed_intake *intake, struct why *why)
{
	return lines_read(intake, delegated_line, why);
}

bool delegated_looks(const struct sniff_sample *sample)
{
	struct delegation first;

	for (size_t i = 0; i < sample->line_n; i++) {
		if (!delegation_cut(sample->lines[i], &first))
			return false;
		if (!delegation_is_heading(&first))
			return str_eq(first.type, STR("asn")) || str_eq(first.type, STR("ipv4")) ||
			       str_eq(first.type, STR("ipv6"));
	}
	return false;
}

static void address_offer(
	struct feed_intake *intake, struct str address, const struct intake_facts *facts)
{
	intake->line++;
	intake->report->lines++;
	(void)intake_offer(intake, address, facts, address);
}

/* The addresses of one connection; returns how many there were. */
static size_t connection_offer(
	struct feed_intake *intake, struct json_node connection, const struct intake_facts *facts)
{
	static const char *const families[] = { "ipv4", "ipv6" };
	struct json_iterator each = json_each(json_get(connection, "vlan_list"));
	struct json_node vlan;
	struct str address;
	size_t n = 0;

	while (json_next(&each, &vlan)) {
		for (size_t i = 0; i < ARRAY_LEN(families); i++) {
			if (!json_str(json_get(json_get(vlan, families[i]), "address"), &address))
				continue;
			address_offer(intake, address, facts);
			n++;
		}
	}
	return n;
}

static void member_offer(struct feed_intake *intake, struct json_node member)
{
	struct json_iterator each = json_each(json_get(member, "connection_list"));
	struct intake_facts facts = intake_facts(intake);
	char space[ROUTE_REFERENCE_MAX];
	struct json_node connection;
	struct str asn;
	bool is_told;
	size_t n = 0;

	arena_reset(&intake->arena);
	asn = json_text(json_get(member, "asnum"), &intake->arena);
	is_told = asn.n > 0 && route_reference(asn, space, &facts.reference);
	facts.type = TEXT_IP;
	while (is_told && json_next(&each, &connection))
		n += connection_offer(intake, connection, &facts);
	if (n > 0)
		return;
	intake->line++;
	intake->report->lines++;
	intake_refuse(intake, is_told ? REFUSED_EMPTY : REFUSED_SYNTAX, asn);
}

enum err ixf_parse(struct feed_intake *intake, struct why *why)
{
	struct json_node root;
	struct json_node members;
	struct json_node member;

	TRY(json_member(intake, &root, why));
	TRY(json_need(root, "member_list", JSON_ARRAY, &members, why));

	struct json_iterator each = json_each(members);

	while (json_next(&each, &member))
		member_offer(intake, member);
	return OK;
}

bool ixf_looks(const struct sniff_sample *sample)
{
	return sniff_first_byte(sample) == '{' && sample_has_key(sample, STR("\"member_list\"")) &&
	       sample_has_key(sample, STR("\"ixp_list\""));
}
