/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /metrics: OpenMetrics text, from tables. */
#include "web/handlers.h"
#include "web/web_int.h"

#include "answer/stats.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };

/* One number each; what has labels is written by functions of its own below. */
struct metric {
	const char *name;
	enum metric_type type;
	const char *help;
	double (*value)(struct request *request, const struct pehra_info *snapshot);
};

static double generation(struct request *request, const struct pehra_info *snapshot)
{
	(void)request;
	return (double)snapshot->generation;
}

static double generation_age(struct request *request, const struct pehra_info *snapshot)
{
	return snapshot->generation == 0 ? 0 : (double)(request->now_s - snapshot->created_s);
}

static double changes(struct request *request, const struct pehra_info *snapshot)
{
	(void)request;
	return (double)snapshot->changes;
}

static double connections(struct request *request, const struct pehra_info *snapshot)
{
	struct web *web = request->web;
	size_t n;

	(void)snapshot;
	must(pthread_mutex_lock(&web->connections_mutex) == 0);
	n = web->connection_count;
	must(pthread_mutex_unlock(&web->connections_mutex) == 0);
	return (double)n;
}

static double refused_connections(struct request *request, const struct pehra_info *snapshot)
{
	(void)snapshot;
	return (double)request->web->refused_connections;
}

static double limited_requests(struct request *request, const struct pehra_info *snapshot)
{
	(void)snapshot;
	return (double)request->web->limited_requests;
}

static double event_streams(struct request *request, const struct pehra_info *snapshot)
{
	struct events *events = &request->web->events;
	size_t n;

	(void)snapshot;
	must(pthread_mutex_lock(&events->mutex) == 0);
	n = events->streams;
	must(pthread_mutex_unlock(&events->mutex) == 0);
	return (double)n;
}

static double store_is_up(struct request *request, const struct pehra_info *snapshot)
{
	(void)snapshot;
	return atomic_load(&request->web->is_store_up) ? 1 : 0;
}

static const struct metric metrics[] = {
	{ "pehra_snapshot_generation", METRIC_GAUGE, "Number of the snapshot that answers.",
		generation },
	{ "pehra_snapshot_age_seconds", METRIC_GAUGE, "Time since that generation was built.",
		generation_age },
	{ "pehra_snapshot_changes", METRIC_GAUGE, "Changes made in it since it was built.",
		changes },
	{ "pehra_store_up", METRIC_GAUGE, "1 when web could read the store the last time.",
		store_is_up },
	{ "pehra_http_connections", METRIC_GAUGE, "Open connections.", connections },
	{ "pehra_http_event_streams", METRIC_GAUGE, "Open event streams.", event_streams },
	{ "pehra_http_connections_refused", METRIC_COUNTER,
		"Connections beyond the limit of their client.", refused_connections },
	{ "pehra_http_requests_limited", METRIC_COUNTER,
		"Requests beyond the rate of their client.", limited_requests },
};

static const struct {
	const char *name;
	size_t offset;
} entry_kinds[] = {
	{ "ipv4", offsetof(struct pehra_info, ipv4_entries) },
	{ "ipv6", offsetof(struct pehra_info, ipv6_entries) },
	{ "name", offsetof(struct pehra_info, name_entries) },
};

static void write_head(struct buf *out, const char *name, enum metric_type type, const char *help)
{
	buf_fmt(out, "# TYPE %s %s\n# HELP %s %s\n", name,
		type == METRIC_COUNTER ? "counter" : "gauge", name, help);
}

static void write_single(struct buf *out, struct request *request, const struct pehra_info *info)
{
	for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
		const struct metric *metric = &metrics[i];

		write_head(out, metric->name, metric->type, metric->help);
		buf_fmt(out, "%s%s %.0f\n", metric->name,
			metric->type == METRIC_COUNTER ? "_total" : "",
			metric->value(request, info));
	}
	write_head(out, "pehra_snapshot_entries", METRIC_GAUGE, "Entries of the snapshot.");
	for (size_t i = 0; i < ARRAY_LEN(entry_kinds); i++) {
		uint64_t n;

		memcpy(&n, (const char *)info + entry_kinds[i].offset, sizeof n);
		buf_fmt(out, "pehra_snapshot_entries{kind=\"%s\"} %llu\n", entry_kinds[i].name,
			(unsigned long long)n);
	}
}

static const char *route_label(size_t i)
{
	return i < route_count ? routes[i].name : "none";
}

static void write_routes(struct buf *out, const struct web *web)
{
	write_head(out, "pehra_http_requests", METRIC_COUNTER, "Requests by route and status.");
	for (size_t i = 0; i <= ROUTES_MAX; i++) {
		for (unsigned class = 1; class < STATUS_CLASSES; class ++) {
			if (web->counts[i].requests[class] == 0)
				continue;
			buf_fmt(out,
				"pehra_http_requests_total{route=\"%s\",status=\"%uxx\"} %llu\n",
				route_label(i), class,
				(unsigned long long)web->counts[i].requests[class]);
		}
	}
	write_head(out, "pehra_http_request_seconds", METRIC_COUNTER,
		"Time from first line to last byte, summed.");
	for (size_t i = 0; i <= ROUTES_MAX; i++) {
		if (web->counts[i].microseconds != 0)
			buf_fmt(out, "pehra_http_request_seconds_total{route=\"%s\"} %.6f\n",
				route_label(i), (double)web->counts[i].microseconds / 1e6);
	}
}

/* Counters of one family stand side by side in the answer role's table. */
static void write_dns(struct buf *out, const struct web *web)
{
	struct answer_totals *totals = calloc(1, sizeof *totals);
	const char *family = "";

	must(totals != NULL);
	if (web->settings.dns_stats != NULL &&
		answer_stats_read(web->settings.dns_stats, web->settings.dns_stats_bytes, totals)) {
		for (int i = 0; i < ANSWER_COUNTERS; i++) {
			const struct answer_counter_info *info =
				answer_counter_info((enum answer_counter)i);

			if (!str_eq(str_c(family), str_c(info->family)))
				write_head(out, info->family, METRIC_COUNTER, info->help);
			family = info->family;
			buf_fmt(out, "%s_total", family);
			if (info->label != NULL)
				buf_fmt(out, "{%s=\"%s\"}", info->label, info->value);
			buf_fmt(out, " %llu\n", (unsigned long long)totals->counters[i]);
		}
		write_head(out, "pehra_dns_generation", METRIC_GAUGE,
			"The oldest snapshot that DNS answers from.");
		buf_fmt(out, "pehra_dns_generation %llu\n", (unsigned long long)totals->generation);
	}
	free(totals);
}

/* A token that may operate, or an address that may read metrics without one. */
static bool may_read(const struct request *request)
{
	const struct web_settings *settings = &request->web->settings;

	if (request->audience.token_id.n != 0 && audience_may(&request->audience, TOKEN_OPERATE))
		return true;
	for (size_t i = 0; i < settings->metrics_from_count; i++) {
		if (prefix_contains_ip(&settings->metrics_from[i], &request->client))
			return true;
	}
	return false;
}

enum err serve_metrics(struct request *request, struct why *why)
{
	const struct pehra *snapshot = lane_snapshot(request->lane);
	struct buf *out = &request->response.body;
	struct pehra_info info = { 0 };

	if (!may_read(request))
		return fail(why, ERR_DENIED,
			"metrics are for the addresses of http.metrics_from and for tokens with "
			"the permission operate");
	if (snapshot != NULL)
		pehra_info(snapshot, &info);
	write_single(out, request, &info);
	write_routes(out, request->web);
	write_dns(out, request->web);
	buf_str(out, STR("# EOF\n"));
	request->response.content_type =
		"application/openmetrics-text; version=1.0.0; charset=utf-8";
	return OK;
}
