/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Policies and models as text: what was written is read as the same, what is wrong is refused. */
#include "score/made.h"

#include "pehra.h"
#include "score/model.h"

static struct json_reader *reader;

static int reader_open(void **state)
{
	(void)state;
	reader = json_reader_new();
	return 0;
}

static int reader_close(void **state)
{
	(void)state;
	json_reader_free(&reader);
	return 0;
}

static enum err policy_of(const char *text, struct policy *out, struct why *why)
{
	struct json_node root;

	assert_int_equal(json_parse(reader, str_c(text), &root, why), OK);
	return policy_read(root, out, why);
}

static void test_policy_words(void **state)
{
	struct policy policy;
	struct why why;

	(void)state;
	assert_int_equal(policy_of("{}", &policy, &why), OK);
	assert_int_equal(policy.at[ROLE_SOURCE][CATEGORY_SPAM].block, 75);
	assert_int_equal(policy.at[ROLE_POLICY][CATEGORY_TOR].challenge, POLICY_NEVER);
	assert_int_equal(policy.block_max, 0);
	assert_int_equal(policy_of("{\"thresholds\":{\"src\":{\"block\":80,\"categories\":"
				   "{\"scanner\":{\"block\":90,\"watch\":0},"
				   "\"spam\":{\"challenge\":null,\"block\":\"never\"}}},"
				   "\"policy\":{\"watch\":\"never\"}},"
				   "\"block_max\":100000,\"width_min\":{\"ip4\":20}}",
				 &policy, &why),
		OK);
	assert_int_equal(policy.at[ROLE_SOURCE][CATEGORY_BRUTE_FORCE].block, 80);
	assert_int_equal(policy.at[ROLE_SOURCE][CATEGORY_SCANNER].block, 90);
	assert_int_equal(policy.at[ROLE_SOURCE][CATEGORY_SCANNER].challenge, 50);
	assert_int_equal(policy.at[ROLE_SOURCE][CATEGORY_SCANNER].watch, 0);
	assert_int_equal(policy.at[ROLE_SOURCE][CATEGORY_SPAM].challenge, POLICY_NEVER);
	assert_int_equal(policy.at[ROLE_DESTINATION][CATEGORY_SCANNER].block, 75);
	assert_int_equal(policy.at[ROLE_POLICY][CATEGORY_TOR].watch, POLICY_NEVER);
	assert_int_equal(policy.block_max, 100000);
	assert_int_equal(policy.ip4_width_min, 20);
	assert_int_equal(policy.ip6_length_min, 32);
	assert_true(policy.watch_log_odds[ROLE_SOURCE][CATEGORY_SCANNER] < -1e300);
}

static void test_policy_refused(void **state)
{
	static const struct {
		const char *text;
		const char *names; /* what the reason names */
	} rows[] = {
		{ "[]", "object" },
		{ "{\"threshold\":{}}", "threshold" },
		{ "{\"thresholds\":[]}", "thresholds" },
		{ "{\"thresholds\":{\"source\":{}}}", "source" },
		{ "{\"thresholds\":{\"src\":7}}", "thresholds.src" },
		{ "{\"thresholds\":{\"src\":{\"watch\":101}}}", "thresholds.src.watch" },
		{ "{\"thresholds\":{\"src\":{\"watch\":-1}}}", "thresholds.src.watch" },
		{ "{\"thresholds\":{\"src\":{\"watch\":1.5}}}", "thresholds.src.watch" },
		{ "{\"thresholds\":{\"src\":{\"watch\":\"no\"}}}", "thresholds.src.watch" },
		{ "{\"thresholds\":{\"src\":{\"watch\":60}}}", "thresholds.src" },
		{ "{\"thresholds\":{\"src\":{\"challenge\":null}}}", "thresholds.src" },
		{ "{\"thresholds\":{\"src\":{\"wach\":6}}}", "wach" },
		{ "{\"thresholds\":{\"src\":{\"categories\":[]}}}", "categories" },
		{ "{\"thresholds\":{\"src\":{\"categories\":{\"spaam\":{}}}}}", "spaam" },
		{ "{\"thresholds\":{\"src\":{\"categories\":{\"spam\":3}}}}", "spam" },
		{ "{\"thresholds\":{\"src\":{\"categories\":{\"spam\":{\"block\":5}}}}}", "spam" },
		{ "{\"thresholds\":{\"src\":{\"categories\":{\"spam\":{\"x\":5}}}}}", "x" },
		{ "{\"block_max\":-1}", "block_max" },
		{ "{\"block_max\":1.5}", "block_max" },
		{ "{\"width_min\":3}", "width_min" },
		{ "{\"width_min\":{\"ip4\":33}}", "ip4" },
		{ "{\"width_min\":{\"ip6\":129}}", "ip6" },
		{ "{\"width_min\":{\"ip5\":1}}", "ip5" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct policy policy;
		struct why why = { 0 };

		assert_int_equal(policy_of(rows[i].text, &policy, &why), ERR_SYNTAX);
		assert_non_null(strstr(why.text, rows[i].names));
	}
}

static const char *policy_comes_back(struct prop *prop)
{
	static struct made made;
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node root;
	struct policy again;

	made_fill(prop, &made);
	/* numbers that are no category cannot be told apart from the role's */
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		for (unsigned category = 1; category < CATEGORY_COUNT; category++) {
			if (category_info(category) == NULL)
				made.policy.at[role][category] = made.policy.at[role][0];
		}
	}
	policy_prepare(&made.policy);
	made.policy.block_max = prop_u64(prop);
	made.policy.ip4_width_min = (uint8_t)prop_below(prop, 33);
	made.policy.ip6_length_min = (uint8_t)prop_below(prop, 129);
	policy_write(&json, &made.policy);
	if (json_parse(reader, buf_view(&text), &root, NULL) != OK ||
		policy_read(root, &again, NULL) != OK)
		return "what was written is refused";
	if (!same_bytes(made.policy.at, again.at, sizeof again.at) ||
		!same_bytes(made.policy.watch_log_odds, again.watch_log_odds,
			sizeof again.watch_log_odds) ||
		again.block_max != made.policy.block_max ||
		again.ip4_width_min != made.policy.ip4_width_min ||
		again.ip6_length_min != made.policy.ip6_length_min)
		return "another policy came back";
	return NULL;
}

static void test_policy_round_trip(void **state)
{
	(void)state;
	PROP_RUN(1000, policy_comes_back);
}

/* The strongest of the roles, each with the lowest thresholds of its categories, slowly. */
static uint8_t action_slowly(const struct policy *policy, const uint8_t *value,
	const uint64_t *categories, const struct prefix *prefix)
{
	uint8_t action = PEHRA_NONE;

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		for (unsigned category = 0; category < CATEGORY_COUNT; category++) {
			const struct policy_threshold *at = &policy->at[role][category];
			uint8_t each = (uint8_t)((value[role] >= at->watch) +
						 (value[role] >= at->challenge) +
						 (value[role] >= at->block));

			if ((categories[role] >> category & 1) != 0 && each > action)
				action = each;
		}
	}
	if (prefix != NULL && action == PEHRA_BLOCK &&
		(prefix_is_v4(prefix) ? prefix->length < 96 + policy->ip4_width_min
				      : prefix->length < policy->ip6_length_min))
		return PEHRA_CHALLENGE;
	return action;
}

static const char *actions_agree(struct prop *prop)
{
	static struct made made;
	uint8_t value[ROLE_COUNT];
	uint64_t categories[ROLE_COUNT];

	made_fill(prop, &made);
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		value[role] = (uint8_t)prop_below(prop, SCORE_MAX + 1);
		categories[role] =
			(prop_u64(prop) & prop_u64(prop) & prop_u64(prop)) >> (64 - CATEGORY_COUNT);
	}
	return policy_action(&made.policy, value, categories, made.input.prefix) ==
			       action_slowly(&made.policy, value, categories, made.input.prefix)
		       ? NULL
		       : "another action";
}

static void test_actions(void **state)
{
	(void)state;
	PROP_RUN(20000, actions_agree);
}

static void test_watch_log_odds(void **state)
{
	struct policy policy;

	(void)state;
	for (unsigned watch = 1; watch <= SCORE_MAX; watch++) {
		policy_default(&policy);
		policy.at[ROLE_SOURCE][1] = (struct policy_threshold){ (uint8_t)watch, 101, 101 };
		policy_prepare(&policy);

		double least = policy.watch_log_odds[ROLE_SOURCE][1];

		assert_int_equal(score_value(least), watch);
		assert_true(score_value(least - 1e-9) < watch);
	}
}

static void random_model(struct prop *prop, struct model *model)
{
	static const char *const names[] = { "a", "b", "c\"\\", "d e", "f" };
	struct prefix prefixes[3];
	struct score_network values[3] = { 0 };
	static struct made made;

	made_fill(prop, &made);
	model_default(model);
	model->score = made.model;
	model->score.version = 1 + (int)prop_below(prop, 100);
	model->score.made_s = (int64_t)prop_below(prop, 1u << 31);
	model->score.default_weight = (double)prop_below(prop, 10000) / 3333;
	model->source_count = prop_below(prop, ARRAY_LEN(names) + 1);
	model->sources = arena_array(&model->arena, ARRAY_LEN(names), sizeof *model->sources);
	for (size_t i = 0; i < model->source_count; i++) {
		struct model_source *source = &model->sources[i];

		source->name = str_c(names[i]);
		source->family = str_c(names[prop_below(prop, ARRAY_LEN(names))]);
		source->is_proven = prop_below(prop, 2) == 0;
		source->leader_count = (uint8_t)prop_below(prop, SCORE_LEADERS_MAX + 1);
		for (size_t j = 0; j < source->leader_count; j++)
			source->leaders[j] = str_c(names[prop_below(prop, ARRAY_LEN(names))]);
		for (unsigned role = 0; role < ROLE_COUNT; role++) {
			source->role[role].weight = (float)prop_below(prop, 1u << 20) / 77777.0F;
			source->role[role].confirmed = (double)prop_below(prop, 1u << 20) / 7;
			source->role[role].refuted = (double)prop_below(prop, 1u << 20) / 9;
			source->role[role].unconfirmed = (double)prop_below(prop, 1u << 20);
		}
	}
	for (uint32_t i = 0; i < ARRAY_LEN(values); i++) {
		struct ipaddr ip = ip_from_u32(i << 24);

		prefixes[i] = prefix_around(&ip, (uint8_t)(IPV4_OFFSET + 8 + i));
		values[i].asn = (uint32_t)prop_u64(prop);
		values[i].listed = (uint32_t)prop_u64(prop);
		values[i].size = prop_u64(prop);
		for (unsigned role = 0; role < ROLE_COUNT; role++)
			values[i].log_odds[role] = (float)prop_below(prop, 1u << 20) / -77777.0F;
	}
	if (prop_below(prop, 2) == 0) {
		score_networks_build(&model->networks, prefixes, values, ARRAY_LEN(values));
		model->score.networks = &model->networks;
	}
}

static const char *same_model(const struct model *a, const struct model *b)
{
	if (!same_bytes(a->score.roles, b->score.roles, sizeof a->score.roles))
		return "other parameters";
	if (a->score.version != b->score.version || a->score.made_s != b->score.made_s ||
		a->score.default_weight < b->score.default_weight ||
		a->score.default_weight > b->score.default_weight)
		return "another head";
	if (a->source_count != b->source_count || a->networks.index.n != b->networks.index.n)
		return "other counts";
	for (size_t i = 0; i < a->source_count; i++) {
		const struct model_source *left = &a->sources[i];
		const struct model_source *right = model_source_find(b, left->name);

		if (right != &b->sources[i] || !str_eq(left->family, right->family) ||
			left->is_proven != right->is_proven ||
			left->leader_count != right->leader_count ||
			!same_bytes(left->role, right->role, sizeof left->role))
			return "another source";
		for (size_t j = 0; j < left->leader_count; j++) {
			if (!str_eq(left->leaders[j], right->leaders[j]))
				return "another leader";
		}
	}
	for (uint32_t i = 0; i < a->networks.index.n; i++) {
		if (!same_bytes(&a->networks.values[i], &b->networks.values[i],
			    sizeof a->networks.values[i]))
			return "another network";
	}
	return NULL;
}

static const char *model_comes_back(struct prop *prop)
{
	CLEANUP(model_done) struct model model = { 0 };
	CLEANUP(model_done) struct model again = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node root;

	random_model(prop, &model);
	model_write(&json, &model);
	if (json_parse(reader, buf_view(&text), &root, NULL) != OK ||
		model_read(root, &again, NULL) != OK)
		return "what was written is refused";
	if (model_source_find(&again, STR("nobody")) != NULL)
		return "a source that is not there";
	return same_model(&model, &again);
}

static void test_model_round_trip(void **state)
{
	(void)state;
	PROP_RUN(300, model_comes_back);
}

/* Each part of a good model spoilt in turn. */
static void test_model_refused(void **state)
{
	static const struct {
		const char *was;
		const char *becomes;
	} rows[] = {
		{ "\"version\":1", "\"version\":0" },
		{ "\"made_s\":0", "\"made_s\":-1" },
		{ "\"default_weight\":3", "\"default_weight\":51" },
		{ "\"prior\":-4", "\"prior\":\"x\"" },
		{ "\"prior\":-4", "\"prior\":-51" },
		{ "\"scale\":1,", "\"scale\":-1," },
		{ "\"lasting_half_life_d\":20", "\"lasting_half_life_d\":0" },
		{ "\"near_any\":[0.3,0.1]", "\"near_any\":[0.3]" },
		{ "\"near_any\":[0.3,0.1]", "\"near_any\":[0.3,-1]" },
		{ "\"dst\"", "\"dist\"" },
		{ "\"sources\":[]", "\"sources\":{}" },
		{ "\"sources\":[]", "\"sources\":[{}]" },
		{ "\"sources\":[]", "\"sources\":[7]" },
		{ "\"networks\":[]", "\"networks\":[[]]" },
		{ "\"networks\":[]", "\"networks\":[[\"192.0.2.1/24\",1,1,1,0,0,0]]" },
		{ "\"networks\":[]", "\"networks\":[[\"192.0.2.0/24\",-1,1,1,0,0,0]]" },
		{ "\"networks\":[]", "\"networks\":[[\"192.0.2.0/24\",1,1,1,0,0,99]]" },
		{ "\"networks\":[]", "\"networks\":[[\"192.0.2.0/24\",1,1,1,0,0,0],"
				     "[\"192.0.2.0/24\",1,1,1,0,0,0]]" },
	};
	CLEANUP(model_done) struct model model = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = json_writer_on(&text);

	(void)state;
	model_default(&model);
	model_write(&json, &model);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(model_done) struct model again = { 0 };
		CLEANUP(buf_done) struct buf spoilt = { 0 };
		struct why why = { 0 };
		struct json_node root;
		size_t at = str_find_str(buf_view(&text), str_c(rows[i].was));

		assert_true(at < text.n);
		buf_str(&spoilt, str_first(buf_view(&text), at));
		buf_str(&spoilt, str_c(rows[i].becomes));
		buf_str(&spoilt, str_from_index(buf_view(&text), at + str_c(rows[i].was).n));
		assert_int_equal(json_parse(reader, buf_view(&spoilt), &root, NULL), OK);
		assert_int_equal(model_read(root, &again, &why), ERR_SYNTAX);
		assert_true(why.text[0] != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_words),
		cmocka_unit_test(test_policy_refused),
		cmocka_unit_test(test_policy_round_trip),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_watch_log_odds),
		cmocka_unit_test(test_model_round_trip),
		cmocka_unit_test(test_model_refused),
	};

	return cmocka_run_group_tests(tests, reader_open, reader_close);
}
