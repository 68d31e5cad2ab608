/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The live copy from inside: how a change is made so that readers, who take no lock, see the old or
 * the new verdict of each address.
 *
 * A change is a few stores of which exactly one, the id, decides for each address; what the id
 * leads to is stored before. Readers fall from the longest prefix to the shortest, each step after
 * the one before, so an id that goes to 0 uncovers what was there already. `turn` tells a reader
 * that more than one change went by while it fell, and it looks again.
 */
#pragma once

#include "base/map.h"
#include "reader.h"
#include "snapshot/live.h"
#include "snapshot/verdict.h"

struct snapshot_live {
	struct pehra map;
	struct verdict_table *verdicts;
	struct map sources; /* name → number */
};

/* An id with its detail; id 0: nothing. */
struct live_value {
	uint16_t id;
	uint64_t detail;
};

static inline void live_store(
	_Atomic uint16_t *id, _Atomic uint64_t *detail, struct live_value value)
{
	atomic_store_explicit(detail, value.detail, memory_order_release);
	atomic_store_explicit(id, value.id, memory_order_release);
}

void live_begin(struct snapshot_live *live);
void live_end(struct snapshot_live *live);

/* Adds -1, 0 or 1 to a count of entries. */
static inline void live_count(_Atomic uint64_t *count, int change)
{
	atomic_store_explicit(count, LOAD(count) + (uint64_t)(int64_t)change, memory_order_relaxed);
}

NODISCARD enum err live_verdict_check(
	const struct snapshot_live *live, uint16_t verdict, struct why *why);
