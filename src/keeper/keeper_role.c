/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeper's loop: messages of the other roles, callers at the control socket, the result of a build,
 * and what the clock makes due.
 */
#include "base/io.h"
#include "base/log.h"
#include "evidence/retention.h"
#include "decision/override.h"
#include "keeper/live.h"
#include "keeper/override_live.h"
#include "keeper/refit.h"
#include "keeper/service.h"
#include "keeper/touched.h"
#include "proc/control.h"
#include "snapshot/open.h"

#include <dirent.h>
#include <poll.h>
#include <unistd.h>

enum {
	NS_PER_MS = 1000000,
	TICK_MS = 1000,
	FEEDS_EVERY_MS = 5000,
	START_BUILD_MS = 0,
	CATALOGUE_SETTLE_MS = 200,
	RETRY_BUILD_MS = 10000,
	RETENTION_STEP = 5000,
	OWN_POLLS = 3 /* the control socket, the builder, the task */
};

static int64_t now_ns(const struct service *service)
{
	return clock_monotonic_ns(service->keeper.clock);
}

void service_want_build(struct service *service, int64_t delay_ms)
{
	int64_t due = now_ns(service) + delay_ms * NS_PER_MS;

	if (service->build_due_ns == 0 || due < service->build_due_ns)
		service->build_due_ns = due;
}

void service_rules_changed(struct service *service)
{
	struct keeper *keeper = &service->keeper;
	struct why why;

	if (scoring_reload_rules(&keeper->scoring, keeper->db, clock_now_s(keeper->clock), &why) !=
		OK)
		log_why(LOG_ERROR, "rules_not_read", &why);
	service_want_build(service, 0);
	service_event(service, "rules", STR(""));
}

void service_overrides_changed(struct service *service)
{
	struct keeper *keeper = &service->keeper;
	struct why why;

	if (override_next_change(keeper->db, clock_now_s(keeper->clock), &service->overrides_due_s,
		    &why) != OK) {
		log_why(LOG_ERROR, "overrides_not_read", &why);
		service->overrides_due_s = clock_now_s(keeper->clock) + MINUTE_S;
	}
}

static void send_text(struct channel *channel, enum message_type type, uint64_t id, struct str json)
{
	struct why why;

	if (channel == NULL || !channel_is_open(channel))
		return;
	if (channel_send_text(channel, type, id, json, &why) != OK)
		log_why(LOG_WARNING, "answer_lost", &why);
}

void service_reply(struct service *service, struct channel *asker, uint64_t id, struct str json)
{
	(void)service;
	send_text(asker, MESSAGE_REPLY, id, json);
}

void service_progress(struct service *service, struct channel *asker, uint64_t id, struct str json)
{
	(void)service;
	/* progress is news, not duty: one that does not listen gets the next */
	if (asker != NULL && !channel_is_full(asker))
		send_text(asker, MESSAGE_PROGRESS, id, json);
}

void service_event(struct service *service, const char *type, struct str members)
{
	struct channel *web = child_peer(service->child, PROCESS_WEB, 0);
	CLEANUP(buf_done) struct buf text = { 0 };

	service->next_event++;
	if (web == NULL || channel_is_full(web))
		return;
	buf_fmt(&text, "{\"event\":\"%s\"%s%.*s}", type, members.n == 0 ? "" : ",",
		STR_FMT(members));
	send_text(web, MESSAGE_EVENT, service->next_event, buf_view(&text));
}

/* Somebody who may wait for a job or a snapshot is gone. */
static void asker_lost(struct service *service, const struct channel *asker)
{
	jobs_asker_lost(service, asker);
	tasks_asker_lost(service, asker);
	for (size_t i = 0; i < service->build_asker_count; i++) {
		if (service->build_askers[i].channel == asker)
			service->build_askers[i].channel = NULL;
	}
}

static void on_command(struct service *service, struct channel *channel, const struct actor *local,
	struct message *message)
{
	CLEANUP(buf_done) struct buf answer = { 0 };
	bool is_deferred = false;

	command_execute(service, channel, local, message, &answer, &is_deferred);
	if (!is_deferred)
		service_reply(service, channel, message->id, buf_view(&answer));
}

static void on_message(struct service *service, struct child_event *event)
{
	struct message *message = &event->message;
	struct why why;

	if (message->type == MESSAGE_COMMAND)
		on_command(service, event->channel, NULL, message);
	else if (message->type == MESSAGE_PING &&
		 channel_send(event->channel,
			 &(struct message){ MESSAGE_PONG, message->id, message->payload, -1 },
			 &why) != OK)
		log_why(LOG_WARNING, "pong_lost", &why);
	else if (event->peer == PROCESS_FETCH || event->peer == PROCESS_PARSE)
		job_message(service, event->peer, event->index, message);
}

static void on_peer_lost(struct service *service, const struct child_event *event)
{
	asker_lost(service, event->channel);
	if (event->peer == PROCESS_FETCH || event->peer == PROCESS_PARSE)
		jobs_peer_lost(service, event->peer, event->index);
}

static void on_reload(struct service *service)
{
	struct why why;

	if (keeper_reload(&service->keeper, buf_view(&service->child->settings), &why) != OK) {
		log_why(LOG_ERROR, "reload_refused", &why);
		return;
	}
	service_want_build(service, CATALOGUE_SETTLE_MS);
}

/* True when keeper shall end. */
static bool events_handle(struct service *service)
{
	struct child_event event;
	bool is_over = false;

	while (child_next(service->child, &event)) {
		if (event.kind == CHILD_MESSAGE)
			on_message(service, &event);
		else if (event.kind == CHILD_PEER_LOST)
			on_peer_lost(service, &event);
		else if (event.kind == CHILD_RELOAD)
			on_reload(service);
		else if (event.kind == CHILD_STOP)
			is_over = true;
		message_done(&event.message);
	}
	return is_over;
}

static void client_close(struct service *service, struct client *client)
{
	asker_lost(service, &client->channel);
	channel_done(&client->channel);
	client->is_used = false;
}

/* The kernel says who calls: root and the server's own user may do everything, others nothing. */
static struct actor actor_of_caller(const struct control_caller *caller)
{
	struct actor actor = { .permissions = 0 };

	if (caller->uid == 0 || caller->uid == getuid())
		actor.permissions = TOKEN_PERMISSIONS_ALL;
	(void)snprintf(actor.name, sizeof actor.name, "uid:%u", (unsigned)caller->uid);
	return actor;
}

static void clients_accept(struct service *service)
{
	struct control_caller caller;
	struct channel channel;
	struct why why;

	while (control_accept(service->control, &channel, &caller, &why) == OK) {
		size_t i = 0;

		while (i < CLIENTS_MAX && service->clients[i].is_used)
			i++;
		if (i == CLIENTS_MAX) {
			log_event(LOG_WARNING, "control_full", LOG_U("uid", caller.uid));
			channel_done(&channel);
			continue;
		}
		service->clients[i] = (struct client){
			.channel = channel, .actor = actor_of_caller(&caller), .is_used = true
		};
	}
}

static void client_turn(struct service *service, struct client *client, short revents)
{
	enum err read = OK;
	struct message message;
	struct why why;

	if ((revents & POLLOUT) != 0 && channel_write(&client->channel, &why) != OK)
		log_why(LOG_DEBUG, "control_write", &why);
	if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		read = channel_read(&client->channel, &why);
	while (channel_next(&client->channel, &message)) {
		if (message.type == MESSAGE_COMMAND)
			on_command(service, &client->channel, &client->actor, &message);
		message_done(&message);
	}
	if (read != OK || !channel_is_open(&client->channel))
		client_close(service, client);
}

void builds_answer(
	struct service *service, const struct build_result *result, const struct why *why)
{
	CLEANUP(buf_done) struct buf answer = { 0 };
	size_t kept = 0;

	if (result == NULL)
		command_answer_error(&answer, why);
	else
		buf_fmt(&answer,
			"{\"ok\":true,\"result\":{\"generation\":%llu,\"ipv4\":%llu,\"ipv6\":%llu,"
			"\"texts\":%llu,\"cpu_ms\":%llu,\"peak_kib\":%llu}}",
			(unsigned long long)result->generation, (unsigned long long)result->v4,
			(unsigned long long)result->v6, (unsigned long long)result->texts,
			(unsigned long long)result->cpu_ms, (unsigned long long)result->peak_kib);
	for (size_t i = 0; i < service->build_asker_count; i++) {
		struct build_asker *asker = &service->build_askers[i];

		if (asker->after > service->builds_started)
			service->build_askers[kept++] = *asker;
		else
			service_reply(service, asker->channel, asker->id, buf_view(&answer));
	}
	service->build_asker_count = kept;
}

static void build_finished(struct service *service)
{
	CLEANUP(buf_done) struct buf members = { 0 };
	struct build_result result;
	struct why why;
	struct channel *parent = &service->child->parent;
	bool is_over;

	if (builder_finish(&service->builder, &service->keeper, &result, &is_over, &why) != OK) {
		bool is_spare_used_up = why.code == ERR_FULL && why.sys == 0;

		/* changes that came while it was built did not fit: the next one has them */
		if (!is_spare_used_up)
			log_why(LOG_ERROR, "snapshot_failed", &why);
		service_want_build(service, is_spare_used_up ? 0 : RETRY_BUILD_MS);
		builds_answer(service, NULL, &why);
		if (!is_spare_used_up)
			return;
	} else if (!is_over) {
		return;
	}
	if (touched_settle(service, &why) != OK)
		log_why(LOG_ERROR, "touched_not_told", &why);
	if (result.generation != 0)
		service->build_cpu_ms = result.cpu_ms;
	log_event(LOG_INFO, "snapshot_built", LOG_U("generation", result.generation),
		LOG_U("ipv4", result.v4), LOG_U("ipv6", result.v6), LOG_U("texts", result.texts),
		LOG_U("cpu_ms", result.cpu_ms), LOG_U("peak_kib", result.peak_kib));
	buf_fmt(&members, "\"generation\":%llu,\"ipv4\":%llu,\"ipv6\":%llu,\"texts\":%llu",
		(unsigned long long)result.generation, (unsigned long long)result.v4,
		(unsigned long long)result.v6, (unsigned long long)result.texts);
	service_event(service, "generation", buf_view(&members));
	buf_clear(&members);
	buf_fmt(&members, "{\"generation\":%llu}", (unsigned long long)result.generation);
	send_text(parent, MESSAGE_GENERATION, result.generation, buf_view(&members));
	builds_answer(service, &result, NULL);
}

/* Until the next build without a change: the setting, but at most a twentieth of a core. */
static int64_t fade_ms(const struct service *service)
{
	int64_t interval_ms = service->keeper.config.snapshot.interval_s * 1000;
	int64_t least_ms = (int64_t)service->build_cpu_ms * 20;

	return interval_ms > least_ms ? interval_ms : least_ms;
}

/* A bounded step at a time, so that commands do not wait for it. */
static void retention_turn(struct service *service)
{
	struct keeper *keeper = &service->keeper;
	int64_t now_s = clock_now_s(keeper->clock);
	struct retention_result gone;
	bool is_more = false;
	struct why why;

	if (now_s < service->retention_due_s)
		return;
	if (retention_step(keeper->db, now_s - keeper->config.retention.days * DAY_S,
		    RETENTION_STEP, &gone, &is_more, &why) != OK)
		log_why(LOG_ERROR, "retention_failed", &why);
	else if (gone.evidence + gone.episodes + gone.runs > 0)
		log_event(LOG_INFO, "retention", LOG_U("evidence", gone.evidence),
			LOG_U("episodes", gone.episodes), LOG_U("runs", gone.runs));
	service->retention_due_s = is_more ? now_s : now_s + HOUR_S;
}

static void clock_turn(struct service *service)
{
	struct keeper *keeper = &service->keeper;
	int64_t now = now_ns(service);
	struct why why;

	overrides_by_clock(service);
	refit_turn(service);

	if (now >= service->feeds_due_ns) {
		service->feeds_due_ns = now + (int64_t)FEEDS_EVERY_MS * NS_PER_MS;
		jobs_due(service);
		retention_turn(service);
	}
	if (service->builder.pid == 0 && service->build_due_ns != 0 &&
		now >= service->build_due_ns) {
		service->build_due_ns = 0;
		if (builder_start(&service->builder, keeper, &why) != OK) {
			log_why(LOG_ERROR, "snapshot_failed", &why);
			service_want_build(service, RETRY_BUILD_MS);
		} else {
			service->builds_started++;
			/* scores fade with time, so they are made anew even when nothing is said */
			service_want_build(service, fade_ms(service));
		}
	}
}

/* What poll() looks at besides the child's channels, in this order. */
static size_t poll_rows(const struct service *service, struct pollfd *rows)
{
	size_t n = 0;

	rows[n++] = (struct pollfd){ service->control, POLLIN, 0 };
	rows[n++] = (struct pollfd){ service->builder.pid == 0 ? -1 : service->builder.result,
		POLLIN, 0 };
	rows[n++] =
		(struct pollfd){ service->tasks.pid == 0 ? -1 : service->tasks.result, POLLIN, 0 };
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		const struct client *client = &service->clients[i];

		rows[n++] = (struct pollfd){ client->is_used ? client->channel.fd : -1,
			client->is_used ? channel_events(&client->channel) : (short)0, 0 };
	}
	return n;
}

static enum err turn(struct service *service, bool *is_over, struct why *why)
{
	struct pollfd rows[CHILD_POLL_MAX + OWN_POLLS + CLIENTS_MAX];
	size_t children = child_poll_fill(service->child, rows);
	struct pollfd *own = rows + children;
	size_t n = poll_rows(service, own);

	bool is_busy = override_live_turn(service) || child_is_due(service->child);

	if (poll(rows, children + n, is_busy ? 0 : TICK_MS) == -1)
		return OK; /* a signal: look again */
	TRY(child_poll_done(service->child, rows, children, why));
	*is_over = events_handle(service);
	if (own[0].revents != 0)
		clients_accept(service);
	if (service->builder.pid != 0 && own[1].revents != 0)
		build_finished(service);
	if (service->tasks.pid != 0 && own[2].revents != 0)
		tasks_read(service);
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (service->clients[i].is_used && own[OWN_POLLS + i].revents != 0)
			client_turn(service, &service->clients[i], own[OWN_POLLS + i].revents);
	}
	clock_turn(service);
	tasks_turn(service);
	jobs_advance(service);
	return OK;
}

/* What a builder that was killed left half written. */
static void leftovers_remove(const char *data, const char *part, const char *mark)
{
	CLEANUP(buf_done) struct buf folder = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	DIR *entries = opendir(keeper_path(&folder, data, part));
	const struct dirent *entry;

	if (entries == NULL)
		return;
	while ((entry = readdir(entries)) != NULL) {
		if (strstr(entry->d_name, mark) == NULL)
			continue;
		buf_clear(&path);
		buf_fmt(&path, "%s/%s", buf_c(&folder), entry->d_name);
		(void)unlink(buf_c(&path));
	}
	(void)closedir(entries);
}

/* When the live copy's generation was made; 0: there is none. */
static int64_t snapshot_time(const struct service *service)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	const struct keeper *keeper = &service->keeper;
	struct pehra *snapshot;
	struct pehra_info info;

	if (pehra_open(keeper_path(&path, keeper->data, SNAPSHOT_LIVE), PEHRA_OPEN_PLAIN,
		    &snapshot) != PEHRA_OK)
		return 0;
	pehra_info(snapshot, &info);
	pehra_close(snapshot);
	return info.created_s;
}

/* Is there none, or has it faded for longer than the setting lets it? */
static bool snapshot_is_old(const struct service *service)
{
	return clock_now_s(service->keeper.clock) - snapshot_time(service) >
	       service->keeper.config.snapshot.interval_s;
}

static enum err serve(struct service *service, struct why *why)
{
	struct child *child = service->child;
	bool is_over = false;
	bool is_anew = true;

	TRY(keeper_open(
		&service->keeper, child->data, child->clock, buf_view(&child->settings), why));
	/* an old snapshot answers until the new one is there */
	if (live_reopen(&service->keeper, &is_anew, why) != OK && why->code != ERR_NOT_FOUND)
		log_why(LOG_WARNING, "no_snapshot", why);
	leftovers_remove(child->data, SNAPSHOT_FOLDER, ".tmp.");
	TRY(jobs_resume(service, why));
	if (is_anew || snapshot_is_old(service))
		service_want_build(service, START_BUILD_MS);
	/* a keeper that was killed may have kept what it did not show, in that second, too */
	overrides_since(service, snapshot_time(service) - 1);
	service->control = child_inherited(child, CONTROL_NAME, 0);
	TRY(child_ready(child, why));
	while (!is_over)
		TRY(turn(service, &is_over, why));
	return OK;
}

int keeper_role(struct child *child)
{
	struct service *service = calloc(1, sizeof *service);
	struct why why = { 0 };
	enum err err;

	must(service != NULL);
	service->child = child;
	service->control = -1;
	service->next_job = 1;
	err = serve(service, &why);
	if (err != OK && err != ERR_CLOSED)
		log_why(LOG_ERROR, "keeper_ends", &why);
	builder_cancel(&service->builder);
	tasks_cancel(service);
	buf_done(&service->touched);
	jobs_drop(service);
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (service->clients[i].is_used)
			client_close(service, &service->clients[i]);
	}
	keeper_close(&service->keeper);
	free(service);
	return err == OK || err == ERR_CLOSED          ? CHILD_EXIT_OK
	       : err == ERR_SYNTAX || err == ERR_USAGE ? CHILD_EXIT_HOPELESS
						       : CHILD_EXIT_FAILED;
}
