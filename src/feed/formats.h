/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files format_*.c give to the table in format.c. Private to them.
 */
#pragma once

#include "feed/format.h"

enum err adblock_parse(struct feed_intake *intake, struct why *why);
enum err csv_parse(struct feed_intake *intake, struct why *why);
enum err delegated_parse(struct feed_intake *intake, struct why *why);
enum err dnsmasq_parse(struct feed_intake *intake, struct why *why);
enum err eve_parse(struct feed_intake *intake, struct why *why);
enum err hosts_parse(struct feed_intake *intake, struct why *why);
enum err ipsum_parse(struct feed_intake *intake, struct why *why);
enum err ixf_parse(struct feed_intake *intake, struct why *why);
enum err json_format_parse(struct feed_intake *intake, struct why *why);
enum err maltrail_parse(struct feed_intake *intake, struct why *why);
enum err misp_parse(struct feed_intake *intake, struct why *why);
enum err ndjson_parse(struct feed_intake *intake, struct why *why);
enum err plain_parse(struct feed_intake *intake, struct why *why);
enum err rpz_parse(struct feed_intake *intake, struct why *why);
enum err rules_parse(struct feed_intake *intake, struct why *why);
enum err stix_parse(struct feed_intake *intake, struct why *why);
enum err suricata_parse(struct feed_intake *intake, struct why *why);
enum err warninglist_parse(struct feed_intake *intake, struct why *why);
enum err xml_format_parse(struct feed_intake *intake, struct why *why);
enum err yaml_format_parse(struct feed_intake *intake, struct why *why);
enum err zeek_parse(struct feed_intake *intake, struct why *why);

bool adblock_looks(struct str line);
bool dnsmasq_looks(struct str line);
bool hosts_looks(struct str line);
bool ipsum_looks(struct str line);
bool plain_looks(struct str line);
bool rules_looks(struct str line);
bool suricata_looks(struct str line);

bool asn_ranges_looks(const struct sniff_sample *sample);
bool clean_mx_looks(const struct sniff_sample *sample);
bool csv_looks(const struct sniff_sample *sample);
bool cymru_looks(const struct sniff_sample *sample);
bool delegated_looks(const struct sniff_sample *sample);
bool dshield_looks(const struct sniff_sample *sample);
bool eve_looks(const struct sniff_sample *sample);
bool ixf_looks(const struct sniff_sample *sample);
bool json_looks(const struct sniff_sample *sample);
bool maltrail_looks(const struct sniff_sample *sample);
bool misp_looks(const struct sniff_sample *sample);
bool ndjson_looks(const struct sniff_sample *sample);
bool otx_looks(const struct sniff_sample *sample);
bool proki_looks(const struct sniff_sample *sample);
bool rir_prefixes_looks(const struct sniff_sample *sample);
bool rpz_looks(const struct sniff_sample *sample);
bool sing_box_looks(const struct sniff_sample *sample);
bool spamhaus_cert_looks(const struct sniff_sample *sample);
bool spamhaus_json_looks(const struct sniff_sample *sample);
bool stix_looks(const struct sniff_sample *sample);
bool tsv_looks(const struct sniff_sample *sample);
bool tweetfeed_looks(const struct sniff_sample *sample);
bool vrp_looks(const struct sniff_sample *sample);
bool warninglist_looks(const struct sniff_sample *sample);
bool yaml_looks(const struct sniff_sample *sample);
bool zeek_looks(const struct sniff_sample *sample);

/* The formats that are another one with a mapping of their own: format_mapped.c. */
extern const struct feed_mapping clean_mx_mapping;
extern const struct feed_mapping cymru_mapping;
extern const struct feed_mapping dshield_mapping;
extern const struct feed_mapping json_mapping;
extern const struct feed_mapping otx_mapping;
extern const struct feed_mapping proki_mapping;
extern const struct feed_mapping sing_box_mapping;
extern const struct feed_mapping spamhaus_cert_mapping;
extern const struct feed_mapping spamhaus_json_mapping;
extern const struct feed_mapping tsv_mapping;
extern const struct feed_mapping tweetfeed_mapping;
/* Of routes: format_routes.c. */
extern const struct feed_mapping asn_ranges_mapping;
extern const struct feed_mapping rir_prefixes_mapping;
extern const struct feed_mapping vrp_mapping;

/* One line of a plain list; other formats hold such lines, too. */
void plain_line(struct feed_intake *intake, struct str line, const struct intake_facts *facts);
/* Does the sample's text hold this? For JSON keys with their quotes. */
bool sample_has_key(const struct sniff_sample *sample, struct str quoted);
