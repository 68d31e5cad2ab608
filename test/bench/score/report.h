/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an evaluation comes to: rows of results with their goals, and charts. */
#pragma once

#include "bench/results.h"
#include "bench/score/evaluate.h"

/* prefix: before the names of rows ("score"). Goals are set for made histories alone. */
void report_rows(struct results *results, const char *prefix, const struct history *history,
	const struct evaluation *evaluation, bool has_goals);
/* Writes score-quality, -curves, -reliability and -keeping.svg into the folder. */
NODISCARD enum err report_charts(
	const char *folder, const struct evaluation *evaluation, const char *note, struct why *why);
