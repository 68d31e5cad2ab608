/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our XXH64 against the library of its author. */
#include "prop.h"

#include "xxh64.h"

#include <xxhash.h>

static const char *hash_agrees(struct prop *prop)
{
	uint8_t bytes[300];
	size_t n = prop_below(prop, sizeof bytes);
	size_t start = prop_below(prop, n + 1);
	uint64_t seed = prop_below(prop, 2) == 0 ? 0 : prop_u64(prop);

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)prop_u64(prop);
	return xxh64(bytes + start, n - start, seed) == XXH64(bytes + start, n - start, seed)
		       ? NULL
		       : "XXH64 differs from libxxhash";
}

static void test_hash(void **state)
{
	(void)state;
	PROP_RUN(5000, hash_agrees);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_hash) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
