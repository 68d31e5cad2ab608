/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/answer_role.h"

#include "answer/answer.h"
#include "base/log.h"
#include "config/config_json.h"
#include "snapshot/open.h"

#include <sys/mman.h>

/* Everything that answer_settings borrows. */
struct answer_setup {
	struct config config;
	struct buf snapshot;
	int sockets[ANSWER_SOCKETS_MAX];
	size_t socket_count;
	struct answer_stats *stats;
	struct answer *answer;
};

static void setup_done(struct answer_setup *setup)
{
	answer_stop(&setup->answer);
	if (setup->stats != NULL)
		(void)munmap(setup->stats, answer_stats_bytes());
	config_done(&setup->config);
	buf_done(&setup->snapshot);
}

static enum err stats_map(struct child *child, struct answer_setup *setup, struct why *why)
{
	int fd = child_inherited(child, ANSWER_STATS_NAME, 0);
	void *stats;

	if (fd == -1)
		return OK;
	stats = mmap(NULL, answer_stats_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (stats == MAP_FAILED)
		return fail_sys(why, "cannot map the statistics");
	setup->stats = stats;
	return OK;
}

static enum err start(struct child *child, struct answer_setup *setup, struct why *why)
{
	struct config *config = &setup->config;
	struct answer_settings settings = { .clock = child->clock };

	config_init(config);
	TRY(config_from_json(config, buf_view(&child->settings), why));
	buf_fmt(&setup->snapshot, "%s/" SNAPSHOT_LIVE, child->data);
	for (size_t i = 0; i < child->inherited_count; i++) {
		const struct child_inherited *inherited = &child->inherited[i];
		bool is_socket = strcmp(inherited->name, ANSWER_UDP_NAME) == 0 ||
				 strcmp(inherited->name, ANSWER_TCP_NAME) == 0;

		if (is_socket && setup->socket_count < ANSWER_SOCKETS_MAX)
			setup->sockets[setup->socket_count++] = inherited->fd;
	}
	TRY(stats_map(child, setup, why));
	settings.snapshot_path = buf_c(&setup->snapshot);
	settings.zone = config->dns.zone;
	settings.public_url = config->http.url;
	settings.access = config->dns.access.items;
	settings.access_count = config->dns.access.n;
	settings.rate_per_s = (uint32_t)config->dns.rate;
	settings.sockets = setup->sockets;
	settings.socket_count = setup->socket_count;
	settings.stats = setup->stats;
	return answer_start(&settings, &setup->answer, why);
}

/* The threads do the work; this one only hears that it is over. */
static enum err serve(struct child *child, struct answer_setup *setup, struct why *why)
{
	struct child_event event;

	TRY(start(child, setup, why));
	TRY(child_ready(child, why));
	for (;;) {
		TRY(child_wait(child, -1, why));
		while (child_next(child, &event)) {
			bool is_over = event.kind == CHILD_STOP;

			message_done(&event.message);
			if (is_over)
				return OK;
		}
	}
}

int answer_role(struct child *child)
{
	struct answer_setup setup = { 0 };
	struct why why = { 0 };
	enum err err = serve(child, &setup, &why);

	setup_done(&setup);
	if (err == OK || err == ERR_CLOSED)
		return CHILD_EXIT_OK;
	log_why(LOG_ERROR, "answer_ends", &why);
	return err == ERR_USAGE || err == ERR_SYNTAX ? CHILD_EXIT_HOPELESS : CHILD_EXIT_FAILED;
}
