/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the verbs of feeds share. */
#pragma once

#include "cli/server.h"
#include "keeper/keeper.h"

/*
 * Opens a file to be imported. A folder (a MISP feed: a manifest and its events) becomes one
 * archive in memory, so that it travels as one input.
 */
NODISCARD enum err feed_file_open(const char *path, int *out, struct why *why);
