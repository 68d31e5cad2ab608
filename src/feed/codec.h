/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Undoing one layer of compression, step by step. Private to feed/input.c and feed/zip.c.
 */
#pragma once

#include "base/buf.h"

/* One step's windows; the step moves the beginnings forward. */
struct codec_window {
	const uint8_t *in;
	size_t in_n;
	bool in_is_last; /* nothing follows in_n */
	uint8_t *out;
	size_t out_n;
};

struct codec {
	struct str name;
	struct str magic;
	/* NULL for what needs no state */
	void *(*start)(void);
	/* *done turns true when the stream is complete; what follows it is refused by the caller.
	 */
	enum err (*step)(void *state, struct codec_window *window, bool *done, struct why *why);
	void (*end)(void *state);
};

enum codec_number {
	CODEC_NONE = 0,
	CODEC_GZIP,
	CODEC_ZSTD,
	CODEC_XZ,
	CODEC_ZIP, /* its members go through CODEC_NONE or CODEC_DEFLATE */
	CODEC_DEFLATE,
	CODEC_COUNT
};

extern const struct codec codecs[CODEC_COUNT];

/* By magic; CODEC_NONE when none fits. Known but unread kinds are refused in words. */
NODISCARD enum err codec_detect(struct str head, enum codec_number *out, struct why *why);
