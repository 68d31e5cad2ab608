/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the steps of learn_finish() share; see learn.h for what they do. */
#pragma once

#include "learn/hazard.h"
#include "learn/learn.h"
#include "learn/table.h"

/* Claims of a role as far as they could be judged. */
struct tally {
	double confirmed;
	double refuted;
	double unconfirmed;
};

struct learn_source {
	bool is_here;     /* it has claims that are learned from, or a name in the base model */
	bool tells_again; /* it reports news of what it still lists */
	bool was_read;    /* before at_s: else its news are what it brings with it */
	uint8_t rank;     /* enum source_rank */
	bool is_trusted[ROLE_COUNT]; /* its news confirm */
	bool is_watcher[ROLE_COUNT]; /* and it had some */
	uint32_t family;             /* the first source of it, by name */
	uint8_t leader_count;
	uint32_t leaders[SCORE_LEADERS_MAX]; /* families */
	bool was_compared;                   /* for echoes */
	struct {
		struct tally now;     /* of this time */
		struct tally carried; /* of earlier times, decayed */
		double spoken;        /* sum over judged claims of decay and confidence */
		uint64_t judged;      /* claims */
		double rate;          /* of confirmation, with the prior's claims */
		double alone;         /* weight by its own rate */
		double joint;         /* what the other sources' claims change of its weight */
	} role[ROLE_COUNT];
	bool is_proven;
};

/* How far a source is trusted; news of the trusted confirm. */
enum source_rank { RANK_NEW, RANK_PROVEN, RANK_VOUCHED, RANK_SENSOR };

/* What happened to an indicator of which something was claimed in a role. */
struct learn_case {
	uint32_t item;
	bool happened;
};

struct learn_cases {
	struct learn_case *rows; /* by item */
	size_t n;
	size_t capacity;
	size_t happened;
};

/* What was learned of a role, for the report. */
struct learn_role {
	double base_log_odds; /* from which weights count: the new prior */
	double mean;          /* share of cases in which something happened */
	double brier_before;
	double brier; /* mean square of how far off what was foretold is */
	bool is_calibrated;
	bool is_decay_learned;
	/* reliability by tenths of the score */
	double cases[10];
	double expected[10]; /* sum of what was foretold, */
	double happened[10]; /* and of what happened */
};

struct learn {
	const struct model *base;
	const struct score_source *sources;
	size_t source_count;
	const struct rules *rules;
	int64_t at_s;
	struct table table;
	struct learn_route *routes;
	size_t route_count;
	size_t route_capacity;
	struct hazard hazards[ROLE_COUNT];
	uint64_t unknown_source; /* claims of sources that were not given */

	/* while it is finished */
	struct learn_source *source;
	struct score_source *scored; /* sources as the new model sees them */
	uint32_t *by_name;           /* numbers of sources that have one, by name */
	size_t named;
	struct score_model model; /* the new one */
	struct score_networks networks;
	struct policy policy;              /* nothing is watched: no forecasts are made */
	uint32_t *near[SCORE_NEAR_LEVELS]; /* by group and role: active indicators */
	struct learn_cases cases[ROLE_COUNT];
	struct learn_role role[ROLE_COUNT];
};

/* ---- learn_source.c: who speaks ---- */
/* Ranks, trust, experience of earlier fits; needs the table. */
void learn_meet_sources(struct learn *learn);
/* Families and leaders. */
void learn_find_echoes(struct learn *learn);
/* Is what b reports news to whoever believes a? */
bool learn_is_independent(const struct learn *learn, uint32_t a, uint32_t b);
/* The source of that name, or TABLE_NONE. */
uint32_t learn_source_named(const struct learn *learn, struct str name);

/* ---- learn_around.c: what lies around indicators ---- */
/* Guards, groups of neighbours, networks; needs trust. */
void learn_look_around(struct learn *learn);
/* role and claims are not the indicator's own alone */
void learn_surroundings(const struct learn *learn, size_t item, struct score_surroundings *out);

/* ---- learn_judge.c: what came of claims ---- */
void learn_judge(struct learn *learn);
/*
 * From tallies to weights above base_log_odds[role], into scored. What was refuted is no case to
 * foretell, so the rest is fitted to weights without it, and it is taken off in the end.
 */
void learn_weigh(struct learn *learn, bool with_refuted);

/* ---- learn_score.c: indicators scored as they were at at_s ---- */
struct score_claim learn_score_claim(const struct learn *learn, const struct table_claim *claim);
struct learn_verdict {
	size_t item;
	const struct score_input *input;
	const struct score *score;
	const struct score_part *parts; /* when they were asked for */
	size_t part_count;              /* at most LEARN_PARTS_MAX */
};
enum { LEARN_PARTS_MAX = 512 };
typedef void (*learn_each)(void *state, const struct learn_verdict *verdict);
/* Every indicator that has a case, in order, with the claims about all that hold it. */
void learn_score_all(struct learn *learn, const struct score_model *model,
	const struct score_source *sources, bool with_parts, learn_each each, void *state);

/* ---- learn_joint.c: weights together ---- */
void learn_join_weights(struct learn *learn, int role);

/* ---- learn_calibrate.c: the coefficients ---- */
void learn_calibrate(struct learn *learn);

/* ---- learn_report.c ---- */
void learn_report_write(
	const struct learn *learn, const struct model *out, struct json_writer *report);
