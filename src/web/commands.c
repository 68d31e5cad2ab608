/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests that wait for keeper. */
#include "web/server.h"

#include <microhttpd.h>
#include <sys/eventfd.h>
#include <unistd.h>

void commands_start(struct commands *commands)
{
	must(pthread_mutex_init(&commands->mutex, NULL) == 0);
	commands->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(commands->wake_fd != -1);
}

void commands_done(struct commands *commands)
{
	must(pthread_mutex_destroy(&commands->mutex) == 0);
	fd_close(&commands->wake_fd);
	buf_done(&commands->taken);
}

bool commands_put(struct request *request)
{
	struct commands *commands = &request->web->commands;
	uint64_t one = 1;
	bool fits;

	must(pthread_mutex_lock(&commands->mutex) == 0);
	fits = commands->is_up && commands->n < COMMANDS_MAX;
	if (fits) {
		struct request **at = &commands->first;

		while (*at != NULL)
			at = &(*at)->next;
		request->next = NULL;
		request->command_id = ++commands->last_id;
		*at = request;
		commands->n++;
	}
	must(pthread_mutex_unlock(&commands->mutex) == 0);
	if (fits)
		must(write(commands->wake_fd, &one, sizeof one) == sizeof one);
	return fits;
}

int web_wake_fd(const struct web *web)
{
	return web->commands.wake_fd;
}

bool web_next_command(struct web *web, struct web_command *out)
{
	struct commands *commands = &web->commands;
	uint64_t ignored;
	bool found = false;

	must(pthread_mutex_lock(&commands->mutex) == 0);
	for (struct request *r = commands->first; r != NULL && !found; r = r->next) {
		if (r->command_id <= commands->sent_id)
			continue;
		found = true;
		commands->sent_id = r->command_id;
		buf_clear(&commands->taken);
		buf_str(&commands->taken, buf_view(&r->command));
		*out = (struct web_command){ r->command_id, buf_view(&commands->taken) };
	}
	if (!found)
		(void)!read(commands->wake_fd, &ignored, sizeof ignored);
	must(pthread_mutex_unlock(&commands->mutex) == 0);
	return found;
}

/* Takes the request out of the list; NULL: its connection is gone, or nobody asked. */
static struct request *take(struct commands *commands, uint64_t id)
{
	struct request *found = NULL;

	must(pthread_mutex_lock(&commands->mutex) == 0);
	for (struct request **at = &commands->first; *at != NULL; at = &(*at)->next) {
		if ((*at)->command_id != id)
			continue;
		found = *at;
		*at = found->next;
		commands->n--;
		break;
	}
	must(pthread_mutex_unlock(&commands->mutex) == 0);
	return found;
}

void web_reply(struct web *web, uint64_t id, struct str json)
{
	struct request *request = take(&web->commands, id);

	if (request == NULL)
		return;
	command_finish(request, &web->caller, json);
	request_resume(request);
}

void web_keeper_is_up(struct web *web, bool is_up)
{
	struct commands *commands = &web->commands;
	struct request *waiting = NULL;

	must(pthread_mutex_lock(&commands->mutex) == 0);
	commands->is_up = is_up;
	if (!is_up) {
		waiting = commands->first;
		commands->first = NULL;
		commands->n = 0;
	}
	must(pthread_mutex_unlock(&commands->mutex) == 0);
	while (waiting != NULL) {
		struct request *request = waiting;

		waiting = request->next;
		problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "closed",
			"keeper went away; whether the command was carried out is not known");
		request_resume(request);
	}
}
