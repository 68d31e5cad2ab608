/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What scoring has to know of each source, indexed by the number it has in the store.
 */
#pragma once

#include "base/arena.h"
#include "snapshot/compile.h"
#include "store/db.h"

struct source_table {
	struct compile_source *rows; /* a number without a source has an empty name */
	size_t n;
	struct arena arena;
};

void source_table_done(struct source_table *table);

/* All sources of the store; those without a weight of their own get default_weight. */
NODISCARD enum err source_table_load(
	struct db *db, double default_weight, struct source_table *out, struct why *why);
