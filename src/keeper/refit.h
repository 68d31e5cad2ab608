/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Refitting the model: learned in a process of its own from the evidence as it was known
 * REFIT_HORIZON_DAYS ago and what came since, kept as the next version, then tried against the live
 * one. It goes live by itself unless it moves much; then it waits for a person.
 */
#pragma once

#include "keeper/service.h"

enum {
	REFIT_HORIZON_DAYS = 7,
	REFIT_EVERY_DAYS = 1,
	REFIT_DECAY_EVERY = 7, /* of the versions that are made by themselves */
	/* a model that changes more entries to or from block waits: the larger of both */
	MODEL_MOVES_PERCENT = 20, /* of what is blocked now */
	MODEL_MOVES_LEAST = 100
};

/* Its answer: {"version", "state": "live" or "waiting", "impact"}. The caller adds it. */
struct task *refit_task(bool with_decay);

/* Refits when the newest model is old; for every turn of the loop. */
void refit_turn(struct service *service);
