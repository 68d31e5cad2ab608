/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is always guarded, against the root hints and the table of special-purpose space. */
#include "guard/curated.h"

#include "base/io.h"
#include "net/special.h"

#include "prop.h"

#include <stdlib.h>
#include <unistd.h>

static struct rules *curated(void)
{
	struct rules *rules = rules_new();

	curated_add(rules);
	rules_ready(rules);
	return rules;
}

static struct rule_match of_prefix(const struct rules *rules, const struct prefix *prefix)
{
	struct indicator indicator = { .kind = INDICATOR_IP, .prefix = *prefix };
	struct rule_match match;

	rules_match(rules, &indicator, &match);
	return match;
}

/* The data of an A or AAAA record of a zone file's line. */
static bool address_of(struct str line, struct prefix *out)
{
	struct str words[4];
	size_t n = 0;

	while (n < ARRAY_LEN(words) && str_next_word(&line, &words[n]))
		n++;
	return n == ARRAY_LEN(words) && prefix_parse(words[3], NULL, out, NULL) == OK;
}

static void root_servers_are_those_of_the_hints(void **state)
{
	CLEANUP(rules_free) struct rules *rules = curated();
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(buf_done) struct buf file = { 0 };
	const char *folder = getenv("PEHRA_SHARED");
	size_t hinted = 0;
	struct str rest;
	struct str line;
	struct why why;

	(void)state;
	buf_fmt(&path, "%s/data/practice/root.hints",
		folder != NULL ? folder : PEHRA_SOURCE_ROOT "/../shared");
	if (access(buf_c(&path), R_OK) == -1) {
		(void)puts("skipped: no shared data");
		return;
	}
	assert_int_equal(file_read(buf_c(&path), 1 << 16, &file, &why), OK);
	rest = buf_view(&file);
	while (str_next_line(&rest, &line)) {
		struct prefix prefix;

		if (!address_of(line, &prefix))
			continue;
		hinted++;

		struct rule_match match = of_prefix(rules, &prefix);

		assert_int_equal(match.guard, GUARD_NEVER);
		assert_true(str_eq(match.list, STR(CURATED_ROOT_SERVERS)));
	}
	assert_int_equal(hinted, 26);
}

/* A host's address, documentation and private space are no guard's; the rest of what the registry
 * calls special only when it can be nobody's. */
static void space_without_hosts_is_guarded(void **state)
{
	CLEANUP(rules_free) struct rules *rules = curated();
	const struct special *rows;
	size_t n = special_rows(&rows);
	size_t guarded = 0;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct rule_match match = of_prefix(rules, &rows[i].prefix);
		bool is_public = rows[i].is_global;

		if (match.guard == GUARD_NEVER) {
			guarded++;
			assert_true(str_eq(match.list, STR(CURATED_SPECIAL)));
			assert_false(is_public);
		}
		if (strcmp(rows[i].name, "private") == 0 ||
			strcmp(rows[i].name, "unique local") == 0)
			assert_int_equal(match.guard, GUARD_NONE);
		if (strcmp(rows[i].name, "loopback") == 0 || strcmp(rows[i].name, "multicast") == 0)
			assert_int_equal(match.guard, GUARD_NEVER);
	}
	assert_true(guarded >= 12 && guarded < n / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_servers_are_those_of_the_hints),
		cmocka_unit_test(space_without_hosts_is_guarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
