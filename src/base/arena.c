/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>

enum { ARENA_BLOCK_BYTES = 16 * 1024, ARENA_BLOCK_BYTES_MAX = 4 * 1024 * 1024 };

struct arena_block {
	struct arena_block *older;
	size_t size; /* of data */
	alignas(max_align_t) char data[];
};

static void arena_grow(struct arena *arena, size_t size)
{
	size_t block_bytes = arena->total_bytes < ARENA_BLOCK_BYTES       ? ARENA_BLOCK_BYTES
			     : arena->total_bytes > ARENA_BLOCK_BYTES_MAX ? ARENA_BLOCK_BYTES_MAX
									  : arena->total_bytes;

	if (block_bytes < size)
		block_bytes = size;

	struct arena_block *block = malloc(sizeof *block + block_bytes);

	must(block != NULL);
	block->older = arena->blocks;
	block->size = block_bytes;
	arena->blocks = block;
	arena->next = block->data;
	arena->end = block->data + block_bytes;
	arena->total_bytes += block_bytes;
}

void arena_done(struct arena *arena)
{
	while (arena->blocks != NULL) {
		struct arena_block *older = arena->blocks->older;

		free(arena->blocks);
		arena->blocks = older;
	}
	*arena = (struct arena){ 0 };
}

void arena_reset(struct arena *arena)
{
	struct arena_block *kept = arena->blocks;

	if (kept == NULL)
		return;
	arena->blocks = kept->older;
	arena_done(arena);
	kept->older = NULL;
	*arena = (struct arena){ kept, kept->data, kept->data + kept->size, kept->size };
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);

	must(size <= SIZE_MAX / 2);
	size = (size + align - 1) & ~(align - 1);
	if (arena->next == NULL || (size_t)(arena->end - arena->next) < size)
		arena_grow(arena, size);

	void *object = arena->next;

	arena->next += size;
	memset(object, 0, size);
	return object;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	must(!__builtin_mul_overflow(count, size, &total));
	return arena_alloc(arena, total);
}

struct str arena_str(struct arena *arena, struct str s)
{
	char *copy = arena_alloc(arena, s.n + 1);

	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	return (struct str){ copy, s.n };
}

struct str arena_fmt(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	va_list again;

	va_start(args, fmt);
	va_copy(again, args);

	int n = vsnprintf(NULL, 0, fmt, args);

	must(n >= 0);

	char *text = arena_alloc(arena, (size_t)n + 1);

	(void)vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(args);
	return (struct str){ text, (size_t)n };
}
