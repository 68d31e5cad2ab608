/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A history: which source said what of which address on which day. Made by world.h, or read from
 * dated lists by lists.h; replayed into evidence by ledger.h.
 */
#pragma once

#include "base/arena.h"
#include "net/ip.h"

enum history_what {
	HISTORY_BEGINS, /* a list names it from this day on */
	HISTORY_ENDS,   /* from this day on it does not */
	HISTORY_SEEN    /* news, or a list that tells when it saw what it still names */
};

struct history_event {
	uint32_t indicator;
	uint16_t source;
	uint16_t day;
	uint8_t what; /* enum history_what */
	uint8_t pad[3];
};

struct history_source {
	struct str name;
	uint8_t role;
	uint8_t category;
	uint8_t standing; /* enum source_standing */
	uint8_t traits;   /* enum source_trait */
	bool is_news;     /* tells sightings, keeps no list: only HISTORY_SEEN */
	bool is_dated;    /* a list that tells when it last saw */
};

enum { HISTORY_SOURCES_MAX = 256, HISTORY_DAYS_MAX = 4000 };

struct history {
	struct history_source *sources; /* in the arena */
	size_t source_count;
	struct prefix *indicators; /* sorted by prefix_cmp(), unique; in the arena */
	size_t indicator_count;
	struct history_event *events; /* by day, then source, then indicator; owned */
	size_t event_count;
	size_t event_capacity;
	uint32_t days;
	uint16_t label;  /* the source whose new listings are predicted */
	int64_t start_s; /* of day 0, midnight */
	struct arena arena;
};

/* On each day lists are read at noon, and what came of it is judged at six in the evening. */
int64_t history_read_s(const struct history *history, uint32_t day);
int64_t history_judge_s(const struct history *history, uint32_t day);

void history_add(struct history *history, struct history_event event);
/* Puts the events in order. Of one day, source and indicator, ends comes first. */
void history_sort(struct history *history);
void history_done(struct history *history); /* for CLEANUP */
