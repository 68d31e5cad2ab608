/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A damaged or hostile snapshot never crashes a reader. The input is a list of changes to a good
 * file, each a section, a place in it and four bytes; the header's checksum is made to fit again,
 * so that what is wrong reaches the look-ups.
 */
#include "fuzz/fuzz.h"

#include "base/io.h"
#include "format.h"
#include "reader.h"
#include "snapshot/build.h"
#include "xxh64.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHANGE_BYTES = 8, V4_ENTRIES = 400, V6_ENTRIES = 300, NEAR_START = 4096 };

static uint32_t mixed(uint32_t i)
{
	return i * 2654435761u;
}

/* Every structure of the file: crowded and mixed /24s, covers, pages, short and wide ones. */
static size_t v4_fill(struct snapshot_v4 *entries)
{
	size_t n = 0;

	entries[n++] = (struct snapshot_v4){ .address = 0x0a000000, .width = 8, .verdict = 1 };
	for (uint32_t i = 0; i < 80; i++)
		entries[n++] = (struct snapshot_v4){
			.address = 0x0a010000 | i << 8, .width = 24, .verdict = 2
		};
	for (uint32_t i = 0; i < 100; i++)
		entries[n++] = (struct snapshot_v4){
			.address = 0xc0000200 | (2 * i + 1), .width = 32, .verdict = 3
		};
	entries[n++] = (struct snapshot_v4){ .address = 0xc6336400, .width = 24, .verdict = 4 };
	entries[n++] = (struct snapshot_v4){ .address = 0xc6336480, .width = 28, .verdict = 5 };
	for (uint32_t i = 0; i < 20; i++)
		entries[n++] = (struct snapshot_v4){
			.address = 0xcb007100 | i << 3, .width = 32, .verdict = 6
		};
	return n;
}

static size_t v6_fill(struct snapshot_v6 *entries)
{
	uint64_t base = UINT64_C(0x20010db800000000);
	size_t n = 0;

	entries[n++] = (struct snapshot_v6){ .high = base, .length = 32, .verdict = 1 };
	for (uint64_t i = 0; i < 60; i++) {
		uint64_t high = base + i * 3;

		if (i % 3 != 0)
			entries[n++] = (struct snapshot_v6){
				.high = high, .length = i == 0 ? 33 : 64, .verdict = 2
			};
		if (i % 3 != 1)
			entries[n++] = (struct snapshot_v6){
				.high = high, .low = i << 40, .length = 128, .verdict = 3
			};
		if (i % 5 == 0)
			entries[n++] = (struct snapshot_v6){
				.high = high, .low = (i + 1) << 48, .length = 96, .verdict = 4
			};
	}
	return n;
}

static int file_make(const char *folder)
{
	CLEANUP(verdict_table_free) struct verdict_table *verdicts = verdict_table_new();
	CLEANUP(buf_done) struct buf path = { 0 };
	static const uint16_t sources[] = { 0, 1 };
	static const struct str names[] = { STR_INIT("alpha"), STR_INIT("beta") };
	struct snapshot_v4 v4[V4_ENTRIES];
	struct snapshot_v6 v6[V6_ENTRIES];
	const struct snapshot_text texts[] = { { .text = STR("a.example"), .verdict = 1 },
		{ .text = STR("example"), .below = true, .verdict = 2 },
		{ .text = STR("https://b.example/x"), .is_url = true, .verdict = 3 } };
	struct snapshot_key key;
	struct snapshot_input input = { .v4 = v4,
		.v4_count = v4_fill(v4),
		.v6 = v6,
		.v6_count = v6_fill(v6),
		.texts = texts,
		.text_count = ARRAY_LEN(texts),
		.verdicts = verdicts,
		.source_names = names,
		.source_count = 2,
		.category_names = names,
		.category_count = 2,
		.generation = 1 };

	for (uint8_t i = 1; i <= 8; i++) {
		struct pehra_verdict verdict = { .score = { i }, .categories = 3 };

		must(verdict_table_intern(verdicts, &verdict, sources, 2) == i);
	}
	must(snapshot_key_load_or_make(folder, &key, NULL) == OK);
	must(snapshot_build(&input, folder, &key, NULL) == OK);
	buf_fmt(&path, "%s/generation.pehra", folder);

	int fd = open(buf_c(&path), O_RDONLY | O_CLOEXEC);

	must(fd != -1 && unlink(buf_c(&path)) == 0);
	return fd;
}

/* The good file, made once; it lives until the process ends. */
static int good_file(void)
{
	static int fd = -1;
	char folder[] = "/tmp/pehra-fuzz-XXXXXX";
	static const char *const left[] = { "snapshot.key", "snapshot.pub" };

	if (fd != -1)
		return fd;
	must(mkdtemp(folder) != NULL);
	fd = file_make(folder);
	for (size_t i = 0; i < ARRAY_LEN(left); i++) {
		CLEANUP(buf_done) struct buf path = { 0 };

		buf_fmt(&path, "%s/%s", folder, left[i]);
		(void)unlink(buf_c(&path));
	}
	(void)rmdir(folder);
	return fd;
}

/* Half of the places are near a section's start, where small sections have what they have. */
static void change(uint8_t *base, const struct section *sections, const uint8_t *bytes)
{
	unsigned which = bytes[0] % (SECTION_COUNT + 1);
	uint64_t offset = which == SECTION_COUNT ? 0 : sections[which].offset;
	uint64_t size = which == SECTION_COUNT ? 2 * SNAPSHOT_PAGE_BYTES : sections[which].size;
	uint64_t at = (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 8 | bytes[3];

	if (size < 4)
		return;
	if (bytes[0] >= 128)
		at = at * 16 % (size - 3);
	else
		at = at % (size < NEAR_START ? size - 3 : NEAR_START - 3);
	memcpy(base + offset + at, bytes + 4, 4);
}

static void look_up_ip(const struct pehra *snapshot, uint8_t (*addresses)[16])
{
	struct pehra_detail detail;
	const uint8_t *address = addresses[0];
	pehra_id id = pehra_ip(snapshot, address);
	pehra_id batch;
	const char *names[2];

	pehra_ip_batch(snapshot, (const uint8_t(*)[16])addresses, &batch, 1);
	must(batch == id);
	(void)pehra_ip_detail(snapshot, address, &detail);
	(void)pehra_ip_any_within(snapshot, address, 120);
	(void)pehra_ip_any_within(snapshot, address, 100);
	(void)pehra_ip_any_within(snapshot, address, 64);

	const struct pehra_verdict *verdict = pehra_verdict(snapshot, id);

	if (verdict != NULL && pehra_sources(snapshot, verdict->source_set, names, 2) > 0)
		must(strlen(names[0]) < SIZE_MAX);
}

static void look_up(const struct pehra *snapshot)
{
	static const char *const names[] = { "a.example", "b.a.example", "example", "x.test" };
	static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct pehra_info info;

	for (uint32_t i = 0; i < V4_ENTRIES; i++) {
		static const uint32_t bases[] = { 0x0a010000, 0xc0000200, 0xc6336400, 0xcb007100 };
		uint32_t v4 = bases[i % 4] | (mixed(i) >> 22);
		uint64_t high = UINT64_C(0x20010db800000000) + mixed(i) % 200;
		uint8_t bytes[16];

		memcpy(bytes, v4_mapped, sizeof v4_mapped);
		for (unsigned k = 0; k < 4; k++)
			bytes[12 + k] = (uint8_t)(v4 >> (24 - 8 * k));
		look_up_ip(snapshot, &bytes);
		for (unsigned k = 0; k < 8; k++) {
			bytes[k] = (uint8_t)(high >> (56 - 8 * k));
			bytes[8 + k] = (uint8_t)((uint64_t)(i % 60) << 40 >> (56 - 8 * k));
		}
		look_up_ip(snapshot, &bytes);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct pehra_detail detail;

		(void)pehra_name_detail(snapshot, names[i], strlen(names[i]), &detail);
		(void)pehra_name_any_below(snapshot, names[i], strlen(names[i]));
		(void)pehra_url(snapshot, names[i], strlen(names[i]));
	}
	for (unsigned i = 0; i < CATEGORIES_MAX; i++) {
		const char *name = pehra_category_name(snapshot, i);

		must(name == NULL || strlen(name) < CATEGORY_NAME_BYTES);
	}
	pehra_info(snapshot, &info);
	(void)pehra_superseded(snapshot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = good_file();
	struct stat about;
	struct pehra snapshot;

	must(fstat(fd, &about) == 0);

	size_t bytes = (size_t)about.st_size;
	uint8_t *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	must(base != MAP_FAILED);

	struct snapshot_header good;

	memcpy(&good, base, sizeof good);
	for (size_t at = 0; at + CHANGE_BYTES <= size; at += CHANGE_BYTES)
		change(base, good.sections, data + at);

	struct snapshot_header *header = (struct snapshot_header *)(void *)base;

	header->checksum = xxh64(header, offsetof(struct snapshot_header, checksum), 0);
	if (pehra_attach(base, bytes, PEHRA_OPEN_PLAIN, &snapshot) == PEHRA_OK)
		look_up(&snapshot);
	(void)munmap(base, bytes);
	return 0;
}
