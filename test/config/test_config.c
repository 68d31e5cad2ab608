/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "base/io.h"
#include "config/config.h"

#include <unistd.h>

static int set_up(void **state)
{
	static struct config config; /* large, and each test starts from the defaults */

	config_init(&config);
	*state = &config;
	return 0;
}

static int tear_down(void **state)
{
	config_done(*state);
	return 0;
}

static void expect_text(const struct config *config, const char *key, const char *expected)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	assert_int_equal(config_get_text(config, key, &text, NULL), OK);
	assert_string_equal(buf_c(&text), expected);
}

/* Each default is what its row says, survives its own text, and is within the row's bounds. */
static void test_rows(void **state)
{
	struct config *config = *state;
	const struct config_row *rows;
	size_t n = config_rows(&rows);

	assert_true(n <= CONFIG_KEYS_MAX);
	for (size_t i = 0; i < n; i++) {
		CLEANUP(buf_done) struct buf text = { 0 };
		CLEANUP(buf_done) struct buf again = { 0 };

		assert_true(rows[i].key != NULL && rows[i].doc != NULL);
		assert_true(rows[i].type < CONFIG_TYPES);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(rows[i].key, rows[k].key);
		expect_text(config, rows[i].key, rows[i].fallback);
		assert_int_equal(config_get_text(config, rows[i].key, &text, NULL), OK);
		assert_int_equal(config_set(config, rows[i].key, buf_view(&text), NULL), OK);
		assert_int_equal(config_get_text(config, rows[i].key, &again, NULL), OK);
		assert_true(str_eq(buf_view(&text), buf_view(&again)));
	}
}

static void test_defaults(void **state)
{
	struct config *config = *state;
	CLEANUP(buf_done) struct buf url = { 0 };

	assert_int_equal(config->dns.listen.n, 1);
	assert_int_equal(config->dns.listen.items[0].port, 5354);
	assert_true(ip_is_v4(&config->dns.listen.items[0].ip));
	assert_int_equal(config->dns.access.n, 2);
	assert_true(str_eq(config->dns.zone, STR("rep.pehra.test")));
	assert_int_equal(config->http.body_max_bytes, 16 << 20);
	assert_int_equal(config->fetch.timeout_s, 60);
	config_store_url(config, &url);
	assert_string_equal(buf_c(&url), "sqlite:./var/store/pehra.db");
}

static void test_file(void **state)
{
	struct config *config = *state;
	static const char yaml[] = "# comment\n"
				   "data: /srv/pehra\n"
				   "dns:\n"
				   "  listen: [\"192.0.2.1:53\", '[2001:db8::1]:53']\n"
				   "  zone: Rep.Example.ORG.\n"
				   "  access:\n"
				   "    - 192.0.2.0/24\n"
				   "    - 2001:db8::/32\n"
				   "  workers: 4\n"
				   "http.body_max: 2048\n"
				   "http: { listen: '198.51.100.7:80 198.51.100.8:80' }\n"
				   "retention: { days: 7 }\n"
				   "feeds:\n"
				   "  enabled: [one, two]\n"
				   "user: \"\"\n";
	struct why why = { 0 };

	assert_int_equal(config_set(config, "retention.days", STR("30"), &why), OK);
	if (config_parse(config, str_c(yaml), &why) != OK)
		fail_msg("line %d: %s", (int)why.line, why.text);
	assert_true(str_eq(config->data, STR("/srv/pehra")));
	expect_text(config, "dns.listen", "192.0.2.1:53 [2001:db8::1]:53");
	expect_text(config, "dns.zone", "rep.example.org");
	expect_text(config, "dns.access", "192.0.2.0/24 2001:db8::/32");
	expect_text(config, "http.listen", "198.51.100.7:80 198.51.100.8:80");
	expect_text(config, "http.body_max", "2k");
	expect_text(config, "feeds.enabled", "one two");
	assert_int_equal(config->dns.workers, 4);
	assert_int_equal(config->retention.days, 30); /* the command line wins */
	assert_int_equal(config_parse(config, STR(""), &why), OK);
	assert_int_equal(config_parse(config, STR("# nothing\n"), &why), OK);
	assert_int_equal(config_parse(config, STR("---\n"), &why), OK);
}

static const struct {
	const char *yaml;
	uint64_t line;
	const char *reason;
} refused[] = {
	{ "dns:\n  workerz: 1\n", 2, "unknown key 'dns.workerz', did you mean 'dns.workers'?" },
	{ "zone: example.org\n", 1, "unknown key 'zone', did you mean 'dns.zone'?" },
	{ "DNS.Zone: example.org\n", 1, "unknown key 'DNS.Zone', did you mean 'dns.zone'?" },
	{ "colour: red\n", 1, "unknown key 'colour'" },
	{ "dns:\n  workers: 1\n\n  workers: 2\n", 4, "dns.workers stands twice, first in line 2" },
	{ "dns: { workers: 1 }\ndns.workers: 2\n", 2, "dns.workers stands twice, first in line 1" },
	{ "dns:\n  workers: 10s\n", 2, "dns.workers: not a whole number: 10s" },
	{ "dns:\n  workers: 1e1\n", 2, "dns.workers: not a whole number: 1e1" },
	{ "dns:\n  workers: 010\n", 2, "dns.workers: not a whole number: 010" },
	{ "dns:\n  workers: 257\n", 2, "dns.workers: 257 is not from 0 to 256" },
	{ "dns:\n  workers: -1\n", 2, "dns.workers: -1 is not from 0 to 256" },
	{ "dns:\n  workers:\n", 2, "dns.workers has no value" },
	{ "dns:\n", 1, "dns has no value" },
	{ "dns:\n  workers: { a: 1 }\n", 2, "dns.workers: sections have no sections" },
	{ "dns:\n  listen:\n    - [a]\n", 3, "an entry of a list must be one value" },
	{ "dns:\n  listen: 192.0.2.1\n", 2,
		"dns.listen: not an address with its port (192.0.2.1:53): 192.0.2.1" },
	{ "dns:\n  listen: 192.0.2.1:70000\n", 2,
		"dns.listen: not an address with its port (192.0.2.1:53): 192.0.2.1:70000" },
	{ "dns:\n  listen: 2001:db8::1:53\n", 2,
		"dns.listen: an IPv6 address and its port are written [2001:db8::1]:53: "
		"2001:db8::1:53" },
	{ "dns:\n  access: [192.0.2.1/24]\n", 2,
		"dns.access: host bits are set behind the prefix length: 192.0.2.1/24" },
	{ "dns:\n  zone: a..b\n", 2, "dns.zone: an empty label: a..b" },
	{ "http:\n  body_max: 5T\n", 2, "http.body_max: not a size (a number with k, M or G): 5T" },
	{ "http:\n  body_max: 9999999999G\n", 2,
		"http.body_max: not a size (a number with k, M or G): 9999999999G" },
	{ "http:\n  body_max: 1\n", 2, "http.body_max: 1 bytes is not from 1024 to 1073741824" },
	{ "http:\n  url: gopher://example.org\n", 2,
		"http.url: not a scheme of http, https, ftp: gopher://example.org" },
	{ "fetch:\n  timeout: 5\n", 2,
		"fetch.timeout: not a duration (a number with s, m, h, d or w): 5" },
	{ "log:\n  level: loud\n", 2,
		"log.level: 'loud' is none of error, warning, notice, info, debug" },
	{ "data: &a x\nuser: *a\n", 1, "anchors and aliases are not read" },
	{ "data: *a\n", 1, "anchors and aliases are not read" },
	{ "data: !!str x\n", 1, "tags are not read" },
	{ "data: \"a\\nb\"\n", 1, "data: a control character in the value" },
	{ "- a\n", 1, "the file must hold keys with values" },
	{ "? [a]\n: b\n", 1, "a key must be a word" },
	{ "data: x\n---\ndata: y\n", 2, "a second document in the file" },
};

static void test_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct why why = { 0 };

		config_done(*state);
		config_init(*state);
		if (config_parse(*state, str_c(refused[i].yaml), &why) != ERR_SYNTAX ||
			why.line != refused[i].line || strcmp(why.text, refused[i].reason) != 0)
			fail_msg("%s: line %d: %s", refused[i].yaml, (int)why.line, why.text);
	}
}

static void test_broken_yaml(void **state)
{
	struct why why = { 0 };

	assert_int_equal(config_parse(*state, STR("dns:\n  zone: [a\n"), &why), ERR_SYNTAX);
	assert_true(str_starts(str_c(why.text), STR("not valid YAML: ")));
	assert_true(why.line >= 2);
	assert_int_equal(config_parse(*state, STR("data: \xff\n"), &why), ERR_SYNTAX);
	assert_int_equal(
		config_parse(*state, str_from("", (size_t)CONFIG_FILE_BYTES_MAX + 1), &why),
		ERR_LIMIT);
}

static void test_load(void **state)
{
	char path[] = "/tmp/pehra-config-XXXXXX";
	struct why why = { 0 };
	char expected[128];
	int fd = mkstemp(path);

	assert_int_not_equal(fd, -1);
	assert_int_equal(fd_write_all(fd, STR("dns:\n  workers: 3\n  wrkers: 2\n"), NULL), OK);
	(void)close(fd);
	assert_int_equal(config_load(*state, path, &why), ERR_SYNTAX);
	(void)snprintf(expected, sizeof expected,
		"%s:3: unknown key 'dns.wrkers', did you mean 'dns.workers'?", path);
	assert_string_equal(why.text, expected);
	(void)unlink(path);
	assert_int_equal(config_load(*state, path, &why), ERR_NOT_FOUND);
}

static void test_set(void **state)
{
	struct config *config = *state;
	CLEANUP(buf_done) struct buf text = { 0 };
	struct why why = { 0 };

	assert_int_equal(config_set(config, "dns.listen", STR("[::1]:0, 127.0.0.1:1"), &why), OK);
	expect_text(config, "dns.listen", "[::1]:0 127.0.0.1:1");
	assert_int_equal(config_set(config, "dns.listen", STR(""), &why), OK);
	assert_int_equal(config->dns.listen.n, 0);
	assert_int_equal(config_set(config, "snapshot.interval", STR("2h"), &why), OK);
	expect_text(config, "snapshot.interval", "2h");
	assert_int_equal(config_set(config, "dns.lisen", STR("x"), &why), ERR_NOT_FOUND);
	assert_int_equal(config_set(config, "dns.workers", STR("x"), &why), ERR_SYNTAX);
	assert_int_equal(config->dns.workers, 0);
	assert_int_equal(config_get_text(config, "dns", &text, &why), ERR_NOT_FOUND);
	/* more entries than a list holds */
	for (int i = 0; i <= CONFIG_LIST_MAX; i++)
		buf_str(&text, STR("192.0.2.0/24,"));
	assert_int_equal(config_set(config, "dns.access", buf_view(&text), &why), ERR_SYNTAX);
	assert_string_equal(why.text, "dns.access: 65 entries is not from 0 to 64");
}

static void test_document(void **state)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	const struct config_row *rows;
	size_t n = config_rows(&rows);

	(void)state;
	config_document(&out);
	for (size_t i = 0; i < n; i++) {
		char item[64];

		(void)snprintf(item, sizeof item, ".It Ic %s\n", rows[i].key);
		assert_true(str_find_str(buf_view(&out), str_c(item)) < out.n);
		assert_true(rows[i].doc[0] != '.' && rows[i].doc[0] != '\'');
	}
	assert_non_null(strstr(buf_c(&out), "Type: size from 1k to 1G.\nDefault: 16M.\n"));
	assert_non_null(strstr(buf_c(&out), "Type: one of error, warning, notice, info, debug.\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_defaults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_broken_yaml, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_load, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_set, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_document, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
