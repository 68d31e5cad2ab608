/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A policy: how scores become verdicts for one audience. Data, kept with its history
 * (decision/policy_store.h); the one named "default" makes the action of every snapshot entry.
 *
 * As JSON (and YAML on the command line):
 *   {"thresholds": {"src": {"watch": 10, "challenge": 50, "block": 75,
 *                           "categories": {"scanner": {"block": 90}}},
 *                   "dst": {...}, "policy": {"watch": 10}},
 *    "block_max": 100000, "width_min": {"ip4": 16, "ip6": 32}}
 * What is absent keeps the default's value; "never" or null stands for no threshold.
 */
#pragma once

#include "base/json_read.h"
#include "base/json_write.h"
#include "evidence/taxonomy.h"
#include "net/ip.h"

enum { SCORE_MAX = 100, POLICY_NEVER = SCORE_MAX + 1 };

/* Least scores; POLICY_NEVER: none. watch <= challenge <= block. */
struct policy_threshold {
	uint8_t watch;
	uint8_t challenge;
	uint8_t block;
};

struct policy {
	struct policy_threshold at[ROLE_COUNT][CATEGORY_COUNT];
	/* at most so many entries of each kind (IPv4, IPv6, names and URLs) block: the best; 0: all
	 */
	uint64_t block_max;
	/* wider prefixes are challenged at most, whatever their score */
	uint8_t ip4_width_min;
	uint8_t ip6_length_min;

	/* Filled by policy_prepare(): the least log-odds that round to each watch threshold. */
	double watch_log_odds[ROLE_COUNT][CATEGORY_COUNT];
};

/* 10, 50, 75 for src and dst; policy is only watched; ip4 /16, ip6 /32; no cap. Prepared. */
void policy_default(struct policy *out);
void policy_prepare(struct policy *policy);

/* Reads what the JSON object says over the default; ERR_SYNTAX names the member. Prepared. */
NODISCARD enum err policy_read(struct json_node node, struct policy *out, struct why *why);
/* Every threshold that differs by category, and all by role: reading it gives the same policy. */
void policy_write(struct json_writer *json, const struct policy *policy);

/* Is the prefix (NULL: none) too wide to be blocked? */
bool policy_is_wide(const struct policy *policy, const struct prefix *prefix);

/*
 * The strongest action over the roles: a role counts when it has categories (bit masks), with the
 * lowest thresholds among those. prefix is NULL for names and URLs.
 */
uint8_t policy_action(const struct policy *policy, const uint8_t value[ROLE_COUNT],
	const uint64_t categories[ROLE_COUNT], const struct prefix *prefix);
