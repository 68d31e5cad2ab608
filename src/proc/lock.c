/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/lock.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_MODE = 0640, HOLDER_MAX = 32 };

static enum err busy(int fd, const char *data, struct why *why)
{
	char text[HOLDER_MAX];
	ssize_t n = pread(fd, text, sizeof text, 0);
	struct str holder = str_trim(str_from(text, n < 0 ? 0 : (size_t)n));

	return fail(why, ERR_BUSY, "the data folder %s is in use by process %.*s", data,
		STR_FMT(holder));
}

/* A lock that root made must be the data folder's owner's to take, too. */
static enum err give_to_owner(int fd, const char *data, struct why *why)
{
	struct stat folder, lock;

	if (geteuid() != 0)
		return OK;
	if (stat(data, &folder) == -1 || fstat(fd, &lock) == -1)
		return fail_sys(why, "cannot reach the data folder %s", data);
	/* a second name of a file of root's would be a trap */
	if (!S_ISREG(lock.st_mode) || lock.st_nlink != 1)
		return fail(why, ERR_DENIED, "%s/lock is no plain file", data);
	if (fchown(fd, folder.st_uid, folder.st_gid) == -1)
		return fail_sys(why, "cannot give %s/lock to its owner", data);
	return OK;
}

enum err lock_take(const char *data, int *out, struct why *why)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof path, "%s/lock", data);

	if (length < 0 || (size_t)length >= sizeof path)
		return fail(why, ERR_LIMIT, "path too long: %s", data);

	CLEANUP(fd_close)
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);

	if (fd == -1)
		return fail_sys(why, "cannot open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		return errno == EWOULDBLOCK ? busy(fd, data, why)
					    : fail_sys(why, "cannot lock %s", path);

	TRY(give_to_owner(fd, data, why));

	char text[HOLDER_MAX];
	int n = snprintf(text, sizeof text, "%d\n", (int)getpid());

	if (ftruncate(fd, 0) == -1 || pwrite(fd, text, (size_t)n, 0) != n)
		return fail_sys(why, "cannot write %s", path);
	*out = fd;
	fd = -1;
	return OK;
}
