/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Well-known lists that are columns or JSON with a fixed mapping. The words of categories are the
 * sources' own, their meaning as IntelMQ's documentation and the sources' pages give it.
 */
#include "feed/formats.h"

#include "feed/lines.h"

#define COLUMN(name, text) [COLUMN_##name] = STR_INIT(text)

const struct feed_mapping tsv_mapping = { .separator = '\t' };

/* Names under which public JSON lists hold their indicator. */
const struct feed_mapping json_mapping = {
	.columns = { COLUMN(INDICATOR, "indicator|ioc_value|ioc|value|cidr|ip_prefix|ip|"
				       "ip_address|domain|hostname|host|url"),
		COLUMN(TYPE, "indicator_type|ioc_type|type"),
		COLUMN(FIRST_SEEN, "first_seen|firstseen|first_seen_utc"),
		COLUMN(LAST_SEEN, "last_seen|lastseen|last_online|last_seen_utc"),
		COLUMN(CONFIDENCE, "confidence|confidence_level"),
		COLUMN(REFERENCE, "reference|malware|malware_printable|sblid") },
};

/* spamhaus.org/drop/drop_v4.json: the last line is about the list. */
const struct feed_mapping spamhaus_json_mapping = {
	.columns = { COLUMN(INDICATOR, "cidr"), COLUMN(REFERENCE, "sblid") },
	.metadata = STR_INIT("type"),
};

/* "ip, asn, country, lastseen, botname, domain, remote_ip, ..." */
static const struct feed_category_word spamhaus_cert_words[] = {
	{ STR_INIT("openrelay"), CATEGORY_POTENTIALLY_UNWANTED_ACCESSIBLE },
	{ STR_INIT("iotrdp"), CATEGORY_BRUTE_FORCE },
	{ STR_INIT("sshauth"), CATEGORY_BRUTE_FORCE },
	{ STR_INIT("telnetauth"), CATEGORY_BRUTE_FORCE },
	{ STR_INIT("wpscanner"), CATEGORY_SCANNER },
	{ STR_INIT("w_wplogin"), CATEGORY_BRUTE_FORCE },
};

const struct feed_mapping spamhaus_cert_mapping = {
	.columns = { COLUMN(INDICATOR, "1"), COLUMN(LAST_SEEN, "4"), COLUMN(REFERENCE, "5") },
	.words = spamhaus_cert_words,
	.word_n = ARRAY_LEN(spamhaus_cert_words),
};

/* dshield.org/block.txt: start, end, width, targets, name, country, mail */
const struct feed_mapping dshield_mapping = {
	.columns = { COLUMN(INDICATOR, "1"), COLUMN(RANGE_END, "2"), COLUMN(COUNT_EVENTS, "4"),
		COLUMN(REFERENCE, "5") },
	.separator = '\t',
};

/* Team Cymru's reports to CERTs: category|address|asn|time|optional|as name */
static const struct feed_category_word cymru_words[] = {
	{ STR_INIT("bot"), CATEGORY_INFECTED_SYSTEM },
	{ STR_INIT("bots"), CATEGORY_INFECTED_SYSTEM },
	{ STR_INIT("bruteforce"), CATEGORY_BRUTE_FORCE },
	{ STR_INIT("controller"), CATEGORY_C2_SERVER },
	{ STR_INIT("darknet"), CATEGORY_SCANNER },
	{ STR_INIT("scanner"), CATEGORY_SCANNER },
	{ STR_INIT("honeypot"), CATEGORY_SCANNER },
	{ STR_INIT("dnsresolver"), CATEGORY_DDOS_AMPLIFIER },
	{ STR_INIT("openresolver"), CATEGORY_DDOS_AMPLIFIER },
	{ STR_INIT("openresolvers"), CATEGORY_DDOS_AMPLIFIER },
	{ STR_INIT("phishing"), CATEGORY_PHISHING },
	{ STR_INIT("proxy"), CATEGORY_OTHER },
	{ STR_INIT("conficker"), CATEGORY_INFECTED_SYSTEM },
	{ STR_INIT("routers"), CATEGORY_SYSTEM_COMPROMISE },
	{ STR_INIT("ddosreport"), CATEGORY_DDOS },
	{ STR_INIT("defaced"), CATEGORY_UNAUTHORISED_INFORMATION_MODIFICATION },
	{ STR_INIT("malwareurl"), CATEGORY_MALWARE_DISTRIBUTION },
	{ STR_INIT("spam"), CATEGORY_SPAM },
};

const struct feed_mapping cymru_mapping = {
	.columns = { COLUMN(CATEGORY, "1"), COLUMN(INDICATOR, "2"), COLUMN(LAST_SEEN, "4"),
		COLUMN(REFERENCE, "5") },
	.separator = '|',
	.words = cymru_words,
	.word_n = ARRAY_LEN(cymru_words),
};

/* tweetfeed.live: date, user, type, value, tags, link; no header */
const struct feed_mapping tweetfeed_mapping = {
	.columns = { COLUMN(FIRST_SEEN, "1"), COLUMN(TYPE, "3"), COLUMN(INDICATOR, "4"),
		COLUMN(REFERENCE, "6") },
	.separator = ',',
};

const struct feed_mapping otx_mapping = {
	.columns = { COLUMN(INDICATOR, "indicator"), COLUMN(TYPE, "type"),
		COLUMN(FIRST_SEEN, "created"), COLUMN(REFERENCE, "description") },
	.records = STR_INIT("[].indicators[]"),
};

/* PROKI of CZ.NIC; the categories are RSIT's own words */
const struct feed_mapping proki_mapping = {
	.columns = { COLUMN(INDICATOR, "source.ip"), COLUMN(CATEGORY, "classification.type"),
		COLUMN(LAST_SEEN, "time.source"), COLUMN(REFERENCE, "malware.name") },
	.records = STR_INIT("data[]"),
};

/* Rule sets of sing-box: https://sing-box.sagernet.org/configuration/rule-set/source-format/ */
const struct feed_mapping sing_box_mapping = {
	.records = STR_INIT("rules[].domain_suffix[]+,rules[].domain[],rules[].ip_cidr[]"),
};

const struct feed_mapping clean_mx_mapping = {
	.columns = { COLUMN(INDICATOR, "url"), COLUMN(FIRST_SEEN, "first"),
		COLUMN(REFERENCE, "virusname|target") },
	.records = STR_INIT("entry"),
};

bool sample_has_key(const struct sniff_sample *sample, struct str quoted)
{
	return str_find_str(sample->text, quoted) < sample->text.n;
}

/* Is every line so, and is there any? */
static bool all_lines(const struct sniff_sample *sample, bool (*looks)(struct str line))
{
	for (size_t i = 0; i < sample->line_n; i++) {
		if (!looks(sample->lines[i]))
			return false;
	}
	return sample->line_n > 0;
}

/* The i-th field of a line, from 0. */
static struct str field_at(struct str line, char separator, size_t i)
{
	struct str field = str_split(&line, separator);

	while (i-- > 0)
		field = line.p == NULL ? STR("") : str_split(&line, separator);
	return str_trim(field);
}

static bool cymru_line(struct str line)
{
	return text_looks_like_ip(field_at(line, '|', 1)) && field_at(line, '|', 3).n > 0;
}

bool cymru_looks(const struct sniff_sample *sample)
{
	return all_lines(sample, cymru_line);
}

static bool dshield_line(struct str line)
{
	return str_eq(field_at(line, '\t', 0), STR("Start")) ||
	       (text_looks_like_ip(field_at(line, '\t', 0)) &&
		       text_looks_like_ip(field_at(line, '\t', 1)));
}

bool dshield_looks(const struct sniff_sample *sample)
{
	return all_lines(sample, dshield_line);
}

static bool spamhaus_cert_line(struct str line)
{
	return text_looks_like_ip(field_at(line, ',', 0)) &&
	       text_looks_like_asn(field_at(line, ',', 1)) && field_at(line, ',', 4).n > 0;
}

bool spamhaus_cert_looks(const struct sniff_sample *sample)
{
	return all_lines(sample, spamhaus_cert_line);
}

static bool spamhaus_json_line(struct str line)
{
	return str_starts(line, STR("{")) &&
	       (str_find_str(line, STR("\"cidr\"")) < line.n ||
		       str_find_str(line, STR("\"metadata\"")) < line.n);
}

bool spamhaus_json_looks(const struct sniff_sample *sample)
{
	return all_lines(sample, spamhaus_json_line);
}

static bool tweetfeed_line(struct str line)
{
	struct str type = field_at(line, ',', 2);
	struct str date = field_at(line, ',', 0);

	return text_type_of(type) != TEXT_OTHER && type.n > 0 && str_find(date, '-') == 4 &&
	       str_find(date, ':') < date.n;
}

bool tweetfeed_looks(const struct sniff_sample *sample)
{
	return all_lines(sample, tweetfeed_line);
}

bool sing_box_looks(const struct sniff_sample *sample)
{
	return sniff_first_byte(sample) == '{' && sample_has_key(sample, STR("\"rules\"")) &&
	       (sample_has_key(sample, STR("\"domain_suffix\"")) ||
		       sample_has_key(sample, STR("\"ip_cidr\"")));
}

bool otx_looks(const struct sniff_sample *sample)
{
	return sniff_first_byte(sample) == '[' && sample_has_key(sample, STR("\"indicators\"")) &&
	       sample_has_key(sample, STR("\"indicator\""));
}

bool proki_looks(const struct sniff_sample *sample)
{
	return json_looks(sample) && sample_has_key(sample, STR("\"source.ip\"")) &&
	       sample_has_key(sample, STR("\"classification.type\""));
}
