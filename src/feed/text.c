/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a piece of text in a feed is: address, prefix, range, name, URL, hash, or why it is none.
 */
#include "feed/intake.h"

#include "feed/lines.h"

static const struct {
	struct str word;
	enum text_type type;
} type_words[] = {
	{ STR_INIT("ip"), TEXT_IP },
	{ STR_INIT("ipv4"), TEXT_IP },
	{ STR_INIT("ipv6"), TEXT_IP },
	{ STR_INIT("ip4addr"), TEXT_IP },
	{ STR_INIT("ip6addr"), TEXT_IP },
	{ STR_INIT("ip-src"), TEXT_IP },
	{ STR_INIT("ip-dst"), TEXT_IP },
	{ STR_INIT("ipv4-addr"), TEXT_IP },
	{ STR_INIT("ipv6-addr"), TEXT_IP },
	{ STR_INIT("cidr"), TEXT_IP },
	{ STR_INIT("netblock"), TEXT_IP },
	{ STR_INIT("Intel::ADDR"), TEXT_IP },
	{ STR_INIT("Intel::SUBNET"), TEXT_IP },
	{ STR_INIT("ip:port"), TEXT_ENDPOINT },
	{ STR_INIT("ip-src|port"), TEXT_ENDPOINT },
	{ STR_INIT("ip-dst|port"), TEXT_ENDPOINT },
	{ STR_INIT("hostname|port"), TEXT_ENDPOINT },
	{ STR_INIT("domain"), TEXT_NAME },
	{ STR_INIT("domain-name"), TEXT_NAME },
	{ STR_INIT("hostname"), TEXT_NAME },
	{ STR_INIT("host"), TEXT_NAME },
	{ STR_INIT("fqdn"), TEXT_NAME },
	{ STR_INIT("Intel::DOMAIN"), TEXT_NAME },
	{ STR_INIT("url"), TEXT_URL },
	{ STR_INIT("uri"), TEXT_URL },
	{ STR_INIT("link"), TEXT_URL },
	{ STR_INIT("Intel::URL"), TEXT_URL },
	{ STR_INIT("md5"), TEXT_HASH },
	{ STR_INIT("sha1"), TEXT_HASH },
	{ STR_INIT("sha256"), TEXT_HASH },
	{ STR_INIT("sha512"), TEXT_HASH },
	{ STR_INIT("md5_hash"), TEXT_HASH },
	{ STR_INIT("sha1_hash"), TEXT_HASH },
	{ STR_INIT("sha256_hash"), TEXT_HASH },
	{ STR_INIT("FileHash-MD5"), TEXT_HASH },
	{ STR_INIT("FileHash-SHA1"), TEXT_HASH },
	{ STR_INIT("FileHash-SHA256"), TEXT_HASH },
	{ STR_INIT("hash"), TEXT_HASH },
	{ STR_INIT("Intel::FILE_HASH"), TEXT_HASH },
	{ STR_INIT("asn"), TEXT_ASN },
	{ STR_INIT("AS"), TEXT_ASN },
};

/* Names of the machine itself in hosts files. */
static const struct str local_names[] = {
	STR_INIT("localhost"),
	STR_INIT("localhost.localdomain"),
	STR_INIT("local"),
	STR_INIT("broadcasthost"),
	STR_INIT("ip6-localhost"),
	STR_INIT("ip6-loopback"),
	STR_INIT("ip6-localnet"),
	STR_INIT("ip6-mcastprefix"),
	STR_INIT("ip6-allnodes"),
	STR_INIT("ip6-allrouters"),
	STR_INIT("ip6-allhosts"),
};

enum text_type text_type_of(struct str word)
{
	word = str_trim(word);
	if (word.n == 0)
		return TEXT_ANY;
	for (size_t i = 0; i < ARRAY_LEN(type_words); i++) {
		if (str_eq_nocase(type_words[i].word, word))
			return type_words[i].type;
	}
	return TEXT_OTHER;
}

/* Why an address was refused: tried again under lenient rules, which costs only the bad ones. */
static enum refusal address_refusal(struct str text)
{
	static const struct ip_rules padded = { .zero_padded = ZERO_PADDED_DECIMAL };
	static const struct ip_rules masked = { HOST_BITS_MASK, ZERO_PADDED_DECIMAL };
	struct prefix prefix;

	if (prefix_parse(text, &padded, &prefix, NULL) == OK)
		return REFUSED_ZERO_PADDED;
	if (prefix_parse(text, &masked, &prefix, NULL) == OK)
		return REFUSED_HOST_BITS;
	return REFUSED_ADDRESS;
}

static bool refuse(struct feed_intake *intake, enum refusal refusal, struct str shown)
{
	intake_refuse(intake, refusal, shown);
	return false;
}

static bool offer_ip(struct feed_intake *intake, struct str text, const struct intake_facts *facts,
	struct str shown)
{
	const struct ip_rules *rules = &intake->definition->rules.ip;
	struct prefix prefix;
	struct ip_range range;

	if (prefix_parse(text, rules, &prefix, NULL) == OK)
		return intake_prefix(intake, &prefix, facts, shown);
	if (str_find(text, '-') == text.n)
		return refuse(intake, address_refusal(text), shown);
	if (ip_range_parse(text, rules, &range, NULL) != OK)
		return refuse(intake, REFUSED_RANGE, shown);
	return intake_range(intake, &range, facts, shown);
}

static bool name_is_local(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(local_names); i++) {
		if (str_eq_nocase(local_names[i], name))
			return true;
	}
	return false;
}

static bool offer_name(struct feed_intake *intake, struct str text,
	const struct intake_facts *facts, struct str shown)
{
	bool below = facts->below || intake->definition->rules.names_below;
	struct name name;
	struct ipaddr ip;

	/* ".example.com" is how some lists write a name with all below it */
	if (text.n > 1 && text.p[0] == '.') {
		text = str_from_index(text, 1);
		below = true;
	}
	if (name_is_local(text))
		return refuse(intake, REFUSED_LOCAL_NAME, shown);
	if (name_parse(text,
		    &(struct name_rules){ .allow_single = true, .allow_edge_hyphen = true }, &name,
		    NULL) != OK) {
		/* an address in a list of names is still an address */
		if (ip_parse(text, &intake->definition->rules.ip, &ip, NULL) == OK)
			return offer_ip(intake, text, facts, shown);
		return refuse(intake, REFUSED_NAME, shown);
	}

	struct str canonical = name_str(&name);

	below = below || name.is_wildcard;
	if (!intake_expects(intake, FEED_HOLDS_NAMES))
		return refuse(intake, REFUSED_UNEXPECTED_KIND, shown);
	if (str_find(canonical, '.') == canonical.n || (below && name_is_public_suffix(canonical)))
		return refuse(intake, REFUSED_SUFFIX, shown);
	intake_claim(intake,
		&(struct indicator){ .kind = INDICATOR_NAME, .below = below, .text = canonical },
		facts);
	intake->report->accepted++;
	return true;
}

static bool offer_url(struct feed_intake *intake, struct str text, const struct intake_facts *facts,
	struct str shown)
{
	const struct url_rules rules = { .allow_schemeless = true,
		.drop_userinfo = intake->definition->rules.drop_userinfo };
	struct url url;

	if (text.n > 0 && text.p[0] == '/')
		return refuse(intake, REFUSED_PATH_ONLY, shown);
	if (url_parse(text, &rules, &intake->url_text, &url, NULL) != OK)
		return refuse(intake, REFUSED_URL, shown);
	if (!intake_expects(intake, FEED_HOLDS_URLS))
		return refuse(intake, REFUSED_UNEXPECTED_KIND, shown);
	if (url.host_is_ip) {
		struct prefix host = prefix_host(&url.ip);

		if (intake_refuses_special(intake, &host))
			return refuse(intake, REFUSED_SPECIAL_PURPOSE, shown);
	}
	intake_claim(intake, &(struct indicator){ .kind = INDICATOR_URL, .text = url.text }, facts);
	intake->report->accepted++;
	return true;
}

static bool offer_hash(struct feed_intake *intake, struct str text,
	const struct intake_facts *facts, struct str shown)
{
	uint8_t bytes[64];

	if (!text_looks_like_hash(text))
		return refuse(intake, REFUSED_HASH, shown);
	must(parse_hex(text, bytes));
	if (!intake_expects(intake, FEED_HOLDS_HASHES))
		return refuse(intake, REFUSED_UNEXPECTED_KIND, shown);

	struct str raw = { (const char *)bytes, text.n / 2 };

	intake_claim(intake, &(struct indicator){ .kind = INDICATOR_HASH, .text = raw }, facts);
	intake->report->accepted++;
	return true;
}

/* The port behind the last ':' or '|'; false when there is none. */
static bool port_cut(struct str text, struct str *host)
{
	size_t colon = str_find_last(text, ':');
	size_t bar = str_find_last(text, '|');
	size_t at = bar < text.n ? bar : colon;
	uint64_t port;

	if (at == text.n || !parse_u64(str_from_index(text, at + 1), &port) || port > UINT16_MAX)
		return false;
	*host = str_first(text, at);
	if (host->n > 2 && host->p[0] == '[' && host->p[host->n - 1] == ']')
		*host = str_from(host->p + 1, host->n - 2);
	return true;
}

/* Only digits and dots: meant as an address whatever is wrong with it. */
static bool text_is_dotted(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!byte_is_digit(text.p[i]) && text.p[i] != '.')
			return false;
	}
	return text.n > 0;
}

/* Text with a slash: a prefix, or an URL without its scheme. */
static bool offer_slashed(struct feed_intake *intake, struct str text,
	const struct intake_facts *facts, struct str shown)
{
	size_t slash = str_find(text, '/');
	struct str host = str_first(text, slash);
	struct str rest = str_from_index(text, slash + 1);
	struct ipaddr ip;
	bool is_address = ip_parse(host, NULL, &ip, NULL) == OK;

	if ((is_address || text_is_dotted(host)) && text_is_dotted(rest))
		return offer_ip(intake, text, facts, shown);
	return offer_url(intake, text, facts, shown);
}

static bool offer_colons(struct feed_intake *intake, struct str text,
	const struct intake_facts *facts, struct str shown)
{
	struct ipaddr ip;
	struct str host;

	if (ip_parse(text, NULL, &ip, NULL) == OK)
		return offer_ip(intake, text, facts, shown);
	if (!port_cut(text, &host))
		return refuse(intake, REFUSED_NOT_INDICATOR, shown);
	if (ip_parse(host, NULL, &ip, NULL) == OK || text_is_dotted(host))
		return offer_ip(intake, host, facts, shown);
	return offer_name(intake, host, facts, shown);
}

static bool text_is_range(struct str text)
{
	struct ip_range range;

	return str_find(text, '-') < text.n &&
	       (ip_range_parse(text, NULL, &range, NULL) == OK ||
		       text_is_dotted(str_trim(str_first(text, str_find(text, '-')))));
}

static bool offer_any(struct feed_intake *intake, struct str text, const struct intake_facts *facts,
	struct str shown)
{
	if (str_find_str(text, STR("://")) < text.n)
		return offer_url(intake, text, facts, shown);
	if (text_is_dotted(text) || text_is_range(text))
		return offer_ip(intake, text, facts, shown);
	if (str_find(text, '@') < str_find(text, '/'))
		return refuse(intake, REFUSED_KIND, shown);
	if (text_looks_like_asn(text))
		return refuse(intake, REFUSED_ASN, shown);
	if (text_looks_like_hash(text))
		return offer_hash(intake, text, facts, shown);
	if (str_find(text, '/') < text.n)
		return offer_slashed(intake, text, facts, shown);
	if (str_find(text, ':') < text.n || str_find(text, '|') < text.n)
		return offer_colons(intake, text, facts, shown);
	/* what cannot be a name is not called a bad name */
	if (str_find(text, '.') == text.n && !name_is_local(text))
		return refuse(intake, REFUSED_NOT_INDICATOR, shown);
	return offer_name(intake, text, facts, shown);
}

static bool offer_endpoint(struct feed_intake *intake, struct str text,
	const struct intake_facts *facts, struct str shown)
{
	bool has_port = str_find(text, ':') < text.n || str_find(text, '|') < text.n;

	return has_port ? offer_colons(intake, text, facts, shown)
			: offer_any(intake, text, facts, shown);
}

static bool offer_asn(struct feed_intake *intake, struct str text, const struct intake_facts *facts,
	struct str shown)
{
	(void)text;
	(void)facts;
	return refuse(intake, REFUSED_ASN, shown);
}

static bool offer_other(struct feed_intake *intake, struct str text,
	const struct intake_facts *facts, struct str shown)
{
	(void)text;
	(void)facts;
	return refuse(intake, REFUSED_KIND, shown);
}

static bool (*const offers[])(
	struct feed_intake *, struct str, const struct intake_facts *, struct str) = {
	[TEXT_ANY] = offer_any,
	[TEXT_IP] = offer_ip,
	[TEXT_NAME] = offer_name,
	[TEXT_URL] = offer_url,
	[TEXT_HASH] = offer_hash,
	[TEXT_ENDPOINT] = offer_endpoint,
	[TEXT_ASN] = offer_asn,
	[TEXT_OTHER] = offer_other,
};

bool intake_offer(struct feed_intake *intake, struct str text, const struct intake_facts *facts,
	struct str shown)
{
	must((size_t)facts->type < ARRAY_LEN(offers));
	text = str_trim(text);
	if (text.n == 0)
		return refuse(intake, REFUSED_EMPTY, shown);
	if (text.n > URL_INPUT_MAX)
		return refuse(intake, REFUSED_TOO_LONG, shown);
	if (str_find(text, '[') < text.n || str_starts_nocase(text, STR("hxxp"))) {
		buf_clear(&intake->refanged);
		if (url_refang(text, &intake->refanged))
			text = buf_view(&intake->refanged);
	}
	return offers[facts->type](intake, text, facts, shown);
}
