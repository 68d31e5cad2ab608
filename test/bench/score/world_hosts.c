/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts and their spells of activity. */
#include "bench/score/world_int.h"

#include "base/sort.h"

enum { SPELL_DAYS_MAX = 400, LEAD_DAYS_MAX = 14, RETURN_DAYS_MAX = 1000 };

/* How spells and returns of a kind differ from the mean; assumed, the mean is the measured one. */
static const struct {
	double length;
	double returns;
} kinds[WORLD_KINDS] = {
	[WORLD_ACCESS] = { 0.83, 1.0 },
	[WORLD_SERVER] = { 1.85, 1.2 },
	[WORLD_CLOUD] = { 0.3, 0.5 },
	[WORLD_SHARED] = { 0.92, 1.5 },
	[WORLD_TOR] = { 0.5, 20 },
	[WORLD_SCANNER] = { 1, 1 },
	[WORLD_C2] = { 1.85, 0.2 },
};

/* Shares of what attackers do; assumed. */
static const double attack_shares[ATTACKS] = {
	[ATTACK_LOGIN] = 0.4, [ATTACK_WEB] = 0.25, [ATTACK_SCAN] = 0.2, [ATTACK_MAIL] = 0.15
};

struct makers {
	struct world *world;
	struct world_places *places;
	size_t host_capacity;
	size_t spell_capacity;
	double returns[RETURN_DAYS_MAX + 1]; /* cumulative hazard by age, of a host of frailty 1 */
};

/*
 * Hosts differ by a gamma distributed frailty, so the hazard over all of them falls faster than a
 * host's own. The cumulative hazard H of all comes from (exp(v * H) - 1) / v of each (v: variance).
 */
static void returns_prepare(struct makers *makers)
{
	const struct world_settings *settings = &makers->world->settings;
	double all = 0;

	for (int age = 1; age <= RETURN_DAYS_MAX; age++) {
		all += settings->hazard * pow(age, -settings->hazard_power);
		makers->returns[age] =
			expm1(settings->frailty_variance * all) / settings->frailty_variance;
	}
}

/* Days from leaving the label's list to being on it again; more than the maximum: never. */
static int32_t return_draw(const struct makers *makers, struct chance *chance, double frailty)
{
	double reached = chance_exponential(chance, 1) / frailty;
	int32_t age = 1;

	while (age <= RETURN_DAYS_MAX && makers->returns[age] < reached)
		age++;
	return age;
}

static int32_t length_draw(
	const struct world_settings *settings, struct chance *chance, uint8_t kind)
{
	double mean = (settings->stay_days - WORLD_RETENTION_DAYS) / (1 - settings->one_day_share) *
		      kinds[kind].length;
	double median = mean * exp(-settings->spell_sigma * settings->spell_sigma / 2);

	if (chance_is(chance, settings->one_day_share))
		return 0;
	return (int32_t)fmin(
		ceil(chance_lognormal(chance, median, settings->spell_sigma)), SPELL_DAYS_MAX);
}

static uint32_t spell_add(struct makers *makers, struct world_spell spell)
{
	struct world *world = makers->world;

	if (world->spell_count + 1 >= makers->spell_capacity) {
		makers->spell_capacity = makers->spell_capacity * 2 + 4096;
		world->spells =
			realloc(world->spells, makers->spell_capacity * sizeof *world->spells);
		must(world->spells != NULL);
	}
	world->spells[world->spell_count] = spell;
	return (uint32_t)world->spell_count++;
}

/* All spells of a host from its first day on. */
static void spells_make(
	struct makers *makers, struct world_host *host, struct chance *chance, int32_t met)
{
	const struct world_settings *settings = &makers->world->settings;
	double frailty = settings->frailty_mean * kinds[host->kind].returns * (double)host->frailty;
	int32_t ended = INT32_MIN / 2;
	uint32_t before = 0;

	while (met < (int32_t)settings->days + LEAD_DAYS_MAX) {
		struct world_spell spell = { .begin = met, .met = met };
		uint32_t number;

		if (chance_is(chance, settings->lead_share)) {
			double lead = ceil(chance_exponential(chance, settings->lead_days));

			spell.begin -= (int32_t)fmin(lead, LEAD_DAYS_MAX);
		}
		spell.begin = spell.begin > ended ? spell.begin : ended + 1;
		spell.last = met + length_draw(settings, chance, host->kind);
		number = spell_add(makers, spell);
		if (before == 0)
			host->first_spell = number;
		else
			makers->world->spells[before].next = number;
		before = number;
		ended = spell.last;
		met = spell.last + WORLD_RETENTION_DAYS + return_draw(makers, chance, frailty);
	}
}

static struct world_host *host_add(
	struct makers *makers, uint32_t address, uint32_t route, uint8_t kind)
{
	struct world *world = makers->world;

	if (world->host_count == makers->host_capacity) {
		makers->host_capacity = makers->host_capacity * 2 + 4096;
		world->hosts = realloc(world->hosts, makers->host_capacity * sizeof *world->hosts);
		must(world->hosts != NULL);
	}
	world->hosts[world->host_count] =
		(struct world_host){ .address = address, .route = route, .kind = kind };
	return &world->hosts[world->host_count++];
}

static uint8_t attack_draw(struct chance *chance)
{
	double at = chance_unit(chance);
	uint8_t attack = 0;

	for (; attack + 1 < ATTACKS && at >= attack_shares[attack]; attack++)
		at -= attack_shares[attack];
	return attack;
}

/* beside: one in whose /24 it comes up, often by the same hand; or NULL. */
static void attacker_add(struct makers *makers, uint32_t address, uint32_t route, uint8_t kind,
	int32_t met, const struct world_host *beside)
{
	const struct world_settings *settings = &makers->world->settings;
	struct chance chance = chance_for(settings->seed, FOR_HOST, address);
	bool is_alike = beside != NULL && chance_is(&chance, settings->alike_share);
	uint8_t attack = is_alike ? beside->attack : attack_draw(&chance);
	bool is_met = is_alike ? beside->is_met : chance_is(&chance, settings->label_visible);
	double frailty = chance_gamma(&chance, settings->frailty_variance);
	float shared = is_alike ? beside->frailty : (float)frailty;
	struct world_host *host = host_add(makers, address, route, kind); /* beside is gone */

	host->attack = attack;
	host->eagerness = (uint8_t)(26 + chance_below(&chance, 230));
	host->is_met = kind == WORLD_SCANNER || is_met;
	host->frailty = shared;
	if (kind == WORLD_SCANNER)
		host->first_spell = spell_add(
			makers, (struct world_spell){ .begin = met,
					.met = met,
					.last = (int32_t)settings->days + SPELL_DAYS_MAX });
	else
		spells_make(makers, host, &chance, met);
}

/* Did the host's activity draw others on this day? */
static bool host_draws(const struct world *world, const struct world_host *host, int32_t day)
{
	int32_t reach = WORLD_RETENTION_DAYS + (int32_t)world->settings.near_days;

	if (host->kind == WORLD_C2)
		return false;
	for (uint32_t at = host->first_spell; at != 0; at = world->spells[at].next) {
		const struct world_spell *spell = &world->spells[at];

		if (spell->met <= day && spell->last + reach >= day)
			return true;
	}
	return false;
}

/* One that attacks or was met lately, whose /24 the fresh one shares; NULL: none found. */
static const struct world_host *neighbour_draw(
	const struct world *world, struct chance *chance, int32_t day)
{
	enum { TRIES = 64 };

	for (int i = 0; i < TRIES && world->host_count > 0; i++) {
		const struct world_host *host =
			&world->hosts[chance_below(chance, (uint32_t)world->host_count)];

		if (host_draws(world, host, day))
			return host;
	}
	return NULL;
}

static void fresh_add(struct makers *makers, struct chance *chance, int32_t day)
{
	struct world *world = makers->world;
	bool is_clustered = chance_is(chance, world->settings.clustered_share);
	const struct world_host *beside = is_clustered ? neighbour_draw(world, chance, day) : NULL;
	uint32_t route = beside != NULL ? beside->route : world_route_pick(world, chance, true);
	uint32_t address = 0;

	if (beside != NULL)
		address = world_place_beside(makers->places, beside->address, chance);
	if (address == 0) {
		beside = NULL;
		route = world_route_pick(world, chance, true);
		address = world_place_in_route(makers->places, &world->routes[route], chance);
	}
	if (address != 0)
		attacker_add(makers, address, route, world->routes[route].kind, day, beside);
}

/* n addresses of a kind anywhere; attacks begin on a random day when it attacks. */
static void others_add(struct makers *makers, uint8_t kind, double n, bool by_badness)
{
	struct world *world = makers->world;
	struct chance chance = chance_for(world->settings.seed, FOR_OTHERS, kind);
	uint32_t days = world->settings.days + world->settings.warm_up_days;

	for (size_t i = 0; i < (size_t)n; i++) {
		uint32_t route = world_route_pick(world, &chance, by_badness);
		uint32_t address =
			world_place_in_route(makers->places, &world->routes[route], &chance);
		int32_t day = (int32_t)chance_below(&chance, days) -
			      (int32_t)world->settings.warm_up_days;

		if (address == 0)
			continue;
		if (kind == WORLD_INNOCENT || kind == WORLD_PROTECTED)
			host_add(makers, address, route, kind);
		else
			attacker_add(makers, address, route, kind, day, NULL);
	}
}

static int host_order(const void *a, const void *b)
{
	const struct world_host *x = a;
	const struct world_host *y = b;

	return x->address == y->address ? 0 : x->address < y->address ? -1 : 1;
}

static void indicators_make(struct world *world)
{
	struct history *history = &world->history;

	sort_runs(world->hosts, world->host_count, sizeof *world->hosts, host_order);
	history->indicators =
		arena_array(&history->arena, world->host_count, sizeof *history->indicators);
	history->indicator_count = world->host_count;
	for (size_t i = 0; i < world->host_count; i++) {
		struct ipaddr ip = ip_from_u32(world->hosts[i].address);

		history->indicators[i] = prefix_host(&ip);
	}
}

void world_make_hosts(struct world *world)
{
	const struct world_settings *settings = &world->settings;
	double fresh = settings->fresh_per_day * settings->scale / settings->label_visible;
	double bulk = settings->bulk_list * settings->scale;
	size_t most = (size_t)(fresh * (settings->days + settings->warm_up_days) * 1.5 + 5 * bulk);
	struct makers makers = { .world = world };
	CLEANUP(world_places_free) struct world_places *places = world_places_new(most + 65536);

	makers.places = places;
	returns_prepare(&makers);
	spell_add(&makers, (struct world_spell){ 0 });
	others_add(&makers, WORLD_INNOCENT, bulk * 3, false);
	others_add(&makers, WORLD_PROTECTED, 200, false);
	others_add(&makers, WORLD_TOR, 10 + 1200 * settings->scale, false);
	others_add(&makers, WORLD_SCANNER, 20 + 4000 * settings->scale, false);
	others_add(&makers, WORLD_C2, 50 + settings->c2_list * 2 * settings->scale, true);
	for (int32_t day = -(int32_t)settings->warm_up_days; day < (int32_t)settings->days; day++) {
		struct chance chance =
			chance_for(settings->seed, FOR_FRESH, (uint64_t)((int64_t)day + 1000));
		uint32_t n = chance_poisson(&chance, fresh);

		for (uint32_t i = 0; i < n; i++)
			fresh_add(&makers, &chance, day);
	}
	indicators_make(world);
}
