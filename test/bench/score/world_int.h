/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a world is made: parts private to world*.c. */
#pragma once

#include "bench/score/chance.h"
#include "bench/score/world.h"

/* What random numbers are for; the second argument of chance_for(). */
enum world_purpose {
	FOR_NETWORKS = 1,
	FOR_FRESH,
	FOR_HOST,
	FOR_ACTIVITY,
	FOR_OTHERS,
	FOR_SOURCES /* + 8 times the source */
};

struct world_places; /* addresses that are taken */

void world_make_networks(struct world *world);
/* Hosts and their spells, then sorted by address. */
void world_make_hosts(struct world *world);
/* Sources and what they say. */
void world_make_sources(struct world *world);

/* A route by size times badness (or by size alone). */
uint32_t world_route_pick(const struct world *world, struct chance *chance, bool by_badness);

/* An address of a route that nobody has yet; 0: gave up. */
uint32_t world_place_in_route(
	struct world_places *places, const struct world_route *route, struct chance *chance);
/* In the /24 of an address; 0: full. */
uint32_t world_place_beside(struct world_places *places, uint32_t address, struct chance *chance);
struct world_places *world_places_new(size_t most);
void world_places_free(struct world_places **places); /* for CLEANUP */
