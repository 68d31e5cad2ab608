/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What line formats have in common. For feed/format_*.c only.
 */
#pragma once

#include "feed/intake.h"

/* Blank, or begins with "#", ";", "//" or "!". */
static inline bool line_is_comment(struct str line)
{
	return line.n == 0 || line.p[0] == '#' || line.p[0] == ';' || line.p[0] == '!' ||
	       (line.n > 1 && line.p[0] == '/' && line.p[1] == '/');
}

/* Without what stands behind white space and "#", ";" or "//". */
struct str line_cut_comment(struct str line);

/*
 * Dotted quad at the beginning of text: returns how many bytes it takes, 0 when there is none or it
 * is odd in any way (the strict parser then says how).
 */
size_t line_v4(struct str text, uint32_t *out);

/* 0.0.0.0, 127.x, ::, ::1: where block lists send what they block. */
bool text_is_sink(struct str text);

/* Cheap looks, for sniffing and not for judging. */
bool text_looks_like_name(struct str text);
bool text_looks_like_ip(struct str text);
bool text_looks_like_hash(struct str text);
bool text_looks_like_asn(struct str text); /* AS64496 */

/* The lines of one format with a plain loop. */
typedef void (*line_reader)(
	struct feed_intake *intake, struct str line, const struct intake_facts *facts);
NODISCARD enum err lines_read(struct feed_intake *intake, line_reader reader, struct why *why);
