/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compiled entries against a slow judge: for every address of a small space, all claims about
 * whatever holds it are scored together; the longest entry that matches must say the same.
 */
#include "prop.h"

#include "base/clock.h"
#include "evidence/claim.h"
#include "snapshot/compile.h"
#include "snapshot/verdict.h"

enum { ROWS_MAX = 80, SOURCES = 9, SPACE = 256 };
static const int64_t NOW_S = 1795448940;

struct row {
	struct indicator indicator;
	struct compile_row compiled;
	struct buf key;
};

static const struct compile_source sources[SOURCES] = {
	{ STR_INIT("a"), 0, 2.0F },
	{ STR_INIT("b"), 1, 2.5F },
	{ STR_INIT("c"), 1, 3.0F },
	{ STR_INIT("d"), 3, 3.5F },
	{ STR_INIT("e"), 4, 0.5F },
	{ STR_INIT("f"), 5, 6.0F },
	{ STR_INIT("g"), 6, 1.0F },
	{ STR_INIT("h"), 6, 4.0F },
	{ STR_INIT("i"), 8, 2.2F },
};

static const char *const names[] = { "a.example", "b.example", "x.a.example", "y.x.a.example",
	"example", "c.test" };

static struct indicator random_indicator(struct prop *prop)
{
	struct indicator indicator = { .kind = INDICATOR_IP };
	struct ipaddr ip = ip_from_u32(UINT32_C(0xc6336400) + (uint32_t)prop_below(prop, SPACE));

	if (prop_below(prop, 4) == 0)
		return (struct indicator){ .kind = INDICATOR_NAME,
			.below = prop_below(prop, 2) == 0,
			.text = str_c(names[prop_below(prop, ARRAY_LEN(names))]) };
	if (prop_below(prop, 4) == 0) {
		ip = (struct ipaddr){ { 0x20, 0x01, 0x0d, 0xb8 } };
		ip.bytes[7] = (uint8_t)prop_below(prop, SPACE);
		ip.bytes[15] = (uint8_t)prop_below(prop, 4);
		indicator.prefix = prefix_around(
			&ip, prop_below(prop, 2) == 0 ? 128 : (uint8_t)(56 + prop_below(prop, 9)));
		return indicator;
	}
	indicator.prefix = prefix_around(&ip, (uint8_t)(120 + prop_below(prop, 9)));
	return indicator;
}

static size_t random_rows(struct prop *prop, struct row *rows)
{
	size_t n = prop_below(prop, ROWS_MAX);

	for (size_t i = 0; i < n; i++) {
		struct row *row = &rows[i];

		*row = (struct row){ .indicator = random_indicator(prop) };
		indicator_key(&row->key, &row->indicator);
		row->compiled = (struct compile_row){ .key = buf_view(&row->key),
			.source = (uint32_t)prop_below(prop, SOURCES),
			.role = (uint8_t)prop_below(prop, ROLE_COUNT),
			.category = (uint8_t)(1 + prop_below(prop, 20)),
			.confidence = CONFIDENCE_UNKNOWN,
			.is_listed = prop_below(prop, 3) != 0,
			.recent = (double)prop_below(prop, 300) / 100,
			.lasting = (double)prop_below(prop, 300) / 100,
			.decayed_at_s = NOW_S - (int64_t)prop_below(prop, 20) * DAY_S,
			.first_seen_s = NOW_S - 30 * DAY_S,
			.last_seen_s = NOW_S - (int64_t)prop_below(prop, 20) * DAY_S };
	}
	return n;
}

/* Does the row's indicator hold what is asked about, as scoring sees it? */
static bool row_holds(const struct row *row, const struct indicator *asked)
{
	const struct indicator *indicator = &row->indicator;

	if (indicator->kind != asked->kind)
		return false;
	if (indicator->kind == INDICATOR_NAME)
		return str_eq(indicator->text, asked->text) ||
		       (indicator->below && str_ends(asked->text, indicator->text) &&
			       asked->text.n > indicator->text.n &&
			       asked->text.p[asked->text.n - indicator->text.n - 1] == '.');

	struct prefix prefix = indicator->prefix;

	if (!prefix_is_v4(&prefix) && prefix.length > COMPILE_V6_HOST_LENGTH)
		prefix = prefix_around(&prefix.address, COMPILE_V6_HOST_LENGTH);
	return prefix_contains_ip(&prefix, &asked->prefix.address);
}

static struct score judge(const struct score_model *model, const struct row *rows, size_t n,
	const struct indicator *asked)
{
	struct score_claim claims[ROWS_MAX];
	struct score score;
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		const struct compile_row *row = &rows[i].compiled;

		if (!row_holds(&rows[i], asked))
			continue;
		claims[count] = (struct score_claim){ .source = row->source,
			.family = sources[row->source].family,
			.weight = sources[row->source].weight,
			.role = row->role,
			.category = row->category,
			.confidence = row->confidence,
			.is_listed = row->is_listed };
		score_accumulators_at(model, row->recent, row->lasting, row->decayed_at_s, NOW_S,
			&claims[count].recent, &claims[count].lasting);
		count++;
	}
	score_of(model, claims, count, NOW_S, &score, NULL, 0, NULL);
	return score;
}

/* The longest entry of the compiled input that holds the address; 0 when none does. */
static uint16_t longest_match(const struct snapshot_input *input, const struct indicator *asked)
{
	const struct ipaddr *ip = &asked->prefix.address;
	uint16_t id = 0;

	for (size_t i = 0; i < input->v4_count && ip_is_v4(ip); i++) {
		const struct snapshot_v4 *entry = &input->v4[i];

		if (entry->width == 0 ||
			(entry->address ^ ip_to_u32(ip)) >> (32 - entry->width) == 0)
			id = entry->verdict;
	}
	for (size_t i = 0; i < input->v6_count && !ip_is_v4(ip); i++) {
		const struct snapshot_v6 *entry = &input->v6[i];

		if (entry->length == 0 || (entry->high ^ ip_high(ip)) >> (64 - entry->length) == 0)
			id = entry->verdict;
	}
	return id;
}

static uint16_t name_match(const struct snapshot_input *input, struct str name)
{
	size_t best = 0;
	uint16_t id = 0;

	for (size_t i = 0; i < input->text_count; i++) {
		const struct snapshot_text *entry = &input->texts[i];
		bool is_exact = str_eq(entry->text, name);
		bool is_above = entry->below && name.n > entry->text.n &&
				str_ends(name, entry->text) &&
				name.p[name.n - entry->text.n - 1] == '.';
		size_t rank = is_exact ? name.n * 2 + !entry->below : entry->text.n * 2;

		if ((is_exact || is_above) && rank >= best) {
			best = rank;
			id = entry->verdict;
		}
	}
	return id;
}

static const char *same(const struct verdict_table *table, uint16_t id, const struct score *score)
{
	struct pehra_verdict record;
	const struct pehra_verdict *verdict = &record;

	if (id == 0)
		return score->action == PEHRA_NONE ? NULL : "what is watched has no entry";
	memcpy(&record, table->records.data + id * sizeof record, sizeof record);
	if (verdict->action != score->action)
		return "another action";
	if (memcmp(verdict->score, score->value, sizeof verdict->score) != 0)
		return "another score";
	return verdict->categories == score->categories ? NULL : "other categories";
}

static const char *compare_all(const struct score_model *model, const struct row *rows, size_t n,
	const struct snapshot_input *input)
{
	const char *wrong = NULL;

	for (uint32_t i = 0; i < SPACE && wrong == NULL; i++) {
		struct indicator asked = { .kind = INDICATOR_IP };
		struct ipaddr v4 = ip_from_u32(UINT32_C(0xc6336400) + i);
		struct ipaddr v6 = { { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, (uint8_t)i } };
		struct score score;

		asked.prefix = prefix_host(&v4);
		score = judge(model, rows, n, &asked);
		wrong = same(input->verdicts, longest_match(input, &asked), &score);
		v6.bytes[15] = 77;
		asked.prefix = prefix_host(&v6);
		score = judge(model, rows, n, &asked);
		if (wrong == NULL)
			wrong = same(input->verdicts, longest_match(input, &asked), &score);
	}
	for (size_t i = 0; i < ARRAY_LEN(names) && wrong == NULL; i++) {
		struct indicator asked = { .kind = INDICATOR_NAME, .text = str_c(names[i]) };
		struct score score = judge(model, rows, n, &asked);

		wrong = same(input->verdicts, name_match(input, asked.text), &score);
	}
	return wrong;
}

static const char *compiled_equals_judge(struct prop *prop)
{
	struct row rows[ROWS_MAX];
	size_t n = random_rows(prop, rows);
	struct score_model model;
	struct compile *compile;
	struct snapshot_input input;
	const char *wrong = NULL;
	struct why why;

	score_model_default(&model);
	compile = compile_new(&model, sources, SOURCES, NOW_S);
	for (size_t i = 0; i < n && wrong == NULL; i++) {
		if (compile_add(compile, &rows[i].compiled, &why) != OK)
			wrong = "a good row was refused";
	}
	compile_finish(compile, &input);
	if (wrong == NULL)
		wrong = compare_all(&model, rows, n, &input);
	compile_free(&compile);
	for (size_t i = 0; i < n; i++)
		buf_done(&rows[i].key);
	return wrong;
}

static void test_oracle(void **state)
{
	(void)state;
	PROP_RUN(300, compiled_equals_judge);
}

static void test_refused(void **state)
{
	struct score_model model;
	struct compile *compile;
	struct compile_row row = { .key = STR("\1\1\1\1\1\40"), .source = SOURCES, .category = 1 };
	struct why why;

	(void)state;
	score_model_default(&model);
	compile = compile_new(&model, sources, SOURCES, NOW_S);
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
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
