/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/build.h"

#include "base/io.h"
#include "snapshot/verdict.h"
#include "snapshot/replace.h"
#include "snapshot/writer.h"
#include "xxh64.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err v4_check(const struct snapshot_input *input, uint32_t last_id, struct why *why)
{
	for (size_t i = 0; i < input->v4_count; i++) {
		const struct snapshot_v4 *entry = &input->v4[i];
		uint64_t order = (uint64_t)entry->address << 8 | entry->width;

		if (entry->width > 32 || entry->verdict == 0 || entry->verdict > last_id ||
			(entry->width < 32 && entry->address << entry->width != 0))
			return fail(why, ERR_CORRUPT, "IPv4 entry %zu is malformed", i);
		if (i > 0 && order <= ((uint64_t)entry[-1].address << 8 | entry[-1].width))
			return fail(why, ERR_CORRUPT, "IPv4 entry %zu is out of order", i);
	}
	return OK;
}

static bool v6_host_bits(const struct snapshot_v6 *entry)
{
	if (entry->length >= 64)
		return entry->length < 128 && entry->low << (entry->length - 64) != 0;
	return entry->low != 0 || entry->high << entry->length != 0;
}

static bool v6_ordered(const struct snapshot_v6 *a, const struct snapshot_v6 *b)
{
	if (a->high != b->high)
		return a->high < b->high;
	return a->low != b->low ? a->low < b->low : a->length < b->length;
}

static enum err v6_check(const struct snapshot_input *input, uint32_t last_id, struct why *why)
{
	for (size_t i = 0; i < input->v6_count; i++) {
		const struct snapshot_v6 *entry = &input->v6[i];

		if (entry->length > 128 || entry->verdict == 0 || entry->verdict > last_id ||
			v6_host_bits(entry))
			return fail(why, ERR_CORRUPT, "IPv6 entry %zu is malformed", i);
		if (i > 0 && !v6_ordered(&entry[-1], entry))
			return fail(why, ERR_CORRUPT, "IPv6 entry %zu is out of order", i);
	}
	return OK;
}

static enum err texts_check(const struct snapshot_input *input, uint32_t last_id, struct why *why)
{
	for (size_t i = 0; i < input->text_count; i++) {
		if (input->texts[i].verdict == 0 || input->texts[i].verdict > last_id)
			return fail(why, ERR_CORRUPT, "name %zu has no verdict", i);
	}
	return OK;
}

/* Every hash in the file depends on all its entries; equal input gives an equal seed. */
static uint64_t seed_of(const struct snapshot_input *input)
{
	uint64_t seed = xxh64(input->v4, input->v4_count * sizeof *input->v4, 0);

	seed = xxh64(input->v6, input->v6_count * sizeof *input->v6, seed);
	for (size_t i = 0; i < input->text_count; i++)
		seed = xxh64(input->texts[i].text.p, input->texts[i].text.n, seed);
	return seed;
}

/* The counts that a live copy starts from. */
static void control_fill(const struct snapshot_header *header, struct snapshot_control *control)
{
	atomic_init(&control->ipv4_entries, header->ipv4_entries);
	atomic_init(&control->ipv6_entries, header->ipv6_entries);
	atomic_init(&control->name_entries, header->name_entries);
	atomic_init(&control->verdicts, header->verdicts);
	atomic_init(&control->v4_overflow, header->v4_overflow);
	atomic_init(&control->v4_pages, header->v4_pages);
	atomic_init(&control->v4_mids, header->v4_mids);
	atomic_init(&control->v6_details, header->v6_details);
	atomic_init(&control->sets, header->sets);
	atomic_init(&control->set_numbers, header->set_numbers);
	atomic_init(&control->sources, header->sources);
	atomic_init(&control->source_bytes, header->source_bytes);
	atomic_init(&control->text_slots, header->text_slots);
	atomic_init(&control->text_bytes, header->text_bytes);
}

static enum err file_write(
	int fd, const struct snapshot_input *input, const struct snapshot_key *key, struct why *why)
{
	struct snapshot_control control = { 0 };
	struct snapshot_writer writer = { .fd = fd,
		.end = 2 * SNAPSHOT_PAGE_BYTES,
		.header = { .magic = SNAPSHOT_MAGIC_BYTES,
			.version = SNAPSHOT_VERSION,
			.generation = input->generation,
			.created_s = input->created_s,
			.seed = seed_of(input),
			.section_count = SECTION_COUNT } };
	struct snapshot_header *header = &writer.header;

	TRY(write_v4(&writer, input, why));
	TRY(write_v6(&writer, input, why));
	TRY(write_texts(&writer, input, why));
	TRY(write_verdicts(&writer, input, why));
	header->file_bytes = writer.end;
	control_fill(header, &control);
	must(crypto_sign_detached(header->signature, NULL, (const uint8_t *)header,
		     offsetof(struct snapshot_header, signature), key->secret) == 0);
	header->checksum = xxh64(header, offsetof(struct snapshot_header, checksum), 0);
	TRY(writer_at(fd, 0, header, sizeof *header, why));
	TRY(writer_at(fd, SNAPSHOT_PAGE_BYTES, &control, sizeof control, why));
	if (ftruncate(fd, (off_t)writer.end) == -1)
		return fail_sys(why, "cannot set the snapshot's size");
	return fsync(fd) == -1 ? fail_sys(why, "cannot sync the snapshot") : OK;
}

enum err snapshot_build(const struct snapshot_input *input, const char *folder,
	const struct snapshot_key *key, struct why *why)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	uint32_t last_id = verdict_table_count(input->verdicts);

	TRY(v4_check(input, last_id, why));
	TRY(v6_check(input, last_id, why));
	TRY(texts_check(input, last_id, why));
	buf_fmt(&path, "%s/generation.pehra", folder);

	CLEANUP(replacement_done) struct replacement file = { .fd = -1 };

	TRY(replacement_open(&file, buf_c(&path), 0644, why));
	TRY(file_write(file.fd, input, key, why));
	return replacement_commit(&file, why);
}
