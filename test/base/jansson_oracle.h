/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jansson's reading of a JSON text as one line that tells every value apart. In a file of its own
 * because jansson's header and ours use the same names.
 */
#pragma once

#include "base/buf.h"

/* False when jansson refuses the text. */
bool jansson_dump(struct str text, struct buf *out);

/* The pieces of a dump, for whoever makes one. */
static inline void dump_str(struct buf *out, struct str s)
{
	buf_fmt(out, "s%zu:", s.n);
	buf_str(out, s);
}

static inline void dump_real(struct buf *out, double real)
{
	uint8_t bytes[sizeof real];

	memcpy(bytes, &real, sizeof real);
	buf_byte(out, 'r');
	buf_hex(out, bytes, sizeof bytes);
}
