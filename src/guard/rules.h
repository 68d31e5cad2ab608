/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules: what stands above the score. Guards (lists of what must never be blocked by mistake) and
 * overrides (a person's allow or block), in one immutable set that is asked at import, at scoring
 * and when something is published.
 *
 * Which rule decides about an indicator:
 *   1. a guard of policy "never" that holds it;
 *   2. else the override with the longest prefix (the most labels) that holds it; of two equal ones
 *      the allow;
 *   3. else the score, of which a guard of policy "ask" allows no more than to watch.
 * "note" is a doubt that the score knows of (struct score_surroundings).
 *
 * Keeper builds it from the store and its readers' copies never change; thread-safe to read.
 */
#pragma once

#include "base/arena.h"
#include "evidence/indicator.h"
#include "net/prefix_index.h"
#include "store/db.h"

enum {
	RULES_SUBSTRINGS_MAX = 20000, /* patterns that are looked for anywhere in a text */
	RULES_SUBSTRING_BYTES_MAX = 2 << 20,
	RULES_REGEXES_MAX = 1000
};

/* Ordered by strength. Stored (source.rule); never renumbered. */
enum guard_policy {
	GUARD_NONE = 0,
	GUARD_NOTE = 1,
	GUARD_ASK = 2,
	GUARD_NEVER = 3,
	GUARD_POLICIES
};
/* "note", "ask", "never". */
struct str guard_policy_name(enum guard_policy policy);
bool guard_policy_parse(struct str word, enum guard_policy *out);

struct rules;

/* What is said of one indicator. Texts live as long as the rules. */
struct rule_match {
	enum guard_policy guard; /* the strongest */
	struct str list;         /* the guard list that says so */
	uint8_t traits;          /* of all guard lists of policy note that hold it: TRAIT_* */
	bool is_noted;
	/* the override that decides; id 0: none */
	int64_t override;
	bool is_allow; /* of it */
	struct indicator override_of;
};

/* The strongest verdict that is left to the score. */
enum rule_verdict { RULE_SCORE, RULE_WATCH_AT_MOST, RULE_BLOCK, RULE_ALLOW };
enum rule_verdict rule_verdict_of(const struct rule_match *match);

struct rules *rules_new(void);
void rules_free(struct rules **rules); /* for CLEANUP */

/*
 * Everything that is in force at as_of_s (0: now_s, what is there now): evidence of sources whose
 * purpose is to guard, overrides, and the curated lists of guard/curated.h (the caller's clock
 * decides which overrides run). What cannot be kept of a list (a regular expression that does not
 * compile, one more substring than the most) is counted as refused; the rest is in force.
 */
NODISCARD enum err rules_load(
	struct db *db, int64_t now_s, int64_t as_of_s, struct rules **out, struct why *why);

/*
 * For tests, learning and the harness: a set made by hand. Add in any order, then rules_ready();
 * ERR_SYNTAX for a regular expression that cannot be compiled and a hash that is none, ERR_LIMIT
 * beyond RULES_*_MAX (what was added before stays).
 */
NODISCARD enum err rules_add_guard(struct rules *rules, const struct indicator *indicator,
	enum guard_policy policy, struct str list, uint8_t traits, struct why *why);
void rules_add_override(
	struct rules *rules, const struct indicator *indicator, int64_t id, bool is_allow);
void rules_ready(struct rules *rules);

/*
 * What holds the whole indicator: a prefix in which it lies, a name above it with everything below.
 *
 * A URL is held by what holds its host, too, when that rule says that it speaks of URLs: of all
 * rules the patterns of match HOSTNAME and the subject URLs do. A name of a plain list and an
 * override of a name speak of the name alone, as a claim on a name does not condemn its URLs.
 * Patterns of names see example.org, those of URLs the canonical text; STRING and SUBSTRING ignore
 * case. Hashes are only equal or not. A regular expression that runs into its limit (a bound on its
 * steps, the same on every machine) does not match.
 */
void rules_match(
	const struct rules *rules, const struct indicator *indicator, struct rule_match *out);
/* By key, for batches: the same. False when nothing is said, which is decided without parsing. */
bool rules_match_key(const struct rules *rules, struct str key, struct rule_match *out);

/* Changes whenever the guards of policy never do: part of what makes a list "unchanged". */
uint64_t rules_never_hash(const struct rules *rules);

/*
 * The prefixes and names that may need an entry of their own in a snapshot, because a wider listing
 * must leave them alone (never, allow) or they are listed by a person (block), as URLs are that a
 * person allows or blocks. Sorted as
 * indicator_key() sorts; keys live as long as the rules.
 */
struct rule_place {
	struct str key;
	enum rule_verdict verdict; /* RULE_ALLOW or RULE_BLOCK */
	bool is_override;          /* else a guard: an entry only where a wider one is listed */
};
size_t rules_places(const struct rules *rules, const struct rule_place **out);
struct rules_count {
	uint64_t prefixes; /* of guards */
	uint64_t names;    /* of guards, with those of patterns that are equal to one or above it */
	uint64_t patterns; /* other: URLs, hashes, substrings, regular expressions */
	uint64_t overrides;
	uint64_t refused;      /* rules of the store that are not in force: see rules_load() */
	uint64_t regex_limits; /* matches that a regular expression did not bring to an end */
};
void rules_count(const struct rules *rules, struct rules_count *out);
