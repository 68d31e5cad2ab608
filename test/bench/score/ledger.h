/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evidence in memory: a history replayed day by day into rows, by the merging rule of
 * evidence/import.h (test_ledger.c compares them with the store's). Rows are numbered in the order
 * in which they came, so two ledgers of one history at different days number alike.
 */
#pragma once

#include "bench/score/history.h"

struct ledger_row {
	uint32_t indicator;
	uint16_t source;
	uint16_t episodes; /* that ended before the current or last listing */
	uint32_t next;     /* row of the same indicator, or LEDGER_NONE */
	int64_t first_seen_s;
	int64_t last_seen_s;
	int64_t started_s;
	int64_t ended_s; /* 0: listed */
	int64_t decayed_at_s;
	int64_t sighted_s; /* when the newest sighting was recorded */
	double recent;
	double lasting;
};

/* A listing that ended, and what came of it. */
struct ledger_absence {
	uint32_t row;
	int64_t ended_s;
	int64_t returned_s; /* 0: away still */
};

#define LEDGER_NONE UINT32_MAX

struct ledger {
	const struct history *history;
	struct ledger_row *rows;
	size_t row_count;
	size_t row_capacity;
	uint32_t *first; /* row of each indicator, or LEDGER_NONE */
	struct ledger_absence *absences;
	size_t absence_count;
	size_t absence_capacity;
	uint32_t *absent; /* the open absence of each row + 1; of rows up to row_capacity */
	size_t next_event;
	int32_t day; /* the last one that was replayed; -1: none */
	/* by indicator: bit n is set when an own sensor saw it (or listed it) n days ago */
	uint64_t *sensor_days;
};

/* history is borrowed. */
void ledger_init(struct ledger *ledger, const struct history *history);
void ledger_done(struct ledger *ledger); /* for CLEANUP */
/* Replays to the end of the day, which may not lie in the past. */
void ledger_to(struct ledger *ledger, int32_t day);
/* The source's row about the indicator, or NULL. */
const struct ledger_row *ledger_find(
	const struct ledger *ledger, uint32_t indicator, uint16_t source);
