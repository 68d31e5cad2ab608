/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shared by the files of the compiler; see compile.h:
 *   compile.c        gathers the rows
 *   compile_kind.c   what differs between IPv4, IPv6, and names with URLs
 *   compile_sweep.c  the pass over the sorted rows
 *   compile_near.c   neighbours, as the pass meets them
 *   compile_verdict.c from claims to a verdict; also for one indicator alone
 *   compile_limit.c  what the whole list asks for: block_max, the summary
 */
#pragma once

#include "base/sort.h"
#include "snapshot/compile.h"

/* Keys of addresses are made where they are needed; longer ones are borrowed. */
enum { COMPILE_KEY_ROOM = 18 };

/* A claim in the least room: ten million of them are held at once. */
struct compile_claim {
	float recent;
	float lasting;
	uint16_t source;
	uint16_t first_day;
	uint16_t last_day;
	uint16_t episodes;
	int8_t confidence;
	uint8_t category;
	uint8_t role;
	bool is_listed : 1;
	bool is_stale : 1;
	/* no claim: a rule that may need an entry here */
	bool is_place : 1;
	bool is_override : 1;
};

struct compile_v4 {
	uint32_t address;
	struct compile_claim claim;
	uint8_t width;
};

struct compile_v6 {
	struct prefix prefix;
	struct compile_claim claim;
};

struct compile_text {
	struct str key;
	struct compile_claim claim;
};

enum compile_kind { COMPILE_V4, COMPILE_V6, COMPILE_TEXT, COMPILE_KINDS };

struct compile_rows {
	void *items;
	size_t n;
	size_t capacity;
};

/* What the sweep has to know of a kind of row. */
struct sweep_kind {
	size_t row_size;
	sort_order order; /* 0 for rows about the same indicator */
	bool (*holds)(const void *outer, const void *inner);
	const struct compile_claim *(*claim)(const void *row);
	struct str (*key)(const void *row, uint8_t room[COMPILE_KEY_ROOM]);
	/* NULL for names and URLs, which have no neighbours */
	struct prefix (*prefix)(const void *row);
	/* the group in whose range the row's address lies (near.h); is it a member? */
	bool (*near)(const void *row, unsigned level, uint64_t *number);
	/* its number in its own table */
	size_t (*emit)(struct compile *compile, const void *row, uint16_t verdict,
		struct snapshot_detail detail);
};
const struct sweep_kind *sweep_kind_of(enum compile_kind kind);

/* One indicator that holds the one being scored: where its claims start in active. */
struct compile_level {
	size_t row;    /* of its first row */
	size_t start;  /* in active */
	uint8_t shown; /* the action of the closest entry, this one's or a wider one's */
};

/* The neighbours of a group: how many indicators in it are active. */
struct near_group {
	uint64_t number;
	size_t end; /* of its rows; 0: none was counted yet */
	uint32_t active[ROLE_COUNT];
};

/* An entry that blocks because of its score, for block_max. */
struct compile_block {
	uint32_t entry;
	uint8_t rank; /* its score; persons' blocks are before all others */
};

struct compile {
	const struct scoring *scoring;
	int64_t now_s;
	uint16_t today;
	struct compile_rows rows[COMPILE_KINDS];
	struct arena keys;
	struct verdict_table *verdicts;
	struct str *source_names;

	/* the sweep: claims about all that holds the current indicator, outermost first */
	struct compile_claim *active;
	size_t active_count;
	size_t active_capacity;
	struct compile_level *levels;
	size_t level_count;
	size_t level_capacity;
	struct score_claim *scratch;
	size_t scratch_capacity;
	struct near_group near[SCORE_NEAR_LEVELS];
	uint32_t network_rank;

	struct compile_block *blocks; /* of the kind that is swept */
	size_t block_count;
	size_t block_capacity;
	struct compile_touched *touched;
	size_t touched_count;
	size_t touched_capacity;
	struct compile_summary summary;

	struct snapshot_v4 *v4;
	size_t v4_count;
	struct snapshot_v6 *v6;
	size_t v6_count;
	struct snapshot_text *texts;
	size_t text_count;
};

/* Room for one more item of a table that grows by half; its number is *n before. */
void *compile_grow(void *items, size_t n, size_t *capacity, size_t size);

uint16_t compile_day(int64_t time_s);
struct compile_claim compile_claim_of(
	const struct scoring *scoring, const struct compile_row *row, int64_t now_s);
bool compile_claim_is_active(const struct compile_claim *claim, uint16_t today);
/* Is the row about a host that a rule lets through, though its /64 is judged? */
bool compile_row_is_let(const struct scoring *scoring, struct str key);
/* ERR_CORRUPT when the row's numbers cannot be. */
NODISCARD enum err compile_row_check(
	const struct scoring *scoring, const struct compile_row *row, struct why *why);

/* Each rule that may need an entry of its own becomes a row that claims nothing. */
void compile_add_places(struct compile *compile);

/* Is there a rule that may need an entry of exactly this indicator? */
bool compile_is_place(const struct scoring *scoring, const struct indicator *indicator);

/* What was found of one indicator. */
struct compile_found {
	struct score score; /* not filled when action is PEHRA_ALLOW */
	uint8_t action;
	uint8_t would_be;  /* the policy's action */
	bool is_person;    /* blocks, whatever the score */
	bool only_as_hole; /* an entry only where a wider one is listed */
};
void compile_judge(const struct scoring *scoring, struct score_input *input,
	const struct rule_match *match, bool is_override, struct compile_found *out);
/* What the rules leave of the policy's action. */
uint8_t compile_rule_action(enum rule_verdict rule, uint8_t action);
/* Adds what a guard notes. */
void compile_note(const struct rule_match *match, struct score_surroundings *around);
struct score_claim compile_score_claim(const struct compile_claim *claim);
/* Claims of which an entry tells days and sources: none when it is allowed. */
void compile_verdict(const struct compile_found *found, const struct compile_claim *claims,
	size_t n, struct pehra_verdict *verdict, struct snapshot_detail *detail);
size_t compile_sources(const struct compile_claim *claims, size_t n, uint16_t *out, size_t max);

/* What lies around the indicator of rows [from, end), and how its neighbours count. */
void compile_near(struct compile *compile, const struct sweep_kind *kind,
	const struct compile_rows *rows, size_t from, size_t end, struct score_surroundings *out);

void compile_note_block(struct compile *compile, size_t entry, const struct compile_found *found);
void compile_note_touched(struct compile *compile, struct str key,
	const struct compile_found *found, const struct rule_match *match);
/* After the sweep of a kind. */
void compile_limit_blocks(struct compile *compile, enum compile_kind kind);
void compile_summarise(struct compile *compile);
