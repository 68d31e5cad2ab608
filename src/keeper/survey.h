/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is a list that was read, and not merged yet, fit to take the place of the last good one? A list
 * that is empty, has shrunk or swollen beyond belief, or names what guards hold, is most likely a
 * mistake of its source, and would end or list a great deal at once: it is held for a person.
 */
#pragma once

#include "evidence/import.h"
#include "feed/definition.h"
#include "keeper/guarded.h"

enum {
	SURVEY_SHRUNKEN_LEAST = 20, /* of the last good one, for its half to mean anything */
	SURVEY_SWOLLEN_TIMES = 2,   /* the last good one, and so many more ... */
	SURVEY_SWOLLEN_MORE = 1000,
	SURVEY_GUARDED_LEAST = 20, /* hits of guards that make a list doubtful, */
	SURVEY_GUARDED_PERCENT = 5 /* when they are so much of it */
};

enum survey_finding {
	SURVEY_GOOD,
	SURVEY_EMPTY,
	SURVEY_FEW,      /* fewer than the definition expects */
	SURVEY_SHRUNKEN, /* against the last good one */
	SURVEY_MANY,     /* more than the definition expects */
	SURVEY_SWOLLEN,  /* against the last good one */
	SURVEY_GUARDED,  /* much of it is held by guards */
	SURVEY_FINDINGS
};
/* "empty", "few", "shrunken", "many", "swollen", "guarded". */
struct str survey_finding_name(enum survey_finding finding);

struct survey {
	uint64_t accepted; /* what guards refuse is not accepted */
	struct guarded guarded;
	struct import_good last; /* the last good reading; run 0: this is the first */
};

/* The first thing that speaks against it; why is a sentence about it. Pure. */
enum survey_finding survey_judge(
	const struct survey *survey, const struct feed_definition *definition, struct buf *why);

/* Can anything be found at all? Else the reading need not be judged. */
bool survey_is_needed(const struct feed_definition *definition, const struct import_good *last);
