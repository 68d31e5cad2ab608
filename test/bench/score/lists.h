/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Real histories: a folder of dated plain lists, laid out as DIR/2026-08-22/source.txt or as
 * DIR/source/2026-08-22.txt; also .txt.gz, .xz, .zst. A day without a source's file is a day on
 * which it could not be read: what it named stays. Lines are read as the product reads plain lists;
 * what it refuses is counted. Addresses and prefixes, both families.
 */
#pragma once

#include "bench/score/history.h"

struct lists_read {
	uint64_t files;
	uint64_t lines;
	uint64_t refused;
};

/*
 * label: the source whose new listings are predicted; it counts as an own sensor, the others as
 * vouched for. ERR_NOT_FOUND when it is none, ERR_LIMIT beyond HISTORY_*_MAX.
 */
NODISCARD enum err lists_read(const char *folder, struct str label, struct history *out,
	struct lists_read *read, struct why *why);

/* Writes a history as such a folder (DIR/source/DATE.txt): for tests. Sources of news are left
 * out. */
NODISCARD enum err lists_write(const char *folder, const struct history *history, struct why *why);
