/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/score/chart.h"

#include <math.h>

enum { HEAD = 66, FOOT = 14, MARGIN = 16, BAR_LABELS = 150, LEGEND_LINE = 16 };

/* Where a panel's figure is drawn. */
struct frame {
	double left;
	double top;
	double width;
	double height;
};

/* Told apart by lightness as well as by hue. */
static const char style[] =
	"svg { color-scheme: light dark; }\n"
	".paper { fill: #ffffff; } text { fill: #1b2733; font-family: sans-serif; }\n"
	".quiet { fill: #5b6b7a; } .grid { stroke: #e2e8ee; } .axis { stroke: #8796a3; }\n"
	".line { fill: none; stroke-width: 2; }\n"
	".c0 { color: #17663f; } .c1 { color: #d1660a; } .c2 { color: #2a5fb0; } .c3 { color: "
	"#8c3fa8; }\n"
	".c4 { color: #b3261e; } .c5 { color: #4f8f97; } .c6 { color: #7fb39a; } .c7 { color: "
	"#9aa8b5; }\n"
	".line, .goal { stroke: currentColor; } .fill { fill: currentColor; }\n"
	"@media (prefers-color-scheme: dark) {\n"
	".paper { fill: #14191e; } text { fill: #e6ebef; } .quiet { fill: #9fb0bf; }\n"
	".grid { stroke: #2b353e; } .axis { stroke: #6d7d8a; }\n"
	".c0 { color: #6fd0a5; } .c1 { color: #f2a65a; } .c2 { color: #7fb0f2; } .c3 { color: "
	"#cf9be0; }\n"
	".c4 { color: #f2938d; } .c5 { color: #8fd0d8; } .c6 { color: #3f8f6b; } .c7 { color: "
	"#6d7d8a; }\n"
	"}\n";

static void put_escaped(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '<')
			buf_str(out, STR("&lt;"));
		else if (*text == '&')
			buf_str(out, STR("&amp;"));
		else if (*text == '"')
			buf_str(out, STR("&quot;"));
		else
			buf_byte(out, *text);
	}
}

static void put_text(struct buf *out, double x, double y, int size, const char *anchor,
	const char *kind, const char *text)
{
	buf_fmt(out,
		"<text x=\"%.0f\" y=\"%.0f\" font-size=\"%d\" text-anchor=\"%s\" class=\"%s\">", x,
		y, size, anchor, kind);
	put_escaped(out, text);
	buf_str(out, STR("</text>\n"));
}

static void put_line(struct buf *out, const char *kind, double x1, double y1, double x2, double y2)
{
	buf_fmt(out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", kind,
		x1, y1, x2, y2);
}

void chart_begin(
	struct chart *chart, struct buf *out, const char *title, const char *note, int panels)
{
	double height = HEAD + CHART_PANEL_HEIGHT + FOOT;

	*chart = (struct chart){ .out = out,
		.width = panels * CHART_PANEL_WIDTH,
		.top = HEAD,
		.height = CHART_PANEL_HEIGHT };
	buf_fmt(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
		"aria-label=\"",
		chart->width, height);
	put_escaped(out, title);
	buf_fmt(out,
		"\">\n<style>\n%s</style>\n<rect class=\"paper\" width=\"%.0f\" "
		"height=\"%.0f\"/>\n",
		style, chart->width, height);
	put_text(out, MARGIN, 26, 18, "start", "", title);
	put_text(out, MARGIN, 47, 12, "start", "quiet", note);
}

/* 0..1 along an axis. */
static double along(const struct chart_axis *axis, double value)
{
	double at = axis->is_logarithmic ? log(fmax(value, axis->least) / axis->least) /
						   log(axis->most / axis->least)
					 : (value - axis->least) / (axis->most - axis->least);

	return fmin(fmax(at, 0), 1);
}

static double x_of(const struct frame *frame, const struct chart_axis *axis, double value)
{
	return frame->left + frame->width * along(axis, value);
}

static double y_of(const struct frame *frame, const struct chart_axis *axis, double value)
{
	return frame->top + frame->height * (1 - along(axis, value));
}

/* A step of 1, 2 or 5 times a power of ten that gives at most six. */
static double tick_step(const struct chart_axis *axis)
{
	static const double factors[] = { 1, 2, 5 };
	double span = axis->most - axis->least;
	double power = pow(10, floor(log10(span)) - 1);

	for (;;) {
		for (size_t i = 0; i < ARRAY_LEN(factors); i++) {
			if (span / (power * factors[i]) <= 6.5)
				return power * factors[i];
		}
		power *= 10;
	}
}

/* The tick after *value; false behind the last one. */
static bool tick_next(const struct chart_axis *axis, double *value, bool is_first)
{
	double step = tick_step(axis);

	if (axis->is_logarithmic)
		*value = is_first ? pow(10, ceil(log10(axis->least) - 1e-9)) : *value * 10;
	else
		*value = is_first ? ceil(axis->least / step - 1e-9) * step : *value + step;
	return *value <= axis->most * (1 + 1e-9) + 1e-12;
}

static void tick_text(const struct chart_axis *axis, double value, char *text, size_t size)
{
	if (axis->is_share)
		snprintf(text, size, "%.4g %%", (fabs(value) < 1e-12 ? 0.0 : value) * 100);
	else
		snprintf(text, size, "%.4g", fabs(value) < 1e-12 ? 0.0 : value);
}

static void x_axis(struct buf *out, const struct frame *frame, const struct chart_axis *axis)
{
	double bottom = frame->top + frame->height;
	double value = 0;
	char text[32];

	for (bool is_first = true; tick_next(axis, &value, is_first); is_first = false) {
		double x = x_of(frame, axis, value);

		put_line(out, "grid", x, frame->top, x, bottom);
		tick_text(axis, value, text, sizeof text);
		put_text(out, x, bottom + 15, 11, "middle", "quiet", text);
	}
	put_line(out, "axis", frame->left, bottom, frame->left + frame->width, bottom);
	put_text(out, frame->left + frame->width / 2, bottom + 32, 11, "middle", "quiet",
		axis->title);
}

static void y_axis(struct buf *out, const struct frame *frame, const struct chart_axis *axis)
{
	double value = 0;
	char text[32];

	for (bool is_first = true; tick_next(axis, &value, is_first); is_first = false) {
		double y = y_of(frame, axis, value);

		put_line(out, "grid", frame->left, y, frame->left + frame->width, y);
		tick_text(axis, value, text, sizeof text);
		put_text(out, frame->left - 6, y + 4, 11, "end", "quiet", text);
	}
	put_line(out, "axis", frame->left, frame->top, frame->left, frame->top + frame->height);
	put_text(out, frame->left - 6, frame->top - 8, 11, "start", "quiet", axis->title);
}

static void series_draw(struct buf *out, const struct frame *frame, const struct chart_axis *x,
	const struct chart_axis *y, const struct chart_series *series)
{
	double before = 0;

	buf_fmt(out, "<polyline class=\"line c%u\"%s points=\"", series->colour,
		series->is_dashed ? " stroke-dasharray=\"5 4\"" : "");
	for (size_t i = 0; i < series->n; i++) {
		double at_x = x_of(frame, x, series->points[i].x);
		double at_y = y_of(frame, y, series->points[i].y);

		if (series->is_stepped && i > 0)
			buf_fmt(out, "%.1f,%.1f ", at_x, before);
		buf_fmt(out, "%.1f,%.1f ", at_x, at_y);
		before = at_y;
	}
	buf_str(out, STR("\"/>\n"));
	for (size_t i = 0; i < series->n; i++) {
		if (series->points[i].weight > 0)
			buf_fmt(out,
				"<circle class=\"fill c%u\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" "
				"fill-opacity=\"0.75\"/>\n",
				series->colour, x_of(frame, x, series->points[i].x),
				y_of(frame, y, series->points[i].y),
				2.5 + 7 * sqrt(series->points[i].weight));
	}
}

static struct frame panel_begin(struct chart *chart, const char *title, double labels)
{
	struct frame frame = { .left = chart->left + MARGIN + labels,
		.top = chart->top + 38,
		.width = CHART_PANEL_WIDTH - 2 * MARGIN - labels,
		.height = chart->height - 38 - 44 };

	put_text(chart->out, chart->left + MARGIN, chart->top + 10, 14, "start", "", title);
	chart->left += CHART_PANEL_WIDTH;
	return frame;
}

/* The legend takes its lines from below the figure. */
void chart_lines(struct chart *chart, const char *title, const struct chart_axis *x,
	const struct chart_axis *y, const struct chart_series *series, size_t n)
{
	struct frame frame = panel_begin(chart, title, 40);
	struct buf *out = chart->out;
	size_t named = 0;
	size_t legend_lines;

	for (size_t i = 0; i < n; i++)
		named += series[i].title != NULL;
	legend_lines = (named + 1) / 2;
	frame.height -= LEGEND_LINE * (double)legend_lines + 6;
	x_axis(out, &frame, x);
	y_axis(out, &frame, y);
	/* ours last, on top of the others */
	for (size_t i = n; i > 0; i--)
		series_draw(out, &frame, x, y, &series[i - 1]);
	for (size_t i = 0, at = 0; i < n; i++) {
		double left = frame.left - 34 + (double)(at % 2) * 205;
		size_t above = at / 2;
		double top = frame.top + frame.height + 52 + LEGEND_LINE * (double)above;

		if (series[i].title == NULL)
			continue;
		buf_fmt(out,
			"<line class=\"line c%u\"%s x1=\"%.0f\" y1=\"%.0f\" x2=\"%.0f\" "
			"y2=\"%.0f\"/>\n",
			series[i].colour, series[i].is_dashed ? " stroke-dasharray=\"5 4\"" : "",
			left, top - 4, left + 22, top - 4);
		put_text(out, left + 28, top, 12, "start", "", series[i].title);
		at++;
	}
}

void chart_bars(struct chart *chart, const char *title, const struct chart_axis *axis,
	const struct chart_bar *bars, size_t n, double goal)
{
	struct frame frame = panel_begin(chart, title, BAR_LABELS);
	struct buf *out = chart->out;
	double each = (frame.height - 4) / (double)n;

	frame.width -= 46; /* for the texts behind the bars */
	x_axis(out, &frame, axis);
	for (size_t i = 0; i < n; i++) {
		double top = frame.top + 4 + each * (double)i;
		double end = x_of(&frame, axis, bars[i].value);

		put_text(out, frame.left - 8, top + each / 2 + 1, 12, "end", "", bars[i].title);
		buf_fmt(out,
			"<rect class=\"fill c%u\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
			"height=\"%.1f\"/>\n",
			bars[i].colour, frame.left, top, fmax(end - frame.left, 1), each * 0.65);
		put_text(out, end + 5, top + each / 2 + 1, 11, "start", "quiet", bars[i].text);
	}
	if (isfinite(goal)) {
		double x = x_of(&frame, axis, goal);

		buf_fmt(out,
			"<line class=\"goal c4\" stroke-dasharray=\"4 3\" x1=\"%.1f\" y1=\"%.1f\" "
			"x2=\"%.1f\" y2=\"%.1f\"/>\n",
			x, frame.top - 6, x, frame.top + frame.height);
		put_text(out, x, frame.top - 10, 11, "middle", "quiet", "goal");
	}
}

void chart_end(struct chart *chart)
{
	buf_str(chart->out, STR("</svg>\n"));
}
