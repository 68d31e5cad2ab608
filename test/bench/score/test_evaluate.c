/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The judge is judged: nothing is known of the future, the same history gives the same figures, our
 * method is the product's, peers are the published formulas.
 */
#include "prop.h"

#include "bench/score/chart.h"
#include "bench/score/report.h"
#include "bench/score/world_rules.h"

#include "base/io.h"
#include "evidence/claim.h"
#include "pehra.h"
#include "snapshot/compile.h"
#include "snapshot/verdict.h"

#include <expat.h>
#include <math.h>

enum { DAYS = 100, LEARNT = 60 };
static const double SCALE = 0.004;

static struct world *world_small(uint64_t seed, uint32_t days)
{
	struct world_settings settings;

	world_settings_default(&settings, SCALE, days);
	settings.seed = seed;
	return world_make(&settings);
}

static void learn_once(
	struct forecast *forecast, const struct history *history, struct ledger *now, int32_t day)
{
	CLEANUP(ledger_done) struct ledger then;
	CLEANUP(buf_done) struct buf report = { 0 };

	ledger_init(&then, history);
	ledger_to(&then, day - SCORE_HORIZON_DAYS);
	ledger_to(now, day);
	forecast_learn(forecast, &then, now, true, &report);
	forecast_day(forecast, now, history_judge_s(history, (uint32_t)day));
}

/* What is predicted on a day is the same when the history ends there. */
static void test_no_future(void **state)
{
	CLEANUP(world_free) struct world *world = world_small(1, DAYS);
	CLEANUP(rules_free) struct rules *rules = world_rules(world);
	CLEANUP(forecast_done) struct forecast whole;
	CLEANUP(forecast_done) struct forecast cut;
	CLEANUP(ledger_done) struct ledger now;
	CLEANUP(ledger_done) struct ledger now_cut;
	struct history ended = world->history;
	struct view view = { .omitted = HISTORY_SOURCES_MAX };
	size_t judged = 0;

	(void)state;
	rules_ready(rules);
	while (ended.event_count > 0 && ended.events[ended.event_count - 1].day > LEARNT)
		ended.event_count--;
	assert_true(ended.event_count < world->history.event_count);
	forecast_init(&whole, &world->history, rules, NULL, 0);
	forecast_init(&cut, &ended, rules, NULL, 0);
	ledger_init(&now, &world->history);
	ledger_init(&now_cut, &ended);
	learn_once(&whole, &world->history, &now, LEARNT);
	learn_once(&cut, &ended, &now_cut, LEARNT);
	view.now_s = history_judge_s(&ended, LEARNT);
	for (uint32_t i = 0; i < ended.indicator_count; i++) {
		struct verdict a;
		struct verdict b;

		view.ledger = &now;
		forecast_judge(&whole, &view, i, &a);
		view.ledger = &now_cut;
		forecast_judge(&cut, &view, i, &b);
		assert_memory_equal(&a.score.log_odds, &b.score.log_odds, sizeof a.score.log_odds);
		judged += a.score.has_claims[ROLE_SOURCE];
	}
	assert_true(judged > 500);
}

/* ---- our method beside the compiler of snapshots ---- */

static void row_compile(
	const struct forecast *forecast, struct compile *compile, const struct ledger_row *row)
{
	const struct history_source *source = &forecast->history->sources[row->source];
	struct compile_row out = { .key = forecast->keys[row->indicator],
		.source = row->source,
		.role = source->role,
		.category = source->category,
		.confidence = CONFIDENCE_UNKNOWN,
		.is_listed = row->ended_s == 0,
		.recent = row->recent,
		.lasting = row->lasting,
		.decayed_at_s = row->decayed_at_s,
		.first_seen_s = row->first_seen_s,
		.last_seen_s = row->last_seen_s,
		.episodes = row->episodes };
	struct why why;

	assert_int_equal(compile_add(compile, &out, &why), OK);
}

static const struct pehra_verdict *entry_verdict(const struct snapshot_input *input, size_t i)
{
	const struct pehra_verdict *records =
		(const struct pehra_verdict *)(const void *)input->verdicts->records.data;

	return &records[input->v4[i].verdict];
}

/* The entries of a snapshot of the same evidence have the verdicts that are judged here. */
static void test_product(void **state)
{
	CLEANUP(world_free) struct world *world = world_small(2, DAYS);
	const struct history *history = &world->history;
	CLEANUP(rules_free) struct rules *rules = world_rules(world);
	struct learn_route *routes = world_learn_routes(world);
	CLEANUP(forecast_done) struct forecast forecast;
	CLEANUP(ledger_done) struct ledger now;
	struct view view = { .ledger = &now, .omitted = HISTORY_SOURCES_MAX };
	struct snapshot_input input;
	size_t next = 0;

	(void)state;
	rules_ready(rules);
	forecast_init(&forecast, history, rules, routes, world->route_count);
	ledger_init(&now, history);
	learn_once(&forecast, history, &now, LEARNT);
	view.now_s = history_judge_s(history, LEARNT);

	struct scoring scoring = { .model = forecast.model,
		.policy = forecast.policy,
		.sources = { .rows = forecast.sources, .n = history->source_count },
		.rules = rules };
	CLEANUP(compile_free) struct compile *compile = compile_new(&scoring, view.now_s);

	for (size_t i = 0; i < now.row_count; i++)
		row_compile(&forecast, compile, &now.rows[i]);
	compile_finish(compile, &input);
	for (uint32_t i = 0; i < history->indicator_count; i++) {
		struct verdict ours;
		const struct pehra_verdict *entry;

		forecast_judge(&forecast, &view, i, &ours);
		/* allowed addresses within no wider listing need no entry */
		if (ours.action == PEHRA_NONE || ours.action == PEHRA_ALLOW)
			continue;
		assert_true(next < input.v4_count);
		assert_int_equal(input.v4[next].address, world->hosts[i].address);
		entry = entry_verdict(&input, next++);
		assert_int_equal(entry->action, ours.action);
		assert_int_equal(entry->score[ROLE_SOURCE], ours.score.value[ROLE_SOURCE]);
	}
	assert_int_equal(next, input.v4_count);
	assert_true(next > 200);
	free(routes);
}

/* ---- peers ---- */

/* One address on two lists, seen by an own sensor; what the formulas give, by hand. */
static void test_peers(void **state)
{
	struct history_source sources[] = {
		{ .name = STR_INIT("sensor"), .standing = STANDING_SENSOR, .is_news = true },
		{ .name = STR_INIT("a"), .standing = STANDING_VOUCHED },
		{ .name = STR_INIT("b"), .standing = STANDING_VOUCHED },
	};
	struct ipaddr ip = ip_from_u32(0x0b000001);
	struct prefix indicator = prefix_host(&ip);
	struct history history = { .sources = sources,
		.source_count = ARRAY_LEN(sources),
		.indicators = &indicator,
		.indicator_count = 1,
		.days = 60 };
	CLEANUP(ledger_done) struct ledger ledger;
	struct view view = { .ledger = &ledger, .omitted = HISTORY_SOURCES_MAX };
	double lists = 1 - exp2(-5 * 2 / 20.0);
	double daily = (1 - exp2(-1)) * (1 - exp2(-0.5));
	double sensors = daily * 12.0 / 14 / 7.5;

	(void)state;
	history_add(&history, (struct history_event){ .source = 0, .what = HISTORY_SEEN });
	history_add(&history, (struct history_event){ .source = 1, .what = HISTORY_BEGINS });
	history_add(&history, (struct history_event){ .source = 2, .what = HISTORY_BEGINS });
	history_add(
		&history, (struct history_event){ .source = 1, .what = HISTORY_ENDS, .day = 20 });
	history_add(
		&history, (struct history_event){ .source = 2, .what = HISTORY_ENDS, .day = 30 });
	history_sort(&history);
	ledger_init(&ledger, &history);
	ledger_to(&ledger, 2);
	view.now_s = history_judge_s(&history, 2);
	/* the sensor's news count as a list of today */
	assert_true(fabs(peers[PEER_COUNT].rate(&view, 0) - 3) < 1e-12);
	assert_true(fabs(peers[PEER_UNION].rate(&view, 0) - 1) < 1e-12);
	assert_true(fabs(peers[PEER_MISP].rate(&view, 0) - 80) < 1e-12);
	lists = 1 - exp2(-5 * 3 / 20.0);
	assert_true(
		fabs(peers[PEER_NERD].rate(&view, 0) - (1 - (1 - lists) * (1 - sensors))) < 1e-12);
	view.omitted = 1;
	assert_true(fabs(peers[PEER_COUNT].rate(&view, 0) - 2) < 1e-12);
	view.omitted = HISTORY_SOURCES_MAX;
	ledger_to(&ledger, 50);
	view.now_s = history_judge_s(&history, 50);
	/* nobody lists it; having been on our own counts as one list */
	assert_true(fabs(peers[PEER_COUNT].rate(&view, 0) - 1) < 1e-12);
	assert_true(peers[PEER_UNION].rate(&view, 0) <= 0);
	assert_true(peers[PEER_NERD].rate(&view, 0) <= 0);
	/* 20 days and a quarter since the last list dropped it */
	assert_true(fabs(peers[PEER_MISP].rate(&view, 0) - 80 * (1 - sqrt(20.25 / 120))) < 1e-12);
	free(history.events);
}

/* ---- the whole of it ---- */

static void is_xml(const char *path)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	XML_Parser parser = XML_ParserCreate(NULL);
	struct why why;

	assert_non_null(parser);
	assert_int_equal(file_read(path, 1 << 20, &text, &why), OK);
	assert_true(text.n > 2000);
	if (XML_Parse(parser, text.data, (int)text.n, 1) != XML_STATUS_OK)
		fail_msg("%s: %s", path, XML_ErrorString(XML_GetErrorCode(parser)));
	XML_ParserFree(parser);
	assert_true(str_find_str(buf_view(&text), STR("nan")) == text.n);
}

static void test_whole(void **state)
{
	static const char *const charts[] = { "quality", "curves", "reliability", "keeping" };
	CLEANUP(world_free) struct world *world = world_small(3, DAYS);
	CLEANUP(rules_free) struct rules *rules = world_rules(world);
	struct learn_route *routes = world_learn_routes(world);
	struct truth truth = world_truth(world);
	CLEANUP(evaluation_done) struct evaluation evaluation;
	CLEANUP(buf_done) struct buf path = { 0 };
	char folder[] = "/tmp/pehra-score-XXXXXX";
	struct evaluation_plan plan;
	struct why why;

	(void)state;
	rules_ready(rules);
	evaluation_plan_default(&plan, DAYS, SCALE);
	evaluate(&plan, &world->history, rules, routes, world->route_count, &truth, &evaluation);
	free(routes);
	/* small worlds are hard; ours is better than counting all the same */
	assert_true(evaluation.label[METHOD_LEARNED][SUBSET_ALL].auc >
		    evaluation.label[METHOD_PEERS + PEER_COUNT][SUBSET_ALL].auc + 0.1);
	assert_true(evaluation.label[METHOD_LEARNED][SUBSET_ALL].average_precision >
		    2 * evaluation.label[METHOD_PEERS + PEER_COUNT][SUBSET_ALL].average_precision);
	assert_int_equal(evaluation.guard_hits, 0);
	assert_true(evaluation.report_json.n > 1000);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(report_charts(folder, &evaluation, "a <test> & more", &why), OK);
	for (size_t i = 0; i < ARRAY_LEN(charts); i++) {
		buf_clear(&path);
		buf_fmt(&path, "%s/score-%s.svg", folder, charts[i]);
		is_xml(buf_c(&path));
		assert_int_equal(remove(buf_c(&path)), 0);
	}
	assert_int_equal(remove(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_future),
		cmocka_unit_test(test_product),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
