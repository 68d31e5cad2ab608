/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/score/forecast.h"

#include "base/clock.h"
#include "evidence/claim.h"
#include "pehra.h"
#include "score/near.h"

enum { CLAIMS_MAX = 512 };

static void keys_make(struct forecast *forecast)
{
	const struct history *history = forecast->history;
	CLEANUP(buf_done) struct buf key = { 0 };

	forecast->keys =
		arena_array(&forecast->arena, history->indicator_count, sizeof *forecast->keys);
	for (size_t i = 0; i < history->indicator_count; i++) {
		struct indicator indicator = { .kind = INDICATOR_IP,
			.prefix = history->indicators[i] };

		buf_clear(&key);
		indicator_key(&key, &indicator);
		forecast->keys[i] = arena_str(&forecast->arena, buf_view(&key));
	}
}

/* Indicators are in order of address, so those of a group follow each other. */
static void groups_make(struct forecast *forecast, unsigned level)
{
	const struct history *history = forecast->history;
	uint32_t *group = arena_array(&forecast->arena, history->indicator_count, sizeof *group);
	struct prefix last = { 0 };
	uint32_t n = 0;

	for (size_t i = 0; i < history->indicator_count; i++) {
		struct prefix around;

		group[i] = PREFIX_INDEX_NONE;
		if (!near_group(&history->indicators[i], level, &around))
			continue;
		if (n == 0 || prefix_cmp(&around, &last) != 0)
			n++;
		last = around;
		group[i] = n - 1;
	}
	forecast->group[level] = group;
	for (int role = 0; role < ROLE_COUNT; role++)
		forecast->near[level][role] =
			arena_array(&forecast->arena, n + 1, sizeof *forecast->near[level][role]);
}

static void rules_ask(struct forecast *forecast)
{
	const struct history *history = forecast->history;

	forecast->matches =
		arena_array(&forecast->arena, history->indicator_count, sizeof *forecast->matches);
	for (size_t i = 0; forecast->rules != NULL && i < history->indicator_count; i++)
		rules_match_key(forecast->rules, forecast->keys[i], &forecast->matches[i]);
}

static void wider_find(struct forecast *forecast)
{
	const struct history *history = forecast->history;
	CLEANUP(prefix_index_done) struct prefix_index index = { 0 };

	prefix_index_build(&index, history->indicators, history->indicator_count);
	forecast->wider =
		arena_array(&forecast->arena, history->indicator_count, sizeof *forecast->wider);
	for (uint32_t i = 0; i < history->indicator_count; i++)
		forecast->wider[i] = prefix_index_parent(&index, i);
}

/* What the model knows of the sources, by name. */
static void sources_take(struct forecast *forecast)
{
	const struct history *history = forecast->history;

	for (uint32_t i = 0; i < history->source_count; i++) {
		const struct history_source *source = &history->sources[i];

		forecast->sources[i] = (struct score_source){ .name = source->name,
			.family = i,
			.standing = source->standing,
			.traits = source->traits };
		for (int role = 0; role < ROLE_COUNT; role++)
			forecast->sources[i].weight[role] =
				(float)forecast->model.score.default_weight;
	}
}

void forecast_init(struct forecast *forecast, const struct history *history,
	const struct rules *rules, const struct learn_route *routes, size_t route_count)
{
	*forecast = (struct forecast){
		.history = history, .rules = rules, .routes = routes, .route_count = route_count
	};
	policy_default(&forecast->policy);
	model_default(&forecast->model);
	forecast->sources =
		arena_array(&forecast->arena, history->source_count, sizeof *forecast->sources);
	forecast->is_active = arena_alloc(&forecast->arena, history->indicator_count + 1);
	sources_take(forecast);
	keys_make(forecast);
	for (unsigned level = 0; level < SCORE_NEAR_LEVELS; level++)
		groups_make(forecast, level);
	rules_ask(forecast);
	wider_find(forecast);
}

void forecast_done(struct forecast *forecast)
{
	model_done(&forecast->model);
	arena_done(&forecast->arena);
	*forecast = (struct forecast){ 0 };
}

static uint8_t roles_active(const struct ledger *ledger, uint32_t indicator, uint16_t today)
{
	unsigned active = 0;

	for (uint32_t at = ledger->first[indicator]; at != LEDGER_NONE;
		at = ledger->rows[at].next) {
		const struct ledger_row *row = &ledger->rows[at];
		uint8_t role = ledger->history->sources[row->source].role;

		if (near_is_active(
			    role, row->ended_s == 0, (uint16_t)(row->last_seen_s / DAY_S), today))
			active |= 1U << role;
	}
	return (uint8_t)active;
}

void forecast_day(struct forecast *forecast, const struct ledger *ledger, int64_t now_s)
{
	const struct history *history = forecast->history;

	for (unsigned level = 0; level < SCORE_NEAR_LEVELS; level++) {
		for (size_t i = 0; i < history->indicator_count; i++) {
			if (forecast->group[level][i] == PREFIX_INDEX_NONE)
				continue;
			for (int role = 0; role < ROLE_COUNT; role++)
				forecast->near[level][role][forecast->group[level][i]] = 0;
		}
	}
	for (uint32_t i = 0; i < history->indicator_count; i++) {
		uint8_t active = roles_active(ledger, i, (uint16_t)(now_s / DAY_S));

		forecast->is_active[i] = active;
		for (unsigned level = 0; active != 0 && level < SCORE_NEAR_LEVELS; level++) {
			for (int role = 0; role < ROLE_COUNT; role++) {
				if (forecast->group[level][i] != PREFIX_INDEX_NONE)
					forecast->near[level][role][forecast->group[level][i]] +=
						active >> role & 1;
			}
		}
	}
}

static void around_find(
	const struct forecast *forecast, uint32_t indicator, struct score_surroundings *out)
{
	const struct rule_match *match = &forecast->matches[indicator];

	*out = (struct score_surroundings){
		.is_shared = (match->traits & TRAIT_SHARED) != 0,
		.is_cloud = (match->traits & TRAIT_CLOUD) != 0,
		.is_noted = match->is_noted,
	};
	out->network = score_networks_find(
		forecast->model.score.networks, &forecast->history->indicators[indicator]);
	for (unsigned level = 0; level < SCORE_NEAR_LEVELS; level++) {
		uint32_t group = forecast->group[level][indicator];

		for (int role = 0; group != PREFIX_INDEX_NONE && role < ROLE_COUNT; role++)
			out->near[role][level] =
				forecast->near[level][role][group] -
				((uint32_t)forecast->is_active[indicator] >> role & 1U);
	}
}

/* The claims about one indicator, brought to now; returns how many there are then. */
static size_t claims_of(const struct forecast *forecast, const struct view *view,
	uint32_t indicator, struct score_claim *out, size_t n)
{
	const struct ledger *ledger = view->ledger;

	for (uint32_t at = ledger->first[indicator]; at != LEDGER_NONE && n < CLAIMS_MAX;
		at = ledger->rows[at].next) {
		const struct ledger_row *row = &ledger->rows[at];
		const struct history_source *source = &ledger->history->sources[row->source];
		struct score_claim *claim = &out[n];

		if (row->source == view->omitted)
			continue;
		*claim = (struct score_claim){ .source = row->source,
			.role = source->role,
			.category = source->category,
			.confidence = CONFIDENCE_UNKNOWN,
			.episodes = row->episodes,
			.is_listed = row->ended_s == 0 };
		score_accumulators_at(&forecast->model.score.roles[source->role].decay, row->recent,
			row->lasting, row->decayed_at_s, view->now_s, &claim->recent,
			&claim->lasting);
		n++;
	}
	return n;
}

static uint8_t ruled(const struct rule_match *match, uint8_t scored)
{
	switch (rule_verdict_of(match)) {
	case RULE_ALLOW:
		return PEHRA_ALLOW;
	case RULE_BLOCK:
		return PEHRA_BLOCK;
	case RULE_WATCH_AT_MOST:
		return scored > PEHRA_WATCH ? PEHRA_WATCH : scored;
	case RULE_SCORE:
		break;
	}
	return scored;
}

void forecast_judge(const struct forecast *forecast, const struct view *view, uint32_t indicator,
	struct verdict *out)
{
	struct score_claim claims[CLAIMS_MAX];
	struct score_input input = { .claims = claims,
		.prefix = &forecast->history->indicators[indicator],
		.now_s = view->now_s };

	for (uint32_t at = indicator; at != PREFIX_INDEX_NONE; at = forecast->wider[at])
		input.n = claims_of(forecast, view, at, claims, input.n);
	around_find(forecast, indicator, &input.around);
	score_of(&forecast->model.score, forecast->sources, &forecast->policy, &input, &out->score,
		NULL, 0, NULL);
	out->scored = out->score.action;
	out->action = ruled(&forecast->matches[indicator], out->scored);
}
