/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of a verdict table: records and source sets in the form of the file, found again by
 * content. The builder writes it out; the live copy fills one from the file it opens.
 */
#pragma once

#include "base/buf.h"
#include "base/map.h"
#include "snapshot/build.h"

enum { VERDICT_LAST_SOURCES = 8 };

struct verdict_table {
	struct buf records;     /* struct pehra_verdict by id; id 0 is all zero */
	struct map ids;         /* record bytes → id */
	struct buf set_starts;  /* uint32_t by set; set 0 is empty */
	struct buf set_numbers; /* uint16_t: count, numbers; ... */
	struct map sets;        /* numbers → set */

	/* what was interned last, which is often what comes next */
	struct pehra_verdict last;
	uint16_t last_sources[VERDICT_LAST_SOURCES];
	size_t last_count;
	uint16_t last_id; /* 0: nothing that can be compared */
};

uint32_t verdict_table_count(const struct verdict_table *table); /* the largest id */
/* The id of the same record with another action. */
uint16_t verdict_table_with_action(struct verdict_table *table, uint16_t id, uint8_t action);
uint32_t verdict_table_sets(const struct verdict_table *table); /* set 0 included */
