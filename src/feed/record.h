/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One record of a mapped format: the text of each column, from which a claim is made.
 */
#pragma once

#include "feed/intake.h"

struct feed_record {
	struct str columns[COLUMN_LIMIT]; /* empty: the record does not say */
	bool below;                       /* a name stands for all below it, too */
	struct str shown;                 /* the sample, should it be refused */
};

/* Counts the record as accepted or refused. */
void record_offer(struct feed_intake *intake, const struct feed_record *record);
