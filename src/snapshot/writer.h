/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing the sections of a snapshot file (lib/format.h), and the memory they are made in.
 */
#pragma once

#include "base/buf.h"
#include "format.h"

/* Zeroed memory by the page; untouched pages cost nothing. */
struct region {
	void *p;
	size_t bytes;
};

struct region region_new(size_t bytes);
void region_done(struct region *region); /* for CLEANUP */

struct snapshot_writer {
	int fd;
	uint64_t end; /* of the file so far */
	struct snapshot_header header;
};

/* Appends a section: checksum, digest, bytes; pages of zeros become holes. */
NODISCARD enum err writer_section(struct snapshot_writer *writer, enum section_id id,
	const void *data, size_t bytes, struct why *why);
/* Writes n bytes at offset. */
NODISCARD enum err writer_at(int fd, uint64_t offset, const void *data, size_t n, struct why *why);

/* One part of the file each; they fill their fields of the header. */
struct snapshot_input;
NODISCARD enum err write_v4(
	struct snapshot_writer *writer, const struct snapshot_input *input, struct why *why);
NODISCARD enum err write_v6(
	struct snapshot_writer *writer, const struct snapshot_input *input, struct why *why);
NODISCARD enum err write_texts(
	struct snapshot_writer *writer, const struct snapshot_input *input, struct why *why);
NODISCARD enum err write_verdicts(
	struct snapshot_writer *writer, const struct snapshot_input *input, struct why *why);
