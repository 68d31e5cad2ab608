/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "net/special.h"

static const struct {
	const char *prefix;
	const char *within;   /* name of the row, NULL for none */
	const char *overlaps; /* NULL for none */
} cases[] = {
	{ "10.1.2.3", "private", "private" },
	{ "100.65.29.247", "shared (carrier NAT)", "shared (carrier NAT)" },
	{ "100.128.0.0", NULL, NULL },
	{ "172.15.255.255", NULL, NULL },
	{ "172.31.255.255", "private", "private" },
	{ "192.0.0.9", "port control anycast", "protocol assignments" },
	{ "192.0.0.11", "protocol assignments", "protocol assignments" },
	{ "0.0.0.0", "unspecified", "this network" },
	{ "8.8.0.0/16", NULL, NULL },
	{ "8.0.0.0/6", NULL, "private" },
	{ "0.0.0.0/0", NULL, "this network" },
	{ "192.0.0.0/16", NULL, "protocol assignments" },
	{ "240.1.2.0/24", "reserved", "reserved" },
	{ "255.255.255.255", "broadcast", "reserved" },
	{ "233.252.0.7", "documentation", "multicast" },
	{ "::1", "loopback", "loopback" },
	{ "::", "unspecified", "unspecified" },
	{ "::ffff:192.168.5.145", "private", "private" },
	{ "2001:db8:7::/48", "documentation", "documentation" },
	{ "2001:1::2", "TURN anycast", "protocol assignments" },
	{ "2001:200::/32", NULL, NULL },
	{ "fd00::1", "unique local", "unique local" },
	{ "2000::/3", NULL, "protocol assignments" },
	{ "2a00::/16", NULL, NULL },
	{ "2002:808:808::1", "6to4", "6to4" },
};

static void check(const char *text, const char *what, const struct special *found, const char *name)
{
	if ((found == NULL) != (name == NULL) || (name != NULL && strcmp(found->name, name) != 0))
		fail_msg("%s %s: %s", text, what, found == NULL ? "none" : found->name);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct prefix prefix;

		assert_int_equal(prefix_parse(str_c(cases[i].prefix), NULL, &prefix, NULL), OK);
		check(cases[i].prefix, "within", special_within(&prefix), cases[i].within);
		check(cases[i].prefix, "overlaps", special_overlaps(&prefix), cases[i].overlaps);
	}
}

static void test_rows(void **state)
{
	const struct special *rows;
	size_t n = special_rows(&rows);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct prefix canonical =
			prefix_around(&rows[i].prefix.address, rows[i].prefix.length);

		assert_true(prefix_cmp(&canonical, &rows[i].prefix) == 0);
		assert_true(i == 0 || prefix_cmp(&rows[i - 1].prefix, &rows[i].prefix) < 0);
		assert_true(rows[i].name != NULL && rows[i].rfc != NULL);
		assert_ptr_equal(special_within(&rows[i].prefix), &rows[i]);
		assert_non_null(special_overlaps(&rows[i].prefix));
	}
}

/* Every row tried, nothing clever. */
static const char *agrees_with_all_rows(struct prop *prop)
{
	const struct special *rows;
	const struct special *narrowest = NULL;
	const struct special *first = NULL;
	size_t n = special_rows(&rows);
	const struct special *near = &rows[prop_below(prop, n)];
	struct ipaddr ip = near->prefix.address;
	struct prefix prefix;

	/* near a row, so that both answers are common */
	for (uint64_t flips = prop_below(prop, 4); flips > 0; flips--)
		ip.bytes[prop_below(prop, 16)] ^= (uint8_t)(1u << prop_below(prop, 8));
	prefix = prefix_around(&ip, (uint8_t)prop_below(prop, 129));
	for (size_t i = 0; i < n; i++) {
		struct ipaddr last = prefix_last(&prefix);
		struct ipaddr row_last = prefix_last(&rows[i].prefix);
		bool has_first = prefix_contains_ip(&rows[i].prefix, &prefix.address);
		bool has_last = prefix_contains_ip(&rows[i].prefix, &last);

		if (has_first && has_last &&
			(narrowest == NULL || rows[i].prefix.length > narrowest->prefix.length))
			narrowest = &rows[i];
		if (first == NULL && ip_cmp(&rows[i].prefix.address, &last) <= 0 &&
			ip_cmp(&row_last, &prefix.address) >= 0)
			first = &rows[i];
	}
	if (special_within(&prefix) != narrowest)
		return "within differs";
	return special_overlaps(&prefix) == first ? NULL : "overlaps differs";
}

static void test_property(void **state)
{
	(void)state;
	PROP_RUN(20000, agrees_with_all_rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_property),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
