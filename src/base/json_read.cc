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
	std::vector<std::string_view> keys; /* of the objects under check; kept for its memory */
};

namespace
{

/* Objects of more members are sorted to find a key that stands twice. */
constexpr size_t COMPARED_MAX = 32;
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

/* One of 64 bits by which most different keys differ. */
uint64_t key_bit(std::string_view key)
{
	if (key.empty())
		return 1;

	size_t mix = key.size() * 7 + static_cast<unsigned char>(key.front()) * 31u +
		     static_cast<unsigned char>(key.back()) * 13u +
		     static_cast<unsigned char>(key[key.size() / 2]) * 5u;

	return uint64_t{ 1 } << (mix * UINT64_C(0x9e3779b97f4a7c15) >> 58);
}

/*
 * Looks for a key that stands twice in one object. Most keys are told apart by their bit, so few
 * are compared. keys is a stack: what lies from an object's base on are its keys so far. Depth
 * first; recursion is bounded by JSON_DEPTH_MAX.
 */
class repeated_key
{
      public:
	explicit repeated_key(std::vector<std::string_view> &stack) : keys(stack)
	{
		keys.clear();
	}

	bool is_within(dom::element element)
	{
		if (element.is_object())
			return is_in_object(as<dom::object>(element));
		if (!element.is_array())
			return false;
		for (dom::element each : as<dom::array>(element)) {
			if (is_within(each))
				return true;
		}
		return false;
	}

	std::string_view found;

      private:
	std::vector<std::string_view> &keys;

	bool is_in_object(dom::object object)
	{
		size_t base = keys.size();
		uint64_t seen = 0;

		for (dom::key_value_pair member : object) {
			uint64_t bit = key_bit(member.key);

			if ((seen & bit) != 0 && keys.size() - base < COMPARED_MAX &&
				is_among(member.key, base))
				return true;
			seen |= bit;
			keys.push_back(member.key);
			if (is_within(member.value))
				return true;
		}

		bool twice = keys.size() - base > COMPARED_MAX && is_among_sorted(base);

		keys.resize(base);
		return twice;
	}

	bool is_among(std::string_view key, size_t base)
	{
		for (size_t i = base; i < keys.size(); i++) {
			if (keys[i] == key) {
				found = key;
				return true;
			}
		}
		return false;
	}

	/* Not a hash table: nobody can choose keys that make sorting slow. */
	bool is_among_sorted(size_t base)
	{
		auto first = keys.begin() + static_cast<std::ptrdiff_t>(base);

		std::sort(first, keys.end());

		auto twin = std::adjacent_find(first, keys.end());

		if (twin == keys.end())
			return false;
		found = *twin;
		return true;
	}
};

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

	repeated_key repeated(reader->keys);

	if (repeated.is_within(element))
		return fail(why, ERR_SYNTAX,
			"not valid JSON: the key '%.*s' stands twice in one object",
			static_cast<int>(std::min(repeated.found.size(), size_t{ 64 })),
			repeated.found.data());
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
