/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between libmicrohttpd and requests: their states, bodies and answers. */
#include "web/server.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum {
	REQUEST_NEW,     /* the request line was read */
	REQUEST_BODY,    /* the body comes */
	REQUEST_WORKING, /* suspended: a reader thread or keeper has it */
	REQUEST_READY    /* the response is there */
};

enum {
	CONNECTION_MEMORY = 32 << 10,
	STREAM_BLOCK = 32 << 10,
	IDLE_SECONDS = 60,
	READ_SECONDS = 30
};

static const struct {
	const char *name;
	const char *value;
} standing_headers[] = {
	{ "X-Content-Type-Options", "nosniff" },
	{ "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Server", "pehra" },
};

int64_t web_now_ns(const struct web *web)
{
	return clock_monotonic_ns(web->settings.clock);
}

static struct connection *connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info->socket_context;
}

/* ---- requests begin and end ---- */

static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	struct web *web = cls;
	struct request *request = calloc(1, sizeof *request);
	CLEANUP(buf_done) struct buf id = { 0 };
	uint8_t count[8];

	must(request != NULL);
	request->web = web;
	request->lane = &web->direct;
	request->connection = connection;
	request->state = REQUEST_NEW;
	request->raw_target = arena_str(&request->arena, str_c(target));
	request->now_s = clock_now_s(web->settings.clock);
	request->started_ns = web_now_ns(web);
	request->response.status = MHD_HTTP_OK;
	request->response.file_fd = -1;
	memcpy(count, web->id_start, sizeof count);
	for (uint64_t n = ++web->id_count, i = 0; n != 0; n >>= 8, i++)
		count[7 - i] ^= (uint8_t)n;
	buf_hex(&id, count, sizeof count);
	must(str_to_c(buf_view(&id), request->id, sizeof request->id));
	return request;
}

static void count_request(struct web *web, const struct request *request)
{
	size_t at = request->route == NULL ? ROUTES_MAX : (size_t)(request->route - routes);
	struct route_count *count = &web->counts[at];

	count->requests[request->response.status / 100 % STATUS_CLASSES]++;
	count->microseconds += (uint64_t)(web_now_ns(web) - request->started_ns) / 1000;
}

static void on_completed(
	void *cls, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code)
{
	struct web *web = cls;
	struct request *request = *context;
	struct connection *connection = connection_of(mhd);

	(void)code;
	if (request == NULL)
		return;
	count_request(web, request);
	request_ended(request);
	fd_close(&request->response.file_fd);
	buf_done(&request->body);
	buf_done(&request->command);
	buf_done(&request->response.body);
	arena_done(&request->arena);
	free(request);
	*context = NULL;
	if (connection != NULL)
		connection_deadline(web, connection, IDLE_SECONDS);
}

/* ---- answers ---- */

/* Gives the stream's next bytes to libmicrohttpd, or suspends until a reader thread made some. */
static ssize_t on_piece(void *cls, uint64_t at, char *out, size_t most)
{
	struct request *request = cls;
	struct buf *piece = &request->response.body;

	(void)at;
	while (request->piece_at == piece->n) {
		if (request->is_broken)
			return MHD_CONTENT_READER_END_WITH_ERROR;
		if (request->is_last_piece)
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (request->route->lane == LANE_EVENTS) {
			if (!events_next(request))
				return 0;
			continue;
		}
		buf_clear(piece);
		request->piece_at = 0;
		if (request->lane != &request->web->direct) {
			MHD_suspend_connection(request->connection);
			if (!queue_put(&request->web->queue, request)) {
				request->is_broken = true;
				MHD_resume_connection(request->connection);
			}
			return 0;
		}
		request_work(request, request->lane);
	}

	size_t n = piece->n - request->piece_at < most ? piece->n - request->piece_at : most;

	memcpy(out, piece->data + request->piece_at, n);
	request->piece_at += n;
	return (ssize_t)n;
}

static struct MHD_Response *make_response(struct request *request)
{
	struct response *from = &request->response;
	struct MHD_Response *response;

	if (from->status == MHD_HTTP_NOT_MODIFIED || from->status == MHD_HTTP_NO_CONTENT)
		buf_clear(&from->body);
	if (from->file_fd != -1) {
		response = MHD_create_response_from_fd64(from->file_bytes, from->file_fd);
		if (response != NULL)
			from->file_fd = -1;
	} else if (from->is_stream) {
		response = MHD_create_response_from_callback(
			MHD_SIZE_UNKNOWN, STREAM_BLOCK, on_piece, request, NULL);
	} else {
		response = MHD_create_response_from_buffer(
			from->body.n, from->body.data, MHD_RESPMEM_MUST_FREE);
		from->body = (struct buf){ 0 };
	}
	must(response != NULL);
	return response;
}

static void add_header(
	struct request *request, struct MHD_Response *response, const char *name, struct str value)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	buf_str(&text, value);
	if (MHD_add_response_header(response, name, buf_c(&text)) != MHD_YES)
		log_event(LOG_ERROR, "header_refused", LOG_C("request", request->id),
			LOG_C("name", name), LOG_S("value", value));
}

static enum MHD_Result send_response(struct request *request)
{
	const struct response *from = &request->response;
	struct MHD_Response *response = make_response(request);
	bool has_cache_control = false;

	connection_deadline(request->web, connection_of(request->connection), 0);
	for (size_t i = 0; i < ARRAY_LEN(standing_headers); i++)
		add_header(request, response, standing_headers[i].name,
			str_c(standing_headers[i].value));
	for (size_t i = 0; i < from->header_count; i++) {
		add_header(request, response, from->headers[i].name, from->headers[i].value);
		has_cache_control |=
			str_eq(str_c(from->headers[i].name), STR(MHD_HTTP_HEADER_CACHE_CONTROL));
	}
	if (!has_cache_control)
		add_header(request, response, MHD_HTTP_HEADER_CACHE_CONTROL, STR("no-store"));
	if (from->content_type != NULL && from->status != MHD_HTTP_NO_CONTENT)
		add_header(
			request, response, MHD_HTTP_HEADER_CONTENT_TYPE, str_c(from->content_type));
	add_header(request, response, "X-Request-Id", str_c(request->id));

	enum MHD_Result result = MHD_queue_response(request->connection, from->status, response);

	MHD_destroy_response(response);
	return result;
}

/* ---- the way of a request ---- */

void request_work(struct request *request, struct lane *lane)
{
	struct response *response = &request->response;
	struct why why = { 0 };
	bool end = false;
	enum err err;

	request->lane = lane;
	if (response->more != NULL) {
		err = response->more(request, &response->body, &end, &why);
		request->is_last_piece = end;
		request->is_broken = err != OK;
	} else {
		err = request->route->handle(request, &why);
		if (err != OK)
			problem_of(request, &why);
	}
	if (err != OK && (response->status >= 500 || request->is_broken))
		log_event(LOG_WARNING, "request_failed", LOG_C("request", request->id),
			LOG_C("route", request->route->name), LOG_C("why", why.text));
}

void request_resume(struct request *request)
{
	request->state = REQUEST_READY;
	MHD_resume_connection(request->connection);
}

/* Suspends and hands over; the answer comes through request_resume(). */
static enum MHD_Result hand_over(struct request *request, bool (*to)(struct request *request))
{
	request->state = REQUEST_WORKING;
	MHD_suspend_connection(request->connection);
	if (!to(request)) {
		response_header(request, MHD_HTTP_HEADER_RETRY_AFTER, STR("1"));
		problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy",
			"too much waits already, or keeper is away; try again");
		request_resume(request);
	}
	return MHD_YES;
}

static bool to_reader(struct request *request)
{
	return queue_put(&request->web->queue, request);
}

static enum MHD_Result run(struct request *request)
{
	enum route_lane lane = request->route->lane;

	if (request->is_body_too_large) {
		problem(request, MHD_HTTP_CONTENT_TOO_LARGE, "limit", "a body has at most %u bytes",
			request->web->settings.body_bytes_max);
		return send_response(request);
	}
	if (lane == LANE_STORE || (lane == LANE_EVIDENCE && request_flag(request, "evidence")))
		return hand_over(request, to_reader);
	request_work(request, &request->web->direct);
	if (request->command.n > 0)
		return hand_over(request, commands_put);
	return send_response(request);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_bytes,
	void **context)
{
	struct web *web = cls;
	struct request *request = *context;

	(void)url;
	(void)version;
	if (request->state == REQUEST_NEW) {
		request->state = REQUEST_BODY;
		connection_deadline(web, connection_of(mhd), web->settings.body_seconds);
		return request_begin(request, str_c(method)) ? MHD_YES : send_response(request);
	}
	if (request->state == REQUEST_READY)
		return send_response(request);
	if (*upload_bytes > 0) {
		if (request->body.n + *upload_bytes > web->settings.body_bytes_max)
			request->is_body_too_large = true;
		else
			buf_put(&request->body, upload, *upload_bytes);
		*upload_bytes = 0;
		return MHD_YES;
	}
	return run(request);
}

/* ---- connections ---- */

static struct ipaddr ip_of(const struct sockaddr *address)
{
	struct ipaddr ip = { 0 };

	if (address->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, address, sizeof v4);
		return ip_from_u32(ntohl(v4.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, address, sizeof v6);
		memcpy(ip.bytes, &v6.sin6_addr, sizeof ip.bytes);
	}
	return ip;
}

static enum MHD_Result on_accept(void *cls, const struct sockaddr *address, socklen_t length)
{
	struct web *web = cls;
	struct ipaddr peer = ip_of(address);

	(void)length;
	if (connection_may_come(web, &peer))
		return MHD_YES;
	web->refused_connections++;
	return MHD_NO;
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **context,
	enum MHD_ConnectionNotificationCode code)
{
	struct web *web = cls;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		connection_remove(web, *context);
		*context = NULL;
		return;
	}

	struct ipaddr peer = ip_of(
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);

	*context = connection_add(web,
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, &peer);
}

/* libmicrohttpd would cut a text at an encoded NUL; target.c does it instead. */
static size_t leave_escaped(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text);
}

enum err server_start(struct web *web, struct why *why)
{
	web->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0,
		on_accept, web, on_request, web, MHD_OPTION_LISTEN_SOCKET, web->settings.listen_fd,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, web, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, web, MHD_OPTION_NOTIFY_CONNECTION, on_connection, web,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, web,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)web->settings.connections_max,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)READ_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT,
		1, MHD_OPTION_END);
	return web->daemon == NULL ? fail_sys(why, "cannot start the HTTP server") : OK;
}

void server_stop(struct web *web)
{
	if (web->daemon != NULL)
		MHD_stop_daemon(web->daemon);
	web->daemon = NULL;
}
