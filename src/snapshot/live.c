/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/live_int.h"

#include "base/io.h"
#include "snapshot/replace.h"
#include "snapshot/writer.h"
#include "xxh64.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every store of a change is a releasing one, so whoever sees it sees the odd turn too. */
void live_begin(struct snapshot_live *live)
{
	struct snapshot_control *control = live->map.control;

	atomic_store_explicit(&control->turn, LOAD(&control->turn) + 1, memory_order_relaxed);
}

void live_end(struct snapshot_live *live)
{
	struct snapshot_control *control = live->map.control;

	atomic_store_explicit(&control->changes, LOAD(&control->changes) + 1, memory_order_relaxed);
	atomic_store_explicit(&control->turn, LOAD(&control->turn) + 1, memory_order_release);
}

enum err live_verdict_check(const struct snapshot_live *live, uint16_t verdict, struct why *why)
{
	if (verdict > LOAD(&live->map.control->verdicts))
		return fail(why, ERR_USAGE, "verdict %u was not interned", verdict);
	return OK;
}

static uint64_t at_most(uint64_t value, uint64_t most)
{
	return value < most ? value : most;
}

/* The records of the file, so that equal ones are found again. */
static void verdicts_load(struct snapshot_live *live)
{
	const struct pehra *map = &live->map;
	struct verdict_table *table = live->verdicts;
	uint64_t ids = at_most(LOAD(&map->control->verdicts), map->verdict_count - 1);
	uint64_t sets = at_most(LOAD(&map->control->sets), map->set_count);
	uint64_t numbers = at_most(LOAD(&map->control->set_numbers), map->set_number_count);
	bool is_new;

	for (uint64_t set = 1; set < sets; set++) {
		uint64_t start = map->set_starts[set];

		if (start >= map->set_number_count ||
			map->set_numbers[start] > map->set_number_count - start - 1)
			continue;
		*map_add(&table->sets,
			str_from((const char *)&map->set_numbers[start + 1],
				map->set_numbers[start] * sizeof(uint16_t)),
			&is_new) = set;
	}
	for (uint64_t id = 1; id <= ids; id++)
		*map_add(&table->ids,
			str_from((const char *)&map->verdicts[id], sizeof *map->verdicts),
			&is_new) = id;
	buf_clear(&table->records);
	buf_put(&table->records, map->verdicts, (ids + 1) * sizeof *map->verdicts);
	buf_clear(&table->set_starts);
	buf_put(&table->set_starts, map->set_starts, sets * sizeof *map->set_starts);
	buf_clear(&table->set_numbers);
	buf_put(&table->set_numbers, map->set_numbers, numbers * sizeof *map->set_numbers);
}

static void sources_load(struct snapshot_live *live)
{
	const struct pehra *map = &live->map;
	bool is_new;

	for (uint64_t i = 0; i < at_most(LOAD(&map->control->sources), map->source_count); i++) {
		if (map->source_starts[i] < map->source_byte_count)
			*map_add(&live->sources, str_c(map->source_names + map->source_starts[i]),
				&is_new) = i;
	}
}

/* Copies what is not zero; the header becomes that of a live copy. */
static enum err copy_made(int from, int to, void **base, size_t *bytes, struct why *why)
{
	struct stat about;

	if (fstat(from, &about) == -1 || ftruncate(to, about.st_size) == -1)
		return fail_sys(why, "cannot size the live copy");
	*bytes = (size_t)about.st_size;
	for (off_t at = 0; (at = lseek(from, at, SEEK_DATA)) != -1;) {
		off_t end = lseek(from, at, SEEK_HOLE);
		off_t out = at;

		while (at < end) {
			ssize_t n = copy_file_range(from, &at, to, &out, (size_t)(end - at), 0);

			if (n <= 0)
				return fail_sys(why, "cannot copy the generation");
		}
	}
	*base = mmap(NULL, *bytes, PROT_READ | PROT_WRITE, MAP_SHARED, to, 0);
	return *base == MAP_FAILED ? fail_sys(why, "cannot map the live copy") : OK;
}

static enum err header_made_live(
	struct snapshot_live *live, void *base, size_t bytes, struct why *why)
{
	struct snapshot_header *header = base;
	enum pehra_status status = pehra_attach(base, bytes, PEHRA_OPEN_PLAIN, &live->map);

	if (status != PEHRA_OK)
		return fail(why, ERR_CORRUPT, "generation.pehra: %s", pehra_status_text(status));
	header->flags |= SNAPSHOT_IS_LIVE;
	memset(header->signature, 0, sizeof header->signature);
	header->checksum = xxh64(header, offsetof(struct snapshot_header, checksum), 0);
	atomic_store(&live->map.control->superseded, 0);
	status = pehra_attach(base, bytes, PEHRA_OPEN_PLAIN, &live->map);
	must(status == PEHRA_OK);
	return OK;
}

/* NOLINTBEGIN(clang-analyzer-unix.Malloc): live goes by its clean-up, which is not followed here */

/* The live copy of the newest generation in file, whole, and mapped in live. */
static enum err copy_mapped(const char *folder, const char *path, struct replacement *file,
	struct snapshot_live *live, struct why *why)
{
	CLEANUP(buf_done) struct buf from = { 0 };
	void *base = NULL;
	size_t bytes = 0;

	buf_fmt(&from, "%s/generation.pehra", folder);

	CLEANUP(fd_close) int fd = open(buf_c(&from), O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return fail_sys(why, "cannot open %s", buf_c(&from));
	TRY(replacement_open(file, path, 0644, why));
	TRY(copy_made(fd, file->fd, &base, &bytes, why));

	enum err err = header_made_live(live, base, bytes, why);

	if (err != OK) {
		(void)munmap(base, bytes);
		live->map.header = NULL;
	}
	return err;
}

enum err snapshot_live_prepare(const char *folder, struct why *why)
{
	CLEANUP(buf_done) struct buf to = { 0 };
	CLEANUP(replacement_done) struct replacement file = { .fd = -1 };
	CLEANUP(snapshot_live_close) struct snapshot_live *live = calloc(1, sizeof *live);

	must(live != NULL);
	buf_fmt(&to, "%s/live.next", folder);
	TRY(copy_mapped(folder, buf_c(&to), &file, live, why));
	if (fsync(file.fd) == -1)
		return fail_sys(why, "cannot sync %s", buf_c(&to));
	return replacement_commit(&file, why);
}

/* Is it the live copy of this generation: the same sections with the same digests? */
static bool is_copy_of(const struct pehra *map, const char *generation)
{
	CLEANUP(fd_close) int fd = open(generation, O_RDONLY | O_CLOEXEC);
	struct snapshot_header header;

	return fd != -1 && pread(fd, &header, sizeof header, 0) == (ssize_t)sizeof header &&
	       (map->header->flags & SNAPSHOT_IS_LIVE) != 0 &&
	       map->header->generation == header.generation &&
	       memcmp(map->header->sections, header.sections, sizeof header.sections) == 0;
}

/* Maps a file for writing; false when it is no live copy of the newest generation. */
static bool mapped_as_it_is(const char *folder, const char *path, struct snapshot_live *live)
{
	CLEANUP(buf_done) struct buf generation = { 0 };
	struct stat about;
	bool is_whole;
	void *base;

	buf_fmt(&generation, "%s/generation.pehra", folder);

	CLEANUP(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd == -1 || fstat(fd, &about) == -1)
		return false;
	base = mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return false;
	is_whole = pehra_attach(base, (size_t)about.st_size, PEHRA_OPEN_PLAIN, &live->map) ==
			   PEHRA_OK &&
		   is_copy_of(&live->map, buf_c(&generation));
	if (!is_whole) {
		(void)munmap(base, (size_t)about.st_size);
		live->map.header = NULL;
	}
	return is_whole;
}

static void tables_load(struct snapshot_live *live)
{
	live->verdicts = verdict_table_new();
	verdicts_load(live);
	sources_load(live);
}

enum err snapshot_live_next(const char *folder, struct snapshot_live **out, struct why *why)
{
	CLEANUP(buf_done) struct buf next = { 0 };
	CLEANUP(replacement_done) struct replacement file = { .fd = -1 };
	CLEANUP(snapshot_live_close) struct snapshot_live *live = calloc(1, sizeof *live);

	must(live != NULL);
	buf_fmt(&next, "%s/live.next", folder);
	if (!mapped_as_it_is(folder, buf_c(&next), live)) {
		TRY(copy_mapped(folder, buf_c(&next), &file, live, why));
		TRY(replacement_commit(&file, why));
	}
	tables_load(live);
	*out = live;
	live = NULL;
	return OK;
}

/* Was it written since this machine started? Before that, a loss of power may have torn it. */
static bool is_of_this_boot(const char *path)
{
	struct timespec up;
	struct timespec now;
	struct stat about;

	if (stat(path, &about) == -1 || clock_gettime(CLOCK_BOOTTIME, &up) == -1 ||
		clock_gettime(CLOCK_REALTIME, &now) == -1)
		return false;
	return about.st_mtim.tv_sec > now.tv_sec - up.tv_sec;
}

bool snapshot_live_continue(const char *folder, struct snapshot_live **out)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(snapshot_live_close) struct snapshot_live *live = calloc(1, sizeof *live);

	must(live != NULL);
	buf_fmt(&path, "%s/live.pehra", folder);
	if (!is_of_this_boot(buf_c(&path)) || !mapped_as_it_is(folder, buf_c(&path), live))
		return false;
	/* a keeper killed in mid-change left it odd: readers would look again and again */
	if (LOAD(&live->map.control->turn) % 2 != 0)
		atomic_fetch_add(&live->map.control->turn, 1);
	tables_load(live);
	*out = live;
	live = NULL;
	return true;
}

enum err snapshot_live_publish(const char *folder, struct why *why)
{
	CLEANUP(buf_done) struct buf from = { 0 };
	CLEANUP(buf_done) struct buf to = { 0 };

	buf_fmt(&from, "%s/live.next", folder);
	buf_fmt(&to, "%s/live.pehra", folder);
	return replacement_move(buf_c(&from), buf_c(&to), why);
}

enum err snapshot_live_open(const char *folder, struct snapshot_live **out, struct why *why)
{
	CLEANUP(buf_done) struct buf next = { 0 };
	enum err err;

	buf_fmt(&next, "%s/live.next", folder);
	(void)unlink(buf_c(&next));
	TRY(snapshot_live_next(folder, out, why));
	err = snapshot_live_publish(folder, why);
	if (err != OK)
		snapshot_live_close(out);
	return err;
}

/* NOLINTEND(clang-analyzer-unix.Malloc) */

void snapshot_live_close(struct snapshot_live **live)
{
	if (*live == NULL)
		return;
	if ((*live)->map.header != NULL)
		(void)munmap((*live)->map.header, (*live)->map.bytes);
	verdict_table_free(&(*live)->verdicts);
	map_done(&(*live)->sources);
	free(*live);
	*live = NULL;
}

/* The number of a source, which is added when new. */
static enum err source_intern(
	struct snapshot_live *live, struct str name, uint16_t *out, struct why *why)
{
	struct pehra *map = &live->map;
	uint32_t number = LOAD(&map->control->sources);
	uint32_t start = LOAD(&map->control->source_bytes);
	const uint64_t *known = map_get(&live->sources, name);
	bool is_new;

	if (known != NULL) {
		*out = (uint16_t)*known;
		return OK;
	}
	if (number >= map->source_count || number > UINT16_MAX ||
		name.n >= map->source_byte_count - start)
		return fail(why, ERR_FULL, "no room for a new source in the live copy");
	/* the byte behind is zero already */
	memcpy(map->source_names + start, name.p, name.n);
	map->source_starts[number] = start;
	atomic_store_explicit(
		&map->control->source_bytes, (uint32_t)(start + name.n + 1), memory_order_relaxed);
	atomic_store_explicit(&map->control->sources, number + 1, memory_order_release);
	*map_add(&live->sources, name, &is_new) = number;
	*out = (uint16_t)number;
	return OK;
}

/* Copies what the table has more than the file, sets before the records that name them. */
static void verdicts_publish(struct snapshot_live *live)
{
	struct pehra *map = &live->map;
	struct snapshot_control *control = map->control;
	const struct verdict_table *table = live->verdicts;
	uint32_t sets = LOAD(&control->sets);
	uint32_t numbers = LOAD(&control->set_numbers);
	uint32_t ids = LOAD(&control->verdicts);
	uint32_t new_sets = verdict_table_sets(table);
	uint32_t new_numbers = (uint32_t)(table->set_numbers.n / sizeof(uint16_t));
	uint32_t new_ids = verdict_table_count(table);

	if (new_sets > map->set_count || new_numbers > map->set_number_count ||
		new_ids >= map->verdict_count)
		return;
	memcpy(map->set_numbers + numbers,
		(const uint16_t *)(const void *)table->set_numbers.data + numbers,
		(new_numbers - numbers) * sizeof(uint16_t));
	memcpy(map->set_starts + sets,
		(const uint32_t *)(const void *)table->set_starts.data + sets,
		(new_sets - sets) * sizeof(uint32_t));
	memcpy(map->verdicts + ids + 1,
		(const struct pehra_verdict *)(const void *)table->records.data + ids + 1,
		(new_ids - ids) * sizeof *map->verdicts);
	atomic_store_explicit(&control->set_numbers, new_numbers, memory_order_release);
	atomic_store_explicit(&control->sets, new_sets, memory_order_release);
	atomic_store_explicit(&control->verdicts, new_ids, memory_order_release);
}

static int source_order(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

enum err snapshot_live_intern(struct snapshot_live *live, const struct pehra_verdict *verdict,
	const struct str *source_names, size_t source_count, uint16_t *out, struct why *why)
{
	CLEANUP(buf_done) struct buf sources = { 0 };

	for (size_t i = 0; i < source_count; i++) {
		uint16_t number;

		TRY(source_intern(live, source_names[i], &number, why));
		buf_put(&sources, &number, sizeof number);
	}
	if (source_count > 0)
		qsort(sources.data, source_count, sizeof(uint16_t), source_order);

	uint16_t id = verdict_table_intern(live->verdicts, verdict,
		(const uint16_t *)(const void *)sources.data, source_count);

	verdicts_publish(live);
	if (id > LOAD(&live->map.control->verdicts))
		return fail(why, ERR_FULL, "no room for a new verdict in the live copy");
	*out = id;
	return OK;
}
