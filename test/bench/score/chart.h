/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Charts as SVG: panels of lines or bars beside each other, with axes and a legend. Colours follow
 * the reader's scheme. Numbers are written with few digits, so the same figures give the same file.
 */
#pragma once

#include "base/buf.h"

/* By number, of figures and of their legend; [0] is ours. */
enum { CHART_COLOURS = 7, CHART_QUIET = CHART_COLOURS /* for what is only a guide */ };

struct chart_axis {
	const char *title;
	double least;
	double most;
	bool is_logarithmic; /* least > 0; ticks at powers of ten */
	bool is_share;       /* ticks as per cent */
};

struct chart_point {
	double x;
	double y;
	double weight; /* area of its mark, 0..1; 0: no mark */
};

struct chart_series {
	const char *title; /* NULL: not in the legend */
	unsigned colour;
	bool is_dashed;
	bool is_stepped;                  /* holds its value until the next point */
	const struct chart_point *points; /* what lies outside the axes is moved to their ends */
	size_t n;
};

struct chart_bar {
	const char *title;
	unsigned colour;
	double value;
	const char *text; /* behind it */
};

struct chart {
	struct buf *out;
	double width;
	double left; /* of the next panel */
	double top;
	double height; /* of a panel, with its texts */
};

enum { CHART_PANEL_WIDTH = 430, CHART_PANEL_HEIGHT = 340 };

/* title: what the whole figure says; note: a line below it. panels stand side by side. */
void chart_begin(
	struct chart *chart, struct buf *out, const char *title, const char *note, int panels);
void chart_lines(struct chart *chart, const char *title, const struct chart_axis *x,
	const struct chart_axis *y, const struct chart_series *series, size_t n);
/* Bars lie on their side, from axis->least on; goal: a line across, NaN for none. */
void chart_bars(struct chart *chart, const char *title, const struct chart_axis *axis,
	const struct chart_bar *bars, size_t n, double goal);
void chart_end(struct chart *chart);
