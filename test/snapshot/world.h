/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small random world: claims, guards, overrides, networks and a policy over a few hundred
 * addresses and names; and a slow judge of it that looks at everything each time.
 */
#pragma once

#include "prop.h"

#include "snapshot/compile.h"

enum { WORLD_ROWS_MAX = 80, WORLD_SOURCES = 9, WORLD_SPACE = 256, WORLD_RULES_MAX = 12 };
extern const int64_t world_now_s;
extern const char *const world_names[];
extern const size_t world_name_count;
extern const char *const world_urls[];
extern const size_t world_url_count;

struct world_row {
	struct indicator indicator;
	struct compile_row compiled;
	struct buf key;
};

struct world_rule {
	struct indicator indicator;
	enum guard_policy guard; /* GUARD_NONE: an override */
	bool is_allow;
	uint8_t traits;
};

struct world {
	struct world_row rows[WORLD_ROWS_MAX];
	size_t n;
	struct world_rule rules[WORLD_RULES_MAX];
	size_t rule_count;
	struct scoring scoring;
	struct score_source sources[WORLD_SOURCES];
};

void world_make(struct prop *prop, struct world *out);
void world_done(struct world *world);

/* Does the first hold all of the second, as scoring sees them? */
bool world_holds(const struct indicator *outer, const struct indicator *inner);
/* What the rules say of an indicator, by looking at each. */
enum rule_verdict world_rule(const struct world *world, const struct indicator *indicator);
/* Is the row's claim left out, because its host is let through? */
bool world_is_let(const struct world *world, const struct world_row *row);
/* What lies around it, counted one by one. */
void world_around(const struct world *world, const struct indicator *indicator,
	struct score_surroundings *out);

/* What the slow judge finds of an indicator. */
struct world_found {
	struct score score;
	uint8_t action;
	bool only_as_hole;
};
void world_judge(
	const struct world *world, const struct indicator *indicator, struct world_found *out);

/* All that may have an entry: what is claimed of (IPv6 by /64), and places of rules. */
enum { WORLD_SPOTS_MAX = WORLD_ROWS_MAX + WORLD_RULES_MAX };
size_t world_spots(const struct world *world, struct indicator out[WORLD_SPOTS_MAX]);
/* The same spot? */
bool world_same(const struct indicator *a, const struct indicator *b);

/*
 * What is shown at an indicator: the entry of the closest spot that has one; false: none. Whether a
 * spot has one depends on what is shown around it.
 */
bool world_shown(const struct world *world, const struct indicator *asked, struct world_found *out);
