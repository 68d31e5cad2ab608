/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/inherit.h"

#include "base/io.h"
#include "base/log.h"
#include "net/ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, SOCKET_FILE_MODE = 0660, SOCKET_FOLDER_MODE = 0750 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* "192.0.2.1:53" or "[2001:db8::1]:53". */
static enum err address_read(
	const char *where, union address *out, socklen_t *size, struct why *why)
{
	struct str text = str_c(where);
	size_t colon = str_find_last(text, ':');
	struct str host = str_first(text, colon);
	struct ipaddr ip;
	uint64_t port;

	if (colon == text.n || !parse_u64(str_from_index(text, colon + 1), &port) ||
		port > UINT16_MAX)
		return fail(why, ERR_USAGE, "'%s' is not ADDRESS:PORT", where);
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = str_from(host.p + 1, host.n - 2);
	if (ip_parse(host, &(struct ip_rules){ 0 }, &ip, why) != OK)
		return fail(why, ERR_USAGE, "'%s' is not ADDRESS:PORT", where);
	memset(out, 0, sizeof *out);
	if (ip_is_v4(&ip)) {
		*size = sizeof out->v4;
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons((uint16_t)port);
		out->v4.sin_addr.s_addr = htonl(ip_to_u32(&ip));
	} else {
		*size = sizeof out->v6;
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons((uint16_t)port);
		memcpy(&out->v6.sin6_addr, ip.bytes, sizeof ip.bytes);
	}
	return OK;
}

static bool set_option(int fd, int level, int name)
{
	int on = 1;

	return setsockopt(fd, level, name, &on, sizeof on) == 0;
}

/* A bound socket; with_others lets further sockets of ours share the port. */
static enum err bind_at(const struct inherit *row, const union address *address, socklen_t size,
	bool with_others, int *out, struct why *why)
{
	int type = row->kind == INHERIT_UDP ? SOCK_DGRAM : SOCK_STREAM;
	CLEANUP(fd_close)
	int fd = socket(address->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return fail_sys(why, "cannot make a socket for %s", row->where);
	if ((address->any.sa_family == AF_INET6 && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY)) ||
		(type == SOCK_STREAM && !set_option(fd, SOL_SOCKET, SO_REUSEADDR)) ||
		(with_others && !set_option(fd, SOL_SOCKET, SO_REUSEPORT)))
		return fail_sys(why, "cannot prepare a socket for %s", row->where);
	if (bind(fd, &address->any, size) == -1)
		return fail_sys(why, "cannot listen on %s (%s)", row->where, row->name);
	*out = fd;
	fd = -1;
	return OK;
}

static enum err add_port(struct inherit_set *set, const struct inherit *row, struct why *why)
{
	union address address;
	socklen_t size;

	TRY(address_read(row->where, &address, &size, why));
	if (row->count > 1) {
		/* sockets that share a port would share it with a second server, too */
		CLEANUP(fd_close) int alone = -1;

		TRY(bind_at(row, &address, size, false, &alone, why));
	}
	for (unsigned i = 0; i < row->count; i++) {
		CLEANUP(fd_close) int fd = -1;

		TRY(bind_at(row, &address, size, row->count > 1, &fd, why));
		/* port 0: the kernel chose one, and the others follow */
		if (getsockname(fd, &address.any, &size) == -1)
			return fail_sys(why, "cannot see the port of %s", row->name);
		if (row->kind == INHERIT_TCP && listen(fd, BACKLOG) == -1)
			return fail_sys(why, "cannot listen on %s (%s)", row->where, row->name);
		set->items[set->n++] = (struct inherit_open){ row, i, fd, -1 };
		fd = -1;
	}
	log_event(LOG_INFO, "listening", LOG_C("name", row->name), LOG_C("where", row->where),
		LOG_U("port", ntohs(address.v4.sin_port)), LOG_U("sockets", row->count));
	return OK;
}

/*
 * The folder belongs to a role, which might put a link in the way of a parent that is root: the
 * folder is opened once, without following, and everything happens below it.
 */
static enum err add_file(
	struct inherit_set *set, const struct inherit *row, const char *owner, struct why *why)
{
	struct str path = str_c(row->where);
	size_t slash = str_find_last(path, '/');
	CLEANUP(buf_done) struct buf folder = { 0 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat whose;

	if (slash == path.n)
		return fail(why, ERR_USAGE, "'%s' is not an absolute path", row->where);
	buf_str(&folder, str_first(path, slash));
	TRY(folder_make(buf_c(&folder), SOCKET_FOLDER_MODE, why));

	CLEANUP(fd_close)
	int dir = open(buf_c(&folder), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	CLEANUP(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const char *name = row->where + slash + 1;

	if (dir == -1 || fd == -1 || stat(owner, &whose) == -1)
		return fail_sys(why, "cannot reach %s", buf_c(&folder));
	(void)snprintf(
		address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%.64s", dir, name);
	if (unlinkat(dir, name, 0) == -1 && errno != ENOENT)
		return fail_sys(why, "cannot remove the old %s", row->where);
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) == -1 ||
		listen(fd, BACKLOG) == -1)
		return fail_sys(why, "cannot listen on %s", row->where);
	if (geteuid() == 0 &&
		(fchownat(dir, "", whose.st_uid, whose.st_gid, AT_EMPTY_PATH) == -1 ||
			fchownat(dir, name, whose.st_uid, whose.st_gid, AT_SYMLINK_NOFOLLOW) == -1))
		return fail_sys(why, "cannot give %s to its user", row->where);
	if (fchmodat(dir, name, SOCKET_FILE_MODE, 0) == -1)
		return fail_sys(why, "cannot set the mode of %s", row->where);
	set->items[set->n++] = (struct inherit_open){ row, 0, fd, -1 };
	fd = -1;
	return OK;
}

static enum err add_memory(struct inherit_set *set, const struct inherit *row, struct why *why)
{
	CLEANUP(fd_close) int fd = memfd_create(row->name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char path[32];

	/* of fixed size, so that no role can take the ground from under another */
	if (fd == -1 || ftruncate(fd, (off_t)row->size_bytes) == -1 ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == -1)
		return fail_sys(why, "cannot make shared memory for %s", row->name);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);

	int read_fd = open(path, O_RDONLY | O_CLOEXEC);

	if (read_fd == -1)
		return fail_sys(why, "cannot make shared memory for %s", row->name);
	set->items[set->n++] = (struct inherit_open){ row, 0, fd, read_fd };
	fd = -1;
	return OK;
}

enum err inherit_open_all(struct inherit_set *set, const struct inherit *rows, size_t count,
	const char *owner, struct why *why)
{
	set->n = 0;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].count > INHERIT_MAX - set->n)
			return fail(why, ERR_LIMIT, "more than %d sockets to inherit",
				(int)INHERIT_MAX);
		if (rows[i].kind == INHERIT_MEMORY)
			TRY(add_memory(set, &rows[i], why));
		else if (rows[i].kind == INHERIT_UNIX)
			TRY(add_file(set, &rows[i], owner, why));
		else
			TRY(add_port(set, &rows[i], why));
	}
	return OK;
}

void inherit_done(struct inherit_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		fd_close(&set->items[i].fd);
		fd_close(&set->items[i].read_fd);
	}
	set->n = 0;
}
