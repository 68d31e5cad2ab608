/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of a feed before it is read: its name and its first bytes, cut into lines.
 */
#pragma once

#include "base/str.h"

enum { SNIFF_LINES_MAX = 400 };

struct sniff_sample {
	struct str name;
	struct str text;                   /* at most INPUT_SAMPLE_BYTES */
	struct str lines[SNIFF_LINES_MAX]; /* trimmed, without blank lines and comments */
	size_t line_n;
	struct str comments[SNIFF_LINES_MAX]; /* trimmed */
	size_t comment_n;
	bool has_nul;
};

/* Slices of text and name, which must live as long. A last line that was cut off is left out. */
void sniff_sample_make(struct sniff_sample *out, struct str name, struct str text, bool is_whole);

/* Does the name end so ("csv"), before or without the ending of a compression? */
bool sniff_name_ends(const struct sniff_sample *sample, struct str ending);

/* The first byte that is not white space, 0 when there is none. */
char sniff_first_byte(const struct sniff_sample *sample);
