/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formats: RFC 1952 (gzip), RFC 8878 (zstd), the .xz file format 1.1.0, RFC 1951 (deflate). */
#include "feed/codec.h"

#include <limits.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

enum {
	GZIP_WINDOW = 15 + 16, /* zlib's way to say: 32 KiB window, gzip header */
	DEFLATE_WINDOW = -15,
	ZSTD_WINDOW_LOG_MAX = 27 /* 128 MiB: what `zstd -19` asks at most, not --ultra --long */
};
#define XZ_MEMORY_MAX ((uint64_t)256 << 20)

static enum err none_step(void *state, struct codec_window *window, bool *done, struct why *why)
{
	size_t n = window->in_n < window->out_n ? window->in_n : window->out_n;

	(void)state;
	(void)why;
	if (n > 0)
		memcpy(window->out, window->in, n);
	window->in += n;
	window->in_n -= n;
	window->out += n;
	window->out_n -= n;
	*done = window->in_is_last && window->in_n == 0;
	return OK;
}

static void *deflate_start(void)
{
	z_stream *stream = calloc(1, sizeof *stream);

	must(stream != NULL);
	must(inflateInit2(stream, DEFLATE_WINDOW) == Z_OK);
	return stream;
}

static void deflate_end(void *state)
{
	(void)inflateEnd(state);
	free(state);
}

static uInt clamp(size_t n)
{
	return n > UINT_MAX ? UINT_MAX : (uInt)n;
}

/* Z_OK and Z_BUF_ERROR both mean: give me more room or more input. */
static enum err inflate_once(
	z_stream *stream, struct codec_window *window, bool *ended, struct why *why)
{
	uInt in_n = clamp(window->in_n);
	uInt out_n = clamp(window->out_n);

	/* zlib never writes through next_in, though its type is not const */
	stream->next_in = (Bytef *)(uintptr_t)window->in;
	stream->avail_in = in_n;
	stream->next_out = window->out;
	stream->avail_out = out_n;

	int code = inflate(stream, Z_NO_FLUSH);
	size_t used = in_n - stream->avail_in;
	size_t made = out_n - stream->avail_out;

	window->in += used;
	window->in_n -= used;
	window->out += made;
	window->out_n -= made;
	must(code != Z_MEM_ERROR && code != Z_STREAM_ERROR);
	if (code == Z_DATA_ERROR || code == Z_NEED_DICT)
		return fail(why, ERR_SYNTAX, "damaged deflate data: %s",
			stream->msg == NULL ? "a dictionary is asked for" : stream->msg);
	*ended = code == Z_STREAM_END;
	if (!*ended && used == 0 && made == 0 && window->in_is_last && window->out_n > 0)
		return fail(why, ERR_SYNTAX, "the compressed data end too early");
	return OK;
}

static enum err deflate_step(void *state, struct codec_window *window, bool *done, struct why *why)
{
	return inflate_once(state, window, done, why);
}

/* Members may follow each other (RFC 1952, 2.2), and zero bytes may pad the end. */
struct gzip_state {
	z_stream stream;
	bool is_between; /* a member has ended, the next byte decides */
};

static void *gzip_start(void)
{
	struct gzip_state *state = calloc(1, sizeof *state);

	must(state != NULL);
	must(inflateInit2(&state->stream, GZIP_WINDOW) == Z_OK);
	return state;
}

static void gzip_end(void *memory)
{
	struct gzip_state *state = memory;

	(void)inflateEnd(&state->stream);
	free(state);
}

static enum err gzip_step(void *memory, struct codec_window *window, bool *done, struct why *why)
{
	struct gzip_state *state = memory;

	*done = false;
	if (state->is_between) {
		while (window->in_n > 0 && window->in[0] == 0) {
			window->in++;
			window->in_n--;
		}
		if (window->in_n == 0) {
			*done = window->in_is_last;
			return OK;
		}
		if (window->in[0] != 0x1f)
			return fail(
				why, ERR_SYNTAX, "bytes that are not gzip follow the gzip data");
		must(inflateReset(&state->stream) == Z_OK);
		state->is_between = false;
	}
	return inflate_once(&state->stream, window, &state->is_between, why);
}

static void *zstd_start(void)
{
	ZSTD_DStream *stream = ZSTD_createDStream();

	must(stream != NULL);
	must(!ZSTD_isError(
		ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX)));
	return stream;
}

static void zstd_end(void *state)
{
	(void)ZSTD_freeDStream(state);
}

static enum err zstd_step(void *state, struct codec_window *window, bool *done, struct why *why)
{
	ZSTD_inBuffer in = { window->in, window->in_n, 0 };
	ZSTD_outBuffer out = { window->out, window->out_n, 0 };
	size_t left = ZSTD_decompressStream(state, &out, &in);

	if (ZSTD_isError(left))
		return fail(why, ERR_SYNTAX, "damaged zstd data: %s", ZSTD_getErrorName(left));
	window->in += in.pos;
	window->in_n -= in.pos;
	window->out += out.pos;
	window->out_n -= out.pos;
	/* frames may follow each other; 0 says that one is complete and flushed */
	*done = left == 0 && window->in_is_last && window->in_n == 0;
	if (!*done && window->in_is_last && window->in_n == 0 && in.pos == 0 && out.pos == 0)
		return fail(why, ERR_SYNTAX, "the zstd data end too early");
	return OK;
}

static void *xz_start(void)
{
	lzma_stream *stream = calloc(1, sizeof *stream);

	must(stream != NULL);
	must(lzma_stream_decoder(stream, XZ_MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK);
	return stream;
}

static void xz_end(void *state)
{
	lzma_end(state);
	free(state);
}

static enum err xz_step(void *state, struct codec_window *window, bool *done, struct why *why)
{
	lzma_stream *stream = state;

	stream->next_in = window->in;
	stream->avail_in = window->in_n;
	stream->next_out = window->out;
	stream->avail_out = window->out_n;

	lzma_ret code = lzma_code(stream, window->in_is_last ? LZMA_FINISH : LZMA_RUN);

	window->in = stream->next_in;
	window->in_n = stream->avail_in;
	window->out = stream->next_out;
	window->out_n = stream->avail_out;
	*done = code == LZMA_STREAM_END;
	must(code != LZMA_MEM_ERROR && code != LZMA_PROG_ERROR);
	if (code == LZMA_MEMLIMIT_ERROR)
		return fail(why, ERR_LIMIT, "the xz data ask for more than %llu MiB of memory",
			(unsigned long long)(XZ_MEMORY_MAX >> 20));
	if (code == LZMA_BUF_ERROR && window->in_is_last && window->out_n > 0)
		return fail(why, ERR_SYNTAX, "the xz data end too early");
	if (code != LZMA_OK && code != LZMA_STREAM_END && code != LZMA_BUF_ERROR)
		return fail(why, ERR_SYNTAX, "damaged xz data");
	return OK;
}

const struct codec codecs[CODEC_COUNT] = {
	[CODEC_NONE] = { STR_INIT("none"), { NULL, 0 }, NULL, none_step, NULL },
	[CODEC_GZIP] = { STR_INIT("gzip"), STR_INIT("\x1f\x8b\x08"), gzip_start, gzip_step,
		gzip_end },
	[CODEC_ZSTD] = { STR_INIT("zstd"), STR_INIT("\x28\xb5\x2f\xfd"), zstd_start, zstd_step,
		zstd_end },
	[CODEC_XZ] = { STR_INIT("xz"),
		STR_INIT("\xfd"
			 "7zXZ\0"),
		xz_start, xz_step, xz_end },
	[CODEC_ZIP] = { STR_INIT("zip"), STR_INIT("PK\x03\x04"), NULL, NULL, NULL },
	[CODEC_DEFLATE] = { STR_INIT("deflate"), { NULL, 0 }, deflate_start, deflate_step,
		deflate_end },
};

enum err codec_detect(struct str head, enum codec_number *out, struct why *why)
{
	/* told apart only to say what is wrong */
	static const struct {
		struct str magic;
		const char *name;
	} unread[] = {
		{ STR_INIT("BZh"), "bzip2" },
		{ STR_INIT("PK\x05\x06"), "an empty zip archive" },
		{ STR_INIT("7z\xbc\xaf\x27\x1c"), "a 7z archive" },
		{ STR_INIT("Rar!"), "a rar archive" },
		{ STR_INIT("\x1f\x9d"), "compress (.Z)" },
		{ STR_INIT("%PDF"), "a PDF document" },
		{ STR_INIT("SQLite format 3"), "an SQLite database" },
	};

	for (unsigned i = 1; i < CODEC_COUNT; i++) {
		if (codecs[i].magic.n > 0 && str_starts(head, codecs[i].magic)) {
			*out = (enum codec_number)i;
			return OK;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(unread); i++) {
		if (str_starts(head, unread[i].magic))
			return fail(why, ERR_UNSUPPORTED,
				"this is %s; gzip, zstd, xz and zip are read", unread[i].name);
	}
	*out = CODEC_NONE;
	return OK;
}
