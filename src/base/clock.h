/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time: whole seconds since 1970 UTC (names end in _s), and a monotonic clock for durations
 * (names end in _ns). The clock is passed in, so a test can set it and a jump can be tried.
 */
#pragma once

#include "base/buf.h"

struct clock {
	/* NULL stands for the machine's own clocks */
	int64_t (*now_s)(void *state);
	int64_t (*monotonic_ns)(void *state);
	void *state;
};

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400 };

int64_t clock_now_s(const struct clock *clock);
int64_t clock_monotonic_ns(const struct clock *clock);

/* RFC 3339 in UTC with whole seconds: 2026-11-23T20:49:00Z. */
void time_format(struct buf *out, int64_t time_s);
/* The date alone: 2026-11-23. */
void date_format(struct buf *out, int64_t time_s);

/*
 * Reads the times that feeds write: RFC 3339 with any offset, "2026-11-23 20:49:00[.5]" (UTC),
 * "2026-11-23", and whole seconds since 1970. False on anything else or outside 1970..2199.
 */
bool time_parse(struct str s, int64_t *out_s);

/* Durations of the configuration: a whole number with one unit of s, m, h, d, w. */
bool duration_parse(struct str s, int64_t *out_s);
