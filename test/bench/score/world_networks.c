/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Autonomous systems and their routes; where an address is placed. */
#include "bench/score/world_int.h"

/*
 * Public space without special-purpose ranges from 11.0.0.0 on; scale 1 would need more than there
 * is before 100.64.0.0, so the world is at most a third of the real one.
 */
static const uint32_t FIRST_ADDRESS = UINT32_C(11) << 24;
static const uint32_t END_ADDRESS = UINT32_C(100) << 24;
enum { FIRST_ASN = 64, ROUTES_PER_AS = 8, WIDEST = 13, NARROWEST = 22, LEAST_ROUTES = 64 };

/* Shares of what systems are for; assumed. */
static const struct {
	uint8_t kind;
	double share;
} systems[] = {
	{ WORLD_ACCESS, 0.60 },
	{ WORLD_SERVER, 0.20 },
	{ WORLD_CLOUD, 0.08 },
	{ WORLD_SHARED, 0.12 },
};

/* How unlike systems, and the routes within one, are; assumed. */
static const double AS_SIGMA = 1.2;
static const double ROUTE_SIGMA = 0.8;

static uint8_t system_kind(struct chance *chance)
{
	double at = chance_unit(chance);

	for (size_t i = 0; i + 1 < ARRAY_LEN(systems); i++) {
		if (at < systems[i].share)
			return systems[i].kind;
		at -= systems[i].share;
	}
	return systems[ARRAY_LEN(systems) - 1].kind;
}

struct system {
	uint32_t asn;
	uint8_t kind;
	double badness;
	bool is_known;
};

static struct system system_make(const struct world_settings *settings, uint32_t number)
{
	struct chance chance = chance_for(settings->seed, FOR_NETWORKS, number);
	struct system system = { .asn = FIRST_ASN + number };
	double known;

	system.kind = system_kind(&chance);
	system.badness = chance_lognormal(&chance, 1, AS_SIGMA);
	known = system.kind == WORLD_CLOUD    ? settings->cloud_known
		: system.kind == WORLD_SHARED ? settings->shared_known
					      : 0;
	system.is_known = chance_is(&chance, known);
	return system;
}

void world_make_networks(struct world *world)
{
	const struct world_settings *settings = &world->settings;
	struct chance chance = chance_for(settings->seed, FOR_NETWORKS, UINT32_MAX);
	double wanted = settings->address_space * settings->scale;
	uint64_t next = FIRST_ADDRESS;
	size_t capacity = 0;

	while ((double)(next - FIRST_ADDRESS) < wanted || world->route_count < LEAST_ROUTES) {
		struct system system =
			system_make(settings, (uint32_t)world->route_count / ROUTES_PER_AS);
		uint32_t width = WIDEST + chance_below(&chance, NARROWEST - WIDEST + 1);
		uint32_t size = UINT32_C(1) << (32 - width);
		struct ipaddr ip;

		next = (next + size - 1) & ~((uint64_t)size - 1);
		must(next + size <= END_ADDRESS);
		if (world->route_count == capacity) {
			capacity = capacity * 2 + 256;
			world->routes = realloc(world->routes, capacity * sizeof *world->routes);
			must(world->routes != NULL);
		}
		ip = ip_from_u32((uint32_t)next);
		world->routes[world->route_count++] = (struct world_route){
			.prefix = prefix_around(&ip, (uint8_t)(IPV4_OFFSET + width)),
			.asn = system.asn,
			.kind = system.kind,
			.is_known = system.is_known,
			.badness = system.badness * chance_lognormal(&chance, 1, ROUTE_SIGMA),
		};
		next += size;
	}
}

static double route_size(const struct world_route *route)
{
	return ldexp(1, 128 - route->prefix.length);
}

/* By rejection: routes are few, and the worst is not many times worse than the mean. */
uint32_t world_route_pick(const struct world *world, struct chance *chance, bool by_badness)
{
	double most = ldexp(1, 32 - WIDEST);
	double worst = by_badness ? 20 : 1;

	for (;;) {
		uint32_t at = chance_below(chance, (uint32_t)world->route_count);
		const struct world_route *route = &world->routes[at];
		double badness = by_badness ? fmin(route->badness, worst) : 1;

		if (chance_unit(chance) * most * worst < route_size(route) * badness)
			return at;
	}
}

/* A table of addresses with open addressing; 0 is free. */
struct world_places {
	uint32_t *slots;
	size_t slot_count;
	size_t n;
};

struct world_places *world_places_new(size_t most)
{
	struct world_places *places = calloc(1, sizeof *places);

	must(places != NULL);
	places->slot_count = 1024;
	while (places->slot_count < most * 2)
		places->slot_count *= 2;
	places->slots = calloc(places->slot_count, sizeof *places->slots);
	must(places->slots != NULL);
	return places;
}

void world_places_free(struct world_places **places)
{
	if (*places == NULL)
		return;
	free((*places)->slots);
	free(*places);
	*places = NULL;
}

static bool place_take(struct world_places *places, uint32_t address)
{
	size_t at = chance_mix(address) & (places->slot_count - 1);

	must(places->n < places->slot_count - 1);
	for (; places->slots[at] != 0; at = (at + 1) & (places->slot_count - 1)) {
		if (places->slots[at] == address)
			return false;
	}
	places->slots[at] = address;
	places->n++;
	return true;
}

uint32_t world_place_in_route(
	struct world_places *places, const struct world_route *route, struct chance *chance)
{
	enum { TRIES = 16 };
	uint32_t size = UINT32_C(1) << (128 - route->prefix.length);

	for (int i = 0; i < TRIES; i++) {
		uint32_t address = ip_to_u32(&route->prefix.address) + chance_below(chance, size);

		if ((address & 0xff) != 0 && (address & 0xff) != 0xff &&
			place_take(places, address))
			return address;
	}
	return 0;
}

uint32_t world_place_beside(struct world_places *places, uint32_t address, struct chance *chance)
{
	enum { TRIES = 64 };

	for (int i = 0; i < TRIES; i++) {
		uint32_t beside = (address & ~UINT32_C(0xff)) + 1 + chance_below(chance, 254);

		if (place_take(places, beside))
			return beside;
	}
	return 0;
}
