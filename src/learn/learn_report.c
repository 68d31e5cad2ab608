/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was learned, for people:
 *   {"indicators", "claims", "left_out", "unknown_source", "routes", "networks",
 *    "roles": {"src": {"cases", "happened", "base", "calibrated", "decay_learned", "brier_before",
 *              "brier", "reliability": [{"cases", "expected", "happened"} ...ten],
 *              "coefficients": {"before": {...}, "after": {...}}}, ...},
 *    "sources": [{"name", "family", "leaders", "proven", "compared",
 *                 "src": {"judged", "confirmed", "refuted", "unconfirmed", "rate",
 *                         "weight_before", "weight"}, ...}]}
 * A role of a source without claims that were judged is left out.
 */
#include "learn/learn_int.h"

static void tally_write(struct json_writer *json, const struct learn *learn, uint32_t s, int role)
{
	const struct learn_source *source = &learn->source[s];
	const struct tally *now = &source->role[role].now;

	json_key_str(json, role_name((enum role)role));
	json_object_begin(json);
	json_field_u64(json, "judged", source->role[role].judged);
	json_field_double(json, "confirmed", now->confirmed);
	json_field_double(json, "refuted", now->refuted);
	json_field_double(json, "unconfirmed", now->unconfirmed);
	json_field_double(json, "rate", source->role[role].rate);
	json_field_double(json, "weight_before", (double)learn->sources[s].weight[role]);
	json_field_double(json, "weight", (double)learn->scored[s].weight[role]);
	json_object_end(json);
}

static void source_write(struct json_writer *json, const struct learn *learn, uint32_t s)
{
	const struct learn_source *source = &learn->source[s];

	json_object_begin(json);
	json_field_str(json, "name", learn->sources[s].name);
	json_field_str(json, "family", learn->sources[source->family].name);
	json_key(json, "leaders");
	json_array_begin(json);
	for (size_t i = 0; i < source->leader_count; i++)
		json_put_str(json, learn->sources[source->leaders[i]].name);
	json_array_end(json);
	json_field_bool(json, "proven", source->is_proven);
	json_field_bool(json, "compared", source->was_compared);
	for (int role = 0; role < ROLE_COUNT; role++) {
		if (source->role[role].judged > 0 || source->role[role].now.refuted > 0)
			tally_write(json, learn, s, role);
	}
	json_object_end(json);
}

static void coefficients_write(
	struct json_writer *json, const char *key, const struct score_role_model *role)
{
	json_key(json, key);
	json_object_begin(json);
	json_field_double(json, "prior", role->prior);
	json_field_double(json, "near_any", role->near_any[0]);
	json_field_double(json, "near_each", role->near_each[0]);
	json_field_double(json, "near_any_wide", role->near_any[1]);
	json_field_double(json, "near_each_wide", role->near_each[1]);
	json_field_double(json, "network", role->network);
	json_field_double(json, "episode", role->episode);
	json_field_double(json, "surroundings_max", role->surroundings_max);
	json_field_double(json, "shared_doubt", role->shared_doubt);
	json_field_double(json, "cloud_doubt", role->cloud_doubt);
	json_field_double(json, "scale", role->scale);
	json_field_double(json, "shift", role->shift);
	json_field_double(json, "recent_share", role->decay.recent_share);
	json_field_double(json, "recent_half_life_d", role->decay.recent_half_life_d);
	json_field_double(json, "lasting_half_life_d", role->decay.lasting_half_life_d);
	json_object_end(json);
}

static void role_write(
	struct json_writer *json, const struct learn *learn, const struct model *out, int role)
{
	const struct learn_role *learned = &learn->role[role];

	json_key_str(json, role_name((enum role)role));
	json_object_begin(json);
	json_field_u64(json, "cases", learn->cases[role].n);
	json_field_u64(json, "happened", learn->cases[role].happened);
	json_field_double(json, "base", learned->base_log_odds);
	json_field_bool(json, "calibrated", learned->is_calibrated);
	json_field_bool(json, "decay_learned", learned->is_decay_learned);
	json_field_u64(json, "returns", hazard_returns(&learn->hazards[role]));
	json_field_double(json, "brier_before", learned->brier_before);
	json_field_double(json, "brier", learned->brier);
	json_key(json, "reliability");
	json_array_begin(json);
	for (size_t i = 0; i < ARRAY_LEN(learned->cases); i++) {
		double cases = learned->cases[i];

		json_object_begin(json);
		json_field_double(json, "cases", cases);
		json_field_double(json, "expected", cases > 0 ? learned->expected[i] / cases : 0);
		json_field_double(json, "happened", cases > 0 ? learned->happened[i] / cases : 0);
		json_object_end(json);
	}
	json_array_end(json);
	json_key(json, "coefficients");
	json_object_begin(json);
	coefficients_write(json, "before", &learn->base->score.roles[role]);
	coefficients_write(json, "after", &out->score.roles[role]);
	json_object_end(json);
	json_object_end(json);
}

void learn_report_write(
	const struct learn *learn, const struct model *out, struct json_writer *report)
{
	json_object_begin(report);
	json_field_u64(report, "indicators", learn->table.item_count);
	json_field_u64(report, "claims", learn->table.claim_count);
	json_field_u64(report, "left_out", learn->table.left_out);
	json_field_u64(report, "unknown_source", learn->unknown_source);
	json_field_u64(report, "routes", learn->route_count);
	json_field_u64(report, "networks", out->networks.index.n);
	json_key(report, "roles");
	json_object_begin(report);
	for (int role = 0; role < ROLE_COUNT; role++)
		role_write(report, learn, out, role);
	json_object_end(report);
	json_key(report, "sources");
	json_array_begin(report);
	for (size_t i = 0; i < learn->named; i++) {
		if (learn->source[learn->by_name[i]].is_here)
			source_write(report, learn, learn->by_name[i]);
	}
	json_array_end(report);
	json_object_end(report);
}
