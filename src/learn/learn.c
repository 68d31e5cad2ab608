/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/learn.h"

#include "learn/learn_int.h"

struct learn *learn_new(const struct model *base, const struct score_source *sources,
	size_t source_count, const struct rules *rules, int64_t at_s)
{
	struct learn *learn = calloc(1, sizeof *learn);

	must(learn != NULL);
	learn->base = base;
	learn->sources = sources;
	learn->source_count = source_count;
	learn->rules = rules;
	learn->at_s = at_s;
	table_init(&learn->table, at_s);
	return learn;
}

void learn_free(struct learn **learn)
{
	if (*learn == NULL)
		return;
	table_done(&(*learn)->table);
	score_networks_done(&(*learn)->networks);
	for (int level = 0; level < SCORE_NEAR_LEVELS; level++)
		free((*learn)->near[level]);
	for (int role = 0; role < ROLE_COUNT; role++)
		free((*learn)->cases[role].rows);
	free((*learn)->routes);
	free((*learn)->source);
	free((*learn)->scored);
	free((*learn)->by_name);
	free(*learn);
	*learn = NULL;
}

void learn_add(struct learn *learn, const struct learn_claim *claim)
{
	if (claim->source < learn->source_count)
		table_add(&learn->table, claim);
	else
		learn->unknown_source++;
}

void learn_add_route(struct learn *learn, const struct learn_route *route)
{
	if (learn->route_count == learn->route_capacity) {
		learn->route_capacity = learn->route_capacity * 2 + 1024;
		learn->routes =
			realloc(learn->routes, learn->route_capacity * sizeof *learn->routes);
		must(learn->routes != NULL);
	}
	learn->routes[learn->route_count++] = *route;
}

void learn_add_absence(struct learn *learn, uint8_t role, double age_days, bool has_returned)
{
	if (role < ROLE_COUNT)
		hazard_add(&learn->hazards[role], age_days, has_returned);
}

/* What the new model starts from. */
static void begin_model(struct learn *learn, struct learn_what what)
{
	learn->model = learn->base->score;
	learn->model.networks = NULL;
	for (int role = 0; role < ROLE_COUNT; role++) {
		learn->role[role].base_log_odds = learn->model.roles[role].prior;
		if (what.decay)
			learn->role[role].is_decay_learned =
				hazard_fit(&learn->hazards[role], &learn->model.roles[role].decay);
	}
	score_model_prepare(&learn->model);
	learn->scored = calloc(learn->source_count + 1, sizeof *learn->scored);
	must(learn->scored != NULL);
	for (int role = 0; role < ROLE_COUNT; role++) {
		for (int category = 0; category < CATEGORY_COUNT; category++)
			learn->policy.at[role][category] = (struct policy_threshold){ POLICY_NEVER,
				POLICY_NEVER, POLICY_NEVER };
	}
	policy_prepare(&learn->policy);
}

static void source_out(
	const struct learn *learn, uint32_t s, struct arena *arena, struct model_source *out)
{
	const struct learn_source *source = &learn->source[s];

	*out = (struct model_source){ .name = arena_str(arena, learn->sources[s].name),
		.family = arena_str(arena, learn->sources[source->family].name),
		.is_proven = source->is_proven,
		.leader_count = source->leader_count };
	for (size_t i = 0; i < source->leader_count; i++)
		out->leaders[i] = arena_str(arena, learn->sources[source->leaders[i]].name);
	for (int role = 0; role < ROLE_COUNT; role++) {
		const struct tally *now = &source->role[role].now;
		const struct tally *carried = &source->role[role].carried;

		out->role[role].weight = learn->scored[s].weight[role];
		out->role[role].confirmed = now->confirmed + carried->confirmed;
		out->role[role].refuted = now->refuted + carried->refuted;
		out->role[role].unconfirmed = now->unconfirmed + carried->unconfirmed;
	}
}

static void model_out(struct learn *learn, struct model *out)
{
	*out = (struct model){ .score = learn->model };
	out->sources = arena_array(&out->arena, learn->named, sizeof *out->sources);
	for (size_t i = 0; i < learn->named && out->source_count < MODEL_SOURCES_MAX; i++) {
		uint32_t s = learn->by_name[i];

		if (learn->source[s].is_here)
			source_out(learn, s, &out->arena, &out->sources[out->source_count++]);
	}
	score_model_prepare(&out->score);
	if (learn->networks.index.n == 0)
		return;
	out->networks = learn->networks;
	out->score.networks = &out->networks;
	learn->networks = (struct score_networks){ 0 };
}

void learn_finish(
	struct learn *learn, struct learn_what what, struct model *out, struct json_writer *report)
{
	table_close(&learn->table);
	begin_model(learn, what);
	learn_meet_sources(learn);
	learn_find_echoes(learn);
	learn_look_around(learn);
	learn_judge(learn);
	learn_calibrate(learn);
	model_out(learn, out);
	learn_report_write(learn, out, report);
}
