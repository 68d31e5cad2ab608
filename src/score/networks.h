/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a model has learned of networks: routed prefixes whose listed share differs from the
 * world's. A part of the model, so that a past verdict can be replayed with it.
 */
#pragma once

#include "base/json_read.h"
#include "base/json_write.h"
#include "net/prefix_index.h"
#include "score/score.h"

enum { SCORE_NETWORKS_MAX = 2000000 };

struct score_networks {
	struct prefix_index index;
	struct score_network *values; /* by the index' numbers */
};

/* Copies; prefixes sorted and unique, one value each. */
void score_networks_build(struct score_networks *out, const struct prefix *prefixes,
	const struct score_network *values, size_t n);
void score_networks_done(struct score_networks *networks); /* for CLEANUP */
/* Of the closest prefix that holds this one; zero when there is none. networks may be NULL. */
struct score_network score_networks_find(
	const struct score_networks *networks, const struct prefix *prefix);
/* The same, for prefixes that are asked in their order: *rank starts at 0 and is kept between. */
struct score_network score_networks_find_next(
	const struct score_networks *networks, const struct prefix *prefix, uint32_t *rank);
