/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/definition_json.h"

#include "evidence/query.h"
#include "guard/rules.h"
#include "score/standing.h"

enum member_type {
	MEMBER_TEXT,
	MEMBER_BOOL,
	MEMBER_I64,
	MEMBER_U64,
	MEMBER_U32,
	MEMBER_I16,
	MEMBER_U8,
	MEMBER_DOUBLE,
	MEMBER_ENUM, /* an int-sized enum, as its number */
	MEMBER_CHAR  /* as its number */
};

#define MEMBER(name, type, field)                                       \
	{                                                               \
		(name), (type), offsetof(struct feed_definition, field) \
	}

static const struct member {
	const char *name;
	enum member_type type;
	size_t offset;
} members[] = {
	MEMBER("name", MEMBER_TEXT, name),
	MEMBER("title", MEMBER_TEXT, title),
	MEMBER("url", MEMBER_TEXT, url),
	MEMBER("file", MEMBER_TEXT, file),
	MEMBER("homepage", MEMBER_TEXT, homepage),
	MEMBER("licence", MEMBER_TEXT, licence),
	MEMBER("off_reason", MEMBER_TEXT, off_reason),
	MEMBER("family", MEMBER_TEXT, family),
	MEMBER("format", MEMBER_TEXT, format),
	MEMBER("records", MEMBER_TEXT, mapping.records),
	MEMBER("metadata", MEMBER_TEXT, mapping.metadata),
	MEMBER("separator", MEMBER_CHAR, mapping.separator),
	MEMBER("role", MEMBER_ENUM, role),
	MEMBER("category", MEMBER_ENUM, category),
	MEMBER("tlp", MEMBER_ENUM, tlp),
	MEMBER("cadence_s", MEMBER_I64, cadence_s),
	MEMBER("expected_min", MEMBER_U64, expected_min),
	MEMBER("expected_max", MEMBER_U64, expected_max),
	MEMBER("weight", MEMBER_DOUBLE, weight),
	MEMBER("purpose", MEMBER_U8, purpose),
	MEMBER("rule", MEMBER_U8, rule),
	MEMBER("standing", MEMBER_U8, standing),
	MEMBER("traits", MEMBER_U8, traits),
	MEMBER("confidence", MEMBER_I16, confidence),
	MEMBER("kind", MEMBER_ENUM, kind),
	MEMBER("host_bits", MEMBER_ENUM, rules.ip.host_bits),
	MEMBER("zero_padded", MEMBER_ENUM, rules.ip.zero_padded),
	MEMBER("allow_special_purpose", MEMBER_BOOL, rules.allow_special_purpose),
	MEMBER("names_below", MEMBER_BOOL, rules.names_below),
	MEMBER("drop_userinfo", MEMBER_BOOL, rules.drop_userinfo),
	MEMBER("threshold", MEMBER_U32, rules.threshold),
	MEMBER("holds", MEMBER_U32, rules.holds),
	MEMBER("is_enabled", MEMBER_BOOL, is_enabled),
};

/* Numbers that are indices of tables elsewhere: one from outside may not run past them. */
static const struct {
	const char *name;
	int64_t below;
} bounds[] = {
	{ "role", ROLE_COUNT },
	{ "category", CATEGORY_COUNT },
	{ "tlp", TLP_COUNT },
	{ "purpose", PURPOSE_COUNT },
	{ "rule", GUARD_POLICIES },
	{ "standing", STANDING_COUNT },
	{ "traits", 1 << SOURCE_TRAIT_BITS },
	{ "kind", FEED_ADDITIONS + 1 },
	{ "host_bits", HOST_BITS_MASK + 1 },
	{ "zero_padded", ZERO_PADDED_DECIMAL + 1 },
};

static int64_t integer_of(const struct member *member, const void *field)
{
	switch (member->type) {
	case MEMBER_I64:
		return *(const int64_t *)field;
	case MEMBER_U64:
		return (int64_t) * (const uint64_t *)field;
	case MEMBER_U32:
		return *(const uint32_t *)field;
	case MEMBER_I16:
		return *(const int16_t *)field;
	case MEMBER_U8:
		return *(const uint8_t *)field;
	case MEMBER_CHAR:
		return *(const char *)field;
	case MEMBER_ENUM:
		return *(const int *)field;
	case MEMBER_TEXT:
	case MEMBER_BOOL:
	case MEMBER_DOUBLE:
		break;
	}
	must(false); /* the callers pass integers only */
	return 0;
}

/* False when the number does not fit the member. */
static bool integer_set(const struct member *member, void *field, int64_t value)
{
	int64_t low = 0;
	int64_t high = INT32_MAX;

	if (member->type == MEMBER_I64 || member->type == MEMBER_U64)
		high = INT64_MAX;
	if (member->type == MEMBER_I16) {
		low = INT16_MIN;
		high = INT16_MAX;
	}
	if (member->type == MEMBER_CHAR)
		high = INT8_MAX;
	if (member->type == MEMBER_U8)
		high = UINT8_MAX;
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		if (strcmp(bounds[i].name, member->name) == 0)
			high = bounds[i].below - 1;
	}
	if (value < low || value > high)
		return false;
	if (member->type == MEMBER_I64)
		*(int64_t *)field = value;
	else if (member->type == MEMBER_U64)
		*(uint64_t *)field = (uint64_t)value;
	else if (member->type == MEMBER_U32)
		*(uint32_t *)field = (uint32_t)value;
	else if (member->type == MEMBER_I16)
		*(int16_t *)field = (int16_t)value;
	else if (member->type == MEMBER_U8)
		*(uint8_t *)field = (uint8_t)value;
	else if (member->type == MEMBER_CHAR)
		*(char *)field = (char)value;
	else
		*(int *)field = (int)value;
	return true;
}

static void mapping_write(struct json_writer *json, const struct feed_mapping *mapping)
{
	json_key(json, "columns");
	json_object_begin(json);
	for (size_t i = 0; i < COLUMN_LIMIT; i++) {
		if (mapping->columns[i].n != 0) {
			json_key_str(json, feed_column_name((enum feed_column)i));
			json_put_str(json, mapping->columns[i]);
		}
	}
	json_object_end(json);
	json_key(json, "words");
	json_object_begin(json);
	for (size_t i = 0; i < mapping->word_n; i++) {
		json_key_str(json, mapping->words[i].word);
		json_put_i64(json, mapping->words[i].category);
	}
	json_object_end(json);
}

void feed_definition_write(struct json_writer *json, const struct feed_definition *definition)
{
	json_object_begin(json);
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const void *field = (const char *)definition + members[i].offset;

		json_key(json, members[i].name);
		if (members[i].type == MEMBER_TEXT)
			json_put_str(json, *(const struct str *)field);
		else if (members[i].type == MEMBER_BOOL)
			json_put_bool(json, *(const bool *)field);
		else if (members[i].type == MEMBER_DOUBLE)
			json_put_double(json, *(const double *)field);
		else
			json_put_i64(json, integer_of(&members[i], field));
	}
	mapping_write(json, &definition->mapping);
	json_object_end(json);
}

static bool member_read(
	const struct member *member, struct json_node value, struct arena *arena, void *field)
{
	struct str text;
	int64_t number;

	if (member->type == MEMBER_BOOL)
		return json_bool(value, field);
	if (member->type == MEMBER_DOUBLE)
		return json_double(value, field);
	if (member->type == MEMBER_TEXT) {
		if (!json_str(value, &text))
			return false;
		*(struct str *)field = arena_str(arena, text);
		return true;
	}
	return json_i64(value, &number) && integer_set(member, field, number);
}

static enum err mapping_read(
	struct json_node node, struct arena *arena, struct feed_mapping *out, struct why *why)
{
	struct json_node columns = json_get(node, "columns");
	struct json_node words = json_get(node, "words");
	struct json_iterator it = json_each(words);
	struct json_node value;
	struct str word;
	int64_t number;

	for (size_t i = 0; i < COLUMN_LIMIT; i++) {
		if (json_str(json_get_str(columns, feed_column_name((enum feed_column)i)), &word))
			out->columns[i] = arena_str(arena, word);
	}
	if (json_count(words) > FEED_CATEGORY_WORDS_MAX)
		return fail(
			why, ERR_LIMIT, "more than %d words in a mapping", FEED_CATEGORY_WORDS_MAX);

	struct feed_category_word *to = arena_array(arena, json_count(words), sizeof *out->words);

	out->words = to;
	while (json_next_member(&it, &word, &value)) {
		if (!json_i64(value, &number) || number < 0 || number >= CATEGORY_COUNT)
			return fail(why, ERR_SYNTAX, "the word '%.*s' has no category",
				STR_FMT(str_first(word, 64)));
		to[out->word_n++] = (struct feed_category_word){ arena_str(arena, word),
			(enum category)number };
	}
	return OK;
}

enum err feed_definition_read(
	struct json_node node, struct arena *arena, struct feed_definition *out, struct why *why)
{
	*out = feed_definition_default((struct str){ "", 0 });
	if (json_type(node) != JSON_OBJECT)
		return fail(why, ERR_SYNTAX, "a feed's definition is an object");
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		struct json_node value = json_get(node, members[i].name);

		if (json_type(value) == JSON_ABSENT)
			continue;
		if (!member_read(&members[i], value, arena, (char *)out + members[i].offset))
			return fail(why, ERR_SYNTAX,
				"member '%s' of a feed's definition is no good", members[i].name);
	}
	if (!feed_name_is_valid(out->name))
		return fail(why, ERR_SYNTAX, "not a feed's name: '%.*s'",
			STR_FMT(str_first(out->name, FEED_NAME_MAX)));
	if ((out->purpose == PURPOSE_GUARD) != (out->rule != GUARD_NONE))
		return fail(why, ERR_SYNTAX, "a guard list, and no other, has a guard's policy");
	return mapping_read(node, arena, &out->mapping, why);
}
