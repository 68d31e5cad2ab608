/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Overrides: a person's allow or block of one indicator, with owner, reason and end, all three
 * mandatory. Kept for ever; one that ended or was revoked shows when it was in force, so that past
 * verdicts can be replayed. Keeper writes; everybody may read.
 *
 * A wide one (over OVERRIDE_ALONE_*), and an allow of what hits critical infrastructure, waits
 * until a second person approves it: somebody other than who made it.
 */
#pragma once

#include "base/arena.h"
#include "evidence/indicator.h"
#include "store/db.h"

enum {
	OVERRIDE_ALONE_IP4_WIDTH = 20, /* wider needs a second person */
	OVERRIDE_ALONE_IP6_LENGTH = 32,
	OVERRIDE_REASON_MAX = 1000,
	OVERRIDE_OWNER_MAX = 128,
	OVERRIDE_DAYS_MAX = 3660,
	OVERRIDES_MAX = 1000000 /* in force or waiting at once */
};

enum override_state {
	OVERRIDE_WAITING, /* for a second person */
	OVERRIDE_IN_FORCE,
	OVERRIDE_ENDED, /* by its own end */
	OVERRIDE_REVOKED,
	OVERRIDE_REFUSED, /* by the second person */
	OVERRIDE_STATES
};
struct str override_state_name(enum override_state state);

struct override {
	int64_t id;
	struct indicator indicator;
	bool is_allow;
	struct str owner; /* who answers for it: a person or a team */
	struct str reason;
	struct str second_reason; /* why a second person is needed; empty: none is */
	int64_t made_s;
	struct str made_by; /* the actor of the command */
	int64_t ends_s;
	int64_t decided_s; /* approved or refused; 0: not yet, or not needed */
	struct str decided_by;
	int64_t revoked_s; /* 0: not */
	struct str revoked_by;
	int64_t starts_s;          /* in force from; 0: not yet */
	enum override_state state; /* as of the time asked for */
};

struct override_request {
	struct indicator indicator;
	bool is_allow;
	struct str owner;
	struct str reason;
	int64_t ends_s;
	struct str made_by;
	bool hits_critical; /* the caller knows from the evidence */
};

/* Why it needs a second person, or an empty text. Pure. */
struct str override_second_reason(const struct override_request *request);

/*
 * ERR_USAGE: owner or reason empty or too long, an end that is past or too far, an indicator that
 * is a hash or a pattern. The same indicator and kind in force: the new one takes its place (the
 * old one is revoked by made_by). Inside the caller's transaction, as all that change.
 */
NODISCARD enum err override_add(struct db *db, const struct override_request *request,
	int64_t now_s, int64_t *id, struct why *why);
/* ERR_DENIED when by made it; ERR_NOT_FOUND; ERR_USAGE when it does not wait. */
NODISCARD enum err override_decide(
	struct db *db, int64_t id, bool is_approved, struct str by, int64_t now_s, struct why *why);
NODISCARD enum err override_revoke(
	struct db *db, int64_t id, struct str by, int64_t now_s, struct why *why);

typedef enum err (*override_each)(void *state, const struct override *row, struct why *why);
/* In force at as_of_s, ordered by key. */
NODISCARD enum err override_in_force(
	struct db *db, int64_t as_of_s, override_each each, void *state, struct why *why);
/* All, newest first, from the one before `before` (0: the newest), at most limit. */
NODISCARD enum err override_list(struct db *db, int64_t now_s, int64_t before, size_t limit,
	override_each each, void *state, struct why *why);
NODISCARD enum err override_find(struct db *db, int64_t id, int64_t now_s, struct arena *arena,
	struct override *out, struct why *why);
/*
 * Those that came into force or left it, or ended while they waited, within (after_s, until_s], as
 * of until_s, ordered by key. What readers are shown may have missed them.
 */
NODISCARD enum err override_changes(struct db *db, int64_t after_s, int64_t until_s,
	override_each each, void *state, struct why *why);
/* The next time at which one starts or ends after now_s; 0: none. Keeper acts then. */
NODISCARD enum err override_next_change(
	struct db *db, int64_t now_s, int64_t *out, struct why *why);
