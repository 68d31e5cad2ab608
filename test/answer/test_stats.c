/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "answer/stats.h"

static struct answer_stats *stats_new(uint32_t workers)
{
	struct answer_stats *stats = aligned_alloc(64, answer_stats_bytes());

	assert_non_null(stats);
	memset(stats, 0, answer_stats_bytes());
	stats->version = ANSWER_STATS_VERSION;
	stats->worker_count = workers;
	return stats;
}

static void test_workers_add_up(void **state)
{
	struct answer_stats *stats = stats_new(2);
	struct answer_totals totals;

	(void)state;
	answer_count(&stats->workers[0], COUNT_UDP);
	answer_count(&stats->workers[0], COUNT_UDP);
	answer_count(&stats->workers[1], COUNT_UDP);
	answer_count(&stats->workers[1], COUNT_LISTED);
	answer_count(&stats->workers[2], COUNT_LISTED); /* not one of the two */
	stats->workers[0].generation = 8;
	stats->workers[1].generation = 7;
	answer_count_client(&stats->workers[0], 5, 100);
	answer_count_client(&stats->workers[1], 9, 3);
	answer_count_client(&stats->workers[1], 9, 3);
	answer_count_client(&stats->workers[0], 9, 3);
	assert_true(answer_stats_read(stats, answer_stats_bytes(), &totals));
	assert_int_equal(totals.counters[COUNT_UDP], 3);
	assert_int_equal(totals.counters[COUNT_LISTED], 1);
	assert_int_equal(totals.generation, 7);
	assert_int_equal(totals.client_count, 2);
	assert_int_equal(totals.clients[0].prefix, 9);
	assert_int_equal(totals.clients[0].queries, 3);
	assert_int_equal(totals.clients[1].prefix, 5);
	free(stats);
}

static void test_not_trusted(void **state)
{
	struct answer_stats *stats = stats_new(ANSWER_WORKERS_MAX + 1);
	struct answer_totals totals;

	(void)state;
	assert_false(answer_stats_read(stats, answer_stats_bytes(), &totals));
	stats->worker_count = 1;
	assert_false(answer_stats_read(stats, answer_stats_bytes() - 1, &totals));
	stats->version++;
	assert_false(answer_stats_read(stats, answer_stats_bytes(), &totals));
	free(stats);
}

/* A client with a tenth of all queries comes out on top among a hundred thousand others. */
static void test_heavy_client(void **state)
{
	struct answer_stats *stats = stats_new(1);
	struct prop prop = { 1 };
	struct answer_totals totals;

	(void)state;
	for (size_t i = 0; i < 100000; i++) {
		uint64_t client = i % 10 == 0 ? 77 : prop_u64(&prop) | 1;

		answer_count_client(
			&stats->workers[0], client, client * UINT64_C(0x9e3779b97f4a7c15) >> 7);
	}
	assert_true(answer_stats_read(stats, answer_stats_bytes(), &totals));
	assert_int_equal(totals.client_count, ANSWER_TOP_CLIENTS);
	assert_int_equal(totals.clients[0].prefix, 77);
	assert_true(totals.clients[0].queries >= 10000);
	free(stats);
}

static void check_key(const char *ip, const char *prefix)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct ipaddr address;

	assert_int_equal(ip_parse(str_c(ip), NULL, &address, NULL), OK);
	answer_client_format(&text, answer_client_key(&address));
	assert_string_equal(buf_c(&text), prefix);
}

static void test_keys(void **state)
{
	(void)state;
	check_key("192.0.2.77", "192.0.2.0/24");
	check_key("0.0.0.0", "0.0.0.0/24");
	check_key("2001:db8:1:2ff:3::4", "2001:db8:1:200::/56");
	check_key("::", "::/56");
}

static void test_every_counter_has_a_name(void **state)
{
	(void)state;
	for (enum answer_counter i = 0; i < ANSWER_COUNTERS; i++) {
		assert_non_null(answer_counter_info(i)->family);
		assert_non_null(answer_counter_info(i)->help);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_workers_add_up),
		cmocka_unit_test(test_not_trusted),
		cmocka_unit_test(test_heavy_client),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_every_counter_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
