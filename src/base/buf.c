/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"

#include <stdarg.h>

enum { BUF_FIRST_CAPACITY = 64 };

void buf_done(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ 0 };
}

char *buf_reserve(struct buf *buf, size_t extra)
{
	size_t capacity = buf->capacity == 0 ? BUF_FIRST_CAPACITY : buf->capacity;

	must(extra <= BUF_MAX && buf->n + extra <= BUF_MAX);
	while (capacity < buf->n + extra)
		capacity *= 2;
	if (capacity != buf->capacity) {
		buf->data = realloc(buf->data, capacity);
		must(buf->data != NULL);
		buf->capacity = capacity;
	}
	return buf->data + buf->n;
}

void buf_put(struct buf *buf, const void *bytes, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_reserve(buf, n), bytes, n);
	buf->n += n;
}

void buf_fmt(struct buf *buf, const char *fmt, ...)
{
	va_list args;
	va_list again;

	va_start(args, fmt);
	va_copy(again, args);

	int n = vsnprintf(NULL, 0, fmt, args);

	must(n >= 0);
	(void)vsnprintf(buf_reserve(buf, (size_t)n + 1), (size_t)n + 1, fmt, again);
	buf->n += (size_t)n;
	va_end(again);
	va_end(args);
}

void buf_u64(struct buf *buf, uint64_t value)
{
	char digits[20];
	size_t i = sizeof digits;

	do {
		digits[--i] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	buf_put(buf, digits + i, sizeof digits - i);
}

void buf_i64(struct buf *buf, int64_t value)
{
	if (value < 0)
		buf_byte(buf, '-');
	buf_u64(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void buf_hex(struct buf *buf, const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		buf_byte(buf, digits[bytes[i] >> 4]);
		buf_byte(buf, digits[bytes[i] & 15]);
	}
}

const char *buf_c(struct buf *buf)
{
	*buf_reserve(buf, 1) = '\0';
	return buf->data;
}
