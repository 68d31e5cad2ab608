/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/format.h"

#include "feed/formats.h"

enum {
	SNIFF_SURE_PERCENT = 60, /* of a sample's lines must be of the form */
	SNIFF_CANDIDATES = 3
};

static const struct feed_format formats[] = {
	{ STR_INIT("plain"), STR_INIT("one address, prefix, range, name, URL or hash per line"),
		FORMAT_LINES, plain_parse, plain_looks, NULL, NULL },
};

const struct feed_format *feed_format_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (str_eq(formats[i].name, name))
			return &formats[i];
	}
	return NULL;
}

size_t feed_format_count(void)
{
	return ARRAY_LEN(formats);
}

const struct feed_format *feed_format_at(size_t i)
{
	must(i < ARRAY_LEN(formats));
	return &formats[i];
}

/* 0..100: how much of the sample is of the form. */
static unsigned format_fit(const struct feed_format *format, const struct sniff_sample *sample)
{
	size_t hits = 0;

	if (format->sample_looks != NULL)
		return format->sample_looks(sample) ? 100 : 0;
	for (size_t i = 0; i < sample->line_n; i++)
		hits += format->line_looks(sample->lines[i]);
	return sample->line_n == 0 ? 0 : (unsigned)(hits * 100 / sample->line_n);
}

/* "plain 40 %, hosts 12 %" */
static void candidates_format(struct buf *out, const unsigned *fits)
{
	bool shown[ARRAY_LEN(formats)] = { false };

	for (int n = 0; n < SNIFF_CANDIDATES; n++) {
		size_t best = ARRAY_LEN(formats);

		for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
			if (!shown[i] && fits[i] > 0 &&
				(best == ARRAY_LEN(formats) || fits[i] > fits[best]))
				best = i;
		}
		if (best == ARRAY_LEN(formats))
			return;
		shown[best] = true;
		buf_fmt(out, "%s%.*s (%u %% of the lines)", n == 0 ? "; closest: " : ", ",
			STR_FMT(formats[best].name), fits[best]);
	}
}

static enum err sniff_refuse(
	const struct sniff_sample *sample, const unsigned *fits, struct why *why)
{
	CLEANUP(buf_done) struct buf candidates = { 0 };
	struct str first = sample->line_n > 0 ? sample->lines[0] : sample->text;

	candidates_format(&candidates, fits);

	struct feed_report escape = { 0 };

	feed_report_refuse(&escape, REFUSED_DOCUMENT, 1, str_first(first, 60));

	const struct feed_sample *shown = &escape.samples[REFUSED_DOCUMENT];

	return fail(why, ERR_UNSUPPORTED, "the format cannot be told from \"%.*s\"%.*s",
		(int)shown->n, shown->text, STR_FMT(buf_view(&candidates)));
}

enum err feed_format_sniff(
	const struct sniff_sample *sample, const struct feed_format **out, struct why *why)
{
	unsigned fits[ARRAY_LEN(formats)];

	if (sample->has_nul)
		return fail(why, ERR_UNSUPPORTED, "this is binary data, not text");
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		fits[i] = format_fit(&formats[i], sample);
		if (fits[i] >= SNIFF_SURE_PERCENT) {
			*out = &formats[i];
			return OK;
		}
	}
	/* an empty list is an empty list in any line format */
	if (sample->line_n == 0) {
		*out = feed_format_find(STR("plain"));
		return OK;
	}
	return sniff_refuse(sample, fits, why);
}
