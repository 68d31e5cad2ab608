/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/open.h"

#include "base/buf.h"

#include <errno.h>

enum err snapshot_open_error(enum pehra_status status, const char *path, struct why *why)
{
	if (status == PEHRA_ERROR_SYSTEM && errno == ENOENT)
		return fail(why, ERR_NOT_FOUND,
			"no snapshot at %s; `pehra feed import` or `pehra snapshot build` makes "
			"one",
			path);
	if (status == PEHRA_ERROR_SYSTEM)
		return fail_sys(why, "cannot open the snapshot %s", path);
	return fail(why, ERR_CORRUPT, "%s: %s", path, pehra_status_text(status));
}

enum err snapshot_open_data(const char *data, struct pehra **out, struct why *why)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	enum pehra_status status;

	buf_fmt(&path, "%s/" SNAPSHOT_LIVE, data);
	status = pehra_open(buf_c(&path), PEHRA_OPEN_PLAIN, out);
	if (status == PEHRA_OK)
		return OK;
	return snapshot_open_error(status, buf_c(&path), why);
}
