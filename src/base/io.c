/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_CHUNK_BYTES = 64 * 1024 };

void fd_close(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

enum err fd_read_all(int fd, size_t limit, struct buf *out, struct why *why)
{
	size_t before = out->n;

	for (;;) {
		ssize_t n = read(fd, buf_reserve(out, READ_CHUNK_BYTES), READ_CHUNK_BYTES);

		if (n == 0)
			return OK;
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail_sys(why, "cannot read");
		out->n += (size_t)n;
		if (out->n - before > limit)
			return fail(why, ERR_LIMIT, "more than %zu bytes", limit);
	}
}

enum err fd_write_all(int fd, struct str bytes, struct why *why)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail_sys(why, "cannot write");
		bytes = str_from_index(bytes, (size_t)n);
	}
	return OK;
}

enum err file_read(const char *path, size_t limit, struct buf *out, struct why *why)
{
	CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1 && errno == ENOENT)
		return fail(why, ERR_NOT_FOUND, "no file %s", path);
	if (fd == -1)
		return fail_sys(why, "cannot open %s", path);
	return fd_read_all(fd, limit, out, why);
}

static enum err folder_sync(const char *path, struct why *why)
{
	char folder[PATH_MAX];
	size_t slash = str_find_last(str_c(path), '/');

	if (path[slash] == '\0')
		(void)str_to_c(STR("."), folder, sizeof folder);
	else if (!str_to_c(str_from(path, slash == 0 ? 1 : slash), folder, sizeof folder))
		return fail(why, ERR_LIMIT, "path too long: %s", path);

	CLEANUP(fd_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 || fsync(fd) == -1)
		return fail_sys(why, "cannot sync folder %s", folder);
	return OK;
}

static enum err write_synced(const char *path, struct str bytes, unsigned mode, struct why *why)
{
	CLEANUP(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd == -1)
		return fail_sys(why, "cannot create %s", path);
	TRY(fd_write_all(fd, bytes, why));
	if (fsync(fd) == -1)
		return fail_sys(why, "cannot sync %s", path);
	return OK;
}

enum err file_replace(const char *path, struct str bytes, unsigned mode, struct why *why)
{
	CLEANUP(buf_done) struct buf temporary = { 0 };

	buf_fmt(&temporary, "%s.tmp.%d", path, (int)getpid());

	const char *name = buf_c(&temporary);
	enum err err = write_synced(name, bytes, mode, why);

	if (err == OK && rename(name, path) == -1)
		err = fail_sys(why, "cannot rename %s to %s", name, path);
	if (err != OK) {
		(void)unlink(name);
		return err;
	}
	return folder_sync(path, why);
}

enum err folder_make(const char *path, unsigned mode, struct why *why)
{
	char part[PATH_MAX];
	struct str whole = str_c(path);

	for (size_t i = 1; i <= whole.n; i++) {
		if (i != whole.n && whole.p[i] != '/')
			continue;
		if (!str_to_c(str_first(whole, i), part, sizeof part))
			return fail(why, ERR_LIMIT, "path too long: %s", path);
		if (mkdir(part, mode) == -1 && errno != EEXIST)
			return fail_sys(why, "cannot make folder %s", part);
	}
	return OK;
}
