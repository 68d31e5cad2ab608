/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the verbs of feeds share. */
#pragma once

#include "cli/server.h"
#include "keeper/keeper.h"

/*
 * Opens a file to be imported, "-" for standard input. What is no regular file is read to its end
 * first. A folder (a MISP feed: a manifest and its events) becomes one
 * archive in memory, so that it travels as one input.
 */
NODISCARD enum err feed_file_open(const char *path, int *out, struct why *why);
/* The folder's part of that, in feed_folder.c. */
NODISCARD enum err feed_folder_open(const char *path, int *out, struct why *why);
