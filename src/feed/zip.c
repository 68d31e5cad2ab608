/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/zip.h"

enum {
	END_BYTES = 22,
	END_COMMENT_MAX = 65535,
	CENTRAL_BYTES = 46,
	LOCAL_BYTES = 30,
	FLAG_ENCRYPTED = 1,
	METHOD_STORED = 0,
	METHOD_DEFLATED = 8
};
#define ZIP64_MARK UINT32_MAX

static uint32_t little16(struct str s, size_t at)
{
	const uint8_t *b = (const uint8_t *)s.p + at;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8;
}

static uint32_t little32(struct str s, size_t at)
{
	return little16(s, at) | little16(s, at + 2) << 16;
}

/* The end record stands last, before a comment of unknown length. */
static enum err end_find(struct str archive, size_t *out, struct why *why)
{
	size_t lowest = archive.n > END_BYTES + END_COMMENT_MAX
				? archive.n - END_BYTES - END_COMMENT_MAX
				: 0;

	for (size_t at = archive.n < END_BYTES ? 0 : archive.n - END_BYTES + 1; at > lowest;) {
		at--;
		if (memcmp(archive.p + at, "PK\x05\x06", 4) == 0 &&
			at + END_BYTES + little16(archive, at + 20) == archive.n) {
			*out = at;
			return OK;
		}
	}
	return fail(why, ERR_SYNTAX, "the zip archive has no directory (cut off?)");
}

/* The data of a member start behind its local header, whose lengths may differ from the
 * directory's. */
static enum err member_data(
	struct str archive, size_t local, size_t size, struct zip_member *member, struct why *why)
{
	if (local > archive.n || archive.n - local < LOCAL_BYTES ||
		memcmp(archive.p + local, "PK\x03\x04", 4) != 0)
		return fail(why, ERR_SYNTAX, "a zip member lies outside the archive");

	size_t start =
		local + LOCAL_BYTES + little16(archive, local + 26) + little16(archive, local + 28);

	if (start > archive.n || archive.n - start < size)
		return fail(why, ERR_SYNTAX, "a zip member ends outside the archive");
	member->data = str_from(archive.p + start, size);
	return OK;
}

/* One record of the directory at `at`; *next is where the following one starts. */
static enum err member_read(struct str archive, size_t at, size_t end, struct zip_member *member,
	size_t *next, struct why *why)
{
	if (end - at < CENTRAL_BYTES || memcmp(archive.p + at, "PK\x01\x02", 4) != 0)
		return fail(why, ERR_SYNTAX, "the zip directory is damaged");

	size_t name_n = little16(archive, at + 28);
	size_t whole =
		CENTRAL_BYTES + name_n + little16(archive, at + 30) + little16(archive, at + 32);
	uint32_t method = little16(archive, at + 10);
	uint32_t packed = little32(archive, at + 20);
	uint32_t plain = little32(archive, at + 24);
	uint32_t local = little32(archive, at + 42);

	if (end - at < whole)
		return fail(why, ERR_SYNTAX, "the zip directory is damaged");
	if ((little16(archive, at + 8) & FLAG_ENCRYPTED) != 0)
		return fail(why, ERR_UNSUPPORTED, "the zip archive is encrypted");
	if (packed == ZIP64_MARK || plain == ZIP64_MARK || local == ZIP64_MARK)
		return fail(why, ERR_UNSUPPORTED, "zip64 archives are not read");
	if (method != METHOD_STORED && method != METHOD_DEFLATED)
		return fail(why, ERR_UNSUPPORTED, "zip method %u is not read", (unsigned)method);
	*next = at + whole;
	member->name = str_from(archive.p + at + CENTRAL_BYTES, name_n);
	member->is_deflated = method == METHOD_DEFLATED;
	member->crc32 = little32(archive, at + 16);
	member->plain_bytes = plain;
	return member_data(archive, local, packed, member, why);
}

static bool member_is_wanted(const struct zip_member *member)
{
	return !str_ends(member->name, STR("/")) && !str_starts(member->name, STR("__MACOSX/")) &&
	       !str_ends(member->name, STR(".DS_Store"));
}

enum err zip_members(struct str archive, struct arena *arena, struct zip_member **out,
	size_t *out_n, struct why *why)
{
	size_t end;
	size_t n = 0;

	TRY(end_find(archive, &end, why));

	size_t count = little16(archive, end + 10);
	size_t at = little32(archive, end + 16);

	if (count > ZIP_MEMBERS_MAX)
		return fail(why, ERR_LIMIT, "the zip archive has %zu members, at most %d are read",
			count, ZIP_MEMBERS_MAX);
	if (at > end)
		return fail(why, ERR_SYNTAX, "the zip directory lies outside the archive");

	struct zip_member *members = arena_array(arena, count == 0 ? 1 : count, sizeof *members);

	for (size_t i = 0; i < count; i++) {
		TRY(member_read(archive, at, end, &members[n], &at, why));
		if (member_is_wanted(&members[n]))
			n++;
	}
	*out = members;
	*out_n = n;
	return OK;
}
