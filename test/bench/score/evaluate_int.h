/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of evaluate() share. */
#pragma once

#include "bench/score/evaluate.h"

struct run {
	const struct evaluation_plan *plan;
	const struct history *history;
	const struct truth *truth;
	struct evaluation *out;
	struct forecast learned;
	struct forecast built_in;
	struct ledger now;
	struct ledger then; /* a horizon earlier: what learning knows */
	struct keep *keep;  /* NULL outside the watched days */
};

/* What one method says of all indicators; NaN where nothing is claimed in the role src. */
struct rated {
	double *rates[METHODS];
	uint8_t *actions; /* of METHOD_LEARNED: what is answered */
	uint8_t *scored;  /* and the policy's word alone */
};
void rated_init(struct rated *rated, size_t n);
void rated_done(struct rated *rated); /* for CLEANUP */
/* At the end of the ledgers' day. */
void run_rate(struct run *run, struct rated *rated);

/* ---- evaluate_keep.c: lists kept day by day ---- */
struct keep *keep_new(const struct run *run);
void keep_free(struct keep **keep);
void keep_day(struct keep *keep, const struct run *run, const struct rated *rated);
void keep_finish(struct keep *keep, const struct run *run);
