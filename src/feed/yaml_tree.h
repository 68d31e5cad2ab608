/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A YAML document as a tree whose nodes know their line. On libyaml's events and not on libcyaml,
 * which tells no position for a value that is well-formed YAML and yet wrong. Scalars are text as
 * it stands: `no` is the word no. Aliases, second documents and keys that stand twice are refused.
 */
#pragma once

#include "base/arena.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	uint64_t line;
	struct str key; /* within a map */
	uint64_t key_line;
	struct str text;         /* YAML_SCALAR */
	struct yaml_node *first; /* YAML_LIST, YAML_MAP */
	struct yaml_node *next;  /* of the list or map it stands in */
};

enum { YAML_DEPTH_MAX = 32, YAML_NODES_MAX = 1 << 20 };

/* An empty text is an empty map. why.line is set for every refusal. */
NODISCARD enum err yaml_tree_parse(
	struct str text, struct arena *arena, struct yaml_node **out, struct why *why);

/* NULL when the map has no such key. */
const struct yaml_node *yaml_get(const struct yaml_node *map, struct str key);
