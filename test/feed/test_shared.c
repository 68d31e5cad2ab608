/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every real file beside the project is read, and what became of its lines is compared with
 * test/feed/shared.golden (counts only). The file is written anew by PEHRA_GOLDEN=write. SKIP when
 * the data are not there.
 */
#include "prop.h"

#include <dirent.h>
#include <unistd.h>

#include "base/io.h"
#include "collect.h"

#ifndef SOURCE_ROOT
#error "SOURCE_ROOT is given by meson.build"
#endif

enum { SKIP_CODE = 77, GOLDEN_MAX = 1 << 20, PATH_BYTES = 4096 };

/* What the catalogue would say of files that cannot speak for themselves. */
static const struct {
	const char *file; /* its beginning */
	const char *format;
	const char *records;
	const char *columns[COLUMN_LIMIT];
	char separator;
} known[] = {
	{ .file = "hostsvn_json__",
		.format = "json",
		.records = "threatVN[],threat[],ip-threat[]" },
	{ .file = "polkadot_all", .format = "json", .records = "deny[],denySub[]" },
	{ .file = "polkadot_address", .format = "json", .records = "{}" },
	{ .file = "stalker_ioc",
		.format = "yaml",
		.records = "[].websites[],[].c2.ips[],[].c2.domains[]" },
	{ .file = "intelmq_dyn",
		.format = "csv",
		.columns = { [COLUMN_INDICATOR] = "4" },
		.separator = ' ' },
	{ .file = "intelmq_dshield__asdetails",
		.format = "tsv",
		.columns = { [COLUMN_INDICATOR] = "1",
			[COLUMN_COUNT_EVENTS] = "2",
			[COLUMN_LAST_SEEN] = "6" } },
};

static struct feed_definition definition_for(const char *file)
{
	struct feed_definition definition = feed_definition_default(STR("shared"));

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!str_starts(str_c(file), str_c(known[i].file)))
			continue;
		definition.format = str_c(known[i].format);
		definition.mapping.records = str_c(known[i].records);
		definition.mapping.separator = known[i].separator;
		for (size_t j = 0; j < COLUMN_LIMIT; j++)
			definition.mapping.columns[j] = str_c(known[i].columns[j]);
	}
	return definition;
}

static void shared_path(char *out, const char *rest)
{
	const char *root = getenv("PEHRA_SHARED");
	int n = root != NULL ? snprintf(out, PATH_BYTES, "%s/%s", root, rest)
			     : snprintf(out, PATH_BYTES, SOURCE_ROOT "/../shared/%s", rest);

	must(n > 0 && n < PATH_BYTES);
}

static enum err shared_read(struct collect *collect, struct feed_definition *definition,
	const char *file, struct feed_report *report, struct why *why)
{
	struct feed_sink sink = collect_sink(collect);
	char path[PATH_BYTES];

	shared_path(path, file);
	*report = (struct feed_report){ 0 };
	return feed_read_path(definition, path, NULL, &sink, report, why);
}

/* The indicators of a file, sorted, each once. */
static void shared_set(struct collect *collect, struct feed_definition definition, const char *file)
{
	struct feed_report report;
	struct why why = { 0 };

	if (shared_read(collect, &definition, file, &report, &why) != OK)
		fail_msg("%s: %s", file, why.text);
	collect_unique(collect);
}

/* Of the folder intel only what is a feed; the rest is mails, logs and other software's tests. */
static const char *const intel_feeds[] = { "amnesty_", "eset_", "eve_", "misp_tests__event",
	"stalker_misp", "stix_", "tweetfeed_2025__202501__2025010", "tweetfeed_misp__",
	"tweetfeed_stix__taxii__pages", "tweetfeed_stix__week", "tweetfeed_today",
	"tweetfeed_week" };

static int any_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int intel_name(const struct dirent *entry)
{
	for (size_t i = 0; i < ARRAY_LEN(intel_feeds); i++) {
		if (str_starts(str_c(entry->d_name), str_c(intel_feeds[i])))
			return 1;
	}
	return 0;
}

/* The work of glibc's alphasort() depends on the locale. */
static int name_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void file_row(struct buf *out, const char *folder, const char *name)
{
	struct feed_definition definition = definition_for(name);
	struct collect collect = { 0 };
	struct feed_report report;
	struct why why = { 0 };
	char file[PATH_BYTES];

	must(snprintf(file, sizeof file, "data/%s/%s", folder, name) < PATH_BYTES);

	enum err code = shared_read(&collect, &definition, file, &report, &why);

	buf_fmt(out, "%s/%s ", folder, name);
	if (code != OK)
		buf_fmt(out, "%s ", err_word(code));
	if (report.format.n == 0)
		buf_str(out, STR("-"));
	buf_fmt(out, "%.*s lines=%llu comments=%llu accepted=%llu twice=%llu",
		STR_FMT(report.format), (unsigned long long)report.lines,
		(unsigned long long)report.comments, (unsigned long long)report.accepted,
		(unsigned long long)report.duplicates);
	for (size_t i = 0; i < REFUSAL_COUNT; i++) {
		if (report.refused[i] > 0)
			buf_fmt(out, " %.*s=%llu", STR_FMT(refusal_info((enum refusal)i)->word),
				(unsigned long long)report.refused[i]);
	}
	if (report.times_unread > 0)
		buf_fmt(out, " times-unread=%llu", (unsigned long long)report.times_unread);
	buf_byte(out, '\n');
	if (getenv("PEHRA_VERBOSE") != NULL) {
		feed_report_format(out, &report);
		buf_fmt(out, "  %s\n", why.text);
	}
	collect_done(&collect);
}

static void folder_rows(
	struct buf *out, const char *folder, int (*filter)(const struct dirent *entry))
{
	char path[PATH_BYTES];
	char rest[PATH_BYTES];
	struct dirent **entries;

	must(snprintf(rest, sizeof rest, "data/%s", folder) < PATH_BYTES);
	shared_path(path, rest);

	int n = scandir(path, &entries, filter, name_order);

	must(n > 0);
	for (int i = 0; i < n; i++) {
		file_row(out, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void golden_table(void **state)
{
	CLEANUP(buf_done) struct buf now = { 0 };
	CLEANUP(buf_done) struct buf golden = { 0 };
	static const char path[] = SOURCE_ROOT "/test/feed/shared.golden";
	const char *mode = getenv("PEHRA_GOLDEN");

	(void)state;
	folder_rows(&now, "ip", any_name);
	folder_rows(&now, "domain", any_name);
	folder_rows(&now, "intel", intel_name);
	if (mode != NULL && strcmp(mode, "write") == 0) {
		assert_int_equal(file_replace(path, buf_view(&now), 0644, NULL), OK);
		return;
	}
	assert_int_equal(file_read(path, GOLDEN_MAX, &golden, NULL), OK);

	struct str expected = buf_view(&golden);
	struct str seen = buf_view(&now);
	struct str a;
	struct str b;

	while (str_next_line(&expected, &a)) {
		assert_true(str_next_line(&seen, &b));
		if (!str_eq(a, b))
			fail_msg("expected: %.*s\n     seen: %.*s", STR_FMT(a), STR_FMT(b));
	}
	assert_false(str_next_line(&seen, &b));
}

/* Both files give the same indicators (names without "and below" when asked). */
static void same_set(const char *a, const char *b, bool without_below, size_t expected)
{
	struct collect left = { .without_below = without_below };
	struct collect right = { .without_below = without_below };
	struct feed_definition definition = feed_definition_default(STR("shared"));

	shared_set(&left, definition, a);
	shared_set(&right, definition, b);
	if (!str_eq(buf_view(&left.text), buf_view(&right.text)))
		fail_msg("%s has %zu indicators, %s %zu, and they differ", a, collect_count(&left),
			b, collect_count(&right));
	if (expected != 0)
		assert_int_equal(collect_count(&left), expected);
	assert_true(left.text.n > 0);
	collect_done(&left);
	collect_done(&right);
}

static void six_forms_of_one_list(void **state)
{
	static const char *const forms[] = { "data/domain/tweetfeed_hosts.txt",
		"data/domain/tweetfeed_adguard.txt", "data/domain/tweetfeed_dnsmasq.txt",
		"data/domain/tweetfeed_rpz.txt.xz" };
	struct collect urls = { 0 };

	(void)state;
	/* two of the 4,875 are longer than any domain name can be */
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		same_set("data/domain/tweetfeed_domains.txt", forms[i], true, 4873);
	/* those that mean all below mean the same */
	same_set("data/domain/tweetfeed_adguard.txt", "data/domain/tweetfeed_dnsmasq.txt", false,
		4873);
	same_set("data/domain/tweetfeed_adguard.txt", "data/domain/tweetfeed_rpz.txt.xz", false,
		4873);
	/* the list of URLs is another set: no host is made of a URL */
	shared_set(&urls, feed_definition_default(STR("shared")), "data/domain/tweetfeed_urls.txt");
	for (struct str rest = buf_view(&urls.text), line; str_next_line(&rest, &line);)
		assert_true(str_find_str(line, STR("://")) < line.n);
	assert_in_range(collect_count(&urls), 5000, 5495);
	collect_done(&urls);
}

static void pairs_of_forms(void **state)
{
	(void)state;
	same_set("data/ip/spamhaus2025_drop.txt", "data/ip/spamhaus2025_drop_v4.json", false, 1406);
	same_set("data/domain/blp_ransomware.txt", "data/domain/blp_alt-version__ransomware-nl.txt",
		true, 0);
	same_set("data/domain/blp_ransomware.txt",
		"data/domain/blp_dnsmasq-version__ransomware-dnsmasq.txt", true, 0);
	same_set("data/domain/blp_scam.txt.xz", "data/domain/blp_adguard__scam-ags.txt", true, 0);
	same_set("data/domain/hostsvn_extensions__threat__domain.txt",
		"data/domain/hostsvn_extensions__threat__hosts", true, 0);
	same_set("data/domain/hostsvn_extensions__threat__quantumult-rule.conf",
		"data/domain/hostsvn_extensions__threat__surge-rule.conf", false, 0);
	same_set("data/domain/hostsvn_extensions__threat__surge-rule.conf",
		"data/domain/hostsvn_extensions__threat__sing-box-rule.json", false, 0);
}

/* Level N of ipsum is the whole list under the threshold N. */
static void ipsum_levels(void **state)
{
	static const struct {
		uint32_t level;
		const char *file;
		size_t n;
	} rows[] = {
		{ 1, "data/ip/ipsum_levels__1.txt.xz", 120430 },
		{ 3, "data/ip/ipsum_levels__3.txt.xz", 14217 },
		{ 5, "data/ip/ipsum_levels__5.txt", 1413 },
		{ 8, "data/ip/ipsum_levels__8.txt", 23 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct feed_definition whole = feed_definition_default(STR("ipsum"));
		struct collect filtered = { 0 };
		struct collect level = { 0 };

		whole.rules.allow_special_purpose = true;
		shared_set(&level, whole, rows[i].file);
		whole.rules.threshold = rows[i].level;
		shared_set(&filtered, whole, "data/ip/ipsum_ipsum.txt.xz");
		assert_int_equal(collect_count(&level), rows[i].n);
		assert_true(str_eq(buf_view(&level.text), buf_view(&filtered.text)));
		collect_done(&filtered);
		collect_done(&level);
	}
}

/* The prefixes of a file, aggregated. */
static size_t aggregated(const char *file, struct prefix **out)
{
	struct feed_definition definition = feed_definition_default(STR("ranges"));
	struct collect collect = { 0 };
	size_t n = 0;

	definition.rules.allow_special_purpose = true;
	shared_set(&collect, definition, file);
	*out = calloc(collect_count(&collect) + 1, sizeof **out);
	must(*out != NULL);
	for (struct str rest = buf_view(&collect.text), line; str_next_line(&rest, &line);)
		must(prefix_parse(line, NULL, &(*out)[n++], NULL) == OK);
	collect_done(&collect);
	return prefixes_aggregate(*out, n);
}

static void ranges_aggregate_to_their_merged_form(void **state)
{
	static const char *const providers[] = { "amazon", "bing", "cloudflare", "digitalocean",
		"facebook", "github", "google", "googlebot", "openai", "telegram" };
	size_t pairs = 0;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(providers); i++) {
		struct prefix *raw;
		struct prefix *merged;
		char path[PATH_BYTES];
		char file[2][128];

		for (int form = 0; form < 2; form++)
			must(snprintf(file[form], sizeof file[form],
				     "data/fpguard/ranges_%s__ipv%d%s.txt", providers[i / 2],
				     i % 2 == 0 ? 4 : 6, form == 0 ? "" : "_merged") < 128);
		shared_path(path, file[0]);
		if (access(path, R_OK) != 0)
			continue;

		size_t n = aggregated(file[0], &raw);

		assert_int_equal(aggregated(file[1], &merged), n);
		assert_memory_equal(raw, merged, n * sizeof *raw);
		pairs++;
		free(raw);
		free(merged);
	}
	assert_int_equal(pairs, 18);
}

static void zeek_files_count_once(void **state)
{
	static const struct {
		const char *file;
		size_t n;
	} rows[] = {
		{ "data/ip/zeekintel_cobaltstrike_ips.intel", 804 },
		{ "data/ip/zeekintel_tor-exit.intel", 1372 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct feed_definition definition = feed_definition_default(STR("zeek"));
		struct collect collect = { 0 };

		/* one entry of the Cobalt Strike list is a private address */
		definition.rules.allow_special_purpose = true;
		shared_set(&collect, definition, rows[i].file);
		assert_int_equal(collect_count(&collect), rows[i].n);
		collect_done(&collect);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_table),
		cmocka_unit_test(six_forms_of_one_list),
		cmocka_unit_test(pairs_of_forms),
		cmocka_unit_test(ipsum_levels),
		cmocka_unit_test(ranges_aggregate_to_their_merged_form),
		cmocka_unit_test(zeek_files_count_once),
	};
	char path[PATH_BYTES];

	shared_path(path, "data/ip");
	if (access(path, R_OK) != 0) {
		(void)puts("SKIP: no shared data");
		return SKIP_CODE;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
