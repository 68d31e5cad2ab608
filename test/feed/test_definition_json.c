/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prop.h"

#include "evidence/query.h"
#include "feed/definition_json.h"
#include "guard/rules.h"
#include "score/score.h"

static struct feed_definition sample(struct feed_category_word *words)
{
	struct feed_definition definition = feed_definition_default(STR("sample-feed"));

	words[0] = (struct feed_category_word){ STR("botnet"), CATEGORY_C2_SERVER };
	words[1] = (struct feed_category_word){ STR("ignore"), CATEGORY_NONE };
	definition.url = STR("https://feeds.example.org/list \"quoted\".csv");
	definition.format = STR("csv");
	definition.mapping.columns[COLUMN_INDICATOR] = STR("3");
	definition.mapping.columns[COLUMN_LAST_SEEN] = STR("seen|last");
	definition.mapping.separator = '|';
	definition.mapping.words = words;
	definition.mapping.word_n = 2;
	definition.category = CATEGORY_PHISHING;
	definition.role = ROLE_DESTINATION;
	definition.tlp = TLP_AMBER_STRICT;
	definition.cadence_s = 3600;
	definition.expected_max = 1000000;
	definition.weight = 4.25;
	definition.confidence = 70;
	definition.purpose = PURPOSE_GUARD;
	definition.rule = GUARD_NEVER;
	definition.standing = STANDING_NEW;
	definition.traits = TRAIT_CLOUD | TRAIT_SHARED;
	definition.kind = FEED_ADDITIONS;
	definition.rules.ip.zero_padded = ZERO_PADDED_DECIMAL;
	definition.rules.threshold = 3;
	definition.rules.holds = FEED_HOLDS_IP;
	definition.is_enabled = true;
	return definition;
}

static void test_round_trip(void **state)
{
	struct feed_category_word words[2];
	struct feed_definition definition = sample(words);
	struct feed_definition back;
	CLEANUP(buf_done) struct buf once = { 0 };
	CLEANUP(buf_done) struct buf twice = { 0 };
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct json_writer json = json_writer_on(&once);
	struct json_node root;
	struct why why = { 0 };

	(void)state;
	feed_definition_write(&json, &definition);
	assert_int_equal(json_parse(reader, buf_view(&once), &root, &why), OK);
	if (feed_definition_read(root, &arena, &back, &why) != OK)
		fail_msg("%s", why.text);
	assert_true(str_eq(back.mapping.columns[COLUMN_LAST_SEEN], STR("seen|last")));
	assert_int_equal(back.mapping.words[0].category, CATEGORY_C2_SERVER);
	assert_int_equal(back.tlp, TLP_AMBER_STRICT);
	assert_int_equal(back.confidence, 70);
	assert_int_equal(back.purpose, PURPOSE_GUARD);
	assert_int_equal(back.rule, GUARD_NEVER);
	assert_int_equal(back.standing, STANDING_NEW);
	assert_int_equal(back.traits, TRAIT_CLOUD | TRAIT_SHARED);
	json = json_writer_on(&twice);
	feed_definition_write(&json, &back);
	assert_true(str_eq(buf_view(&once), buf_view(&twice)));
}

static void refused(const char *text)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct feed_definition definition;
	struct json_node root;
	struct why why = { 0 };

	assert_int_equal(json_parse(reader, str_c(text), &root, &why), OK);
	assert_int_not_equal(feed_definition_read(root, &arena, &definition, &why), OK);
	assert_true(why.text[0] != '\0');
}

static void test_refused(void **state)
{
	(void)state;
	refused("[]");
	refused("{}");
	refused("{\"name\":\"a\",\"role\":9}");
	refused("{\"name\":\"a\",\"category\":-1}");
	refused("{\"name\":\"a\",\"is_enabled\":1}");
	refused("{\"name\":\"A b\"}");
	refused("{\"name\":\"a\",\"purpose\":3}");
	refused("{\"name\":\"a\",\"purpose\":1}");
	refused("{\"name\":\"a\",\"rule\":2}");
	refused("{\"name\":\"a\",\"purpose\":1,\"rule\":4}");
	refused("{\"name\":\"a\",\"standing\":3}");
	refused("{\"name\":\"a\",\"traits\":16}");
	refused("{\"name\":\"a\",\"traits\":-1}");
	refused("{\"name\":\"a\",\"words\":{\"x\":200}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
