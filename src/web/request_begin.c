/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to a request before its handler: who asks, how often, for what, with what. */
#include "web/web_int.h"

#include "base/log.h"

#include <microhttpd.h>

enum { HEADERS_MAX = 64 };

/*
 * The client behind trusted proxies: the rightmost address of X-Forwarded-For that is no trusted
 * proxy (those to the left are what the client made up), else X-Real-IP.
 */
static struct ipaddr find_client(const struct request *request, const struct ipaddr *peer)
{
	struct str forwarded = request_header(request, "X-Forwarded-For");
	struct str real = request_header(request, "X-Real-IP");
	struct ipaddr client = *peer;
	struct ipaddr ip;

	if (!peer_is_trusted(request->web, peer))
		return client;
	if (forwarded.n == 0)
		return ip_parse(str_trim(real), NULL, &ip, NULL) == OK ? ip : client;
	while (forwarded.p != NULL && peer_is_trusted(request->web, &client)) {
		size_t comma = str_find_last(forwarded, ',');
		struct str one = forwarded;

		if (comma == forwarded.n) {
			forwarded.p = NULL;
		} else {
			one = str_from_index(forwarded, comma + 1);
			forwarded.n = comma;
		}
		if (ip_parse(str_trim(one), NULL, &ip, NULL) != OK)
			break;
		client = ip;
	}
	return client;
}

/* The token that the request shows; empty: none. False: two different ones. */
static bool shown_token(const struct request *request, struct str *out)
{
	struct str authorization = request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
	struct str key = str_trim(request_header(request, "X-Api-Key"));
	struct str scheme = STR("Bearer ");

	*out = key;
	if (!str_starts_nocase(authorization, scheme))
		return true;
	*out = str_trim(str_from_index(authorization, scheme.n));
	return key.n == 0 || str_eq(key, *out);
}

/* Fills the audience; false when a token was shown that does not hold. */
static bool find_audience(struct request *request, struct why *why)
{
	struct web *web = request->web;
	const struct token *token = NULL;
	struct str text;
	bool good = shown_token(request, &text);

	request->audience = audience_anonymous(web->settings.is_anonymous_refused);
	if (good && text.n == 0)
		return true;
	if (!good) {
		why_set(why, ERR_DENIED, 0, "two different tokens");
		return false;
	}
	must(pthread_mutex_lock(&web->tokens_mutex) == 0);
	good = token_set_check(&web->tokens, text, request->now_s, &token, why) == OK;
	if (good)
		request->audience =
			(struct audience){ .token_id = arena_str(&request->arena, token->id),
				.owner = arena_str(&request->arena, token->owner),
				.permissions = token->permissions,
				.tlp = token->tlp };
	must(pthread_mutex_unlock(&web->tokens_mutex) == 0);
	return good;
}

static bool refuse_unauthorized(struct request *request, const struct why *why)
{
	log_event(LOG_NOTICE, "token_refused", LOG_C("request", request->id),
		LOG_C("why", why->text));
	response_header(request, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
		STR("Bearer realm=\"pehra\", error=\"invalid_token\""));
	problem(request, MHD_HTTP_UNAUTHORIZED, "token", "the token is not valid");
	return false;
}

static bool within_limit(struct request *request)
{
	uint8_t bytes[16];
	struct str client = request->audience.token_id;
	uint32_t wait_s;

	if (client.n == 0)
		client = limit_client_of_ip(&request->client, bytes);
	if (limit_take(request->web->limit, client, 1, request->started_ns, &wait_s))
		return true;
	request->web->limited_requests++;
	response_header(
		request, MHD_HTTP_HEADER_RETRY_AFTER, arena_fmt(&request->arena, "%u", wait_s));
	problem(request, MHD_HTTP_TOO_MANY_REQUESTS, "rate",
		"more requests than this client may send; come back in %u s", wait_s);
	return false;
}

static bool find_route(struct request *request, struct str method)
{
	struct str allow;
	struct why why;

	request->route =
		route_find(method, &request->target, &request->arena, &request->capture, &allow);
	if (request->route != NULL) {
		if (route_check_parameters(request->route, &request->target, &why) == OK)
			return true;
		problem_of(request, &why);
		return false;
	}
	if (allow.n == 0) {
		problem(request, MHD_HTTP_NOT_FOUND, "not-found",
			"there is nothing here; GET /v1/openapi.json lists what there is");
		return false;
	}
	response_header(request, MHD_HTTP_HEADER_ALLOW, allow);
	problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, "method", "this takes %.*s", STR_FMT(allow));
	return false;
}

static bool is_permitted(struct request *request)
{
	CLEANUP(buf_done) struct buf missing = { 0 };
	uint32_t wanted = request->route->permission;

	if (audience_may(&request->audience, wanted))
		return true;
	token_permissions_format(&missing, wanted);
	if (request->audience.token_id.n == 0) {
		response_header(
			request, MHD_HTTP_HEADER_WWW_AUTHENTICATE, STR("Bearer realm=\"pehra\""));
		problem(request, MHD_HTTP_UNAUTHORIZED, "token",
			"this needs a token with one of the permissions: %s", buf_c(&missing));
	} else {
		problem(request, MHD_HTTP_FORBIDDEN, "permission",
			"the token has none of the permissions: %s", buf_c(&missing));
	}
	return false;
}

static bool body_fits(struct request *request)
{
	struct str type = request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	struct str length = request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint32_t most = request->web->settings.body_bytes_max;
	struct str wanted;
	struct str known = str_c(request->route->body);
	uint64_t n;

	if (length.n != 0 && (!parse_u64(length, &n) || n > most)) {
		problem(request, MHD_HTTP_CONTENT_TOO_LARGE, "limit", "a body has at most %u bytes",
			most);
		return false;
	}
	if (request->route->body == NULL)
		return true;
	/* a command without members that are needed may come without a body */
	if (type.n == 0 && !route_needs_body(request->route))
		return true;
	type = str_trim(str_first(type, str_find(type, ';')));
	while (str_next_word(&known, &wanted)) {
		if (str_eq_nocase(type, wanted))
			return true;
	}
	problem(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "media-type",
		"the content type of the body is one of: %s", request->route->body);
	return false;
}

bool request_begin(struct request *request, struct str method)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	const struct connection *connection = info->socket_context;
	struct why why = { 0 };
	bool is_known;

	request->client = find_client(request, &connection->peer);
	is_known = find_audience(request, &why);
	if (!within_limit(request))
		return false;
	if (!is_known)
		return refuse_unauthorized(request, &why);
	if (MHD_get_connection_values(request->connection, MHD_HEADER_KIND, NULL, NULL) >
		HEADERS_MAX) {
		problem(request, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "limit",
			"at most %d header fields", HEADERS_MAX);
		return false;
	}
	if (target_parse(request->raw_target, &request->arena, &request->target, &why) != OK) {
		if (request->raw_target.n > TARGET_LENGTH_MAX)
			problem(request, MHD_HTTP_URI_TOO_LONG, "limit", "%s", why.text);
		else
			problem_of(request, &why);
		return false;
	}
	return find_route(request, method) && is_permitted(request) && body_fits(request);
}
