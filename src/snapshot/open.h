/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a data directory keeps its snapshots, and opening the one that local readers share.
 */
#pragma once

#include "base/err.h"
#include "pehra.h"

#define SNAPSHOT_FOLDER     "snapshot"
#define SNAPSHOT_LIVE       "snapshot/live.pehra"
#define SNAPSHOT_GENERATION "snapshot/generation.pehra"

/* Opens <data>/snapshot/live.pehra. ERR_NOT_FOUND says how to make one. */
NODISCARD enum err snapshot_open_data(const char *data, struct pehra **out, struct why *why);

/* The words for what libpehra refused, in our own error type. path is what was opened. */
enum err snapshot_open_error(enum pehra_status status, const char *path, struct why *why);
