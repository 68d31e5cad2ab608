/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/backoff.h"

const struct backoff_times backoff_times_default = {
	.first_ms = 100,
	.most_ms = 30000,
	.quiet_ms = 60000,
};

int64_t backoff_death(struct backoff *backoff, const struct backoff_times *times, int64_t lived_ms)
{
	int64_t wait_ms = 0;

	if (lived_ms >= times->quiet_ms)
		backoff->deaths = 0;
	for (unsigned i = 0; i < backoff->deaths && wait_ms < times->most_ms; i++)
		wait_ms = wait_ms == 0 ? times->first_ms : 2 * wait_ms;
	backoff->deaths++;
	return wait_ms < times->most_ms ? wait_ms : times->most_ms;
}
