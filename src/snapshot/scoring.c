/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/scoring.h"

#include "learn/model_store.h"

static enum err policy_load(struct db *db, int64_t id, struct policy *out, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct policy_version version;
	struct json_node root;

	TRY(policy_find(db, id, &arena, &version, why));
	TRY(json_parse(reader, version.text, &root, why));
	return policy_read(root, out, why);
}

static enum err parts_load(struct db *db, int64_t now_s, int64_t as_of_s, int64_t model_version,
	int64_t policy_id, struct scoring *out, struct why *why)
{
	if (model_version > 0)
		TRY(model_load(db, model_version, &out->model, why));
	else
		TRY(model_live(db, as_of_s, &out->model, why));
	out->policy_id = policy_id;
	if (policy_id > 0)
		TRY(policy_load(db, policy_id, &out->policy, why));
	else
		TRY(policy_live(
			db, STR(POLICY_DEFAULT_NAME), as_of_s, &out->policy, &out->policy_id, why));
	TRY(source_table_load(db, &out->model, now_s, &out->sources, why));
	return rules_load(db, now_s, as_of_s, &out->rules, why);
}

enum err scoring_load_with(struct db *db, int64_t now_s, int64_t as_of_s, int64_t model_version,
	int64_t policy_id, struct scoring *out, struct why *why)
{
	enum err err;

	*out = (struct scoring){ 0 };
	err = parts_load(db, now_s, as_of_s, model_version, policy_id, out, why);
	if (err != OK)
		scoring_done(out);
	return err;
}

enum err scoring_load(
	struct db *db, int64_t now_s, int64_t as_of_s, struct scoring *out, struct why *why)
{
	return scoring_load_with(db, now_s, as_of_s, 0, 0, out, why);
}

enum err scoring_reload_sources(
	struct scoring *scoring, struct db *db, int64_t now_s, struct why *why)
{
	return source_table_load(db, &scoring->model, now_s, &scoring->sources, why);
}

enum err scoring_reload_rules(
	struct scoring *scoring, struct db *db, int64_t now_s, struct why *why)
{
	struct rules *rules = NULL;

	TRY(rules_load(db, now_s, 0, &rules, why));
	rules_free(&scoring->rules);
	scoring->rules = rules;
	return OK;
}

void scoring_done(struct scoring *scoring)
{
	rules_free(&scoring->rules);
	source_table_done(&scoring->sources);
	model_done(&scoring->model);
	*scoring = (struct scoring){ 0 };
}

void scoring_move(struct scoring *to, struct scoring *from)
{
	*to = *from;
	if (from->model.score.networks == &from->model.networks)
		to->model.score.networks = &to->model.networks;
	*from = (struct scoring){ 0 };
}
