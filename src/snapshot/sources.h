/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What scoring has to know of each source, indexed by the number it has in the store: what is
 * declared of it, and what the model has learned. A weight that was declared by hand wins over the
 * default until the source is proven; then the learned one wins.
 */
#pragma once

#include "base/arena.h"
#include "score/model.h"
#include "store/db.h"

struct source_table {
	struct score_source *rows; /* a number without a source has an empty name */
	size_t n;
	struct arena arena;
};

void source_table_done(struct source_table *table);

/*
 * All sources of the store. A full list that was not read for SOURCE_SILENT_CADENCES of its
 * cadences (at least SOURCE_SILENT_LEAST_S) before now_s is silent since it was last read.
 */
enum { SOURCE_SILENT_CADENCES = 3, SOURCE_SILENT_LEAST_S = 2 * 86400 };
NODISCARD enum err source_table_load(struct db *db, const struct model *model, int64_t now_s,
	struct source_table *out, struct why *why);
