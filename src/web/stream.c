/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /v1/events: what happens, as it happens. */
#include "web/handlers.h"
#include "web/web_int.h"

enum err serve_events(struct request *request, struct why *why)
{
	if (!events_join(&request->web->events, request, request_header(request, "Last-Event-ID")))
		return fail(why, ERR_BUSY, "%d streams are open already", EVENT_STREAMS_MAX);
	request->response.content_type = "text/event-stream";
	/* nginx passes the events on at once */
	response_header(request, "X-Accel-Buffering", STR("no"));
	response_stream(request, NULL, NULL);
	return OK;
}
