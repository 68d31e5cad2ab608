/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A feed's definition as JSON: how it crosses between keeper, fetch and parse, and how the API
 * shows it. One table of members serves both directions, so that they cannot drift apart.
 */
#pragma once

#include "base/json_read.h"
#include "base/json_write.h"
#include "feed/definition.h"

/* One object with every member. */
void feed_definition_write(struct json_writer *json, const struct feed_definition *definition);

/* Members that are missing keep their default; text is placed in the arena. */
NODISCARD enum err feed_definition_read(
	struct json_node node, struct arena *arena, struct feed_definition *out, struct why *why);
