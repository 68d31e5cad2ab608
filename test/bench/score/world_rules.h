/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of a world besides its lists: guards, routes, and to the judge alone the truth. */
#pragma once

#include "bench/score/evaluate.h"
#include "bench/score/world.h"

/*
 * Guards of policy never hold its protected addresses; guards of policy note hold the networks that
 * are known to be shared or rented. More may be added; rules_ready() is the caller's.
 */
struct rules *world_rules(const struct world *world);
/* Of all routes; the caller's to free(). */
struct learn_route *world_learn_routes(const struct world *world);
/* world is borrowed. */
struct truth world_truth(const struct world *world);
