/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Removing evidence, past states, episodes and runs that ended longer ago than they may be kept.
 * Keeper alone.
 */
#pragma once

#include "store/db.h"

struct retention_result {
	uint64_t evidence;
	uint64_t past; /* states that claims were known in before */
	uint64_t episodes;
	uint64_t runs;
};

/*
 * Removes at most step_max rows of each table that ended before before_s, in one transaction;
 * *is_more tells that there are further ones.
 */
NODISCARD enum err retention_step(struct db *db, int64_t before_s, uint64_t step_max,
	struct retention_result *out, bool *is_more, struct why *why);
