/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The handlers of the route table. Each fills request->response, or fails and the server makes a
 * problem of the reason. What they answer is described by their route's schema.
 */
#pragma once

#include "web/request.h"

enum err handle_ip(struct request *request, struct why *why);
enum err handle_ip_bulk(struct request *request, struct why *why);
enum err handle_name(struct request *request, struct why *why);
enum err handle_url(struct request *request, struct why *why);
enum err handle_check(struct request *request, struct why *why);
enum err handle_snapshot(struct request *request, struct why *why);
enum err handle_snapshot_file(struct request *request, struct why *why);
enum err handle_events(struct request *request, struct why *why);
enum err handle_me(struct request *request, struct why *why);
enum err handle_healthz(struct request *request, struct why *why);
enum err handle_metrics(struct request *request, struct why *why);
enum err handle_openapi(struct request *request, struct why *why);
