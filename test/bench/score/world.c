/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/score/world_int.h"

#include "base/clock.h"

/* 2026-01-01 */
static const int64_t WORLD_START_S = 1767225600;

void world_settings_default(struct world_settings *out, double scale, uint32_t days)
{
	*out = (struct world_settings){
		.seed = 1,
		.days = days,
		.warm_up_days = 90,
		.scale = scale,
		/* 2,686 new a day, of which 28 % had been listed before */
		.fresh_per_day = 2686 * 0.72,
		/* 83,000 listed at a time, 2,686 new a day */
		.stay_days = 83000.0 / 2686,
		.hazard = 0.079,
		.hazard_power = 1.13,
		.address_space = 3.7e9,
		.clustered_share = 0.52,
		.near_days = 30,
		.bulk_list = 213000,
		.c2_list = 19000,
		.label_visible = 0.4,
		.alike_share = 0.8,
		.one_day_share = 0.5,
		.spell_sigma = 1.4,
		.frailty_variance = 3,
		.frailty_mean = 0.43,
		.lead_share = 0.6,
		.lead_days = 3,
		.list_coverage = 0.25,
		.innocents_per_day = 0.01,
		.shared_known = 0.7,
		.cloud_known = 0.9,
	};
}

struct world *world_make(const struct world_settings *settings)
{
	struct world *world = calloc(1, sizeof *world);

	must(world != NULL);
	must(settings->days > 0 && settings->days < HISTORY_DAYS_MAX);
	world->settings = *settings;
	world->history.days = settings->days;
	world->history.start_s = WORLD_START_S;
	world_make_networks(world);
	world_make_hosts(world);
	world_make_sources(world);
	history_sort(&world->history);
	return world;
}

void world_free(struct world **world)
{
	if (*world == NULL)
		return;
	history_done(&(*world)->history);
	free((*world)->hosts);
	free((*world)->spells);
	free((*world)->routes);
	arena_done(&(*world)->arena);
	free(*world);
	*world = NULL;
}

const struct world_spell *world_spell_at(const struct world *world, uint32_t host, int32_t day)
{
	uint32_t at = world->hosts[host].first_spell;

	for (; at != 0; at = world->spells[at].next) {
		const struct world_spell *spell = &world->spells[at];

		if (day < spell->begin)
			return NULL;
		if (day <= spell->last)
			return spell;
	}
	return NULL;
}

/* The first, the last and the day on which the label meets it are always active. */
bool world_is_active(const struct world *world, uint32_t host, int32_t day)
{
	const struct world_spell *spell = world_spell_at(world, host, day);
	struct chance chance;

	if (spell == NULL)
		return false;
	if (day == spell->begin || day == spell->met || day == spell->last)
		return true;
	chance = chance_for(world->settings.seed, FOR_ACTIVITY,
		(uint64_t)world->hosts[host].address << 16 | (uint16_t)day);
	return chance_is(&chance, world->hosts[host].eagerness / 255.0);
}
