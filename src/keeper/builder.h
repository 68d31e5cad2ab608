/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Building a snapshot in a process of its own: forked from keeper, it reads the store through a
 * connection of its own, scores, writes the generation, and ends. Keeper goes on meanwhile and
 * remembers which indicators changed, because the new generation may not know of them yet.
 */
#pragma once

#include "keeper/keeper.h"

#include <sys/types.h>

/* What a finished build tells. */
struct build_result {
	uint64_t generation;
	uint64_t v4;
	uint64_t v6;
	uint64_t texts;
	uint64_t cpu_ms;
	uint64_t peak_kib;
};

struct builder {
	pid_t pid;  /* 0: none at work */
	int result; /* read end of the pipe on which it tells how it went */
	int64_t started_ns;
	struct arena changed_keys; /* indicators changed since it started */
	struct builder_change {
		struct str key;
		bool by_rule; /* shown whether or not it holds others */
	} * changed;
	size_t changed_count;
	size_t changed_capacity;
	/* the new generation's live copy, which readers do not see yet; NULL before the end */
	struct snapshot_live *next;
	size_t applied; /* changes that it has */
	struct build_result built;
	struct why unfit; /* why a change found no place in it; code OK: all did */
};

/*
 * Reads all evidence, scores it as of now, and writes the next generation. In this process. db is
 * any connection that may read.
 */
NODISCARD enum err build_generation(const struct keeper *keeper, struct db *db, int64_t now_s,
	struct build_result *out, struct why *why);

NODISCARD enum err builder_start(
	struct builder *builder, const struct keeper *keeper, struct why *why);
/* Notes that an indicator changed; does nothing while no build is under way. */
void builder_note(struct builder *builder, struct str key);
/* The same of an override that changed, or of what it holds. */
void builder_note_rule(struct builder *builder, struct str key);
/*
 * Called when builder->result is readable, again as long as *is_over is false: takes the result,
 * then applies what changed meanwhile to the new live copy, a few milliseconds' worth at a time so
 * that commands are taken in between, and at last shows it to the readers, for whom no change goes
 * back. The builder is idle when it is over or has failed. ERR_FULL: it is shown, but a change
 * found no place in it.
 */
NODISCARD enum err builder_finish(struct builder *builder, struct keeper *keeper,
	struct build_result *out, bool *is_over, struct why *why);
/* Ends a build under way; for stopping. */
void builder_cancel(struct builder *builder);
