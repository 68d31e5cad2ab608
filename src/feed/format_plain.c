/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One indicator per line: address, prefix (192.0.2.0/24, 192.0.2.0/255.255.255.0 or with the
 * netmask as a second word), range (first-last, also with spaces), name, URL, hash, address:port.
 * Inline comments begin with white space and "#", ";" or "//". Further fields behind white space,
 * comma, semicolon or bar are left alone, but not behind a URL, which may hold them.
 */
#include "feed/formats.h"

#include "feed/lines.h"

enum { SCHEME_MAX = 10 };

/* The first word without fields that stick to it. */
static struct str first_field(struct str word)
{
	static const char separators[] = { ',', ';', '|', '#' };
	size_t end = word.n;

	if (str_find(word, '/') < word.n && str_find_str(word, STR("://")) < word.n)
		return word;
	for (size_t i = 0; i < ARRAY_LEN(separators); i++) {
		size_t at = str_find(word, separators[i]);

		if (at < end)
			end = at;
	}
	return str_first(word, end);
}

static bool word_is_netmask(struct str word)
{
	uint32_t mask;

	return line_v4(word, &mask) == word.n && mask >> 24 == 255 && ((~mask + 1) & ~mask) == 0;
}

/* "192.0.2.0 255.255.255.0": the words are joined, so that the sample shows what is wrong. */
static void offer_netmask(struct feed_intake *intake, struct str address, struct str mask,
	const struct intake_facts *facts, struct str line)
{
	char text[2 * IP_TEXT_MAX];
	int n = snprintf(text, sizeof text, "%.*s/%.*s", STR_FMT(address), STR_FMT(mask));

	if (n < 0 || (size_t)n >= sizeof text)
		intake_refuse(intake, REFUSED_ADDRESS, line);
	else
		intake_offer(intake, str_from(text, (size_t)n), facts, line);
}

/*
 * The hot path: nothing but an address or prefix of IPv4, written as it should be. All else, and
 * all that is wrong, is for the strict parsers to judge.
 */
static bool line_is_v4_prefix(struct str line, struct prefix *out)
{
	uint32_t address;
	size_t n = line_v4(line, &address);
	unsigned width = 32;

	if (n == 0)
		return false;
	if (n < line.n) {
		size_t digits = line.n - n - 1;

		if (line.p[n] != '/' || digits == 0 || digits > 2 ||
			!byte_is_digit(line.p[n + 1]) || !byte_is_digit(line.p[line.n - 1]))
			return false;
		width = (unsigned)(line.p[n + 1] - '0');
		if (digits == 2)
			width = width * 10 + (unsigned)(line.p[n + 2] - '0');
		if (width > 32 || (width < 32 && (address & (UINT32_MAX >> width)) != 0))
			return false;
	}
	out->address = ip_from_u32(address);
	out->length = (uint8_t)(IPV4_OFFSET + width);
	return true;
}

static void plain_line_any(
	struct feed_intake *intake, struct str line, const struct intake_facts *facts)
{
	struct str rest = line_cut_comment(line);
	struct str word;
	struct str second;

	if (str_find_str(rest, STR("://")) < rest.n) {
		intake_offer(intake, rest, facts, line);
		return;
	}

	struct str whole = rest;

	if (!str_next_word(&rest, &word) || first_field(word).n == 0) {
		intake_refuse(intake, REFUSED_NOT_INDICATOR, line);
		return;
	}
	if (first_field(word).n == word.n && str_next_word(&rest, &second)) {
		if (str_eq(second, STR("-")) && str_next_word(&rest, &second)) {
			struct str range =
				str_first(whole, (size_t)(second.p + second.n - whole.p));

			intake_offer(intake, range, facts, line);
			return;
		}
		if (word_is_netmask(second)) {
			offer_netmask(intake, word, second, facts, line);
			return;
		}
	}
	intake_offer(intake, first_field(word), facts, line);
}

void plain_line(struct feed_intake *intake, struct str line, const struct intake_facts *facts)
{
	struct prefix prefix;

	if (line_is_v4_prefix(line, &prefix) && facts->reference.n == 0)
		intake_prefix_plain(intake, &prefix, line);
	else
		plain_line_any(intake, line, facts);
}

enum err plain_parse(struct feed_intake *intake, struct why *why)
{
	return lines_read(intake, plain_line, why);
}

bool plain_looks(struct str line)
{
	struct str rest = line;
	struct str word;

	size_t scheme = str_find_str(line, STR("://"));

	if (scheme < line.n && scheme < SCHEME_MAX)
		return true;
	if (!str_next_word(&rest, &word))
		return false;
	word = first_field(word);

	size_t colon = str_find_last(word, ':');
	size_t slash = str_find(word, '/');
	size_t dash = str_find(word, '-');

	return text_looks_like_ip(word) || text_looks_like_name(word) ||
	       text_looks_like_ip(str_first(word, colon)) ||
	       text_looks_like_ip(str_first(word, dash)) ||
	       text_looks_like_name(str_first(word, colon)) ||
	       text_looks_like_name(str_first(word, slash)) ||
	       (slash == 0 && word.n > 1 && word.p[word.n - 1] != '>') ||
	       (word.n > 1 && word.p[0] == '.' && str_find(str_from_index(word, 1), '.') > 1) ||
	       text_looks_like_hash(word) || text_looks_like_asn(word);
}
