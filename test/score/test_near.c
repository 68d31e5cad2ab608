/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups of neighbours, and networks against linear scans. */
#include "prop.h"

#include "score/near.h"
#include "score/networks.h"

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(str_c(text), NULL, &prefix, NULL), OK);
	return prefix;
}

static void test_groups(void **state)
{
	static const struct {
		const char *prefix;
		unsigned level;
		const char *group; /* NULL: none */
	} rows[] = {
		{ "192.0.2.77", 0, "192.0.2.0/24" },
		{ "192.0.2.128/25", 0, "192.0.2.0/24" },
		{ "192.0.2.0/24", 0, NULL },
		{ "192.0.2.77", 1, NULL },
		{ "10.0.0.0/8", 0, NULL },
		{ "0.0.0.0/0", 0, NULL },
		{ "2001:db8:1:2ff::/64", 0, "2001:db8:1:200::/56" },
		{ "2001:db8:1:2ff::/64", 1, "2001:db8:1::/48" },
		{ "2001:db8:1:2ff::7", 0, NULL },
		{ "2001:db8:1:2ff::/64", 2, NULL },
		{ "2001:db8:1:200::/63", 0, NULL },
		{ "::/0", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct prefix prefix = prefix_of(rows[i].prefix);
		struct prefix group;
		bool is_near = near_group(&prefix, rows[i].level, &group);

		assert_int_equal(is_near, rows[i].group != NULL);
		if (is_near) {
			struct prefix expected = prefix_of(rows[i].group);

			assert_int_equal(prefix_cmp(&group, &expected), 0);
		}
	}
}

static void test_active(void **state)
{
	(void)state;
	assert_true(near_is_active(ROLE_SOURCE, true, 0, 1000));
	assert_true(near_is_active(ROLE_DESTINATION, false, 970, 1000));
	assert_false(near_is_active(ROLE_DESTINATION, false, 969, 1000));
	assert_true(near_is_active(ROLE_SOURCE, false, 1001, 1000));
	assert_false(near_is_active(ROLE_POLICY, true, 1000, 1000));
}

enum { NETWORKS_MAX = 40 };

static struct prefix random_prefix(struct prop *prop)
{
	struct ipaddr ip = ip_from_u32((uint32_t)prop_below(prop, 64) << 26);

	if (prop_below(prop, 3) == 0) {
		ip = (struct ipaddr){ { 0x20, (uint8_t)prop_below(prop, 8) } };
		return prefix_around(&ip, (uint8_t)prop_below(prop, 129));
	}
	return prefix_around(&ip, (uint8_t)(IPV4_OFFSET + prop_below(prop, 33)));
}

static int by_prefix(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

static const char *finds_the_closest(struct prop *prop)
{
	struct prefix prefixes[NETWORKS_MAX] = { 0 };
	struct score_network values[NETWORKS_MAX] = { 0 };
	CLEANUP(score_networks_done) struct score_networks networks = { 0 };
	size_t n = prop_below(prop, NETWORKS_MAX);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		prefixes[i] = random_prefix(prop);
	qsort(prefixes, n, sizeof *prefixes, by_prefix);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || prefix_cmp(&prefixes[kept - 1], &prefixes[i]) != 0)
			prefixes[kept++] = prefixes[i];
	}
	for (size_t i = 0; i < kept; i++)
		values[i].asn = (uint32_t)i + 1;
	score_networks_build(&networks, prefixes, values, kept);
	for (int i = 0; i < 50; i++) {
		struct prefix asked = random_prefix(prop);
		uint32_t expected = 0;

		for (size_t j = 0; j < kept; j++) {
			/* sorted, so those that hold it come wider first */
			if (prefix_contains(&prefixes[j], &asked))
				expected = values[j].asn;
		}
		if (score_networks_find(&networks, &asked).asn != expected)
			return "another network";
	}
	return NULL;
}

static void test_networks(void **state)
{
	struct prefix prefix = prefix_of("192.0.2.1");

	(void)state;
	assert_int_equal(score_networks_find(NULL, &prefix).asn, 0);
	PROP_RUN(2000, finds_the_closest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_active),
		cmocka_unit_test(test_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
