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
enum err handle_ip_explain(struct request *request, struct why *why);
enum err handle_name_explain(struct request *request, struct why *why);
enum err handle_indicators(struct request *request, struct why *why);
enum err handle_sources(struct request *request, struct why *why);
enum err handle_feeds(struct request *request, struct why *why);
enum err handle_feed(struct request *request, struct why *why);
enum err handle_feed_run(struct request *request, struct why *why);
enum err handle_jobs(struct request *request, struct why *why);
enum err handle_job(struct request *request, struct why *why);
enum err handle_report(struct request *request, struct why *why);
enum err handle_audit(struct request *request, struct why *why);
