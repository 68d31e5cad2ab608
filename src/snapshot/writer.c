/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/writer.h"

#include "xxh64.h"

#include <errno.h>
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

struct region region_new(size_t bytes)
{
	struct region region = { NULL, bytes == 0 ? 1 : bytes };

	region.p = mmap(NULL, region.bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(region.p != MAP_FAILED);
	/* only speed depends on it */
	(void)madvise(region.p, region.bytes, MADV_HUGEPAGE);
	return region;
}

void region_done(struct region *region)
{
	if (region->p != NULL)
		(void)munmap(region->p, region->bytes);
	*region = (struct region){ NULL, 0 };
}

enum err writer_at(int fd, uint64_t offset, const void *data, size_t n, struct why *why)
{
	const char *p = data;

	while (n > 0) {
		ssize_t done = pwrite(fd, p, n, (off_t)offset);

		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return fail_sys(why, "cannot write the snapshot");
		p += done;
		offset += (size_t)done;
		n -= (size_t)done;
	}
	return OK;
}

static bool is_zero(const char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static enum err write_sparse(
	int fd, uint64_t offset, const char *data, size_t bytes, struct why *why)
{
	size_t start = 0;
	size_t at = 0;

	while (at < bytes) {
		size_t page = bytes - at < SNAPSHOT_PAGE_BYTES ? bytes - at : SNAPSHOT_PAGE_BYTES;

		if (is_zero(data + at, page)) {
			TRY(writer_at(fd, offset + start, data + start, at - start, why));
			start = at + page;
		}
		at += page;
	}
	return writer_at(fd, offset + start, data + start, bytes - start, why);
}

enum err writer_section(struct snapshot_writer *writer, enum section_id id, const void *data,
	size_t bytes, struct why *why)
{
	struct section *section = &writer->header.sections[id];

	section->offset = writer->end;
	section->size = bytes;
	section->checksum = xxh64(data, bytes, 0);
	must(crypto_generichash(section->digest, sizeof section->digest, data, bytes, NULL, 0) ==
		0);
	writer->end +=
		(bytes + SNAPSHOT_PAGE_BYTES - 1) / SNAPSHOT_PAGE_BYTES * SNAPSHOT_PAGE_BYTES;
	return write_sparse(writer->fd, section->offset, data, bytes, why);
}
