/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Snapshots for tests and benches of the answer role, built by the real builder from lines
 *     <address, prefix or name> [<categories> <src> <dst> <policy> <action> [<until day>]]
 * in any order, as in "192.0.2.1 scanner,brute-force 87 0 0 3 2500". What is left out is
 * "scanner 90 0 0 3". A name beginning with "*." takes in everything below.
 */
#pragma once

#include "base/str.h"

/* Writes <folder>/generation.pehra; ends the program when a line is wrong. Returns the entries. */
size_t sample_build(const char *folder, struct str lines, uint64_t generation);
