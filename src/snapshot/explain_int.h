/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a part of a score stands on, for the files that write explanations. */
#pragma once

#include "snapshot/explain.h"

enum { PART_FACTS_MAX = 4 };

/* A parameter of a part: as a program reads it, and as a word of the reader's language. */
struct part_fact {
	const char *name;
	bool is_number;
	uint64_t number;
	struct str slug; /* when it is no number; empty: unknown */
	struct str word;
};

struct part_facts {
	struct str key; /* of words.h; "part.hidden" when the reader may not know */
	struct part_fact rows[PART_FACTS_MAX];
	size_t n;
};

void part_facts_of(const struct explained *explained, const struct score_part *part,
	const struct explain_reader *reader, struct part_facts *out);

/* Is the claim one that the part stands on: of its family, in its role? */
bool part_stands_on(const struct explained *explained, const struct score_part *part, size_t claim);
bool part_is_of_source(const struct score_part *part);

/* The key of what decides above the score; empty when nothing does. */
struct str explain_rule_key(const struct rule_match *rule);
struct str explain_source_name(const struct source_table *sources, uint32_t source);
bool explain_may_name(const struct explain_reader *reader, struct str source);
/* The name of the guard list, or that it is confidential. */
struct str explain_list_word(const struct rule_match *rule, const struct explain_reader *reader);
