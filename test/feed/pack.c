/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pack.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

enum { GZIP_WINDOW = 15 + 16, DEFLATE_WINDOW = -15 };

static void deflate_put(struct buf *out, struct str plain, int window)
{
	z_stream stream = { 0 };
	size_t room = plain.n + plain.n / 100 + 1024;

	must(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	stream.next_in = (Bytef *)(uintptr_t)plain.p;
	stream.avail_in = (uInt)plain.n;
	stream.next_out = (Bytef *)buf_reserve(out, room);
	stream.avail_out = (uInt)room;
	must(deflate(&stream, Z_FINISH) == Z_STREAM_END);
	out->n += room - stream.avail_out;
	must(deflateEnd(&stream) == Z_OK);
}

void pack_gzip(struct buf *out, struct str plain)
{
	deflate_put(out, plain, GZIP_WINDOW);
}

void pack_zstd(struct buf *out, struct str plain)
{
	size_t room = ZSTD_compressBound(plain.n);
	size_t n = ZSTD_compress(buf_reserve(out, room), room, plain.p, plain.n, 3);

	must(!ZSTD_isError(n));
	out->n += n;
}

void pack_xz(struct buf *out, struct str plain)
{
	size_t room = lzma_stream_buffer_bound(plain.n);
	uint8_t *to = (uint8_t *)buf_reserve(out, room);
	size_t n = 0;

	must(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, (const uint8_t *)plain.p, plain.n,
		     to, &n, room) == LZMA_OK);
	out->n += n;
}

static void little(struct buf *out, size_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_byte(out, (char)(value >> (8 * i)));
}

/* The 26 bytes that a member's local header and its directory record share (APPNOTE 4.3.7). */
static void member_head(
	struct buf *out, const struct pack_member *member, size_t packed, uint32_t check)
{
	little(out, 20, 2);
	little(out, 0, 2);
	little(out, member->is_deflated ? 8 : 0, 2);
	little(out, 0, 4);
	little(out, check, 4);
	little(out, packed, 4);
	little(out, member->plain.n, 4);
	little(out, strlen(member->name), 2);
	little(out, 0, 2);
}

void pack_zip(struct buf *out, const struct pack_member *members, size_t n)
{
	CLEANUP(buf_done) struct buf directory = { 0 };
	size_t start = out->n;

	for (size_t i = 0; i < n; i++) {
		CLEANUP(buf_done) struct buf packed = { 0 };
		struct str plain = members[i].plain;
		uint32_t check = (uint32_t)crc32(0, (const Bytef *)plain.p, (uInt)plain.n);
		size_t local = out->n - start;

		if (members[i].is_deflated)
			deflate_put(&packed, plain, DEFLATE_WINDOW);
		else
			buf_str(&packed, plain);
		buf_str(out, STR("PK\x03\x04"));
		member_head(out, &members[i], packed.n, check);
		buf_str(out, str_c(members[i].name));
		buf_str(out, buf_view(&packed));
		buf_str(&directory, STR("PK\x01\x02"));
		little(&directory, 20, 2);
		member_head(&directory, &members[i], packed.n, check);
		little(&directory, 0, 10);
		little(&directory, local, 4);
		buf_str(&directory, str_c(members[i].name));
	}

	size_t at = out->n - start;

	buf_str(out, buf_view(&directory));
	buf_str(out, STR("PK\x05\x06"));
	little(out, 0, 4);
	little(out, n, 2);
	little(out, n, 2);
	little(out, directory.n, 4);
	little(out, at, 4);
	little(out, 0, 2);
}
