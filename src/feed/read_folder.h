/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A MISP feed as a folder of events.
 */
#pragma once

#include "feed/read.h"

/*
 * Reads the events that the folder's manifest.json names. An event that is missing or cannot be
 * read is counted and costs itself. ERR_NOT_FOUND without a manifest.
 */
NODISCARD enum err feed_read_folder(const struct feed_definition *definition, int folder,
	const struct input_limits *limits, const struct feed_sink *sink, struct feed_report *report,
	struct why *why);
