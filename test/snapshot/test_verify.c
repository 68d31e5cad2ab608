/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing and verifying, keys, and input that a build refuses. */
#include "snapshot/oracle.h"

#include "format.h"
#include "xxh64.h"

#include <fcntl.h>
#include <sys/stat.h>

static enum err verified(const struct oracle *oracle, const uint8_t key[32])
{
	CLEANUP(buf_done) struct buf path = { 0 };
	struct why why = { 0 };

	buf_fmt(&path, "%s/generation.pehra", oracle->folder);
	return snapshot_verify(buf_c(&path), key, &why);
}

static void test_signature(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
	CLEANUP(oracle_free) struct oracle *other = oracle_new();
	CLEANUP(buf_done) struct buf path = { 0 };
	struct prop prop = { 9 };
	struct snapshot_header header;

	(void)state;
	oracle_add_v4(oracle, &prop, 100);
	oracle_build(oracle);
	assert_int_equal(verified(oracle, oracle->key.public), OK);
	assert_int_equal(verified(oracle, other->key.public), ERR_CORRUPT);

	buf_fmt(&path, "%s/generation.pehra", oracle->folder);

	CLEANUP(fd_close) int fd = open(buf_c(&path), O_RDWR | O_CLOEXEC);

	must(pread(fd, &header, sizeof header, 0) == sizeof header);
	/* a forged checksum does not help: the digest and the signature remain */
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		struct snapshot_header forged = header;
		const struct section *section = &header.sections[i];
		CLEANUP(buf_done) struct buf bytes = { 0 };

		if (section->size == 0)
			continue;

		char *data = buf_reserve(&bytes, section->size);

		must(pread(fd, data, section->size, (off_t)section->offset) ==
			(ssize_t)section->size);
		data[section->size / 2] ^= 1;
		must(pwrite(fd, data + section->size / 2, 1,
			     (off_t)(section->offset + section->size / 2)) == 1);
		forged.sections[i].checksum = xxh64(data, section->size, 0);
		forged.checksum = xxh64(&forged, offsetof(struct snapshot_header, checksum), 0);
		assert_int_equal(verified(oracle, oracle->key.public), ERR_CORRUPT);
		must(pwrite(fd, &forged, sizeof forged, 0) == sizeof forged);
		assert_int_equal(verified(oracle, oracle->key.public), ERR_CORRUPT);
		data[section->size / 2] ^= 1;
		must(pwrite(fd, data + section->size / 2, 1,
			     (off_t)(section->offset + section->size / 2)) == 1);
		must(pwrite(fd, &header, sizeof header, 0) == sizeof header);
	}
	assert_int_equal(verified(oracle, oracle->key.public), OK);
}

static void test_keys(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
	CLEANUP(buf_done) struct buf path = { 0 };
	struct snapshot_key again;
	struct stat about;
	struct why why = { 0 };

	(void)state;
	assert_int_equal(snapshot_key_load_or_make(oracle->folder, &again, &why), OK);
	assert_memory_equal(&again, &oracle->key, sizeof again);
	buf_fmt(&path, "%s/snapshot.key", oracle->folder);
	must(stat(buf_c(&path), &about) == 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	assert_int_equal(file_replace(buf_c(&path), STR("not a key\n"), 0600, &why), OK);
	assert_int_equal(snapshot_key_load_or_make(oracle->folder, &again, &why), ERR_CORRUPT);
}

static void build_refused(struct oracle *oracle, struct snapshot_input input)
{
	struct why why = { 0 };

	input.verdicts = oracle->verdicts;
	assert_int_equal(snapshot_build(&input, oracle->folder, &oracle->key, &why), ERR_CORRUPT);
	assert_true(why.text[0] != '\0');
	/* the last good file is as it was */
	assert_int_equal(verified(oracle, oracle->key.public), OK);
}

static void test_bad_input(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
	struct snapshot_v4 unsorted[] = { { .address = 2, .width = 32, .verdict = 1 },
		{ .address = 1, .width = 32, .verdict = 1 } };
	struct snapshot_v4 twice[] = { { .address = 2, .width = 32, .verdict = 1 },
		{ .address = 2, .width = 32, .verdict = 2 } };
	struct snapshot_v4 host_bits = { .address = 1, .width = 24, .verdict = 1 };
	struct snapshot_v4 no_verdict = { .address = 1, .width = 32 };
	struct snapshot_v4 unknown_verdict = { .address = 1, .width = 32, .verdict = 60000 };
	struct snapshot_v6 bits = { .high = 1, .length = 63, .verdict = 1 };
	struct snapshot_v6 low_bits = { .high = 1, .low = 1, .length = 64, .verdict = 1 };
	struct snapshot_text empty = { .verdict = 1 };

	(void)state;
	oracle_build(oracle);
	build_refused(oracle, (struct snapshot_input){ .v4 = unsorted, .v4_count = 2 });
	build_refused(oracle, (struct snapshot_input){ .v4 = twice, .v4_count = 2 });
	build_refused(oracle, (struct snapshot_input){ .v4 = &host_bits, .v4_count = 1 });
	build_refused(oracle, (struct snapshot_input){ .v4 = &no_verdict, .v4_count = 1 });
	build_refused(oracle, (struct snapshot_input){ .v4 = &unknown_verdict, .v4_count = 1 });
	build_refused(oracle, (struct snapshot_input){ .v6 = &bits, .v6_count = 1 });
	build_refused(oracle, (struct snapshot_input){ .v6 = &low_bits, .v6_count = 1 });
	build_refused(oracle, (struct snapshot_input){ .texts = &empty, .text_count = 1 });
}

/* Equal input gives equal bytes but for generation, time and signature. */
static void test_same_bytes(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
	CLEANUP(buf_done) struct buf first = { 0 };
	CLEANUP(buf_done) struct buf second = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	struct prop prop = { 3 };
	struct why why = { 0 };

	(void)state;
	oracle_add_v4(oracle, &prop, 300);
	oracle_add_v6(oracle, &prop, 300);
	oracle_add_texts(oracle, &prop, 60);
	buf_fmt(&path, "%s/generation.pehra", oracle->folder);
	oracle_build(oracle);
	assert_int_equal(file_read(buf_c(&path), SIZE_MAX / 2, &first, &why), OK);
	oracle_build(oracle);
	assert_int_equal(file_read(buf_c(&path), SIZE_MAX / 2, &second, &why), OK);
	assert_int_equal(first.n, second.n);
	assert_memory_equal(first.data + SNAPSHOT_PAGE_BYTES, second.data + SNAPSHOT_PAGE_BYTES,
		first.n - SNAPSHOT_PAGE_BYTES);
}

/* When ids run out an entry keeps a verdict, first without its sources, then a similar one. */
static void test_verdicts_run_out(void **state)
{
	CLEANUP(verdict_table_free) struct verdict_table *table = verdict_table_new();
	uint16_t sources[2];
	struct pehra_verdict verdict = { .score = { 50 }, .action = PEHRA_BLOCK };
	uint16_t plain = 0;

	(void)state;
	for (uint32_t i = 0; i < 60000; i++) {
		sources[0] = (uint16_t)i;
		sources[1] = (uint16_t)(i + 1);
		plain = verdict_table_intern(table, &verdict, sources, 2);
		assert_int_not_equal(plain, 0);
	}
	verdict.score[0] = 51;
	for (uint32_t i = 0; i < 9000; i++) {
		verdict.categories = i;
		assert_int_not_equal(verdict_table_intern(table, &verdict, NULL, 0), 0);
	}
	verdict.categories = UINT64_MAX;
	verdict.score[0] = 52;
	assert_int_not_equal(verdict_table_intern(table, &verdict, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_bad_input),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_verdicts_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
