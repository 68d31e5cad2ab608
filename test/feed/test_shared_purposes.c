/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every real guard list and table of routes beside the project is read, and what it says is
 * compared with test/feed/purposes.golden, which purposes_golden.py counted by other means. SKIP
 * when the data are not there.
 */
#include "prop.h"

#include <unistd.h>

#include "base/io.h"
#include "collect.h"
#include "feed/catalogue.h"
#include "feed/routes.h"
#include "guard/rules.h"

#ifndef SOURCE_ROOT
#error "SOURCE_ROOT is given by meson.build"
#endif

enum { SKIP_CODE = 77, GOLDEN_MAX = 1 << 20, PATH_BYTES = 4096 };

static void shared_path(char *out, struct str rest)
{
	const char *root = getenv("PEHRA_SHARED");
	int n = snprintf(out, PATH_BYTES, "%s/data/%.*s",
		root != NULL ? root : SOURCE_ROOT "/../shared", STR_FMT(rest));

	must(n > 0 && n < PATH_BYTES);
}

static enum err list_read(struct collect *collect, struct str file, enum source_purpose purpose)
{
	struct feed_definition definition = feed_definition_default(STR("shared"));
	struct feed_sink sink = collect_sink(collect);
	struct feed_report report;
	struct why why = { 0 };
	char path[PATH_BYTES];

	definition.purpose = (uint8_t)purpose;
	definition.rule = purpose == PURPOSE_GUARD ? GUARD_ASK : GUARD_NONE;
	definition.rules.allow_special_purpose = true;
	shared_path(path, file);

	enum err code = feed_read_path(&definition, path, NULL, &sink, &report, &why);

	if (code != OK && (code != ERR_UNSUPPORTED || strstr(why.text, "nothing of that") == NULL))
		fail_msg("%s: %s", path, why.text);
	if (code == OK)
		assert_int_equal(report.lines,
			report.comments + report.accepted + feed_report_refused(&report));
	collect_unique(collect);
	return code;
}

static void guard_row(struct buf *out, struct str file)
{
	static const struct str words[] = { STR_INIT("string"), STR_INIT("hostname"),
		STR_INIT("substring"), STR_INIT("regex") };
	struct collect collect = { 0 };
	size_t counts[ARRAY_LEN(words)] = { 0 };
	size_t addresses = 0;
	struct str line;

	if (list_read(&collect, file, PURPOSE_GUARD) != OK) {
		buf_str(out, STR("unsupported"));
		collect_done(&collect);
		return;
	}
	for (struct str rest = buf_view(&collect.text); str_next_line(&rest, &line);) {
		struct str word = str_first(line, str_find(line, ':'));
		size_t i = 0;

		while (i < ARRAY_LEN(words) && !str_eq(words[i], word))
			i++;
		addresses += i == ARRAY_LEN(words);
		if (i < ARRAY_LEN(words))
			counts[i]++;
	}
	buf_fmt(out, "ip=%zu string=%zu hostname=%zu substring=%zu", addresses, counts[0],
		counts[1], counts[2]);
	assert_int_equal(counts[3], 0);
	collect_done(&collect);
}

/* Lines are sorted: those of one prefix stand together, the one without an AS first. */
static void routes_row(struct buf *out, struct str file)
{
	struct collect collect = { .with_references = true };
	size_t prefixes = 0;
	size_t known = 0;
	uint64_t sum = 0;
	struct str before = STR("");
	bool before_is_known = false;
	struct str line;

	assert_int_equal(list_read(&collect, file, PURPOSE_ROUTES), OK);
	for (struct str rest = buf_view(&collect.text); str_next_line(&rest, &line);) {
		struct str prefix = str_split(&line, ' ');
		uint32_t asn;

		assert_true(route_asn(line.p == NULL ? STR("") : line, &asn));
		if (!str_eq(prefix, before)) {
			prefixes++;
			before_is_known = false;
		}
		before = prefix;
		if (asn != 0 && !before_is_known) {
			before_is_known = true;
			known++;
			sum += asn;
		}
	}
	buf_fmt(out, "prefixes=%zu known=%zu sum=%llu", prefixes, known, (unsigned long long)sum);
	collect_done(&collect);
}

static void each_file_as_counted(void **state)
{
	CLEANUP(buf_done) struct buf golden = { 0 };
	CLEANUP(buf_done) struct buf now = { 0 };
	struct str line;
	size_t wrong = 0;
	size_t files = 0;

	(void)state;
	assert_int_equal(
		file_read(SOURCE_ROOT "/test/feed/purposes.golden", GOLDEN_MAX, &golden, NULL), OK);
	for (struct str rest = buf_view(&golden); str_next_line(&rest, &line); files++) {
		struct str expected = line;
		struct str file = str_split(&expected, ' ');

		buf_clear(&now);
		if (str_starts(file, STR("bgp/")))
			routes_row(&now, file);
		else
			guard_row(&now, file);
		if (!str_eq(buf_view(&now), expected)) {
			print_error("%.*s\n expected: %.*s\n     seen: %.*s\n", STR_FMT(file),
				STR_FMT(expected), STR_FMT(buf_view(&now)));
			wrong++;
		}
	}
	assert_true(files > 90);
	assert_int_equal(wrong, 0);
}

#define MISP_LISTS "https://raw.githubusercontent.com/MISP/misp-warninglists/main/lists/"

/* The file beside the project that holds what the URL of the catalogue gives; empty: none. */
static void copy_of(struct str url, char *out)
{
	static const struct {
		struct str url; /* a word follows, up to the byte end */
		char end;
		const char *before; /* the file: this, the word, that */
		const char *after;
	} rows[] = {
		{ STR_INIT(MISP_LISTS), '/', "fpguard/wl_", "__list.json" },
		{ STR_INIT(MISP_LISTS), '/', "fpguard/wl_", "__list.json.xz" },
		{ STR_INIT("https://cdn.jsdelivr.net/npm/@ip-location-db/asn/"), '.',
			"bgp/iplocdb_", ".csv.xz" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str word = str_from_index(url, rows[i].url.n);
		char rest[PATH_BYTES];

		if (!str_starts(url, rows[i].url))
			continue;
		word = str_first(word, str_find(word, rows[i].end));
		must(snprintf(rest, sizeof rest, "%s%.*s%s", rows[i].before, STR_FMT(word),
			     rows[i].after) < PATH_BYTES);
		shared_path(out, str_c(rest));
		if (access(out, R_OK) == 0)
			return;
	}
	out[0] = '\0';
}

/* The shipped definitions read the real lists: all that is expected, and as much. */
static void the_catalogue_fits_the_lists(void **state)
{
	struct feed_catalogue catalogue = { 0 };
	struct why why = { 0 };
	size_t tried = 0;

	(void)state;
	if (catalogue_load(&catalogue, SOURCE_ROOT "/share/feeds.yaml", &why) != OK)
		fail_msg("%s", why.text);
	for (size_t i = 0; i < catalogue.n; i++) {
		const struct feed_definition *feed = &catalogue.feeds[i];
		struct collect collect = { 0 };
		struct feed_sink sink = collect_sink(&collect);
		struct feed_report report;
		char path[PATH_BYTES];

		copy_of(feed->url, path);
		if (path[0] == '\0')
			continue;
		if (feed_read_path(feed, path, NULL, &sink, &report, &why) != OK)
			fail_msg("%s: %s", path, why.text);
		if (report.accepted < feed->expected_min || report.accepted > feed->expected_max ||
			report.refused[REFUSED_UNEXPECTED_KIND] > 0 ||
			feed_report_refused(&report) > 1 + report.lines / 100)
			fail_msg("%s: %llu of %llu accepted, %llu of a kind not expected", path,
				(unsigned long long)report.accepted,
				(unsigned long long)report.lines,
				(unsigned long long)report.refused[REFUSED_UNEXPECTED_KIND]);
		collect_done(&collect);
		tried++;
	}
	assert_int_equal(tried, 27);
	catalogue_done(&catalogue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_file_as_counted),
		cmocka_unit_test(the_catalogue_fits_the_lists),
	};
	char path[PATH_BYTES];

	shared_path(path, STR("fpguard"));
	if (access(path, R_OK) != 0) {
		(void)puts("SKIP: no shared data");
		return SKIP_CODE;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
