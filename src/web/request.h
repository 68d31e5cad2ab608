/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One request, from its first line to its last byte. It belongs to the event thread, is lent to one
 * reader thread while that works on it, and ends when libmicrohttpd says that it is over.
 */
#pragma once

#include "web/audience.h"
#include "web/route.h"
#include "web/target.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "net/ip.h"
#include "pehra.h"
#include "store/db.h"

struct MHD_Connection;
struct web;

/* What a thread that runs handlers has of its own. */
struct lane {
	struct web *web;
	struct pehra *snapshot; /* NULL until there is one; see lane_snapshot() */
	int64_t snapshot_tried_s;
	struct db *db; /* NULL in the event thread */
	struct json_reader *json;
};

/* The snapshot to use now, opened again when a newer one took its place; NULL: there is none. */
const struct pehra *lane_snapshot(struct lane *lane);

enum { RESPONSE_HEADERS_MAX = 16, REQUEST_ID_LENGTH = 16 };

struct response_header {
	const char *name;
	struct str value; /* in the request's arena, or a literal */
};

/*
 * Gives the next piece of a streamed body; *end when it was the last one. Runs in the lane that the
 * handler ran in.
 */
typedef enum err (*response_more)(
	struct request *request, struct buf *out, bool *end, struct why *why);

struct response {
	unsigned status;
	const char *content_type;
	struct buf body; /* the whole body, or the piece at hand of a stream */
	size_t header_count;
	struct response_header headers[RESPONSE_HEADERS_MAX];
	bool is_stream;     /* pieces come one by one */
	response_more more; /* NULL: the body is whole, or an event stream */
	void *stream;       /* the handler's own, for more() */
	int file_fd;        /* -1; else the body is this file, which is closed afterwards */
	uint64_t file_bytes;
};

struct request {
	struct web *web;
	struct lane *lane; /* of the thread that works on it now */
	struct MHD_Connection *connection;
	struct arena arena;
	char id[REQUEST_ID_LENGTH + 1];
	struct target target;
	const struct route *route; /* NULL until it is found */
	struct str capture;        /* what stood for the braces of the pattern */
	struct audience audience;
	struct ipaddr client; /* behind trusted proxies */
	struct buf body;
	struct buf command; /* JSON for keeper; the request waits for the reply when not empty */
	struct response response;
	int64_t now_s;
	int64_t started_ns;

	/* the server's own */
	int state;
	struct str raw_target;
	bool is_body_too_large;
	uint64_t command_id;
	size_t piece_at; /* bytes of response.body already sent, in a stream */
	bool is_last_piece;
	bool is_broken;
	bool is_event_stream;
	bool is_heartbeat_due;
	uint64_t event_next;  /* of an event stream: the id to send next */
	struct request *next; /* in the one list it waits in */
};

/* Query parameters, already checked against the route's table. NULL, false, otherwise: not given.
 */
const struct str *request_parameter(const struct request *request, const char *name);
bool request_flag(const struct request *request, const char *name);
int64_t request_number(const struct request *request, const char *name, int64_t otherwise);
/* A header of the request, empty when it has none. */
struct str request_header(const struct request *request, const char *name);

/* The body is made piece by piece; what it holds already goes first. */
void response_stream(struct request *request, response_more more, void *state);
void response_header(struct request *request, const char *name, struct str value);
/* A writer of JSON into the body; sets the content type. */
struct json_writer response_json(struct request *request);
/* ETag over the bytes; true when the client has them already (the answer is 304 then). */
bool response_etag(struct request *request, struct str bytes);

/*
 * The answer becomes a problem (RFC 9457) with the word of a kind ("syntax"), the status and a
 * detail for people. What the body held is gone.
 */
void problem(struct request *request, unsigned status, const char *kind, const char *fmt, ...)
	PRINTF(4, 5);
/* The same from an error; the status comes from a table by code. */
void problem_of(struct request *request, const struct why *why);
/* The parameter whose text is marked at from..from+n. */
void problem_at(struct request *request, const char *parameter, size_t from, size_t n,
	const char *expected, const struct why *why);
