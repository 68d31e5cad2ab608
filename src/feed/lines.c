/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/lines.h"

struct str line_cut_comment(struct str line)
{
	for (size_t i = 1; i < line.n; i++) {
		if (!byte_is_space(line.p[i - 1]))
			continue;
		if (line.p[i] == '#' || line.p[i] == ';' ||
			(line.p[i] == '/' && i + 1 < line.n && line.p[i + 1] == '/'))
			return str_trim(str_first(line, i));
	}
	return line;
}

size_t line_v4(struct str text, uint32_t *out)
{
	uint32_t address = 0;
	size_t i = 0;

	for (int octet = 0; octet < 4; octet++) {
		size_t start = i;
		uint32_t value = 0;

		while (i < text.n && i - start < 3 && byte_is_digit(text.p[i]))
			value = value * 10 + (uint32_t)(text.p[i++] - '0');
		if (i == start || value > 255 || (i - start > 1 && text.p[start] == '0'))
			return 0;
		address = address << 8 | value;
		if (octet < 3 && (i >= text.n || text.p[i++] != '.'))
			return 0;
	}
	*out = address;
	return i;
}

bool text_is_sink(struct str text)
{
	struct ipaddr ip;
	static const struct ipaddr unspecified = { { 0 } };
	static const struct ipaddr loopback = { { [15] = 1 } };

	if (ip_parse(text, NULL, &ip, NULL) != OK)
		return false;
	if (ip_is_v4(&ip))
		return ip_to_u32(&ip) == 0 || ip.bytes[12] == 127;
	return ip_cmp(&ip, &unspecified) == 0 || ip_cmp(&ip, &loopback) == 0;
}

bool text_looks_like_name(struct str text)
{
	size_t dot = str_find_last(text, '.');

	if (dot == text.n || dot == 0 || dot + 1 == text.n || byte_is_digit(text.p[dot + 1]))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = byte_lower(text.p[i]);

		if (!byte_is_digit(c) && !(c >= 'a' && c <= 'z') && c != '.' && c != '-' &&
			c != '_' && c != '*' && (unsigned char)c < 0x80)
			return false;
	}
	return true;
}

bool text_looks_like_ip(struct str text)
{
	struct prefix prefix;

	return prefix_parse(text, &(struct ip_rules){ HOST_BITS_MASK, ZERO_PADDED_DECIMAL },
		       &prefix, NULL) == OK;
}

static bool hash_length_is_known(size_t digits)
{
	/* MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512 */
	return digits == 32 || digits == 40 || digits == 56 || digits == 64 || digits == 96 ||
	       digits == 128;
}

bool text_looks_like_hash(struct str text)
{
	uint8_t bytes[64];

	return hash_length_is_known(text.n) && parse_hex(text, bytes);
}

bool text_looks_like_asn(struct str text)
{
	uint64_t number;

	return str_starts_nocase(text, STR("AS")) && parse_u64(str_from_index(text, 2), &number) &&
	       number <= UINT32_MAX;
}

static inline void line_take(struct feed_intake *intake, line_reader reader, struct str line,
	const struct intake_facts *facts)
{
	if (line_is_comment(line))
		intake_comment(intake);
	else
		reader(intake, line, facts);
}

/* Most lines have no white space at their ends. */
static inline struct str line_trim(struct str line)
{
	if (line.n > 0 && (unsigned char)line.p[0] > ' ' && (unsigned char)line.p[line.n - 1] > ' ')
		return line;
	return str_trim(line);
}

static void block_take(struct feed_intake *intake, line_reader reader, struct str block,
	const struct intake_facts *facts)
{
	const char *at = block.p;
	const char *end = block.p + block.n;

	while (at < end) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		struct str line = str_from(at, (size_t)(next - at));

		at = next + 1;
		intake->line++;
		intake->report->lines++;
		if (line.n > INPUT_LINE_MAX)
			intake_refuse(intake, REFUSED_TOO_LONG, line);
		else
			line_take(intake, reader, line_trim(line), facts);
	}
}

enum err lines_read(struct feed_intake *intake, line_reader reader, struct why *why)
{
	struct intake_facts facts = intake_facts(intake);

	for (;;) {
		struct str block;
		struct str line;
		bool more;

		TRY(intake_next_lines(intake, &block, why));
		block_take(intake, reader, block, &facts);
		if (block.n > 0)
			continue;
		/* what has no line end yet: the last line, or one that is too long */
		TRY(intake_next_line(intake, &line, &more, why));
		if (!more)
			return OK;
		line_take(intake, reader, line, &facts);
	}
}
