/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A reading's report as JSON: what the parse role says at the end of a job (PARSED), and what the
 * command line and the API show. One object: "ok"; when false also "error", "why" and, where known,
 * "line"; then the numbers of struct feed_report, and "refusals", one for each reason that
 * occurred.
 */
#pragma once

#include "base/json_read.h"
#include "base/json_write.h"
#include "feed/report.h"

/* outcome is NULL when the reading went well, else why it did not. */
void feed_report_write(
	struct json_writer *json, const struct feed_report *report, const struct why *outcome);

/*
 * The report and how the reading ended (outcome->code is OK when well). Texts live in the reader.
 * ERR_SYNTAX when it is no report; numbers that are missing are 0, unknown reasons are left out.
 */
NODISCARD enum err feed_report_read(
	struct json_node node, struct feed_report *out, struct why *outcome, struct why *why);
