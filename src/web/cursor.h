/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cursors: where a list goes on. A cursor is opaque to the client and authenticated with a key that
 * lives as long as the process, so a changed one, or one of another list, is refused rather than
 * read.
 */
#pragma once

#include "base/arena.h"

enum { CURSOR_KEY_BYTES = 32, CURSOR_POSITION_MAX = 4096 };

struct cursor {
	uint64_t query;  /* hash of list, filter and order, see cursor_query() */
	int64_t as_of_s; /* when the first page was read */
	uint64_t total;
	bool is_total_exact;
	uint64_t result;     /* the sorted result it goes through; 0: the list's own order */
	uint64_t offset;     /* in that result */
	struct str position; /* the key after which it goes on, in the list's own order */
};

uint64_t cursor_query(
	const uint8_t key[CURSOR_KEY_BYTES], struct str list, struct str filter, struct str sort);
/* base64url, in the arena. */
struct str cursor_encode(
	const uint8_t key[CURSOR_KEY_BYTES], const struct cursor *cursor, struct arena *arena);
/* ERR_SYNTAX: not one of ours, or not of this query. */
NODISCARD enum err cursor_decode(const uint8_t key[CURSOR_KEY_BYTES], struct str text,
	uint64_t query, struct arena *arena, struct cursor *out, struct why *why);
