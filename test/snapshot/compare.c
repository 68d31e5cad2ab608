/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every way to ask a snapshot, against the scan. */
#include "snapshot/oracle.h"

enum { PROBES = 400, V4_LENGTH = 96 };

void oracle_bytes_of(uint64_t high, uint64_t low, uint8_t out[16])
{
	for (unsigned i = 0; i < 8; i++) {
		out[i] = (uint8_t)(high >> (56 - 8 * i));
		out[8 + i] = (uint8_t)(low >> (56 - 8 * i));
	}
}

static bool detail_is(const struct pehra_detail *got, uint16_t id,
	const struct snapshot_detail *expected, uint8_t length)
{
	return got->id == id && got->first_day == expected->first_day &&
	       got->last_day == expected->last_day && got->until_day == expected->until_day &&
	       got->prefix_length == length;
}

static const char *one_v4(
	const struct oracle *oracle, const struct pehra *snapshot, uint32_t address)
{
	const struct snapshot_v4 *expected = oracle_v4(oracle, address, 33);
	uint16_t id = expected == NULL ? 0 : expected->verdict;
	struct pehra_detail detail;
	pehra_id batch;
	uint8_t bytes[16];

	oracle_bytes_of(0, UINT64_C(0xffff) << 32 | address, bytes);
	pehra_ipv4_batch(snapshot, &address, &batch, 1);
	if (pehra_ipv4(snapshot, address) != id)
		return "IPv4 look-up differs from the scan";
	if (batch != id || pehra_ip(snapshot, bytes) != id)
		return "IPv4 batch or 16-byte look-up differs from the scan";
	if (pehra_ip_detail(snapshot, bytes, &detail) != id)
		return "IPv4 detail look-up differs from the scan";
	if (expected == NULL)
		return detail.id == 0 && detail.prefix_length == 0 ? NULL : "detail of nothing";
	return detail_is(&detail, id, &expected->detail, (uint8_t)(V4_LENGTH + expected->width))
		       ? NULL
		       : "IPv4 detail differs from the scan";
}

static const char *within_v4(
	const struct oracle *oracle, const struct pehra *snapshot, struct prop *prop)
{
	struct snapshot_v4 around = oracle_random_v4(prop);
	bool expected = oracle_v4(oracle, around.address, 33) != NULL;
	uint8_t bytes[16];

	for (size_t i = 0; i < oracle->v4_count; i++)
		expected = expected || v4_within(&oracle->v4[i], &around);
	oracle_bytes_of(0, UINT64_C(0xffff) << 32 | around.address, bytes);
	return (pehra_ip_any_within(snapshot, bytes, (uint8_t)(V4_LENGTH + around.width)) != 0) ==
			       expected
		       ? NULL
		       : "IPv4 any_within differs from the scan";
}

/* The borders of an entry and their neighbours are where mistakes live. */
const char *oracle_compare_v4(
	const struct oracle *oracle, const struct pehra *snapshot, struct prop *prop)
{
	const char *wrong = NULL;

	for (size_t i = 0; wrong == NULL && i < PROBES; i++) {
		struct snapshot_v4 entry = oracle->v4_count == 0 || prop_below(prop, 3) == 0
						   ? oracle_random_v4(prop)
						   : oracle->v4[prop_below(prop, oracle->v4_count)];
		uint32_t last = entry.address | (entry.width == 32 ? 0 : UINT32_MAX >> entry.width);
		uint32_t probes[] = { entry.address, entry.address - 1, last, last + 1,
			entry.address + (uint32_t)prop_below(prop, 300) };

		for (size_t k = 0; wrong == NULL && k < ARRAY_LEN(probes); k++)
			wrong = one_v4(oracle, snapshot, probes[k]);
		if (wrong == NULL && i % 4 == 0)
			wrong = within_v4(oracle, snapshot, prop);
	}
	return wrong;
}

static const char *one_v6(
	const struct oracle *oracle, const struct pehra *snapshot, uint64_t high, uint64_t low)
{
	const struct snapshot_v6 *expected = oracle_v6(oracle, high, low, 129);
	uint16_t id = expected == NULL ? 0 : expected->verdict;
	struct pehra_detail detail;
	pehra_id batch;
	uint8_t bytes[1][16];

	if (high == 0 && low >> 32 == 0xffff)
		return NULL;
	oracle_bytes_of(high, low, bytes[0]);
	pehra_ip_batch(snapshot, (const uint8_t(*)[16])bytes, &batch, 1);
	if (pehra_ip(snapshot, bytes[0]) != id)
		return "IPv6 look-up differs from the scan";
	if (batch != id)
		return "IPv6 batch look-up differs from the scan";
	if (pehra_ip_detail(snapshot, bytes[0], &detail) != id)
		return "IPv6 detail look-up differs from the scan";
	if (expected == NULL)
		return detail.id == 0 && detail.prefix_length == 0 ? NULL : "detail of nothing";
	return detail_is(&detail, id, &expected->detail, expected->length)
		       ? NULL
		       : "IPv6 detail differs from the scan";
}

static const char *within_v6(
	const struct oracle *oracle, const struct pehra *snapshot, struct prop *prop)
{
	struct snapshot_v6 around = oracle_random_v6(prop);
	bool expected = oracle_v6(oracle, around.high, around.low, 129) != NULL;
	uint8_t bytes[16];

	for (size_t i = 0; i < oracle->v6_count; i++)
		expected = expected || v6_within(&oracle->v6[i], &around);
	oracle_bytes_of(around.high, around.low, bytes);
	return (pehra_ip_any_within(snapshot, bytes, around.length) != 0) == expected
		       ? NULL
		       : "IPv6 any_within differs from the scan";
}

const char *oracle_compare_v6(
	const struct oracle *oracle, const struct pehra *snapshot, struct prop *prop)
{
	const char *wrong = NULL;

	for (size_t i = 0; wrong == NULL && i < PROBES; i++) {
		struct snapshot_v6 entry = oracle->v6_count == 0 || prop_below(prop, 3) == 0
						   ? oracle_random_v6(prop)
						   : oracle->v6[prop_below(prop, oracle->v6_count)];
		uint64_t last_high = entry.length == 0   ? UINT64_MAX
				     : entry.length < 64 ? entry.high | UINT64_MAX >> entry.length
							 : entry.high;
		uint64_t last_low = entry.length <= 64 ? UINT64_MAX
				    : entry.length == 128
					    ? entry.low
					    : entry.low | UINT64_MAX >> (entry.length - 64);
		struct {
			uint64_t high;
			uint64_t low;
		} probes[] = { { entry.high, entry.low },
			{ entry.high - (entry.low == 0), entry.low - 1 }, { last_high, last_low },
			{ last_high + (last_low == UINT64_MAX), last_low + 1 },
			{ entry.high + prop_below(prop, 5), prop_u64(prop) },
			{ entry.high, entry.low + prop_below(prop, 5) } };

		for (size_t k = 0; wrong == NULL && k < ARRAY_LEN(probes); k++)
			wrong = one_v6(oracle, snapshot, probes[k].high, probes[k].low);
		if (wrong == NULL && i % 4 == 0)
			wrong = within_v6(oracle, snapshot, prop);
	}
	return wrong;
}

static const char *one_text(
	const struct oracle *oracle, const struct pehra *snapshot, struct str text, bool is_url)
{
	const struct snapshot_text *expected =
		is_url ? oracle_url(oracle, text) : oracle_name(oracle, text);
	uint16_t id = expected == NULL ? 0 : expected->verdict;
	struct pehra_detail detail;
	pehra_id got =
		is_url ? pehra_url(snapshot, text.p, text.n) : pehra_name(snapshot, text.p, text.n);
	pehra_id same = is_url ? pehra_url_detail(snapshot, text.p, text.n, &detail)
			       : pehra_name_detail(snapshot, text.p, text.n, &detail);

	if (got != id || same != id)
		return is_url ? "URL look-up differs from the scan"
			      : "name look-up differs from the scan";
	if (expected != NULL && !detail_is(&detail, id, &expected->detail, 0))
		return "detail of a name differs from the scan";
	return NULL;
}

static const char *below_name(
	const struct oracle *oracle, const struct pehra *snapshot, struct str name)
{
	bool expected = false;

	for (size_t i = 0; i < oracle->text_count; i++)
		expected = expected ||
			   (!oracle->texts[i].is_url && name_is_below(oracle->texts[i].text, name));
	return (pehra_name_any_below(snapshot, name.p, name.n) != 0) == expected
		       ? NULL
		       : "name_any_below differs from the scan";
}

const char *oracle_compare_texts(
	const struct oracle *oracle, const struct pehra *snapshot, struct prop *prop)
{
	const char *wrong = NULL;
	char text[2 * ORACLE_NAME_MAX];

	for (size_t i = 0; wrong == NULL && i < PROBES; i++) {
		struct snapshot_text entry = oracle_random_text(prop, text);

		if (oracle->text_count > 0 && prop_below(prop, 2) == 0) {
			entry = oracle->texts[prop_below(prop, oracle->text_count)];
			memcpy(text, entry.text.p, entry.text.n);
		}
		if (prop_below(prop, 4) == 0) {
			memmove(text + 2, text, entry.text.n);
			memcpy(text, "q.", 2);
			entry.text.n += 2;
		}
		entry.text.p = text;
		wrong = one_text(oracle, snapshot, entry.text, entry.is_url);
		if (wrong == NULL)
			wrong = below_name(oracle, snapshot, entry.text);
	}
	return wrong;
}
