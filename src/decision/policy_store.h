/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Policies as they are kept: a name (the audience), numbered versions, one of them live. Nothing is
 * ever overwritten; going back is making an old version live again.
 */
#pragma once

#include "base/arena.h"
#include "score/policy.h"
#include "store/db.h"

#define POLICY_DEFAULT_NAME "default"
enum { POLICY_NAME_MAX = 64, POLICY_NOTE_MAX = 1000, POLICY_TEXT_MAX = 64 * 1024 };

struct policy_version {
	int64_t id; /* counts over all names */
	struct str name;
	struct str text; /* the JSON as given */
	struct str note; /* why */
	int64_t made_s;
	struct str made_by;
	int64_t live_from_s;  /* 0: never was; the newest time that it went live */
	int64_t live_until_s; /* 0: is live, when live_from_s is not 0 */
	struct str live_by;
};

/* Keeps a version; it is not live yet. text is JSON that policy_read() takes. */
NODISCARD enum err policy_add(struct db *db, struct str name, struct str text, struct str note,
	struct str by, int64_t now_s, int64_t *id, struct why *why);
/* Makes it the live one of its name from now on. */
NODISCARD enum err policy_go_live(
	struct db *db, int64_t id, struct str by, int64_t now_s, struct why *why);
typedef enum err (*policy_each)(void *state, const struct policy_version *row, struct why *why);
/* All versions of a name (empty: of all), newest first. */
NODISCARD enum err policy_list(
	struct db *db, struct str name, policy_each each, void *state, struct why *why);
NODISCARD enum err policy_find(struct db *db, int64_t id, struct arena *arena,
	struct policy_version *out, struct why *why);
/* That was live at as_of_s (0: is live); the built-in default when none is and name is "default",
 * else ERR_NOT_FOUND. *id is 0 for the built-in one. */
NODISCARD enum err policy_live(struct db *db, struct str name, int64_t as_of_s, struct policy *out,
	int64_t *id, struct why *why);
