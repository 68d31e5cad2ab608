/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Before our headers: the macro fail() of err.h is a member's name in the C++ library, and what
 * they include must not be seen for the first time within extern "C".
 */
#include <simdjson.h>

#include <algorithm>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

extern "C" {
#include "base/json_read.h"
}

namespace dom = simdjson::dom;

struct json_reader {
	dom::parser parser{ JSON_BYTES_MAX };
	std::vector<std::string_view> keys; /* of the object under check; kept for its memory */
};

namespace
{

/* Objects of so few members are compared pairwise; larger ones are sorted. */
constexpr size_t PAIRWISE_MAX = 12;
constexpr size_t FIRST_CAPACITY = 4096;

/*
 * A node is simdjson's own value (a document and an index on its tape) as bytes, so that C can hold
 * it.
 */
template <typename Value> Value from_node(json_node node)
{
	static_assert(sizeof(Value) == sizeof(json_node) && std::is_trivially_copyable_v<Value>);
	Value value;
	std::memcpy(static_cast<void *>(&value), &node, sizeof value);
	return value;
}

template <typename Value> json_node to_node(const Value &value)
{
	static_assert(sizeof(Value) == sizeof(json_node) && std::is_trivially_copyable_v<Value>);
	json_node node;
	std::memcpy(&node, &value, sizeof node);
	return node;
}

dom::element element_of(json_node node)
{
	return from_node<dom::element>(node);
}

/* An element known to be an array (an object) as such. */
template <typename Container> Container as(dom::element element)
{
	Container container;
	must(element.get(container) == simdjson::SUCCESS);
	return container;
}

str to_str(std::string_view view)
{
	return str{ view.data(), view.size() };
}

struct reason {
	simdjson::error_code code;
	enum err err;
	const char *text;
};

constexpr reason reasons[] = {
	{ simdjson::CAPACITY, ERR_LIMIT, "the document is larger than may be read" },
	{ simdjson::DEPTH_ERROR, ERR_LIMIT, "objects and arrays are nested too deeply" },
	{ simdjson::TAPE_ERROR, ERR_SYNTAX, "a value, comma, colon or bracket is out of place" },
	{ simdjson::STRING_ERROR, ERR_SYNTAX, "a string holds a bad escape" },
	{ simdjson::T_ATOM_ERROR, ERR_SYNTAX, "a word that starts with t is not true" },
	{ simdjson::F_ATOM_ERROR, ERR_SYNTAX, "a word that starts with f is not false" },
	{ simdjson::N_ATOM_ERROR, ERR_SYNTAX, "a word that starts with n is not null" },
	{ simdjson::NUMBER_ERROR, ERR_SYNTAX, "a number is malformed or too large" },
	{ simdjson::UTF8_ERROR, ERR_SYNTAX, "the text is not UTF-8" },
	{ simdjson::EMPTY, ERR_SYNTAX, "there is no value" },
	{ simdjson::UNESCAPED_CHARS, ERR_SYNTAX, "a string holds a raw control character" },
	{ simdjson::UNCLOSED_STRING, ERR_SYNTAX, "a string is not closed" },
	{ simdjson::INCOMPLETE_ARRAY_OR_OBJECT, ERR_SYNTAX, "the document ends early" },
	{ simdjson::TRAILING_CONTENT, ERR_SYNTAX, "text follows the value" },
};

enum err refuse(simdjson::error_code code, struct why *why)
{
	must(code != simdjson::MEMALLOC);
	for (const reason &each : reasons) {
		if (each.code == code)
			return fail(why, each.err, "not valid JSON: %s", each.text);
	}
	return fail(why, ERR_SYNTAX, "not valid JSON: %s", simdjson::error_message(code));
}

/* The key that an object holds twice, or one without data. */
std::string_view repeated_key(dom::object object, std::vector<std::string_view> &keys)
{
	keys.clear();
	for (dom::key_value_pair member : object)
		keys.push_back(member.key);
	if (keys.size() <= PAIRWISE_MAX) {
		for (size_t i = 1; i < keys.size(); i++) {
			for (size_t j = 0; j < i; j++) {
				if (keys[i] == keys[j])
					return keys[i];
			}
		}
		return {};
	}
	/* not a hash table: nobody can choose keys that make sorting slow */
	std::sort(keys.begin(), keys.end());
	auto twin = std::adjacent_find(keys.begin(), keys.end());
	return twin == keys.end() ? std::string_view{} : *twin;
}

/* Depth first; recursion is bounded by JSON_DEPTH_MAX. */
std::string_view repeated_key_within(dom::element element, std::vector<std::string_view> &keys)
{
	if (element.is_array()) {
		for (dom::element each : as<dom::array>(element)) {
			std::string_view found = repeated_key_within(each, keys);

			if (found.data() != nullptr)
				return found;
		}
	} else if (element.is_object()) {
		dom::object object = as<dom::object>(element);
		std::string_view found = repeated_key(object, keys);

		if (found.data() != nullptr)
			return found;
		for (dom::key_value_pair member : object) {
			found = repeated_key_within(member.value, keys);
			if (found.data() != nullptr)
				return found;
		}
	}
	return {};
}

} // namespace

struct json_reader *json_reader_new(void)
{
	json_reader *reader = new (std::nothrow) json_reader;

	must(reader != nullptr);
	must(reader->parser.allocate(FIRST_CAPACITY, JSON_DEPTH_MAX) == simdjson::SUCCESS);
	return reader;
}

void json_reader_free(struct json_reader **reader)
{
	delete *reader;
	*reader = nullptr;
}

enum err json_parse(
	struct json_reader *reader, struct str text, struct json_node *root, struct why *why)
{
	dom::element element;

	*root = json_node{ nullptr, 0 };
	if (text.n > JSON_BYTES_MAX)
		return refuse(simdjson::CAPACITY, why);
	if (str_starts(text, STR("\xef\xbb\xbf")))
		return fail(why, ERR_SYNTAX, "not valid JSON: it starts with a byte order mark");

	/* simdjson copies from p even when n is 0 */
	simdjson::error_code code =
		reader->parser.parse(text.n == 0 ? "" : text.p, text.n, true).get(element);

	if (code != simdjson::SUCCESS)
		return refuse(code, why);

	std::string_view twin = repeated_key_within(element, reader->keys);

	if (twin.data() != nullptr)
		return fail(why, ERR_SYNTAX,
			"not valid JSON: the key '%.*s' stands twice in one object",
			static_cast<int>(std::min(twin.size(), size_t{ 64 })), twin.data());
	*root = to_node(element);
	return OK;
}

enum json_type json_type(struct json_node node)
{
	if (node.document == nullptr)
		return JSON_ABSENT;
	switch (element_of(node).type()) {
	case dom::element_type::ARRAY:
		return JSON_ARRAY;
	case dom::element_type::OBJECT:
		return JSON_OBJECT;
	case dom::element_type::INT64:
	case dom::element_type::UINT64:
		return JSON_INTEGER;
	case dom::element_type::DOUBLE:
		return JSON_REAL;
	case dom::element_type::STRING:
		return JSON_STRING;
	case dom::element_type::BOOL:
		return JSON_BOOL;
	case dom::element_type::NULL_VALUE:
		return JSON_NULL;
	}
	return JSON_ABSENT;
}

const char *json_type_word(enum json_type type)
{
	static const char *const words[] = { "nothing", "null", "boolean", "integer", "number",
		"string", "array", "object" };
	static_assert(sizeof words / sizeof words[0] == JSON_TYPES);

	return words[type];
}

struct json_node json_get_str(struct json_node node, struct str key)
{
	if (json_type(node) != JSON_OBJECT)
		return json_node{ nullptr, 0 };
	for (dom::key_value_pair member : as<dom::object>(element_of(node))) {
		if (str_eq(to_str(member.key), key))
			return to_node(member.value);
	}
	return json_node{ nullptr, 0 };
}

struct json_node json_get(struct json_node node, const char *key)
{
	return json_get_str(node, str_c(key));
}

bool json_str(struct json_node node, struct str *out)
{
	std::string_view view;

	if (node.document == nullptr ||
		element_of(node).get_string().get(view) != simdjson::SUCCESS)
		return false;
	*out = to_str(view);
	return true;
}

bool json_i64(struct json_node node, int64_t *out)
{
	return node.document != nullptr &&
	       element_of(node).get_int64().get(*out) == simdjson::SUCCESS;
}

bool json_u64(struct json_node node, uint64_t *out)
{
	return node.document != nullptr &&
	       element_of(node).get_uint64().get(*out) == simdjson::SUCCESS;
}

bool json_double(struct json_node node, double *out)
{
	return node.document != nullptr &&
	       element_of(node).get_double().get(*out) == simdjson::SUCCESS;
}

bool json_bool(struct json_node node, bool *out)
{
	return node.document != nullptr &&
	       element_of(node).get_bool().get(*out) == simdjson::SUCCESS;
}

enum err json_need(struct json_node object, const char *key, enum json_type type,
	struct json_node *out, struct why *why)
{
	enum json_type has;

	*out = json_get(object, key);
	has = json_type(*out);
	if (has == type || (type == JSON_REAL && has == JSON_INTEGER))
		return OK;
	if (has == JSON_ABSENT)
		return fail(why, ERR_SYNTAX, "'%s' is missing", key);
	return fail(why, ERR_SYNTAX, "'%s' is of type %s, not %s", key, json_type_word(has),
		json_type_word(type));
}

struct json_iterator json_each(struct json_node node)
{
	enum json_type type = json_type(node);

	if (type == JSON_ARRAY) {
		dom::array array = as<dom::array>(element_of(node));

		return json_iterator{ to_node(array.begin()), to_node(array.end()).index, type };
	}
	if (type == JSON_OBJECT) {
		dom::object object = as<dom::object>(element_of(node));

		return json_iterator{ to_node(object.begin()), to_node(object.end()).index, type };
	}
	return json_iterator{ json_node{ nullptr, 0 }, 0, JSON_ABSENT };
}

bool json_next(struct json_iterator *it, struct json_node *value)
{
	if (it->type != JSON_ARRAY || it->at.index == it->end)
		return false;

	dom::array::iterator next = from_node<dom::array::iterator>(it->at);

	*value = to_node(*next);
	it->at = to_node(++next);
	return true;
}

bool json_next_member(struct json_iterator *it, struct str *key, struct json_node *value)
{
	if (it->type != JSON_OBJECT || it->at.index == it->end)
		return false;

	dom::object::iterator next = from_node<dom::object::iterator>(it->at);

	*key = to_str(next.key());
	*value = to_node(next.value());
	it->at = to_node(++next);
	return true;
}

size_t json_count(struct json_node node)
{
	struct json_iterator it = json_each(node);
	struct json_node value;
	struct str key;
	size_t n = 0;

	/* simdjson's own size() stops at 2^24 - 1 */
	while (json_next(&it, &value) || json_next_member(&it, &key, &value))
		n++;
	return n;
}
