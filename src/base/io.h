/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files and descriptors: whole reads and writes, atomic replacement, clean-up functions.
 */
#pragma once

#include "base/buf.h"

/* For CLEANUP: closes when not -1. */
void fd_close(int *fd);

/* Reads until the end or limit bytes; more than limit is ERR_LIMIT. */
NODISCARD enum err fd_read_all(int fd, size_t limit, struct buf *out, struct why *why);
NODISCARD enum err fd_write_all(int fd, struct str bytes, struct why *why);
NODISCARD enum err file_read(const char *path, size_t limit, struct buf *out, struct why *why);

/*
 * Replaces path by bytes: temporary file beside it, fsync, rename, fsync of the folder. On failure
 * the old file is as it was.
 */
NODISCARD enum err file_replace(const char *path, struct str bytes, unsigned mode, struct why *why);

/* Makes the folder and its parents; existing ones are fine. */
NODISCARD enum err folder_make(const char *path, unsigned mode, struct why *why);
