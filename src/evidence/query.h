/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading evidence: all of it in order, or what concerns one indicator. For keeper, and for web and
 * the command line on a read-only connection.
 */
#pragma once

#include "evidence/claim.h"
#include "store/db.h"

/* One row. Slices live until the next row. */
struct evidence {
	struct str key; /* of the indicator, see indicator_key() */
	uint32_t source;
	uint8_t role;
	uint8_t category;
	uint8_t tlp;
	int16_t confidence;
	uint64_t count;
	int64_t first_seen_s;
	int64_t last_seen_s;
	int64_t ended_s; /* 0: still claimed */
	double recent;   /* accumulators at decayed_at_s */
	double lasting;
	int64_t decayed_at_s;
	uint64_t episodes; /* that ended before the current or last one */
	int64_t started_s; /* when the current or last listing began, as we saw it */
	int64_t changed_s; /* since when we have known it as it is here */
	struct str reference;
};

typedef enum err (*evidence_each)(void *state, const struct evidence *row, struct why *why);

/*
 * as_of_s asks for rows as they were known at that time (rows that were not known yet are left
 * out, those that changed since come in their old form); 0 asks for what is known now. What
 * retention has removed is gone.
 *
 * Claims alone: sources that guard or tell routes are left out, but by evidence_of_source().
 */

/* Everything, ordered by (source, indicator). The bulk path: well under a microsecond a row. */
NODISCARD enum err evidence_scan(
	struct db *db, int64_t as_of_s, evidence_each each, void *state, struct why *why);
/* One source's, ordered by indicator. */
NODISCARD enum err evidence_of_source(struct db *db, uint32_t source, int64_t as_of_s,
	evidence_each each, void *state, struct why *why);

/* Claims about exactly this indicator. */
NODISCARD enum err evidence_of(struct db *db, const struct indicator *indicator, int64_t as_of_s,
	evidence_each each, void *state, struct why *why);
/* About wider prefixes that hold it, or names above it with everything below. Not itself. */
NODISCARD enum err evidence_covering(struct db *db, const struct indicator *indicator,
	int64_t as_of_s, evidence_each each, void *state, struct why *why);
/* About a name itself and every name below it. */
NODISCARD enum err evidence_below(struct db *db, struct str name, int64_t as_of_s,
	evidence_each each, void *state, struct why *why);
/* About everything within a prefix, the prefix itself included. */
NODISCARD enum err evidence_within(struct db *db, const struct prefix *prefix, int64_t as_of_s,
	evidence_each each, void *state, struct why *why);

/*
 * For learning: each claim as it was known at then_s, and whether it was seen anew since; claims
 * that came since have was_known false and only their key, source, role and started_s count.
 */
struct evidence_change {
	struct evidence then;
	bool was_known;
	bool is_news; /* a sighting later than then_s was recorded after then_s */
};
typedef enum err (*evidence_change_each)(
	void *state, const struct evidence_change *row, struct why *why);
NODISCARD enum err evidence_changes(
	struct db *db, int64_t then_s, evidence_change_each each, void *state, struct why *why);

/* Ended listings that came back or are away still, that ended at since_s or later. */
typedef enum err (*absence_each)(
	void *state, uint8_t role, double age_days, bool has_returned, struct why *why);
NODISCARD enum err evidence_absences(struct db *db, int64_t since_s, int64_t now_s,
	absence_each each, void *state, struct why *why);

/* The end of an episode: a claim that was listed from started to ended. */
struct episode {
	struct str key;
	uint32_t source;
	uint8_t role;
	uint8_t category;
	int64_t started_s;
	int64_t ended_s;
};
typedef enum err (*episode_each)(void *state, const struct episode *row, struct why *why);
NODISCARD enum err episodes_of(struct db *db, const struct indicator *indicator, episode_each each,
	void *state, struct why *why);

/* What a source's evidence is for. Stored; never renumbered. */
enum source_purpose { PURPOSE_CLAIMS = 0, PURPOSE_GUARD = 1, PURPOSE_ROUTES = 2, PURPOSE_COUNT };
/* "claims", "guard", "routes". */
struct str source_purpose_name(enum source_purpose purpose);
bool source_purpose_parse(struct str word, enum source_purpose *out);

/* What is declared of a source: by the catalogue, or by an administrator. */
struct source_properties {
	struct str family; /* empty: its own */
	double weight;     /* log-odds that a fresh claim adds; NaN: the model's */
	uint8_t purpose;   /* enum source_purpose */
	uint8_t rule;      /* of a guard: enum guard_policy of guard/rules.h */
	uint8_t standing;  /* enum source_standing of score/score.h */
	uint8_t traits;    /* enum source_trait there */
	int64_t cadence_s; /* how often its list is read; 0: it is not */
};

/* A source and how its feed fares. Texts live until the next row. */
struct source_status {
	uint32_t id;
	struct str name;
	struct str family;
	struct source_properties properties;
	uint64_t listed; /* claims not ended */
	uint64_t ended;
	int64_t last_attempt_s; /* 0: never */
	int64_t last_success_s;
	uint32_t failures;  /* since the last success */
	struct str failure; /* the last one's reason */
	struct str etag;
	struct str last_modified;
	int64_t last_run;     /* 0: none */
	struct str run_state; /* "done", "unchanged", "failed", "interrupted", "held", "running" */
	uint64_t lines;
	uint64_t accepted;
	uint64_t refused;
	uint64_t added;
	uint64_t run_ended; /* claims that the last run ended */
};
typedef enum err (*source_each)(void *state, const struct source_status *row, struct why *why);
/* All sources by name; name not empty: that one. Counting their claims costs a scan: on request. */
NODISCARD enum err source_list(struct db *db, struct str name, bool with_counts, source_each each,
	void *state, struct why *why);
/* Makes the source when it is new, and declares its properties. */
NODISCARD enum err source_set(struct db *db, struct str name,
	const struct source_properties *properties, int64_t now_s, struct why *why);

/* Refusals of a run. */
struct import_refusal;
typedef enum err (*refusal_each)(void *state, const struct import_refusal *row, struct why *why);
NODISCARD enum err refusals_of(
	struct db *db, int64_t run, refusal_each each, void *state, struct why *why);

NODISCARD enum err evidence_count(struct db *db, uint64_t *out, struct why *why);
