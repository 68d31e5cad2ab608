/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by compile.c (gathering) and compile_sweep.c (scoring); see compile.h. */
#pragma once

#include "snapshot/compile.h"

/* A claim in the least room: ten million of them are held at once. */
struct compile_claim {
	float recent;
	float lasting;
	uint32_t source;
	int16_t confidence;
	uint16_t first_day;
	uint16_t last_day;
	uint8_t role;
	uint8_t category;
	bool is_listed;
};

struct compile_v4 {
	uint32_t address;
	uint8_t width;
	struct compile_claim claim;
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

/* One indicator that holds the one being scored: where its claims start in active. */
struct compile_level {
	size_t row;   /* of its first row */
	size_t start; /* in active */
};

struct compile {
	const struct score_model *model;
	const struct compile_source *sources;
	size_t source_count;
	int64_t now_s;
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

	struct snapshot_v4 *v4;
	size_t v4_count;
	struct snapshot_v6 *v6;
	size_t v6_count;
	struct snapshot_text *texts;
	size_t text_count;
};

uint16_t compile_day(int64_t time_s);
struct compile_claim compile_claim_of(
	const struct score_model *model, const struct compile_row *row, int64_t now_s);
