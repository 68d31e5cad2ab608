/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HTTP server's thread, and where it hands requests to. */
#pragma once

#include "web/web_int.h"

#include "base/io.h"
#include "base/log.h"

NODISCARD enum err server_start(struct web *web, struct why *why);
/* All suspended requests must have been resumed. */
void server_stop(struct web *web);

/* listeners.c */
NODISCARD enum err listeners_start(struct web *web, struct why *why);
void listeners_stop(struct web *web);

/* lane.c */
NODISCARD enum err lanes_start(struct web *web, struct why *why);
/* Lets the readers finish what they have; what waits is worked on first. */
void lanes_stop(struct web *web);
void lanes_done(struct web *web);

/* A request is over: it leaves the lists of commands and of event streams. */
void request_ended(struct request *request);

/* commands.c: the request waits for keeper; false when it cannot. */
bool commands_put(struct request *request);
/* command.c: the reply becomes the response. */
void command_finish(struct request *request, struct lane *lane, struct str reply);

/*
 * events.c: writes what is new into the request's piece. False: nothing is, the connection was
 * suspended and web_event() or a heartbeat resumes it.
 */
bool events_next(struct request *request);
