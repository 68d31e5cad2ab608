/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rolls forward through a history: learns on the past, predicts, looks what happened in the week
 * after. Nothing that lies after a day is known when that day is judged.
 *
 * Two questions are asked of each day, of all indicators of which anything is claimed and that are
 * not on the label's list (an own sensor, which cannot newly list those that are):
 *
 *   label   will the label newly list it within 7 days?
 *   report  will an own sensor, or a trusted source that is independent of one that claims it,
 *           newly report it within 7 days? That is what the score says it is the chance of.
 */
#pragma once

#include "bench/score/forecast.h"
#include "bench/score/measure.h"

enum method { METHOD_LEARNED, METHOD_BUILT_IN, METHOD_PEERS, METHODS = METHOD_PEERS + PEERS };
const char *method_name(unsigned method);
const char *method_title(unsigned method);

/* Which indicators are judged. */
enum subset {
	SUBSET_ALL,
	SUBSET_SEEN,   /* an own sensor had seen it before */
	SUBSET_UNSEEN, /* none had */
	SUBSET_LISTED, /* at least one list names it now */
	SUBSETS
};
const char *subset_name(unsigned subset);

struct evaluation_plan {
	uint32_t first_learning; /* day; at least 7 */
	uint32_t learn_every;    /* days */
	uint32_t first_day;      /* that is judged */
	uint32_t every;
	uint32_t watch_from; /* each day from here to watch_end lists are kept beside each other */
	uint32_t watch_end;
	double scale; /* of the world, for list lengths that follow it */
};

/* Learns from a sixth of the days on, judges each seventh day of the later half. */
void evaluation_plan_default(struct evaluation_plan *out, uint32_t days, double scale);

enum { LENGTHS = 3 };
extern const uint32_t evaluation_lengths[LENGTHS]; /* 1,000, 10,000, 50,000 */

/* Means over the days that were judged. */
struct quality {
	double auc;
	double auc_least;
	double auc_most;
	double average_precision;
	double precision[LENGTHS];
	double precision_scaled[LENGTHS]; /* of so many times the scale */
	double brier_skill;               /* NaN: the method gives no probabilities */
	double happened;
	double n;
	unsigned days;
};

/* How lists of one length follow the label. */
struct keeping {
	double listed_before; /* share of the label's new ones that were listed a day earlier */
	double listed_by[15]; /* by so many days after */
	double left_by[22];   /* of those listed when the label dropped them for good: gone after */
	double days_to_list;  /* median of -14..15 */
	double days_to_unlist; /* median of 0..22 */
	double attackers;      /* share of those attacking that day that are listed; NaN: unknown */
	double innocents;      /* share of the list that never attacks */
};

struct evaluation {
	struct quality label[METHODS][SUBSETS];
	struct quality report[METHODS];
	/* of METHOD_LEARNED and METHOD_BUILT_IN, on the question report, all days together */
	struct reliability deciles[2][RELIABILITY_DECILES];
	struct reliability tens[2][RELIABILITY_TENS];
	/* and learned on the label's */
	struct reliability label_deciles[RELIABILITY_DECILES];
	struct curve_point curve[METHODS][CURVE_POINTS_MAX];
	size_t curve_n[METHODS];
	struct keeping keeping[METHODS];
	double kept;    /* mean length of the lists that are compared: ours that block */
	double blocked; /* mean indicators that block */
	double challenged;
	double watched;
	uint64_t guard_hits;                 /* held by a guard of policy never, and blocked */
	uint64_t guard_scored;               /* the same if there were no rules */
	double without[HISTORY_SOURCES_MAX]; /* AUC without each source's claims */
	double learn_s;                      /* CPU of one learning, mean */
	double score_us;                     /* CPU of one score, mean */
	unsigned learnings;
	struct buf report_json; /* of the last learning */
};

/* truth may be NULL: is the indicator attacking on that day, does it ever? */
struct truth {
	bool (*is_attacking)(const void *state, uint32_t indicator, uint32_t day);
	bool (*is_innocent)(const void *state, uint32_t indicator);
	const void *state;
};

void evaluate(const struct evaluation_plan *plan, const struct history *history,
	const struct rules *rules, const struct learn_route *routes, size_t route_count,
	const struct truth *truth, struct evaluation *out);
void evaluation_done(struct evaluation *evaluation); /* for CLEANUP */
