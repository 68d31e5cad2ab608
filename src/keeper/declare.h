/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is declared of sources: the catalogue's word for those that are in it, an administrator's
 * (source.set) for all others.
 */
#pragma once

#include "evidence/query.h"
#include "keeper/keeper.h"

/*
 * Before a list of the source is read: the store knows the source, and the list is for what the
 * source is for. One that is not in the catalogue is declared by its first list; from then on
 * source.set alone changes that, but for the policy of a guard list. may_vouch: the list comes from
 * somebody who may decide; without, a new source is new (nobody vouches for it) and makes claims.
 */
NODISCARD enum err declare_source(struct keeper *keeper, const struct feed_definition *definition,
	bool may_vouch, struct why *why);

/* What the store knows of a source; false when it does not know it. family lies in the arena. */
NODISCARD enum err declared_find(struct keeper *keeper, struct str name, struct arena *arena,
	struct source_properties *out, bool *is_known, struct why *why);
/* Declares, and takes it into the scoring. */
NODISCARD enum err declared_set(struct keeper *keeper, struct str name,
	const struct source_properties *properties, struct why *why);
