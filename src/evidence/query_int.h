/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files that read evidence share. */
#pragma once

#include "evidence/query.h"

/* The state of a claim, of evidence or evidence_past; evidence_at() reads them. */
#define EVIDENCE_COLUMNS                                                           \
	"e.indicator, e.source, e.role, e.category, e.tlp, e.confidence, e.count," \
	" e.first_seen, e.last_seen, e.ended, e.recent, e.lasting, e.decayed_at,"  \
	" e.episodes, e.started, e.changed, e.reference"
enum { EVIDENCE_COLUMN_COUNT = 17 };

/* By position, as a union needs it: source, indicator, role, category. */
#define EVIDENCE_ORDER " ORDER BY 2, 1, 3, 4"

/*
 * Claims alone, source by source: so the table is read in its order, and the parts of it that guard
 * or tell routes are never touched. There is no index by indicator alone: sources are few, so one
 * look-up in each source's part costs less than a second index on every row (docs/decisions/0010).
 */
#define EVIDENCE_OF_CLAIMS(table) \
	" FROM " table " e WHERE e.source IN (SELECT id FROM source WHERE purpose = 0)"

/* The row a statement stands on. */
struct evidence evidence_at(const struct db_statement *list);
