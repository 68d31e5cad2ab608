/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What catalogue.c (files and entries) and catalogue_keys.c (the keys of an entry) share. */
#pragma once

#include "feed/catalogue.h"
#include "feed/yaml_tree.h"

/* One feed under construction. */
struct catalogue_entry {
	struct feed_definition *feed;
	struct arena *arena;
	struct str folder; /* where a relative `file:` starts */
};

#define refuse(node, ...) fail_at(why, ERR_SYNTAX, (node)->line, __VA_ARGS__)

/* Sets the field that a key of an entry is about. */
NODISCARD enum err catalogue_field_set(
	const struct catalogue_entry *entry, const struct yaml_node *node, struct why *why);
