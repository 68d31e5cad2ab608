/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/request.h"

#include <microhttpd.h>
#include <sodium.h>

const struct str *request_parameter(const struct request *request, const char *name)
{
	return target_parameter(&request->target, str_c(name));
}

bool request_flag(const struct request *request, const char *name)
{
	const struct str *value = request_parameter(request, name);

	return value != NULL && (str_eq(*value, STR("1")) || str_eq(*value, STR("true")));
}

int64_t request_number(const struct request *request, const char *name, int64_t otherwise)
{
	const struct str *value = request_parameter(request, name);
	int64_t number;

	return value != NULL && parse_i64(*value, &number) ? number : otherwise;
}

struct str request_header(const struct request *request, const char *name)
{
	return str_c(MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name));
}

void response_header(struct request *request, const char *name, struct str value)
{
	struct response *response = &request->response;

	must(response->header_count < RESPONSE_HEADERS_MAX);
	response->headers[response->header_count++] = (struct response_header){ name, value };
}

void response_stream(struct request *request, response_more more, void *state)
{
	request->response.is_stream = true;
	request->response.more = more;
	request->response.stream = state;
}

struct json_writer response_json(struct request *request)
{
	request->response.content_type = "application/json";
	return json_writer_on(&request->response.body);
}

/* Does an If-None-Match name the tag? Weak comparison (RFC 9110 section 13.1.2). */
static bool names_tag(struct str header, struct str tag)
{
	struct str rest = header;

	while (rest.p != NULL) {
		struct str one = str_trim(str_split(&rest, ','));

		if (str_starts(one, STR("W/")))
			one = str_from_index(one, 2);
		if (str_eq(one, tag) || str_eq(one, STR("*")))
			return true;
	}
	return false;
}

bool response_etag(struct request *request, struct str bytes)
{
	uint8_t hash[crypto_generichash_BYTES_MIN];
	CLEANUP(buf_done) struct buf tag = { 0 };

	must(crypto_generichash(hash, sizeof hash, (const uint8_t *)bytes.p, bytes.n, NULL, 0) ==
		0);
	buf_byte(&tag, '"');
	buf_hex(&tag, hash, sizeof hash);
	buf_byte(&tag, '"');

	struct str text = arena_str(&request->arena, buf_view(&tag));

	response_header(request, "ETag", text);
	if (!names_tag(request_header(request, "If-None-Match"), text))
		return false;
	request->response.status = MHD_HTTP_NOT_MODIFIED;
	return true;
}
