/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/format.h"

#include "feed/formats.h"

enum {
	SNIFF_SURE_PERCENT = 60, /* of a sample's lines must be of the form */
	SNIFF_CANDIDATES = 3
};

#define LINES(name, doc, parse, looks)                                                         \
	{                                                                                      \
		STR_INIT(name), STR_INIT(doc), FORMAT_LINES, PURPOSE_CLAIMS, (parse), (looks), \
			NULL, NULL                                                             \
	}
#define FOR(purpose, kind, name, doc, parse, looks, mapping)                                    \
	{                                                                                       \
		STR_INIT(name), STR_INIT(doc), FORMAT_##kind, PURPOSE_##purpose, (parse), NULL, \
			(looks), (mapping)                                                      \
	}
#define SAMPLE(kind, name, doc, parse, looks, mapping) \
	FOR(CLAIMS, kind, name, doc, parse, looks, mapping)

/* In the order in which they are tried: what only one source writes before what many write. */
static const struct feed_format formats[] = {
	SAMPLE(LINES, "zeek", "Zeek intelligence file: tab-separated with #fields", zeek_parse,
		zeek_looks, NULL),
	SAMPLE(DOCUMENT, "stix", "STIX 2.1 bundle or TAXII 2.1 envelope", stix_parse, stix_looks,
		NULL),
	SAMPLE(DOCUMENT, "eve", "Suricata EVE: one object per line, or an array", eve_parse,
		eve_looks, NULL),
	SAMPLE(DOCUMENT, "misp", "MISP event, search result or feed folder", misp_parse, misp_looks,
		NULL),
	FOR(GUARD, DOCUMENT, "misp-warninglist", "MISP warning list", warninglist_parse,
		warninglist_looks, NULL),
	FOR(ROUTES, DOCUMENT, "vrp", "valid prefixes of the RPKI, or SLURM assertions",
		json_format_parse, vrp_looks, &vrp_mapping),
	FOR(ROUTES, DOCUMENT, "rir-prefixes", "prefixes of a country (ipverse)", json_format_parse,
		rir_prefixes_looks, &rir_prefixes_mapping),
	FOR(ROUTES, DOCUMENT, "ixf", "members of an Internet exchange (IX-F)", ixf_parse, ixf_looks,
		NULL),
	FOR(ROUTES, LINES, "delegated", "delegation statistics of a registry", delegated_parse,
		delegated_looks, NULL),
	FOR(ROUTES, LINES, "asn-ranges", "CSV: first, last, AS number, its name", csv_parse,
		asn_ranges_looks, &asn_ranges_mapping),
	SAMPLE(LINES, "spamhaus-json", "Spamhaus DROP as one object per line", ndjson_parse,
		spamhaus_json_looks, &spamhaus_json_mapping),
	SAMPLE(DOCUMENT, "sing-box", "rule set of sing-box", json_format_parse, sing_box_looks,
		&sing_box_mapping),
	SAMPLE(DOCUMENT, "otx", "pulses of AlienVault OTX", json_format_parse, otx_looks,
		&otx_mapping),
	SAMPLE(DOCUMENT, "proki", "events of CZ.NIC PROKI", json_format_parse, proki_looks,
		&proki_mapping),
	SAMPLE(DOCUMENT, "clean-mx", "XML of clean-mx", xml_format_parse, clean_mx_looks,
		&clean_mx_mapping),
	LINES("suricata", "rules of Suricata that name one indicator", suricata_parse,
		suricata_looks),
	LINES("rules", "rules of Surge, Quantumult, Clash: DOMAIN-SUFFIX,name,REJECT", rules_parse,
		rules_looks),
	LINES("dnsmasq", "dnsmasq: address=/name/0.0.0.0", dnsmasq_parse, dnsmasq_looks),
	LINES("adblock", "ad blocker filters: ||name^", adblock_parse, adblock_looks),
	SAMPLE(LINES, "rpz", "response policy zone, as a master file", rpz_parse, rpz_looks, NULL),
	LINES("hosts", "hosts file: 0.0.0.0 name", hosts_parse, hosts_looks),
	SAMPLE(LINES, "dshield", "DShield block list: first, last, width, targets (tabs)",
		csv_parse, dshield_looks, &dshield_mapping),
	LINES("ipsum", "ipsum: address, tab, number of lists", ipsum_parse, ipsum_looks),
	SAMPLE(LINES, "cymru", "Team Cymru report: category|address|asn|time|...", csv_parse,
		cymru_looks, &cymru_mapping),
	SAMPLE(LINES, "spamhaus-cert", "Spamhaus report to CERTs", csv_parse, spamhaus_cert_looks,
		&spamhaus_cert_mapping),
	SAMPLE(LINES, "tweetfeed", "TweetFeed CSV: date, user, type, value, tags, link", csv_parse,
		tweetfeed_looks, &tweetfeed_mapping),
	SAMPLE(LINES, "ndjson", "one JSON object per line, with a mapping", ndjson_parse,
		ndjson_looks, &json_mapping),
	SAMPLE(DOCUMENT, "json", "JSON document, with a mapping", json_format_parse, json_looks,
		&json_mapping),
	SAMPLE(LINES, "maltrail", "Maltrail trails: a plain list with references", maltrail_parse,
		maltrail_looks, NULL),
	SAMPLE(LINES, "csv", "comma-separated columns, with a mapping or a header", csv_parse,
		csv_looks, NULL),
	SAMPLE(LINES, "tsv", "tab-separated columns, with a mapping or a header", csv_parse,
		tsv_looks, &tsv_mapping),
	LINES("plain", "one address, prefix, range, name, URL or hash per line", plain_parse,
		plain_looks),
	SAMPLE(DOCUMENT, "yaml", "YAML document, with a mapping", yaml_format_parse, yaml_looks,
		&json_mapping),
	SAMPLE(DOCUMENT, "xml", "XML document, with a mapping", xml_format_parse, NULL, NULL),
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
	if (format->line_looks == NULL)
		return 0;
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
