/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What verdicts are made with, for the reader threads: loaded once and lent to all who explain,
 * until something happens that may have changed it (keeper tells of everything), or it has grown
 * old. Explanations of the past load their own.
 */
#pragma once

#include "snapshot/scoring.h"

#include <pthread.h>
#include <stdatomic.h>

struct judging {
	struct scoring scoring;
	unsigned users;
	uint64_t change; /* of struct judgings, when it was loaded */
	int64_t loaded_s;
};

enum { JUDGING_AGE_S = 60 };

struct judgings {
	pthread_mutex_t mutex;
	struct judging *now;     /* NULL: none was loaded */
	_Atomic uint64_t change; /* things that happened */
	/* the score of what nothing is known of, in the newest; look-ups read it without waiting */
	_Atomic uint8_t unknown[ROLE_COUNT];
};

void judgings_start(struct judgings *judgings);
void judgings_done(struct judgings *judgings);
/* Something happened. Any thread, never waits. */
void judgings_note(struct judgings *judgings);

/* Lends the newest, which is loaded with db when need be; others who ask meanwhile wait for it. */
NODISCARD enum err judging_take(struct judgings *judgings, struct db *db, int64_t now_s,
	struct judging **out, struct why *why);
void judging_give_back(struct judgings *judgings, struct judging *judging);
