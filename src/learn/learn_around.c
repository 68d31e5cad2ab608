/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"
#include "base/sort.h"
#include "learn/learn_int.h"
#include "score/near.h"

#include <math.h>

/*
 * Shares of networks are drawn to that of their AS, and those to the world's, by so many indicators
 * that are thought to be there as expected. (Gamma's prior of a Poisson rate: what is seen and
 * expected in a small network says little.)
 */
static const double AS_PSEUDO_LISTED = 5.0;
static const double PREFIX_PSEUDO_LISTED = 2.0;
/* Few listed in all tell nothing of where they are. */
static const double WORLD_LISTED_LEAST = 100.0;
static const double NETWORK_LOG_ODDS_MAX = 3.0;
/* A prefix that differs by less from the one around it is not kept. */
static const double NETWORK_LOG_ODDS_LEAST = 0.1;

enum { FAMILIES = 2 }; /* IPv4 and IPv6 are worlds of their own */

static void ask_rules(struct learn *learn)
{
	for (size_t i = 0; learn->rules != NULL && i < learn->table.item_count; i++) {
		struct table_item *item = &learn->table.items[i];
		struct rule_match match;

		if (!rules_match_key(learn->rules, item->key, &match))
			continue;
		item->is_refuted =
			match.guard == GUARD_NEVER || (match.override != 0 && match.is_allow);
		item->doubts = (uint8_t)((match.traits & TRAIT_SHARED ? ITEM_SHARED : 0) |
					 (match.traits & TRAIT_CLOUD ? ITEM_CLOUD : 0) |
					 (match.is_noted ? ITEM_NOTED : 0));
	}
}

static void find_active(struct learn *learn)
{
	uint16_t today = (uint16_t)(learn->at_s / DAY_S);

	for (size_t i = 0; i < learn->table.item_count; i++) {
		struct table_item *item = &learn->table.items[i];

		for (uint32_t c = item->first; c < item[1].first; c++) {
			const struct table_claim *claim = &learn->table.claims[c];
			int64_t seen_s = learn->at_s + claim->last_seen_s;
			uint16_t day = (uint16_t)(seen_s < 0 ? 0 : seen_s / DAY_S);

			if ((claim->flags & CLAIM_KNOWN) == 0 ||
				!near_is_active(claim->role,
					learn_score_claim(learn, claim).is_listed, day, today))
				continue;
			item->is_active |= (uint8_t)(1u << claim->role);
			if (learn->source[claim->source].is_trusted[claim->role])
				item->is_noticed |= (uint8_t)(1u << claim->role);
		}
	}
}

/* Items are in the order of addresses, so a group's members follow each other. */
static void group_level(struct learn *learn, unsigned level)
{
	struct prefix current = { .length = 0 };
	uint32_t groups = 0;
	uint32_t *near;

	for (size_t i = 0; i < learn->table.item_count; i++) {
		struct table_item *item = &learn->table.items[i];
		struct prefix prefix;
		struct prefix group;

		if (!item->is_ip)
			continue;
		table_prefix(item->key, &prefix);
		if (!near_group(&prefix, level, &group))
			continue;
		if (groups == 0 || prefix_cmp(&group, &current) != 0)
			groups++;
		current = group;
		item->group[level] = groups - 1;
	}
	near = calloc((size_t)groups * ROLE_COUNT + 1, sizeof *near);
	must(near != NULL);
	for (size_t i = 0; i < learn->table.item_count; i++) {
		const struct table_item *item = &learn->table.items[i];

		for (int role = 0; item->group[level] != TABLE_NONE && role < ROLE_COUNT; role++)
			near[(size_t)item->group[level] * ROLE_COUNT + (size_t)role] +=
				(item->is_active >> role) & 1u;
	}
	learn->near[level] = near;
}

/* ---- networks ---- */

struct share {
	double listed[ROLE_COUNT];
	double size; /* addresses, or /64s, that no narrower route takes */
	uint32_t listed_any;
	uint32_t as; /* number of its AS; TABLE_NONE: unknown */
	uint8_t family;
};

/* An AS: what is listed in it, and what would be if it were as the world is. */
struct as_share {
	double listed[ROLE_COUNT];
	double expected[ROLE_COUNT];
};

struct atlas {
	struct prefix_index index;
	const struct learn_route *routes; /* sorted, unique */
	struct share *shares;
	struct as_share *ases;
	double world[FAMILIES][ROLE_COUNT]; /* listed share */
};

static int route_order(const void *left, const void *right)
{
	const struct learn_route *a = left;
	const struct learn_route *b = right;
	int order = prefix_cmp(&a->prefix, &b->prefix);

	return order != 0 ? order : (a->asn > b->asn) - (a->asn < b->asn);
}

/* One prefix comes twice when it has several origins; the lowest known one stands for them. */
static void settle_routes(struct learn *learn)
{
	size_t kept = 0;

	sort_runs(learn->routes, learn->route_count, sizeof *learn->routes, route_order);
	for (size_t i = 0; i < learn->route_count; i++) {
		struct learn_route route = learn->routes[i];

		if (kept == 0 || prefix_cmp(&learn->routes[kept - 1].prefix, &route.prefix) != 0)
			learn->routes[kept++] = route;
		else if (learn->routes[kept - 1].asn == 0)
			learn->routes[kept - 1].asn = route.asn;
	}
	learn->route_count = kept;
}

static double size_of(const struct prefix *prefix)
{
	enum { IP6_HOST = 64 };

	if (prefix_is_v4(prefix))
		return ldexp(1, 128 - prefix->length);
	return prefix->length >= IP6_HOST ? 1.0 : ldexp(1, IP6_HOST - prefix->length);
}

struct as_number {
	uint32_t asn;
	uint32_t route;
};

static int as_order(const void *left, const void *right)
{
	const struct as_number *a = left;
	const struct as_number *b = right;

	return (a->asn > b->asn) - (a->asn < b->asn);
}

/* Numbers the ASes of the routes. */
static void number_ases(struct atlas *atlas, size_t n)
{
	struct as_number *numbers = calloc(n + 1, sizeof *numbers);
	uint32_t count = 0;

	must(numbers != NULL);
	for (size_t i = 0; i < n; i++)
		numbers[i] = (struct as_number){ atlas->routes[i].asn, (uint32_t)i };
	sort_runs(numbers, n, sizeof *numbers, as_order);
	for (size_t i = 0; i < n; i++) {
		count += i > 0 && numbers[i].asn != numbers[i - 1].asn;
		atlas->shares[numbers[i].route].as = numbers[i].asn == 0 ? TABLE_NONE : count;
	}
	atlas->ases = calloc((size_t)count + 1, sizeof *atlas->ases);
	must(atlas->ases != NULL);
	free(numbers);
}

static void measure_routes(struct learn *learn, struct atlas *atlas)
{
	size_t n = learn->route_count;
	struct prefix *prefixes = calloc(n + 1, sizeof *prefixes);

	atlas->routes = learn->routes;
	atlas->shares = calloc(n + 1, sizeof *atlas->shares);
	must(prefixes != NULL && atlas->shares != NULL);
	for (size_t i = 0; i < n; i++)
		prefixes[i] = learn->routes[i].prefix;
	prefix_index_build(&atlas->index, prefixes, n);
	free(prefixes);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t parent = prefix_index_parent(&atlas->index, i);
		double size = size_of(&learn->routes[i].prefix);

		atlas->shares[i].family = prefix_is_v4(&learn->routes[i].prefix) ? 0 : 1;
		atlas->shares[i].size += size;
		if (parent != PREFIX_INDEX_NONE)
			atlas->shares[parent].size -= size;
	}
	number_ases(atlas, n);
}

static void count_listed(struct learn *learn, struct atlas *atlas)
{
	for (size_t i = 0; i < learn->table.item_count; i++) {
		struct table_item *item = &learn->table.items[i];
		struct prefix prefix;
		uint32_t route;

		if (!item->is_ip || item->is_wide || item->is_noticed == 0)
			continue;
		table_prefix(item->key, &prefix);
		route = prefix_index_find(&atlas->index, &prefix);
		if (route == PREFIX_INDEX_NONE)
			continue;
		atlas->shares[route].listed_any++;
		for (int role = 0; role < ROLE_COUNT; role++)
			atlas->shares[route].listed[role] += (item->is_noticed >> role) & 1;
	}
}

/* A sample of the neighbourhoods shows that share of what is listed. */
static double sampled_share(const struct table *table)
{
	return table->threshold == UINT64_MAX ? 1.0 : ldexp((double)table->threshold, -64);
}

static void measure_world(struct learn *learn, struct atlas *atlas)
{
	double share = sampled_share(&learn->table);
	double size[FAMILIES] = { 0 };
	double listed[FAMILIES][ROLE_COUNT] = { { 0 } };

	for (size_t i = 0; i < learn->route_count; i++) {
		struct share *each = &atlas->shares[i];

		each->size = each->size > 0 ? each->size * share : 0;
		size[each->family] += each->size;
		for (int role = 0; role < ROLE_COUNT; role++)
			listed[each->family][role] += each->listed[role];
	}
	for (int family = 0; family < FAMILIES; family++) {
		for (int role = 0; role < ROLE_COUNT; role++)
			atlas->world[family][role] =
				listed[family][role] < WORLD_LISTED_LEAST || !(size[family] > 0)
					? 0
					: listed[family][role] / size[family];
	}
	for (size_t i = 0; i < learn->route_count; i++) {
		const struct share *each = &atlas->shares[i];

		for (int role = 0; each->as != TABLE_NONE && role < ROLE_COUNT; role++) {
			double world = atlas->world[each->family][role];

			if (!(world > 0))
				continue;
			atlas->ases[each->as].listed[role] += each->listed[role];
			atlas->ases[each->as].expected[role] += each->size * world;
		}
	}
}

/* ln of how many times more are listed than in the world. */
static double network_log_odds(const struct atlas *atlas, const struct share *share, int role)
{
	double world = atlas->world[share->family][role];
	double more = 1;
	double expected;

	if (!(world > 0))
		return 0;
	if (share->as != TABLE_NONE) {
		const struct as_share *as = &atlas->ases[share->as];

		more = (as->listed[role] + AS_PSEUDO_LISTED) /
		       (as->expected[role] + AS_PSEUDO_LISTED);
	}
	expected = share->size * world * more;
	more *= (share->listed[role] + PREFIX_PSEUDO_LISTED) / (expected + PREFIX_PSEUDO_LISTED);
	return fmin(fmax(log(more), -NETWORK_LOG_ODDS_MAX), NETWORK_LOG_ODDS_MAX);
}

static bool differs(const struct score_network *a, const struct score_network *b)
{
	for (int role = 0; role < ROLE_COUNT; role++) {
		if (fabs((double)a->log_odds[role] - (double)b->log_odds[role]) >
			NETWORK_LOG_ODDS_LEAST)
			return true;
	}
	return false;
}

/* A network that was kept, or the one around it that a look-up would find instead. */
static void keep_networks(struct learn *learn, struct atlas *atlas)
{
	size_t n = learn->route_count;
	struct score_network *values = calloc(n + 1, sizeof *values);
	struct prefix *prefixes = calloc(n + 1, sizeof *prefixes);
	uint32_t *found = calloc(n + 1, sizeof *found); /* number among the kept, plus 1 */
	const struct score_network nothing = { .asn = 0 };
	size_t kept = 0;

	must(values != NULL && prefixes != NULL && found != NULL);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t parent = prefix_index_parent(&atlas->index, i);
		uint32_t around = parent == PREFIX_INDEX_NONE ? 0 : found[parent];
		const struct share *share = &atlas->shares[i];
		struct score_network network = { .asn = learn->routes[i].asn,
			.listed = share->listed_any,
			.size = share->size < 0x1p63 ? (uint64_t)share->size : UINT64_C(1) << 63 };

		for (int role = 0; role < ROLE_COUNT; role++)
			network.log_odds[role] = (float)network_log_odds(atlas, share, role);
		found[i] = around;
		if (kept == SCORE_NETWORKS_MAX ||
			!differs(&network, around == 0 ? &nothing : &values[around - 1]))
			continue;
		prefixes[kept] = learn->routes[i].prefix;
		values[kept++] = network;
		found[i] = (uint32_t)kept;
	}
	score_networks_build(&learn->networks, prefixes, values, kept);
	free(values);
	free(prefixes);
	free(found);
}

static void learn_networks(struct learn *learn)
{
	struct atlas atlas = { .routes = NULL };

	settle_routes(learn);
	measure_routes(learn, &atlas);
	count_listed(learn, &atlas);
	measure_world(learn, &atlas);
	keep_networks(learn, &atlas);
	prefix_index_done(&atlas.index);
	free(atlas.shares);
	free(atlas.ases);
}

void learn_look_around(struct learn *learn)
{
	ask_rules(learn);
	find_active(learn);
	for (unsigned level = 0; level < SCORE_NEAR_LEVELS; level++)
		group_level(learn, level);
	learn_networks(learn);
}

void learn_surroundings(const struct learn *learn, size_t item, struct score_surroundings *out)
{
	const struct table_item *row = &learn->table.items[item];

	*out = (struct score_surroundings){ .is_shared = (row->doubts & ITEM_SHARED) != 0,
		.is_cloud = (row->doubts & ITEM_CLOUD) != 0,
		.is_noted = (row->doubts & ITEM_NOTED) != 0 };
	for (unsigned level = 0; level < SCORE_NEAR_LEVELS; level++) {
		for (int role = 0; row->group[level] != TABLE_NONE && role < ROLE_COUNT; role++)
			out->near[role][level] =
				learn->near[level]
					   [(size_t)row->group[level] * ROLE_COUNT + (size_t)role] -
				((row->is_active >> role) & 1u);
	}
	if (row->is_ip) {
		struct prefix prefix;

		table_prefix(row->key, &prefix);
		out->network = score_networks_find(&learn->networks, &prefix);
	}
}
