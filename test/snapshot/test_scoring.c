/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What verdicts are made with, from the store: sources, the live model and policy, the rules. */
#include "store/fixture.h"

#include "base/clock.h"
#include "decision/schema.h"
#include "evidence/query.h"
#include "evidence/schema.h"
#include "learn/model_store.h"
#include "snapshot/scoring.h"

#include <math.h>

static const int64_t now_s = 1795448940;

static struct db *store_new(void **state)
{
	struct db *db = fresh(state);
	struct db_migration all[EVIDENCE_MIGRATIONS + DECISION_MIGRATIONS + MODEL_MIGRATIONS];
	size_t n = 0;

	for (size_t i = 0; i < EVIDENCE_MIGRATIONS; i++)
		all[n++] = evidence_migrations[i];
	for (size_t i = 0; i < DECISION_MIGRATIONS; i++)
		all[n++] = decision_migrations[i];
	for (size_t i = 0; i < MODEL_MIGRATIONS; i++)
		all[n++] = model_migrations[i];
	WORKS(db_migrate(db, all, n, now_s, &why));
	return db;
}

static void source_add(struct db *db, const char *name, struct source_properties properties)
{
	WORKS(source_set(db, str_c(name), &properties, now_s, &why));
}

static const struct score_source *source_named(const struct source_table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++) {
		if (str_eq(table->rows[i].name, str_c(name)))
			return &table->rows[i];
	}
	fail_msg("no source %s", name);
	return NULL;
}

static bool is_weight(const struct score_source *source, double weight)
{
	return fabs((double)source->weight[ROLE_SOURCE] - weight) < 1e-6;
}

static void learned(
	struct model *model, const char *name, const char *family, float weight, bool is_proven)
{
	struct model_source *source = &model->sources[model->source_count++];

	source->name = str_c(name);
	source->family = str_c(family);
	source->is_proven = is_proven;
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		source->role[role].weight = weight;
}

static void test_weights_and_families(void **state)
{
	CLEANUP(db_close) struct db *db = store_new(state);
	CLEANUP(source_table_done) struct source_table table = { 0 };
	struct model model;
	struct source_properties plain = { .weight = (double)NAN };
	struct source_properties declared = { .weight = 2.0 };
	struct source_properties family = { .weight = (double)NAN, .family = STR("house") };

	source_add(db, "plain", plain);
	source_add(db, "first", family);
	source_add(db, "second", family);
	source_add(db, "judged", declared);
	source_add(db, "sure", declared);
	source_add(db, "early", plain);
	source_add(db, "kin", plain);
	source_add(db, "repeats",
		(struct source_properties){ .weight = (double)NAN,
			.standing = STANDING_SENSOR,
			.traits = TRAIT_SPOOFABLE | TRAIT_CRITICAL });
	model_default(&model);
	model.sources = arena_array(&model.arena, 5, sizeof *model.sources);
	learned(&model, "early", "early", 1.5F, false);
	learned(&model, "judged", "judged", 1.25F, true);
	learned(&model, "kin", "judged", 2.5F, true);
	learned(&model, "repeats", "repeats", 0.5F, true);
	learned(&model, "sure", "sure", 4.5F, false);
	model.sources[3].leaders[0] = STR("second");
	model.sources[3].leaders[1] = STR("nobody");
	model.sources[3].leaders[2] = STR("repeats");
	model.sources[3].leader_count = 3;
	WORKS(source_table_load(db, &model, now_s, &table, &why));
	assert_true(is_weight(source_named(&table, "plain"), 3.0));
	/* declared wins until the source is proven, then what was learned */
	assert_true(is_weight(source_named(&table, "sure"), 2.0));
	assert_true(is_weight(source_named(&table, "judged"), 1.25));
	assert_true(is_weight(source_named(&table, "early"), 1.5));
	assert_true(source_named(&table, "judged")->is_proven);
	assert_false(source_named(&table, "early")->is_proven);
	assert_int_equal(
		source_named(&table, "first")->family, source_named(&table, "second")->family);
	assert_int_equal(
		source_named(&table, "kin")->family, source_named(&table, "judged")->family);
	assert_true(source_named(&table, "plain")->family != source_named(&table, "first")->family);

	const struct score_source *repeats = source_named(&table, "repeats");

	assert_int_equal(repeats->leader_count, 1);
	assert_int_equal(repeats->leaders[0], source_named(&table, "first")->family);
	assert_int_equal(repeats->standing, STANDING_SENSOR);
	assert_int_equal(repeats->traits, TRAIT_SPOOFABLE | TRAIT_CRITICAL);
	model_done(&model);
}

static int64_t silent_after(struct db *db, const char *name, int64_t after_s)
{
	CLEANUP(source_table_done) struct source_table table = { 0 };
	struct model model;

	model_default(&model);
	WORKS(source_table_load(db, &model, now_s + after_s, &table, &why));
	return source_named(&table, name)->silent_since_s;
}

static void test_silence(void **state)
{
	CLEANUP(db_close) struct db *db = store_new(state);
	struct source_properties hourly = { .weight = (double)NAN, .cadence_s = HOUR_S };
	struct source_properties daily = { .weight = (double)NAN, .cadence_s = DAY_S };
	struct source_properties never = { .weight = (double)NAN };

	source_add(db, "hourly", hourly);
	source_add(db, "daily", daily);
	source_add(db, "never", never);
	source_add(db, "unread", daily);
	run(db, "UPDATE feed_state SET last_success = 1795448940 WHERE source IN"
		" (SELECT id FROM source WHERE name <> 'unread')");
	assert_int_equal(silent_after(db, "hourly", 2 * DAY_S), 0);
	assert_int_equal(silent_after(db, "hourly", 2 * DAY_S + 1), now_s);
	assert_int_equal(silent_after(db, "daily", 3 * DAY_S), 0);
	assert_int_equal(silent_after(db, "daily", 3 * DAY_S + 1), now_s);
	assert_int_equal(silent_after(db, "never", 300 * DAY_S), 0);
	assert_int_equal(silent_after(db, "unread", 300 * DAY_S), 0);
	/* a clock that jumped back silences nobody */
	assert_int_equal(silent_after(db, "hourly", -300 * DAY_S), 0);
}

static struct indicator special_prefix(void)
{
	struct indicator indicator = { .kind = INDICATOR_IP };

	assert_int_equal(prefix_parse(STR("127.0.0.1"), NULL, &indicator.prefix, NULL), OK);
	return indicator;
}

static void test_load(void **state)
{
	CLEANUP(db_close) struct db *db = store_new(state);
	CLEANUP(scoring_done) struct scoring scoring = { 0 };
	CLEANUP(model_done) struct model model = { 0 };
	struct indicator loopback = special_prefix();
	struct source_properties plain = { .weight = (double)NAN };
	struct rule_match match;
	int64_t policy = 0;

	WORKS(scoring_load(db, now_s, 0, &scoring, &why));
	assert_int_equal(scoring.model.score.version, 1);
	assert_int_equal(scoring.policy_id, 0);
	assert_int_equal(scoring.policy.at[ROLE_SOURCE][CATEGORY_SPAM].block, 75);
	rules_match(scoring.rules, &loopback, &match);
	assert_int_equal(rule_verdict_of(&match), RULE_ALLOW);
	scoring_done(&scoring);

	model_default(&model);
	WORKS(model_add(db, &model, STR("{}"), now_s, &why));
	WORKS(policy_add(db, STR("default"), STR("{\"thresholds\":{\"src\":{\"block\":80}}}"),
		STR("note"), STR("me"), now_s, &policy, &why));
	/* kept, but not live: the dry run alone takes them */
	WORKS(scoring_load(db, now_s, 0, &scoring, &why));
	assert_int_equal(scoring.model.score.version, 1);
	assert_int_equal(scoring.policy_id, 0);
	scoring_done(&scoring);
	WORKS(scoring_load_with(db, now_s, 0, model.score.version, policy, &scoring, &why));
	assert_int_equal(scoring.model.score.version, model.score.version);
	assert_int_equal(scoring.policy_id, policy);
	assert_int_equal(scoring.policy.at[ROLE_SOURCE][CATEGORY_SPAM].block, 80);
	scoring_done(&scoring);
	FAILS(ERR_NOT_FOUND, scoring_load_with(db, now_s, 0, 99, 0, &scoring, &why));
	FAILS(ERR_NOT_FOUND, scoring_load_with(db, now_s, 0, 0, 99, &scoring, &why));

	WORKS(model_go_live(db, model.score.version, STR("me"), STR("note"), now_s + 10, &why));
	WORKS(policy_go_live(db, policy, STR("me"), now_s + 20, &why));
	WORKS(scoring_load(db, now_s + 30, 0, &scoring, &why));
	assert_int_equal(scoring.model.score.version, model.score.version);
	assert_int_equal(scoring.policy_id, policy);
	source_add(db, "new", plain);
	assert_int_equal(scoring.sources.n, 0);
	WORKS(scoring_reload_sources(&scoring, db, now_s + 30, &why));
	assert_true(is_weight(source_named(&scoring.sources, "new"), 3.0));
	WORKS(scoring_reload_rules(&scoring, db, now_s + 30, &why));
	scoring_done(&scoring);
	/* as of a time between the two */
	WORKS(scoring_load(db, now_s + 15, now_s + 15, &scoring, &why));
	assert_int_equal(scoring.model.score.version, model.score.version);
	assert_int_equal(scoring.policy_id, 0);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights_and_families),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_load),
	};

	return contract_main(tests, ARRAY_LEN(tests), argc, argv);
}
