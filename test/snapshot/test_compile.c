/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compiled entries against a slow judge (world.h): for every address and name of a small world, the
 * longest entry that matches must say what the closest spot that needs an entry says.
 */
#include "snapshot/entries.h"
#include "snapshot/world.h"

#include "base/clock.h"
#include "evidence/claim.h"

static const char *same(const struct pehra_verdict *verdict, const struct world_found *found)
{
	uint64_t categories = 0;
	uint8_t value[ROLE_COUNT] = { 0 };

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		categories |= found->score.categories[role];
		value[role] = found->score.value[role];
	}
	if (verdict->action != found->action)
		return "another action";
	if (found->action == PEHRA_ALLOW)
		return verdict->categories == 0 && verdict->score[0] == 0 ? NULL
									  : "an allow with a score";
	if (memcmp(verdict->score, value, sizeof verdict->score) != 0)
		return "another score";
	return verdict->categories == categories ? NULL : "other categories";
}

/* Whatever entries there are: what rules let through is no listing, what they block is one. */
static const char *obeys_rules(enum rule_verdict rule, uint16_t id, uint8_t action)
{
	if (rule == RULE_ALLOW && action != PEHRA_NONE && action != PEHRA_ALLOW)
		return "a listing of what is let through";
	if (rule == RULE_BLOCK && (id == 0 || action != PEHRA_BLOCK))
		return "no block of what a person blocks";
	return NULL;
}

static const char *check_asked(const struct world *world, const struct snapshot_input *input,
	const struct indicator *asked)
{
	uint16_t id = entries_match(input, asked);
	struct pehra_verdict record = entries_record(input, id);
	struct world_found found;
	bool is_shown = world_shown(world, asked, &found);
	const char *wrong = obeys_rules(world_rule(world, asked), id, record.action);

	if (wrong != NULL)
		return wrong;
	if (!is_shown)
		return id == 0 ? NULL : "an entry where none is needed";
	return id == 0 ? "an entry is missing" : same(&record, &found);
}

static const char *check_all(const struct world *world, const struct snapshot_input *input)
{
	const char *wrong = NULL;

	for (uint32_t i = 0; i < 2 * WORLD_SPACE && wrong == NULL; i++) {
		struct indicator asked = { .kind = INDICATOR_IP };
		struct ipaddr v4 = ip_from_u32(UINT32_C(0xc6336400) + i);
		struct ipaddr v6 = { { 0x20, 0x01, 0x0d, 0xb8, 0, (uint8_t)(i % 5 == 0),
			(uint8_t)(i >> 8), (uint8_t)i } };

		asked.prefix = prefix_host(&v4);
		wrong = check_asked(world, input, &asked);
		v6.bytes[15] = i % 3 == 0 ? 77 : (uint8_t)(i % 4);
		asked.prefix = prefix_host(&v6);
		if (wrong == NULL)
			wrong = check_asked(world, input, &asked);
	}
	for (size_t i = 0; i < world_name_count && wrong == NULL; i++) {
		struct indicator asked = { .kind = INDICATOR_NAME, .text = str_c(world_names[i]) };

		wrong = check_asked(world, input, &asked);
	}
	for (size_t i = 0; i < world_url_count && wrong == NULL; i++) {
		struct indicator asked = { .kind = INDICATOR_URL, .text = str_c(world_urls[i]) };

		wrong = check_asked(world, input, &asked);
	}
	return wrong;
}

/* compile_one() gives each spot the entry that the sweep gave it, sources and days included. */
static const char *check_one(
	const struct world *world, const struct snapshot_input *input, const struct indicator *spot)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct compile_row rows[WORLD_ROWS_MAX];
	struct score_surroundings around;
	struct compile_entry entry;
	struct snapshot_detail detail;
	struct pehra_verdict record;
	uint16_t id = entries_exact(input, spot, &detail);
	size_t n = 0;

	for (size_t i = 0; i < world->n; i++) {
		struct indicator its = world->rows[i].indicator;

		if (its.kind == INDICATOR_IP && !prefix_is_v4(&its.prefix) &&
			its.prefix.length > COMPILE_V6_HOST_LENGTH)
			its.prefix = prefix_around(&its.prefix.address, COMPILE_V6_HOST_LENGTH);
		if (world_holds(&its, spot))
			rows[n++] = world->rows[i].compiled;
	}
	world_around(world, spot, &around);
	if (compile_one(&world->scoring, world_now_s, spot, rows, n, &around, &arena, &entry,
		    NULL) != OK)
		return "one indicator is refused";
	if (id == 0)
		return entry.only_as_hole ? NULL : "one indicator has an entry that the sweep left";
	record = entries_record(input, id);
	if (record.source_count != entry.source_count)
		return "other sources";
	record.source_set = 0;
	record.source_count = 0;
	if (memcmp(&record, &entry.verdict, sizeof record) != 0)
		return "one indicator has another verdict than in the sweep";
	return memcmp(&detail, &entry.detail, sizeof detail) == 0 ? NULL : "other days";
}

static struct compile *compiled(const struct world *world, struct snapshot_input *input)
{
	struct compile *compile = compile_new(&world->scoring, world_now_s);
	struct why why;

	for (size_t i = 0; i < world->n; i++)
		must(compile_add(compile, &world->rows[i].compiled, &why) == OK);
	compile_finish(compile, input);
	return compile;
}

static const char *check_summary(const struct compile *compile, const struct snapshot_input *input)
{
	struct compile_summary summary;
	uint64_t actions[ARRAY_LEN(summary.actions)] = { 0 };

	compile_summary(compile, &summary);
	for (size_t i = 0; i < input->v4_count; i++)
		actions[entries_record(input, input->v4[i].verdict).action]++;
	for (size_t i = 0; i < input->v6_count; i++)
		actions[entries_record(input, input->v6[i].verdict).action]++;
	for (size_t i = 0; i < input->text_count; i++)
		actions[entries_record(input, input->texts[i].verdict).action]++;
	if (memcmp(actions, summary.actions, sizeof actions) != 0)
		return "the summary counts other actions";
	for (size_t i = 0; i < summary.touched_count; i++) {
		if (summary.touched[i].would_be <= PEHRA_WATCH ||
			!str_eq(summary.touched[i].list, STR("list")) ||
			(i > 0 && summary.touched[i].score > summary.touched[i - 1].score))
			return "another touched one";
	}
	return NULL;
}

static const char *compiled_equals_judge(struct prop *prop)
{
	static struct world world;
	struct indicator spots[WORLD_SPOTS_MAX];
	struct snapshot_input input;
	struct compile *compile;
	const char *wrong;
	size_t n;

	world_make(prop, &world);
	compile = compiled(&world, &input);
	wrong = check_all(&world, &input);
	n = world_spots(&world, spots);
	for (size_t i = 0; i < n && wrong == NULL; i++)
		wrong = check_one(&world, &input, &spots[i]);
	if (wrong == NULL)
		wrong = check_summary(compile, &input);
	compile_free(&compile);
	world_done(&world);
	return wrong;
}

static void test_oracle(void **state)
{
	(void)state;
	PROP_RUN(300, compiled_equals_judge);
}

static uint8_t highest(const struct pehra_verdict *verdict)
{
	uint8_t most = 0;

	for (unsigned role = 0; role < ROLE_COUNT; role++)
		most = verdict->score[role] > most ? verdict->score[role] : most;
	return most;
}

/* Entry by entry: what blocks under the limit, and what was demoted, against no limit. */
static const char *check_limited(const struct world *world, const struct snapshot_input *all,
	const struct snapshot_input *limited)
{
	uint64_t left = world->scoring.policy.block_max;
	uint8_t least_kept = UINT8_MAX;
	uint8_t most_demoted = 0;
	uint64_t kept = 0;
	uint64_t demoted = 0;

	for (size_t i = 0; i < all->v4_count; i++) {
		struct pehra_verdict before = entries_record(all, all->v4[i].verdict);
		struct pehra_verdict after = entries_record(limited, limited->v4[i].verdict);
		struct ipaddr ip = ip_from_u32(all->v4[i].address);
		struct indicator spot = { .kind = INDICATOR_IP,
			.prefix = prefix_around(&ip, (uint8_t)(96 + all->v4[i].width)) };
		bool is_person = world_rule(world, &spot) == RULE_BLOCK;

		if (before.action != PEHRA_BLOCK) {
			if (before.action != after.action)
				return "the limit changed what does not block";
		} else if (after.action == PEHRA_BLOCK) {
			kept++;
			if (!is_person && highest(&after) < least_kept)
				least_kept = highest(&after);
			left -= is_person && left > 0;
		} else {
			demoted++;
			if (after.action != PEHRA_CHALLENGE || is_person)
				return "demoted to something else, or what a person blocks";
			if (highest(&after) > most_demoted)
				most_demoted = highest(&after);
		}
		if (before.source_count != after.source_count)
			return "demoted entries lost their sources";
	}
	if (demoted > 0 && least_kept < most_demoted)
		return "a better one was demoted";
	if (demoted > 0 && kept < world->scoring.policy.block_max)
		return "more were demoted than need be";
	return kept <= world->scoring.policy.block_max || left == 0 ? NULL : "too many block";
}

static const char *limit_keeps_the_best(struct prop *prop)
{
	static struct world world;
	struct snapshot_input input[2];
	struct compile *compile[2];
	const char *wrong;

	world_make(prop, &world);
	for (size_t i = 0; i < WORLD_SOURCES; i++)
		world.sources[i].weight[prop_below(prop, 2)] += 3.0F;
	compile[0] = compiled(&world, &input[0]);
	world.scoring.policy.block_max = 1 + prop_below(prop, 6);
	compile[1] = compiled(&world, &input[1]);
	wrong = input[0].v4_count == input[1].v4_count ? check_limited(&world, &input[0], &input[1])
						       : "the limit changed the entries";
	if (wrong == NULL)
		wrong = check_summary(compile[1], &input[1]);
	compile_free(&compile[0]);
	compile_free(&compile[1]);
	world_done(&world);
	return wrong;
}

static void test_limit(void **state)
{
	(void)state;
	PROP_RUN(500, limit_keeps_the_best);
}

static void test_refused(void **state)
{
	struct score_source sources[1] = { 0 };
	struct scoring scoring = { .sources = { .rows = sources, .n = 1 } };
	struct compile *compile;
	struct compile_row row = { .key = STR("\1\1\1\1\1\40"), .source = 1, .category = 1 };
	struct why why;

	(void)state;
	model_default(&scoring.model);
	policy_default(&scoring.policy);
	compile = compile_new(&scoring, world_now_s);
	assert_int_equal(compile_add(compile, &row, &why), ERR_CORRUPT);
	row.source = 0;
	row.key = STR("\11nothing");
	assert_int_equal(compile_add(compile, &row, &why), ERR_CORRUPT);
	compile_free(&compile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oracle),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
