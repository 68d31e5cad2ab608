/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Holds a JSON document against a schema of an OpenAPI document (the part of JSON Schema that ours
 * uses; a keyword that is not known fails), with jansson, not with our own reader.
 *
 *     schema_check openapi.json SCHEMA document.json
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const type_names[] = {
	[JSON_OBJECT] = "object",
	[JSON_ARRAY] = "array",
	[JSON_STRING] = "string",
	[JSON_INTEGER] = "integer",
	[JSON_REAL] = "number",
	[JSON_TRUE] = "boolean",
	[JSON_FALSE] = "boolean",
	[JSON_NULL] = "null",
};

static bool is_valid(json_t *root, json_t *schema, json_t *value, const char *where);

/* Choices that are tried: what does not fit there is no fault yet. */
static int trying;

static bool wrong(const char *where, const char *what)
{
	if (trying == 0)
		(void)fprintf(stderr, "schema: %s: %s\n", where, what);
	return false;
}

static bool type_fits(json_t *type, json_t *value)
{
	const char *name = type_names[json_typeof(value)];
	json_t *one;
	size_t i;

	if (json_is_string(type))
		return strcmp(json_string_value(type), name) == 0 ||
		       (strcmp(json_string_value(type), "number") == 0 && json_is_number(value));
	json_array_foreach(type, i, one)
	{
		if (type_fits(one, value))
			return true;
	}
	return false;
}

static bool members_fit(json_t *root, json_t *schema, json_t *value)
{
	json_t *properties = json_object_get(schema, "properties");
	json_t *others = json_object_get(schema, "additionalProperties");
	json_t *name;
	json_t *member;
	const char *key;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, name)
	{
		if (json_object_get(value, json_string_value(name)) == NULL)
			return wrong(json_string_value(name), "is missing");
	}
	json_object_foreach(value, key, member)
	{
		json_t *rule = json_object_get(properties, key);

		if (rule == NULL && json_is_false(others))
			return wrong(key, "is not described");
		if (rule == NULL)
			rule = others;
		if (rule != NULL && !is_valid(root, rule, member, key))
			return false;
	}
	return true;
}

static bool any_fits(json_t *root, json_t *choices, json_t *value, const char *where)
{
	json_t *one;
	size_t i;

	json_array_foreach(choices, i, one)
	{
		bool fits;

		trying++;
		fits = is_valid(root, one, value, where);
		trying--;
		if (fits)
			return true;
	}
	return wrong(where, "fits none of its types");
}

static bool keyword_is_known(const char *key)
{
	static const char *const known[] = { "type", "properties", "required", "items", "$ref",
		"anyOf", "additionalProperties", "description", "format" };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(known[i], key) == 0)
			return true;
	}
	return false;
}

static bool is_valid(json_t *root, json_t *schema, json_t *value, const char *where)
{
	static const char prefix[] = "#/components/schemas/";
	json_t *reference = json_object_get(schema, "$ref");
	json_t *type = json_object_get(schema, "type");
	json_t *items = json_object_get(schema, "items");
	json_t *choices = json_object_get(schema, "anyOf");
	json_t *member;
	const char *key;
	size_t i;

	json_object_foreach(schema, key, member)
	{
		if (!keyword_is_known(key))
			return wrong(key, "is no keyword that this check knows");
	}
	if (reference != NULL) {
		const char *name = json_string_value(reference);

		if (strncmp(name, prefix, sizeof prefix - 1) != 0)
			return wrong(where, "refers to elsewhere");
		schema = json_object_get(root, name + sizeof prefix - 1);
		return schema == NULL ? wrong(name, "does not exist")
				      : is_valid(root, schema, value, where);
	}
	if (choices != NULL)
		return any_fits(root, choices, value, where);
	if (type != NULL && !type_fits(type, value))
		return wrong(where, "has another type");
	if (json_is_array(value) && items != NULL) {
		json_array_foreach(value, i, member)
		{
			if (!is_valid(root, items, member, where))
				return false;
		}
	}
	return !json_is_object(value) || members_fit(root, schema, value);
}

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *openapi;
	json_t *document;
	json_t *schemas;
	bool good;

	if (argc != 4)
		return 2;
	openapi = json_load_file(argv[1], JSON_REJECT_DUPLICATES, &error);
	document = json_load_file(argv[3], JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	schemas = json_object_get(json_object_get(openapi, "components"), "schemas");
	good = document != NULL && json_object_get(schemas, argv[2]) != NULL &&
	       is_valid(schemas, json_object_get(schemas, argv[2]), document, argv[2]);
	json_decref(document);
	json_decref(openapi);
	return good ? 0 : 1;
}
