/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/name.h"

#include "net/ip.h"

#include <idn2.h>
#include <libpsl.h>

enum { SHOWN_MAX = 80 };

static const struct name_rules strict_rules = { 0 };

/* The one shape of a refusal. */
#define refuse(why, code, reason, s) \
	fail((why), (code), "%s: %.*s", (reason), STR_FMT(str_first((s), SHOWN_MAX)))

/* Letters, digits and the hyphen: RFC 952 and 1123. */
static inline bool byte_is_ldh(char c)
{
	return (c >= 'a' && c <= 'z') || byte_is_digit(c) || c == '-' || (c >= 'A' && c <= 'Z');
}

static bool is_ascii(struct str s)
{
	const uint64_t high_bits = UINT64_C(0x8080808080808080);
	size_t i = 0;

	for (; i + sizeof high_bits <= s.n; i += sizeof high_bits) {
		uint64_t eight;

		memcpy(&eight, s.p + i, sizeof eight);
		if ((eight & high_bits) != 0)
			return false;
	}
	for (; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	}
	return true;
}

/* Bytes that betray what the text is instead of a name. */
static const struct {
	char byte;
	const char *reason;
} betrayals[] = {
	{ '/', "a URL or path, not a name" },
	{ '@', "a mail address, not a name" },
	{ ' ', "white space in a name" },
	{ '\t', "white space in a name" },
	{ '*', "a star that is not the whole first label" },
	{ '[', "a bracket in a name (defanged?)" },
	{ '%', "a percent sign in a name" },
};

static enum err refuse_byte(struct str s, struct why *why)
{
	struct ipaddr ip;

	if (str_find_str(s, STR("://")) != s.n)
		return refuse(why, ERR_SYNTAX, "a URL or path, not a name", s);
	if (str_find(s, ':') != s.n)
		return refuse(why, ERR_SYNTAX,
			ip_parse(s, NULL, &ip, NULL) == OK ? "an address, not a name"
							   : "a colon in a name (a port?)",
			s);
	for (size_t i = 0; i < ARRAY_LEN(betrayals); i++) {
		if (str_find(s, betrayals[i].byte) != s.n)
			return refuse(why, ERR_SYNTAX, betrayals[i].reason, s);
	}
	return refuse(why, ERR_SYNTAX, "a byte that does not belong in a name", s);
}

/* Only digits in the last label: an address, or what a browser would take for one. */
static enum err refuse_numeric(struct str s, struct why *why)
{
	static const struct ip_rules lenient = { .zero_padded = ZERO_PADDED_DECIMAL };
	struct ipaddr ip;

	return refuse(why, ERR_SYNTAX,
		ip_parse(s, &lenient, &ip, NULL) == OK ? "an address, not a name"
						       : "the last label is a number",
		s);
}

/* Checks one label that is complete in text[start..end). */
static inline enum err label_check(const char *text, size_t start, size_t end,
	const struct name_rules *rules, struct str whole, struct why *why)
{
	if (end == start)
		return refuse(why, ERR_SYNTAX, "an empty label", whole);
	if (end - start > LABEL_LENGTH_MAX)
		return refuse(why, ERR_LIMIT, "a label of more than 63 bytes", whole);
	if ((text[start] == '-' || text[end - 1] == '-') && !rules->allow_edge_hyphen)
		return refuse(why, ERR_SYNTAX, "a label starts or ends with a hyphen", whole);
	return OK;
}

static inline bool label_is_xn(const char *text, size_t start, size_t end)
{
	return end - start >= 4 && memcmp(text + start, "xn--", 4) == 0;
}

/*
 * The one pass over ASCII: checks, lowers and copies. *has_xn tells that libidn2 must see it. s is
 * at most NAME_LENGTH_MAX long, without last dot; whole is what the message shows.
 */
static enum err ascii_parse(struct str s, const struct name_rules *rules, struct str whole,
	struct name *out, bool *has_xn, struct why *why)
{
	size_t start = 0;
	size_t labels = 1;
	bool numeric = true; /* so far, of the label under way */

	*has_xn = false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.') {
			out->text[i] = c;
			TRY(label_check(out->text, start, i, rules, whole, why));
			*has_xn |= label_is_xn(out->text, start, i);
			start = i + 1;
			labels++;
			numeric = true;
			continue;
		}
		if (!byte_is_ldh(c) && c != '_')
			return refuse_byte(whole, why);
		if (c == '_' && rules->refuse_underscore)
			return refuse(why, ERR_SYNTAX, "an underscore in a host name", whole);
		numeric = numeric && byte_is_digit(c);
		out->text[i] = byte_lower(c);
	}
	TRY(label_check(out->text, start, s.n, rules, whole, why));
	*has_xn |= label_is_xn(out->text, start, s.n);
	if (numeric)
		return refuse_numeric(s, why);
	if (labels == 1 && !rules->allow_single)
		return refuse(why, ERR_SYNTAX, "a single label is not a full name", whole);
	out->text[s.n] = '\0';
	out->n = (uint8_t)s.n;
	return OK;
}

static const struct {
	int code;
	const char *reason;
} idn_reasons[] = {
	{ IDN2_ENCODING_ERROR, "not UTF-8" },
	{ IDN2_PUNYCODE_BAD_INPUT, "a label that is no valid Punycode" },
	{ IDN2_PUNYCODE_BIG_OUTPUT, "a label of more than 63 bytes" },
	{ IDN2_PUNYCODE_OVERFLOW, "a label that is no valid Punycode" },
	{ IDN2_TOO_BIG_DOMAIN, "more than 253 bytes" },
	{ IDN2_TOO_BIG_LABEL, "a label of more than 63 bytes" },
	{ IDN2_INVALID_ALABEL, "a label that is no valid A-label" },
	{ IDN2_2HYPHEN, "hyphens in third and fourth place of a label" },
	{ IDN2_HYPHEN_STARTEND, "a label starts or ends with a hyphen" },
	{ IDN2_LEADING_COMBINING, "a label starts with a combining mark" },
	{ IDN2_BIDI, "left-to-right and right-to-left text in one label" },
	{ IDN2_ALABEL_ROUNDTRIP_FAILED, "a label that does not survive IDNA" },
};

/*
 * UTS 46 by libidn2. IDN2_USE_STD3_ASCII_RULES is not asked for: with it libidn2 2.3.3 silently
 * drops the characters it does not like ("a/.example" becomes "a.example"); the pass over the
 * result refuses them instead. The round trip check would refuse A-labels of emoji, which exist in
 * the DNS and in UTS 46, though not in IDNA 2008.
 */
static enum err idn_parse(struct str s, struct str whole, char out[NAME_LENGTH_MAX + 2],
	struct str *ascii, struct why *why)
{
	char text[NAME_INPUT_MAX + 1];
	uint8_t *result = NULL;
	const char *reason = "a character that names may not hold";

	/* a NUL inside would end the text early for libidn2 */
	if (str_find(s, '\0') != s.n)
		return refuse(why, ERR_SYNTAX, "a byte that does not belong in a name", whole);
	must(str_to_c(s, text, sizeof text));

	int code = idn2_lookup_u8((const uint8_t *)text, &result,
		IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL |
			(is_ascii(s) ? IDN2_NO_ALABEL_ROUNDTRIP : 0));

	must(code != IDN2_MALLOC);
	if (code != IDN2_OK) {
		for (size_t i = 0; i < ARRAY_LEN(idn_reasons); i++) {
			if (idn_reasons[i].code == code)
				reason = idn_reasons[i].reason;
		}
		return refuse(why, ERR_SYNTAX, reason, whole);
	}

	struct str all = str_c((const char *)result);
	bool fits = str_to_c(all, out, NAME_LENGTH_MAX + 2);

	idn2_free(result);
	if (!fits)
		return refuse(why, ERR_LIMIT, "more than 253 bytes", whole);
	*ascii = str_from(out, all.n);
	return OK;
}

static enum err parse_without_last_dot(struct str s, const struct name_rules *rules,
	struct str whole, struct name *out, bool *has_xn, struct why *why)
{
	struct str rest = s.n > 0 && s.p[s.n - 1] == '.' ? str_first(s, s.n - 1) : s;

	if (rest.n > NAME_LENGTH_MAX)
		return refuse(why, ERR_LIMIT, "more than 253 bytes", whole);
	return ascii_parse(rest, rules, whole, out, has_xn, why);
}

/* The rare way, apart because its buffers cost more than all of the common one. */
static __attribute__((noinline)) enum err parse_idn(struct str s, const struct name_rules *rules,
	struct str whole, struct name *out, struct why *why)
{
	char text[NAME_LENGTH_MAX + 2]; /* room for a last dot */
	struct str ascii;
	bool has_xn;

	TRY(idn_parse(s, whole, text, &ascii, why));
	return parse_without_last_dot(ascii, rules, whole, out, &has_xn, why);
}

enum err name_parse(struct str s, const struct name_rules *rules, struct name *out, struct why *why)
{
	struct str rest = s;
	bool has_xn;

	if (rules == NULL)
		rules = &strict_rules;
	if (s.n == 0)
		return fail(why, ERR_SYNTAX, "an empty name");
	if (s.n > NAME_INPUT_MAX)
		return refuse(why, ERR_LIMIT, "more than 253 bytes", s);
	out->is_wildcard = s.n > 1 && s.p[0] == '*' && s.p[1] == '.';
	if (out->is_wildcard) {
		if (rules->refuse_wildcard)
			return refuse(why, ERR_SYNTAX, "a wildcard where one name is needed", s);
		rest = str_from_index(s, 2);
	}
	if (!is_ascii(rest))
		return parse_idn(rest, rules, s, out, why);
	TRY(parse_without_last_dot(rest, rules, s, out, &has_xn, why));
	return has_xn ? parse_idn(name_str(out), rules, s, out, why) : OK;
}

bool name_next_label(struct str *rest, struct str *label)
{
	if (rest->n == 0)
		return false;

	size_t dot = str_find(*rest, '.');

	*label = str_first(*rest, dot);
	*rest = str_from_index(*rest, dot + 1);
	return true;
}

size_t name_label_count(struct str name)
{
	struct str label;
	size_t n = 0;

	while (name_next_label(&name, &label))
		n++;
	return n;
}

struct str name_parent(struct str name)
{
	return str_from_index(name, str_find(name, '.') + 1);
}

bool name_is_below(struct str name, struct str above)
{
	return above.n > 0 && name.n > above.n + 1 && name.p[name.n - above.n - 1] == '.' &&
	       str_ends(name, above);
}

bool name_is_within(struct str name, struct str zone)
{
	return str_eq(name, zone) || name_is_below(name, zone);
}

bool name_is_public_suffix(struct str name)
{
	char text[NAME_LENGTH_MAX + 1];

	return name.n > 0 && str_to_c(name, text, sizeof text) &&
	       psl_is_public_suffix(psl_builtin(), text) == 1;
}

struct str name_registrable(struct str name)
{
	char text[NAME_LENGTH_MAX + 1];
	const char *found;

	if (name.n == 0 || !str_to_c(name, text, sizeof text))
		return str_first(name, 0);
	found = psl_registrable_domain(psl_builtin(), text);
	return found == NULL ? str_first(name, 0) : str_from_index(name, (size_t)(found - text));
}
