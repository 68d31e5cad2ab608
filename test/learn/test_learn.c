/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learning in small worlds of which the truth is known. */
#include "learn/made.h"

#include <math.h>

static const struct learn_what daily = { .decay = false };

static double logit_of(double p)
{
	return log(p / (1 - p));
}

/* Claims about addresses of their own, of which a sensor sees some again. */
static void claim_many(
	struct made *made, uint32_t source, uint32_t sensor, uint32_t from, int n, double rate)
{
	for (int i = 0; i < n; i++) {
		struct str key = made_key(made, from + 4096 * (uint32_t)i);
		struct learn_claim claim = made_listed(key, source, 3);

		learn_add(made->learn, &claim);
		if (!made_is(made, rate))
			continue;
		claim = made_news(key, sensor, 2);
		learn_add(made->learn, &claim);
	}
}

/* Sources with known rates, each about addresses of its own, and a sensor that sees what happens.
 */
static void test_weights(void **state)
{
	static const struct {
		const char *name;
		double rate;
		enum source_standing standing;
		bool is_proven;
	} rows[] = {
		{ "good", 0.6, STANDING_VOUCHED, true },
		{ "fair", 0.2, STANDING_NEW, true },
		{ "weak", 0.03, STANDING_VOUCHED, false },
		{ "bad", 0.0, STANDING_VOUCHED, false },
	};
	enum { CLAIMS = 5000 };
	CLEANUP(made_done) struct made made;
	CLEANUP(model_done) struct model model = { 0 };
	CLEANUP(buf_done) struct buf report = { 0 };
	const struct score_role_model *role = &model.score.roles[ROLE_SOURCE];
	uint32_t sensor;

	(void)state;
	made_init(&made, 1);
	sensor = made_source(&made, "sensor", STANDING_SENSOR);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		(void)made_source(&made, rows[i].name, rows[i].standing);
	made_begin(&made, NULL);
	for (uint32_t s = 0; s < ARRAY_LEN(rows); s++)
		claim_many(&made, s + 1, sensor, 0x0a000000 + 512 * s, CLAIMS, rows[s].rate);
	made_finish(&made, daily, &model, &report);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct model_source *found = made_found(&model, rows[i].name);
		double judged = found->role[0].confirmed + found->role[0].unconfirmed;
		double sigma = sqrt(rows[i].rate * (1 - rows[i].rate) / CLAIMS);
		double log_odds;

		assert_true(fabs(judged - CLAIMS) < 1e-9);
		assert_true(found->role[0].refuted <= 0);
		assert_true(fabs(found->role[0].confirmed / CLAIMS - rows[i].rate) <= 4 * sigma);
		assert_int_equal(found->is_proven, rows[i].is_proven);
		/* a claim of it alone foretells its rate */
		log_odds =
			role->scale * (role->prior + (double)found->role[0].weight) + role->shift;
		assert_true(fabs(1 / (1 + exp(-log_odds)) - rows[i].rate) <= 4 * sigma + 0.015);
	}
}

/* With few claims the base model's word weighs as fifty of them. */
static void test_few_claims(void **state)
{
	CLEANUP(made_done) struct made made;
	CLEANUP(model_done) struct model model = { 0 };
	CLEANUP(buf_done) struct buf report = { 0 };
	uint32_t sensor;
	double rate;

	(void)state;
	made_init(&made, 2);
	sensor = made_source(&made, "sensor", STANDING_SENSOR);
	(void)made_source(&made, "few", STANDING_VOUCHED);
	(void)made_source(&made, "none", STANDING_VOUCHED);
	made_begin(&made, NULL);
	claim_many(&made, 1, sensor, 0x0a000000, 20, 1.0);
	made_finish(&made, daily, &model, &report);
	/* too few for the role to be calibrated: weights count from the base model's prior */
	rate = (20 + 50 / (1 + exp(1.0))) / 70;
	assert_true(fabs((double)made_found(&model, "few")->role[0].weight - logit_of(rate) - 4) <
		    1e-5);
	assert_false(made_found(&model, "few")->is_proven);
	assert_null(model_source_find(&model, STR("none")));
	assert_memory_equal(&model.score.roles[ROLE_SOURCE], &made.base.score.roles[ROLE_SOURCE],
		sizeof model.score.roles[0]);
}

/* Where nobody watches, nothing is held against a source. */
static void test_unwatched(void **state)
{
	CLEANUP(made_done) struct made made;
	CLEANUP(model_done) struct model model = { 0 };
	CLEANUP(buf_done) struct buf report = { 0 };

	(void)state;
	made_init(&made, 3);
	(void)made_source(&made, "only", STANDING_VOUCHED);
	(void)made_source(&made, "stranger", STANDING_NEW);
	made_begin(&made, NULL);
	/* a stranger's news are no watching */
	claim_many(&made, 0, 1, 0x0a000000, 1000, 0.5);
	made_finish(&made, daily, &model, &report);
	assert_true(made_found(&model, "only")->role[0].unconfirmed <= 0);
	assert_true(made_found(&model, "only")->role[0].confirmed <= 0);
	assert_true(fabs((double)made_found(&model, "only")->role[0].weight - 3) < 1e-5);
}

/* What a sensor lists still, it cannot report anew: its silence is held against nobody. */
static void test_unseen(void **state)
{
	CLEANUP(made_done) struct made made;
	CLEANUP(model_done) struct model model = { 0 };
	CLEANUP(buf_done) struct buf report = { 0 };
	uint32_t sensor;

	(void)state;
	made_init(&made, 4);
	sensor = made_source(&made, "sensor", STANDING_SENSOR);
	(void)made_source(&made, "list", STANDING_VOUCHED);
	made_begin(&made, NULL);
	claim_many(&made, 1, sensor, 0x0a000000, 1000, 0.5);
	for (uint32_t i = 0; i < 4000; i++) {
		struct str key = made_key(&made, 0x14000000 + 512 * i);
		struct learn_claim claim = made_listed(key, 1, 3);

		learn_add(made.learn, &claim);
		claim = made_listed(key, sensor, 20);
		/* a few leave and come back: news all the same */
		claim.is_news = i % 25 == 0;
		learn_add(made.learn, &claim);
	}
	made_finish(&made, daily, &model, &report);

	const struct model_source *list = made_found(&model, "list");

	assert_true(fabs(list->role[0].confirmed + list->role[0].unconfirmed - 1000) < 1e-9);
	assert_true(fabs(list->role[0].confirmed / 1000 - 0.5) < 0.07);
}

enum { RING = 100, LIES = 300 };

static void add_ring(struct made *made)
{
	claim_many(made, 1, 0, 0x0a000000, 3000, 0.5);
	for (uint32_t i = 0; i < LIES; i++) {
		struct str key = made_key(made, 0x14000000 + 512 * i);

		for (uint32_t s = 2; s < made->source_count; s++) {
			struct learn_claim claim = made_listed(key, s, 2 + made_unit(made));

			/* each claim, and news of half of the ring about each */
			claim.is_news = (s + i) % 2 == 0;
			learn_add(made->learn, &claim);
		}
	}
}

/* What all of the ring say of one address. */
static uint8_t ring_score(const struct made *made, const struct model *model)
{
	struct score_claim claims[RING];
	struct score_input input = { .claims = claims, .n = RING, .now_s = AT };
	struct policy policy;
	struct score score;

	policy_default(&policy);
	for (uint32_t i = 0; i < RING; i++)
		claims[i] = (struct score_claim){ .source = 2 + i,
			.recent = 1,
			.lasting = 1,
			.category = CATEGORY_SCANNER,
			.confidence = -1,
			.is_listed = true };
	score_of(&model->score, made->sources, &policy, &input, &score, NULL, 0, NULL);
	return score.value[ROLE_SOURCE];
}

/* A hundred that confirm each other, and nobody else does. */
static void test_ring(void **state)
{
	enum { FITS = 4 };
	CLEANUP(made_done) struct made made;

	(void)state;
	made_init(&made, 4);
	(void)made_source(&made, "sensor", STANDING_SENSOR);
	(void)made_source(&made, "honest", STANDING_VOUCHED);
	for (int i = 0; i < RING; i++) {
		char name[16];

		(void)snprintf(name, sizeof name, "ring-%02d", i);
		(void)made_source(&made, name, STANDING_NEW);
	}
	for (int fit = 0; fit < FITS; fit++) {
		CLEANUP(model_done) struct model model = { 0 };
		CLEANUP(buf_done) struct buf report = { 0 };

		made_begin(&made, NULL);
		add_ring(&made);
		made_finish(&made, daily, &model, &report);
		learn_free(&made.learn);
		assert_true(made_found(&model, "honest")->is_proven);
		for (uint32_t s = 0; s < made.source_count; s++) {
			const struct model_source *source =
				model_source_find(&model, made.sources[s].name);

			if (source == NULL)
				continue;
			memcpy(made.sources[s].weight, &source->role[0].weight, sizeof(float));
			if (s < 2)
				continue;
			assert_false(source->is_proven);
			assert_true(source->role[0].confirmed <= 0);
			assert_true(source->role[0].weight < 3.0F);
			assert_true(fit < FITS - 1 || source->role[0].weight < 0.3F);
		}
		assert_true(ring_score(&made, &model) < 10);
		model_done(&made.base);
		made.base = model;
		if (model.score.networks != NULL)
			made.base.score.networks = &made.base.networks;
		model = (struct model){ 0 };
	}
}

/* What must not be blocked was claimed; and experience of earlier times is not forgotten at once.
 */
static void test_refuted(void **state)
{
	CLEANUP(made_done) struct made made;
	CLEANUP(model_done) struct model model = { 0 };
	CLEANUP(model_done) struct model next;
	CLEANUP(buf_done) struct buf report = { 0 };
	CLEANUP(rules_free) struct rules *rules = rules_new();
	CLEANUP(learn_free) struct learn *again = NULL;
	struct json_writer json;
	struct indicator guarded = { .kind = INDICATOR_IP };
	uint32_t sensor;
	double before;

	(void)state;
	made_init(&made, 5);
	sensor = made_source(&made, "sensor", STANDING_SENSOR);
	(void)made_source(&made, "careful", STANDING_VOUCHED);
	(void)made_source(&made, "careless", STANDING_VOUCHED);
	assert_int_equal(prefix_parse(STR("30.0.0.0/8"), NULL, &guarded.prefix, NULL), OK);
	assert_int_equal(rules_add_guard(rules, &guarded, GUARD_NEVER, STR("ours"), 0, NULL), OK);
	rules_ready(rules);
	made_begin(&made, rules);
	claim_many(&made, 1, sensor, 0x0a000000, 500, 0.5);
	claim_many(&made, 2, sensor, 0x0a000200, 500, 0.5);
	/* guarded ones, seen or not: it is all the same */
	claim_many(&made, 2, sensor, 0x1e000000, 50, 0.5);
	made_finish(&made, daily, &model, &report);
	assert_true(fabs(made_found(&model, "careless")->role[0].refuted - 50) < 1e-9);
	assert_true(made_found(&model, "careful")->role[0].refuted <= 0);
	assert_true(made_found(&model, "careless")->role[0].weight + 0.5F <
		    made_found(&model, "careful")->role[0].weight);

	/* a week later, with nothing new: counts have decayed by a quarter and more */
	before = made_found(&model, "careless")->role[0].refuted;
	model.score.made_s = AT + INT64_C(7) * DAY_S;
	again = learn_new(&model, made.sources, made.source_count, rules, AT + INT64_C(7) * DAY_S);
	buf_clear(&report);
	json = json_writer_on(&report);
	learn_finish(again, daily, &next, &json);
	assert_true(fabs(made_found(&next, "careless")->role[0].refuted -
			    before * exp2(-0.5) * fmin(1, 500 / (550 * exp2(-0.5)))) < 1e-6);
}

static void add_world(struct made *made, bool backwards)
{
	enum { N = 3000 };
	uint32_t sensor = 0;

	for (uint32_t at = 0; at < N; at++) {
		uint32_t i = backwards ? N - 1 - at : at;
		struct prop chance = { i + 1 };
		struct str key = made_key(made, 0x0a000000 + (i / 7) * 256 + i % 7);
		struct learn_claim claim;

		for (uint32_t at_s = 1; at_s < made->source_count; at_s++) {
			uint32_t s = backwards ? (uint32_t)made->source_count - at_s : at_s;

			chance.state = i * 31 + s;
			if (prop_below(&chance, 3) != 0)
				continue;
			claim = prop_below(&chance, 2) == 0 ? made_listed(key, s, 1 + i % 20)
							    : made_seen(key, s, 1 + i % 9);
			claim.is_news = prop_below(&chance, 4) == 0;
			claim.episodes = (uint16_t)prop_below(&chance, 5);
			learn_add(made->learn, &claim);
		}
		if (i % 5 == 0) {
			claim = made_news(key, sensor, 1);
			learn_add(made->learn, &claim);
		}
		learn_add_absence(made->learn, ROLE_SOURCE, (double)(i % 40), i % 3 != 0);
	}
	for (uint32_t i = 0; i < 200; i++) {
		uint32_t number = backwards ? 199 - i : i;
		struct ipaddr ip = ip_from_u32(0x0a000000 + number * 512);

		learn_add_route(made->learn,
			&(struct learn_route){ prefix_around(&ip, IPV4_OFFSET + 23), number % 9 });
	}
}

/* The order of adding does not matter, and equal input gives equal bytes. */
static void test_order(void **state)
{
	struct buf texts[3] = { { 0 } };
	struct buf reports[3] = { { 0 } };

	(void)state;
	for (int i = 0; i < 3; i++) {
		CLEANUP(made_done) struct made made;
		CLEANUP(model_done) struct model model = { 0 };
		struct json_writer json = json_writer_on(&texts[i]);

		made_init(&made, 6);
		(void)made_source(&made, "sensor", STANDING_SENSOR);
		for (int s = 0; s < 8; s++) {
			char name[2] = { (char)('h' - s), 0 };

			(void)made_source(&made, name, s % 2 ? STANDING_VOUCHED : STANDING_NEW);
		}
		made_begin(&made, NULL);
		add_world(&made, i == 1);
		made_finish(&made, (struct learn_what){ .decay = true }, &model, &reports[i]);
		model_write(&json, &model);
	}
	for (int i = 1; i < 3; i++) {
		assert_true(str_eq(buf_view(&texts[0]), buf_view(&texts[i])));
		assert_true(str_eq(buf_view(&reports[0]), buf_view(&reports[i])));
	}
	for (int i = 0; i < 3; i++) {
		buf_done(&texts[i]);
		buf_done(&reports[i]);
	}
}

/* Listed shares of networks, shrunk, as the formula has it. */
static void test_networks(void **state)
{
	enum { ROUTES = 4 };
	static const struct {
		uint32_t address;
		unsigned width;
		uint32_t asn;
		uint32_t listed;
	} rows[ROUTES] = {
		{ 0x0a000000, 16, 1, 400 },
		{ 0x0a010000, 16, 1, 10 },
		{ 0x0b000000, 14, 2, 60 },
		{ 0x0b040000, 24, 0, 1 },
	};
	CLEANUP(made_done) struct made made;
	CLEANUP(model_done) struct model model = { 0 };
	CLEANUP(buf_done) struct buf report = { 0 };
	double size[ROUTES];
	double all = 0;
	double world;

	(void)state;
	made_init(&made, 7);
	(void)made_source(&made, "vouched", STANDING_VOUCHED);
	(void)made_source(&made, "stranger", STANDING_NEW);
	made_begin(&made, NULL);
	for (int i = 0; i < ROUTES; i++) {
		struct ipaddr ip = ip_from_u32(rows[i].address);

		learn_add_route(made.learn,
			&(struct learn_route){
				prefix_around(&ip, (uint8_t)(IPV4_OFFSET + rows[i].width)),
				rows[i].asn });
		size[i] = exp2(32 - rows[i].width);
		all += size[i];
		for (uint32_t n = 0; n < rows[i].listed; n++) {
			struct learn_claim claim = made_listed(
				made_key(&made, rows[i].address + n * 37 % (uint32_t)size[i]), 0,
				3);

			learn_add(made.learn, &claim);
		}
	}
	/* what strangers say makes no network bad */
	for (uint32_t n = 0; n < 200; n++) {
		struct learn_claim claim = made_listed(made_key(&made, 0x0b000001 + n), 1, 3);

		learn_add(made.learn, &claim);
	}
	made_finish(&made, daily, &model, &report);
	world = (400 + 10 + 60 + 1) / all;
	for (int i = 0; i < ROUTES; i++) {
		struct ipaddr ip = ip_from_u32(rows[i].address + 7);
		struct prefix host = prefix_host(&ip);
		struct score_network found = score_networks_find(model.score.networks, &host);
		double more = 1;
		double expected;

		if (rows[i].asn == 1)
			more = (410 + 5) / ((size[0] + size[1]) * world + 5);
		if (rows[i].asn == 2)
			more = (60 + 5) / (size[2] * world + 5);
		expected = size[i] * world * more;
		more *= (rows[i].listed + 2) / (expected + 2);
		assert_true(fabs((double)found.log_odds[0] - log(more)) < 1e-5);
		assert_int_equal(found.asn, rows[i].asn);
		assert_int_equal(found.listed, rows[i].listed);
		assert_int_equal(found.size, (uint64_t)size[i]);
	}
}

static uint64_t number_in(struct str report, const char *member)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct json_node root;
	uint64_t value = UINT64_MAX;

	assert_int_equal(json_parse(reader, report, &root, NULL), OK);
	assert_true(json_u64(json_get(root, member), &value));
	return value;
}

/* Of too many indicators, neighbourhoods are kept whole, the same ones in whatever order. */
static void test_sampling(void **state)
{
	enum { GROUPS = 300000, IN_GROUP = 4 };
	struct buf reports[2] = { { 0 } };

	(void)state;
	for (int i = 0; i < 2; i++) {
		CLEANUP(made_done) struct made made;
		CLEANUP(model_done) struct model model;
		uint64_t kept;

		made_init(&made, 8);
		(void)made_source(&made, "sensor", STANDING_SENSOR);
		(void)made_source(&made, "vouched", STANDING_VOUCHED);
		made_begin(&made, NULL);
		for (uint32_t n = 0; n < GROUPS * IN_GROUP; n++) {
			uint32_t at = i == 0 ? n : GROUPS * IN_GROUP - 1 - n;
			char key[6] = { 1, 0, 0, 0, (char)(at % IN_GROUP), 32 };
			struct learn_claim claim = made_listed(str_from(key, 6), 1, 3);

			key[1] = (char)(at / IN_GROUP >> 16);
			key[2] = (char)(at / IN_GROUP >> 8);
			key[3] = (char)(at / IN_GROUP);
			learn_add(made.learn, &claim);
			claim.source = 0;
			claim.was_known = false;
			claim.is_news = at % 8 < 3;
			learn_add(made.learn, &claim);
		}
		made_finish(&made, daily, &model, &reports[i]);
		kept = number_in(buf_view(&reports[i]), "indicators");
		assert_true(kept <= LEARN_INDICATORS_MAX && kept > LEARN_INDICATORS_MAX / 3);
		assert_int_equal(kept % IN_GROUP, 0);
		assert_int_equal(number_in(buf_view(&reports[i]), "claims"), 2 * kept);
		assert_int_equal(number_in(buf_view(&reports[i]), "left_out"),
			2 * (GROUPS * IN_GROUP - kept));
	}
	assert_true(str_eq(buf_view(&reports[0]), buf_view(&reports[1])));
	buf_done(&reports[0]);
	buf_done(&reports[1]);
}

static bool is_sound(const struct model *model)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(model_done) struct model again = { 0 };
	struct json_writer json = json_writer_on(&text);
	struct json_node root;

	/* reading checks every bound */
	model_write(&json, model);
	return json_parse(reader, buf_view(&text), &root, NULL) == OK &&
	       model_read(root, &again, NULL) == OK;
}

/* Whatever comes in, a sound model comes out. */
static const char *anything_goes(struct prop *prop)
{
	CLEANUP(made_done) struct made made;
	CLEANUP(model_done) struct model model = { 0 };
	CLEANUP(buf_done) struct buf report = { 0 };
	uint64_t n = prop_below(prop, 4) == 0 ? 0 : prop_below(prop, 600);
	uint64_t hosts = 1 + prop_below(prop, 300);
	bool all_happen = prop_below(prop, 3) == 0;

	made_init(&made, prop_u64(prop));
	for (uint64_t s = 1 + prop_below(prop, 6); s > 0; s--) {
		char name[2] = { (char)('a' + (int)s), 0 };
		uint32_t number = made_source(
			&made, name, (enum source_standing)prop_below(prop, STANDING_COUNT));

		made.sources[number].weight[0] = (float)prop_below(prop, 10);
		made.sources[number].traits = (uint8_t)prop_below(prop, 16);
	}
	made_begin(&made, NULL);
	for (uint64_t i = 0; i < n; i++) {
		char key[18] = { 0 };
		size_t length = 1 + prop_below(prop, sizeof key);
		struct learn_claim claim = made_listed((struct str){ key, length },
			(uint32_t)prop_below(prop, made.source_count + 1),
			(double)prop_below(prop, 4000) - 10);

		key[0] = (char)prop_below(prop, 8);
		key[length - 1] = (char)prop_below(prop, 256);
		if (prop_below(prop, 2) == 0)
			claim.key = made_key(&made, (uint32_t)prop_below(prop, hosts));
		claim.role = (uint8_t)prop_below(prop, ROLE_COUNT + 1);
		claim.category = (uint8_t)prop_below(prop, 255);
		claim.was_known = prop_below(prop, 2) == 0;
		claim.was_listed = prop_below(prop, 2) == 0;
		claim.is_news = all_happen || prop_below(prop, 2) == 0;
		claim.confidence = (int16_t)(prop_below(prop, 102) - 1);
		claim.recent = (double)prop_below(prop, 1000);
		claim.episodes = (uint16_t)prop_u64(prop);
		claim.last_seen_s = (int64_t)prop_below(prop, 1 << 30) * 4;
		learn_add(made.learn, &claim);
		learn_add_absence(made.learn, (uint8_t)prop_below(prop, 5),
			(double)prop_below(prop, 500) / 3, prop_below(prop, 2) == 0);
	}
	for (uint64_t i = prop_below(prop, 5); i > 0; i--) {
		struct ipaddr ip = ip_from_u32((uint32_t)prop_u64(prop));

		learn_add_route(made.learn,
			&(struct learn_route){
				prefix_around(&ip, (uint8_t)prop_below(prop, 129)), 1 });
	}
	made_finish(&made, (struct learn_what){ .decay = true }, &model, &report);
	return is_sound(&model) ? NULL : "the model cannot be read again";
}

static void test_anything(void **state)
{
	(void)state;
	PROP_RUN(150, anything_goes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_few_claims),
		cmocka_unit_test(test_unwatched),
		cmocka_unit_test(test_unseen),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_refuted),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_sampling),
		cmocka_unit_test(test_anything),
	};

	return cmocka_run_group_tests_name("learn", tests, NULL, NULL);
}
