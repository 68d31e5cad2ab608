/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Learning a model from what happened: the evidence as it was known at some time (at_s), and what
 * independent sources said in the horizon after it.
 *
 * - families: sources of which nearly all of what one newly lists was newly listed by the other
 *   before, with a steady lag. Both ways: one family. One way: the later one repeats the earlier (a
 *   leader); a list of lists repeats several. Nobody leads whom we trust more.
 * - weights: per source and role, of its fresh claims at at_s, how many were confirmed by a new
 *   sighting within the horizon, how many were refuted (a guard of policy never, an allow), with a
 *   Beta prior of WEIGHT_PRIOR_CLAIMS that says what its standing or its last weight says. Own
 *   sensors confirm, and vouched or proven sources of some weight of an independent family. What
 *   repeats a source, what it repeats, and what a list brings with its first reading, confirms
 *   nothing. Where nobody who could confirm it
 *   watches a role, only refutations count; what an own sensor lists still and cannot report anew
 *   is not judged, as it would be silent whatever happens. Then weights of sources that are not new
 *   are fitted together, so that those who see the same say less together than the sum. Prefixes
 *   wider than hosts are not judged.
 * - decay: per role, from how soon after leaving a list indicators came back (hazard by age);
 *   stretched, and its fast share chosen, as it foretells best.
 * - networks: listed share of each routed prefix within its AS within the world, shrunk; of what
 *   trusted sources say.
 * - the rest: near, episodes, network, doubts, scale and shift, by logistic regression with ridge
 *   priors at the base model's values, on whether something was newly reported that confirms a
 *   claim. Coefficients keep their signs. Scale and shift at last on score_of() itself, so that as
 *   much happens as is foretold, of all and of the tenth that is foretold most.
 *
 * Works in memory on what it is given; deterministic (sampling is by hash of the key). For keeper's
 * learning process and the proof harness. Nothing is learned of names' and URLs' surroundings.
 */
#pragma once

#include "base/buf.h"
#include "guard/rules.h"
#include "score/model.h"

enum {
	LEARN_WEIGHT_PRIOR_CLAIMS = 50,
	LEARN_PROVEN_CLAIMS = 50,       /* judged claims from which on a source is no longer new */
	LEARN_INDICATORS_MAX = 1000000, /* more are sampled */
	LEARN_ECHO_LEAST = 30           /* shared new listings from which on copying is judged */
};

/* One claim: what was known of it at at_s, and what came after. */
struct learn_claim {
	struct str key; /* of the indicator; borrowed for the call */
	uint32_t source;
	uint8_t role;
	uint8_t category;
	int16_t confidence;
	uint16_t episodes;
	bool was_known;  /* at at_s; else it is only news */
	bool was_listed; /* at at_s */
	bool is_news;    /* a new sighting within (at_s, at_s + horizon] */
	double recent;   /* accumulators at decayed_at_s, as of at_s */
	double lasting;
	int64_t decayed_at_s;
	int64_t last_seen_s; /* as of at_s */
	int64_t began_s;     /* when the source first listed it, as we saw it: for lags */
};

/* A route; asn 0 when the table does not tell it. */
struct learn_route {
	struct prefix prefix;
	uint32_t asn;
};

struct learn;

/* base, sources, rules: borrowed until learn_free(). rules may be NULL. */
struct learn *learn_new(const struct model *base, const struct score_source *sources,
	size_t source_count, const struct rules *rules, int64_t at_s);
void learn_free(struct learn **learn); /* for CLEANUP */

/* In any order; fastest in runs ordered by key. */
void learn_add(struct learn *learn, const struct learn_claim *claim);
void learn_add_route(struct learn *learn, const struct learn_route *route);
/* A claim that had ended was away for age_days, then it came back (or is away still). */
void learn_add_absence(struct learn *learn, uint8_t role, double age_days, bool has_returned);

/* What is refit: weights and calibration daily, decay with it weekly. */
struct learn_what {
	bool decay;
};

/* The new model (version and made_s are the caller's to set) and what was learned, for people. */
void learn_finish(
	struct learn *learn, struct learn_what what, struct model *out, struct json_writer *report);
