/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small fixtures of our own for every format: what is claimed, and what is refused why. The sniffer
 * must find each format by itself where the row says so.
 */
#include "prop.h"

#include "base/io.h"
#include "collect.h"
#include "feed/format.h"
#include "pack.h"

#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	const char *format;
	bool is_sniffed; /* "auto" finds it, too */
	const char *text;
	const char *indicators; /* in the order of their keys */
	const char *refused;    /* "word=count word=count", in the order of the table */
	uint64_t comments;
};

static const struct fixture fixtures[] = {
	{ "hosts", true,
		"# a comment\n127.0.0.1 localhost\n0.0.0.0 Bad.example.org www.bad.example.org # "
		"x\n"
		"::1 ip6-localhost\n192.0.2.1 translated.example.org\n0.0.0.0\n"
		"0.0.0.0 b\xc3\xbc"
		"cher.example\nbad line here\n0.0.0.0 0.0.0.0\n",
		"0.0.0.0\nxn--bcher-kva.example\nbad.example.org\nwww.bad.example.org\n",
		"local-name=2 rule=1 no-indicator=1 syntax=1", 1 },
	{ "dnsmasq", true,
		"# x\naddress=/a.example.org/0.0.0.0\naddress=/b.example.org/c.example.org/#\n"
		"server=/d.example.org/\nlocal=/e.example.org/\nserver=/f.example.org/192.0.2.53\n"
		"address=/g.example.org/192.0.2.1\naddress=/#/0.0.0.0\nport=53\n"
		"address=/com/\n",
		"*.a.example.org\n*.b.example.org\n*.c.example.org\n*.d.example.org\n"
		"*.e.example.org\n",
		"name=1 public-suffix=1 rule=2 syntax=1", 1 },
	{ "adblock", true,
		"[Adblock Plus 2.0]\n! title\n||a.example.org^\n||b.example.org^$important,doc\n"
		"||c.example.org^$third-party\n@@||d.example.org^\n||e.example.org/path^\n"
		"##.banner\nexample.org##.ad\n/banner[0-9]+/\n||192.0.2.7^\n||*.f.example.org^\n"
		"||g*.example.org^\nh.example.org\n||com^\n",
		"192.0.2.7\n*.a.example.org\n*.b.example.org\n*.f.example.org\nh.example.org\n",
		"public-suffix=1 exception=1 rule=5", 3 },
	{ "rules", true,
		"# x\nDOMAIN-SUFFIX,a.example.org,REJECT\nHOST,b.example.org,reject\n"
		"DOMAIN-KEYWORD,bad,REJECT\nIP-CIDR,192.0.2.0/24,REJECT,no-resolve\n"
		"DOMAIN,good.example.org,DIRECT\n- "
		"DOMAIN-SUFFIX,c.example.org\nIP-ASN,64496,REJECT\n"
		"IP-CIDR6,2001:db8::/32,no-resolve\nnonsense\n",
		"192.0.2.0/24\n2001:db8::/32\n*.a.example.org\nb.example.org\n*.c.example.org\n",
		"as-number=1 exception=1 rule=1 syntax=1", 1 },
	{ "rpz", true,
		"$TTL 300\n$ORIGIN rpz.example.\n@ IN SOA ns. host. ( 1 ; serial\n  3600\n  600 )\n"
		"  IN NS ns.\na.example.org CNAME .\n*.a.example.org CNAME .\n"
		"b.example.org.rpz.example. 60 IN CNAME *.\nc.example.org CNAME rpz-passthru.\n"
		"d.example.org CNAME rpz-tcp-only.\ne.example.org A 192.0.2.1\n"
		"  AAAA 2001:db8::1\n*.f.example.org CNAME rpz-drop.\n"
		"24.0.2.0.192.rpz-ip CNAME .\n128.1.zz.db8.2001.rpz-ip CNAME .\n"
		"32.1.2.0.192.rpz-client-ip CNAME .\nns.example.org.rpz-nsdname CNAME .\n"
		"other.example.net. CNAME .\ng.example.org CNAME garden.example.net.\n"
		"h.example.org CNAME .\n$INCLUDE x\n",
		"192.0.2.0/24\n2001:db8::1\n*.a.example.org\nb.example.org\ne.example.org\n"
		"*.f.example.org\ng.example.org\nh.example.org\n",
		"exception=1 rule=5", 7 },
	{ "zeek", true,
		"#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"
		"192.0.2.1\tIntel::ADDR\tx\tbot\n198.51.100.0/24\tIntel::SUBNET\tx\t-\n"
		"example.org\tIntel::DOMAIN\tx\t-\nexample.org/path\tIntel::URL\tx\t-\n"
		"a@example.org\tIntel::EMAIL\tx\t-\n"
		"d41d8cd98f00b204e9800998ecf8427e\tIntel::FILE_HASH\tx\t-\n\tIntel::ADDR\tx\t-\n",
		"192.0.2.1\n198.51.100.0/24\nexample.org\nhttp://example.org/path\n"
		"d41d8cd98f00b204e9800998ecf8427e\n",
		"kind=1 no-indicator=1", 1 },
	{ "zeek", true, "#fields\tindicator\tindicator_type\tmeta.source\n", "", "", 1 },
	{ "dshield", true,
		"# columns\nStart\tEnd\tNetblock\tAttacks\tName\n"
		"192.0.2.0\t192.0.2.255\t24\t788\tExample\n198.51.100.0\t198.51.100.127\t25\t5\t\n"
		"203.0.113.9\t203.0.113.1\t24\t1\t\n",
		"192.0.2.0/24\n198.51.100.0/25\n", "range=1", 2 },
	{ "ipsum", true, "# IPsum\n192.0.2.1\t10\n192.0.2.2\t1\n192.0.2.3\t3\nbad\t4\n",
		"192.0.2.1\n192.0.2.2\n192.0.2.3\n", "address=1", 1 },
	{ "cymru", true,
		"#category|address|asn|timestamp|info|name\n"
		"bot|192.0.2.1|64496|2019-03-22 11:18:52|family: X;|Example\n"
		"controller|192.0.2.2|64496|2019-03-25 05:01:47||Example\n"
		"novelty|192.0.2.3|64496|2019-03-25 05:01:47||Example\n",
		"192.0.2.1\n192.0.2.2\n", "category=1", 1 },
	{ "spamhaus-cert", true,
		"; ip, asn, country, lastseen, botname, ...\n"
		"192.0.2.1,AS64496,AT,1441008970,asprox,,,25,,tcp\n",
		"192.0.2.1\n", "", 1 },
	{ "spamhaus-json", true,
		"{\"cidr\":\"192.0.2.0/24\",\"sblid\":\"SBL1\"}\n{\"cidr\":\"192.0.2.0/24\"\n"
		"{\"cidr\":\"198.51.100.0/24\",\"sblid\":\"SBL2\"}\n"
		"{\"cidr\":\"198.51.100.128/25\",\"sblid\":\"SBL3\"}\n"
		"{\"cidr\":\"203.0.113.0/24\",\"sblid\":\"SBL4\"}\n"
		"{\"type\":\"metadata\",\"timestamp\":1744675200}\n",
		"192.0.2.0/24\n198.51.100.0/24\n198.51.100.128/25\n203.0.113.0/24\n", "json=1", 1 },
	{ "tweetfeed", true,
		"2026-08-22 10:00:00,user,url,http://example.org/x,#phishing,https://x.example/1\n"
		"2026-08-22 10:00:00,user,domain,example.org,#phishing,https://x.example/1\n"
		"2026-08-22 10:00:00,user,ip,192.0.2.1,#scan #ssh,https://x.example/2\n"
		"2026-08-22 10:00:00,user,sha256,zz,#x,https://x.example/2\n",
		"192.0.2.1\nexample.org\nhttp://example.org/x\n", "hash=1", 0 },
	{ "csv", true,
		"# first_seen,dst_ip,malware\n\"first_seen_utc\",\"dst_ip\",\"malware\"\n"
		"\"2026-01-02 03:04:05\",\"192.0.2.1\",\"A \"\"quoted\"\" name\"\n"
		"2026-01-02 03:04:05,192.0.2.2,B\n2026-01-02\n",
		"192.0.2.1\n192.0.2.2\n", "fields=1", 2 },
	{ "csv", true, "ASN,Entity\n64496,\"Example, Ltd\"\n64497,\"Other, Ltd\"\n", "",
		"as-number=2", 1 },
	{ "csv", true, "a,192.0.2.1,x\nb,192.0.2.2,y\n", "192.0.2.1\n192.0.2.2\n", "", 0 },
	{ "tsv", true, "name\tindicator\nx\texample.org\ny\texample.net\n",
		"example.net\nexample.org\n", "", 1 },
	{ "ndjson", true,
		"{\"ip\":\"192.0.2.1\",\"last_seen\":\"2026-01-02T03:04:05Z\"}\n"
		"{\"ip\":\"192.0.2.2\",\"confidence\":0.5}\n\n{\"other\":1}\n"
		"{\"ip\":\"192.0.2.3\"}\n",
		"192.0.2.1\n192.0.2.2\n192.0.2.3\n", "no-indicator=1", 1 },
	{ "json", true,
		"{\"date\":\"x\",\"list\":[{\"url\":\"http://example.org/\"},\"192.0.2.1\",7]}",
		"192.0.2.1\nhttp://example.org/\n", "no-indicator=1", 0 },
	{ "json", true, "[\"192.0.2.1\",\"192.0.2.2\"]", "192.0.2.1\n192.0.2.2\n", "", 0 },
	{ "sing-box", true,
		"{\"version\":3,\"rules\":[{\"domain_suffix\":[\"a.example.org\",\"com\"],"
		"\"domain\":[\"b.example.org\"],\"ip_cidr\":[\"192.0.2.0/24\"]}]}",
		"192.0.2.0/24\n*.a.example.org\nb.example.org\n", "public-suffix=1", 0 },
	{ "otx", true,
		"[{\"name\":\"p\",\"indicators\":[{\"indicator\":\"192.0.2.1\",\"type\":\"IPv4\","
		"\"created\":\"2015-09-02T09:21:53.093\",\"description\":\"\"},"
		"{\"indicator\":\"CVE-1\",\"type\":\"CVE\"}]}]",
		"192.0.2.1\n", "kind=1", 0 },
	{ "proki", true,
		"{\"status\":\"OK\",\"data\":[{\"source.ip\":\"192.0.2.1\",\"malware.name\":\"x\","
		"\"classification.type\":\"infected-system\","
		"\"time.source\":\"2020-08-12T13:32:31+00:00\"}]}",
		"192.0.2.1\n", "", 0 },
	{ "clean-mx", true,
		"<?xml version=\"1.0\" encoding=\"iso-8859-15\"?>\n<output><entries>\n"
		"<entry><first>1502031590</first><url><![CDATA[http://example.org/a]]></url></"
		"entry>\n"
		"<entry><first>1</first><url></url></entry>\n</entries></output>\n",
		"http://example.org/a\n", "no-indicator=1", 0 },
	{ "suricata", true,
		"alert dns $HOME_NET any -> any any (msg:\"x\"; dns.query; "
		"content:\"a.example.org\"; "
		"depth:13; nocase; endswith; sid:1;)\n"
		"alert dns $HOME_NET any -> any any (msg:\"x\"; dns.query; dotprefix; "
		"content:\".b.example.org\"; endswith; sid:2;)\n"
		"alert dns any any -> any any (msg:\"x\"; dns.query; content:\"bad\"; sid:3;)\n"
		"alert ip $HOME_NET any -> [192.0.2.1,192.0.2.2] any (msg:\"y\"; sid:4;)\n"
		"alert ip 192.0.2.3 any -> $HOME_NET any (msg:\"y\"; sid:5;)\n"
		"pass ip 192.0.2.4 any -> any any (msg:\"y\"; sid:6;)\n"
		"alert http any any -> any any (msg:\"z\"; content:\"/x\"; sid:7;)\n"
		"alert short (sid:8;)\n",
		"192.0.2.1\n192.0.2.2\n192.0.2.3\na.example.org\n*.b.example.org\n",
		"exception=1 rule=2 syntax=1", 0 },
	{ "maltrail", true,
		"# Copyright Maltrail\n# Reference: https://example.net/report\n\nexample.org\n"
		"192.0.2.1:443\n/path\nexample.org/x/\n",
		"192.0.2.1\nexample.org\nhttp://example.org/x/\n", "path-only=1", 3 },
	{ "stix", true,
		"{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":["
		"{\"type\":\"identity\",\"spec_version\":\"2.1\",\"name\":\"x\"},"
		"{\"type\":\"indicator\",\"name\":\"n\",\"valid_from\":\"2026-01-02T03:04:05Z\","
		"\"pattern\":\"[ipv4-addr:value = '192.0.2.1' OR "
		"domain-name:value='a.example.org']\"},"
		"{\"type\":\"indicator\",\"pattern\":\"[url:value IN "
		"('http://a.example/','http://b.example/')]\"},"
		"{\"type\":\"indicator\",\"pattern\":\"[ipv4-addr:value = '192.0.2.9'] OR "
		"[ipv6-addr:value = '2001:db8::9']\"},"
		"{\"type\":\"indicator\",\"pattern\":\"[ipv4-addr:value ISSUBSET "
		"'198.51.100.0/24']\"},"
		"{\"type\":\"indicator\",\"pattern\":\"[file:name = 'x' AND file:size = 3]\"},"
		"{\"type\":\"indicator\",\"pattern\":\"[email-addr:value = 'a@example.org']\"},"
		"{\"type\":\"indicator\",\"pattern\":\"rule x {}\",\"pattern_type\":\"yara\"},"
		"{\"type\":\"indicator\",\"revoked\":true,\"pattern\":\"[ipv4-addr:value = "
		"'192.0.2.2']\"}]}",
		"192.0.2.1\n192.0.2.9\n198.51.100.0/24\n2001:db8::9\na.example.org\n"
		"http://a.example/\nhttp://b.example/\n",
		"kind=1 pattern=2 withdrawn=1", 1 },
	{ "misp", true,
		"{\"Event\":{\"info\":\"i\",\"Tag\":[{\"name\":\"tlp:amber\"}],\"Attribute\":["
		"{\"type\":\"ip-src\",\"value\":\"192.0.2.1\",\"to_ids\":true,\"timestamp\":"
		"\"1700000000\"},"
		"{\"type\":\"ip-dst|port\",\"value\":\"192.0.2.2|443\",\"to_ids\":true},"
		"{\"type\":\"domain|ip\",\"value\":\"a.example.org|192.0.2.3\",\"to_ids\":true},"
		"{\"type\":\"ip-dst\",\"value\":\"192.0.2.4\",\"to_ids\":false},"
		"{\"type\":\"ip-dst\",\"value\":\"192.0.2.5\",\"to_ids\":true,\"deleted\":true},"
		"{\"type\":\"comment\",\"value\":\"x\",\"to_ids\":true}],"
		"\"Object\":[{\"name\":\"file\",\"Attribute\":["
		"{\"type\":\"filename|md5\",\"value\":\"x|d41d8cd98f00b204e9800998ecf8427e\",\"to_"
		"ids\":true}]}]}}",
		"192.0.2.1\n192.0.2.2\na.example.org\nd41d8cd98f00b204e9800998ecf8427e\n",
		"kind=1 withdrawn=2", 0 },
	{ "eve", true,
		"{\"timestamp\":\"2026-01-02T03:04:05.000000+0000\",\"event_type\":\"alert\","
		"\"src_ip\":\"192.0.2.1\",\"alert\":{\"signature\":\"s\"}}\n"
		"{\"event_type\":\"dns\",\"src_ip\":\"192.0.2.2\"}\n{broken\n"
		"{\"event_type\":\"alert\",\"alert\":{}}\n",
		"192.0.2.1\n", "no-indicator=1 json=1", 1 },
	{ "eve", true,
		"[\n  {\n    \"event_type\": \"alert\",\n    \"src_ip\": \"2001:db8::1\",\n"
		"    \"alert\": {}\n  },\n  {\"event_type\": \"flow\", \"src_ip\": "
		"\"192.0.2.2\"}\n]\n",
		"2001:db8::1\n", "", 1 },
	{ "yaml", true, "- ip: 192.0.2.1\n  note: x\n- ip: 192.0.2.2\n  note: y\n",
		"192.0.2.1\n192.0.2.2\n", "", 0 },
	{ "plain", true, "", "", "", 0 },
	{ "plain", true, "# nothing today\n", "", "", 1 },
};

static struct feed_definition documentation(const char *format)
{
	struct feed_definition definition = feed_definition_default(STR("test"));

	definition.format = str_c(format);
	definition.rules.allow_special_purpose = true;
	return definition;
}

static void refusals_format(struct buf *out, const struct feed_report *report)
{
	for (size_t i = 0; i < REFUSAL_COUNT; i++) {
		if (report->refused[i] > 0)
			buf_fmt(out, "%s%.*s=%llu", out->n > 0 ? " " : "",
				STR_FMT(refusal_info((enum refusal)i)->word),
				(unsigned long long)report->refused[i]);
	}
}

static void fixture_check(const struct fixture *fixture, const char *format)
{
	struct feed_definition definition = documentation(format);
	CLEANUP(buf_done) struct buf refused = { 0 };
	struct collect collect = { 0 };
	struct feed_report report;
	struct why why = { 0 };

	if (collect_memory(&collect, &definition, str_c(fixture->text), "x", &report, &why) != OK)
		fail_msg("%s (as %s): %s", fixture->format, format, why.text);
	if (!str_eq(report.format, str_c(fixture->format)))
		fail_msg("%s is taken for %.*s: %s", fixture->format, STR_FMT(report.format),
			fixture->text);
	if (!str_eq(buf_view(&collect.text), str_c(fixture->indicators)))
		fail_msg("%s gives '%.*s', not '%s'", fixture->format,
			STR_FMT(buf_view(&collect.text)), fixture->indicators);
	refusals_format(&refused, &report);
	if (!str_eq(buf_view(&refused), str_c(fixture->refused)))
		fail_msg("%s refuses '%.*s', not '%s'", fixture->format,
			STR_FMT(buf_view(&refused)), fixture->refused);
	assert_int_equal(report.comments, fixture->comments);
	collect_done(&collect);
}

static void each_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
		fixture_check(&fixtures[i], fixtures[i].format);
		if (fixtures[i].is_sniffed)
			fixture_check(&fixtures[i], "auto");
	}
}

/* No format is without a fixture but those that need a mapping, or are tried in test_purposes.c. */
static void no_format_is_untried(void **state)
{
	(void)state;
	for (size_t i = 0; i < feed_format_count(); i++) {
		struct str name = feed_format_at(i)->name;
		bool is_tried =
			str_eq(name, STR("xml")) || feed_format_at(i)->purpose != PURPOSE_CLAIMS;

		for (size_t j = 0; j < ARRAY_LEN(fixtures); j++)
			is_tried = is_tried || str_eq(name, str_c(fixtures[j].format));
		if (!is_tried)
			fail_msg("%.*s has no fixture", STR_FMT(name));
	}
}

/* Facts beside the indicators: one row per format that has any. */
static const struct {
	const char *format;
	const char *text;
	const char *claims;
} facts[] = {
	{ "ipsum", "192.0.2.1\t7\n",
		"192.0.2.1 src undetermined confidence=70 count=7 first=0 last=0\n" },
	{ "dshield", "192.0.2.0\t192.0.2.255\t24\t788\tExample\tXX\n",
		"192.0.2.0/24 src undetermined confidence=-1 count=788 first=0 last=0 "
		"Example\n" },
	{ "cymru", "controller|192.0.2.2|64496|2019-03-25 05:01:47|x|Example\n",
		"192.0.2.2 dst c2-server confidence=-1 count=1 first=0 last=1553490107 "
		"x\n" },
	{ "csv",
		"ip,first_seen,last_seen,confidence,malware\n"
		"192.0.2.1,2026-01-02,1767322800,85%,A\n"
		"192.0.2.2,never,,0.5,B\n",
		"192.0.2.1 src undetermined confidence=85 count=1 first=1767312000 "
		"last=1767322800 A\n"
		"192.0.2.2 src undetermined confidence=50 count=1 first=0 last=0 B\n" },
	{ "stix",
		"{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\",\"name\":\"n\","
		"\"confidence\":80,\"valid_from\":\"2026-01-02T03:04:05Z\","
		"\"modified\":\"2026-01-03T03:04:05.123Z\","
		"\"pattern\":\"[ipv4-addr:value = '192.0.2.1']\"}]}",
		"192.0.2.1 src undetermined confidence=80 count=1 first=1767323045 "
		"last=1767409445 n\n" },
	{ "misp",
		"{\"Event\":{\"info\":\"i\",\"Attribute\":[{\"type\":\"ip-dst\","
		"\"value\":\"192.0.2.1\",\"to_ids\":true,\"timestamp\":\"1700000000\"}]}}",
		"192.0.2.1 dst undetermined confidence=-1 count=1 first=0 last=1700000000 "
		"i\n" },
	{ "eve",
		"{\"timestamp\":\"2026-01-02T03:04:05.5+0000\",\"event_type\":\"alert\","
		"\"src_ip\":\"192.0.2.1\",\"alert\":{\"signature\":\"s\"}}\n",
		"192.0.2.1 src undetermined confidence=-1 count=1 first=1767323045 "
		"last=1767323045 s\n" },
	{ "maltrail",
		"# Reference: https://example.net/1\n# Reference: https://x\n192.0.2.1\n"
		"# Reference: https://example.net/2\n192.0.2.2\n",
		"192.0.2.1 src undetermined confidence=-1 count=1 first=0 last=0 "
		"https://example.net/1\n"
		"192.0.2.2 src undetermined confidence=-1 count=1 first=0 last=0 "
		"https://example.net/2\n" },
	{ "zeek",
		"#fields\tindicator\tindicator_type\tmeta.desc\n"
		"192.0.2.1\tIntel::ADDR\tbot\n",
		"192.0.2.1 src undetermined confidence=-1 count=1 first=0 last=0 bot\n" },
};

static void facts_are_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
		struct feed_definition definition = documentation(facts[i].format);
		struct collect collect = { .with_facts = true };
		struct feed_report report;
		struct why why = { 0 };

		if (collect_memory(
			    &collect, &definition, str_c(facts[i].text), "x", &report, &why) != OK)
			fail_msg("%s: %s", facts[i].format, why.text);
		if (!str_eq(buf_view(&collect.text), str_c(facts[i].claims)))
			fail_msg(
				"%s gives %.*s", facts[i].format, STR_FMT(buf_view(&collect.text)));
		assert_int_equal(report.times_unread, strcmp(facts[i].format, "csv") == 0 ? 1 : 0);
		collect_done(&collect);
	}
}

/* A document that is cut anywhere gives nothing at all, and the reason names a place. */
static void a_cut_document_gives_nothing(void **state)
{
	static const char *const formats[] = { "stix", "misp", "json", "sing-box", "otx", "proki",
		"clean-mx" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
		const struct fixture *fixture = &fixtures[i];
		bool is_document = false;

		for (size_t j = 0; j < ARRAY_LEN(formats); j++)
			is_document = is_document || strcmp(formats[j], fixture->format) == 0;
		if (!is_document)
			continue;
		for (size_t n = 1; n + 1 < strlen(fixture->text); n++) {
			struct feed_definition definition = documentation(fixture->format);
			struct collect collect = { 0 };
			struct feed_report report;
			struct why why = { 0 };

			assert_int_equal(collect_memory(&collect, &definition,
						 str_from(fixture->text, n), "x", &report, &why),
				ERR_SYNTAX);
			assert_int_equal(collect.text.n, 0);
			assert_int_equal(report.accepted, 0);
			assert_int_equal(report.refused[REFUSED_DOCUMENT], 1);
			assert_non_null(strstr(why.text, "byte "));
			assert_true(why.line > 0);
			collect_done(&collect);
		}
	}
}

/* Keys may hold dots; the longest that is there counts, and nothing is found where nothing is. */
static void dotted_paths(void **state)
{
	static const struct {
		const char *text;
		const char *path;
		const char *indicators;
	} rows[] = {
		{ "[{\"a.b\":\"192.0.2.1\"}]", "a.b", "192.0.2.1\n" },
		{ "[{\"a\":{\"b\":\"192.0.2.1\"}}]", "a.b", "192.0.2.1\n" },
		{ "[{\"a.b\":{\"c\":\"192.0.2.1\"}}]", "a.b.c", "192.0.2.1\n" },
		{ "[{\"a\":{\"b.c\":\"192.0.2.1\"}}]", "a.b.c", "192.0.2.1\n" },
		{ "[{\"a\":{\"x\":1},\"c\":\"192.0.2.1\"}]", "a.b|c", "192.0.2.1\n" },
		{ "[{\"a\":\"\",\"c\":[\"192.0.2.1\",\"192.0.2.2\"]}]", "a|c",
			"192.0.2.1\n192.0.2.2\n" },
		{ "[{\"c\":1}]", "a.b.d", "" },
		{ "[{\"a\":{\"b\":{}}}]", "a.b.d", "" },
		{ "[{}]", ".", "" },
		{ "[{}]", "a..b", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct feed_definition definition = documentation("json");
		struct collect collect = { 0 };
		struct feed_report report;

		definition.mapping.columns[COLUMN_INDICATOR] = str_c(rows[i].path);
		assert_int_equal(collect_memory(&collect, &definition, str_c(rows[i].text), "x",
					 &report, NULL),
			OK);
		if (!str_eq(buf_view(&collect.text), str_c(rows[i].indicators)))
			fail_msg("%s in %s", rows[i].path, rows[i].text);
		assert_int_equal(
			report.refused[REFUSED_EMPTY], rows[i].indicators[0] == '\0' ? 1 : 0);
		collect_done(&collect);
	}
}

static void several_lists_are_not_guessed(void **state)
{
	struct feed_definition definition = documentation("json");
	struct collect collect = { 0 };
	struct feed_report report;
	struct why why = { 0 };
	struct str text = STR("{\"allow\":[\"good.example.org\"],\"deny\":[\"bad.example.org\"]}");

	(void)state;
	assert_int_equal(
		collect_memory(&collect, &definition, text, "x", &report, &why), ERR_UNSUPPORTED);
	assert_non_null(strstr(why.text, "allow, deny"));
	definition.mapping.records = STR("deny[]");
	assert_int_equal(collect_memory(&collect, &definition, text, "x", &report, &why), OK);
	assert_true(str_eq(buf_view(&collect.text), STR("bad.example.org\n")));
	collect_done(&collect);
}

/* The name decides where the text alone cannot. */
static void a_name_may_tell(void **state)
{
	static const struct {
		const char *name;
		const char *format;
	} rows[] = { { "x.csv", "csv" }, { "x.CSV.gz", "csv" }, { "x.txt", "plain" },
		{ "csv", "plain" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct feed_definition definition = documentation("auto");
		struct collect collect = { 0 };
		struct feed_report report;

		assert_int_equal(
			collect_memory(&collect, &definition, STR("192.0.2.1,2026-01-02\n"),
				rows[i].name, &report, NULL),
			OK);
		assert_true(str_eq(report.format, str_c(rows[i].format)));
		assert_int_equal(report.accepted, 1);
		collect_done(&collect);
	}
}

static void what_cannot_be_told_is_said(void **state)
{
	static const struct {
		struct str text;
		const char *says;
	} rows[] = {
		{ STR_INIT("<!DOCTYPE html>\n<html>\n<p>Not found</p>\n"), "<!DOCTYPE html>" },
		{ STR_INIT("one two three\nfour five six\n"), "one two three" },
		{ STR_INIT("192.0.2.1\nwords here\nmore words\nand more\n"), "plain (25 %" },
		{ STR_INIT("abc\0def"), "binary" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct feed_definition definition = documentation("auto");
		struct collect collect = { 0 };
		struct feed_report report;
		struct why why = { 0 };

		assert_int_equal(
			collect_memory(&collect, &definition, rows[i].text, "x", &report, &why),
			ERR_UNSUPPORTED);
		if (strstr(why.text, rows[i].says) == NULL)
			fail_msg("'%s' does not say '%s'", why.text, rows[i].says);
		collect_done(&collect);
	}
}

/* In an archive a bad member costs itself, and each member is told apart on its own. */
static void members_are_judged_one_by_one(void **state)
{
	static const struct pack_member members[] = {
		{ "README", STR_INIT("some words for people\nand more of them\n"), false },
		{ "list.txt", STR_INIT("192.0.2.1\n"), true },
		{ "broken.json", STR_INIT("{\"type\":\"bundle\",\"objects\":[{\"spec_version\":"),
			false },
		{ "hosts", STR_INIT("0.0.0.0 example.org\n"), true },
	};
	struct feed_definition definition = documentation("auto");
	CLEANUP(buf_done) struct buf zip = { 0 };
	struct collect collect = { 0 };
	struct feed_report report;

	(void)state;
	pack_zip(&zip, members, ARRAY_LEN(members));
	assert_int_equal(
		collect_memory(&collect, &definition, buf_view(&zip), "x.zip", &report, NULL), OK);
	assert_int_equal(report.documents, 4);
	assert_int_equal(report.refused[REFUSED_DOCUMENT], 2);
	assert_true(str_eq(buf_view(&collect.text), STR("192.0.2.1\nexample.org\n")));
	collect_done(&collect);
}

static void file_put(const char *folder, const char *name, const char *text)
{
	char path[512];

	must(snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path);
	assert_int_equal(file_replace(path, str_c(text), 0600, NULL), OK);
}

static void file_drop(const char *folder, const char *name)
{
	char path[512];

	must(snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path);
	(void)unlink(path);
}

/* A MISP feed's folder: the manifest names the events; one that is not there is counted. */
static void a_folder_of_events(void **state)
{
	static const char one[] = "5a4f0001-0000-4000-8000-000000000001";
	char folder[] = "/tmp/pehra-misp-XXXXXX";
	struct feed_definition definition = documentation("misp");
	struct collect collect = { 0 };
	struct feed_sink sink = collect_sink(&collect);
	struct feed_report report;
	struct why why = { 0 };
	char name[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	must(snprintf(name, sizeof name, "%s.json", one) < (int)sizeof name);
	file_put(folder, "manifest.json",
		"{\"5a4f0001-0000-4000-8000-000000000001\":{\"timestamp\":\"1\"},"
		"\"5a4f0001-0000-4000-8000-000000000002\":{},\"../../etc/passwd\":{}}");
	file_put(folder, name,
		"{\"Event\":{\"info\":\"i\",\"Attribute\":[{\"type\":\"ip-dst\","
		"\"value\":\"192.0.2.1\",\"to_ids\":true}]}}");
	if (feed_read_path(&definition, folder, NULL, &sink, &report, &why) != OK)
		fail_msg("%s", why.text);
	assert_true(str_eq(buf_view(&collect.text), STR("192.0.2.1\n")));
	assert_int_equal(report.documents, 1);
	/* the missing one, and the one whose name is no UUID */
	assert_int_equal(report.refused[REFUSED_DOCUMENT], 2);
	file_drop(folder, name);
	file_drop(folder, "manifest.json");
	assert_int_equal(
		feed_read_path(&definition, folder, NULL, &sink, &report, &why), ERR_NOT_FOUND);
	must(rmdir(folder) == 0);
	collect_done(&collect);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format),
		cmocka_unit_test(no_format_is_untried),
		cmocka_unit_test(facts_are_kept),
		cmocka_unit_test(a_cut_document_gives_nothing),
		cmocka_unit_test(dotted_paths),
		cmocka_unit_test(several_lists_are_not_guessed),
		cmocka_unit_test(a_name_may_tell),
		cmocka_unit_test(what_cannot_be_told_is_said),
		cmocka_unit_test(members_are_judged_one_by_one),
		cmocka_unit_test(a_folder_of_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
