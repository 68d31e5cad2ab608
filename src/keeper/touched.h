/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What touches a guard of policy ask: each build writes it down, and keeper puts it before a
 * person. What is touched no more is asked no more.
 */
#pragma once

#include "keeper/service.h"
#include "snapshot/compile.h"

/* In the snapshot folder: [{"indicator", "list", "score", "would_be"}], highest scores first. */
#define TOUCHED_FILE "touched.json"

/* What a person dismissed is not asked again for so long. */
enum { TOUCHED_QUIET_DAYS = 30 };

/* For the building process; a file that says the same already is left alone. */
NODISCARD enum err touched_write(const struct compile *compile, const char *data, struct why *why);

/*
 * After a build: what is touched is raised in the queue or refreshed, what is no longer is closed
 * as overtaken. Writes nothing when the build found what the last one found.
 */
NODISCARD enum err touched_settle(struct service *service, struct why *why);
