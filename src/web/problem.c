/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/request.h"

#include <stdarg.h>

static const struct {
	unsigned status;
	const char *title;
} titles[] = {
	{ 400, "Bad request" },
	{ 401, "Authentication needed" },
	{ 403, "Not permitted" },
	{ 404, "Not found" },
	{ 405, "Method not allowed" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 413, "Content too large" },
	{ 414, "Request target too long" },
	{ 415, "Unsupported media type" },
	{ 422, "Cannot be done" },
	{ 429, "Too many requests" },
	{ 431, "Request header fields too large" },
	{ 500, "Internal error" },
	{ 503, "Service unavailable" },
	{ 504, "Took too long" },
};

static const unsigned status_of_error[] = {
	[OK] = 500,
	[ERR_USAGE] = 400,
	[ERR_SYNTAX] = 400,
	[ERR_LIMIT] = 413,
	[ERR_IO] = 500,
	[ERR_FULL] = 503,
	[ERR_NOT_FOUND] = 404,
	[ERR_EXISTS] = 409,
	[ERR_DENIED] = 403,
	[ERR_CORRUPT] = 500,
	[ERR_CONFLICT] = 409,
	[ERR_BUSY] = 503,
	[ERR_TIMEOUT] = 504,
	[ERR_CLOSED] = 503,
	[ERR_UNSUPPORTED] = 422,
	[ERR_STORE] = 503,
	[ERR_HELD] = 409,
};
_Static_assert(ARRAY_LEN(status_of_error) == ERR_COUNT, "one status per error");

static const char *title_of(unsigned status)
{
	for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
		if (titles[i].status == status)
			return titles[i].title;
	}
	return "Error";
}

/* Opens the object and leaves it open for members of one kind of problem. */
static struct json_writer problem_begin(
	struct request *request, unsigned status, const char *kind, struct str detail)
{
	struct response *response = &request->response;

	response->status = status;
	response->more = NULL;
	response->is_stream = false;
	buf_clear(&response->body);
	/* of a command that could not be written whole, nothing is sent */
	buf_clear(&request->command);

	struct json_writer json = response_json(request);

	response->content_type = "application/problem+json";
	json_object_begin(&json);
	json_key(&json, "type");
	json_put_str(&json, arena_fmt(&request->arena, "urn:pehra:problem:%s", kind));
	json_field_str(&json, "title", str_c(title_of(status)));
	json_field_u64(&json, "status", status);
	json_field_str(&json, "detail", detail);
	json_key(&json, "instance");
	json_put_str(&json, arena_fmt(&request->arena, "urn:pehra:request:%s", request->id));
	return json;
}

void problem(struct request *request, unsigned status, const char *kind, const char *fmt, ...)
{
	char detail[WHY_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(detail, sizeof detail, fmt, args);
	va_end(args);

	struct json_writer json = problem_begin(request, status, kind, str_c(detail));

	json_object_end(&json);
}

void problem_of(struct request *request, const struct why *why)
{
	unsigned status = (size_t)why->code < ERR_COUNT ? status_of_error[why->code] : 500;

	/* what goes wrong inside is for the log; its words may hold paths and SQL */
	if (status >= 500)
		problem(request, status, err_word(why->code),
			"this cannot be answered now; the log has the reason under the request's "
			"id");
	else
		problem(request, status, err_word(why->code), "%s", why->text);
}

void problem_at(struct request *request, const char *parameter, size_t from, size_t n,
	const char *expected, const struct why *why)
{
	struct json_writer json = problem_begin(request, 400, "syntax", str_c(why->text));

	json_key(&json, "parse_error");
	json_object_begin(&json);
	json_field_str(&json, "parameter", str_c(parameter));
	json_field_u64(&json, "from", from);
	json_field_u64(&json, "length", n);
	json_field_str(&json, "expected", str_c(expected));
	json_object_end(&json);
	json_object_end(&json);
}
