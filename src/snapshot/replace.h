/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One snapshot file takes another's place: written beside it, renamed over it, and only then is
 * the old one, which readers may still map, marked as superseded.
 */
#pragma once

#include "base/buf.h"

struct replacement {
	int fd;
	struct buf path;
	struct buf temporary;
};

/* file is zero but for fd -1; for CLEANUP: removes the temporary file unless committed. */
void replacement_done(struct replacement *file);
NODISCARD enum err replacement_open(
	struct replacement *file, const char *path, unsigned mode, struct why *why);
/*
 * As replacement_commit() for a file that is whole already, but the folder is not synced: after a
 * loss of power either file may be there.
 */
NODISCARD enum err replacement_move(const char *from, const char *to, struct why *why);
/* The content must be synced; the folder is synced here. */
NODISCARD enum err replacement_commit(struct replacement *file, struct why *why);
