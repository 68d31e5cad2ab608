/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An explanation, ready to be told: read once, then written as JSON (the command line and HTTP give
 * the same object) or as a few sentences. What the reader may not see is left out here and nowhere
 * else: claims above his TLP label, the names of sources whose claims he does not see, and who
 * stands behind an override. Points are told of every part, so that they add up.
 */
#pragma once

#include "base/json_write.h"
#include "decision/override.h"
#include "score/words.h"
#include "snapshot/judge.h"

struct explained {
	const struct scoring *scoring; /* borrowed */
	struct judged judged;
	struct explanation explanation;
	struct override override; /* that decides; id 0: none does */
	int64_t as_of_s;          /* the time that it speaks of */
	struct arena *arena;      /* borrowed: for what writing needs */
};

/* scoring is of the time as_of_s (0: now_s). What is read lives in the arena. */
NODISCARD enum err explain_read(struct db *db, const struct scoring *scoring,
	const struct indicator *indicator, int64_t now_s, int64_t as_of_s, struct arena *arena,
	struct explained *out, struct why *why);

/* Who is told. */
struct explain_reader {
	enum lang lang;
	enum tlp tlp;        /* the strictest label that he may see */
	bool sees_decisions; /* owner, reason and end of overrides */
	/* may he learn of this guard list? NULL: of all */
	bool (*may_name)(void *state, struct str source);
	void *state;
};

enum { EXPLAIN_CLAIMS_SHOWN = 1000 };

/* Members of an object that is open: "indicator", "action", "score", "parts", "claims" ... */
void explain_json(struct json_writer *json, const struct explained *explained,
	const struct explain_reader *reader);
/* Members "claims" and "hidden_claims". */
void explain_claims_json(struct json_writer *json, const struct judged *judged,
	const struct source_table *sources, const struct explain_reader *reader);
/* A few sentences: the verdict, the strongest reasons, what is doubtful, until when, what to do. */
void explain_plain(
	struct buf *out, const struct explained *explained, const struct explain_reader *reader);

/* The words of one part; of what decides above the score (nothing when nothing does). */
void explain_part_text(struct buf *out, const struct explained *explained,
	const struct score_part *part, const struct explain_reader *reader);
void explain_rule_text(
	struct buf *out, const struct explained *explained, const struct explain_reader *reader);
/* The doubts as bits, but for one that the rule's text has said already. */
unsigned explain_doubts_left(const struct explained *explained);
