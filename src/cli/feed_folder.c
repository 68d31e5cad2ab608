/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A folder of feed files (a MISP feed: manifest.json and one file per event) as one input: a zip
 * archive with stored members, made in memory, which the parse role reads as it reads any archive.
 * Format: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12, 4.3.16.
 */
#include "base/io.h"
#include "cli/feed.h"

#include <dirent.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

enum {
	FOLDER_FILES_MAX = 10000,
	FOLDER_FILE_BYTES_MAX = 256 << 20,
	ZIP_VERSION = 20,
	ZIP_LOCAL = 0x04034b50,
	ZIP_CENTRAL = 0x02014b50,
	ZIP_END = 0x06054b50
};

struct archive {
	struct buf members;
	struct buf directory;
	uint16_t count;
};

static void put_16(struct buf *out, uint16_t value)
{
	buf_byte(out, (char)(value & 0xff));
	buf_byte(out, (char)(value >> 8));
}

static void put_32(struct buf *out, uint32_t value)
{
	put_16(out, (uint16_t)(value & 0xffff));
	put_16(out, (uint16_t)(value >> 16));
}

/* The members that a local header and the directory's have in common. */
static void put_facts(struct buf *out, uint32_t checksum, struct str content, struct str name)
{
	put_16(out, ZIP_VERSION);
	put_16(out, 0); /* flags */
	put_16(out, 0); /* stored */
	put_32(out, 0); /* time and date */
	put_32(out, checksum);
	put_32(out, (uint32_t)content.n);
	put_32(out, (uint32_t)content.n);
	put_16(out, (uint16_t)name.n);
	put_16(out, 0); /* extra field */
}

static void archive_add(struct archive *archive, struct str name, struct str content)
{
	uint32_t checksum = (uint32_t)crc32_z(0, (const uint8_t *)content.p, content.n);
	uint32_t offset = (uint32_t)archive->members.n;

	put_32(&archive->members, ZIP_LOCAL);
	put_facts(&archive->members, checksum, content, name);
	buf_str(&archive->members, name);
	buf_str(&archive->members, content);

	put_32(&archive->directory, ZIP_CENTRAL);
	put_16(&archive->directory, ZIP_VERSION);
	put_facts(&archive->directory, checksum, content, name);
	put_16(&archive->directory, 0); /* comment */
	put_16(&archive->directory, 0); /* disk */
	put_16(&archive->directory, 0);
	put_32(&archive->directory, 0); /* attributes */
	put_32(&archive->directory, offset);
	buf_str(&archive->directory, name);
	archive->count++;
}

static void archive_end(struct archive *archive)
{
	uint32_t start = (uint32_t)archive->members.n;

	buf_str(&archive->members, buf_view(&archive->directory));
	put_32(&archive->members, ZIP_END);
	put_32(&archive->members, 0); /* disks */
	put_16(&archive->members, archive->count);
	put_16(&archive->members, archive->count);
	put_32(&archive->members, (uint32_t)archive->directory.n);
	put_32(&archive->members, start);
	put_16(&archive->members, 0); /* comment */
}

static enum err add_file(
	struct archive *archive, const char *folder, struct str name, struct why *why)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(buf_done) struct buf content = { 0 };

	if (archive->count == FOLDER_FILES_MAX)
		return fail(why, ERR_LIMIT, "more than %d files", FOLDER_FILES_MAX);
	buf_fmt(&path, "%s/%.*s", folder, STR_FMT(name));
	TRY(file_read(buf_c(&path), FOLDER_FILE_BYTES_MAX, &content, why));
	if (archive->members.n + content.n > INT32_MAX)
		return fail(why, ERR_LIMIT, "more than 2 GiB in one folder");
	archive_add(archive, name, buf_view(&content));
	return OK;
}

static enum err add_all(struct archive *archive, const char *path, struct why *why)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);
	enum err err = OK;

	if (n == -1)
		return fail_sys(why, "cannot list the folder");
	for (int i = 0; i < n; i++) {
		struct str name = str_c(names[i]->d_name);

		if (err == OK && str_ends(name, STR(".json")))
			err = add_file(archive, path, name, why);
		free(names[i]);
	}
	free(names);
	if (err == OK && archive->count == 0)
		return fail(why, ERR_NOT_FOUND, "no .json files in the folder");
	return err;
}

enum err feed_folder_open(const char *path, int *out, struct why *why)
{
	CLEANUP(fd_close) int memory = memfd_create("folder", MFD_CLOEXEC);
	struct archive archive = { 0 };
	enum err err;

	if (memory == -1)
		return fail_sys(why, "cannot make room for the folder");
	err = add_all(&archive, path, why);
	if (err == OK) {
		archive_end(&archive);
		err = fd_write_all(memory, buf_view(&archive.members), why);
	}
	buf_done(&archive.members);
	buf_done(&archive.directory);
	TRY(err);
	if (lseek(memory, 0, SEEK_SET) == -1)
		return fail_sys(why, "cannot be read again");
	*out = memory;
	memory = -1;
	return OK;
}
