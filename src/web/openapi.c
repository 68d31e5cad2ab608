/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /v1/openapi.json, written from the route table (OpenAPI 3.1). */
#include "web/handlers.h"
#include "web/schema.h"

#include "registry/token.h"

static const struct {
	const char *type;
	const char *format;
} parameter_types[] = {
	[PARAMETER_TEXT] = { "string", NULL },
	[PARAMETER_NUMBER] = { "integer", "int64" },
	[PARAMETER_FLAG] = { "string", NULL },
	[PARAMETER_WORD] = { "string", NULL },
};

static void write_words(struct json_writer *json, const char *words)
{
	struct str rest = str_c(words);
	struct str word;

	json_key(json, "enum");
	json_array_begin(json);
	while (str_next_word(&rest, &word))
		json_put_str(json, word);
	json_array_end(json);
}

static void write_parameter(struct json_writer *json, const struct parameter *parameter)
{
	json_object_begin(json);
	json_field_str(json, "name", str_c(parameter->name));
	json_field_str(json, "in", STR("query"));
	json_field_bool(json, "required", parameter->is_required);
	json_field_str(json, "description", str_c(parameter->summary));
	json_key(json, "schema");
	json_object_begin(json);
	json_field_str(json, "type", str_c(parameter_types[parameter->type].type));
	if (parameter->type == PARAMETER_NUMBER) {
		json_field_i64(json, "minimum", parameter->least);
		json_field_i64(json, "maximum", parameter->most);
	} else if (parameter->type == PARAMETER_FLAG) {
		write_words(json, "0 1 true false");
	} else if (parameter->type == PARAMETER_WORD) {
		write_words(json, parameter->words);
	}
	json_object_end(json);
	json_object_end(json);
}

static void write_parameters(struct json_writer *json, const struct route *route)
{
	struct str pattern = str_c(route->pattern);
	size_t brace = str_find(pattern, '{');

	json_key(json, "parameters");
	json_array_begin(json);
	if (brace < pattern.n) {
		struct str name = str_from_index(pattern, brace + 1);

		json_object_begin(json);
		json_field_str(json, "name", str_first(name, str_find(name, '}')));
		json_field_str(json, "in", STR("path"));
		json_field_bool(json, "required", true);
		json_field_str(json, "description", str_c(route->capture));
		json_key(json, "schema");
		schema_write_type(json, STR("string"));
		json_object_end(json);
	}
	for (size_t i = 0; i < ROUTE_PARAMETERS_MAX && route->parameters[i].name != NULL; i++)
		write_parameter(json, &route->parameters[i]);
	json_array_end(json);
}

/* "content": one member per type of a list of words. */
static void write_content(struct json_writer *json, const char *types, const char *schema)
{
	struct str rest = str_c(types);
	struct str type;

	json_key(json, "content");
	json_object_begin(json);
	while (str_next_word(&rest, &type)) {
		json_key_str(json, type);
		json_object_begin(json);
		json_key(json, "schema");
		schema_write_type(json, str_c(schema));
		json_object_end(json);
	}
	json_object_end(json);
}

static void write_responses(struct json_writer *json, const struct route *route)
{
	CLEANUP(buf_done) struct buf status = { 0 };

	buf_fmt(&status, "%u", route->success);
	json_key(json, "responses");
	json_object_begin(json);
	json_key_str(json, buf_view(&status));
	json_object_begin(json);
	json_field_str(json, "description", str_c(route->summary));
	if (route->produces != NULL)
		write_content(json, route->produces, route->answer == NULL ? "any" : route->answer);
	json_object_end(json);
	json_key(json, "default");
	json_object_begin(json);
	json_field_str(json, "description", STR("A problem (RFC 9457)"));
	write_content(json, "application/problem+json", "Problem");
	json_object_end(json);
	json_object_end(json);
}

/* The object that the body of a command is. */
static void write_members(struct json_writer *json, const struct route_command *command)
{
	json_object_begin(json);
	json_field_str(json, "type", STR("object"));
	json_field_bool(json, "additionalProperties", false);
	json_key(json, "properties");
	json_object_begin(json);
	for (size_t i = 0; i < ROUTE_MEMBERS_MAX && command->members[i].name != NULL; i++) {
		const struct body_member *member = &command->members[i];

		json_key(json, member->name);
		json_object_begin(json);
		json_field_str(json, "type",
			member->type == JSON_REAL ? STR("number")
						  : str_c(json_type_word(member->type)));
		json_field_str(json, "description", str_c(member->summary));
		json_object_end(json);
	}
	json_object_end(json);
	json_key(json, "required");
	json_array_begin(json);
	for (size_t i = 0; i < ROUTE_MEMBERS_MAX && command->members[i].name != NULL; i++) {
		if (command->members[i].is_needed)
			json_put_str(json, str_c(command->members[i].name));
	}
	json_array_end(json);
	json_object_end(json);
}

static void write_body(struct json_writer *json, const struct route *route)
{
	json_key(json, "requestBody");
	json_object_begin(json);
	json_field_bool(json, "required", route_needs_body(route));
	if (route->command == NULL) {
		write_content(json, route->body, "any");
	} else {
		json_key(json, "content");
		json_object_begin(json);
		json_key(json, route->body);
		json_object_begin(json);
		json_key(json, "schema");
		write_members(json, route->command);
		json_object_end(json);
		json_object_end(json);
	}
	json_object_end(json);
}

/* Who reads only may come without a token. */
static void write_security(struct json_writer *json, uint32_t permission)
{
	static const char *const schemes[] = { "bearer", "apiKey" };

	json_key(json, "security");
	json_array_begin(json);
	if (permission == 0 || permission == TOKEN_READ) {
		json_object_begin(json);
		json_object_end(json);
	}
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		json_object_begin(json);
		json_key(json, schemes[i]);
		json_array_begin(json);
		json_array_end(json);
		json_object_end(json);
	}
	json_array_end(json);
}

static void write_route(struct json_writer *json, const struct route *route)
{
	CLEANUP(buf_done) struct buf method = { 0 };
	CLEANUP(buf_done) struct buf permission = { 0 };

	for (const char *c = route->method; *c != '\0'; c++)
		buf_byte(&method, byte_lower(*c));
	token_permissions_format(&permission, route->permission);
	json_key_str(json, buf_view(&method));
	json_object_begin(json);
	json_field_str(json, "operationId", str_c(route->name));
	json_field_str(json, "summary", str_c(route->summary));
	json_field_str(json, "x-permission", buf_view(&permission));
	write_security(json, route->permission);
	write_parameters(json, route);
	if (route->body != NULL)
		write_body(json, route);
	write_responses(json, route);
	json_object_end(json);
}

static bool is_first_of_pattern(size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (str_eq(str_c(routes[i].pattern), str_c(routes[index].pattern)))
			return false;
	}
	return true;
}

static void write_paths(struct json_writer *json)
{
	json_key(json, "paths");
	json_object_begin(json);
	for (size_t i = 0; i < route_count; i++) {
		if (!is_first_of_pattern(i))
			continue;
		json_key(json, routes[i].pattern);
		json_object_begin(json);
		for (size_t k = i; k < route_count; k++) {
			if (str_eq(str_c(routes[k].pattern), str_c(routes[i].pattern)))
				write_route(json, &routes[k]);
		}
		json_object_end(json);
	}
	json_object_end(json);
}

static void write_components(struct json_writer *json)
{
	json_key(json, "components");
	json_object_begin(json);
	json_key(json, "schemas");
	schemas_write(json);
	json_key(json, "securitySchemes");
	json_object_begin(json);
	json_key(json, "bearer");
	json_object_begin(json);
	json_field_str(json, "type", STR("http"));
	json_field_str(json, "scheme", STR("bearer"));
	json_object_end(json);
	json_key(json, "apiKey");
	json_object_begin(json);
	json_field_str(json, "type", STR("apiKey"));
	json_field_str(json, "in", STR("header"));
	json_field_str(json, "name", STR("X-Api-Key"));
	json_object_end(json);
	json_object_end(json);
	json_object_end(json);
}

enum err serve_openapi(struct request *request, struct why *why)
{
	struct json_writer json = response_json(request);

	(void)why;
	json_object_begin(&json);
	json_field_str(&json, "openapi", STR("3.1.0"));
	json_key(&json, "info");
	json_object_begin(&json);
	json_field_str(&json, "title", STR("Pehra"));
	json_field_str(&json, "version", STR(PEHRA_VERSION));
	json_field_str(&json, "summary", STR("Reputation of addresses, names and URLs"));
	json_object_end(&json);
	write_paths(&json);
	write_components(&json);
	json_object_end(&json);
	response_header(request, "Cache-Control", STR("no-cache"));
	(void)response_etag(request, buf_view(&request->response.body));
	return OK;
}
