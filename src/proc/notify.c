/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/notify.h"

#include "base/io.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Half of what the manager allows, as sd_watchdog_enabled(3) advises. */
static int64_t watchdog_ms(void)
{
	uint64_t allowed_us, pid;
	const char *whose = getenv("WATCHDOG_PID");

	if (whose != NULL && (!parse_u64(str_c(whose), &pid) || pid != (uint64_t)getpid()))
		return 0;
	if (!parse_u64(str_c(getenv("WATCHDOG_USEC")), &allowed_us) || allowed_us < 2000 ||
		allowed_us > INT64_MAX)
		return 0;
	return (int64_t)(allowed_us / 2000);
}

void notify_init(struct notify *notify)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct str path = str_c(getenv("NOTIFY_SOCKET"));

	*notify = (struct notify){ .fd = -1 };
	if (path.n < 2 || (path.p[0] != '/' && path.p[0] != '@') ||
		!str_to_c(path, address.sun_path, sizeof address.sun_path))
		return;
	/* an abstract name: no file, and its length counts */
	if (path.p[0] == '@')
		address.sun_path[0] = '\0';

	CLEANUP(fd_close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n);

	if (fd == -1 || connect(fd, (const struct sockaddr *)&address, size) == -1)
		return;
	notify->watchdog_ms = watchdog_ms();
	notify->fd = fd;
	fd = -1;
}

void notify_done(struct notify *notify)
{
	fd_close(&notify->fd);
}

void notify_say(const struct notify *notify, const char *state)
{
	if (notify->fd != -1)
		/* a manager that does not read loses the word, not the service */
		(void)!send(notify->fd, state, strlen(state), MSG_NOSIGNAL);
}

void notify_reloading(const struct notify *notify, int64_t monotonic_ns)
{
	char text[64];
	int n = snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
		(long long)(monotonic_ns / 1000));

	if (n > 0)
		notify_say(notify, text);
}
