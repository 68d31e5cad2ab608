/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/web_role.h"

#include "answer/answer_role.h"
#include "answer/stats.h"
#include "base/log.h"
#include "config/config_json.h"
#include "snapshot/open.h"
#include "web/web.h"

#include <poll.h>
#include <sys/mman.h>

enum { TICK_MS = 1000 };

/* Everything that web_settings borrows. */
struct web_setup {
	struct config config;
	struct buf store_url;
	struct buf snapshot;
	struct buf generation;
	int more_listen_fds[WEB_LISTENERS_MAX];
	void *dns_stats; /* NULL: none */
	struct web *web;
};

static void setup_done(struct web_setup *setup)
{
	web_stop(&setup->web);
	if (setup->dns_stats != NULL)
		(void)munmap(setup->dns_stats, answer_stats_bytes());
	config_done(&setup->config);
	buf_done(&setup->store_url);
	buf_done(&setup->snapshot);
	buf_done(&setup->generation);
}

/* Every address of http.listen is a socket of the same name. */
static void listeners_find(
	struct child *child, struct web_setup *setup, struct web_settings *settings)
{
	settings->listen_fd = -1;
	settings->more_listen_fds = setup->more_listen_fds;
	for (size_t i = 0; i < child->inherited_count; i++) {
		const struct child_inherited *one = &child->inherited[i];

		if (!str_eq(str_c(one->name), STR(WEB_LISTEN_NAME)))
			continue;
		if (settings->listen_fd == -1)
			settings->listen_fd = one->fd;
		else if (settings->more_listen_count < WEB_LISTENERS_MAX)
			setup->more_listen_fds[settings->more_listen_count++] = one->fd;
	}
}

static enum err stats_map(struct child *child, struct web_setup *setup, struct why *why)
{
	int fd = child_inherited(child, ANSWER_STATS_NAME, 0);
	void *stats;

	if (fd == -1)
		return OK;
	stats = mmap(NULL, answer_stats_bytes(), PROT_READ, MAP_SHARED, fd, 0);
	if (stats == MAP_FAILED)
		return fail_sys(why, "cannot map the statistics of DNS");
	setup->dns_stats = stats;
	return OK;
}

static enum err start(struct child *child, struct web_setup *setup, struct why *why)
{
	struct web_settings settings = { .clock = child->clock };

	config_init(&setup->config);
	TRY(config_from_json(&setup->config, buf_view(&child->settings), why));
	config_store_url(&setup->config, &setup->store_url);
	buf_fmt(&setup->snapshot, "%s/" SNAPSHOT_LIVE, child->data);
	buf_fmt(&setup->generation, "%s/" SNAPSHOT_GENERATION, child->data);
	listeners_find(child, setup, &settings);
	settings.store_url = buf_c(&setup->store_url);
	settings.snapshot_path = buf_c(&setup->snapshot);
	settings.generation_path = buf_c(&setup->generation);
	settings.body_bytes_max = (uint32_t)setup->config.http.body_max_bytes;
	/* 0 means no limit in the configuration, and the default in settings */
	settings.requests_per_second =
		setup->config.http.rate == 0 ? UINT32_MAX : (uint32_t)setup->config.http.rate;
	settings.trusted_proxies = setup->config.http.proxies.items;
	settings.trusted_proxy_count = setup->config.http.proxies.n;
	settings.metrics_from = setup->config.http.metrics.items;
	settings.metrics_from_count = setup->config.http.metrics.n;
	TRY(stats_map(child, setup, why));
	settings.dns_stats = setup->dns_stats;
	settings.dns_stats_bytes = answer_stats_bytes();
	return web_start(&settings, &setup->web, why);
}

static void commands_send(struct child *child, struct web_setup *setup)
{
	struct channel *keeper = child_peer(child, PROCESS_KEEPER, 0);
	struct web_command command;
	struct why why;

	while (keeper != NULL && !channel_is_full(keeper) &&
		web_next_command(setup->web, &command)) {
		if (channel_send_text(keeper, MESSAGE_COMMAND, command.id, command.json, &why) !=
			OK)
			log_why(LOG_WARNING, "command_lost", &why);
	}
}

static void on_message(struct web_setup *setup, const struct message *message)
{
	if (message->type == MESSAGE_REPLY)
		web_reply(setup->web, message->id, message->payload);
	else if (message->type == MESSAGE_EVENT)
		web_event(setup->web, message->id, message->payload);
	else if (message->type == MESSAGE_HEALTH)
		web_health(setup->web, message->payload);
}

/* True when the role shall end. */
static bool events_handle(struct child *child, struct web_setup *setup)
{
	struct child_event event;
	bool is_over = false;

	while (child_next(child, &event)) {
		if (event.kind == CHILD_MESSAGE)
			on_message(setup, &event.message);
		else if (event.kind == CHILD_PEER_NEW || event.kind == CHILD_PEER_LOST)
			web_keeper_is_up(setup->web, event.kind == CHILD_PEER_NEW);
		else if (event.kind == CHILD_STOP)
			is_over = true;
		message_done(&event.message);
	}
	return is_over;
}

static enum err serve(struct child *child, struct web_setup *setup, struct why *why)
{
	bool is_over = false;

	TRY(start(child, setup, why));
	TRY(child_ready(child, why));
	while (!is_over) {
		struct pollfd rows[CHILD_POLL_MAX + 1];
		size_t n = child_poll_fill(child, rows);

		rows[n] = (struct pollfd){ web_wake_fd(setup->web), POLLIN, 0 };
		if (poll(rows, n + 1, child_is_due(child) ? 0 : TICK_MS) == -1)
			continue;
		TRY(child_poll_done(child, rows, n, why));
		is_over = events_handle(child, setup);
		commands_send(child, setup);
		web_tick(setup->web);
	}
	return OK;
}

int web_role(struct child *child)
{
	struct web_setup setup = { 0 };
	struct why why = { 0 };
	enum err err = serve(child, &setup, &why);

	setup_done(&setup);
	if (err == OK || err == ERR_CLOSED)
		return CHILD_EXIT_OK;
	log_why(LOG_ERROR, "web_ends", &why);
	return err == ERR_USAGE || err == ERR_SYNTAX ? CHILD_EXIT_HOPELESS : CHILD_EXIT_FAILED;
}
