/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The index against linear scans over the same prefixes. */
#include "prop.h"

#include "net/prefix_index.h"

enum { PREFIXES_MAX = 60, ASKED = 50 };

/* Few addresses and all lengths, so that prefixes nest deeply. */
static struct prefix random_prefix(struct prop *prop)
{
	struct ipaddr ip = { { 0 } };

	switch (prop_below(prop, 4)) {
	case 0: /* within IPv4 */
	case 1:
		ip = ip_from_u32((uint32_t)(prop_below(prop, 4) << 30 | prop_below(prop, 4)));
		return prefix_around(&ip, (uint8_t)(IPV4_OFFSET + prop_below(prop, 33)));
	case 2: /* ::/0 and what lies between it and the mapped addresses */
		ip = ip_from_u32(0);
		return prefix_around(&ip, (uint8_t)prop_below(prop, IPV4_OFFSET + 1));
	default:
		ip.bytes[0] = (uint8_t)(prop_below(prop, 2) << 7);
		ip.bytes[8] = (uint8_t)prop_below(prop, 2);
		ip.bytes[15] = (uint8_t)prop_below(prop, 3);
		return prefix_around(&ip, (uint8_t)prop_below(prop, 129));
	}
}

static int by_prefix(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

static size_t random_set(struct prop *prop, struct prefix *prefixes)
{
	size_t n = prop_below(prop, PREFIXES_MAX);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		prefixes[i] = random_prefix(prop);
	qsort(prefixes, n, sizeof *prefixes, by_prefix);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || prefix_cmp(&prefixes[kept - 1], &prefixes[i]) != 0)
			prefixes[kept++] = prefixes[i];
	}
	return kept;
}

static const char *find_is_right(const struct prefix_index *index, const struct prefix *asked)
{
	uint32_t number = prefix_index_find(index, asked);

	/* from the longest to the widest: each that holds it is the next of the chain */
	for (uint32_t i = index->n; i-- > 0;) {
		if (!prefix_contains(&index->prefixes[i], asked))
			continue;
		if (number != i)
			return "not the closest that holds it";
		number = prefix_index_parent(index, number);
	}
	return number == PREFIX_INDEX_NONE ? NULL : "the chain has one too many";
}

static const char *within_is_right(const struct prefix_index *index, const struct prefix *asked)
{
	struct ipaddr last = prefix_last(asked);
	uint32_t from;
	uint32_t end;

	prefix_index_within(index, asked, &from, &end);
	if (from > end || end > index->n)
		return "a range that is none";
	for (uint32_t i = 0; i < index->n; i++) {
		const struct prefix *each = &index->prefixes[i];
		bool is_in = i >= from && i < end;
		bool starts_in = ip_cmp(&each->address, &asked->address) >= 0 &&
				 ip_cmp(&each->address, &last) <= 0;

		if (prefix_contains(asked, each) && !is_in)
			return "one that lies within is left out";
		if (is_in && !starts_in)
			return "one that starts outside is told";
	}
	return NULL;
}

/* Asked in order, the answers are the same. */
static const char *ascending_is_right(
	const struct prefix_index *index, struct prefix *asked, size_t n)
{
	uint32_t rank = 0;

	qsort(asked, n, sizeof *asked, by_prefix);
	for (size_t i = 0; i < n; i++) {
		if (prefix_index_find_next(index, &asked[i], &rank) !=
			prefix_index_find(index, &asked[i]))
			return "another one when asked in order";
	}
	return NULL;
}

static const char *equals_scan(struct prop *prop)
{
	struct prefix prefixes[PREFIXES_MAX] = { 0 };
	struct prefix asked[ASKED];
	CLEANUP(prefix_index_done) struct prefix_index index = { 0 };
	size_t n = random_set(prop, prefixes);
	const char *wrong = NULL;

	prefix_index_build(&index, prefixes, n);
	for (size_t i = 0; i < n; i++)
		wrong = wrong != NULL ? wrong : find_is_right(&index, &prefixes[i]);
	for (size_t i = 0; i < ASKED && wrong == NULL; i++) {
		asked[i] = random_prefix(prop);
		wrong = find_is_right(&index, &asked[i]);
		if (wrong == NULL)
			wrong = within_is_right(&index, &asked[i]);
	}
	return wrong != NULL ? wrong : ascending_is_right(&index, asked, ASKED);
}

static void test_scan(void **state)
{
	(void)state;
	PROP_RUN(5000, equals_scan);
}

/* Enough of them for the table: around the borders of its buckets and of IPv4. */
static struct prefix bordering_prefix(struct prop *prop)
{
	static const uint32_t borders[] = { 0, 1 << 16, UINT32_C(0x7fff0000),
		UINT32_C(0xffff0000) };
	struct ipaddr ip = ip_from_u32(borders[prop_below(prop, ARRAY_LEN(borders))] +
				       (uint32_t)prop_below(prop, 1 << 17) - (1 << 16));

	if (prop_below(prop, 20) == 0)
		return random_prefix(prop);
	return prefix_around(&ip, (uint8_t)(IPV4_OFFSET + 16 + prop_below(prop, 17)));
}

static const char *large_equals_scan(struct prop *prop)
{
	static struct prefix prefixes[4 * PREFIX_INDEX_TABLE_MIN];
	CLEANUP(prefix_index_done) struct prefix_index index = { 0 };
	const char *wrong = NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		prefixes[i] = bordering_prefix(prop);
	qsort(prefixes, ARRAY_LEN(prefixes), sizeof *prefixes, by_prefix);
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		if (n == 0 || prefix_cmp(&prefixes[n - 1], &prefixes[i]) != 0)
			prefixes[n++] = prefixes[i];
	}
	prefix_index_build(&index, prefixes, n);
	if (index.v4_ranks == NULL)
		return "no table is made";
	for (size_t i = 0; i < ASKED && wrong == NULL; i++) {
		struct prefix asked = bordering_prefix(prop);

		wrong = find_is_right(&index, &asked);
		if (wrong == NULL)
			wrong = within_is_right(&index, &asked);
	}
	return wrong;
}

static void test_table(void **state)
{
	(void)state;
	PROP_RUN(100, large_equals_scan);
}

static void test_defaults(void **state)
{
	static const char *const texts[] = { "::/0", "0.0.0.0/0", "192.0.2.0/24", "2001:db8::/32" };
	struct prefix prefixes[ARRAY_LEN(texts)];
	CLEANUP(prefix_index_done) struct prefix_index index = { 0 };
	CLEANUP(prefix_index_done) struct prefix_index empty = { 0 };
	struct prefix asked;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(prefix_parse(str_c(texts[i]), NULL, &prefixes[i], NULL), OK);
	qsort(prefixes, ARRAY_LEN(prefixes), sizeof *prefixes, by_prefix);
	prefix_index_build(&index, prefixes, ARRAY_LEN(prefixes));
	assert_int_equal(prefix_parse(STR("192.0.2.9"), NULL, &asked, NULL), OK);

	uint32_t number = prefix_index_find(&index, &asked);

	assert_int_equal(prefix_cmp(&index.prefixes[number], &prefixes[2]), 0);
	number = prefix_index_parent(&index, number);
	assert_int_equal(prefix_width(&index.prefixes[number]), 0);
	assert_true(prefix_is_v4(&index.prefixes[number]));
	prefix_index_build(&empty, NULL, 0);
	assert_int_equal(prefix_index_find(&empty, &asked), PREFIX_INDEX_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
