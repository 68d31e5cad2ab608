/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/replace.h"

#include "base/io.h"
#include "format.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void replacement_done(struct replacement *file)
{
	if (file->fd != -1)
		(void)unlink(buf_c(&file->temporary));
	fd_close(&file->fd);
	buf_done(&file->path);
	buf_done(&file->temporary);
}

enum err replacement_open(
	struct replacement *file, const char *path, unsigned mode, struct why *why)
{
	buf_fmt(&file->path, "%s", path);
	buf_fmt(&file->temporary, "%s.tmp.%d", path, (int)getpid());
	file->fd =
		open(buf_c(&file->temporary), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
	return file->fd == -1 ? fail_sys(why, "cannot create %s", buf_c(&file->temporary)) : OK;
}

/* Readers that miss it keep the old file: the mark is a help, so its failure is none. */
static void mark_superseded(int old)
{
	const uint32_t yes = 1;
	struct stat about;

	if (old != -1 && fstat(old, &about) == 0 && about.st_size >= 2 * SNAPSHOT_PAGE_BYTES)
		(void)!pwrite(old, &yes, sizeof yes,
			SNAPSHOT_PAGE_BYTES + offsetof(struct snapshot_control, superseded));
}

enum err replacement_move(const char *from, const char *to, struct why *why)
{
	CLEANUP(fd_close) int old = open(to, O_RDWR | O_CLOEXEC);

	if (rename(from, to) == -1)
		return fail_sys(why, "cannot rename to %s", to);
	mark_superseded(old);
	return OK;
}

enum err replacement_commit(struct replacement *file, struct why *why)
{
	const char *path = buf_c(&file->path);
	size_t slash = str_find_last(buf_view(&file->path), '/');
	CLEANUP(buf_done) struct buf folder = { 0 };

	if (slash == file->path.n)
		buf_str(&folder, STR("."));
	else
		buf_put(&folder, path, slash == 0 ? 1 : slash);

	CLEANUP(fd_close) int folder_fd = open(buf_c(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder_fd == -1)
		return fail_sys(why, "cannot open %s", buf_c(&folder));
	TRY(replacement_move(buf_c(&file->temporary), path, why));
	fd_close(&file->fd);
	return fsync(folder_fd) == -1 ? fail_sys(why, "cannot sync %s", buf_c(&folder)) : OK;
}
