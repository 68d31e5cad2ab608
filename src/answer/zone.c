/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/zone.h"

enum {
	V4_LABELS = 4,
	V6_LABELS = 32,
	V6_NAME_BYTES = 2 * V6_LABELS,
	SUBZONE_BYTES = 6 /* the longest label before the base, with its length byte */
};

/* Every zone's label in wire form. */
static const struct str labels[] = {
	[ZONE_COMBINED] = STR_INIT(""),
	[ZONE_SOURCE] = STR_INIT("\3src"),
	[ZONE_DESTINATION] = STR_INIT("\3dst"),
	[ZONE_POLICY] = STR_INIT("\3pol"),
	[ZONE_ALLOW] = STR_INIT("\5allow"),
	[ZONE_SCORE] = STR_INIT("\5score"),
	[ZONE_NAMES] = STR_INIT("\3dom"),
};
_Static_assert(ARRAY_LEN(labels) == ZONE_COUNT, "one label per zone");

static const struct str server_label = STR_INIT("\2ns");

enum err zones_init(struct zones *zones, struct str base, struct str name_server, struct why *why)
{
	*zones = (struct zones){ .has_own_server = name_server.n == 0 };
	if (!dns_name_from_text(base, zones->base, &zones->base_bytes) || zones->base_bytes == 1)
		return fail(why, ERR_USAGE, "not a zone name: %.*s", STR_FMT(base));
	if (zones->base_bytes + SUBZONE_BYTES + V6_NAME_BYTES > DNS_NAME_MAX)
		return fail(why, ERR_USAGE, "zone name is too long: %.*s", STR_FMT(base));
	for (size_t at = 0; zones->base[at] != 0; at += (size_t)zones->base[at] + 1)
		zones->base_labels++;
	if (!zones->has_own_server) {
		if (!dns_name_from_text(name_server, zones->name_server, &zones->name_server_bytes))
			return fail(why, ERR_USAGE, "not a name server's name: %.*s",
				STR_FMT(name_server));
		return OK;
	}
	memcpy(zones->name_server, server_label.p, server_label.n);
	memcpy(zones->name_server + server_label.n, zones->base, zones->base_bytes);
	zones->name_server_bytes = (uint8_t)(server_label.n + zones->base_bytes);
	return OK;
}

/* An octet as people write it: no leading zero. */
static bool read_octet(const uint8_t *label, uint32_t *out)
{
	uint32_t value = 0;

	if (label[0] == 0 || label[0] > 3 || (label[0] > 1 && label[1] == '0'))
		return false;
	for (size_t i = 1; i <= label[0]; i++) {
		uint32_t digit = (uint32_t)label[i] - '0';

		if (digit > 9)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return value <= UINT8_MAX;
}

static bool read_nibble(const uint8_t *label, uint8_t *out)
{
	uint8_t c = label[1];

	if (label[0] != 1)
		return false;
	if (c >= '0' && c <= '9')
		*out = (uint8_t)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*out = (uint8_t)(c - 'a' + 10);
	else
		return false;
	return true;
}

/* count labels before the zone; the one next to it is the most significant. */
static bool read_v4(const struct dns_query *query, size_t count, struct prefix *out)
{
	uint32_t address = 0;

	if (count > V4_LABELS)
		return false;
	for (size_t i = 0; i < count; i++) {
		uint32_t octet;

		if (!read_octet(query->name + query->labels[count - 1 - i], &octet))
			return false;
		address |= octet << (24 - 8 * i);
	}
	out->address = ip_from_u32(address);
	out->length = (uint8_t)(IPV4_OFFSET + 8 * count);
	return true;
}

static bool read_v6(const struct dns_query *query, size_t count, struct prefix *out)
{
	if (count > V6_LABELS)
		return false;
	out->address = (struct ipaddr){ { 0 } };
	for (size_t i = 0; i < count; i++) {
		uint8_t nibble;

		if (!read_nibble(query->name + query->labels[count - 1 - i], &nibble))
			return false;
		out->address.bytes[i / 2] |= (uint8_t)(i % 2 == 0 ? nibble << 4 : nibble);
	}
	out->length = (uint8_t)(4 * count);
	return true;
}

/* Letters, digits, hyphen, underscore: anything else is in no list of names. */
static bool read_domain(const struct dns_query *query, size_t count, struct subject *out)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		const uint8_t *label = query->name + query->labels[i];

		if (i > 0)
			out->name[at++] = '.';
		for (size_t j = 1; j <= label[0]; j++) {
			char c = (char)label[j];

			if (!(c >= 'a' && c <= 'z') && !byte_is_digit(c) && c != '-' && c != '_')
				return false;
			out->name[at++] = c;
		}
	}
	out->name_bytes = at;
	return true;
}

/* Which zone's label stands before the base at label number index. */
static enum zone subzone(const struct dns_query *query, size_t index)
{
	const uint8_t *label = query->name + query->labels[index];

	if (label[0] < 3 || label[1] < 'a')
		return ZONE_COMBINED;
	for (enum zone zone = ZONE_SOURCE; zone < ZONE_COUNT; zone++) {
		if (memcmp(label, labels[zone].p, labels[zone].n) == 0)
			return zone;
	}
	return ZONE_COMBINED;
}

static bool is_under_base(const struct zones *zones, const struct dns_query *query)
{
	if (query->name_bytes < zones->base_bytes || query->label_count < zones->base_labels)
		return false;

	size_t at = (size_t)query->name_bytes - zones->base_bytes;
	size_t index = (size_t)query->label_count - zones->base_labels;

	return query->labels[index] == at &&
	       memcmp(query->name + at, zones->base, zones->base_bytes) == 0;
}

void zone_find(const struct zones *zones, const struct dns_query *query, struct subject *out)
{
	out->kind = SUBJECT_NOTHING;
	out->zone = ZONE_NONE;
	if (!is_under_base(zones, query))
		return;

	size_t count = (size_t)query->label_count - zones->base_labels;

	out->zone = count == 0 ? ZONE_COMBINED : subzone(query, count - 1);
	if (out->zone != ZONE_COMBINED)
		count--;
	out->apex = query->labels[count];
	if (count == 0) {
		out->kind = SUBJECT_APEX;
		return;
	}
	if (out->zone == ZONE_NAMES) {
		if (read_domain(query, count, out))
			out->kind = SUBJECT_NAME;
		return;
	}
	out->has_v4 = read_v4(query, count, &out->v4);
	out->has_v6 = read_v6(query, count, &out->v6);
	if (out->has_v4 || out->has_v6)
		out->kind = SUBJECT_IP;
	else if (out->zone == ZONE_COMBINED && count == 1 && zones->has_own_server &&
		 memcmp(query->name, server_label.p, server_label.n) == 0)
		out->kind = SUBJECT_SERVER;
}
