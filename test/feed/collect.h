/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A sink for tests: collects the indicators of a run as text, one per line in the order in which
 * they came ("192.0.2.1", "*.example.org"), with optional facts behind.
 */
#pragma once

#include "base/arena.h"
#include "feed/read.h"

struct collect {
	struct arena arena;
	struct buf text; /* indicator [role category confidence count first last reference] */
	bool with_facts;
	bool with_references; /* and nothing else */
	bool without_below;   /* names without their "*." */
	size_t batches;
	size_t fail_at_batch; /* 1-based; 0: never */
	uint64_t progress_calls;
	uint64_t last_done;
	uint64_t last_total;
};

struct feed_sink collect_sink(struct collect *collect);
void collect_done(struct collect *collect);
/* The lines sorted, equal ones once; replaces text. */
void collect_unique(struct collect *collect);
size_t collect_count(const struct collect *collect);

/* Reads bytes under the definition; returns what feed_read() or the opening returned. */
enum err collect_memory(struct collect *collect, const struct feed_definition *definition,
	struct str bytes, const char *name, struct feed_report *report, struct why *why);
