/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening: what a good file tells, and every kind of bad file refused. */
#include "snapshot/oracle.h"

#include "format.h"
#include "snapshot/live.h"
#include "xxh64.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct oracle *filled(void)
{
	struct oracle *oracle = oracle_new();
	struct prop prop = { 5 };

	oracle_add_v4(oracle, &prop, 200);
	oracle_add_v6(oracle, &prop, 200);
	oracle_add_texts(oracle, &prop, 50);
	oracle_build(oracle);
	return oracle;
}

static int file_open(const struct oracle *oracle, const char *name)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	int fd;

	buf_fmt(&path, "%s/%s", oracle->folder, name);
	fd = open(buf_c(&path), O_RDWR | O_CLOEXEC);
	must(fd != -1);
	return fd;
}

static void test_info(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = filled();
	struct pehra *snapshot = oracle_open(oracle, "generation.pehra");
	struct pehra_info info;

	(void)state;
	pehra_info(snapshot, &info);
	assert_int_equal(info.generation, 1);
	assert_int_equal(info.created_s, 1790000000);
	assert_int_equal(info.changes, 0);
	assert_int_equal(info.ipv4_entries, oracle->v4_count);
	assert_int_equal(info.ipv6_entries, oracle->v6_count);
	assert_int_equal(info.name_entries, oracle->text_count);
	assert_int_equal(info.verdicts, ORACLE_VERDICTS);
	assert_false(info.is_live);
	assert_string_equal(pehra_category_name(snapshot, 0), "scanner");
	assert_null(pehra_category_name(snapshot, 1));
	assert_string_equal(pehra_category_name(snapshot, 2), "tor");
	assert_null(pehra_category_name(snapshot, 3));
	assert_null(pehra_verdict(snapshot, 0));
	assert_null(pehra_verdict(snapshot, ORACLE_VERDICTS + 1));
	pehra_close(snapshot);
}

static void test_sources(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = filled();
	struct pehra *snapshot = oracle_open(oracle, "generation.pehra");
	const struct pehra_verdict *verdict = pehra_verdict(snapshot, 2);
	const char *names[2] = { NULL, NULL };

	(void)state;
	assert_int_equal(verdict->source_count, 2);
	assert_int_equal(pehra_sources(snapshot, verdict->source_set, names, 1), 2);
	assert_string_equal(names[0], "alpha");
	assert_null(names[1]);
	assert_int_equal(pehra_sources(snapshot, 0, names, 2), 0);
	assert_int_equal(pehra_sources(snapshot, UINT16_MAX, names, 2), 0);
	pehra_close(snapshot);
}

static enum pehra_status opened(int fd, unsigned flags)
{
	struct pehra *snapshot;
	enum pehra_status status = pehra_open_fd(fd, flags, &snapshot);

	assert_true((snapshot != NULL) == (status == PEHRA_OK));
	pehra_close(snapshot);
	return status;
}

static void test_verify_flag(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = filled();
	CLEANUP(snapshot_live_close) struct snapshot_live *live = NULL;
	CLEANUP(fd_close) int fd = file_open(oracle, "generation.pehra");
	struct snapshot_header header;
	struct why why;

	(void)state;
	assert_int_equal(opened(fd, PEHRA_OPEN_VERIFY), PEHRA_OK);
	must(pread(fd, &header, sizeof header, 0) == sizeof header);
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		const struct section *section = &header.sections[i];
		uint8_t byte;

		if (section->size == 0)
			continue;

		off_t at = (off_t)(section->offset + section->size / 2);

		must(pread(fd, &byte, 1, at) == 1);
		byte ^= 4;
		must(pwrite(fd, &byte, 1, at) == 1);
		assert_int_equal(opened(fd, PEHRA_OPEN_VERIFY), PEHRA_ERROR_CHECKSUM);
		byte ^= 4;
		must(pwrite(fd, &byte, 1, at) == 1);
	}
	assert_int_equal(opened(fd, PEHRA_OPEN_VERIFY), PEHRA_OK);
	assert_int_equal(snapshot_live_open(oracle->folder, &live, &why), OK);

	CLEANUP(fd_close) int live_fd = file_open(oracle, "live.pehra");

	assert_int_equal(opened(live_fd, PEHRA_OPEN_VERIFY), PEHRA_ERROR_CHECKSUM);
	assert_int_equal(opened(live_fd, PEHRA_OPEN_PLAIN), PEHRA_OK);
}

/* Any header byte changed is noticed, and with a new checksum it is refused or harmless. */
static void test_header_bytes(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = filled();
	CLEANUP(fd_close) int fd = file_open(oracle, "generation.pehra");
	struct snapshot_header good;

	(void)state;
	must(pread(fd, &good, sizeof good, 0) == sizeof good);
	for (size_t at = 0; at < sizeof good; at += 3) {
		struct snapshot_header bad = good;

		((uint8_t *)&bad)[at] ^= 0x41;
		must(pwrite(fd, &bad, sizeof bad, 0) == sizeof bad);
		assert_int_not_equal(opened(fd, PEHRA_OPEN_PLAIN), PEHRA_OK);
		bad.checksum = xxh64(&bad, offsetof(struct snapshot_header, checksum), 0);
		must(pwrite(fd, &bad, sizeof bad, 0) == sizeof bad);
		(void)opened(fd, PEHRA_OPEN_PLAIN);
	}
}

static void test_short_files(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = filled();
	CLEANUP(fd_close) int fd = file_open(oracle, "generation.pehra");
	struct stat about;
	struct pehra *snapshot;

	(void)state;
	must(fstat(fd, &about) == 0);
	must(ftruncate(fd, about.st_size - SNAPSHOT_PAGE_BYTES) == 0);
	assert_int_equal(opened(fd, PEHRA_OPEN_PLAIN), PEHRA_ERROR_FORMAT);
	must(ftruncate(fd, SNAPSHOT_PAGE_BYTES) == 0);
	assert_int_equal(opened(fd, PEHRA_OPEN_PLAIN), PEHRA_ERROR_FORMAT);
	must(ftruncate(fd, 0) == 0);
	assert_int_equal(opened(fd, PEHRA_OPEN_PLAIN), PEHRA_ERROR_FORMAT);
	assert_int_equal(pehra_open("/nonexistent/file", 0, &snapshot), PEHRA_ERROR_SYSTEM);
	assert_null(snapshot);
	assert_int_equal(pehra_open("/dev/null", 0, &snapshot), PEHRA_ERROR_FORMAT);
	assert_string_equal(pehra_status_text(PEHRA_OK), "ok");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_verify_flag),
		cmocka_unit_test(test_header_bytes),
		cmocka_unit_test(test_short_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
