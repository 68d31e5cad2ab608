/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "base/clock.h"
#include "collect.h"
#include "evidence/query.h"
#include "feed/catalogue.h"
#include "feed/format.h"
#include "guard/rules.h"
#include "score/score.h"

static enum err parse(struct feed_catalogue *catalogue, const char *yaml, struct why *why)
{
	return catalogue_parse(catalogue, str_c(yaml), STR("own.yaml"), STR("/etc/pehra"), why);
}

/* name, purpose, rule, standing, traits */
static void purposes_are(const struct feed_catalogue *catalogue)
{
	static const struct {
		const char *name;
		uint8_t purpose;
		uint8_t rule;
		uint8_t standing;
		uint8_t traits;
	} rows[] = {
		{ "one", PURPOSE_CLAIMS, GUARD_NONE, STANDING_NEW,
			TRAIT_SPOOFABLE | TRAIT_CRITICAL },
		{ "two", PURPOSE_CLAIMS, GUARD_NONE, STANDING_VOUCHED, 0 },
		{ "three", PURPOSE_GUARD, GUARD_NEVER, STANDING_VOUCHED,
			TRAIT_CLOUD | TRAIT_SHARED },
		{ "four", PURPOSE_GUARD, GUARD_ASK, STANDING_VOUCHED, 0 },
		{ "five", PURPOSE_ROUTES, GUARD_NONE, STANDING_SENSOR, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct feed_definition *feed = catalogue_find(catalogue, str_c(rows[i].name));

		assert_non_null(feed);
		assert_int_equal(feed->purpose, rows[i].purpose);
		assert_int_equal(feed->rule, rows[i].rule);
		assert_int_equal(feed->standing, rows[i].standing);
		assert_int_equal(feed->traits, rows[i].traits);
	}
}

static void every_key(void **state)
{
	struct feed_catalogue catalogue = { 0 };
	const struct feed_definition *feed;
	struct why why = { 0 };

	(void)state;
	if (parse(&catalogue,
		    "feeds:\n"
		    "- name: one\n  title: One\n  url: https://feeds.example/one\n"
		    "  homepage: https://feeds.example/\n  licence: CC0\n  enabled: yes\n"
		    "  family: f\n  format: csv\n  role: dst\n  category: phishing\n  tlp: amber\n"
		    "  cadence: 2h\n  list: additions\n  expected_min: 1\n  expected_max: 9\n"
		    "  weight: 1.5\n  confidence: 70\n  holds: ip names\n  host_bits: mask\n"
		    "  zero_padded: decimal\n  special_purpose: allow\n  names_below: yes\n"
		    "  userinfo: drop\n  threshold: 3\n  separator: bar\n"
		    "  columns: {indicator: 2, type: kind}\n  records: a[]\n  metadata: m\n"
		    "  categories: {Bots: infected-system, noise: ignore}\n"
		    "  purpose: claims\n  standing: new\n  traits: [spoofable, critical]\n"
		    "- name: two\n  file: two.txt\n  off: because\n"
		    "- {name: three, purpose: guard, guard: never, traits: [cloud, shared]}\n"
		    "- {name: four, purpose: guard}\n"
		    "- {name: five, purpose: routes, standing: sensor, traits: []}\n",
		    &why) != OK)
		fail_msg("%s", why.text);
	assert_int_equal(catalogue.n, 5);
	feed = catalogue_find(&catalogue, STR("one"));
	assert_non_null(feed);
	assert_true(feed->is_enabled && feed->rules.names_below && feed->rules.drop_userinfo);
	assert_true(feed->rules.allow_special_purpose);
	assert_int_equal(feed->role, ROLE_DESTINATION);
	assert_int_equal(feed->category, CATEGORY_PHISHING);
	assert_int_equal(feed->tlp, TLP_AMBER);
	assert_int_equal(feed->cadence_s, 2 * HOUR_S);
	assert_int_equal(feed->kind, FEED_ADDITIONS);
	assert_int_equal(feed->expected_max, 9);
	assert_int_equal(feed->confidence, 70);
	assert_int_equal(feed->rules.holds, FEED_HOLDS_IP | FEED_HOLDS_NAMES);
	assert_int_equal(feed->rules.ip.host_bits, HOST_BITS_MASK);
	assert_int_equal(feed->rules.ip.zero_padded, ZERO_PADDED_DECIMAL);
	assert_int_equal(feed->rules.threshold, 3);
	assert_int_equal(feed->mapping.separator, '|');
	assert_true(str_eq(feed->mapping.columns[COLUMN_TYPE], STR("kind")));
	assert_int_equal(feed->mapping.word_n, 2);
	assert_int_equal(feed->mapping.words[1].category, CATEGORY_NONE);
	assert_true(feed->weight > 1.49 && feed->weight < 1.51);
	feed = catalogue_find(&catalogue, STR("two"));
	assert_true(str_eq(feed->file, STR("/etc/pehra/two.txt")));
	assert_false(feed->is_enabled);
	purposes_are(&catalogue);
	catalogue_done(&catalogue);
}

/* An operator's file changes what it names and leaves the rest. */
static void a_second_file_overrides(void **state)
{
	struct feed_catalogue catalogue = { 0 };
	const struct feed_definition *feed;

	(void)state;
	assert_int_equal(
		parse(&catalogue, "feeds:\n- {name: a, off: why, role: dst, cadence: 2d}\n", NULL),
		OK);
	assert_int_equal(
		parse(&catalogue, "feeds:\n- {name: a, enabled: yes}\n- {name: b}\n", NULL), OK);
	assert_int_equal(catalogue.n, 2);
	feed = catalogue_find(&catalogue, STR("a"));
	assert_true(feed->is_enabled);
	assert_int_equal(feed->role, ROLE_DESTINATION);
	assert_int_equal(feed->cadence_s, 2 * DAY_S);
	assert_true(str_eq(feed->off_reason, STR("why")));
	catalogue_done(&catalogue);
}

static const struct {
	const char *yaml;
	uint64_t line;
	const char *says;
} mistakes[] = {
	{ "feeds:\n- name: a\n  colour: red\n", 3, "no key is called 'colour'" },
	{ "feeds:\n- name: a\n  role: source\n", 3, "src, dst or policy" },
	{ "feeds:\n- name: a\n  cadence: 10\n", 3, "duration" },
	{ "feeds:\n- name: a\n  cadence: 5s\n", 3, "duration" },
	{ "feeds:\n- name: a\n  threshold: 1e3\n", 3, "whole number" },
	{ "feeds:\n- name: a\n  enabled: true\n", 3, "'no' or 'yes'" },
	{ "feeds:\n- name: a\n  url: ftp://x\n", 3, "https://" },
	{ "feeds:\n- name: a\n  format: excel\n", 3, "no format is called 'excel'" },
	{ "feeds:\n- name: a\n  category: bad\n", 3, "no category is called 'bad'" },
	{ "feeds:\n- name: a\n  columns: 3\n", 3, "words with values" },
	{ "feeds:\n- name: a\n  columns:\n    colour: 3\n", 4, "no column" },
	{ "feeds:\n- name: a\n  categories:\n    x: y\n", 4, "no category" },
	{ "feeds:\n- name: a\n  title: [a]\n", 3, "one value" },
	{ "feeds:\n- name: a\n  title: x\n  title: y\n", 4, "stands twice" },
	{ "feeds:\n- name: a\n- name: a\n", 3, "stands twice" },
	{ "feeds:\n- name: A\n", 2, "lower-case" },
	{ "feeds:\n- title: a\n", 2, "needs a name" },
	{ "feeds:\n- name: a\n  off: x\n  enabled: yes\n", 2, "is on" },
	{ "feeds:\n- name: a\n  url: https://x\n  file: y\n", 2, "a url and a file" },
	{ "feeds:\n- name: a\n  expected_min: 5\n  expected_max: 4\n", 2, "at most less" },
	{ "feeds:\n- name: a\n  purpose: none\n", 3, "claims, guard or routes" },
	{ "feeds:\n- name: a\n  purpose: guard\n  guard: always\n", 4, "note, ask or never" },
	{ "feeds:\n- name: a\n  guard: ask\n", 2, "is no guard" },
	{ "feeds:\n- name: a\n  purpose: routes\n  guard: note\n", 2, "is no guard" },
	{ "feeds:\n- name: a\n  standing: old\n", 3, "new, vouched or sensor" },
	{ "feeds:\n- name: a\n  traits: cloud\n", 3, "a list of words" },
	{ "feeds:\n- name: a\n  traits: [cloud, rain]\n", 3, "spoofable, critical" },
	{ "feed:\n- name: a\n", 1, "only \"feeds:\"" },
	{ "feeds: no\n", 1, "is a list" },
	{ "- name: a\n", 1, "only \"feeds:\"" },
	{ "words\n", 1, "only \"feeds:\"" },
	{ "feeds:\n- &x {name: a}\n- *x\n", 3, "aliases" },
	{ "feeds:\n- name: a\n  bad: [\n", 4, "" },
	{ "feeds:\n- name: a\n---\nfeeds:\n", 3, "second document" },
};

static void mistakes_have_their_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		struct feed_catalogue catalogue = { 0 };
		struct why why = { 0 };

		assert_int_equal(parse(&catalogue, "feeds:\n- name: kept\n", NULL), OK);
		assert_int_not_equal(parse(&catalogue, mistakes[i].yaml, &why), OK);
		if (why.line != mistakes[i].line || strstr(why.text, mistakes[i].says) == NULL)
			fail_msg("'%s': line %llu, %s", mistakes[i].yaml,
				(unsigned long long)why.line, why.text);
		assert_memory_equal(why.text, "own.yaml:", 9);
		/* nothing of the file was taken */
		assert_int_equal(catalogue.n, 1);
		assert_non_null(catalogue_find(&catalogue, STR("kept")));
		catalogue_done(&catalogue);
	}
}

static void nothing_is_an_empty_catalogue(void **state)
{
	static const char *const texts[] = { "", "# only a comment\n", "feeds:\n", "feeds: []\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct feed_catalogue catalogue = { 0 };

		assert_int_equal(parse(&catalogue, texts[i], NULL), OK);
		assert_int_equal(catalogue.n, 0);
		catalogue_done(&catalogue);
	}
}

/* The catalogue that we ship: at least thirty public feeds, each with its terms. */
static void the_shipped_catalogue(void **state)
{
	struct feed_catalogue catalogue = { 0 };
	struct why why = { 0 };
	size_t purposes[PURPOSE_COUNT] = { 0 };
	size_t spoofable = 0;
	size_t on = 0;

	(void)state;
	if (catalogue_load(&catalogue, SOURCE_ROOT "/share/feeds.yaml", &why) != OK)
		fail_msg("%s", why.text);
	for (size_t i = 0; i < catalogue.n; i++) {
		const struct feed_definition *feed = &catalogue.feeds[i];

		assert_true(feed->url.n > 0 && feed->licence.n > 0 && feed->homepage.n > 0);
		assert_true(feed->title.n > 0 && feed->expected_max > 0);
		assert_int_not_equal(feed->is_enabled, feed->off_reason.n > 0);
		assert_false(str_eq(feed->format, STR("auto")));
		/* a guard speaks of harmless things: its traits are those of addresses */
		if (feed->purpose == PURPOSE_GUARD)
			assert_int_equal(feed->traits & ~(TRAIT_CLOUD | TRAIT_SHARED), 0);

		enum source_purpose only = feed_format_find(feed->format)->purpose;

		assert_true(only == PURPOSE_CLAIMS || only == feed->purpose);
		assert_int_equal(feed->standing, STANDING_VOUCHED);
		spoofable += (feed->traits & TRAIT_SPOOFABLE) != 0;
		purposes[feed->purpose]++;
		on += feed->is_enabled;
	}
	assert_int_equal(purposes[PURPOSE_CLAIMS], 52);
	assert_int_equal(purposes[PURPOSE_GUARD], 28);
	assert_int_equal(purposes[PURPOSE_ROUTES], 3);
	assert_int_equal(spoofable, 4);
	assert_true(on >= 40);
	catalogue_done(&catalogue);
}

static void the_samples_are_read(void **state)
{
	struct feed_catalogue catalogue = { 0 };
	struct why why = { 0 };

	(void)state;
	if (catalogue_load(&catalogue, SOURCE_ROOT "/share/sample/feeds.yaml", &why) != OK)
		fail_msg("%s", why.text);
	assert_true(catalogue.n >= 5);
	for (size_t i = 0; i < catalogue.n; i++) {
		struct collect collect = { 0 };
		struct feed_sink sink = collect_sink(&collect);
		struct feed_report report;
		char path[4096];

		assert_true(str_to_c(catalogue.feeds[i].file, path, sizeof path));
		if (feed_read_path(&catalogue.feeds[i], path, NULL, &sink, &report, &why) != OK)
			fail_msg("%s: %s", path, why.text);
		assert_true(report.accepted >= 3);
		/* the one exception of the response policy zone */
		assert_int_equal(
			feed_report_refused(&report), str_eq(report.format, STR("rpz")) ? 1 : 0);
		collect_done(&collect);
	}
	catalogue_done(&catalogue);
}

/* The table of formats and that of keys have no gaps and no doubles. */
static void tables_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < feed_format_count(); i++) {
		const struct feed_format *format = feed_format_at(i);

		assert_true(format->name.n > 0 && format->doc.n > 0 && format->parse != NULL);
		assert_ptr_equal(feed_format_find(format->name), format);
	}
	assert_null(feed_format_find(STR("auto")));
	for (size_t i = 0; i < catalogue_key_count(); i++) {
		assert_true(catalogue_key_at(i).key.n > 0 && catalogue_key_at(i).doc.n > 0);
		for (size_t j = 0; j < i; j++)
			assert_false(str_eq(catalogue_key_at(i).key, catalogue_key_at(j).key));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key),
		cmocka_unit_test(a_second_file_overrides),
		cmocka_unit_test(mistakes_have_their_line),
		cmocka_unit_test(nothing_is_an_empty_catalogue),
		cmocka_unit_test(the_shipped_catalogue),
		cmocka_unit_test(the_samples_are_read),
		cmocka_unit_test(tables_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
