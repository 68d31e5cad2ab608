/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which texts the store takes: UTF-8 (RFC 3629) without NUL, on both engines. */
#pragma once

#include "base/buf.h"

/* How many bytes from the start are valid; s.n when all are. */
size_t text_valid_bytes(struct str s);

/* The beginning of a valid text, at most n bytes of it: whole characters. */
struct str text_cut(struct str s, size_t n);

/* A copy in which each byte that does not fit is replaced by U+FFFD. */
void text_mend(struct buf *out, struct str s);
