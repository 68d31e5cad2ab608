/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/report.h"

static const struct refusal_info refusals[] = {
	[REFUSED_NOT_INDICATOR] = { STR_INIT("not-an-indicator"),
		STR_INIT("neither address, name, URL nor hash") },
	[REFUSED_ADDRESS] = { STR_INIT("address"), STR_INIT("not an address or prefix") },
	[REFUSED_ZERO_PADDED] = { STR_INIT("zero-padded"),
		STR_INIT("an octet padded with zeros: decimal or octal?") },
	[REFUSED_HOST_BITS] = { STR_INIT("host-bits"),
		STR_INIT("bits are set behind the prefix length") },
	[REFUSED_SPECIAL_PURPOSE] = { STR_INIT("special-purpose"),
		STR_INIT("private, reserved or documentation addresses") },
	[REFUSED_TOO_WIDE] = { STR_INIT("too-wide"),
		STR_INIT("a prefix wider than a feed may list") },
	[REFUSED_RANGE] = { STR_INIT("range"), STR_INIT("not a range of addresses") },
	[REFUSED_NAME] = { STR_INIT("name"), STR_INIT("not a well-formed domain name") },
	[REFUSED_LOCAL_NAME] = { STR_INIT("local-name"),
		STR_INIT("a name that means the machine itself") },
	[REFUSED_SUFFIX] = { STR_INIT("public-suffix"),
		STR_INIT("a whole top-level domain or public suffix") },
	[REFUSED_URL] = { STR_INIT("url"), STR_INIT("not a well-formed URL") },
	[REFUSED_PATH_ONLY] = { STR_INIT("path-only"), STR_INIT("a path without a host") },
	[REFUSED_HASH] = { STR_INIT("hash"), STR_INIT("not a hash of a known length") },
	[REFUSED_ASN] = { STR_INIT("as-number"), STR_INIT("an AS number is not an indicator yet") },
	[REFUSED_KIND] = { STR_INIT("kind"), STR_INIT("of a kind that is no indicator here") },
	[REFUSED_UNEXPECTED_KIND] = { STR_INIT("unexpected-kind"),
		STR_INIT("an indicator of a kind that this feed should not hold") },
	[REFUSED_EXCEPTION] = { STR_INIT("exception"), STR_INIT("an exception, not a claim") },
	[REFUSED_RULE] = { STR_INIT("rule"),
		STR_INIT("a rule that says less or more than an indicator") },
	[REFUSED_PATTERN] = { STR_INIT("pattern"),
		STR_INIT("a pattern of a form that is not read, or far too wide") },
	[REFUSED_WITHDRAWN] = { STR_INIT("withdrawn"),
		STR_INIT("withdrawn, expired, or not meant for detection") },
	[REFUSED_THRESHOLD] = { STR_INIT("below-threshold"),
		STR_INIT("below the threshold of the feed's definition") },
	[REFUSED_FIELDS] = { STR_INIT("fields"), STR_INIT("fewer fields than are mapped") },
	[REFUSED_EMPTY] = { STR_INIT("no-indicator"), STR_INIT("the record holds no indicator") },
	[REFUSED_CATEGORY] = { STR_INIT("category"), STR_INIT("of an unknown category") },
	[REFUSED_JSON] = { STR_INIT("json"), STR_INIT("not JSON") },
	[REFUSED_SYNTAX] = { STR_INIT("syntax"), STR_INIT("not of the format's form") },
	[REFUSED_TOO_LONG] = { STR_INIT("too-long"), STR_INIT("longer than any indicator") },
	[REFUSED_DOCUMENT] = { STR_INIT("document"), STR_INIT("a document that cannot be read") },
	[REFUSED_GUARDED] = { STR_INIT("guarded"),
		STR_INIT("held by a guard list that says never") },
};
_Static_assert(ARRAY_LEN(refusals) == REFUSAL_COUNT, "one row per refusal");

const struct refusal_info *refusal_info(enum refusal refusal)
{
	must((size_t)refusal < REFUSAL_COUNT);
	return &refusals[refusal];
}

/* The length of the UTF-8 sequence at the beginning of s that may be shown, 0 when there is none.
 */
static size_t utf8_shown(struct str s)
{
	const uint8_t *b = (const uint8_t *)s.p;
	size_t n = b[0] >= 0xf0 && b[0] < 0xf5   ? 4
		   : b[0] >= 0xe0 && b[0] < 0xf0 ? 3
		   : b[0] >= 0xc2 && b[0] < 0xe0 ? 2
						 : 0;

	if (n == 0 || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	}
	/* overlong forms, surrogates and the C1 control characters */
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
		(b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f) ||
		(b[0] == 0xc2 && b[1] < 0xa0))
		return 0;
	return n;
}

static void sample_set(struct feed_sample *sample, uint64_t line, struct str text)
{
	static const char digits[] = "0123456789abcdef";

	sample->line = line;
	sample->n = 0;
	for (size_t i = 0; i < text.n;) {
		char escaped[4] = { '\\', 'x', digits[(uint8_t)text.p[i] >> 4],
			digits[text.p[i] & 15] };
		struct str shown = { escaped, sizeof escaped };
		size_t step = utf8_shown(str_from_index(text, i));

		if (text.p[i] >= ' ' && text.p[i] <= '~')
			step = 1;
		if (step > 0)
			shown = str_from(text.p + i, step);
		if (sample->n + shown.n > FEED_SAMPLE_MAX)
			return;
		memcpy(sample->text + sample->n, shown.p, shown.n);
		sample->n = (uint8_t)(sample->n + shown.n);
		i += step > 0 ? step : 1;
	}
}

void feed_report_refuse(
	struct feed_report *report, enum refusal refusal, uint64_t line, struct str text)
{
	must((size_t)refusal < REFUSAL_COUNT);
	if (report->refused[refusal]++ == 0)
		sample_set(&report->samples[refusal], line, text);
}

uint64_t feed_report_refused(const struct feed_report *report)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < REFUSAL_COUNT; i++)
		sum += report->refused[i];
	return sum;
}

void feed_report_add(struct feed_report *into, const struct feed_report *part)
{
	into->format = part->format;
	into->compression = part->compression;
	into->lines += part->lines;
	into->comments += part->comments;
	into->accepted += part->accepted;
	into->rows += part->rows;
	into->duplicates += part->duplicates;
	into->times_unread += part->times_unread;
	into->documents += part->documents;
	into->plain_bytes += part->plain_bytes;
	into->sink_errors += part->sink_errors;
	for (size_t i = 0; i < REFUSAL_COUNT; i++) {
		if (into->refused[i] == 0)
			into->samples[i] = part->samples[i];
		into->refused[i] += part->refused[i];
	}
}

void feed_report_format(struct buf *out, const struct feed_report *report)
{
	buf_fmt(out,
		"%.*s: %llu lines, %llu accepted (%llu twice), %llu refused, %llu without a "
		"claim\n",
		STR_FMT(report->format), (unsigned long long)report->lines,
		(unsigned long long)report->accepted, (unsigned long long)report->duplicates,
		(unsigned long long)feed_report_refused(report),
		(unsigned long long)report->comments);
	for (size_t i = 0; i < REFUSAL_COUNT; i++) {
		const struct feed_sample *sample = &report->samples[i];

		if (report->refused[i] == 0)
			continue;
		buf_fmt(out, "  %llu %.*s (%.*s), first at %llu: %.*s\n",
			(unsigned long long)report->refused[i], STR_FMT(refusals[i].word),
			STR_FMT(refusals[i].text), (unsigned long long)sample->line, (int)sample->n,
			sample->text);
	}
	if (report->times_unread > 0)
		buf_fmt(out, "  %llu times could not be read and count as unknown\n",
			(unsigned long long)report->times_unread);
}
