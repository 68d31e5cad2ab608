/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lists that wait for a person: a survey found that they look like a mistake. Nothing of them is
 * merged, the last good list stays as it is; the input is kept as spool/held-SOURCE.RUN (one for
 * each source, the newest) and the pending item of kind "feed" says how it is read. Survives every
 * restart.
 */
#pragma once

#include "base/map.h"
#include "decision/pending.h"
#include "keeper/job.h"

struct service;

/*
 * Ends a surveyed job so, and tells whoever waits for it (error "held"). On failure the job is
 * still there, and nothing was told.
 */
NODISCARD enum err held_keep(struct service *service, struct job *job,
	const struct import_reading *reading, enum survey_finding finding, struct str words,
	struct why *why);

/* Begins the import of what is held; durable when it returns OK. The caller closes the item. */
NODISCARD enum err held_approve(
	struct service *service, const struct pending *item, const char *actor, struct why *why);
/* Removes the file; the caller has closed the item. */
void held_forget(struct service *service, struct str source);

/* A later reading was fine: the item is overtaken and the file goes, unless it is keep (a path). */
void held_overtaken(struct service *service, struct str source, struct str keep);

/* The names of the files that open items need; those of the spool that are not among them go. */
NODISCARD enum err held_files_read(struct service *service, struct map *out, struct why *why);
