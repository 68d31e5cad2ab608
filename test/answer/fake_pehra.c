/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake_pehra.h"

pehra_id fake_verdict(struct pehra *fake, struct pehra_verdict verdict)
{
	must(fake->verdict_count < FAKE_VERDICTS_MAX);
	fake->verdicts[fake->verdict_count++] = verdict;
	return (pehra_id)fake->verdict_count;
}

void fake_ip(struct pehra *fake, const char *prefix, struct pehra_detail detail)
{
	struct fake_ip *entry = &fake->ips[fake->ip_count++];

	must(fake->ip_count <= FAKE_ENTRIES_MAX);
	must(prefix_parse(str_c(prefix), NULL, &entry->prefix, NULL) == OK);
	entry->detail = detail;
	entry->detail.prefix_length = entry->prefix.length;
}

void fake_name(struct pehra *fake, const char *name, bool is_below, struct pehra_detail detail)
{
	must(fake->name_count < FAKE_ENTRIES_MAX);
	fake->names[fake->name_count++] = (struct fake_name){ name, is_below, detail };
}

enum pehra_status pehra_open(const char *path, unsigned flags, struct pehra **out)
{
	(void)path;
	(void)flags;
	*out = NULL;
	return PEHRA_ERROR_FORMAT;
}

void pehra_close(struct pehra *snapshot)
{
	(void)snapshot;
}

const char *pehra_status_text(enum pehra_status status)
{
	return status == PEHRA_OK ? "fine" : "not a snapshot";
}

pehra_id pehra_ip_detail(
	const struct pehra *snapshot, const uint8_t address[16], struct pehra_detail *out)
{
	const struct fake_ip *best = NULL;
	struct ipaddr ip;

	memcpy(ip.bytes, address, sizeof ip.bytes);
	for (size_t i = 0; i < snapshot->ip_count; i++) {
		const struct fake_ip *entry = &snapshot->ips[i];

		/* a wide IPv6 prefix says nothing about the IPv4 that is mapped into it */
		if (prefix_contains_ip(&entry->prefix, &ip) &&
			ip_is_v4(&ip) == prefix_is_v4(&entry->prefix) &&
			(best == NULL || entry->prefix.length > best->prefix.length))
			best = entry;
	}
	if (best == NULL)
		return 0;
	*out = best->detail;
	return best->detail.id;
}

pehra_id pehra_ip(const struct pehra *snapshot, const uint8_t address[16])
{
	struct pehra_detail detail;

	return pehra_ip_detail(snapshot, address, &detail);
}

pehra_id pehra_ipv4(const struct pehra *snapshot, uint32_t address)
{
	return pehra_ip(snapshot, ip_from_u32(address).bytes);
}

int pehra_ip_any_within(const struct pehra *snapshot, const uint8_t address[16], uint8_t length)
{
	struct prefix outer = { .length = length };

	memcpy(outer.address.bytes, address, sizeof outer.address.bytes);
	for (size_t i = 0; i < snapshot->ip_count; i++) {
		if (prefix_contains(&outer, &snapshot->ips[i].prefix))
			return 1;
	}
	return 0;
}

static bool is_at_or_below(struct str name, struct str parent)
{
	return str_eq(name, parent) || (name.n > parent.n && str_ends(name, parent) &&
					       name.p[name.n - parent.n - 1] == '.');
}

pehra_id pehra_name_detail(
	const struct pehra *snapshot, const char *name, size_t length, struct pehra_detail *out)
{
	const struct fake_name *best = NULL;
	struct str asked = str_from(name, length);

	for (size_t i = 0; i < snapshot->name_count; i++) {
		const struct fake_name *entry = &snapshot->names[i];
		struct str listed = str_c(entry->name);
		bool is_match =
			entry->is_below ? is_at_or_below(asked, listed) : str_eq(asked, listed);

		if (is_match && (best == NULL || listed.n > strlen(best->name) ||
					(listed.n == strlen(best->name) && best->is_below)))
			best = entry;
	}
	if (best == NULL)
		return 0;
	*out = best->detail;
	return best->detail.id;
}

pehra_id pehra_name(const struct pehra *snapshot, const char *name, size_t length)
{
	struct pehra_detail detail;

	return pehra_name_detail(snapshot, name, length, &detail);
}

int pehra_name_any_below(const struct pehra *snapshot, const char *name, size_t length)
{
	for (size_t i = 0; i < snapshot->name_count; i++) {
		if (is_at_or_below(str_c(snapshot->names[i].name), str_from(name, length)))
			return 1;
	}
	return 0;
}

const struct pehra_verdict *pehra_verdict(const struct pehra *snapshot, pehra_id id)
{
	return id == 0 || id > snapshot->verdict_count ? NULL : &snapshot->verdicts[id - 1];
}

void pehra_info(const struct pehra *snapshot, struct pehra_info *out)
{
	*out = snapshot->info;
}

int pehra_superseded(const struct pehra *snapshot)
{
	(void)snapshot;
	return 0;
}
