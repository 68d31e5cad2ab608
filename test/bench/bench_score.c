/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How good the score is: predictions of a week, rolled forward through a history, beside counting
 * lists, MISP's polynomial and NERD's linear decay on the same evidence.
 *
 *     bench_score [--seed N] [--days N] [--scale SHARE] [--charts DIR]   a made history
 *     bench_score --lists DIR --label NAME [--charts DIR]                a real one
 *     bench_score --write DIR [--seed N] ...                             a made one as lists
 */
#include "bench/score/lists.h"
#include "bench/score/report.h"
#include "bench/score/world_rules.h"

#include "base/io.h"

enum { DAYS = 240 };
static const double SCALE = 0.1;

struct options {
	uint64_t seed;
	uint64_t days;
	double scale;
	struct str lists;
	struct str label;
	struct str write;
	struct str charts;
};

static int usage(void)
{
	fprintf(stderr, "usage: bench_score [--seed N] [--days N] [--scale SHARE] [--charts DIR]\n"
			"       bench_score --lists DIR --label NAME [--charts DIR]\n"
			"       bench_score --write DIR [--seed N] [--days N] [--scale SHARE]\n");
	return 2;
}

static bool option_take(struct options *options, struct str name, struct str value)
{
	if (str_eq(name, STR("--seed")))
		return parse_u64(value, &options->seed);
	if (str_eq(name, STR("--days")))
		return parse_u64(value, &options->days) && options->days >= 60 &&
		       options->days < HISTORY_DAYS_MAX;
	if (str_eq(name, STR("--scale")))
		return parse_double(value, &options->scale) && options->scale >= 0.001 &&
		       options->scale <= 0.3;
	if (str_eq(name, STR("--lists")))
		options->lists = value;
	else if (str_eq(name, STR("--label")))
		options->label = value;
	else if (str_eq(name, STR("--write")))
		options->write = value;
	else if (str_eq(name, STR("--charts")))
		options->charts = value;
	else
		return false;
	return value.n > 0;
}

static int complain(const struct why *why)
{
	fprintf(stderr, "bench_score: %s\n", why->text);
	return 1;
}

/* The newest report of learning stands beside the results. */
static enum err write_learned(
	const struct evaluation *evaluation, const char *name, struct why *why)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	const char *folder = getenv("PEHRA_RESULTS");

	buf_fmt(&path, "%s/%s.learned.json", folder == NULL ? "build/results" : folder, name);
	return file_replace(buf_c(&path), buf_view(&evaluation->report_json), 0644, why);
}

static int tell(const struct options *options, const char *name, const struct history *history,
	const struct evaluation *evaluation, const char *about, const char *note, bool has_goals)
{
	const char *folder = getenv("PEHRA_RESULTS");
	struct results *results = results_open(name, about);
	struct why why;

	report_rows(results, name, history, evaluation, has_goals);
	results_close(&results);
	if (write_learned(evaluation, name, &why) != OK ||
		report_charts(folder == NULL ? "build/results" : folder, evaluation, note, &why) !=
			OK)
		return complain(&why);
	if (options->charts.n > 0 && report_charts(options->charts.p, evaluation, note, &why) != OK)
		return complain(&why);
	return 0;
}

static int of_world(const struct options *options)
{
	struct world_settings settings;
	struct evaluation_plan plan;
	CLEANUP(evaluation_done) struct evaluation evaluation;
	char note[200];

	world_settings_default(&settings, options->scale, (uint32_t)options->days);
	settings.seed = options->seed;

	CLEANUP(world_free) struct world *world = world_make(&settings);
	CLEANUP(rules_free) struct rules *rules = world_rules(world);
	struct truth truth = world_truth(world);
	struct learn_route *routes = world_learn_routes(world);

	rules_ready(rules);
	evaluation_plan_default(&plan, settings.days, settings.scale);
	evaluate(&plan, &world->history, rules, routes, world->route_count, &truth, &evaluation);
	free(routes);
	snprintf(note, sizeof note,
		"A made history of %u days, %zu addresses, %zu sources, seed %llu; a week ahead.",
		settings.days, world->host_count, world->history.source_count,
		(unsigned long long)settings.seed);
	return tell(options, "score", &world->history, &evaluation,
		"Predictions of a week on a made history whose churn, returns and neighbourhoods "
		"are "
		"as measured of a real list; learned on the past alone, beside list counts, MISP's "
		"polynomial and NERD's linear decay on the same evidence.",
		note, true);
}

static int of_lists(const struct options *options)
{
	CLEANUP(history_done) struct history history = { 0 };
	CLEANUP(evaluation_done) struct evaluation evaluation = { 0 };
	CLEANUP(rules_free) struct rules *rules = rules_new();
	struct evaluation_plan plan;
	struct lists_read read;
	struct why why;
	char note[300];

	if (lists_read(options->lists.p, options->label, &history, &read, &why) != OK)
		return complain(&why);
	if (history.days < 60) {
		fprintf(stderr, "bench_score: %u days are too few; 60 are needed\n", history.days);
		return 1;
	}
	printf("%llu files, %llu lines, %llu refused\n", (unsigned long long)read.files,
		(unsigned long long)read.lines, (unsigned long long)read.refused);
	rules_ready(rules);
	evaluation_plan_default(&plan, history.days, options->scale);
	evaluate(&plan, &history, rules, NULL, 0, NULL, &evaluation);
	snprintf(note, sizeof note, "Lists of %u days, %zu addresses, %zu sources; label: %.*s.",
		history.days, history.indicator_count, history.source_count,
		STR_FMT(options->label));
	return tell(options, "score-lists", &history, &evaluation,
		"Predictions of a week on real dated lists, learned on the past alone, beside list "
		"counts, MISP's polynomial and NERD's linear decay on the same evidence.",
		note, false);
}

static int write_world(const struct options *options)
{
	struct world_settings settings;
	struct why why;

	world_settings_default(&settings, options->scale, (uint32_t)options->days);
	settings.seed = options->seed;

	CLEANUP(world_free) struct world *world = world_make(&settings);

	return lists_write(options->write.p, &world->history, &why) == OK ? 0 : complain(&why);
}

int main(int argc, char **argv)
{
	struct options options = { .seed = 1, .days = DAYS, .scale = SCALE };

	for (int i = 1; i < argc; i += 2) {
		if (i + 1 == argc || !option_take(&options, str_c(argv[i]), str_c(argv[i + 1])))
			return usage();
	}
	if (options.lists.n > 0)
		return options.label.n > 0 ? of_lists(&options) : usage();
	return options.write.n > 0 ? write_world(&options) : of_world(&options);
}
