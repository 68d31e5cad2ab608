/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A model as JSON:
 *   {"version": 1, "made_s": 0, "default_weight": 3,
 *    "roles": {"src": {"prior": -4, ..., "near_any": [0.3, 0.1], ...}, "dst": ..., "policy": ...},
 *    "sources": [{"name": "...", "family": "...", "proven": true, "leaders": ["..."],
 *                 "src": {"weight": 3, "confirmed": 9, "refuted": 0, "unconfirmed": 1}, ...}],
 *    "networks": [["192.0.2.0/24", asn, listed, size, src, dst, policy], ...]}
 */
#include "score/model.h"

enum { LOG_ODDS_MAX = 50, NETWORK_FIELDS = 4 + ROLE_COUNT };

/* A member of struct score_role_model: one double, or one per level. */
struct parameter {
	const char *name;
	size_t offset;
	size_t levels; /* 0: no array */
	double least;
	double most;
};

#define AT(member) offsetof(struct score_role_model, member)
static const struct parameter parameters[] = {
	{ "prior", AT(prior), 0, -LOG_ODDS_MAX, LOG_ODDS_MAX },
	{ "recent_share", AT(decay.recent_share), 0, 0, 1 },
	{ "recent_half_life_d", AT(decay.recent_half_life_d), 0, 0.01, 36500 },
	{ "lasting_half_life_d", AT(decay.lasting_half_life_d), 0, 0.01, 36500 },
	{ "near_any", AT(near_any), SCORE_NEAR_LEVELS, 0, LOG_ODDS_MAX },
	{ "near_each", AT(near_each), SCORE_NEAR_LEVELS, 0, LOG_ODDS_MAX },
	{ "network", AT(network), 0, 0, LOG_ODDS_MAX },
	{ "episode", AT(episode), 0, 0, LOG_ODDS_MAX },
	{ "surroundings_max", AT(surroundings_max), 0, 0, LOG_ODDS_MAX },
	{ "shared_near", AT(shared_near), 0, 0, 1 },
	{ "shared_doubt", AT(shared_doubt), 0, 0, LOG_ODDS_MAX },
	{ "cloud_doubt", AT(cloud_doubt), 0, 0, LOG_ODDS_MAX },
	{ "spoofable_share", AT(spoofable_share), 0, 0, 1 },
	{ "unproven_max", AT(unproven_max), 0, 0, LOG_ODDS_MAX },
	{ "scale", AT(scale), 0, 0, LOG_ODDS_MAX },
	{ "shift", AT(shift), 0, -LOG_ODDS_MAX, LOG_ODDS_MAX },
};
#undef AT

static void role_write(struct json_writer *json, const struct score_role_model *role)
{
	json_object_begin(json);
	for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
		const struct parameter *parameter = &parameters[i];
		const double *value = (const void *)((const char *)role + parameter->offset);

		json_key(json, parameter->name);
		if (parameter->levels == 0) {
			json_put_double(json, *value);
			continue;
		}
		json_array_begin(json);
		for (size_t level = 0; level < parameter->levels; level++)
			json_put_double(json, value[level]);
		json_array_end(json);
	}
	json_object_end(json);
}

static void source_write(struct json_writer *json, const struct model_source *source)
{
	json_object_begin(json);
	json_field_str(json, "name", source->name);
	json_field_str(json, "family", source->family);
	json_field_bool(json, "proven", source->is_proven);
	json_key(json, "leaders");
	json_array_begin(json);
	for (size_t i = 0; i < source->leader_count; i++)
		json_put_str(json, source->leaders[i]);
	json_array_end(json);
	for (int role = 0; role < ROLE_COUNT; role++) {
		json_key_str(json, role_name((enum role)role));
		json_object_begin(json);
		json_field_double(json, "weight", (double)source->role[role].weight);
		json_field_double(json, "confirmed", source->role[role].confirmed);
		json_field_double(json, "refuted", source->role[role].refuted);
		json_field_double(json, "unconfirmed", source->role[role].unconfirmed);
		json_object_end(json);
	}
	json_object_end(json);
}

/* As short as it can be: there may be a million. */
static void network_write(struct json_writer *json, struct buf *text, const struct prefix *prefix,
	const struct score_network *network)
{
	buf_clear(text);
	prefix_format(text, prefix);
	json_array_begin(json);
	json_put_str(json, buf_view(text));
	json_put_u64(json, network->asn);
	json_put_u64(json, network->listed);
	json_put_u64(json, network->size);
	for (int role = 0; role < ROLE_COUNT; role++)
		json_put_double(json, (double)network->log_odds[role]);
	json_array_end(json);
}

void model_write(struct json_writer *json, const struct model *model)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	const struct score_networks *networks = model->score.networks;

	json_object_begin(json);
	json_field_i64(json, "version", model->score.version);
	json_field_i64(json, "made_s", model->score.made_s);
	json_field_double(json, "default_weight", model->score.default_weight);
	json_key(json, "roles");
	json_object_begin(json);
	for (int role = 0; role < ROLE_COUNT; role++) {
		json_key_str(json, role_name((enum role)role));
		role_write(json, &model->score.roles[role]);
	}
	json_object_end(json);
	json_key(json, "sources");
	json_array_begin(json);
	for (size_t i = 0; i < model->source_count; i++)
		source_write(json, &model->sources[i]);
	json_array_end(json);
	json_key(json, "networks");
	json_array_begin(json);
	for (uint32_t i = 0; networks != NULL && i < networks->index.n; i++)
		network_write(json, &text, &networks->index.prefixes[i], &networks->values[i]);
	json_array_end(json);
	json_object_end(json);
}

static enum err number_read(struct json_node node, const char *name, double least, double most,
	double *out, struct why *why)
{
	if (!json_double(node, out) || !(*out >= least && *out <= most))
		return fail(why, ERR_SYNTAX, "%s is no number of %g to %g", name, least, most);
	return OK;
}

static enum err parameter_read(struct json_node node, const struct parameter *parameter,
	struct score_role_model *out, struct why *why)
{
	double *value = (void *)((char *)out + parameter->offset);
	struct json_iterator it = json_each(node);
	struct json_node element;

	if (parameter->levels == 0)
		return number_read(
			node, parameter->name, parameter->least, parameter->most, value, why);
	if (json_type(node) != JSON_ARRAY || json_count(node) != parameter->levels)
		return fail(why, ERR_SYNTAX, "%s is no array of %zu", parameter->name,
			parameter->levels);
	for (; json_next(&it, &element); value++)
		TRY(number_read(
			element, parameter->name, parameter->least, parameter->most, value, why));
	return OK;
}

static enum err roles_read(struct json_node node, struct score_model *out, struct why *why)
{
	for (int role = 0; role < ROLE_COUNT; role++) {
		struct json_node each = json_get_str(node, role_name((enum role)role));

		if (json_type(each) != JSON_OBJECT)
			return fail(why, ERR_SYNTAX, "roles.%.*s is no object",
				STR_FMT(role_name((enum role)role)));
		for (size_t i = 0; i < ARRAY_LEN(parameters); i++)
			TRY(parameter_read(json_get(each, parameters[i].name), &parameters[i],
				&out->roles[role], why));
	}
	return OK;
}

static enum err source_role_read(
	struct json_node node, struct model_source *out, int role, struct why *why)
{
	enum { CLAIMS_MAX = 1000000000 };
	double weight = 0;

	TRY(number_read(json_get(node, "weight"), "weight", 0, LOG_ODDS_MAX, &weight, why));
	out->role[role].weight = (float)weight;
	TRY(number_read(json_get(node, "confirmed"), "confirmed", 0, CLAIMS_MAX,
		&out->role[role].confirmed, why));
	TRY(number_read(json_get(node, "refuted"), "refuted", 0, CLAIMS_MAX,
		&out->role[role].refuted, why));
	return number_read(json_get(node, "unconfirmed"), "unconfirmed", 0, CLAIMS_MAX,
		&out->role[role].unconfirmed, why);
}

static enum err source_read(
	struct json_node node, struct arena *arena, struct model_source *out, struct why *why)
{
	struct json_node leaders = json_get(node, "leaders");
	struct json_iterator it = json_each(leaders);
	struct json_node leader;
	struct str text;

	if (!json_str(json_get(node, "name"), &text) || text.n == 0)
		return fail(why, ERR_SYNTAX, "a source has no name");
	out->name = arena_str(arena, text);
	if (!json_str(json_get(node, "family"), &text))
		return fail(why, ERR_SYNTAX, "a source has no family");
	out->family = arena_str(arena, text);
	if (!json_bool(json_get(node, "proven"), &out->is_proven))
		return fail(why, ERR_SYNTAX, "proven is neither true nor false");
	if (json_type(leaders) != JSON_ARRAY || json_count(leaders) > SCORE_LEADERS_MAX)
		return fail(why, ERR_SYNTAX, "leaders is no array of at most %d names",
			SCORE_LEADERS_MAX);
	while (json_next(&it, &leader)) {
		if (!json_str(leader, &text))
			return fail(why, ERR_SYNTAX, "a leader is no text");
		out->leaders[out->leader_count++] = arena_str(arena, text);
	}
	for (int role = 0; role < ROLE_COUNT; role++)
		TRY(source_role_read(
			json_get_str(node, role_name((enum role)role)), out, role, why));
	return OK;
}

static enum err sources_read(struct json_node node, struct model *out, struct why *why)
{
	struct json_iterator it = json_each(node);
	struct json_node value;
	size_t n = json_count(node);

	if (json_type(node) != JSON_ARRAY || n > MODEL_SOURCES_MAX)
		return fail(
			why, ERR_SYNTAX, "sources is no array of at most %d", MODEL_SOURCES_MAX);
	out->sources = arena_array(&out->arena, n, sizeof *out->sources);
	while (json_next(&it, &value)) {
		struct model_source *source = &out->sources[out->source_count];

		TRY(source_read(value, &out->arena, source, why));
		if (out->source_count > 0 && str_cmp(source[-1].name, source->name) >= 0)
			return fail(why, ERR_SYNTAX, "sources are not in order of their names");
		out->source_count++;
	}
	return OK;
}

static enum err network_read(
	struct json_node node, struct prefix *prefix, struct score_network *out, struct why *why)
{
	struct json_node fields[NETWORK_FIELDS];
	struct json_iterator it = json_each(node);
	struct str text;
	uint64_t asn;
	uint64_t listed;

	if (json_type(node) != JSON_ARRAY || json_count(node) != NETWORK_FIELDS)
		return fail(why, ERR_SYNTAX, "a network is no array of %d", NETWORK_FIELDS);
	for (size_t i = 0; i < NETWORK_FIELDS; i++)
		must(json_next(&it, &fields[i]));
	if (!json_str(fields[0], &text))
		return fail(why, ERR_SYNTAX, "a network has no prefix");
	TRY(prefix_parse(text, NULL, prefix, why));
	if (!json_u64(fields[1], &asn) || asn > UINT32_MAX || !json_u64(fields[2], &listed) ||
		listed > UINT32_MAX || !json_u64(fields[3], &out->size))
		return fail(why, ERR_SYNTAX, "a network's numbers are off");
	out->asn = (uint32_t)asn;
	out->listed = (uint32_t)listed;
	for (int role = 0; role < ROLE_COUNT; role++) {
		double log_odds = 0;

		TRY(number_read(fields[4 + role], "a network's log-odds", -LOG_ODDS_MAX,
			LOG_ODDS_MAX, &log_odds, why));
		out->log_odds[role] = (float)log_odds;
	}
	return OK;
}

static enum err networks_read(struct json_node node, struct model *out, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct json_iterator it = json_each(node);
	struct json_node value;
	size_t n = json_count(node);
	size_t count = 0;

	if (json_type(node) != JSON_ARRAY || n > SCORE_NETWORKS_MAX)
		return fail(
			why, ERR_SYNTAX, "networks is no array of at most %d", SCORE_NETWORKS_MAX);

	struct prefix *prefixes = arena_array(&arena, n, sizeof *prefixes);
	struct score_network *values = arena_array(&arena, n, sizeof *values);

	for (; json_next(&it, &value); count++) {
		TRY(network_read(value, &prefixes[count], &values[count], why));
		if (count > 0 && prefix_cmp(&prefixes[count - 1], &prefixes[count]) >= 0)
			return fail(why, ERR_SYNTAX, "networks are not in order");
	}
	if (count > 0) {
		score_networks_build(&out->networks, prefixes, values, count);
		out->score.networks = &out->networks;
	}
	return OK;
}

static enum err head_read(struct json_node node, struct score_model *out, struct why *why)
{
	int64_t version;

	if (!json_i64(json_get(node, "version"), &version) || version < 1 || version > INT32_MAX)
		return fail(why, ERR_SYNTAX, "version is no number from 1");
	out->version = (int)version;
	if (!json_i64(json_get(node, "made_s"), &out->made_s) || out->made_s < 0)
		return fail(why, ERR_SYNTAX, "made_s is no time");
	return number_read(json_get(node, "default_weight"), "default_weight", 0, LOG_ODDS_MAX,
		&out->default_weight, why);
}

static enum err model_fill(struct json_node node, struct model *out, struct why *why)
{
	if (json_type(node) != JSON_OBJECT)
		return fail(why, ERR_SYNTAX, "a model is an object");
	TRY(head_read(node, &out->score, why));
	TRY(roles_read(json_get(node, "roles"), &out->score, why));
	TRY(sources_read(json_get(node, "sources"), out, why));
	return networks_read(json_get(node, "networks"), out, why);
}

enum err model_read(struct json_node node, struct model *out, struct why *why)
{
	enum err err;

	*out = (struct model){ 0 };
	err = model_fill(node, out, why);
	if (err != OK)
		model_done(out);
	else
		score_model_prepare(&out->score);
	return err;
}
