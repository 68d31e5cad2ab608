/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of a running web role, shared by the files that make it up. */
#pragma once

#include "web/events.h"
#include "web/judging.h"
#include "web/limit.h"
#include "web/progress.h"
#include "web/request.h"
#include "web/result.h"
#include "web/web.h"

#include "registry/token.h"

#include <pthread.h>
#include <stdatomic.h>

struct MHD_Daemon;

/* An open connection, for its deadlines and for the count per client. */
struct connection {
	struct connection *next;
	int fd;
	struct ipaddr peer;
	int64_t deadline_ns; /* 0: none */
};

/* Requests that wait for a thread, first come first served. */
struct queue {
	pthread_mutex_t mutex;
	pthread_cond_t not_empty;
	struct request *first;
	struct request *last;
	size_t n;
	bool is_closed;
};

/* Requests that wait for keeper, in the order of their ids. Any thread. */
struct commands {
	pthread_mutex_t mutex;
	int wake_fd;
	struct request *first;
	size_t n;
	uint64_t last_id;
	uint64_t sent_id;
	bool is_up;
	struct buf taken;
};

enum { STATUS_CLASSES = 6, ROUTES_MAX = 64, COMMANDS_MAX = 256, QUEUE_MAX = 512 };

/* Counted in the event thread alone. */
struct route_count {
	uint64_t requests[STATUS_CLASSES]; /* by the first digit of the status */
	uint64_t microseconds;
	uint64_t bytes;
};

struct web {
	struct web_settings settings;
	struct MHD_Daemon *daemon;
	struct lane direct; /* the event thread's */
	struct lane caller; /* the caller's thread's */
	struct lane readers[WEB_READERS];
	pthread_t threads[WEB_READERS];
	pthread_t listeners_thread;
	bool has_listeners_thread;
	_Atomic bool is_stopping;
	size_t thread_count;
	struct queue queue;
	struct commands commands;
	struct events events;
	struct results results;
	struct judgings judgings;
	struct progress progress;

	/* the event thread's */
	struct limit *limit;
	uint8_t id_start[8];
	uint8_t cursor_key[32];
	uint64_t id_count;
	struct route_count counts[ROUTES_MAX + 1]; /* the last: no route */
	_Atomic uint64_t refused_connections;
	uint64_t limited_requests;

	/* deadlines and counts of connections; guarded */
	pthread_mutex_t connections_mutex;
	struct connection *connections;
	size_t connection_count;

	/* the tokens; guarded */
	pthread_mutex_t tokens_mutex;
	struct token_set tokens;
	struct map source_tlp; /* enum tlp of a source's name */
	struct db *tokens_db;  /* the caller's thread's */
	int64_t tokens_tried_ns;
	int64_t labels_tried_ns;
	int64_t heartbeat_ns;
	_Atomic bool is_store_up;

	/* MESSAGE_HEALTH of parent; guarded */
	pthread_mutex_t health_mutex;
	struct buf health;
};

int64_t web_now_ns(const struct web *web);

/* server.c: the answer is ready, from any thread. */
void request_resume(struct request *request);
/* Runs the handler in lane, or the next piece of its stream; errors become problems. */
void request_work(struct request *request, struct lane *lane);

/* request_begin.c: everything before the handler. False: the response is a problem already. */
bool request_begin(struct request *request, struct str method);

/* queue.c */
void queue_start(struct queue *queue);
/* False when it is full or closed. */
bool queue_put(struct queue *queue, struct request *request);
/* Waits; NULL when the queue is closed. */
struct request *queue_take(struct queue *queue);
void queue_close(struct queue *queue);
void queue_done(struct queue *queue);

/* commands.c */
void commands_start(struct commands *commands);
void commands_done(struct commands *commands);

/* connections.c */
bool connection_may_come(struct web *web, const struct ipaddr *peer);
struct connection *connection_add(struct web *web, int fd, const struct ipaddr *peer);
void connection_remove(struct web *web, struct connection *connection);
/* The connection must have moved on within so many seconds; 0: no deadline. */
void connection_deadline(struct web *web, struct connection *connection, uint32_t seconds);
/* Shuts down those that did not. */
void connections_sweep(struct web *web);
bool peer_is_trusted(const struct web *web, const struct ipaddr *peer);
