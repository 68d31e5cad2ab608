/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading one feed: bytes in, batches of claims out, and a report of every line. The code of the
 * parse role; it opens nothing by itself but feed_read_path(), which is for the command line.
 */
#pragma once

#include "feed/intake.h"

/*
 * Reads input to its end under the definition. On OK everything was handed to the sink. On failure
 * a part may have been: the caller keeps the last good list and drops the run. report is filled in
 * either case and says how far it got.
 */
NODISCARD enum err feed_read(const struct feed_definition *definition, struct feed_input *input,
	const struct feed_sink *sink, struct feed_report *report, struct why *why);

/* A file, or a folder that holds a MISP feed. limits may be NULL. */
NODISCARD enum err feed_read_path(const struct feed_definition *definition, const char *path,
	const struct input_limits *limits, const struct feed_sink *sink, struct feed_report *report,
	struct why *why);
