/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The score: how likely it is that an independent source will report an indicator within 7 days,
 * per role (source, destination, policy).
 *
 * Additive in log-odds, so that every part can be named and the parts add up:
 *
 *     L = scale * (prior + claims - unproven + near + network + episodes - doubts) + shift
 *     score = round(100 * logistic(L))
 *
 * - claims: each family of sources counts once, with its strongest claim, which says
 *   ln(1 + decay * (exp(weight) - 1)): the weight undecayed; what decays are the odds that it
 *   gives, because decay is a share of the chance to come back. A family that repeats others
 *   (leaders of its sources) belongs to the line of the one of them that weighs most here,
 *   undecayed; a line counts with its strongest claim, so what repeats adds only what it says
 *   beyond the others.
 * - decay: two exponentials per role over the accumulators of evidence; a claim that its source
 *   still lists has age 0, unless the source itself has gone silent. Policy claims do not decay
 *   while listed.
 * - unproven: what new sources add together, beyond what the others of their line say, and beyond
 *   unproven_max, is taken off again.
 * - near: how many other indicators are active in the same /24 (IPv6: /56 and /48).
 * - network: what the model has learned of the routed prefix and the AS.
 * - episodes: how often it came back after having been off its lists: the most of any claim.
 * - doubts: many share the address; it is rented by the hour (cloud); the evidence can be forged.
 *
 * near + network + episodes never exceed surroundings_max, nor count without a claim in a verdict.
 * Doubts count in roles with claims alone. An address is shared, or of a cloud, by a claim of the
 * role policy (TOR, VPN, END_USER_RANGE; HOSTING) that is listed or stale, or by a guard's note.
 * When nothing new is seen, no claim leaves its line and no log-odds ever rise.
 * scale and shift are the calibration on what happened.
 *
 * Pure: the result depends on the input, the model and the policy, on nothing else.
 */
#pragma once

#include "base/arena.h"
#include "evidence/taxonomy.h"
#include "score/policy.h"

enum {
	SCORE_PARTS_MAX = 64,
	FORECAST_DAYS_MAX = 730,
	SCORE_NEAR_LEVELS = 2,
	SCORE_LEADERS_MAX = 8
};
enum { SCORE_NEAR_DAYS = 30, SCORE_HORIZON_DAYS = 7 };

struct score_decay {
	double recent_share;        /* of the decay that a fresh claim has, by the fast part */
	double recent_half_life_d;  /* days */
	double lasting_half_life_d; /* days */
};

/* All coefficients are >= 0 but prior and shift, so a score only falls when nothing new is seen. */
struct score_role_model {
	double prior; /* log-odds of an indicator of which nothing is known */
	struct score_decay decay;
	double near_any[SCORE_NEAR_LEVELS];  /* when there is any other */
	double near_each[SCORE_NEAR_LEVELS]; /* times ln(1 + others) */
	double network;                      /* times the network's own log-odds */
	double episode;                      /* times ln(1 + episodes) */
	double surroundings_max;             /* of near + network + episodes */
	double shared_near;  /* 0..1: share of near and network that is left at a shared address */
	double shared_doubt; /* taken off when many people share the address */
	double cloud_doubt;  /* taken off when it is rented by the hour */
	double spoofable_share; /* 0..1: share of the weight of evidence that can be forged */
	double unproven_max;    /* most that all new sources add together */
	double scale;
	double shift;

	/* Filled by score_model_prepare(), so that scoring a million needs no exp() per forecast.
	 */
	double recent_at[FORECAST_DAYS_MAX +
			 1]; /* share of the fast part left after so many days */
	double lasting_at[FORECAST_DAYS_MAX + 1]; /* the same of the slow part */
};

/* How far a source is trusted before anything was learned. Stored; never renumbered. */
enum source_standing {
	STANDING_NEW = 0,     /* nobody vouches for it */
	STANDING_VOUCHED = 1, /* of the catalogue, or by an administrator */
	STANDING_SENSOR = 2,  /* our own: what it sees is what happened */
	STANDING_COUNT
};

/* What is known of all claims of a source, as bits. Stored; never renumbered. */
enum source_trait {
	TRAIT_SPOOFABLE = 1, /* from packets whose sender can be forged */
	TRAIT_CRITICAL = 2,  /* a sensor at critical infrastructure */
	TRAIT_CLOUD = 4,     /* guard lists: rented by the hour */
	TRAIT_SHARED = 8     /* guard lists: many people share the address */
};

/* A source as scoring sees it; arrays of them are indexed by the source's number in the store. */
struct score_source {
	struct str name;
	uint32_t family;          /* sources of one family share it */
	float weight[ROLE_COUNT]; /* log-odds that a fresh claim adds, >= 0 */
	uint8_t standing;         /* enum source_standing */
	uint8_t traits;
	bool is_proven; /* enough of its claims were judged: no longer among the new ones */
	uint8_t leader_count;
	uint32_t leaders[SCORE_LEADERS_MAX]; /* families that it repeats */
	int64_t silent_since_s; /* its list could not be read since; 0: it is up to date */
};

/* What the model knows of the network of an address. */
struct score_network {
	float log_odds[ROLE_COUNT]; /* of the routed prefix within the AS within the world, shrunk
				     */
	uint32_t asn;               /* 0: unknown */
	uint32_t listed;            /* active indicators in the routed prefix when it was learned */
	uint64_t size;              /* addresses (IPv6: /64s) of it */
};
struct score_networks; /* prefixes → score_network, immutable; networks.h */

/* Versioned, so that a verdict of the past can be replayed. Text of learned names in arena. */
struct score_model {
	int version;           /* 1: the one that is built in */
	int64_t made_s;        /* 0 for that one */
	double default_weight; /* of a source that nothing is known of */
	struct score_role_model roles[ROLE_COUNT];
	const struct score_networks *networks; /* may be NULL */
};

/* The model that is used until one is learned; prepared. */
void score_model_default(struct score_model *out);
/* Fills the derived tables after the parameters changed. */
void score_model_prepare(struct score_model *model);

/* One claim as scoring sees it: a row of evidence, brought to the time of scoring. */
struct score_claim {
	uint32_t source;
	float recent; /* the two accumulators, decayed to the time of scoring */
	float lasting;
	uint16_t episodes;  /* that ended before this one */
	uint8_t role;       /* enum role */
	uint8_t category;   /* enum category */
	int16_t confidence; /* 0..100, or CONFIDENCE_UNKNOWN */
	bool is_listed;     /* the source still says so, and is up to date */
	bool is_stale;      /* it would be listed, but its source has gone silent */

	/* score_of() notes here what it found; nobody else sets or reads it */
	struct {
		uint32_t family;
		uint32_t line; /* the family that it repeats in the end, else its own */
		bool is_new;
		bool is_spoofable;
		double weight;   /* what it would add undecayed, its confidence counted */
		double odds;     /* exp(weight) - 1 */
		double heaviest; /* of all claims of its family, in the first of them */
	} note;
};

/* What lies around the indicator. Zero: nothing known. */
struct score_surroundings {
	uint32_t near[ROLE_COUNT][SCORE_NEAR_LEVELS]; /* others that are active; see near.h */
	struct score_network network;
	bool is_shared; /* besides what policy claims say */
	bool is_cloud;
	bool is_noted; /* a guard of policy "note" holds it */
};

struct score_input {
	struct score_claim *claims; /* are put in order */
	size_t n;
	struct score_surroundings around;
	const struct prefix *prefix; /* NULL for names and URLs */
	int64_t now_s;
};

enum score_part_kind {
	SCORE_PART_PRIOR,
	SCORE_PART_FAMILY,
	SCORE_PART_REPEATED, /* a source that repeats others: what is left of it, may be 0 */
	SCORE_PART_UNPROVEN, /* <= 0 */
	SCORE_PART_NEAR,
	SCORE_PART_NETWORK,
	SCORE_PART_EPISODES,
	SCORE_PART_SURROUNDINGS_CAP, /* <= 0 */
	SCORE_PART_SHARED,           /* <= 0 */
	SCORE_PART_CLOUD,            /* <= 0 */
	SCORE_PART_SPOOFABLE,        /* <= 0 */
	SCORE_PART_KINDS
};

/*
 * Why the score is what it is. log_odds are scaled already (the prior's holds the shift), so those
 * of a role's parts, added in order, are its log-odds bit by bit; points add up to its score.
 */
struct score_part {
	enum score_part_kind kind;
	uint8_t role;
	uint8_t category; /* FAMILY, REPEATED */
	uint8_t level;    /* NEAR: 0 is the /24 or /56, 1 the /48 */
	uint32_t source;  /* FAMILY, REPEATED: the source whose claim counts */
	uint32_t family;
	uint32_t
		count; /* NEAR: others; EPISODES: how many; UNPROVEN: sources; FAMILY: its claims */
	double decay;  /* FAMILY, REPEATED: 0..1 */
	double log_odds;
	int points;
};

/* What is doubtful, as bits; for words, see words.h. */
enum score_doubt {
	DOUBT_SHARED = 1,
	DOUBT_CLOUD = 2,
	DOUBT_SPOOFABLE = 4,
	DOUBT_STALE = 8,     /* a source that still lists it has gone silent */
	DOUBT_UNPROVEN = 16, /* only new sources say so */
	DOUBT_ALONE = 32,    /* one family alone says so */
	DOUBT_NOTED = 64,    /* a guard says: think twice */
	DOUBT_FADED = 128    /* nobody lists it any more */
};

struct score {
	double log_odds[ROLE_COUNT];
	uint8_t value[ROLE_COUNT]; /* 0..100; 0 in a role without claims */
	bool has_claims[ROLE_COUNT];
	uint8_t action; /* enum pehra_action of lib/pehra.h, of the policy; never PEHRA_ALLOW */
	uint8_t doubts; /* enum score_doubt */
	uint64_t categories[ROLE_COUNT]; /* bit masks of those claimed and not yet faded */
	int64_t until_s; /* when no role is watched any more if nothing new is seen; 0: no end */
};

/*
 * Scores. parts may be NULL; else at most parts_max are filled, *part_count says how many there
 * were. Without claims only the log-odds (prior and surroundings) say something, and parts of the
 * role src are given, so that an unlisted address in a bad neighbourhood can be explained.
 */
void score_of(const struct score_model *model, const struct score_source *sources,
	const struct policy *policy, struct score_input *input, struct score *out,
	struct score_part *parts, size_t parts_max, size_t *part_count);

/* The decay, 0..1, of a claim so many whole days (0..FORECAST_DAYS_MAX) after the scoring time. */
double score_claim_decay(
	const struct score_model *model, const struct score_claim *claim, int days);

/* Brings stored accumulators from their own time to now_s. Time that runs backwards counts as 0. */
void score_accumulators_at(const struct score_decay *decay, double recent, double lasting,
	int64_t at_s, int64_t now_s, float *recent_out, float *lasting_out);

/* 100 * logistic(log_odds), rounded. */
uint8_t score_value(double log_odds);
