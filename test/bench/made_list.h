/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A made list of any size: hosts in clusters of six per /24 (as attackers' are), or IPv6 /64s in
 * clusters of six per /48, clusters in no order. A pure function of its size, so every run has the
 * same. Addresses lie in 16.0.0.0-126.255.255.255 and in fd00::/8, and are written nowhere but to
 * the bench's own folder.
 */
#pragma once

#include "net/ip.h"

enum { MADE_CLUSTER = 6 };

/* The entry at a place of the list of so many entries. */
uint32_t made_v4(uint64_t place, uint64_t entries);
struct prefix made_v6(uint64_t place);

/* A host that is not in the list, in the /24 of the entry at that place. */
uint32_t made_v4_neighbour(uint64_t place, uint64_t entries);
/* A host in a /24 of which nothing is listed. */
uint32_t made_v4_far(uint64_t place, uint64_t entries);

/* Writes the list, one entry per line; ends the process when it cannot. */
void made_list_write(const char *path, bool is_v6, uint64_t entries);

/* splitmix64 (Steele, Lea, Flood 2014) */
uint64_t made_random(uint64_t *state);
