/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A growing run of bytes that one owner writes. Zero-initialised is ready to use and empty.
 * data is NULL only while nothing was ever written. Growth beyond BUF_MAX ends the process: a
 * writer that may meet outside sizes checks its own limit first.
 */
#pragma once

#include "base/str.h"

struct buf {
	char *data;
	size_t n;
	size_t capacity;
};

#define BUF_MAX ((size_t)1 << 33)

void buf_done(struct buf *buf);
/* Room for extra more bytes; returns where they go. The caller adds what it wrote to n. */
char *buf_reserve(struct buf *buf, size_t extra);
void buf_put(struct buf *buf, const void *bytes, size_t n);
void buf_fmt(struct buf *buf, const char *fmt, ...) PRINTF(2, 3);
void buf_u64(struct buf *buf, uint64_t value);
void buf_i64(struct buf *buf, int64_t value);
/* Lower-case hexadecimal of n bytes. */
void buf_hex(struct buf *buf, const uint8_t *bytes, size_t n);

static inline void buf_byte(struct buf *buf, char c)
{
	*buf_reserve(buf, 1) = c;
	buf->n++;
}

static inline void buf_str(struct buf *buf, struct str s)
{
	buf_put(buf, s.p, s.n);
}

/* Borrowed; gone at the next write. */
static inline struct str buf_view(const struct buf *buf)
{
	return (struct str){ buf->data, buf->n };
}

static inline void buf_clear(struct buf *buf)
{
	buf->n = 0;
}

/* The content with a NUL behind it that does not count in n. */
const char *buf_c(struct buf *buf);
