/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far the jobs under way are: the last word of keeper about each of the latest few. */
#pragma once

#include "base/buf.h"

#include <pthread.h>

enum { PROGRESS_KEPT = 256 };

/* Any thread. */
struct progress {
	pthread_mutex_t mutex;
	struct {
		int64_t run;
		struct buf json;
	} kept[PROGRESS_KEPT];
};

void progress_start(struct progress *progress);
void progress_done(struct progress *progress);
/* Keeps the JSON object as the latest about the run. */
void progress_note(struct progress *progress, int64_t run, struct str json);
/* Appends it to out; false when nothing was said of the run. */
bool progress_find(struct progress *progress, int64_t run, struct buf *out);
