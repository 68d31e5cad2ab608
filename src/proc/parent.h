/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parent of all roles: starts them, opens what they inherit, connects them, starts again those
 * that die, and stops them. It parses nothing but its own settings; of what children send it reads
 * frames, the bits of READY, and passes GENERATION on unread.
 *
 * Signals: SIGTERM and SIGINT stop (STOP to every role; SIGKILL after the deadline or a second
 * signal), SIGHUP reads the settings again (RELOAD to every role).
 */
#pragma once

#include "proc/backoff.h"
#include "proc/inherit.h"
#include "proc/role.h"

struct parent_options {
	const char *data; /* the data folder; locked by the caller (lock.h) */
	const char *user; /* NULL: who owns data */
	const struct process_role *roles;
	size_t role_count;
	const struct inherit *inherits;
	size_t inherit_count;
	enum sandbox_mode sandbox;
	bool has_network_store;
	bool is_single;            /* threads in this process instead of processes; no sandbox */
	const struct clock *clock; /* NULL stands for the machine's */
	unsigned log_most;         /* enum log_level of the roles; 0 stands for LOG_INFO */
	int stop_ms;               /* how long roles may take to stop; 0: PARENT_STOP_MS */

	const struct backoff_times *backoff; /* NULL: backoff_times_default */

	void *state; /* of the functions below */
	/* The settings for one role, as JSON. */
	void (*settings)(void *state, enum process process, struct buf *json);
	/* SIGHUP: reads the settings again. When it fails the old ones stay, and the log says why.
	 */
	enum err (*reload)(void *state, struct why *why);
	/* Every role is at work, for the first time. May be NULL. */
	void (*ready)(void *state);
};

enum { PARENT_STOP_MS = 10000 };

/*
 * Runs until a signal stops it; OK after an orderly stop. Called in a process of one thread; the
 * signals above are blocked from here on.
 */
NODISCARD enum err parent_run(const struct parent_options *options, struct why *why);
