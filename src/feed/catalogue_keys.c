/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of a feed in a catalogue: each with how its value is read. */
#include "feed/catalogue_int.h"

#include "base/clock.h"
#include "evidence/query.h"
#include "feed/format.h"
#include "guard/rules.h"
#include "score/standing.h"

enum { PERCENT_MAX = 100, WEIGHT_MAX = 20 };

typedef enum err (*value_setter)(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why);

static enum err set_text(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)entry;
	(void)why;
	*(struct str *)field = node->text;
	return OK;
}

static enum err set_url(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)entry;
	if (node->text.n > 0 && !str_starts(node->text, STR("https://")) &&
		!str_starts(node->text, STR("http://")))
		return refuse(node, "a feed's url begins with https:// or http://");
	*(struct str *)field = node->text;
	return OK;
}

static enum err set_file(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)why;
	*(struct str *)field = node->text;
	if (entry->folder.n > 0 && node->text.n > 0 && node->text.p[0] != '/')
		*(struct str *)field = arena_fmt(
			entry->arena, "%.*s/%.*s", STR_FMT(entry->folder), STR_FMT(node->text));
	return OK;
}

static enum err set_format(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)entry;
	if (!str_eq(node->text, STR("auto")) && feed_format_find(node->text) == NULL)
		return refuse(node, "no format is called '%.*s'", STR_FMT(node->text));
	*(struct str *)field = node->text;
	return OK;
}

static enum err set_role(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)entry;
	if (!role_parse(node->text, field))
		return refuse(
			node, "a role is src, dst or policy, not '%.*s'", STR_FMT(node->text));
	return OK;
}

static enum err set_category(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)entry;
	if (!category_parse(node->text, field))
		return refuse(node, "no category is called '%.*s'", STR_FMT(node->text));
	return OK;
}

static enum err set_tlp(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)entry;
	if (!tlp_parse(node->text, field))
		return refuse(node, "no TLP label is called '%.*s'", STR_FMT(node->text));
	return OK;
}

static enum err set_kind(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)entry;
	if (!feed_kind_parse(node->text, field))
		return refuse(
			node, "a list is full-list or additions, not '%.*s'", STR_FMT(node->text));
	return OK;
}

static enum err set_duration(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)entry;
	if (!duration_parse(node->text, field) || *(int64_t *)field < MINUTE_S)
		return refuse(node, "a duration is a number with m, h, d or w, at least 1m: '%.*s'",
			STR_FMT(node->text));
	return OK;
}

static enum err set_u64(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)entry;
	if (!parse_u64(node->text, field))
		return refuse(node, "not a whole number: '%.*s'", STR_FMT(node->text));
	return OK;
}

static enum err set_u32(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	uint64_t value;

	TRY(set_u64(entry, node, &value, why));
	if (value > UINT32_MAX)
		return refuse(node, "too large: '%.*s'", STR_FMT(node->text));
	*(uint32_t *)field = (uint32_t)value;
	return OK;
}

static enum err set_percent(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	uint64_t value;

	TRY(set_u64(entry, node, &value, why));
	if (value > PERCENT_MAX)
		return refuse(node, "a confidence is 0 to 100: '%.*s'", STR_FMT(node->text));
	*(int16_t *)field = (int16_t)value;
	return OK;
}

static enum err set_weight(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	double value;

	(void)entry;
	if (!parse_double(node->text, &value) || value < 0 || value > WEIGHT_MAX)
		return refuse(node, "a weight is a number from 0 to %d: '%.*s'", WEIGHT_MAX,
			STR_FMT(node->text));
	*(double *)field = value;
	return OK;
}

/* Two words, of which the second turns a rule on. */
static enum err set_word(
	const struct yaml_node *node, struct str off, struct str on, bool *out, struct why *why)
{
	*out = str_eq(node->text, on);
	if (!*out && !str_eq(node->text, off))
		return refuse(node, "'%.*s' or '%.*s', not '%.*s'", STR_FMT(off), STR_FMT(on),
			STR_FMT(node->text));
	return OK;
}

static enum err set_bool(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)entry;
	return set_word(node, STR("no"), STR("yes"), field, why);
}

static enum err set_allow(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)entry;
	return set_word(node, STR("refuse"), STR("allow"), field, why);
}

static enum err set_drop(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)entry;
	return set_word(node, STR("refuse"), STR("drop"), field, why);
}

static enum err set_host_bits(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	struct ip_rules *rules = field;
	bool masks;

	(void)entry;
	TRY(set_word(node, STR("refuse"), STR("mask"), &masks, why));
	rules->host_bits = masks ? HOST_BITS_MASK : HOST_BITS_REFUSE;
	return OK;
}

static enum err set_zero_padded(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	struct ip_rules *rules = field;
	bool decimal;

	(void)entry;
	TRY(set_word(node, STR("refuse"), STR("decimal"), &decimal, why));
	rules->zero_padded = decimal ? ZERO_PADDED_DECIMAL : ZERO_PADDED_REFUSE;
	return OK;
}

static enum err set_holds(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	static const struct {
		struct str word;
		unsigned bit;
	} kinds[] = {
		{ STR_INIT("ip"), FEED_HOLDS_IP },
		{ STR_INIT("names"), FEED_HOLDS_NAMES },
		{ STR_INIT("urls"), FEED_HOLDS_URLS },
		{ STR_INIT("hashes"), FEED_HOLDS_HASHES },
	};
	unsigned *holds = field;
	struct str rest = node->text;
	struct str word;

	(void)entry;
	*holds = 0;
	while (str_next_word(&rest, &word)) {
		size_t i = 0;

		while (i < ARRAY_LEN(kinds) && !str_eq(kinds[i].word, word))
			i++;
		if (i == ARRAY_LEN(kinds))
			return refuse(node, "a feed holds ip, names, urls or hashes, not '%.*s'",
				STR_FMT(word));
		*holds |= kinds[i].bit;
	}
	return OK;
}

static enum err set_purpose(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	enum source_purpose purpose;

	(void)entry;
	if (!source_purpose_parse(node->text, &purpose))
		return refuse(node, "a purpose is claims, guard or routes, not '%.*s'",
			STR_FMT(node->text));
	*(uint8_t *)field = (uint8_t)purpose;
	return OK;
}

static enum err set_guard(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	enum guard_policy policy;

	(void)entry;
	if (!guard_policy_parse(node->text, &policy) || policy == GUARD_NONE)
		return refuse(node, "a guard's policy is note, ask or never, not '%.*s'",
			STR_FMT(node->text));
	*(uint8_t *)field = (uint8_t)policy;
	return OK;
}

static enum err set_standing(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	(void)entry;
	if (!source_standing_parse(node->text, field))
		return refuse(node, "a standing is new, vouched or sensor, not '%.*s'",
			STR_FMT(node->text));
	return OK;
}

static enum err set_traits(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	uint8_t traits = 0;

	(void)entry;
	for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
		uint8_t trait;

		if (child->kind != YAML_SCALAR || !source_trait_parse(child->text, &trait))
			return refuse(child,
				"a trait is spoofable, critical, cloud or shared, not '%.*s'",
				STR_FMT(child->text));
		traits |= trait;
	}
	*(uint8_t *)field = traits;
	return OK;
}

static enum err set_separator(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	static const struct {
		struct str word;
		char separator;
	} words[] = {
		{ STR_INIT("comma"), ',' },
		{ STR_INIT("tab"), '\t' },
		{ STR_INIT("semicolon"), ';' },
		{ STR_INIT("bar"), '|' },
		{ STR_INIT("space"), ' ' },
	};

	(void)entry;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq(words[i].word, node->text)) {
			*(char *)field = words[i].separator;
			return OK;
		}
	}
	return refuse(node, "a separator is comma, tab, semicolon, bar or space, not '%.*s'",
		STR_FMT(node->text));
}

static enum err set_columns(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	struct feed_mapping *mapping = field;

	(void)entry;
	for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
		size_t i = 0;

		while (i < COLUMN_LIMIT &&
			!str_eq(feed_column_name((enum feed_column)i), child->key))
			i++;
		if (i == COLUMN_LIMIT || child->kind != YAML_SCALAR)
			return refuse(child, "no column is called '%.*s'", STR_FMT(child->key));
		mapping->columns[i] = child->text;
	}
	return OK;
}

static enum err set_categories(const struct catalogue_entry *entry, const struct yaml_node *node,
	void *field, struct why *why)
{
	struct feed_mapping *mapping = field;
	struct feed_category_word *words =
		arena_array(entry->arena, FEED_CATEGORY_WORDS_MAX, sizeof *words);
	size_t n = 0;

	for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
		if (n == FEED_CATEGORY_WORDS_MAX)
			return refuse(child, "more than %d words", FEED_CATEGORY_WORDS_MAX);
		words[n].word = child->key;
		words[n].category = CATEGORY_NONE;
		if (!str_eq(child->text, STR("ignore")))
			TRY(set_category(entry, child, &words[n].category, why));
		n++;
	}
	mapping->words = words;
	mapping->word_n = n;
	return OK;
}

#define KEY(word, kind, setter, member, doc)                          \
	{                                                             \
		STR_INIT(word), STR_INIT(doc), YAML_##kind, (setter), \
			offsetof(struct feed_definition, member)      \
	}

static const struct key {
	struct str word;
	struct str doc;
	enum yaml_kind kind;
	value_setter set;
	size_t offset;
} keys[] = {
	KEY("name", SCALAR, set_text, name, "lower-case letters, digits, hyphens"),
	KEY("title", SCALAR, set_text, title, "for people"),
	KEY("url", SCALAR, set_url, url, "where it is fetched"),
	KEY("file", SCALAR, set_file, file, "where it lies, from this file's folder; no url then"),
	KEY("homepage", SCALAR, set_text, homepage, "where its terms can be read"),
	KEY("licence", SCALAR, set_text, licence, "its terms in a few words"),
	KEY("off", SCALAR, set_text, off_reason, "why it is off until an operator turns it on"),
	KEY("enabled", SCALAR, set_bool, is_enabled, "yes or no (default)"),
	KEY("purpose", SCALAR, set_purpose, purpose, "claims (default), guard or routes"),
	KEY("guard", SCALAR, set_guard, rule, "of a guard list: note, ask (default) or never"),
	KEY("standing", SCALAR, set_standing, standing, "new, vouched (default) or sensor"),
	KEY("traits", LIST, set_traits, traits, "spoofable, critical, cloud, shared"),
	KEY("family", SCALAR, set_text, family, "sources that copy each other count once"),
	KEY("format", SCALAR, set_format, format, "a name of feed/format.c; auto (default)"),
	KEY("role", SCALAR, set_role, role, "src (default), dst or policy"),
	KEY("category", SCALAR, set_category, category, "an RSIT type, or tor, vpn, hosting ..."),
	KEY("tlp", SCALAR, set_tlp, tlp, "clear (default), green, amber, amber+strict, red"),
	KEY("cadence", SCALAR, set_duration, cadence_s, "how often it is fetched: 1d (default)"),
	KEY("list", SCALAR, set_kind, kind, "full-list (default) or additions"),
	KEY("expected_min", SCALAR, set_u64, expected_min, "fewer indicators are held back"),
	KEY("expected_max", SCALAR, set_u64, expected_max, "more indicators are held back"),
	KEY("weight", SCALAR, set_weight, weight, "log-odds of a fresh claim; 0: the model's"),
	KEY("confidence", SCALAR, set_percent, confidence, "0 to 100, of lines that give none"),
	KEY("holds", SCALAR, set_holds, rules.holds, "ip names urls hashes: refuse other kinds"),
	KEY("host_bits", SCALAR, set_host_bits, rules.ip, "refuse (default) or mask"),
	KEY("zero_padded", SCALAR, set_zero_padded, rules.ip, "refuse (default) or decimal"),
	KEY("special_purpose", SCALAR, set_allow, rules.allow_special_purpose,
		"private and reserved addresses: refuse (default) or allow"),
	KEY("names_below", SCALAR, set_bool, rules.names_below, "a name means all below it, too"),
	KEY("userinfo", SCALAR, set_drop, rules.drop_userinfo,
		"user:password@ in URLs: refuse (default) or drop"),
	KEY("threshold", SCALAR, set_u32, rules.threshold, "least count that is taken"),
	KEY("separator", SCALAR, set_separator, mapping.separator,
		"comma, tab, semicolon, bar, space"),
	KEY("columns", MAP, set_columns, mapping, "column: number, header word or dotted path"),
	KEY("records", SCALAR, set_text, mapping.records, "path of the records: data[]"),
	KEY("metadata", SCALAR, set_text, mapping.metadata, "key of records about the list"),
	KEY("categories", MAP, set_categories, mapping, "word of the source: category or ignore"),
};

size_t catalogue_key_count(void)
{
	return ARRAY_LEN(keys);
}

struct catalogue_key_doc catalogue_key_at(size_t i)
{
	must(i < ARRAY_LEN(keys));
	return (struct catalogue_key_doc){ keys[i].word, keys[i].doc };
}

static const char *const kind_words[] = {
	[YAML_SCALAR] = "one value",
	[YAML_LIST] = "a list of words",
	[YAML_MAP] = "words with values",
};

enum err catalogue_field_set(
	const struct catalogue_entry *entry, const struct yaml_node *node, struct why *why)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (!str_eq(keys[i].word, node->key))
			continue;
		if (node->kind != keys[i].kind)
			return refuse(node, "'%.*s' takes %s", STR_FMT(node->key),
				kind_words[keys[i].kind]);
		return keys[i].set(entry, node, (char *)entry->feed + keys[i].offset, why);
	}
	return fail_at(why, ERR_SYNTAX, node->key_line, "no key is called '%.*s'",
		STR_FMT(str_first(node->key, 64)));
}
