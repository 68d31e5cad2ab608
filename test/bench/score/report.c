/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/score/report.h"

#include <math.h>
#include <stdarg.h>

/* What is to be reached on made histories (docs/decisions/0041). */
static const double GOAL_AUC = 0.90;
static const double GOAL_PRECISION_TIMES = 8;
static const double GOAL_CALIBRATION_POINTS = 2;
static const double GOAL_LEARN_S = 10;

struct report {
	struct results *results;
	const char *prefix;
	bool has_goals;
};

PRINTF(4, 5)
static void add(const struct report *report, const char *unit, double value, const char *fmt, ...)
{
	CLEANUP(buf_done) struct buf name = { 0 };
	char text[160];
	va_list arguments;

	if (!isfinite(value))
		return;
	va_start(arguments, fmt);
	vsnprintf(text, sizeof text, fmt, arguments);
	va_end(arguments);
	buf_fmt(&name, "%s.%s", report->prefix, text);
	results_add(report->results,
		&(struct result_row){ .name = buf_c(&name), .unit = unit, .value = value });
}

static void add_goal(const struct report *report, const char *name, const char *unit, double value,
	enum result_goal kind, double goal)
{
	CLEANUP(buf_done) struct buf full = { 0 };

	buf_fmt(&full, "%s.%s", report->prefix, name);
	results_add(report->results, &(struct result_row){ .name = buf_c(&full),
					     .unit = unit,
					     .value = value,
					     .goal_kind = report->has_goals ? kind : RESULT_NO_GOAL,
					     .goal = goal });
}

/* Ours beside counting lists. */
static void add_goals(const struct report *report, const struct evaluation *evaluation)
{
	const struct quality *ours = &evaluation->label[METHOD_LEARNED][SUBSET_ALL];
	const struct quality *count = &evaluation->label[METHOD_PEERS + PEER_COUNT][SUBSET_ALL];
	CLEANUP(buf_done) struct buf name = { 0 };
	double worst = 0;

	add_goal(report, "auc", "", ours->auc, RESULT_AT_LEAST, GOAL_AUC);
	buf_fmt(&name, "%s.average_precision", report->prefix);
	results_add(report->results,
		&(struct result_row){ .name = buf_c(&name),
			.unit = "",
			.value = ours->average_precision,
			.goal_kind = report->has_goals ? RESULT_AT_LEAST : RESULT_NO_GOAL,
			.goal = GOAL_PRECISION_TIMES * count->average_precision,
			.peer = "count of lists",
			.peer_value = count->average_precision });
	for (int i = 0; i < RELIABILITY_DECILES; i++) {
		const struct reliability *bin = &evaluation->deciles[METHOD_LEARNED][i];

		worst = fmax(worst, 100 * fabs(bin->predicted - bin->observed));
	}
	add_goal(report, "calibration.worst_decile", "points", worst, RESULT_AT_MOST,
		GOAL_CALIBRATION_POINTS);
	add_goal(report, "guard_hits", "", (double)evaluation->guard_hits, RESULT_AT_MOST, 0);
	add_goal(report, "learn_cpu", "s", evaluation->learn_s, RESULT_AT_MOST, GOAL_LEARN_S);
}

static void add_quality(const struct report *report, const struct quality *quality,
	const char *question, const char *method, const char *subset)
{
	if (quality->days == 0)
		return;
	add(report, "", quality->auc, "%s.%s.%s.auc", question, method, subset);
	add(report, "", quality->average_precision, "%s.%s.%s.average_precision", question, method,
		subset);
	add(report, "", quality->brier_skill, "%s.%s.%s.brier_skill", question, method, subset);
}

static void add_precision(
	const struct report *report, const struct quality *quality, const char *method)
{
	for (int i = 0; i < LENGTHS; i++) {
		add(report, "", quality->precision[i], "label.%s.precision_at_%uk", method,
			evaluation_lengths[i] / 1000);
		add(report, "", quality->precision_scaled[i], "label.%s.precision_at_scaled_%uk",
			method, evaluation_lengths[i] / 1000);
	}
	add(report, "", quality->auc_least, "label.%s.auc_least", method);
	add(report, "", quality->auc_most, "label.%s.auc_most", method);
}

static void add_reliability(
	const struct report *report, const struct reliability *bins, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (bins[i].n == 0)
			continue;
		add(report, "", bins[i].predicted, "%s.%zu.predicted", name, i);
		add(report, "", bins[i].observed, "%s.%zu.observed", name, i);
		add(report, "", (double)bins[i].n, "%s.%zu.n", name, i);
	}
}

static void add_keeping(
	const struct report *report, const struct keeping *keeping, const char *method)
{
	add(report, "", keeping->listed_before, "keep.%s.listed_before", method);
	add(report, "", keeping->listed_by[1], "keep.%s.listed_by_day_1", method);
	add(report, "", keeping->listed_by[7], "keep.%s.listed_by_day_7", method);
	add(report, "days", keeping->days_to_list, "keep.%s.days_to_list", method);
	add(report, "", keeping->left_by[1], "keep.%s.left_by_day_1", method);
	add(report, "", keeping->left_by[7], "keep.%s.left_by_day_7", method);
	add(report, "days", keeping->days_to_unlist, "keep.%s.days_to_unlist", method);
	add(report, "", keeping->attackers, "keep.%s.attackers_listed", method);
	add(report, "", keeping->innocents, "keep.%s.innocents_share", method);
}

void report_rows(struct results *results, const char *prefix, const struct history *history,
	const struct evaluation *evaluation, bool has_goals)
{
	struct report report = { results, prefix, has_goals };
	const struct quality *all = &evaluation->label[METHOD_LEARNED][SUBSET_ALL];

	add_goals(&report, evaluation);
	add(&report, "", (double)history->indicator_count, "indicators");
	add(&report, "", (double)history->event_count, "events");
	add(&report, "", all->n, "label.candidates");
	add(&report, "", all->happened / all->n, "label.base_rate");
	add(&report, "", evaluation->report[METHOD_LEARNED].n, "report.candidates");
	add(&report, "",
		evaluation->report[METHOD_LEARNED].happened / evaluation->report[METHOD_LEARNED].n,
		"report.base_rate");
	for (unsigned method = 0; method < METHODS; method++) {
		const char *name = method_name(method);

		for (unsigned subset = 0; subset < SUBSETS; subset++)
			add_quality(&report, &evaluation->label[method][subset], "label", name,
				subset_name(subset));
		add_precision(&report, &evaluation->label[method][SUBSET_ALL], name);
		add_quality(&report, &evaluation->report[method], "report", name, "all");
		add_keeping(&report, &evaluation->keeping[method], name);
	}
	add_reliability(&report, evaluation->deciles[METHOD_LEARNED], RELIABILITY_DECILES,
		"calibration.decile");
	add_reliability(
		&report, evaluation->tens[METHOD_LEARNED], RELIABILITY_TENS, "calibration.tens");
	add_reliability(&report, evaluation->label_deciles, RELIABILITY_DECILES, "label.decile");
	add(&report, "", evaluation->kept, "keep.length");
	add(&report, "", evaluation->blocked, "blocked");
	add(&report, "", evaluation->challenged, "challenged");
	add(&report, "", evaluation->watched, "watched");
	add(&report, "", (double)evaluation->guard_scored, "guard_hits_without_rules");
	for (size_t s = 0; s < history->source_count; s++)
		add(&report, "", evaluation->without[s], "without.%.*s.auc",
			STR_FMT(history->sources[s].name));
	add(&report, "us", evaluation->score_us, "score_cpu");
}
