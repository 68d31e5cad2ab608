/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One server, or one command that writes, per data folder: an exclusive flock on FOLDER/lock, which
 * holds the owner's process number for messages. The lock goes with the descriptor, so a crash
 * frees it.
 */
#pragma once

#include "base/err.h"

/*
 * The folder must exist. *out is the lock; closing it (fd_close) frees it. ERR_BUSY names the
 * holder's process.
 */
NODISCARD enum err lock_take(const char *data, int *out, struct why *why);
