/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of a feed, from a descriptor, a file or memory, as plain text.
 *
 * Compression is told by its magic number, never by the name: gzip, zstd, xz, zip (stored and
 * deflated members). One layer is undone; what is inside is text. A byte order mark of UTF-8 is
 * skipped; UTF-16 is refused. Caps on what is read, on what comes out and on their ratio hold
 * before memory is spent, so a decompression bomb costs a refusal.
 *
 * An archive has members; reading ends at the end of a member and input_next_member() goes on.
 * Anything that is not an archive is one member. One reader per process and feed; not shared.
 */
#pragma once

#include "base/buf.h"

struct feed_input;

/* Bytes; ratio is plain bytes for each compressed byte. */
struct input_limits {
	uint64_t compressed_max;
	uint64_t plain_max;
	uint64_t ratio_max;
	size_t line_max; /* a longer line is refused as a line */
};

enum {
	INPUT_LINE_MAX = 64 << 10,
	INPUT_SAMPLE_BYTES = 64 << 10, /* what input_peek() can show */
	INPUT_RATIO_MAX = 250,
	INPUT_RATIO_GRACE_BYTES = 16 << 20 /* small files may shrink as they like */
};
#define INPUT_COMPRESSED_MAX ((uint64_t)1 << 30)
#define INPUT_PLAIN_MAX      ((uint64_t)4 << 30)

/* NULL limits stand for the constants above. The descriptor stays the caller's and is read on from
 * where it stands; the memory is borrowed until input_close(). name is for messages and sniffing.
 */
NODISCARD enum err input_open_fd(int fd, struct str name, const struct input_limits *limits,
	struct feed_input **out, struct why *why);
NODISCARD enum err input_open_file(const char *path, const struct input_limits *limits,
	struct feed_input **out, struct why *why);
NODISCARD enum err input_open_memory(struct str bytes, struct str name,
	const struct input_limits *limits, struct feed_input **out, struct why *why);
void input_close(struct feed_input **input); /* for CLEANUP */

/* "gzip", "zstd", "xz", "zip", "none". */
struct str input_compression(const struct feed_input *input);
/* The member's name within an archive, else the name given at opening. */
struct str input_name(const struct feed_input *input);

/* Is it an archive, whose members may be judged one by one? */
bool input_is_archive(const struct feed_input *input);

/* The first bytes of this member (at most INPUT_SAMPLE_BYTES) without consuming them. Only before
 * anything of the member was read. */
NODISCARD enum err input_peek(struct feed_input *input, struct str *out, struct why *why);

/* One line without its line end (LF or CRLF). */
struct input_line {
	struct str text;
	bool is_too_long; /* text is only its beginning */
};

/* *more is false at the end of the member. The text is valid until the next call. */
NODISCARD enum err input_next_line(
	struct feed_input *input, struct input_line *line, bool *more, struct why *why);

/*
 * The hot path of plain lists: whole lines with their line ends, as many as wait, each of any
 * length. Empty when none is whole: input_next_line() goes on then. Valid until the next call.
 */
NODISCARD enum err input_next_lines(struct feed_input *input, struct str *lines, struct why *why);

/* The rest of the member; more than limit bytes is ERR_LIMIT. */
NODISCARD enum err input_read_all(
	struct feed_input *input, uint64_t limit, struct buf *out, struct why *why);

/* Skips what is left of this member. *more is false when there is no further one. */
NODISCARD enum err input_next_member(struct feed_input *input, bool *more, struct why *why);

/* For progress: bytes read from the source, its size (0 when unknown), and plain bytes so far. */
uint64_t input_bytes_read(const struct feed_input *input);
uint64_t input_bytes_total(const struct feed_input *input);
uint64_t input_plain_bytes(const struct feed_input *input);
