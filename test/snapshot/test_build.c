/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Snapshots of random sets against a linear scan. */
#include "snapshot/oracle.h"

static const char *v4_agrees(struct prop *prop)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();

	oracle_add_v4(oracle, prop, prop_below(prop, prop_below(prop, 4) == 0 ? 4000 : 60));
	oracle_build(oracle);

	struct pehra *snapshot = oracle_open(oracle, "generation.pehra");
	const char *wrong = oracle_compare_v4(oracle, snapshot, prop);

	pehra_close(snapshot);
	return wrong;
}

static void test_v4(void **state)
{
	(void)state;
	PROP_RUN(40, v4_agrees);
}

static const char *v6_agrees(struct prop *prop)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();

	oracle_add_v6(oracle, prop, prop_below(prop, prop_below(prop, 4) == 0 ? 3000 : 60));
	oracle_build(oracle);

	struct pehra *snapshot = oracle_open(oracle, "generation.pehra");
	const char *wrong = oracle_compare_v6(oracle, snapshot, prop);

	pehra_close(snapshot);
	return wrong;
}

static void test_v6(void **state)
{
	(void)state;
	PROP_RUN(40, v6_agrees);
}

static const char *texts_agree(struct prop *prop)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();

	oracle_add_texts(oracle, prop, prop_below(prop, 500));
	oracle_build(oracle);

	struct pehra *snapshot = oracle_open(oracle, "generation.pehra");
	const char *wrong = oracle_compare_texts(oracle, snapshot, prop);

	pehra_close(snapshot);
	return wrong;
}

static void test_texts(void **state)
{
	(void)state;
	PROP_RUN(40, texts_agree);
}

/* Every address of a small space, at each width, alone and nested. */
static const char *space_agrees(struct prop *prop)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
	const char *wrong = NULL;
	uint32_t base = 0xc6336000; /* 198.51.96.0/20 */

	for (uint8_t width = 14; width <= 32; width++) {
		for (size_t i = 0; i < 3; i++) {
			struct snapshot_v4 entry = { .address = base |
								(uint32_t)prop_below(prop, 4096),
				.width = width,
				.verdict = (uint16_t)(1 + prop_below(prop, ORACLE_VERDICTS)) };

			entry.address &= width == 32 ? UINT32_MAX : ~(UINT32_MAX >> width);
			oracle_put_v4(oracle, &entry);
		}
	}
	oracle_build(oracle);

	struct pehra *snapshot = oracle_open(oracle, "generation.pehra");
	uint32_t addresses[4096];
	pehra_id ids[4096];

	for (uint32_t i = 0; i < 4096; i++)
		addresses[i] = base + i;
	pehra_ipv4_batch(snapshot, addresses, ids, 4096);
	for (uint32_t i = 0; wrong == NULL && i < 4096; i++) {
		const struct snapshot_v4 *expected = oracle_v4(oracle, base + i, 33);
		uint16_t id = expected == NULL ? 0 : expected->verdict;

		if (ids[i] != id || pehra_ipv4(snapshot, base + i) != id)
			wrong = "an address of a small space differs";
	}
	pehra_close(snapshot);
	return wrong;
}

static void test_space(void **state)
{
	(void)state;
	PROP_RUN(20, space_agrees);
}

/* A /48 that ends where a /32 starts: an address of the /32 must not get the /48's verdict. */
static void test_close_before_open(void **state)
{
	CLEANUP(oracle_free) struct oracle *oracle = oracle_new();
	struct snapshot_v6 narrow = {
		.high = UINT64_C(0x20010db7ffff0000), .length = 48, .verdict = 1
	};
	struct snapshot_v6 wide = {
		.high = UINT64_C(0x20010db800000000), .length = 32, .verdict = 2
	};
	uint8_t bytes[16];

	(void)state;
	oracle_put_v6(oracle, &narrow);
	oracle_put_v6(oracle, &wide);
	oracle_build(oracle);

	struct pehra *snapshot = oracle_open(oracle, "generation.pehra");

	oracle_bytes_of(UINT64_C(0x20010db7ffffffff), UINT64_MAX, bytes);
	assert_int_equal(pehra_ip(snapshot, bytes), 1);
	oracle_bytes_of(UINT64_C(0x20010db800000000), 0, bytes);
	assert_int_equal(pehra_ip(snapshot, bytes), 2);
	oracle_bytes_of(UINT64_C(0x20010db800000001), 7, bytes);
	assert_int_equal(pehra_ip(snapshot, bytes), 2);
	oracle_bytes_of(UINT64_C(0x20010db900000000), 0, bytes);
	assert_int_equal(pehra_ip(snapshot, bytes), 0);
	pehra_close(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_space),
		cmocka_unit_test(test_close_before_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
