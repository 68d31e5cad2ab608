/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/io.h"
#include "feed/codec.h"
#include "feed/zip.h"

enum {
	RAW_BYTES = 128 << 10,
	PLAIN_BYTES = 512 << 10,
	LINES_BLOCK = PLAIN_BYTES / 2,
	LONG_LINE_HEAD = 256 /* what is kept of a line that is too long */
};
_Static_assert((size_t)PLAIN_BYTES > (size_t)INPUT_SAMPLE_BYTES + INPUT_LINE_MAX, "room to fill");

struct feed_input {
	struct input_limits limits;
	struct arena arena;
	struct str name;

	/* the source: a descriptor, or memory (fd -1) that in and in_n show whole */
	int fd;
	bool owns_fd;
	uint8_t *raw;
	const uint8_t *in;
	size_t in_n;
	bool in_is_last;
	uint64_t bytes_read;
	uint64_t bytes_total;

	enum codec_number outer; /* what the source is */
	enum codec_number inner; /* what this member goes through */
	void *state;

	/* plain bytes that wait: plain[position..end) */
	char *plain;
	size_t position;
	size_t end;
	bool member_is_done;
	uint64_t plain_bytes;
	char long_line[LONG_LINE_HEAD];

	/* a zip archive, whole in memory */
	struct buf archive;
	struct zip_member *members;
	size_t member_n;
	size_t member_i;
	uint32_t crc32;
	uint64_t member_bytes;
};

/* At least one byte more of the source unless it has ended. */
static enum err raw_fill(struct feed_input *input, struct why *why)
{
	if (input->in_n > 0 || input->in_is_last)
		return OK;

	ssize_t n;

	do {
		n = read(input->fd, input->raw, RAW_BYTES);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return fail_sys(why, "cannot read %.*s", STR_FMT(input->name));
	input->in = input->raw;
	input->in_n = (size_t)n;
	input->in_is_last = n == 0;
	input->bytes_read += (size_t)n;
	if (input->bytes_read > input->limits.compressed_max)
		return fail(why, ERR_LIMIT, "longer than %llu bytes",
			(unsigned long long)input->limits.compressed_max);
	return OK;
}

static enum err plain_check(const struct feed_input *input, struct why *why)
{
	if (input->plain_bytes > input->limits.plain_max)
		return fail(why, ERR_LIMIT, "longer than %llu bytes when unpacked",
			(unsigned long long)input->limits.plain_max);
	if (input->inner != CODEC_NONE && input->plain_bytes > INPUT_RATIO_GRACE_BYTES &&
		input->plain_bytes / input->limits.ratio_max > input->bytes_read)
		return fail(why, ERR_LIMIT,
			"%llu bytes of compressed data unpack to more than %llu times as much",
			(unsigned long long)input->bytes_read,
			(unsigned long long)input->limits.ratio_max);
	return OK;
}

/* A zip member says its size and checksum. */
static enum err member_check(struct feed_input *input, size_t made, struct why *why)
{
	if (input->outer != CODEC_ZIP)
		return OK;

	const struct zip_member *member = &input->members[input->member_i];

	input->crc32 = (uint32_t)crc32(
		input->crc32, (const Bytef *)input->plain + input->end - made, (uInt)made);
	input->member_bytes += made;
	if (input->member_bytes > member->plain_bytes ||
		(input->member_is_done && (input->member_bytes != member->plain_bytes ||
						  input->crc32 != member->crc32)))
		return fail(why, ERR_SYNTAX, "zip member %.*s does not match its checksum",
			STR_FMT(str_first(member->name, 80)));
	return OK;
}

/* More plain bytes, or member_is_done. Room is made by moving what waits to the front. */
static enum err plain_fill(struct feed_input *input, struct why *why)
{
	if (input->member_is_done)
		return OK;
	if (input->position > 0) {
		memmove(input->plain, input->plain + input->position, input->end - input->position);
		input->end -= input->position;
		input->position = 0;
	}
	must(input->end < PLAIN_BYTES);
	TRY(raw_fill(input, why));

	struct codec_window window = { input->in, input->in_n, input->in_is_last,
		(uint8_t *)input->plain + input->end, PLAIN_BYTES - input->end };
	bool done = false;

	TRY(codecs[input->inner].step(input->state, &window, &done, why));

	size_t made = PLAIN_BYTES - input->end - window.out_n;

	input->in = window.in;
	input->in_n = window.in_n;
	input->end += made;
	input->plain_bytes += made;
	input->member_is_done = done;
	TRY(member_check(input, made, why));
	return plain_check(input, why);
}

static enum err plain_fill_to(struct feed_input *input, size_t bytes, struct why *why)
{
	while (!input->member_is_done && input->end - input->position < bytes)
		TRY(plain_fill(input, why));
	return OK;
}

/* The first bytes of a member tell its encoding. */
static enum err encoding_check(struct feed_input *input, struct why *why)
{
	TRY(plain_fill_to(input, 4, why));

	struct str head = str_from(input->plain + input->position, input->end - input->position);

	if (str_starts(head, STR("\xff\xfe")) || str_starts(head, STR("\xfe\xff")))
		return fail(why, ERR_UNSUPPORTED, "the text is UTF-16; save it as UTF-8");
	if (str_starts(head, STR("\xef\xbb\xbf")))
		input->position += 3;
	return OK;
}

static void codec_start(struct feed_input *input, enum codec_number inner)
{
	if (input->state != NULL)
		codecs[input->inner].end(input->state);
	input->inner = inner;
	input->state = codecs[inner].start == NULL ? NULL : codecs[inner].start();
}

static enum err member_start(struct feed_input *input, struct why *why)
{
	const struct zip_member *member = &input->members[input->member_i];

	codec_start(input, member->is_deflated ? CODEC_DEFLATE : CODEC_NONE);
	input->name = member->name;
	input->in = (const uint8_t *)member->data.p;
	input->in_n = member->data.n;
	input->in_is_last = true;
	input->position = 0;
	input->end = 0;
	input->member_is_done = false;
	input->crc32 = 0;
	input->member_bytes = 0;
	return encoding_check(input, why);
}

/* The directory stands at the end, so an archive is read whole first. */
static enum err archive_open(struct feed_input *input, struct why *why)
{
	buf_put(&input->archive, input->in, input->in_n);
	input->in_n = 0;
	while (!input->in_is_last) {
		TRY(raw_fill(input, why));
		buf_put(&input->archive, input->in, input->in_n);
		input->in_n = 0;
	}
	TRY(zip_members(
		buf_view(&input->archive), &input->arena, &input->members, &input->member_n, why));
	if (input->member_n == 0)
		return fail(why, ERR_SYNTAX, "the zip archive holds no file");
	return member_start(input, why);
}

static enum err input_start(struct feed_input *input, struct why *why)
{
	TRY(raw_fill(input, why));
	TRY(codec_detect(str_from((const char *)input->in, input->in_n), &input->outer, why));
	if (input->outer == CODEC_ZIP)
		return archive_open(input, why);
	codec_start(input, input->outer);
	return encoding_check(input, why);
}

static struct feed_input *input_new(int fd, struct str name, const struct input_limits *limits)
{
	struct feed_input *input = calloc(1, sizeof *input);

	must(input != NULL);
	input->limits = limits != NULL ? *limits
				       : (struct input_limits){ INPUT_COMPRESSED_MAX,
						 INPUT_PLAIN_MAX, INPUT_RATIO_MAX, INPUT_LINE_MAX };
	must(input->limits.line_max >= LONG_LINE_HEAD);
	must(input->limits.line_max <= INPUT_LINE_MAX && input->limits.ratio_max > 0);
	input->fd = fd;
	input->plain = malloc(PLAIN_BYTES);
	must(input->plain != NULL);
	input->name = arena_str(&input->arena, name);
	return input;
}

/* On failure the half-open input is closed and *out stays NULL. */
static enum err input_finish_open(
	struct feed_input *input, struct feed_input **out, struct why *why)
{
	enum err code = input_start(input, why);

	if (code != OK)
		input_close(&input);
	*out = input;
	return code;
}

enum err input_open_fd(int fd, struct str name, const struct input_limits *limits,
	struct feed_input **out, struct why *why)
{
	struct feed_input *input = input_new(fd, name, limits);
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		input->bytes_total = (uint64_t)st.st_size;
	input->raw = malloc(RAW_BYTES);
	must(input->raw != NULL);
	return input_finish_open(input, out, why);
}

enum err input_open_file(const char *path, const struct input_limits *limits,
	struct feed_input **out, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	*out = NULL;
	if (fd == -1)
		return fail_sys(why, "cannot open %s", path);

	const char *slash = strrchr(path, '/');
	enum err code =
		input_open_fd(fd, str_c(slash == NULL ? path : slash + 1), limits, out, why);

	if (code != OK)
		fd_close(&fd);
	else
		(*out)->owns_fd = true;
	return code;
}

enum err input_open_memory(struct str bytes, struct str name, const struct input_limits *limits,
	struct feed_input **out, struct why *why)
{
	struct feed_input *input = input_new(-1, name, limits);

	input->in = (const uint8_t *)bytes.p;
	input->in_n = bytes.n;
	input->in_is_last = true;
	input->bytes_read = bytes.n;
	input->bytes_total = bytes.n;
	if (bytes.n > input->limits.compressed_max) {
		input_close(&input);
		*out = NULL;
		return fail(why, ERR_LIMIT, "longer than the limit");
	}
	return input_finish_open(input, out, why);
}

void input_close(struct feed_input **slot)
{
	struct feed_input *input = *slot;

	if (input == NULL)
		return;
	if (input->state != NULL)
		codecs[input->inner].end(input->state);
	if (input->owns_fd)
		fd_close(&input->fd);
	free(input->raw);
	free(input->plain);
	buf_done(&input->archive);
	arena_done(&input->arena);
	free(input);
	*slot = NULL;
}

struct str input_compression(const struct feed_input *input)
{
	return codecs[input->outer].name;
}

struct str input_name(const struct feed_input *input)
{
	return input->name;
}

bool input_is_archive(const struct feed_input *input)
{
	return input->outer == CODEC_ZIP;
}

enum err input_peek(struct feed_input *input, struct str *out, struct why *why)
{
	TRY(plain_fill_to(input, INPUT_SAMPLE_BYTES, why));

	struct str waiting = str_from(input->plain + input->position, input->end - input->position);

	*out = str_first(waiting, INPUT_SAMPLE_BYTES);
	return OK;
}

/* Drops the rest of a line whose beginning is at position, after keeping its head. */
static enum err long_line_skip(struct feed_input *input, struct input_line *line, struct why *why)
{
	memcpy(input->long_line, input->plain + input->position, LONG_LINE_HEAD);
	*line = (struct input_line){ str_from(input->long_line, LONG_LINE_HEAD), true };
	for (;;) {
		const char *hit =
			memchr(input->plain + input->position, '\n', input->end - input->position);

		if (hit != NULL) {
			input->position = (size_t)(hit - input->plain) + 1;
			return OK;
		}
		input->position = input->end;
		if (input->member_is_done)
			return OK;
		TRY(plain_fill(input, why));
	}
}

static struct str line_text(const char *start, const char *end)
{
	if (end > start && end[-1] == '\r')
		end--;
	return str_from(start, (size_t)(end - start));
}

enum err input_next_line(
	struct feed_input *input, struct input_line *line, bool *more, struct why *why)
{
	size_t scanned = 0;

	*more = true;
	for (;;) {
		const char *start = input->plain + input->position;
		const char *end = input->plain + input->end;
		const char *hit = memchr(start + scanned, '\n', (size_t)(end - start) - scanned);

		scanned = (size_t)(end - start);
		if (hit == NULL && scanned <= input->limits.line_max && !input->member_is_done) {
			TRY(plain_fill(input, why));
			continue;
		}
		if (hit == NULL && scanned == 0) {
			*more = false;
			return OK;
		}
		if ((size_t)((hit == NULL ? end : hit) - start) > input->limits.line_max)
			return long_line_skip(input, line, why);
		*line = (struct input_line){ line_text(start, hit == NULL ? end : hit), false };
		input->position = (size_t)((hit == NULL ? end : hit + 1) - input->plain);
		return OK;
	}
}

enum err input_next_lines(struct feed_input *input, struct str *lines, struct why *why)
{
	const char *start;
	const char *last;

	*lines = (struct str){ input->plain, 0 };
	/* so that a block is worth its call */
	TRY(plain_fill_to(input, LINES_BLOCK, why));
	start = input->plain + input->position;
	last = memrchr(start, '\n', input->end - input->position);
	if (last == NULL)
		return OK;
	*lines = str_from(start, (size_t)(last - start) + 1);
	input->position += lines->n;
	return OK;
}

enum err input_read_all(struct feed_input *input, uint64_t limit, struct buf *out, struct why *why)
{
	for (;;) {
		buf_put(out, input->plain + input->position, input->end - input->position);
		input->position = input->end;
		if (out->n > limit)
			return fail(why, ERR_LIMIT, "a document longer than %llu bytes",
				(unsigned long long)limit);
		if (input->member_is_done)
			return OK;
		TRY(plain_fill(input, why));
	}
}

enum err input_next_member(struct feed_input *input, bool *more, struct why *why)
{
	while (!input->member_is_done) {
		input->position = input->end;
		TRY(plain_fill(input, why));
	}
	*more = input->outer == CODEC_ZIP && input->member_i + 1 < input->member_n;
	if (!*more)
		return OK;
	input->member_i++;
	return member_start(input, why);
}

uint64_t input_bytes_read(const struct feed_input *input)
{
	return input->bytes_read - input->in_n;
}

uint64_t input_bytes_total(const struct feed_input *input)
{
	return input->bytes_total;
}

uint64_t input_plain_bytes(const struct feed_input *input)
{
	return input->plain_bytes;
}
