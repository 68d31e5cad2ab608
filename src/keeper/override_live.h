/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules that changed, brought to the readers at once: an override is put into the live copy, and
 * what it holds is shown anew, a few milliseconds' worth at a time so that commands are taken in
 * between. What is too much for that is left to a new generation, which is built at once.
 */
#pragma once

#include "keeper/service.h"

/* Most indicators within an override that are shown anew in the live copy. */
enum { LIVE_WITHIN_MAX = 5000 };

/*
 * The override of this indicator began, ended or was revoked: reads the rules again, and shows what
 * follows. *is_shown: the override's own entry is in the live copy.
 */
NODISCARD enum err override_show(struct service *service, const struct indicator *indicator,
	bool *is_shown, struct why *why);

/* Goes on with what is held; for every turn of the loop. True when there is more to do. */
bool override_live_turn(struct service *service);

/* What began or ended by the clock: a build shows it. For every turn of the loop. */
void overrides_by_clock(struct service *service);
/* At a start: what was decided since then, the live copy may not show. */
void overrides_since(struct service *service, int64_t since_s);
