/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Response policy zones (draft-vixie-dnsop-dns-rpz) as master files (RFC 1035 section 5). Owners
 * are triggers, data are policies: CNAME . or *. or rpz-drop., and local data, are claims;
 * rpz-passthru. is an exception. "name" and its twin "*.name" make one claim for the name and all
 * below it. Owners below rpz-ip are prefixes; other triggers are refused as rules.
 */
#include "feed/formats.h"

#include "feed/lines.h"

struct rpz {
	struct buf origin; /* without the last dot; empty: none */
	struct buf owner;  /* of the last record, relative to the origin */
	struct buf held;   /* a name that waits for its twin */
	uint64_t held_line;
	bool in_parentheses;
};

static void rpz_done(struct rpz *rpz)
{
	buf_done(&rpz->origin);
	buf_done(&rpz->owner);
	buf_done(&rpz->held);
}

static void buf_set(struct buf *buf, struct str text)
{
	buf_clear(buf);
	buf_str(buf, text);
}

/* In the order of the table they are tried; the first that fits decides. */
static const struct {
	struct str target;
	enum refusal refusal; /* REFUSAL_COUNT: a claim */
} targets[] = {
	{ STR_INIT("rpz-passthru."), REFUSED_EXCEPTION },
	{ STR_INIT("rpz-tcp-only."), REFUSED_RULE },
};

static const struct str housekeeping[] = { STR_INIT("SOA"), STR_INIT("NS"), STR_INIT("DNSKEY"),
	STR_INIT("RRSIG"), STR_INIT("NSEC"), STR_INIT("NSEC3PARAM"), STR_INIT("ZONEMD") };

static const struct str local_data[] = { STR_INIT("A"), STR_INIT("AAAA"), STR_INIT("TXT"),
	STR_INIT("MX"), STR_INIT("SRV") };

static bool word_in(struct str word, const struct str *table, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq_nocase(table[i], word))
			return true;
	}
	return false;
}

static void held_offer(struct feed_intake *intake, struct rpz *rpz, struct intake_facts *facts)
{
	struct str name = buf_view(&rpz->held);
	uint64_t line = intake->line;

	if (name.n == 0)
		return;
	intake->line = rpz->held_line;
	facts->type = TEXT_NAME;
	intake_offer(intake, name, facts, name);
	intake->line = line;
	buf_clear(&rpz->held);
}

/* "24.0.2.0.192" or "32.zz.db8.2001" (zz stands for ::): width, then the groups reversed. */
static bool prefix_of_owner(struct str owner, struct buf *out)
{
	struct str groups[9];
	size_t n = 0;

	while (owner.p != NULL && n < ARRAY_LEN(groups))
		groups[n++] = str_split(&owner, '.');
	if (owner.p != NULL || n < 3)
		return false;

	bool v4 = n == 5;

	/* so few groups of IPv6 need the word for those left out */
	for (size_t i = 1; i < n; i++)
		v4 = v4 && !str_eq_nocase(groups[i], STR("zz"));

	for (size_t i = n - 1; i > 0; i--) {
		bool zeros = str_eq_nocase(groups[i], STR("zz"));

		if (!v4 && zeros && (i == n - 1 || i == 1))
			buf_byte(out, ':');
		if (!zeros)
			buf_str(out, groups[i]);
		if (i > 1)
			buf_byte(out, v4 ? '.' : ':');
	}
	buf_byte(out, '/');
	buf_str(out, groups[0]);
	return true;
}

static void address_offer(struct feed_intake *intake, struct str owner,
	const struct intake_facts *facts, struct str line)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct intake_facts addressed = *facts;

	addressed.type = TEXT_IP;
	if (prefix_of_owner(owner, &text))
		intake_offer(intake, buf_view(&text), &addressed, line);
	else
		intake_refuse(intake, REFUSED_ADDRESS, line);
}

/* A trigger whose policy is to block. */
static void trigger_offer(
	struct feed_intake *intake, struct rpz *rpz, struct intake_facts *facts, struct str line)
{
	static const struct str ip = STR_INIT(".rpz-ip");
	static const struct str others[] = { STR_INIT(".rpz-client-ip"), STR_INIT(".rpz-nsip"),
		STR_INIT(".rpz-nsdname") };
	struct str owner = buf_view(&rpz->owner);

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (str_ends(owner, others[i])) {
			intake_refuse(intake, REFUSED_RULE, line);
			return;
		}
	}
	if (str_ends(owner, ip)) {
		held_offer(intake, rpz, facts);
		address_offer(intake, str_first(owner, owner.n - ip.n), facts, line);
		return;
	}
	if (str_starts(owner, STR("*.")) && rpz->held.n > 0 &&
		str_eq_nocase(str_from_index(owner, 2), buf_view(&rpz->held))) {
		facts->below = true;
		held_offer(intake, rpz, facts);
		facts->below = false;
		intake_comment(intake); /* the twin's line; the claim counts once */
		return;
	}
	held_offer(intake, rpz, facts);
	if (str_starts(owner, STR("*."))) {
		facts->type = TEXT_NAME;
		intake_offer(intake, owner, facts, line);
		return;
	}
	buf_set(&rpz->held, owner);
	rpz->held_line = intake->line;
}

/* The owner below the zone; false for names outside it. */
static bool owner_relative(const struct rpz *rpz, struct str owner, struct str *out)
{
	struct str origin = buf_view(&rpz->origin);

	*out = owner;
	if (!str_ends(owner, STR(".")))
		return true;
	owner.n--;
	*out = owner;
	if (origin.n == 0)
		return true;
	if (str_eq_nocase(owner, origin)) {
		*out = STR("@");
		return true;
	}
	if (owner.n <= origin.n + 1 || owner.p[owner.n - origin.n - 1] != '.' ||
		!str_eq_nocase(str_from_index(owner, owner.n - origin.n), origin))
		return false;
	*out = str_first(owner, owner.n - origin.n - 1);
	return true;
}

/* Skips TTL and class, which may come in either order. */
static bool type_word(struct str *rest, struct str *type)
{
	static const struct str classes[] = { STR_INIT("IN"), STR_INIT("CH"), STR_INIT("HS") };

	for (;;) {
		if (!str_next_word(rest, type))
			return false;
		if (!byte_is_digit(type->p[0]) && !word_in(*type, classes, ARRAY_LEN(classes)))
			return true;
	}
}

static void directive(struct feed_intake *intake, struct rpz *rpz, struct str line)
{
	struct str rest = line;
	struct str word = STR("");
	struct str value = STR("");

	(void)str_next_word(&rest, &word);
	(void)str_next_word(&rest, &value);
	if (str_eq_nocase(word, STR("$INCLUDE")) || str_eq_nocase(word, STR("$GENERATE"))) {
		intake_refuse(intake, REFUSED_RULE, line);
		return;
	}
	intake_comment(intake);
	if (str_eq_nocase(word, STR("$ORIGIN")))
		buf_set(&rpz->origin, str_first(value, value.n - str_ends(value, STR("."))));
}

static void record_judge(struct feed_intake *intake, struct rpz *rpz, struct intake_facts *facts,
	struct str type, struct str data, struct str line)
{
	if (word_in(type, housekeeping, ARRAY_LEN(housekeeping)) ||
		str_eq(buf_view(&rpz->owner), STR("@"))) {
		intake_comment(intake);
		return;
	}
	if (!str_eq_nocase(type, STR("CNAME")) &&
		!word_in(type, local_data, ARRAY_LEN(local_data))) {
		intake_refuse(intake, REFUSED_RULE, line);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		if (str_eq_nocase(data, targets[i].target)) {
			intake_refuse(intake, targets[i].refusal, line);
			return;
		}
	}
	trigger_offer(intake, rpz, facts, line);
}

/* An owner, unless white space stands in its place: then it is that of the record before. */
static bool owner_read(struct rpz *rpz, struct str *rest)
{
	struct str owner;
	struct str relative;
	struct str after = *rest;
	struct str type = STR("");

	if (byte_is_space(rest->p[0]))
		return true;
	if (!str_next_word(rest, &owner))
		return false;
	/* a zone may name itself only by the owner of its SOA */
	after = *rest;
	if (rpz->origin.n == 0 && str_ends(owner, STR(".")) && type_word(&after, &type) &&
		str_eq_nocase(type, STR("SOA")))
		buf_set(&rpz->origin, str_first(owner, owner.n - 1));
	if (!owner_relative(rpz, owner, &relative))
		return false;
	buf_set(&rpz->owner, relative);
	return true;
}

static void record_line(
	struct feed_intake *intake, struct rpz *rpz, struct intake_facts *facts, struct str line)
{
	struct str rest = str_first(line, str_find(line, ';'));
	struct str type;
	struct str data = STR("");

	if (!owner_read(rpz, &rest)) {
		intake_refuse(intake, REFUSED_RULE, str_trim(line));
		return;
	}
	if (!type_word(&rest, &type)) {
		intake_refuse(intake, REFUSED_SYNTAX, str_trim(line));
		return;
	}
	rpz->in_parentheses = str_find(rest, '(') < rest.n && str_find(rest, ')') == rest.n;
	(void)str_next_word(&rest, &data);
	record_judge(intake, rpz, facts, type, data, str_trim(line));
}

enum err rpz_parse(struct feed_intake *intake, struct why *why)
{
	CLEANUP(rpz_done) struct rpz rpz = { 0 };
	struct intake_facts facts = intake_facts(intake);

	for (;;) {
		struct str line;
		bool more;

		TRY(intake_next_raw_line(intake, &line, &more, why));
		if (!more)
			break;
		if (rpz.in_parentheses) {
			intake_comment(intake);
			rpz.in_parentheses = str_find(line, ')') == line.n;
		} else if (line_is_comment(str_trim(line))) {
			intake_comment(intake);
		} else if (line.p[0] == '$') {
			directive(intake, &rpz, line);
		} else {
			record_line(intake, &rpz, &facts, line);
		}
	}
	held_offer(intake, &rpz, &facts);
	return OK;
}

bool rpz_looks(const struct sniff_sample *sample)
{
	size_t records = 0;
	bool has_soa = false;

	for (size_t i = 0; i < sample->line_n; i++) {
		struct str rest = sample->lines[i];
		struct str word;

		if (rest.p[0] == '$') {
			records++;
			continue;
		}
		if (!str_next_word(&rest, &word) || !type_word(&rest, &word))
			continue;
		has_soa = has_soa || str_eq_nocase(word, STR("SOA"));
		records += str_eq_nocase(word, STR("CNAME")) ||
			   word_in(word, housekeeping, ARRAY_LEN(housekeeping)) ||
			   word_in(word, local_data, ARRAY_LEN(local_data));
	}
	return records > 0 && records * 100 >= sample->line_n * (has_soa ? 50 : 90);
}
