/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/entries.h"

#include "snapshot/verdict.h"

struct pehra_verdict entries_record(const struct snapshot_input *input, uint16_t id)
{
	struct pehra_verdict record;

	memcpy(&record, input->verdicts->records.data + id * sizeof record, sizeof record);
	return record;
}

static uint16_t longest_match(const struct snapshot_input *input, const struct ipaddr *ip)
{
	uint16_t id = 0;

	for (size_t i = 0; i < input->v4_count && ip_is_v4(ip); i++) {
		const struct snapshot_v4 *entry = &input->v4[i];

		if (entry->width == 0 ||
			(entry->address ^ ip_to_u32(ip)) >> (32 - entry->width) == 0)
			id = entry->verdict;
	}
	for (size_t i = 0; i < input->v6_count && !ip_is_v4(ip); i++) {
		const struct snapshot_v6 *entry = &input->v6[i];
		struct prefix prefix = { .length = entry->length };

		for (unsigned byte = 0; byte < 8; byte++) {
			prefix.address.bytes[byte] = (uint8_t)(entry->high >> (56 - 8 * byte));
			prefix.address.bytes[8 + byte] = (uint8_t)(entry->low >> (56 - 8 * byte));
		}
		if (prefix_contains_ip(&prefix, ip))
			id = entry->verdict;
	}
	return id;
}

static uint16_t name_match(const struct snapshot_input *input, struct str name, bool is_url)
{
	size_t best = 0;
	uint16_t id = 0;

	for (size_t i = 0; i < input->text_count; i++) {
		const struct snapshot_text *entry = &input->texts[i];
		bool is_exact = str_eq(entry->text, name);
		bool is_above = entry->below && name.n > entry->text.n &&
				str_ends(name, entry->text) &&
				name.p[name.n - entry->text.n - 1] == '.';
		size_t rank = is_exact ? name.n * 2 + !entry->below : entry->text.n * 2;

		if (entry->is_url == is_url && (is_exact || is_above) && rank >= best) {
			best = rank;
			id = entry->verdict;
		}
	}
	return id;
}

uint16_t entries_match(const struct snapshot_input *input, const struct indicator *asked)
{
	if (asked->kind == INDICATOR_IP)
		return longest_match(input, &asked->prefix.address);
	return name_match(input, asked->text, asked->kind == INDICATOR_URL);
}

uint16_t entries_exact(const struct snapshot_input *input, const struct indicator *spot,
	struct snapshot_detail *detail)
{
	const struct prefix *prefix = &spot->prefix;
	bool is_ip = spot->kind == INDICATOR_IP;

	for (size_t i = 0; i < input->v4_count && is_ip && prefix_is_v4(prefix); i++) {
		*detail = input->v4[i].detail;
		if (input->v4[i].address == ip_to_u32(&prefix->address) &&
			input->v4[i].width == prefix_width(prefix))
			return input->v4[i].verdict;
	}
	for (size_t i = 0; i < input->v6_count && is_ip && !prefix_is_v4(prefix); i++) {
		*detail = input->v6[i].detail;
		if (input->v6[i].high == ip_high(&prefix->address) &&
			input->v6[i].low == ip_low(&prefix->address) &&
			input->v6[i].length == prefix->length)
			return input->v6[i].verdict;
	}
	for (size_t i = 0; i < input->text_count && !is_ip; i++) {
		*detail = input->texts[i].detail;
		if (str_eq(input->texts[i].text, spot->text) &&
			input->texts[i].below == spot->below &&
			input->texts[i].is_url == (spot->kind == INDICATOR_URL))
			return input->texts[i].verdict;
	}
	return 0;
}
