/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "base/sort.h"

struct item {
	uint32_t key;
	uint32_t place; /* where it stood before */
	uint32_t pad;
};

static int item_order(const void *a, const void *b)
{
	const struct item *left = a;
	const struct item *right = b;

	return (left->key > right->key) - (left->key < right->key);
}

static const char *is_sorted_and_stable(struct prop *prop)
{
	enum { ITEMS = 400 };
	struct item items[ITEMS];
	bool seen[ITEMS] = { false };
	uint32_t n = (uint32_t)prop_below(prop, ITEMS);
	uint32_t key = 0;

	for (uint32_t i = 0; i < n; i++) {
		/* long runs with breaks, as sorted sources make them */
		key = prop_below(prop, 20) == 0 ? (uint32_t)prop_below(prop, 50)
						: key + (uint32_t)prop_below(prop, 3);
		items[i] = (struct item){ key, i, 0 };
	}
	sort_runs(items, n, sizeof items[0], item_order);
	for (uint32_t i = 0; i < n; i++) {
		if (items[i].place >= n || seen[items[i].place])
			return "an item was lost or doubled";
		seen[items[i].place] = true;
		if (i > 0 && (items[i - 1].key > items[i].key ||
				     (items[i - 1].key == items[i].key &&
					     items[i - 1].place > items[i].place)))
			return "not in order, or not stable";
	}
	return NULL;
}

static void test_sort(void **state)
{
	(void)state;
	PROP_RUN(3000, is_sorted_and_stable);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sort) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
