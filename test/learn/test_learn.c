/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learning in small worlds of which the truth is known. */
#include "learn/made.h"

#include <math.h>

static double logit_of(double p)
{
	return log(p / (1 - p));
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
	CLEANUP(model_done) struct model model;
	CLEANUP(buf_done) struct buf report = { 0 };
	uint32_t sensor;
	uint32_t address = 0x0a000000;

	(void)state;
	made_init(&made, 1);
	sensor = made_source(&made, "sensor", STANDING_SENSOR);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		(void)made_source(&made, rows[i].name, rows[i].standing);
	made_begin(&made, NULL);
	for (uint32_t s = 0; s < ARRAY_LEN(rows); s++) {
		for (int i = 0; i < CLAIMS; i++) {
			struct str key = made_key(&made, address += 4096);
			struct learn_claim claim = made_listed(key, s + 1, 3);

			learn_add(made.learn, &claim);
			if (!made_is(&made, rows[s].rate))
				continue;
			claim = made_news(key, sensor, 2);
			learn_add(made.learn, &claim);
		}
	}
	made_finish(&made, (struct learn_what){ .decay = false }, &model, &report);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct model_source *found = made_found(&model, rows[i].name);
		double judged = found->role[0].confirmed + found->role[0].unconfirmed;
		double sigma = sqrt(rows[i].rate * (1 - rows[i].rate) / CLAIMS);
		/* fifty claims as the base weight says */
		double rate = (found->role[0].confirmed + 50 / (1 + exp(1.0))) / (judged + 50);
		double weight = logit_of(rate) - model.score.roles[0].prior;

		assert_true(fabs(judged - CLAIMS) < 1e-9);
		assert_true(fabs(found->role[0].confirmed / CLAIMS - rows[i].rate) <= 4 * sigma);
		assert_true(fabs((double)found->role[0].weight - fmax(weight, 0)) < 1e-5);
		assert_int_equal(found->is_proven, rows[i].is_proven);
		assert_true(found->role[0].refuted <= 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights),
	};

	return cmocka_run_group_tests_name("learn", tests, NULL, NULL);
}
