/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bringing one indicator's change to the readers at once: its evidence is scored again and the
 * entry put into the live snapshot, without waiting for the next generation.
 */
#pragma once

#include "keeper/keeper.h"

/*
 * Maps live.pehra for writing: goes on with the one that is there, or makes it from the newest
 * generation (*is_anew: what was reported since that was built is not in it).
 */
NODISCARD enum err live_reopen(struct keeper *keeper, bool *is_anew, struct why *why);

/*
 * Scores the indicator of this key from the store and puts the result in place. ERR_FULL when only
 * a new generation can show the change: the spare room is used up, or the indicator holds others
 * (a wider prefix, a name with all below), whose scores change with it. That it is a neighbour of
 * others moves their scores a little: they follow with the next generation.
 */
NODISCARD enum err live_apply(struct keeper *keeper, struct str key, struct why *why);

/*
 * The same for a rule that changed, or for what it holds: puts what a new generation would show at
 * the very indicator, and leaves what that holds to the caller.
 */
NODISCARD enum err live_show(struct keeper *keeper, struct str key, struct why *why);
