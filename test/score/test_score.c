/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The score against its own formula written down a second time, and the properties it promises. */
#include "score/made.h"

#include "base/clock.h"
#include "evidence/claim.h"
#include "pehra.h"

#include <math.h>

enum { PARTS_MAX = 256 };

static void score_made(
	const struct made *made, struct score *out, struct score_part *parts, size_t *part_count)
{
	struct score_claim claims[MADE_CLAIMS_MAX + 1];
	struct score_input input = made_copy(made, claims);

	score_of(&made->model, made->sources, &made->policy, &input, out, parts,
		parts == NULL ? 0 : PARTS_MAX, part_count);
}

static const char *parts_add_up(const struct score *score, const struct score_part *parts,
	size_t part_count, bool any_claims)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		bool is_told = score->has_claims[role] || (!any_claims && role == ROLE_SOURCE);
		double sum = 0;
		int points = 0;
		size_t count = 0;

		for (size_t i = 0; i < part_count; i++) {
			if (parts[i].role != role)
				continue;
			sum += parts[i].log_odds;
			points += parts[i].points;
			count++;
		}
		if (!is_told && count > 0)
			return "parts of a role without claims";
		if (is_told && (sum < score->log_odds[role] || sum > score->log_odds[role]))
			return "the parts are not the log-odds";
		if (is_told && points != score_value(score->log_odds[role]))
			return "the points do not add up to the score";
		if (!score->has_claims[role] && score->value[role] != 0)
			return "a score without claims";
	}
	return NULL;
}

static const char *equals_oracle(struct prop *prop)
{
	static struct made made;
	struct score_part parts[PARTS_MAX];
	size_t part_count;
	struct score score;
	struct score without;

	made_fill(prop, &made);
	score_made(&made, &score, parts, &part_count);
	score_made(&made, &without, NULL, NULL);
	if (part_count > PARTS_MAX)
		return "more parts than there can be";
	if (!same_bytes(score.log_odds, without.log_odds, sizeof score.log_odds) ||
		score.until_s != without.until_s || score.action != without.action)
		return "asking for the parts changed the score";
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		uint64_t categories;
		long double expected = made_log_odds(&made, role, 0, &categories);

		if (fabsl(expected - (long double)score.log_odds[role]) > 1e-9L)
			return "log-odds differ from the formula";
		if (score.has_claims[role] && score.categories[role] != categories)
			return "other categories";
		if (score.has_claims[role] &&
			score.value[role] != score_value(score.log_odds[role]))
			return "the score is not that of the log-odds";
	}
	return parts_add_up(&score, parts, part_count, made.input.n > 0);
}

static void test_oracle(void **state)
{
	(void)state;
	PROP_RUN(100000, equals_oracle);
}

/* Is any role watched so many days later? Nothing is said when it is too close to tell. */
static bool is_watched_after(const struct made *made, int days, bool *is_close)
{
	bool any = false;

	*is_close = false;
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		uint64_t categories;
		long double log_odds = made_log_odds(made, role, days, &categories);
		uint8_t watch = made_watch(&made->policy, role, categories);
		long double at = watch == 0          ? -1e9L
				 : watch > SCORE_MAX ? 1e9L
						     : logl((watch - 0.5L) / (100.5L - watch));

		*is_close |= fabsl(log_odds - at) < 1e-9L;
		any |= categories != 0 && log_odds >= at;
	}
	return any;
}

static const char *forecast_is_right(struct prop *prop)
{
	static struct made made;
	struct score score;
	bool is_close;

	made_fill(prop, &made);
	score_made(&made, &score, NULL, NULL);
	if (score.action == PEHRA_NONE)
		return score.until_s == 0 ? NULL : "an end without a verdict";
	if (score.until_s == 0)
		return is_watched_after(&made, FORECAST_DAYS_MAX, &is_close) || is_close
			       ? NULL
			       : "no end is told, though there is one";

	int end = (int)((score.until_s - made_now_s) / DAY_S);

	/* every day, so that a score which falls and rises again would be found */
	for (int days = 0; days <= FORECAST_DAYS_MAX; days += days < end + 9 ? 1 : 60) {
		bool is_watched = is_watched_after(&made, days, &is_close);

		if (!is_close && is_watched != (days < end))
			return is_watched ? "it is still watched after the forecast"
					  : "it is not watched before the forecast";
	}
	return NULL;
}

static void test_forecast(void **state)
{
	(void)state;
	PROP_RUN(2000, forecast_is_right);
}

/* Time alone: nothing is listed any more, or goes on being listed; either never lets it rise. */
static const char *waiting_never_raises(struct prop *prop)
{
	static struct made made;
	struct score before;
	struct score after;
	double days = (double)prop_below(prop, 4000) / 100;

	made_fill(prop, &made);
	score_made(&made, &before, NULL, NULL);
	for (size_t i = 0; i < made.input.n; i++) {
		struct score_claim *claim = &made.claims[i];
		int64_t later_s = made_now_s + (int64_t)(days * DAY_S);

		score_accumulators_at(&made.model.roles[claim->role].decay, (double)claim->recent,
			(double)claim->lasting, made_now_s, later_s, &claim->recent,
			&claim->lasting);
		if (claim->is_listed && prop_below(prop, 4) == 0) {
			/* its source went silent */
			claim->is_listed = false;
			claim->is_stale = true;
			score_accumulators_at(&made.model.roles[claim->role].decay, 1, 1,
				made_now_s, later_s, &claim->recent, &claim->lasting);
		}
	}
	score_made(&made, &after, NULL, NULL);
	for (int role = 0; role < ROLE_COUNT; role++) {
		/* accumulators are floats: seven digits */
		if (after.log_odds[role] > before.log_odds[role] + 1e-5)
			return "it rose by waiting";
	}
	return NULL;
}

static void test_waiting(void **state)
{
	(void)state;
	PROP_RUN(30000, waiting_never_raises);
}

static const char *order_is_nothing(struct prop *prop)
{
	static struct made made;
	struct score_part parts[2][PARTS_MAX];
	size_t part_count[2];
	struct score score[2];

	made_fill(prop, &made);
	score_made(&made, &score[0], parts[0], &part_count[0]);
	for (size_t i = made.input.n; i > 1; i--) {
		size_t j = prop_below(prop, i);
		struct score_claim claim = made.claims[i - 1];

		made.claims[i - 1] = made.claims[j];
		made.claims[j] = claim;
	}
	score_made(&made, &score[1], parts[1], &part_count[1]);
	if (!same_bytes(score[0].log_odds, score[1].log_odds, sizeof score[0].log_odds) ||
		score[0].doubts != score[1].doubts || score[0].until_s != score[1].until_s)
		return "the order of the claims changed the score";
	if (part_count[0] != part_count[1])
		return "the order of the claims changed the parts";
	for (size_t i = 0; i < part_count[0]; i++) {
		const struct score_part *a = &parts[0][i];
		const struct score_part *b = &parts[1][i];

		if (a->kind != b->kind || a->source != b->source || a->category != b->category ||
			a->points != b->points || a->decay < b->decay || a->decay > b->decay)
			return "the order of the claims changed a part";
	}
	return NULL;
}

static void test_order(void **state)
{
	(void)state;
	PROP_RUN(10000, order_is_nothing);
}

/* One more claim of a family that repeats nobody: it never lowers its role. */
static const char *more_evidence_never_lowers(struct prop *prop)
{
	static struct made made;
	struct score before;
	struct score after;
	uint8_t role = (uint8_t)prop_below(prop, 2);

	made_fill(prop, &made);
	made.sources[0] = (struct score_source){ .family = MADE_FAMILIES,
		.weight = { 2.0F, 2.0F, 2.0F },
		.standing = STANDING_VOUCHED };
	score_made(&made, &before, NULL, NULL);
	if (!before.has_claims[role])
		return NULL;
	made.claims[made.input.n++] = (struct score_claim){ .source = 0,
		.role = role,
		.category = CATEGORY_SCANNER,
		.confidence = CONFIDENCE_UNKNOWN,
		.is_listed = true };
	score_made(&made, &after, NULL, NULL);
	return after.log_odds[role] < before.log_odds[role] - 1e-9 ? "one more claim lowered it"
								   : NULL;
}

static void test_more(void **state)
{
	(void)state;
	PROP_RUN(5000, more_evidence_never_lowers);
}

static struct made made_plain(size_t n)
{
	struct made made = { 0 };

	score_model_default(&made.model);
	policy_default(&made.policy);
	made.input = (struct score_input){ .n = n, .now_s = made_now_s };
	for (size_t i = 0; i < MADE_SOURCES; i++)
		made.sources[i] = (struct score_source){ .family = (uint32_t)i,
			.weight = { 3.0F, 3.0F, 3.0F },
			.standing = STANDING_VOUCHED };
	for (size_t i = 0; i < n; i++)
		made.claims[i] = (struct score_claim){ .source = (uint32_t)i,
			.category = CATEGORY_BRUTE_FORCE,
			.confidence = CONFIDENCE_UNKNOWN,
			.is_listed = true };
	return made;
}

static void test_default(void **state)
{
	struct made made = made_plain(1);
	struct score score;

	(void)state;
	score_made(&made, &score, NULL, NULL);
	assert_int_equal(score.value[ROLE_SOURCE], 27);
	assert_int_equal(score.action, PEHRA_WATCH);
	assert_int_equal(score.doubts, DOUBT_ALONE);
	made = made_plain(2);
	score_made(&made, &score, NULL, NULL);
	assert_int_equal(score.value[ROLE_SOURCE], 88);
	assert_int_equal(score.action, PEHRA_BLOCK);
	assert_int_equal(score.doubts, 0);
	assert_true(score.categories[ROLE_SOURCE] == UINT64_C(1) << CATEGORY_BRUTE_FORCE);
	made.sources[1].family = made.sources[0].family;
	score_made(&made, &score, NULL, NULL);
	assert_int_equal(score.value[ROLE_SOURCE], 27);
	/* a thousand neighbours never block alone with one listing */
	made = made_plain(1);
	made.input.around.near[ROLE_SOURCE][0] = 255;
	made.input.around.network.log_odds[ROLE_SOURCE] = 9;
	score_made(&made, &score, NULL, NULL);
	assert_int_equal(score.value[ROLE_SOURCE], 62);
	assert_int_equal(score.action, PEHRA_CHALLENGE);
}

/* Many new sources that agree are worth no more than one that is vouched for. */
static void test_unproven(void **state)
{
	struct made made = made_plain(MADE_SOURCES);
	struct score score;

	(void)state;
	for (size_t i = 0; i < MADE_SOURCES; i++)
		made.sources[i].standing = STANDING_NEW;
	score_made(&made, &score, NULL, NULL);
	assert_int_equal(score.value[ROLE_SOURCE], 27);
	assert_true((score.doubts & DOUBT_UNPROVEN) != 0);
	made.sources[3].is_proven = true;
	score_made(&made, &score, NULL, NULL);
	assert_int_equal(score.value[ROLE_SOURCE], 88);
	assert_true((score.doubts & DOUBT_UNPROVEN) == 0);
}

static void test_repeated(void **state)
{
	struct made made = made_plain(3);
	struct score_part parts[PARTS_MAX];
	struct score score;
	size_t part_count;

	(void)state;
	for (uint32_t i = 1; i < 3; i++) {
		made.sources[i].leader_count = 1;
		made.sources[i].leaders[0] = 0;
	}
	made.sources[2].weight[ROLE_SOURCE] = 3.5F;
	score_made(&made, &score, parts, &part_count);
	assert_int_equal(part_count, 4);
	assert_int_equal(parts[1].kind, SCORE_PART_FAMILY);
	assert_int_equal(parts[2].kind, SCORE_PART_REPEATED);
	assert_true(parts[2].log_odds < 1e-12);
	assert_int_equal(parts[3].kind, SCORE_PART_REPEATED);
	assert_true(fabs(parts[3].log_odds - 0.5) < 1e-12);
	assert_true((score.doubts & DOUBT_ALONE) != 0);
	/* without its leader it speaks for itself */
	made.claims[0] = made.claims[2];
	made.input.n = 1;
	score_made(&made, &score, parts, &part_count);
	assert_int_equal(parts[1].kind, SCORE_PART_FAMILY);
	assert_true(fabs(parts[1].log_odds - 3.5) < 1e-12);
}

static void test_accumulators(void **state)
{
	struct score_model model;
	float recent;
	float lasting;

	(void)state;
	score_model_default(&model);
	score_accumulators_at(&model.roles[0].decay, 2, 2, made_now_s - 3 * DAY_S / 2, made_now_s,
		&recent, &lasting);
	assert_true(fabsf(recent - 1.0F) < 1e-6F);
	assert_true(lasting > 1.85F && lasting < 1.95F);
	/* a clock that jumped back does not let evidence grow */
	score_accumulators_at(
		&model.roles[0].decay, 2, 2, made_now_s + DAY_S, made_now_s, &recent, &lasting);
	assert_true(fabsf(recent - 2.0F) < 1e-6F);
}

/* As many claims as one indicator may have, all of repeaters: no step may cost the square of n. */
static void test_many(void **state)
{
	enum { MANY = 100000, SOURCES = 65535 };
	struct made made = made_plain(0);
	struct score_source *sources = calloc(SOURCES, sizeof *sources);
	struct score_claim *claims = calloc(MANY, sizeof *claims);
	struct score score;
	struct timespec begin;
	struct timespec end;

	(void)state;
	assert_non_null(sources);
	assert_non_null(claims);
	for (uint32_t i = 0; i < SOURCES; i++) {
		sources[i] = (struct score_source){ .family = i,
			.weight = { 3.0F, 3.0F, 3.0F },
			.leader_count = SCORE_LEADERS_MAX };
		for (uint32_t j = 0; j < SCORE_LEADERS_MAX; j++)
			sources[i].leaders[j] = (i * 7919 + j * 104729) % SOURCES;
	}
	for (uint32_t i = 0; i < MANY; i++)
		claims[i] = (struct score_claim){ .source = (i * 31) % SOURCES,
			.category = CATEGORY_BRUTE_FORCE,
			.confidence = CONFIDENCE_UNKNOWN,
			.is_listed = true };
	made.input.claims = claims;
	made.input.n = MANY;
	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin), 0);
	score_of(&made.model, sources, &made.policy, &made.input, &score, NULL, 0, NULL);
	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end), 0);
	assert_true(end.tv_sec - begin.tv_sec < 10);
	free(sources);
	free(claims);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oracle),
		cmocka_unit_test(test_forecast),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_unproven),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_accumulators),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
