/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/control.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum err control_accept(
	int listener, struct channel *out, struct control_caller *caller, struct why *why)
{
	CLEANUP(fd_close) int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct ucred who;
	socklen_t size = sizeof who;

	if (fd == -1 && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR))
		return fail(why, ERR_NOT_FOUND, "nobody calls");
	if (fd == -1)
		return fail_sys(why, "cannot accept");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == -1)
		return fail_sys(why, "cannot see who calls");
	*caller = (struct control_caller){ who.uid, who.gid, who.pid };
	channel_init(out, fd, PROCESS_KEEPER, PROCESS_CONTROL, NULL);
	fd = -1;
	return OK;
}

enum err control_connect(const char *data, struct channel *out, struct why *why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(buf_done) struct buf path = { 0 };

	buf_fmt(&path, "%s/" CONTROL_FOLDER, data);

	/* a folder's path may be longer than a socket's address: the socket is reached through it
	 */
	CLEANUP(fd_close) int folder = open(buf_c(&path), O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (folder == -1 && errno == ENOENT)
		return fail(why, ERR_NOT_FOUND, "no server runs on %s", data);
	if (folder == -1 || fd == -1)
		return fail_sys(why, "cannot reach %s", buf_c(&path));
	(void)snprintf(address.sun_path, sizeof address.sun_path,
		"/proc/self/fd/%d/" CONTROL_SOCKET, folder);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) == -1) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return fail(why, ERR_NOT_FOUND, "no server runs on %s", data);
		return fail_sys(why, "cannot connect to the server on %s", data);
	}
	channel_init(out, fd, PROCESS_CONTROL, PROCESS_KEEPER, NULL);
	fd = -1;
	return OK;
}
