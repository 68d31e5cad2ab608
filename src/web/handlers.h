/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The handlers of the route table. Each fills request->response, or fails and the server makes a
 * problem of the reason. What they answer is described by their route's schema.
 */
#pragma once

#include "web/request.h"

enum err serve_ip(struct request *request, struct why *why);
enum err serve_ip_bulk(struct request *request, struct why *why);
enum err serve_name(struct request *request, struct why *why);
enum err serve_url(struct request *request, struct why *why);
enum err serve_check(struct request *request, struct why *why);
enum err serve_snapshot(struct request *request, struct why *why);
enum err serve_snapshot_file(struct request *request, struct why *why);
enum err serve_events(struct request *request, struct why *why);
enum err serve_me(struct request *request, struct why *why);
enum err serve_healthz(struct request *request, struct why *why);
enum err serve_metrics(struct request *request, struct why *why);
enum err serve_openapi(struct request *request, struct why *why);
enum err serve_ip_explain(struct request *request, struct why *why);
enum err serve_name_explain(struct request *request, struct why *why);
enum err serve_indicators(struct request *request, struct why *why);
enum err serve_sources(struct request *request, struct why *why);
enum err serve_feeds(struct request *request, struct why *why);
enum err serve_feed(struct request *request, struct why *why);
enum err serve_feed_run(struct request *request, struct why *why);
enum err serve_jobs(struct request *request, struct why *why);
enum err serve_job(struct request *request, struct why *why);
enum err serve_report(struct request *request, struct why *why);
enum err serve_audit(struct request *request, struct why *why);
enum err serve_overrides(struct request *request, struct why *why);
enum err serve_override(struct request *request, struct why *why);
enum err serve_policies(struct request *request, struct why *why);
enum err serve_policy(struct request *request, struct why *why);
enum err serve_models(struct request *request, struct why *why);
enum err serve_model(struct request *request, struct why *why);
enum err serve_pending(struct request *request, struct why *why);
enum err serve_pending_item(struct request *request, struct why *why);
enum err serve_guard_match(struct request *request, struct why *why);
enum err serve_url_explain(struct request *request, struct why *why);
enum err serve_command(struct request *request, struct why *why);
