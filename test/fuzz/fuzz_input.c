/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decompression: read by lines, by blocks and whole, the same bytes give the same text or are
 * refused all three times, within the caps.
 */
#include "fuzz/fuzz.h"

#include "feed/input.h"

enum { PLAIN_MAX = 1 << 20, WINDOW = 1 << 20 };

static const struct input_limits limits = { 1 << 20, PLAIN_MAX, INPUT_RATIO_MAX, INPUT_LINE_MAX };

static enum err whole_read(struct feed_input *input, struct buf *out)
{
	return input_read_all(input, UINT64_MAX, out, NULL);
}

/* Lines with their ends made one; long ones by their beginning only, so they are left out. */
static enum err lines_read(struct feed_input *input, struct buf *out)
{
	struct input_line line;
	bool more = true;

	while (more) {
		TRY(input_next_line(input, &line, &more, NULL));
		if (!more || line.is_too_long)
			continue;
		must(line.text.n <= INPUT_LINE_MAX && str_find(line.text, '\n') == line.text.n);
		buf_str(out, line.text);
		buf_byte(out, '\n');
	}
	return OK;
}

static enum err blocks_read(struct feed_input *input, struct buf *out)
{
	for (;;) {
		struct str block;
		struct input_line line;
		bool more;

		TRY(input_next_lines(input, &block, NULL));
		must(block.n == 0 || block.p[block.n - 1] == '\n');
		buf_str(out, block);
		if (block.n > 0)
			continue;
		TRY(input_next_line(input, &line, &more, NULL));
		if (!more)
			return OK;
		buf_str(out, line.text);
		buf_byte(out, '\n');
	}
}

static enum err members_read(
	struct str bytes, enum err (*read)(struct feed_input *, struct buf *), struct buf *out)
{
	CLEANUP(input_close) struct feed_input *input = NULL;
	bool more = true;

	TRY(input_open_memory(bytes, STR("fuzz"), &limits, &input, NULL));
	while (more) {
		TRY(read(input, out));
		must(input_plain_bytes(input) <= PLAIN_MAX);
		TRY(input_next_member(input, &more, NULL));
	}
	return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_done) struct buf whole = { 0 };
	CLEANUP(buf_done) struct buf lines = { 0 };
	CLEANUP(buf_done) struct buf blocks = { 0 };
	struct str bytes = str_from((const char *)data, size);
	enum err code = members_read(bytes, whole_read, &whole);

	must(members_read(bytes, lines_read, &lines) == code);
	must(members_read(bytes, blocks_read, &blocks) == code);
	must(whole.n <= PLAIN_MAX + WINDOW);
	return 0;
}
