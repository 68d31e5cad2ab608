/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/score/chart.h"
#include "bench/score/report.h"

#include "base/io.h"

#include <math.h>

/* By method: ours, ours without learning, then the peers. */
static const unsigned colours[METHODS] = { 0, 6, 1, 2, 3, 5 };

/* AUC and average precision, on what the label newly lists. */
static void draw_quality(struct buf *out, const struct evaluation *evaluation, const char *note)
{
	struct chart_bar auc[METHODS];
	struct chart_bar precision[METHODS];
	char texts[2][METHODS][16];
	double most = 0;
	struct chart chart;

	for (unsigned method = 0; method < METHODS; method++) {
		const struct quality *quality = &evaluation->label[method][SUBSET_ALL];

		snprintf(texts[0][method], sizeof texts[0][method], "%.3f", quality->auc);
		snprintf(texts[1][method], sizeof texts[1][method], "%.3f",
			quality->average_precision);
		auc[method] = (struct chart_bar){ method_title(method), colours[method],
			quality->auc, texts[0][method] };
		precision[method] = (struct chart_bar){ method_title(method), colours[method],
			quality->average_precision, texts[1][method] };
		most = fmax(most, quality->average_precision);
	}
	chart_begin(&chart, out, "Who will be reported within the next 7 days?", note, 2);
	chart_bars(&chart, "Area under the ROC curve (0.5: a coin)",
		&(struct chart_axis){
			.title = "of pairs in the right order", .least = 0.4, .most = 1 },
		auc, METHODS, 0.90);
	chart_bars(&chart, "Average precision",
		&(struct chart_axis){
			.title = "mean precision over recall", .most = ceil(most * 10 + 0.2) / 10 },
		precision, METHODS,
		8 * evaluation->label[METHOD_PEERS + PEER_COUNT][SUBSET_ALL].average_precision);
	chart_end(&chart);
}

static size_t curve_series(const struct evaluation *evaluation, bool is_roc,
	struct chart_point (*points)[CURVE_POINTS_MAX], struct chart_series series[METHODS])
{
	for (unsigned method = 0; method < METHODS; method++) {
		for (size_t i = 0; i < evaluation->curve_n[method]; i++) {
			const struct curve_point *from = &evaluation->curve[method][i];

			points[method][i] =
				is_roc ? (struct chart_point){ from->false_positives, from->recall,
					0 }
				       : (struct chart_point){ from->recall, from->precision, 0 };
		}
		series[method] = (struct chart_series){ .title = method_title(method),
			.colour = colours[method],
			.is_dashed = method == METHOD_BUILT_IN,
			.points = points[method],
			.n = evaluation->curve_n[method] };
	}
	return METHODS;
}

static void draw_curves(struct buf *out, const struct evaluation *evaluation, const char *note)
{
	const struct chart_axis recall = { "found, of what the label newly lists", 0, 1, false,
		true };
	const struct chart_axis precision = { "right, of what is named", 0.001, 1, true, true };
	const struct chart_axis wrong = { "named, of what the label does not list", 0, 1, false,
		true };
	struct chart_point(*points)[CURVE_POINTS_MAX] = calloc(METHODS, sizeof *points);
	struct chart_series series[METHODS];
	struct chart chart;

	must(points != NULL);
	chart_begin(&chart, out, "What is found, and at what price", note, 2);
	curve_series(evaluation, false, points, series);
	chart_lines(&chart, "Precision by recall", &recall, &precision, series, METHODS);
	curve_series(evaluation, true, points, series);
	chart_lines(&chart, "ROC", &wrong, &recall, series, METHODS);
	chart_end(&chart);
	free(points);
}

static size_t reliability_points(
	const struct reliability *bins, size_t n, struct chart_point *points)
{
	double total = 0;
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		total += (double)bins[i].n;
	for (size_t i = 0; i < n; i++) {
		if (bins[i].n > 0)
			points[used++] = (struct chart_point){ bins[i].predicted, bins[i].observed,
				fmax((double)bins[i].n / total, 0.001) };
	}
	return used;
}

static void draw_reliability(struct buf *out, const struct evaluation *evaluation, const char *note)
{
	const struct chart_axis fine_x = { "predicted", 0.0003, 1, true, true };
	const struct chart_axis fine_y = { "observed", 0.0003, 1, true, true };
	const struct chart_axis plain_x = { "predicted (the score)", 0, 1, false, true };
	const struct chart_axis plain_y = { "observed", 0, 1, false, true };
	static const struct chart_point ideal[] = { { 0.0003, 0.0003, 0 }, { 1, 1, 0 } };
	struct chart_point deciles[2][RELIABILITY_DECILES];
	struct chart_point tens[2][RELIABILITY_TENS];
	struct chart_series series[3];
	struct chart chart;

	for (unsigned method = 0; method < 2; method++)
		series[method] = (struct chart_series){ .title = method_title(method),
			.colour = colours[method],
			.is_dashed = method == METHOD_BUILT_IN,
			.points = deciles[method],
			.n = reliability_points(evaluation->deciles[method], RELIABILITY_DECILES,
				deciles[method]) };
	series[2] = (struct chart_series){ .title = "as it should be",
		.colour = CHART_QUIET,
		.points = ideal,
		.n = ARRAY_LEN(ideal) };
	chart_begin(&chart, out, "Does the score mean what it says?", note, 2);
	chart_lines(&chart, "By tenths of all indicators", &fine_x, &fine_y, series, 3);
	for (unsigned method = 0; method < 2; method++) {
		series[method].points = tens[method];
		series[method].n = reliability_points(
			evaluation->tens[method], RELIABILITY_TENS, tens[method]);
	}
	chart_lines(&chart, "By tens of the score", &plain_x, &plain_y, series, 3);
	chart_end(&chart);
}

static void draw_keeping(struct buf *out, const struct evaluation *evaluation, const char *note)
{
	const struct chart_axis listed_x = { "days after the label newly listed it", 0, 14, false,
		false };
	const struct chart_axis left_x = { "days after the label dropped it for good", 0, 21, false,
		false };
	const struct chart_axis share = { "share", 0, 1, false, true };
	struct chart_point listed[METHODS][ARRAY_LEN(evaluation->keeping[0].listed_by)];
	struct chart_point left[METHODS][ARRAY_LEN(evaluation->keeping[0].left_by)];
	struct chart_series series[METHODS];
	struct chart chart;

	chart_begin(&chart, out, "Lists of equal length, kept day by day", note, 2);
	for (unsigned method = 0; method < METHODS; method++) {
		for (size_t i = 0; i < ARRAY_LEN(listed[method]); i++)
			listed[method][i] = (struct chart_point){ (double)i,
				evaluation->keeping[method].listed_by[i], 0 };
		for (size_t i = 0; i < ARRAY_LEN(left[method]); i++)
			left[method][i] = (struct chart_point){ (double)i,
				evaluation->keeping[method].left_by[i], 0 };
		series[method] = (struct chart_series){ .title = method_title(method),
			.colour = colours[method],
			.is_dashed = method == METHOD_BUILT_IN,
			.is_stepped = true,
			.points = listed[method],
			.n = ARRAY_LEN(listed[method]) };
	}
	chart_lines(&chart, "Listed by then", &listed_x, &share, series, METHODS);
	for (unsigned method = 0; method < METHODS; method++) {
		series[method].points = left[method];
		series[method].n = ARRAY_LEN(left[method]);
	}
	chart_lines(&chart, "Gone by then, of those listed when it ended", &left_x, &share, series,
		METHODS);
	chart_end(&chart);
}

enum err report_charts(
	const char *folder, const struct evaluation *evaluation, const char *note, struct why *why)
{
	static const struct {
		const char *name;
		void (*draw)(
			struct buf *out, const struct evaluation *evaluation, const char *note);
	} charts[] = {
		{ "score-quality.svg", draw_quality },
		{ "score-curves.svg", draw_curves },
		{ "score-reliability.svg", draw_reliability },
		{ "score-keeping.svg", draw_keeping },
	};

	TRY(folder_make(folder, 0755, why));
	for (size_t i = 0; i < ARRAY_LEN(charts); i++) {
		CLEANUP(buf_done) struct buf path = { 0 };
		CLEANUP(buf_done) struct buf svg = { 0 };

		buf_fmt(&path, "%s/%s", folder, charts[i].name);
		charts[i].draw(&svg, evaluation, note);
		TRY(file_replace(buf_c(&path), buf_view(&svg), 0644, why));
	}
	return OK;
}
