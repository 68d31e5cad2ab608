/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What happened lately: a ring of events, and the streams (server-sent events, WHATWG HTML section
 * 9.2) that follow it. A client that comes back with Last-Event-ID goes on where it was; when that
 * is no longer in the ring, or is of another run of the server, it gets the event "reset" and loads
 * its state anew. Ids grow by one each.
 */
#pragma once

#include "base/buf.h"

#include <pthread.h>

struct request;

enum { EVENT_RING = 1024, EVENT_STREAMS_MAX = 64, EVENT_TYPE_MAX = 32 };

struct event {
	char type[EVENT_TYPE_MAX];
	struct buf json; /* one line */
};

/* Zero-initialised, then events_start(). Any thread. */
struct events {
	pthread_mutex_t mutex;
	struct event ring[EVENT_RING];
	uint64_t first_id;       /* the oldest in the ring */
	uint64_t next_id;        /* of the next event */
	struct request *waiting; /* suspended streams */
	size_t streams;
	bool is_closed;
};

/* first_id is where the ids of this run begin. */
void events_start(struct events *events, uint64_t first_id);
void events_done(struct events *events);
/* Adds one and wakes the streams. json is one line. */
void events_add(struct events *events, struct str type, struct str json);
/* Wakes the streams so that each sends a comment line. */
void events_heartbeat(struct events *events);
/* Wakes the streams for good: they end. */
void events_close(struct events *events);

/* A stream begins after the event with id last (0: with what comes); false: too many. */
bool events_join(struct events *events, struct request *request, struct str last);
void events_leave(struct events *events, struct request *request);
