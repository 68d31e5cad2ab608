/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The catalogue: definitions of feeds, read from YAML. share/feeds.yaml holds the public ones; an
 * operator's own file adds to them, or gives fields of a feed of the same name anew ("- name: x"
 * and "enabled: yes"). The keys and their meaning stand in the table of feed/catalogue.c.
 *
 * A mistake is refused with its line; nothing of that file is taken then. Read by the parent and by
 * the command line; it must be trusted as configuration is.
 */
#pragma once

#include "feed/definition.h"

enum { CATALOGUE_FEEDS_MAX = 4096, CATALOGUE_BYTES_MAX = 16 << 20 };

/* Zero-initialised is ready and empty. Definitions live until catalogue_done(). */
struct feed_catalogue {
	struct arena arena;
	struct feed_definition *feeds; /* in the order of the files */
	size_t n;
	size_t capacity;
};

void catalogue_done(struct feed_catalogue *catalogue);

/* Adds a file. A relative `file:` of a feed starts at the file's folder. */
NODISCARD enum err catalogue_load(
	struct feed_catalogue *catalogue, const char *path, struct why *why);
/* The same from memory; name is for messages, folder (may be empty) for `file:`. */
NODISCARD enum err catalogue_parse(struct feed_catalogue *catalogue, struct str yaml,
	struct str name, struct str folder, struct why *why);

/* NULL when there is none of this name. Valid until the next load. */
const struct feed_definition *catalogue_find(
	const struct feed_catalogue *catalogue, struct str name);

/* The keys of a feed for people: key and one line, in order; NULL behind the last. For docs. */
struct catalogue_key_doc {
	struct str key;
	struct str doc;
};
size_t catalogue_key_count(void);
struct catalogue_key_doc catalogue_key_at(size_t i);
