/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Explanations as they are told, against what they are made from: every part is there, sums hold,
 * and nobody learns of what he may not see.
 */
#include "prop.h"
#include "snapshot/explain.h"

#include "base/clock.h"
#include "base/json_read.h"

enum { NOW_S = 1790000000, SOURCES = 6, CLAIMS_MAX = 12 };

/* A story made by hand: sources, claims about 192.0.2.7, and what the score makes of them. */
struct made {
	struct arena arena;
	struct scoring scoring;
	struct score_source sources[SOURCES];
	struct evidence claims[CLAIMS_MAX];
	struct score_claim taken[CLAIMS_MAX];
	struct score_part parts[SCORE_PARTS_MAX];
	struct explained explained;
	struct buf key;
};

static const char *const source_names[SOURCES] = { "q-one", "q-two", "q-three", "q-four", "q-five",
	"q-six" };

static void make_scoring(struct made *made)
{
	score_model_default(&made->scoring.model.score);
	policy_default(&made->scoring.policy);
	for (unsigned i = 0; i < SOURCES; i++) {
		made->sources[i] = (struct score_source){ .name = str_c(source_names[i]),
			.family = i,
			.weight = { 3, 3, 3 },
			.standing = STANDING_VOUCHED };
	}
	made->scoring.sources = (struct source_table){ .rows = made->sources, .n = SOURCES };
}

static void add_claim(
	struct made *made, unsigned source, enum tlp tlp, enum category category, int64_t age_s)
{
	size_t i = made->explained.judged.n++;
	uint8_t role = category_info(category)->usual_role;

	must(i < CLAIMS_MAX);
	made->claims[i] = (struct evidence){ .key = buf_view(&made->key),
		.source = source,
		.role = role,
		.category = (uint8_t)category,
		.tlp = (uint8_t)tlp,
		.confidence = CONFIDENCE_UNKNOWN,
		.count = 1,
		.first_seen_s = NOW_S - age_s,
		.last_seen_s = NOW_S - age_s };
	made->taken[i] = (struct score_claim){ .source = source,
		.recent = 1,
		.lasting = 1,
		.role = role,
		.category = (uint8_t)category,
		.confidence = CONFIDENCE_UNKNOWN,
		.is_listed = true };
}

static void begin(struct made *made)
{
	struct indicator indicator = { .kind = INDICATOR_IP };

	*made = (struct made){ 0 };
	must(prefix_parse(STR("192.0.2.7"), NULL, &indicator.prefix, NULL) == OK);
	indicator_key(&made->key, &indicator);
	make_scoring(made);
	made->explained = (struct explained){ .scoring = &made->scoring,
		.judged = { .indicator = indicator, .claims = made->claims },
		.as_of_s = NOW_S,
		.arena = &made->arena };
}

static void judge(struct made *made)
{
	struct judged *judged = &made->explained.judged;
	struct explanation *explanation = &made->explained.explanation;
	struct score_input input = { .claims = made->taken,
		.n = judged->n,
		.around = judged->around,
		.prefix = &judged->indicator.prefix,
		.now_s = NOW_S };

	explanation->parts = made->parts;
	score_of(&made->scoring.model.score, made->sources, &made->scoring.policy, &input,
		&explanation->score, made->parts, SCORE_PARTS_MAX, &explanation->part_count);
	explanation->action = explanation->score.action;
}

static void end(struct made *made)
{
	arena_done(&made->arena);
	buf_done(&made->key);
}

/* What the reader gets, parsed. Nodes live until the next call with this reader. */
static struct json_node told(const struct made *made, const struct explain_reader *reader,
	struct json_reader *json, struct buf *text)
{
	struct json_writer writer = json_writer_on(text);
	struct json_node root;

	buf_clear(text);
	json_object_begin(&writer);
	explain_json(&writer, &made->explained, reader);
	json_object_end(&writer);
	must(json_parse(json, buf_view(text), &root, NULL) == OK);
	return root;
}

static struct str text_of(struct json_node node, const char *key)
{
	struct str value = STR("");

	(void)!json_str(json_get(node, key), &value);
	return value;
}

static int64_t number_of(struct json_node node, const char *key)
{
	int64_t value = -1;

	(void)!json_i64(json_get(node, key), &value);
	return value;
}

static bool has(const struct buf *text, const char *part)
{
	return str_find_str(buf_view(text), str_c(part)) < text->n;
}

static void parts_add_up_and_name_their_claims(void **state)
{
	CLEANUP(json_reader_free) struct json_reader *json = json_reader_new();
	CLEANUP(buf_done) struct buf text = { 0 };
	struct explain_reader reader = { .tlp = TLP_RED, .sees_decisions = true };
	struct json_node part;
	struct made made;
	size_t n = 0;

	(void)state;
	begin(&made);
	add_claim(&made, 0, TLP_CLEAR, CATEGORY_SCANNER, 0);
	add_claim(&made, 1, TLP_CLEAR, CATEGORY_BRUTE_FORCE, 0);
	made.explained.judged.around.near[ROLE_SOURCE][0] = 4;
	judge(&made);

	struct json_node root = told(&made, &reader, json, &text);
	struct json_iterator it = json_each(json_get(root, "parts"));
	int64_t points = 0;

	while (json_next(&it, &part)) {
		struct str key = text_of(part, "key");

		points += number_of(part, "points");
		assert_non_null(words_find(key));
		if (str_eq(key, STR("part.source"))) {
			struct json_iterator rows = json_each(json_get(part, "evidence"));
			struct json_node at;
			uint64_t index = 0;

			assert_true(json_next(&rows, &at) && json_u64(at, &index));
			assert_true(str_eq(text_of(json_get(part, "params"), "source"),
				str_c(source_names[made.claims[index].source])));
			n++;
		}
	}
	assert_int_equal(n, 2);
	assert_int_equal(points, number_of(json_get(root, "score"), "src"));
	assert_int_equal(points, number_of(json_get(json_get(root, "sums"), "src"), "points"));
	assert_true(has(&text, "\"Active neighbours in 192.0.2.0/24: 4\""));
	end(&made);
}

static void a_hidden_source_is_not_named_anywhere(void **state)
{
	CLEANUP(json_reader_free) struct json_reader *json = json_reader_new();
	CLEANUP(buf_done) struct buf text = { 0 };
	struct explain_reader reader = { .tlp = TLP_GREEN };
	struct made made;

	(void)state;
	for (unsigned lang = 0; lang < LANG_COUNT; lang++) {
		begin(&made);
		reader.lang = (enum lang)lang;
		add_claim(&made, 2, TLP_AMBER, CATEGORY_SCANNER, 0);
		add_claim(&made, 4, TLP_GREEN, CATEGORY_SCANNER, DAY_S);
		judge(&made);

		struct json_node root = told(&made, &reader, json, &text);

		assert_false(has(&text, "q-three"));
		assert_true(has(&text, "q-five"));
		assert_true(has(&text, "part.hidden"));
		assert_int_equal(number_of(root, "hidden_claims"), 1);
		assert_int_equal(json_count(json_get(root, "claims")), 1);
		reader.tlp = TLP_AMBER;
		(void)told(&made, &reader, json, &text);
		assert_true(has(&text, "q-three"));
		assert_false(has(&text, "part.hidden"));
		reader.tlp = TLP_GREEN;
		end(&made);
	}
}

static void who_stands_behind_an_override_is_for_those_who_may_know(void **state)
{
	CLEANUP(json_reader_free) struct json_reader *json = json_reader_new();
	CLEANUP(buf_done) struct buf text = { 0 };
	struct explain_reader reader = { .tlp = TLP_RED };
	struct made made;

	(void)state;
	begin(&made);
	add_claim(&made, 0, TLP_CLEAR, CATEGORY_SCANNER, 0);
	judge(&made);
	made.explained.judged.rule = (struct rule_match){
		.override = 12, .is_allow = true, .override_of = made.explained.judged.indicator
	};
	made.explained.override = (struct override){ .id = 12,
		.owner = STR_INIT("asma@bank"),
		.reason = STR_INIT("our mail server"),
		.ends_s = NOW_S + DAY_S };
	made.explained.explanation.action = PEHRA_ALLOW;

	struct json_node root = told(&made, &reader, json, &text);

	assert_true(str_eq(text_of(json_get(root, "rule"), "key"), STR("rule.override.allow")));
	assert_true(str_eq(text_of(root, "action"), STR("allow")));
	assert_false(has(&text, "asma@bank"));
	assert_false(has(&text, "mail server"));
	reader.sees_decisions = true;
	root = told(&made, &reader, json, &text);
	assert_true(str_eq(text_of(json_get(root, "rule"), "owner"), STR("asma@bank")));
	assert_true(has(&text, "our mail server"));
	end(&made);
}

static bool names_nothing(void *state, struct str source)
{
	(void)state;
	(void)source;
	return false;
}

static void a_guard_decides_before_an_override(void **state)
{
	CLEANUP(json_reader_free) struct json_reader *json = json_reader_new();
	CLEANUP(buf_done) struct buf text = { 0 };
	struct explain_reader reader = { .tlp = TLP_RED, .sees_decisions = true };
	struct made made;

	(void)state;
	begin(&made);
	made.explained.judged.rule = (struct rule_match){ .guard = GUARD_NEVER,
		.list = STR_INIT("public-resolvers"),
		.override = 3,
		.override_of = made.explained.judged.indicator };
	judge(&made);

	struct json_node root = told(&made, &reader, json, &text);

	assert_true(str_eq(text_of(json_get(root, "rule"), "key"), STR("rule.guard.never")));
	assert_true(str_eq(text_of(json_get(root, "rule"), "list"), STR("public-resolvers")));
	reader.may_name = names_nothing;
	root = told(&made, &reader, json, &text);
	assert_false(has(&text, "public-resolvers"));
	end(&made);
}

static void plain_words(void **state)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	struct explain_reader reader = { .tlp = TLP_RED };
	struct made made;

	(void)state;
	begin(&made);
	judge(&made);
	explain_plain(&text, &made.explained, &reader);
	assert_string_equal(buf_c(&text), "Nothing is claimed about 192.0.2.7; it is not listed.");
	end(&made);

	begin(&made);
	add_claim(&made, 0, TLP_CLEAR, CATEGORY_SCANNER, 0);
	add_claim(&made, 1, TLP_CLEAR, CATEGORY_BRUTE_FORCE, 3 * (int64_t)DAY_S);
	add_claim(&made, 3, TLP_CLEAR, CATEGORY_SPAM, 0);
	judge(&made);
	buf_clear(&text);
	explain_plain(&text, &made.explained, &reader);
	assert_true(str_starts(buf_view(&text), STR("192.0.2.7 is blocked. The chance that ")));
	assert_true(has(&text, "q-two reports login attempts, last on 2026-09-18."));
	assert_true(has(&text, "If this is a mistake, "));
	reader.lang = LANG_URDU;
	buf_clear(&text);
	explain_plain(&text, &made.explained, &reader);
	assert_true(has(&text, "کو روکا جاتا ہے۔"));
	assert_true(has(&text, "لاگ اِن کی بار بار کوششیں"));
	end(&made);
}

/*
 * Whatever is claimed, by whom, of which label: each part has its points, the sums hold, and what
 * is said names a source only when a claim of it may be seen.
 */
static const char *any_story(struct prop *prop)
{
	static const enum category categories[] = { CATEGORY_SCANNER, CATEGORY_PHISHING,
		CATEGORY_TOR, CATEGORY_SPAM };
	CLEANUP(json_reader_free) struct json_reader *json = json_reader_new();
	CLEANUP(buf_done) struct buf text = { 0 };
	struct explain_reader reader = { .lang = (enum lang)prop_below(prop, LANG_COUNT),
		.tlp = (enum tlp)prop_below(prop, TLP_COUNT),
		.sees_decisions = prop_below(prop, 2) != 0 };
	bool may_be_named[SOURCES] = { false };
	const char *wrong = NULL;
	struct json_node part;
	struct made made;

	begin(&made);
	for (uint64_t i = prop_below(prop, CLAIMS_MAX + 1); i > 0; i--) {
		unsigned source = (unsigned)prop_below(prop, SOURCES);
		enum tlp tlp = (enum tlp)prop_below(prop, TLP_COUNT);

		may_be_named[source] |= tlp <= reader.tlp;
		add_claim(&made, source, tlp, categories[prop_below(prop, ARRAY_LEN(categories))],
			(int64_t)prop_below(prop, 30) * DAY_S);
	}
	made.explained.judged.around.near[ROLE_SOURCE][0] = (uint32_t)prop_below(prop, 50);
	made.explained.judged.around.is_shared = prop_below(prop, 2) != 0;
	judge(&made);

	struct json_node root = told(&made, &reader, json, &text);
	struct json_iterator it = json_each(json_get(root, "parts"));
	int64_t points[ROLE_COUNT] = { 0 };

	if (json_count(json_get(root, "parts")) != made.explained.explanation.part_count)
		wrong = "a part is missing";
	while (json_next(&it, &part)) {
		enum role role;

		must(role_parse(text_of(part, "role"), &role));
		points[role] += number_of(part, "points");
	}
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (made.explained.explanation.score.has_claims[role] &&
			points[role] != made.explained.explanation.score.value[role])
			wrong = "points do not add up";
	}
	for (unsigned i = 0; i < SOURCES; i++) {
		if (!may_be_named[i] && has(&text, source_names[i]))
			wrong = "a source is named that may not be";
	}
	end(&made);
	return wrong;
}

static void any(void **state)
{
	(void)state;
	PROP_RUN(2000, any_story);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_add_up_and_name_their_claims),
		cmocka_unit_test(a_hidden_source_is_not_named_anywhere),
		cmocka_unit_test(who_stands_behind_an_override_is_for_those_who_may_know),
		cmocka_unit_test(a_guard_decides_before_an_override),
		cmocka_unit_test(plain_words),
		cmocka_unit_test(any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
