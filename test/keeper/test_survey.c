/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a list is held, by numbers at both sides of each bound; and what guards take out of one. */
#include "prop.h"

#include "evidence/query.h"
#include "keeper/guarded.h"
#include "keeper/survey.h"

static enum survey_finding judged(const struct survey *survey, uint64_t least, uint64_t most)
{
	CLEANUP(buf_done) struct buf why = { 0 };
	struct feed_definition definition = feed_definition_default(STR("list"));
	enum survey_finding finding;

	definition.expected_min = least;
	definition.expected_max = most;
	finding = survey_judge(survey, &definition, &why);
	assert_int_equal(finding == SURVEY_GOOD, why.n == 0);
	return finding;
}

static void test_bounds(void **state)
{
	static const struct {
		uint64_t accepted;
		uint64_t last; /* UINT64_MAX: this is the first */
		uint64_t least;
		uint64_t most;
		enum survey_finding finding;
	} rows[] = {
		{ 0, UINT64_MAX, 0, 0, SURVEY_GOOD },
		{ 0, 0, 0, 0, SURVEY_GOOD },
		{ 0, 1, 0, 0, SURVEY_EMPTY },
		{ 0, UINT64_MAX, 1, 0, SURVEY_FEW },
		{ 9, UINT64_MAX, 10, 0, SURVEY_FEW },
		{ 10, UINT64_MAX, 10, 0, SURVEY_GOOD },
		{ 9, 19, 0, 0, SURVEY_GOOD }, /* too few to shrink */
		{ 9, 20, 0, 0, SURVEY_SHRUNKEN },
		{ 10, 20, 0, 0, SURVEY_GOOD },
		{ 10, 21, 0, 0, SURVEY_SHRUNKEN },
		{ 11, 21, 0, 0, SURVEY_GOOD },
		{ 500, UINT64_MAX, 0, 499, SURVEY_MANY },
		{ 500, UINT64_MAX, 0, 500, SURVEY_GOOD },
		{ 1000000, UINT64_MAX, 0, 0, SURVEY_GOOD },
		{ 1200, 100, 0, 0, SURVEY_GOOD },
		{ 1201, 100, 0, 0, SURVEY_SWOLLEN },
		{ 1001, 0, 0, 0, SURVEY_SWOLLEN },
		{ 5000, 100, 0, 9000, SURVEY_GOOD }, /* its own bound is what counts */
		{ UINT64_MAX, 100, 0, 0, SURVEY_SWOLLEN },
		{ 10, UINT64_MAX - 1, 0, 0, SURVEY_SHRUNKEN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool is_first = rows[i].last == UINT64_MAX;
		struct survey survey = { .accepted = rows[i].accepted,
			.last = { .run = is_first ? 0 : 7,
				.accepted = is_first ? 0 : rows[i].last } };

		if (judged(&survey, rows[i].least, rows[i].most) != rows[i].finding)
			fail_msg("row %zu", i);
	}
}

static void test_guards_bound(void **state)
{
	static const struct {
		uint64_t rows;
		uint64_t never;
		uint64_t ask;
		enum survey_finding finding;
	} rows[] = {
		{ 100, 19, 0, SURVEY_GOOD },
		{ 100, 10, 10, SURVEY_GUARDED },
		{ 400, 20, 0, SURVEY_GUARDED },
		{ 401, 0, 20, SURVEY_GOOD },
		{ 0, 0, 0, SURVEY_GOOD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct survey survey = { .accepted = 5,
			.guarded = { .rows = rows[i].rows,
				.never = rows[i].never,
				.ask = rows[i].ask } };

		if (judged(&survey, 0, 0) != rows[i].finding)
			fail_msg("row %zu", i);
	}
}

static void test_needed(void **state)
{
	struct feed_definition definition = feed_definition_default(STR("list"));
	struct import_good none = { 0 };
	struct import_good one = { 3, 10 };

	(void)state;
	assert_true(survey_is_needed(&definition, &none));
	definition.purpose = PURPOSE_GUARD;
	assert_false(survey_is_needed(&definition, &none));
	assert_true(survey_is_needed(&definition, &one));
	definition.expected_min = 1;
	assert_true(survey_is_needed(&definition, &none));
	definition.kind = FEED_ADDITIONS;
	assert_false(survey_is_needed(&definition, &one));
}

static void guard(struct rules *rules, const char *text, enum guard_policy policy, const char *list)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct indicator indicator;
	struct why why = { 0 };

	if (indicator_parse(str_c(text), &arena, &indicator, &why) != OK ||
		rules_add_guard(rules, &indicator, policy, str_c(list), 0, &why) != OK)
		fail_msg("%s", why.text);
}

static bool is_within(uint32_t address, uint32_t first, uint32_t n)
{
	return address >= first && address - first < n;
}

/* Against a rule written a second time: what goes, what stays, and who took it. */
static void test_taken_out(void **state)
{
	CLEANUP(rules_free) struct rules *rules = rules_new();
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	struct prop prop = { prop_env("PEHRA_SEED", 11) };
	struct guarded counted = { 0 };
	struct guarded guarded = { 0 };
	uint64_t never = 0;
	uint64_t ask = 0;
	size_t kept = 0;
	size_t before;

	(void)state;
	guard(rules, "25.1.0.0/28", GUARD_NEVER, "one");
	guard(rules, "25.1.0.64/27", GUARD_ASK, "two");
	guard(rules, "25.1.0.128/25", GUARD_NOTE, "three");
	rules_ready(rules);
	for (int i = 0; i < 2000; i++) {
		struct ipaddr ip = ip_from_u32(0x19010000 + (uint32_t)prop_below(&prop, 512));
		struct claim claim = { .indicator = { .kind = INDICATOR_IP,
					       .prefix = prefix_host(&ip) },
			.role = ROLE_SOURCE,
			.category = CATEGORY_SCANNER,
			.confidence = CONFIDENCE_UNKNOWN,
			.count = 1 };

		claim_batch_add(&batch, &claim);
	}
	claim_batch_sort(&batch);
	before = batch.n;
	for (size_t i = 0; i < before; i++) {
		struct str key = claim_row_key(&batch, &batch.rows[i]);
		uint32_t address = (uint32_t)(uint8_t)key.p[1] << 24 |
				   (uint32_t)(uint8_t)key.p[2] << 16 |
				   (uint32_t)(uint8_t)key.p[3] << 8 | (uint8_t)key.p[4];

		never += is_within(address, 0x19010000, 16);
		ask += is_within(address, 0x19010040, 32);
	}
	guarded_count(&counted, rules, &batch);
	assert_int_equal(batch.n, before);
	guarded_take_out(&guarded, rules, &batch);
	assert_memory_equal(&counted, &guarded, sizeof guarded);
	assert_int_equal(guarded.rows, before);
	assert_int_equal(guarded.never, never);
	assert_int_equal(guarded.ask, ask);
	assert_int_equal(batch.n, before - never);
	for (size_t i = 1; i < batch.n; i++)
		kept += str_cmp(claim_row_key(&batch, &batch.rows[i - 1]),
				claim_row_key(&batch, &batch.rows[i])) < 0;
	assert_int_equal(kept, batch.n - 1);
	assert_int_equal(guarded.list_count, 2);
	assert_string_equal(guarded.lists[0].name, "one");
	assert_string_equal(guarded.lists[0].sample, "25.1.0.0");
	assert_int_equal(guarded.lists[0].count, never);
	assert_int_equal(guarded.lists[1].policy, GUARD_ASK);
}

/* More lists than have a row of their own are counted all the same. */
static void test_many_lists(void **state)
{
	CLEANUP(rules_free) struct rules *rules = rules_new();
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	struct guarded guarded = { 0 };
	enum { LISTS = GUARDED_LISTS_MAX + 4 };

	(void)state;
	for (uint32_t i = 0; i < LISTS; i++) {
		struct ipaddr ip = ip_from_u32(0x19010000 + i);
		struct claim claim = { .indicator = { .kind = INDICATOR_IP,
					       .prefix = prefix_host(&ip) },
			.role = ROLE_SOURCE,
			.category = CATEGORY_SCANNER,
			.confidence = CONFIDENCE_UNKNOWN,
			.count = 1 };
		char text[32];
		char list[GUARDED_NAME_MAX * 2];

		(void)snprintf(text, sizeof text, "25.1.0.%u", (unsigned)i);
		/* longer than what is kept of a name, and alike up to there */
		(void)snprintf(list, sizeof list, "%0*u", GUARDED_NAME_MAX, (unsigned)i);
		guard(rules, text, GUARD_NEVER, list);
		claim_batch_add(&batch, &claim);
	}
	rules_ready(rules);
	claim_batch_sort(&batch);
	guarded_take_out(&guarded, rules, &batch);
	assert_int_equal(batch.n, 0);
	assert_int_equal(guarded.never, LISTS);
	assert_int_equal(guarded.list_count, GUARDED_LISTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_guards_bound),
		cmocka_unit_test(test_needed),
		cmocka_unit_test(test_taken_out),
		cmocka_unit_test(test_many_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
