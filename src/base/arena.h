/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that is given back all at once: one arena per request, batch of lines or scoring pass.
 * Zero-initialised is ready to use. Not shared between threads.
 */
#pragma once

#include "base/str.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	char *next;
	char *end;
	size_t total_bytes; /* of all blocks, for limits */
};

/* Gives everything back; the arena is ready to use again. */
void arena_done(struct arena *arena);
/* Forgets the content and keeps one block for the next use. */
void arena_reset(struct arena *arena);
/* Zeroed, aligned for any object. Never NULL: exhausted memory ends the process. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));
/* count objects of one size, zeroed; the product may not overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size)
	__attribute__((malloc, alloc_size(2, 3)));
/* A copy of s that lives as long as the arena; a NUL stands behind it. */
struct str arena_str(struct arena *arena, struct str s);
struct str arena_fmt(struct arena *arena, const char *fmt, ...) PRINTF(2, 3);

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
