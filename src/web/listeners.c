/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening sockets beyond the first, which libmicrohttpd does not take: a thread of their own. */
#include "web/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <sys/socket.h>

static void accept_one(struct web *web, int listener)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;
	int fd = accept4(
		listener, (struct sockaddr *)&address, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);

	/* it closes the connection itself when it does not take it */
	if (fd != -1 &&
		MHD_add_connection(web->daemon, fd, (struct sockaddr *)&address, length) != MHD_YES)
		log_event(LOG_DEBUG, "connection_refused", LOG_I("listener", listener));
}

static void *listeners_main(void *state)
{
	struct web *web = state;
	struct pollfd fds[WEB_LISTENERS_MAX];
	size_t n = web->settings.more_listen_count;

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){ web->settings.more_listen_fds[i], POLLIN, 0 };
	while (!atomic_load(&web->is_stopping)) {
		if (poll(fds, n, -1) == -1)
			continue;
		for (size_t i = 0; i < n; i++) {
			if ((fds[i].revents & POLLIN) != 0)
				accept_one(web, fds[i].fd);
		}
	}
	return NULL;
}

enum err listeners_start(struct web *web, struct why *why)
{
	if (web->settings.more_listen_count == 0)
		return OK;
	if (web->settings.more_listen_count > WEB_LISTENERS_MAX)
		return fail(why, ERR_LIMIT, "more than %d listening sockets", WEB_LISTENERS_MAX);
	errno = pthread_create(&web->listeners_thread, NULL, listeners_main, web);
	if (errno != 0)
		return fail_sys(why, "cannot start a thread");
	web->has_listeners_thread = true;
	return OK;
}

void listeners_stop(struct web *web)
{
	atomic_store(&web->is_stopping, true);
	if (!web->has_listeners_thread)
		return;
	/* wakes the poll */
	for (size_t i = 0; i < web->settings.more_listen_count; i++)
		(void)shutdown(web->settings.more_listen_fds[i], SHUT_RDWR);
	must(pthread_join(web->listeners_thread, NULL) == 0);
	web->has_listeners_thread = false;
}
