/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What guard lists say of the claims of one list: counted, and refused where they say never. */
#pragma once

#include "evidence/claim.h"
#include "guard/rules.h"

enum { GUARDED_LISTS_MAX = 16, GUARDED_NAME_MAX = 64, GUARDED_SAMPLE_MAX = 120 };

/* Of one guard list. */
struct guarded_list {
	char name[GUARDED_NAME_MAX + 1];
	enum guard_policy policy;
	uint64_t count;
	char sample[GUARDED_SAMPLE_MAX + 1]; /* the first indicator that it held */
};

/* Zero-initialised is ready. */
struct guarded {
	uint64_t rows; /* that were looked at */
	uint64_t never;
	uint64_t ask;
	struct guarded_list lists[GUARDED_LISTS_MAX]; /* more than these are only counted above */
	size_t list_count;
};

/* Counts what guards of policy never and ask hold. */
void guarded_count(
	struct guarded *guarded, const struct rules *rules, const struct claim_batch *batch);
/* The same, and takes what guards of policy never hold out of the batch. */
void guarded_take_out(
	struct guarded *guarded, const struct rules *rules, struct claim_batch *batch);
