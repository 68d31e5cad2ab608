/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a role that died is started again: at once the first time, then after a wait that doubles
 * with each death, until it has lived quietly for a while. Pure; the caller brings the time.
 */
#pragma once

#include "base/err.h"

struct backoff_times {
	int first_ms;
	int most_ms;
	int quiet_ms; /* who lived so long begins anew */
};
extern const struct backoff_times backoff_times_default;

/* From so many deaths in a row on it is reported as an error. */
enum { BACKOFF_LOOP_DEATHS = 5 };

struct backoff {
	unsigned deaths; /* in a row */
};

/* Notes a death after lived_ms; returns how long to wait. */
int64_t backoff_death(struct backoff *backoff, const struct backoff_times *times, int64_t lived_ms);

static inline bool backoff_is_loop(const struct backoff *backoff)
{
	return backoff->deaths >= BACKOFF_LOOP_DEATHS;
}
