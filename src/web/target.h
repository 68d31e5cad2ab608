/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The target of a request ("/v1/ip/192.0.2.7?evidence=1", RFC 9112 section 3.2.1), taken apart.
 * Percent-encoding is undone per segment and per value, so an encoded slash separates nothing, and
 * a NUL or a broken escape is refused rather than cut.
 */
#pragma once

#include "base/arena.h"

enum { TARGET_LENGTH_MAX = 8192, TARGET_SEGMENTS_MAX = 8, TARGET_PARAMETERS_MAX = 24 };

struct target_parameter {
	struct str name;
	struct str value;
};

/* Everything lives in the arena. */
struct target {
	size_t segment_count;
	struct str segments[TARGET_SEGMENTS_MAX]; /* without slashes; "/" has none */
	size_t parameter_count;
	struct target_parameter parameters[TARGET_PARAMETERS_MAX];
};

/* ERR_SYNTAX or ERR_LIMIT. A name given twice is ERR_SYNTAX: two readers might take either. */
NODISCARD enum err target_parse(
	struct str text, struct arena *arena, struct target *out, struct why *why);

/* NULL when the parameter was not given. */
const struct str *target_parameter(const struct target *target, struct str name);

/*
 * Does a pattern such as "/v1/ip/{prefix}/explain" fit? {prefix} takes one segment, and a second
 * one of digits as the length behind a slash; other braces take one segment. The one capture, if
 * any, is written to capture (from the arena).
 */
bool target_fits(
	const struct target *target, struct str pattern, struct arena *arena, struct str *capture);
