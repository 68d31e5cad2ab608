/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MISP warning lists (github.com/MISP/misp-warninglists): what is known to be harmless, or would be
 * blocked by mistake. {"type", "list", "matching_attributes", "name", ...}; the list is an array of
 * texts, or an object of texts with comments. How MISP evaluates them: app/Model/Warninglist.php of
 * github.com/MISP/MISP (getFilteredEntries(), checkValue()). As there,
 *   cidr       holds addresses and prefixes;
 *   hostname   holds the name and all below it, dots around it and its case are ignored;
 *   string     is equal, substring is held anywhere, regex matches;
 *   no type means string, no attributes mean all of them.
 * Other than there,
 *   - strings and substrings are kept in lower case, because names and hashes are here;
 *   - an entry of a string list that begins with a dot or "*." is a hostname, which is what the
 *     list of Google's names means by it (MISP, taking it as it stands, never matches it);
 *   - a name in Unicode is kept in A-labels, in which names are compared here;
 *   - an address in a list that speaks of addresses is an address, whatever the type;
 *   - what would guard half of the Internet by mistake is refused: a whole top-level domain as a
 *     hostname, a substring of less than SUBSTRING_MIN bytes.
 */
#include "feed/formats.h"

#include "feed/json_records.h"
#include "feed/lines.h"

enum {
	OF_ADDRESSES = 1, /* beside enum pattern_subject */
	OF_HOSTS = OF_ADDRESSES | PATTERN_OF_NAMES,
	OF_TEXT = PATTERN_OF_NAMES | PATTERN_OF_URLS | PATTERN_OF_HASHES,
	OF_ALL = OF_ADDRESSES | OF_TEXT,
	SUBSTRING_MIN = 3,
	ATTRIBUTES_SHOWN = 100 /* bytes of a message */
};

/* The order of a feed's FEED_HOLDS_* is that of the subjects. */
_Static_assert((int)PATTERN_OF_NAMES == (int)FEED_HOLDS_NAMES, "one bit for names");
_Static_assert((int)PATTERN_OF_URLS == (int)FEED_HOLDS_URLS, "one bit for URLs");
_Static_assert((int)PATTERN_OF_HASHES == (int)FEED_HOLDS_HASHES, "one bit for hashes");

/* MISP's types of attributes that are kept here as something; a "filename|" before is ignored. */
static const struct {
	struct str attribute;
	uint8_t subjects;
} attributes[] = {
	{ STR_INIT("ALL"), OF_ALL },
	{ STR_INIT("ip-src"), OF_ADDRESSES },
	{ STR_INIT("ip-dst"), OF_ADDRESSES },
	{ STR_INIT("ip-src|port"), OF_ADDRESSES },
	{ STR_INIT("ip-dst|port"), OF_ADDRESSES },
	{ STR_INIT("domain|ip"), OF_HOSTS },
	{ STR_INIT("domain"), PATTERN_OF_NAMES },
	{ STR_INIT("hostname"), PATTERN_OF_NAMES },
	{ STR_INIT("hostname|port"), PATTERN_OF_NAMES },
	{ STR_INIT("url"), PATTERN_OF_URLS },
	{ STR_INIT("uri"), PATTERN_OF_URLS },
	{ STR_INIT("link"), PATTERN_OF_URLS },
	{ STR_INIT("md5"), PATTERN_OF_HASHES },
	{ STR_INIT("sha1"), PATTERN_OF_HASHES },
	{ STR_INIT("sha224"), PATTERN_OF_HASHES },
	{ STR_INIT("sha256"), PATTERN_OF_HASHES },
	{ STR_INIT("sha384"), PATTERN_OF_HASHES },
	{ STR_INIT("sha512"), PATTERN_OF_HASHES },
	{ STR_INIT("malware-sample"), PATTERN_OF_HASHES },
};

/* One list under way. */
struct warninglist {
	struct feed_intake *intake;
	const struct list_type *type;
	uint8_t subjects;
	struct intake_facts facts;
};

typedef void (*entry_reader)(struct warninglist *list, struct str entry);

static void pattern_claim(struct warninglist *list, enum pattern_match match, uint8_t subjects,
	struct str text, struct str shown)
{
	struct feed_intake *intake = list->intake;
	const struct indicator pattern = {
		.kind = INDICATOR_PATTERN,
		.match = (uint8_t)match,
		.subjects = subjects,
		.text = text,
	};

	for (size_t i = 0; i < text.n; i++) {
		if ((uint8_t)text.p[i] < ' ' || text.p[i] == 0x7f) {
			intake_refuse(intake, REFUSED_PATTERN, shown);
			return;
		}
	}
	if (text.n == 0 || text.n > PATTERN_TEXT_MAX) {
		intake_refuse(intake, text.n == 0 ? REFUSED_EMPTY : REFUSED_TOO_LONG, shown);
		return;
	}
	if (!intake_expects(intake, subjects & OF_TEXT)) {
		intake_refuse(intake, REFUSED_UNEXPECTED_KIND, shown);
		return;
	}
	intake_claim(intake, &pattern, &list->facts);
	intake->report->accepted++;
}

static struct str text_lower(struct arena *arena, struct str text)
{
	char *lower = arena_alloc(arena, text.n + 1);

	for (size_t i = 0; i < text.n; i++)
		lower[i] = byte_lower(text.p[i]);
	return str_from(lower, text.n);
}

static bool entry_is_address(struct str entry)
{
	struct ipaddr ip;

	return ip_parse(entry, NULL, &ip, NULL) == OK;
}

static bool entry_name(struct str entry, struct name *out)
{
	static const struct name_rules rules = { .allow_single = true, .allow_edge_hyphen = true };

	return name_parse(entry, &rules, out, NULL) == OK;
}

static void address_entry(struct warninglist *list, struct str entry)
{
	list->facts.type = TEXT_IP;
	(void)intake_offer(list->intake, entry, &list->facts, entry);
}

/* ".example.org", "example.org", "*.example.org": the name and all below it. */
static void hostname_entry(struct warninglist *list, struct str entry)
{
	uint8_t subjects = list->subjects & (PATTERN_OF_NAMES | PATTERN_OF_URLS);
	struct str text = entry;
	struct name name;

	while (text.n > 0 && text.p[0] == '.')
		text = str_from_index(text, 1);
	while (text.n > 0 && text.p[text.n - 1] == '.')
		text.n--;
	if (entry_is_address(text)) {
		if ((list->subjects & OF_ADDRESSES) != 0)
			address_entry(list, text);
		else if ((subjects & PATTERN_OF_URLS) != 0)
			pattern_claim(list, PATTERN_HOSTNAME, PATTERN_OF_URLS,
				text_lower(&list->intake->arena, text), entry);
		else
			intake_refuse(list->intake, REFUSED_NAME, entry);
		return;
	}
	if (!entry_name(text, &name))
		intake_refuse(list->intake, REFUSED_NAME, entry);
	else if (str_find(name_str(&name), '.') == name.n)
		intake_refuse(list->intake, REFUSED_SUFFIX, entry);
	else
		pattern_claim(list, PATTERN_HOSTNAME, subjects, name_str(&name), entry);
}

static void string_entry(struct warninglist *list, struct str entry)
{
	uint8_t subjects = list->subjects & OF_TEXT;
	bool is_hash = text_looks_like_hash(entry);
	struct name name;

	if ((list->subjects & OF_ADDRESSES) != 0 && entry_is_address(entry)) {
		address_entry(list, entry);
		return;
	}
	if ((subjects & PATTERN_OF_NAMES) != 0 &&
		(entry.p[0] == '.' || str_starts(entry, STR("*.")))) {
		hostname_entry(list, entry);
		return;
	}
	if ((subjects & PATTERN_OF_NAMES) != 0 && entry_name(entry, &name))
		pattern_claim(list, PATTERN_STRING, subjects, name_str(&name), entry);
	else if (is_hash || (subjects & PATTERN_OF_URLS) != 0)
		pattern_claim(list, PATTERN_STRING, subjects,
			text_lower(&list->intake->arena, entry), entry);
	else
		/* nothing that is compared with it could ever be equal */
		intake_refuse(list->intake,
			(subjects & PATTERN_OF_NAMES) != 0    ? REFUSED_NAME
			: (subjects & PATTERN_OF_HASHES) != 0 ? REFUSED_HASH
							      : REFUSED_ADDRESS,
			entry);
}

static void substring_entry(struct warninglist *list, struct str entry)
{
	if (entry.n < SUBSTRING_MIN)
		intake_refuse(list->intake, REFUSED_PATTERN, entry);
	else
		pattern_claim(list, PATTERN_SUBSTRING, list->subjects & OF_TEXT,
			text_lower(&list->intake->arena, entry), entry);
}

/* What may stand around an expression: as in PHP, but no pairs of brackets. */
static bool byte_is_delimiter(char c)
{
	return c > ' ' && c <= '~' && c != '\\' && !byte_is_digit(c) &&
	       !(byte_lower(c) >= 'a' && byte_lower(c) <= 'z') && str_find(STR("()[]{}<>"), c) == 8;
}

/* Cuts "/expression/flags"; false when it is not of that form. An escaped delimiter goes on. */
static bool regex_cut(struct str entry, struct str *expression, struct str *flags)
{
	size_t end = 1;

	if (entry.n < 2 || !byte_is_delimiter(entry.p[0]))
		return false;
	while (end < entry.n && entry.p[end] != entry.p[0])
		end += entry.p[end] == '\\' ? 2 : 1;
	if (end >= entry.n)
		return false;
	*expression = str_from(entry.p + 1, end - 1);
	*flags = str_from_index(entry, end + 1);
	return true;
}

static void regex_entry(struct warninglist *list, struct str entry)
{
	uint8_t subjects = list->subjects & OF_TEXT;
	struct str expression;
	struct str flags;

	if (!regex_cut(entry, &expression, &flags)) {
		intake_refuse(list->intake, REFUSED_PATTERN, entry);
		return;
	}
	for (size_t i = 0; i < flags.n; i++) {
		if (flags.p[i] == 'i') {
			subjects |= PATTERN_CASELESS;
		} else if (flags.p[i] != 'g') { /* says how often, not whether */
			intake_refuse(list->intake, REFUSED_PATTERN, entry);
			return;
		}
	}
	pattern_claim(list, PATTERN_REGEX, subjects, expression, entry);
}

static const struct list_type {
	struct str word;
	uint8_t subjects; /* of which such a list can say something */
	entry_reader read;
} list_types[] = {
	{ STR_INIT("cidr"), OF_ADDRESSES, address_entry },
	{ STR_INIT("hostname"), OF_HOSTS | PATTERN_OF_URLS, hostname_entry },
	{ STR_INIT("string"), OF_ALL, string_entry },
	{ STR_INIT("substring"), OF_TEXT, substring_entry },
	{ STR_INIT("regex"), OF_TEXT, regex_entry },
};

static enum err type_read(struct json_node root, const struct list_type **out, struct why *why)
{
	struct json_node node = json_get(root, "type");
	struct json_iterator each = json_each(node);
	struct str word = STR("string");

	if (json_type(node) == JSON_ARRAY)
		(void)json_next(&each, &node);
	if (json_type(node) != JSON_ABSENT && !json_str(node, &word))
		return fail(why, ERR_SYNTAX, "the type of a warning list is a word");
	for (size_t i = 0; i < ARRAY_LEN(list_types); i++) {
		if (str_eq(list_types[i].word, word)) {
			*out = &list_types[i];
			return OK;
		}
	}
	return fail(why, ERR_UNSUPPORTED, "a warning list of the unknown type '%.*s'",
		STR_FMT(str_first(word, ATTRIBUTES_SHOWN)));
}

static uint8_t attribute_subjects(struct str attribute)
{
	static const struct str with_name = STR_INIT("filename|");

	if (str_starts(attribute, with_name))
		attribute = str_from_index(attribute, with_name.n);
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
		if (str_eq(attributes[i].attribute, attribute))
			return attributes[i].subjects;
	}
	return 0;
}

/* What the list speaks of, as far as its type can; refused when that is nothing. */
static enum err subjects_read(
	struct json_node root, const struct list_type *type, uint8_t *out, struct why *why)
{
	CLEANUP(buf_done) struct buf names = { 0 };
	struct json_node list = json_get(root, "matching_attributes");
	struct json_iterator each = json_each(list);
	struct json_node node;
	struct str word;

	*out = json_count(list) == 0 ? OF_ALL : 0;
	while (json_next(&each, &node)) {
		if (!json_str(node, &word))
			return fail(why, ERR_SYNTAX, "an attribute of a warning list is a word");
		*out |= attribute_subjects(word);
		if (names.n < ATTRIBUTES_SHOWN)
			buf_fmt(&names, "%s%.*s", names.n == 0 ? "" : ", ",
				STR_FMT(str_first(word, ATTRIBUTES_SHOWN)));
	}
	*out &= type->subjects;
	if (*out == 0)
		return fail(why, ERR_UNSUPPORTED,
			"a list of type %.*s about %.*s: nothing of that kind is kept here",
			STR_FMT(type->word),
			STR_FMT(str_first(buf_view(&names), ATTRIBUTES_SHOWN)));
	return OK;
}

static void entry_offer(struct warninglist *list, struct str entry, struct json_node comment)
{
	struct feed_intake *intake = list->intake;

	intake->line++;
	intake->report->lines++;
	arena_reset(&intake->arena);
	entry = str_trim(entry);
	if (!json_str(comment, &list->facts.reference))
		list->facts.reference = STR("");
	if (entry.n == 0)
		intake_refuse(intake, REFUSED_EMPTY, entry);
	else
		list->type->read(list, entry);
}

enum err warninglist_parse(struct feed_intake *intake, struct why *why)
{
	struct warninglist list = { .intake = intake, .facts = intake_facts(intake) };
	struct json_node root;
	struct json_node node;
	struct str entry;

	TRY(json_member(intake, &root, why));
	TRY(type_read(root, &list.type, why));
	TRY(subjects_read(root, list.type, &list.subjects, why));

	struct json_node entries = json_get(root, "list");
	struct json_iterator each = json_each(entries);

	if (json_type(entries) == JSON_OBJECT) {
		while (json_next_member(&each, &entry, &node))
			entry_offer(&list, entry, node);
		return OK;
	}
	if (json_type(entries) != JSON_ARRAY)
		return fail(why, ERR_SYNTAX, "a warning list without its list");
	while (json_next(&each, &node))
		entry_offer(
			&list, json_str(node, &entry) ? entry : STR(""), (struct json_node){ 0 });
	return OK;
}

/* The keys behind a long list lie beyond the sample; the description comes before it. */
bool warninglist_looks(const struct sniff_sample *sample)
{
	return sniff_first_byte(sample) == '{' && sample_has_key(sample, STR("\"list\"")) &&
	       (sample_has_key(sample, STR("\"matching_attributes\"")) ||
		       sample_has_key(sample, STR("\"description\"")));
}
