/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/evidence.h"
#include "web/server.h"

#include <sodium.h>

static const int64_t NS_PER_S = 1000000000;

enum { TOKENS_EVERY_S = 5, LABELS_EVERY_S = 30 };

static void set_default(uint32_t *value, uint32_t otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

static void set_defaults(struct web_settings *settings)
{
	set_default(&settings->body_bytes_max, WEB_BODY_BYTES);
	set_default(&settings->connections_max, WEB_CONNECTIONS);
	set_default(&settings->connections_per_client, WEB_CONNECTIONS_PER_CLIENT);
	set_default(&settings->requests_per_second, WEB_REQUESTS_PER_SECOND);
	set_default(&settings->request_burst, WEB_REQUEST_BURST);
	set_default(&settings->header_seconds, WEB_HEADER_SECONDS);
	set_default(&settings->body_seconds, WEB_BODY_SECONDS);
	set_default(&settings->heartbeat_seconds, WEB_HEARTBEAT_SECONDS);
}

/* Ids of events of another run are not mistaken for this one's: they begin at the time. */
static uint64_t first_event_id(const struct web *web)
{
	enum { EVENTS_PER_SECOND = 1000 };

	return (uint64_t)clock_now_s(web->settings.clock) * EVENTS_PER_SECOND;
}

enum err web_start(const struct web_settings *settings, struct web **out, struct why *why)
{
	struct web *web = calloc(1, sizeof *web);
	enum err err;

	must(web != NULL && route_count <= ROUTES_MAX);
	web->settings = *settings;
	set_defaults(&web->settings);
	randombytes_buf(web->id_start, sizeof web->id_start);
	randombytes_buf(web->cursor_key, sizeof web->cursor_key);
	must(pthread_mutex_init(&web->connections_mutex, NULL) == 0);
	must(pthread_mutex_init(&web->tokens_mutex, NULL) == 0);
	must(pthread_mutex_init(&web->health_mutex, NULL) == 0);
	web->limit = limit_new(web->settings.requests_per_second, web->settings.request_burst);
	commands_start(&web->commands);
	results_start(&web->results);
	judgings_start(&web->judgings);
	progress_start(&web->progress);
	events_start(&web->events, first_event_id(web));
	*out = web;
	err = lanes_start(web, why);
	if (err == OK) {
		web_tick(web);
		err = server_start(web, why);
	}
	if (err == OK)
		err = listeners_start(web, why);
	if (err != OK)
		web_stop(out);
	return err;
}

void web_stop(struct web **out)
{
	struct web *web = *out;

	if (web == NULL)
		return;
	listeners_stop(web);
	/* nothing may stay suspended when the server stops */
	web_keeper_is_up(web, false);
	events_close(&web->events);
	lanes_stop(web);
	server_stop(web);
	lanes_done(web);
	events_done(&web->events);
	results_done(&web->results);
	judgings_done(&web->judgings);
	progress_done(&web->progress);
	map_done(&web->source_tlp);
	commands_done(&web->commands);
	limit_free(&web->limit);
	token_set_done(&web->tokens);
	db_close(&web->tokens_db);
	buf_done(&web->health);
	must(pthread_mutex_destroy(&web->connections_mutex) == 0);
	must(pthread_mutex_destroy(&web->tokens_mutex) == 0);
	must(pthread_mutex_destroy(&web->health_mutex) == 0);
	free(web);
	*out = NULL;
}

/* The tokens as the store has them now; when it cannot be read, those known stay. */
static void load_tokens(struct web *web)
{
	struct token_set newer = { 0 };
	struct token_set older;
	struct why why = { 0 };

	web->tokens_tried_ns = web_now_ns(web);
	if ((web->tokens_db == NULL &&
		    db_open(web->settings.store_url, DB_READ_ONLY, &web->tokens_db, &why) != OK) ||
		token_set_load(web->tokens_db, &newer, &why) != OK) {
		log_why(LOG_WARNING, "tokens_not_read", &why);
		atomic_store(&web->is_store_up, false);
		return;
	}
	atomic_store(&web->is_store_up, true);
	must(pthread_mutex_lock(&web->tokens_mutex) == 0);
	older = web->tokens;
	web->tokens = newer;
	must(pthread_mutex_unlock(&web->tokens_mutex) == 0);
	token_set_done(&older);
}

static void load_labels(struct web *web)
{
	struct why why = { 0 };

	web->labels_tried_ns = web_now_ns(web);
	if (web->tokens_db != NULL && source_labels_load(web, web->tokens_db, &why) != OK)
		log_why(LOG_WARNING, "source_labels_not_read", &why);
}

void web_tick(struct web *web)
{
	int64_t now_ns = web_now_ns(web);

	connections_sweep(web);
	if (web->tokens_tried_ns == 0 || now_ns - web->tokens_tried_ns >= TOKENS_EVERY_S * NS_PER_S)
		load_tokens(web);
	if (web->labels_tried_ns == 0 || now_ns - web->labels_tried_ns >= LABELS_EVERY_S * NS_PER_S)
		load_labels(web);
	if (now_ns - web->heartbeat_ns >= web->settings.heartbeat_seconds * NS_PER_S) {
		web->heartbeat_ns = now_ns;
		events_heartbeat(&web->events);
	}
}

void web_health(struct web *web, struct str json)
{
	must(pthread_mutex_lock(&web->health_mutex) == 0);
	buf_clear(&web->health);
	buf_str(&web->health, json);
	must(pthread_mutex_unlock(&web->health_mutex) == 0);
}

/* What web itself makes of keeper's news. */
static void on_tokens(struct web *web, struct json_node root, struct str json)
{
	(void)root;
	(void)json;
	load_tokens(web);
}

static void on_import_done(struct web *web, struct json_node root, struct str json)
{
	(void)root;
	(void)json;
	load_labels(web);
}

static void on_progress(struct web *web, struct json_node root, struct str json)
{
	int64_t run;

	if (json_i64(json_get(root, "run"), &run))
		progress_note(&web->progress, run, json);
}

static const struct {
	struct str type;
	void (*note)(struct web *web, struct json_node root, struct str json);
} news[] = {
	{ STR_INIT("tokens"), on_tokens },
	{ STR_INIT("import_done"), on_import_done },
	{ STR_INIT("progress"), on_progress },
};

void web_event(struct web *web, uint64_t id, struct str json)
{
	struct json_node root;
	struct str type = STR("event");
	struct why why = { 0 };

	(void)id;
	/* newlines would end the event's line */
	if (memchr(json.p, '\n', json.n) != NULL ||
		json_parse(web->caller.json, json, &root, &why) != OK) {
		log_why(LOG_WARNING, "event_refused", &why);
		return;
	}
	(void)!json_str(json_get(root, "event"), &type);
	for (size_t i = 0; i < ARRAY_LEN(news); i++) {
		if (str_eq(news[i].type, type))
			news[i].note(web, root, json);
	}
	if (!str_eq(type, STR("progress")))
		judgings_note(&web->judgings);
	events_add(&web->events, type, json);
}

void request_ended(struct request *request)
{
	events_leave(&request->web->events, request);
}
