/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/server.h"

#include <microhttpd.h>

void events_start(struct events *events, uint64_t first_id)
{
	must(pthread_mutex_init(&events->mutex, NULL) == 0);
	events->first_id = first_id;
	events->next_id = first_id;
}

void events_done(struct events *events)
{
	for (size_t i = 0; i < EVENT_RING; i++)
		buf_done(&events->ring[i].json);
	must(pthread_mutex_destroy(&events->mutex) == 0);
}

/* Every stream looks again. The mutex is held. */
static void wake_all(struct events *events)
{
	while (events->waiting != NULL) {
		struct request *request = events->waiting;

		events->waiting = request->next;
		request->next = NULL;
		MHD_resume_connection(request->connection);
	}
}

void events_add(struct events *events, struct str type, struct str json)
{
	must(pthread_mutex_lock(&events->mutex) == 0);

	struct event *event = &events->ring[events->next_id % EVENT_RING];

	(void)str_to_c(str_first(type, sizeof event->type - 1), event->type, sizeof event->type);
	buf_clear(&event->json);
	buf_str(&event->json, json);
	events->next_id++;
	if (events->next_id - events->first_id > EVENT_RING)
		events->first_id = events->next_id - EVENT_RING;
	wake_all(events);
	must(pthread_mutex_unlock(&events->mutex) == 0);
}

void events_heartbeat(struct events *events)
{
	must(pthread_mutex_lock(&events->mutex) == 0);
	for (struct request *r = events->waiting; r != NULL; r = r->next)
		r->is_heartbeat_due = true;
	wake_all(events);
	must(pthread_mutex_unlock(&events->mutex) == 0);
}

void events_close(struct events *events)
{
	must(pthread_mutex_lock(&events->mutex) == 0);
	events->is_closed = true;
	wake_all(events);
	must(pthread_mutex_unlock(&events->mutex) == 0);
}

static void write_reset(struct buf *out, uint64_t id)
{
	buf_fmt(out,
		"id: %llu\nevent: reset\ndata: {\"why\":\"events in between are no longer kept\"}"
		"\n\n",
		(unsigned long long)id);
}

bool events_join(struct events *events, struct request *request, struct str last)
{
	struct buf *out = &request->response.body;
	uint64_t id;
	bool fits;

	must(pthread_mutex_lock(&events->mutex) == 0);
	fits = events->streams < EVENT_STREAMS_MAX && !events->is_closed;
	if (fits) {
		events->streams++;
		request->is_event_stream = true;
		request->event_next = events->next_id;
		buf_str(out, STR("retry: 2000\n\n"));
		if (last.n != 0) {
			if (parse_u64(last, &id) && id + 1 >= events->first_id &&
				id < events->next_id)
				request->event_next = id + 1;
			else
				write_reset(out, events->next_id - 1);
		}
	}
	must(pthread_mutex_unlock(&events->mutex) == 0);
	return fits;
}

void events_leave(struct events *events, struct request *request)
{
	if (!request->is_event_stream)
		return;
	must(pthread_mutex_lock(&events->mutex) == 0);
	for (struct request **at = &events->waiting; *at != NULL; at = &(*at)->next) {
		if (*at == request) {
			*at = request->next;
			break;
		}
	}
	events->streams--;
	must(pthread_mutex_unlock(&events->mutex) == 0);
}

/* The events from request->event_next on, as many as make a piece. The mutex is held. */
static void write_events(struct events *events, struct request *request)
{
	enum { PIECE_BYTES = 32 << 10 };
	struct buf *out = &request->response.body;

	if (request->event_next < events->first_id) {
		write_reset(out, events->first_id - 1);
		request->event_next = events->first_id;
	}
	while (request->event_next < events->next_id && out->n < PIECE_BYTES) {
		const struct event *event = &events->ring[request->event_next % EVENT_RING];

		buf_fmt(out, "id: %llu\nevent: %s\ndata: ", (unsigned long long)request->event_next,
			event->type);
		buf_str(out, buf_view(&event->json));
		buf_str(out, STR("\n\n"));
		request->event_next++;
	}
	if (out->n == 0 && request->is_heartbeat_due)
		buf_str(out, STR(": still here\n\n"));
	request->is_heartbeat_due = false;
}

bool events_next(struct request *request)
{
	struct events *events = &request->web->events;
	struct buf *out = &request->response.body;

	buf_clear(out);
	request->piece_at = 0;
	must(pthread_mutex_lock(&events->mutex) == 0);
	write_events(events, request);
	request->is_last_piece = events->is_closed;
	if (out->n == 0 && !events->is_closed) {
		request->next = events->waiting;
		events->waiting = request;
		MHD_suspend_connection(request->connection);
	}
	must(pthread_mutex_unlock(&events->mutex) == 0);
	return out->n != 0 || request->is_last_piece;
}
