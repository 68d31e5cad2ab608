/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeper without its loop, in a data folder of its own, with a clock that the test sets. */
#pragma once

#include "prop.h"

#include "evidence/import.h"
#include "keeper/command.h"
#include "keeper/service.h"

enum { PLACE_NOW_S = 1795448940 };

struct place {
	char data[64];
	struct service *service;
	struct keeper *keeper;
	struct channel asker; /* keeper's end of it, for answers that come later */
	struct channel caller;
};

/* For cmocka; the clock shows PLACE_NOW_S. */
int place_set_up(void **state);
int place_tear_down(void **state);

/* Time passes, or is turned back. */
void place_clock_set(int64_t now_s);

/* Builds in this process; the live copy stays until place_show(). */
void place_build(struct place *place);
/* Builds, and shows the new generation. */
void place_show(struct place *place);
void place_import(struct place *place, const char *source, const struct claim *claim);
/* The source is known, and vouched for. */
void place_vouch(struct place *place, const char *source);
/* A source's whole list: n addresses from first on, one after the other; width 32: hosts. */
void place_list(
	struct place *place, const char *source, uint32_t first, uint32_t n, unsigned width);
/* A snapshot of the data folder; the caller closes it. */
struct pehra *place_open(const struct place *place, const char *part);
/* What it says of an address: enum pehra_action; PEHRA_NONE when nothing. */
unsigned place_action(const struct place *place, const char *part, uint32_t address);

/* A command by the actor "test" with these permissions, answered at once. */
void place_execute(struct place *place, uint32_t permissions, const char *text, struct buf *answer);
/* By an actor who may everything; waits for an answer that comes later. */
void place_act(struct place *place, const char *actor, const char *text, struct buf *answer);
