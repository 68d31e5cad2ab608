/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench/results.h"

#include "base/io.h"

#include <unistd.h>

/* cmocka.h needs these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void check_file(const char *folder, const char *name, struct str expected)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	CLEANUP(buf_done) struct buf bytes = { 0 };
	struct why why;

	buf_fmt(&path, "%s/%s", folder, name);
	assert_int_equal(file_read(buf_c(&path), 4096, &bytes, &why), OK);
	assert_int_equal(bytes.n, expected.n);
	assert_memory_equal(bytes.data, expected.p, expected.n);
	assert_int_equal(unlink(buf_c(&path)), 0);
}

static void test_rows_are_written_as_they_are(void **state)
{
	char folder[] = "/tmp/pehra-results-XXXXXX";
	struct results *results;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(setenv("PEHRA_RESULTS", folder, 1), 0);
	results = results_open("self", "Nothing, on \"no\" data.");
	results_add(results, &(struct result_row){ .name = "a",
				     .unit = "ns",
				     .value = 12.5,
				     .goal_kind = RESULT_AT_MOST,
				     .goal = 10,
				     .peer = "p\"q",
				     .peer_value = 25 });
	results_add(results, &(struct result_row){ .name = "b",
				     .unit = "M/s",
				     .value = 3,
				     .goal_kind = RESULT_AT_LEAST,
				     .goal = 3 });
	results_add(results, &(struct result_row){ .name = "c", .unit = "bytes", .value = 1e9 });
	results_close(&results);
	assert_null(results);
	check_file(folder, "self.about", STR("Nothing, on \"no\" data.\n"));
	check_file(folder, "self.json",
		STR("[\n"
		    "  {\"name\": \"a\", \"unit\": \"ns\", \"value\": 12.5, \"goal\": 10,"
		    " \"goal_is\": \"at most\", \"met\": false, \"peer\": \"p\\\"q\","
		    " \"peer_value\": 25, \"ratio\": 0.5},\n"
		    "  {\"name\": \"b\", \"unit\": \"M/s\", \"value\": 3, \"goal\": 3,"
		    " \"goal_is\": \"at least\", \"met\": true, \"peer\": null,"
		    " \"peer_value\": null, \"ratio\": null},\n"
		    "  {\"name\": \"c\", \"unit\": \"bytes\", \"value\": 1e+09, \"goal\": null,"
		    " \"met\": null, \"peer\": null, \"peer_value\": null, \"ratio\": null}\n"
		    "]\n"));
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows_are_written_as_they_are) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
