/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calibration (Platt 1999): the line that turns log-odds into those of what happened. First by
 * maximum likelihood. Where nearly nothing happens to most cases, these decide how steep it is and
 * the few that count most are foretold too low or too high; so then, within PLATT_TURN_MAX, the
 * line is turned until as much happened as was foretold of all cases and of their top tenth.
 */
#pragma once

#include "base/err.h"

#define PLATT_TURN_MAX 1.25

struct platt {
	double scale; /* > 0 */
	double shift;
};

enum { PLATT_TOP_LEAST = 50 }; /* happened in the top tenth; with fewer it is left alone */

void platt_fit(const float *log_odds, const bool *happened, size_t n, struct platt *out);
