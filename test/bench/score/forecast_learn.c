/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learning as keeper does it: what was known a horizon ago, and what came of it. */
#include "bench/score/forecast.h"

#include "base/clock.h"
#include "evidence/claim.h"

/* Absences that ended or began before are of another time. */
enum { ABSENCE_DAYS = 180 };

static uint32_t family_of(const struct forecast *forecast, struct str name)
{
	for (uint32_t i = 0; i < forecast->history->source_count; i++) {
		if (str_eq(forecast->history->sources[i].name, name))
			return i;
	}
	return PREFIX_INDEX_NONE;
}

/* What was learned of a source, as snapshot/sources.h takes it from a model. */
static void source_take(const struct forecast *forecast, struct score_source *source)
{
	const struct model_source *known = model_source_find(&forecast->model, source->name);
	uint32_t family;

	if (known == NULL)
		return;
	family = family_of(forecast, known->family);
	if (family != PREFIX_INDEX_NONE)
		source->family = family;
	source->is_proven = known->is_proven;
	source->leader_count = 0;
	for (int role = 0; role < ROLE_COUNT; role++)
		source->weight[role] = known->role[role].weight;
	for (uint8_t i = 0; i < known->leader_count; i++) {
		uint32_t leader = family_of(forecast, known->leaders[i]);

		if (leader != PREFIX_INDEX_NONE)
			source->leaders[source->leader_count++] = leader;
	}
}

static void claim_give(const struct forecast *forecast, struct learn *learn,
	const struct ledger *then, const struct ledger *now, uint32_t at, int64_t then_s)
{
	const struct ledger_row *row = &now->rows[at];
	bool was_known = at < then->row_count;
	const struct ledger_row *known = was_known ? &then->rows[at] : row;
	const struct history_source *source = &forecast->history->sources[row->source];

	learn_add(learn, &(struct learn_claim){ .key = forecast->keys[row->indicator],
				 .source = row->source,
				 .role = source->role,
				 .category = source->category,
				 .confidence = CONFIDENCE_UNKNOWN,
				 .episodes = known->episodes,
				 .was_known = was_known,
				 .was_listed = was_known && known->ended_s == 0,
				 .is_news = row->sighted_s > then_s,
				 .recent = known->recent,
				 .lasting = known->lasting,
				 .decayed_at_s = known->decayed_at_s,
				 .last_seen_s = known->last_seen_s,
				 .began_s = was_known ? known->started_s : row->first_seen_s });
}

static void absences_give(const struct forecast *forecast, struct learn *learn,
	const struct ledger *now, int64_t now_s)
{
	for (size_t i = 0; i < now->absence_count; i++) {
		const struct ledger_absence *absence = &now->absences[i];
		bool has_returned = absence->returned_s != 0;
		int64_t end_s = has_returned ? absence->returned_s : now_s;
		uint16_t source = now->rows[absence->row].source;

		if (absence->ended_s >= now_s - (int64_t)ABSENCE_DAYS * DAY_S)
			learn_add_absence(learn, forecast->history->sources[source].role,
				(double)(end_s - absence->ended_s) / DAY_S, has_returned);
	}
}

void forecast_learn(struct forecast *forecast, const struct ledger *then, const struct ledger *now,
	bool decay, struct buf *json)
{
	const struct history *history = forecast->history;
	int64_t then_s = history_judge_s(history, (uint32_t)then->day);
	int64_t now_s = history_judge_s(history, (uint32_t)now->day);
	CLEANUP(learn_free)
	struct learn *learn = learn_new(&forecast->model, forecast->sources, history->source_count,
		forecast->rules, then_s);
	struct json_writer writer = json_writer_on(json);
	struct model model;

	for (uint32_t i = 0; i < history->indicator_count; i++) {
		for (uint32_t at = now->first[i]; at != LEDGER_NONE; at = now->rows[at].next)
			claim_give(forecast, learn, then, now, at, then_s);
	}
	for (size_t i = 0; i < forecast->route_count; i++)
		learn_add_route(learn, &forecast->routes[i]);
	absences_give(forecast, learn, now, now_s);
	learn_finish(learn, (struct learn_what){ .decay = decay }, &model, &writer);
	learn_free(&learn);
	model.score.version = forecast->model.score.version + 1;
	model.score.made_s = now_s;
	model_done(&forecast->model);
	forecast->model = model;
	/* it points into the model, which has moved */
	if (model.score.networks != NULL)
		forecast->model.score.networks = &forecast->model.networks;
	for (size_t i = 0; i < history->source_count; i++)
		source_take(forecast, &forecast->sources[i]);
}
