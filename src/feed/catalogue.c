/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/catalogue.h"

#include "base/clock.h"
#include "base/io.h"
#include "feed/format.h"
#include "feed/yaml_tree.h"

enum { PERCENT_MAX = 100, WEIGHT_MAX = 20 };

/* One feed under construction. */
struct entry {
	struct feed_definition *feed;
	struct arena *arena;
	struct str folder;
};

typedef enum err (*value_setter)(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why);

#define refuse(node, ...) fail_at(why, ERR_SYNTAX, (node)->line, __VA_ARGS__)

static enum err set_text(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	(void)entry;
	(void)why;
	*(struct str *)field = node->text;
	return OK;
}

static enum err set_url(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	(void)entry;
	if (node->text.n > 0 && !str_starts(node->text, STR("https://")) &&
		!str_starts(node->text, STR("http://")))
		return refuse(node, "a feed's url begins with https:// or http://");
	*(struct str *)field = node->text;
	return OK;
}

static enum err set_file(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	(void)why;
	*(struct str *)field = node->text;
	if (entry->folder.n > 0 && node->text.n > 0 && node->text.p[0] != '/')
		*(struct str *)field = arena_fmt(
			entry->arena, "%.*s/%.*s", STR_FMT(entry->folder), STR_FMT(node->text));
	return OK;
}

static enum err set_format(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	(void)entry;
	if (!str_eq(node->text, STR("auto")) && feed_format_find(node->text) == NULL)
		return refuse(node, "no format is called '%.*s'", STR_FMT(node->text));
	*(struct str *)field = node->text;
	return OK;
}

static enum err set_role(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	(void)entry;
	if (!role_parse(node->text, field))
		return refuse(
			node, "a role is src, dst or policy, not '%.*s'", STR_FMT(node->text));
	return OK;
}

static enum err set_category(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	(void)entry;
	if (!category_parse(node->text, field))
		return refuse(node, "no category is called '%.*s'", STR_FMT(node->text));
	return OK;
}

static enum err set_tlp(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	(void)entry;
	if (!tlp_parse(node->text, field))
		return refuse(node, "no TLP label is called '%.*s'", STR_FMT(node->text));
	return OK;
}

static enum err set_kind(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	(void)entry;
	if (!feed_kind_parse(node->text, field))
		return refuse(
			node, "a list is full-list or additions, not '%.*s'", STR_FMT(node->text));
	return OK;
}

static enum err set_duration(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	(void)entry;
	if (!duration_parse(node->text, field) || *(int64_t *)field < MINUTE_S)
		return refuse(node, "a duration is a number with m, h, d or w, at least 1m: '%.*s'",
			STR_FMT(node->text));
	return OK;
}

static enum err set_u64(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	(void)entry;
	if (!parse_u64(node->text, field))
		return refuse(node, "not a whole number: '%.*s'", STR_FMT(node->text));
	return OK;
}

static enum err set_u32(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	uint64_t value;

	TRY(set_u64(entry, node, &value, why));
	if (value > UINT32_MAX)
		return refuse(node, "too large: '%.*s'", STR_FMT(node->text));
	*(uint32_t *)field = (uint32_t)value;
	return OK;
}

static enum err set_percent(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	uint64_t value;

	TRY(set_u64(entry, node, &value, why));
	if (value > PERCENT_MAX)
		return refuse(node, "a confidence is 0 to 100: '%.*s'", STR_FMT(node->text));
	*(int16_t *)field = (int16_t)value;
	return OK;
}

static enum err set_weight(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
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

static enum err set_bool(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	(void)entry;
	return set_word(node, STR("no"), STR("yes"), field, why);
}

static enum err set_allow(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	(void)entry;
	return set_word(node, STR("refuse"), STR("allow"), field, why);
}

static enum err set_drop(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	(void)entry;
	return set_word(node, STR("refuse"), STR("drop"), field, why);
}

static enum err set_host_bits(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	struct ip_rules *rules = field;
	bool masks;

	(void)entry;
	TRY(set_word(node, STR("refuse"), STR("mask"), &masks, why));
	rules->host_bits = masks ? HOST_BITS_MASK : HOST_BITS_REFUSE;
	return OK;
}

static enum err set_zero_padded(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
{
	struct ip_rules *rules = field;
	bool decimal;

	(void)entry;
	TRY(set_word(node, STR("refuse"), STR("decimal"), &decimal, why));
	rules->zero_padded = decimal ? ZERO_PADDED_DECIMAL : ZERO_PADDED_REFUSE;
	return OK;
}

static enum err set_holds(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
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

static enum err set_separator(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
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

static enum err set_columns(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
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

static enum err set_categories(
	const struct entry *entry, const struct yaml_node *node, void *field, struct why *why)
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

void catalogue_done(struct feed_catalogue *catalogue)
{
	free(catalogue->feeds);
	arena_done(&catalogue->arena);
	*catalogue = (struct feed_catalogue){ 0 };
}

static size_t index_of(const struct feed_definition *feeds, size_t n, struct str name)
{
	size_t i = 0;

	while (i < n && !str_eq(feeds[i].name, name))
		i++;
	return i;
}

const struct feed_definition *catalogue_find(
	const struct feed_catalogue *catalogue, struct str name)
{
	size_t i = index_of(catalogue->feeds, catalogue->n, name);

	return i < catalogue->n ? &catalogue->feeds[i] : NULL;
}

static enum err field_set(const struct entry *entry, const struct yaml_node *node, struct why *why)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (!str_eq(keys[i].word, node->key))
			continue;
		if (node->kind != keys[i].kind)
			return refuse(node, "'%.*s' takes %s", STR_FMT(node->key),
				keys[i].kind == YAML_MAP ? "words with values" : "one value");
		return keys[i].set(entry, node, (char *)entry->feed + keys[i].offset, why);
	}
	return fail_at(why, ERR_SYNTAX, node->key_line, "no key is called '%.*s'",
		STR_FMT(str_first(node->key, 64)));
}

/* What only the whole entry shows. */
static enum err feed_check(
	const struct feed_definition *feed, const struct yaml_node *node, struct why *why)
{
	bool is_both =
		yaml_get(node, STR("off")) != NULL && feed->off_reason.n > 0 && feed->is_enabled;

	if (feed->url.n > 0 && feed->file.n > 0)
		return refuse(node, "%.*s has a url and a file", STR_FMT(feed->name));
	if (is_both)
		return refuse(node, "%.*s says why it is off, and is on", STR_FMT(feed->name));
	if (feed->expected_max != 0 && feed->expected_max < feed->expected_min)
		return refuse(node, "%.*s expects at most less than at least", STR_FMT(feed->name));
	return OK;
}

static struct feed_definition *feed_slot(struct feed_catalogue *catalogue, struct str name)
{
	size_t i = index_of(catalogue->feeds, catalogue->n, name);

	if (i < catalogue->n)
		return &catalogue->feeds[i];
	if (catalogue->n == catalogue->capacity) {
		catalogue->capacity = catalogue->capacity == 0 ? 64 : catalogue->capacity * 2;
		catalogue->feeds = reallocarray(
			catalogue->feeds, catalogue->capacity, sizeof *catalogue->feeds);
		must(catalogue->feeds != NULL);
	}
	catalogue->feeds[catalogue->n] = feed_definition_default(name);
	return &catalogue->feeds[catalogue->n++];
}

/* seen holds the feeds of this file so far: a name may stand in it once. */
static enum err feed_read_entry(struct feed_catalogue *catalogue, const struct yaml_node *node,
	struct str folder, struct feed_catalogue *seen, struct why *why)
{
	const struct yaml_node *name = yaml_get(node, STR("name"));

	if (name == NULL || !feed_name_is_valid(name->text))
		return refuse(node, "a feed needs a name of lower-case letters, digits, hyphens");
	if (catalogue_find(seen, name->text) != NULL)
		return refuse(name, "%.*s stands twice", STR_FMT(name->text));
	if (catalogue->n >= CATALOGUE_FEEDS_MAX)
		return fail_at(
			why, ERR_LIMIT, node->line, "more than %d feeds", CATALOGUE_FEEDS_MAX);
	(void)feed_slot(seen, name->text);

	struct entry entry = { feed_slot(catalogue, name->text), &catalogue->arena, folder };

	for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
		TRY(field_set(&entry, child, why));
	return feed_check(entry.feed, node, why);
}

static enum err tree_read(struct feed_catalogue *catalogue, const struct yaml_node *root,
	struct str folder, struct feed_catalogue *seen, struct why *why)
{
	const struct yaml_node *feeds = yaml_get(root, STR("feeds"));

	if (root->kind != YAML_MAP)
		return refuse(root, "a catalogue holds only \"feeds:\"");
	for (const struct yaml_node *node = root->first; node != NULL; node = node->next) {
		if (node != feeds)
			return fail_at(why, ERR_SYNTAX, node->key_line,
				"a catalogue holds only \"feeds:\"");
	}
	if (feeds == NULL)
		return OK;
	/* "feeds:" with nothing behind it */
	if (feeds->kind != YAML_LIST && (feeds->kind != YAML_SCALAR || feeds->text.n > 0))
		return refuse(feeds, "\"feeds:\" is a list");
	for (const struct yaml_node *node = feeds->first; node != NULL; node = node->next)
		TRY(feed_read_entry(catalogue, node, folder, seen, why));
	return OK;
}

static void name_prefix(struct why *why, struct str name)
{
	struct why inner;

	if (why == NULL)
		return;
	inner = *why;
	why_set(why, inner.code, inner.line, "%.*s:%llu: %.160s", STR_FMT(str_first(name, 64)),
		(unsigned long long)inner.line, inner.text);
}

enum err catalogue_parse(struct feed_catalogue *catalogue, struct str yaml, struct str name,
	struct str folder, struct why *why)
{
	struct feed_catalogue seen = { 0 };
	struct yaml_node *root;
	size_t before = catalogue->n;
	struct feed_definition *saved = calloc(before + 1, sizeof *saved);

	must(saved != NULL);
	if (before > 0)
		memcpy(saved, catalogue->feeds, before * sizeof *saved);

	enum err code = yaml_tree_parse(yaml, &catalogue->arena, &root, why);

	if (code == OK)
		code = tree_read(catalogue, root, arena_str(&catalogue->arena, folder), &seen, why);
	if (code != OK) {
		/* nothing of a file with a mistake is taken */
		if (before > 0)
			memcpy(catalogue->feeds, saved, before * sizeof *saved);
		catalogue->n = before;
		name_prefix(why, name);
	}
	free(saved);
	catalogue_done(&seen);
	return code;
}

enum err catalogue_load(struct feed_catalogue *catalogue, const char *path, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	const char *slash = strrchr(path, '/');
	struct str folder = slash == NULL ? STR(".") : str_from(path, (size_t)(slash - path));

	TRY(file_read(path, CATALOGUE_BYTES_MAX, &text, why));
	return catalogue_parse(
		catalogue, buf_view(&text), str_c(slash == NULL ? path : slash + 1), folder, why);
}
