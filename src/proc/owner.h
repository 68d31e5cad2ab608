/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose the data are. A server that root starts drops to the data folder's owner, so what root
 * makes in that folder must be made as its owner: no role could change it otherwise.
 */
#pragma once

#include "base/err.h"

#include <sys/types.h>

struct owner {
	uid_t uid;
	gid_t gid;
};

/* The user of that name; NULL: who owns the data folder. ERR_NOT_FOUND when there is none. */
NODISCARD enum err owner_find(
	const char *data, const char *user, struct owner *out, struct why *why);

/* Becomes that user for good, without further groups. Only root can. */
NODISCARD enum err owner_become(const struct owner *owner, struct why *why);

/*
 * Does work in the data folder as its owner: in a process of its own when this one is root and the
 * folder is somebody else's, else right here. A folder that is not there is made first, for user
 * when that is not NULL.
 */
NODISCARD enum err owner_run(const char *data, const char *user,
	enum err (*work)(void *state, struct why *why), void *state, struct why *why);
