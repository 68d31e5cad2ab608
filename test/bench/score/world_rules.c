/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/score/world_rules.h"

static void guard_add(struct rules *rules, const struct prefix *prefix, enum guard_policy policy,
	struct str list, uint8_t traits)
{
	struct indicator indicator = { .kind = INDICATOR_IP, .prefix = *prefix };
	struct why why;

	must(rules_add_guard(rules, &indicator, policy, list, traits, &why) == OK);
}

struct rules *world_rules(const struct world *world)
{
	struct rules *rules = rules_new();

	for (size_t i = 0; i < world->host_count; i++) {
		if (world->hosts[i].kind == WORLD_PROTECTED)
			guard_add(rules, &world->history.indicators[i], GUARD_NEVER,
				STR("protected"), 0);
	}
	for (size_t i = 0; i < world->route_count; i++) {
		const struct world_route *route = &world->routes[i];

		if (route->is_known && route->kind == WORLD_CLOUD)
			guard_add(rules, &route->prefix, GUARD_NOTE, STR("rented"), TRAIT_CLOUD);
		if (route->is_known && route->kind == WORLD_SHARED)
			guard_add(rules, &route->prefix, GUARD_NOTE, STR("shared"), TRAIT_SHARED);
	}
	return rules;
}

struct learn_route *world_learn_routes(const struct world *world)
{
	struct learn_route *routes = calloc(world->route_count + 1, sizeof *routes);

	must(routes != NULL);
	for (size_t i = 0; i < world->route_count; i++)
		routes[i] = (struct learn_route){ world->routes[i].prefix, world->routes[i].asn };
	return routes;
}

static bool is_attacking(const void *state, uint32_t indicator, uint32_t day)
{
	const struct world *world = state;

	return world->hosts[indicator].kind != WORLD_C2 &&
	       world_spell_at(world, indicator, (int32_t)day) != NULL;
}

static bool is_innocent(const void *state, uint32_t indicator)
{
	const struct world *world = state;
	uint8_t kind = world->hosts[indicator].kind;

	return kind == WORLD_INNOCENT || kind == WORLD_PROTECTED;
}

struct truth world_truth(const struct world *world)
{
	return (struct truth){ is_attacking, is_innocent, world };
}
