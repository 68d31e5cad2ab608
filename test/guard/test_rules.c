/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules made by hand: what holds an indicator, which rule decides, against asking every rule. */
#include "guard/rules.h"
#include "net/name.h"
#include "score/score.h"

#include "prop.h"

#include <stdlib.h>

static struct indicator typed(const char *text, struct arena *arena)
{
	struct indicator indicator;
	struct why why;

	if (indicator_parse(str_c(text), arena, &indicator, &why) != OK)
		fail_msg("%s: %s", text, why.text);
	return indicator;
}

static void guard(struct rules *rules, const char *text, enum guard_policy policy, const char *list,
	uint8_t traits)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct indicator indicator = typed(text, &arena);
	struct why why;

	assert_int_equal(rules_add_guard(rules, &indicator, policy, str_c(list), traits, &why), OK);
}

static enum err pattern(struct rules *rules, uint8_t match, unsigned subjects, const char *text,
	enum guard_policy policy)
{
	struct indicator indicator = { .kind = INDICATOR_PATTERN,
		.match = match,
		.subjects = (uint8_t)subjects,
		.text = str_c(text) };
	struct why why;

	return rules_add_guard(rules, &indicator, policy, STR("patterns"), 0, &why);
}

static void override(struct rules *rules, const char *text, int64_t id, bool is_allow)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct indicator indicator = typed(text, &arena);

	rules_add_override(rules, &indicator, id, is_allow);
}

/* Asks by indicator and by key, which must say the same. */
static struct rule_match ask(const struct rules *rules, const struct indicator *indicator)
{
	CLEANUP(buf_done) struct buf key = { 0 };
	struct rule_match match;
	struct rule_match by_key;
	bool is_said;

	rules_match(rules, indicator, &match);
	indicator_key(&key, indicator);
	is_said = rules_match_key(rules, buf_view(&key), &by_key);
	assert_int_equal(is_said, match.guard != GUARD_NONE || match.override != 0);
	assert_int_equal(match.guard, by_key.guard);
	assert_int_equal(match.override, by_key.override);
	assert_int_equal(match.is_allow, by_key.is_allow);
	assert_int_equal(match.traits, by_key.traits);
	assert_int_equal(match.is_noted, by_key.is_noted);
	assert_true(str_eq(match.list, by_key.list));
	return match;
}

static struct rule_match ask_text(const struct rules *rules, const char *text)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct indicator indicator = typed(text, &arena);

	return ask(rules, &indicator);
}

static enum rule_verdict verdict(const struct rules *rules, const char *text)
{
	struct rule_match match = ask_text(rules, text);

	return rule_verdict_of(&match);
}

static void words_are_told_apart(void **state)
{
	(void)state;
	for (unsigned i = GUARD_NOTE; i < GUARD_POLICIES; i++) {
		enum guard_policy policy;

		assert_true(guard_policy_parse(guard_policy_name((enum guard_policy)i), &policy));
		assert_int_equal(policy, i);
	}
	enum guard_policy policy;

	assert_false(guard_policy_parse(STR(""), &policy));
	assert_false(guard_policy_parse(STR("always"), &policy));
}

static void an_empty_set_says_nothing(void **state)
{
	CLEANUP(rules_free) struct rules *rules = rules_new();
	const struct rule_place *places;

	(void)state;
	rules_ready(rules);
	assert_int_equal(verdict(rules, "192.0.2.1"), RULE_SCORE);
	assert_int_equal(verdict(rules, "2001:db8::/32"), RULE_SCORE);
	assert_int_equal(verdict(rules, "example.org"), RULE_SCORE);
	assert_int_equal(verdict(rules, "http://example.org/"), RULE_SCORE);
	assert_int_equal(rules_places(rules, &places), 0);
	/* what is no key is held by nothing */
	struct rule_match match;

	assert_false(rules_match_key(rules, STR(""), &match));
	assert_false(rules_match_key(rules, STR("\1"), &match));
	assert_false(rules_match_key(rules, STR("\3\0"), &match));
	assert_false(rules_match_key(rules, STR("\3"), &match));
}

static void the_order_of_deciding(void **state)
{
	CLEANUP(rules_free) struct rules *rules = rules_new();

	(void)state;
	guard(rules, "192.0.2.0/24", GUARD_NEVER, "resolvers", 0);
	guard(rules, "198.51.100.0/24", GUARD_ASK, "crawlers", 0);
	guard(rules, "198.51.0.0/16", GUARD_NOTE, "cloud", TRAIT_CLOUD);
	guard(rules, "198.51.100.7", GUARD_NOTE, "vpn", TRAIT_SHARED);
	override(rules, "192.0.2.9", 1, false);
	override(rules, "198.51.100.0/25", 2, false);
	override(rules, "198.51.100.9", 3, true);
	override(rules, "203.0.113.0/24", 4, false);
	override(rules, "203.0.113.0/24", 5, true);
	rules_ready(rules);

	assert_int_equal(verdict(rules, "192.0.2.9"), RULE_ALLOW); /* never stands above a block */
	assert_int_equal(verdict(rules, "198.51.100.1"), RULE_BLOCK);
	assert_int_equal(verdict(rules, "198.51.100.9"), RULE_ALLOW);
	assert_int_equal(verdict(rules, "198.51.100.200"), RULE_WATCH_AT_MOST);
	assert_int_equal(verdict(rules, "198.51.99.1"), RULE_SCORE);
	assert_int_equal(verdict(rules, "203.0.113.4"), RULE_ALLOW); /* of two equal ones */
	assert_int_equal(verdict(rules, "198.51.0.0/16"), RULE_SCORE);
	assert_int_equal(verdict(rules, "192.0.0.0/16"), RULE_SCORE); /* not within */

	struct rule_match match = ask_text(rules, "198.51.100.7");

	assert_int_equal(match.guard, GUARD_ASK);
	assert_true(str_eq(match.list, STR("crawlers")));
	assert_int_equal(match.traits, TRAIT_CLOUD | TRAIT_SHARED);
	assert_true(match.is_noted);
	assert_int_equal(match.override, 2);
	assert_int_equal(match.override_of.prefix.length, IPV4_OFFSET + 25);
	assert_int_equal(ask_text(rules, "198.51.0.1").traits, TRAIT_CLOUD);
}

static void names_and_what_is_below(void **state)
{
	CLEANUP(rules_free) struct rules *rules = rules_new();

	(void)state;
	guard(rules, "example.org", GUARD_NEVER, "exact", 0);
	guard(rules, "*.example.net", GUARD_ASK, "below", 0);
	override(rules, "*.example.com", 1, false);
	override(rules, "*.mail.example.com", 2, true);
	override(rules, "a.mail.example.com", 3, false);
	rules_ready(rules);

	assert_int_equal(verdict(rules, "example.org"), RULE_ALLOW);
	assert_int_equal(verdict(rules, "*.example.org"), RULE_SCORE); /* more than the name */
	assert_int_equal(verdict(rules, "www.example.org"), RULE_SCORE);
	assert_int_equal(verdict(rules, "example.net"), RULE_WATCH_AT_MOST);
	assert_int_equal(verdict(rules, "a.b.example.net"), RULE_WATCH_AT_MOST);
	assert_int_equal(verdict(rules, "*.b.example.net"), RULE_WATCH_AT_MOST);
	assert_int_equal(verdict(rules, "notexample.net"), RULE_SCORE);
	assert_int_equal(verdict(rules, "x.example.com"), RULE_BLOCK);
	assert_int_equal(verdict(rules, "x.mail.example.com"), RULE_ALLOW);
	assert_int_equal(verdict(rules, "a.mail.example.com"), RULE_BLOCK);
	assert_int_equal(verdict(rules, "*.a.mail.example.com"), RULE_ALLOW);
	assert_int_equal(verdict(rules, "http://example.org/"), RULE_SCORE);
	assert_int_equal(verdict(rules, "http://x.example.com/"), RULE_SCORE);
}

static void patterns_by_their_subjects(void **state)
{
	CLEANUP(rules_free) struct rules *rules = rules_new();

	(void)state;
	assert_int_equal(
		pattern(rules, PATTERN_STRING, PATTERN_OF_NAMES, "only.example.org", GUARD_NEVER),
		OK);
	assert_int_equal(pattern(rules, PATTERN_HOSTNAME, PATTERN_OF_NAMES | PATTERN_OF_URLS,
				 "both.example", GUARD_NEVER),
		OK);
	assert_int_equal(
		pattern(rules, PATTERN_HOSTNAME, PATTERN_OF_URLS, "hosted.example", GUARD_NEVER),
		OK);
	assert_int_equal(pattern(rules, PATTERN_STRING, PATTERN_OF_URLS,
				 "http://exact.example/path", GUARD_NEVER),
		OK);
	assert_int_equal(
		pattern(rules, PATTERN_SUBSTRING, PATTERN_OF_NAMES, "mall", GUARD_ASK), OK);
	assert_int_equal(pattern(rules, PATTERN_SUBSTRING, PATTERN_OF_URLS, "/wp-", GUARD_ASK), OK);
	assert_int_equal(
		pattern(rules, PATTERN_REGEX, PATTERN_OF_NAMES, "^ns\\d\\.", GUARD_NOTE), OK);
	assert_int_equal(pattern(rules, PATTERN_REGEX, PATTERN_OF_URLS | PATTERN_CASELESS,
				 "/Download$", GUARD_NOTE),
		OK);
	rules_ready(rules);

	assert_int_equal(verdict(rules, "only.example.org"), RULE_ALLOW);
	assert_int_equal(verdict(rules, "http://only.example.org/"), RULE_SCORE);
	assert_int_equal(verdict(rules, "www.both.example"), RULE_ALLOW);
	assert_int_equal(verdict(rules, "https://www.both.example:8443/x?y=http://z"), RULE_ALLOW);
	assert_int_equal(verdict(rules, "https://notboth.example/"), RULE_SCORE);
	assert_int_equal(verdict(rules, "hosted.example"), RULE_SCORE);
	assert_int_equal(verdict(rules, "http://hosted.example/?x"), RULE_ALLOW);
	assert_int_equal(verdict(rules, "http://[2001:db8::1]/"), RULE_SCORE);
	assert_int_equal(verdict(rules, "http://192.0.2.1/"), RULE_SCORE);
	assert_int_equal(verdict(rules, "http://exact.example/PATH"), RULE_ALLOW);
	assert_int_equal(verdict(rules, "http://exact.example/path/"), RULE_SCORE);
	assert_int_equal(verdict(rules, "small.example"), RULE_WATCH_AT_MOST);
	assert_int_equal(verdict(rules, "http://small.example/"), RULE_SCORE);
	assert_int_equal(verdict(rules, "http://x.example/WP-admin"), RULE_WATCH_AT_MOST);
	assert_true(ask_text(rules, "ns1.x.example").is_noted);
	assert_false(ask_text(rules, "xns1.x.example").is_noted);
	assert_true(ask_text(rules, "http://x.example/download").is_noted);
	assert_false(ask_text(rules, "http://x.example/downloads").is_noted);
}

static void hashes_are_equal_or_not(void **state)
{
	CLEANUP(rules_free) struct rules *rules = rules_new();
	static const char empty_md5[] = "d41d8cd98f00b204e9800998ecf8427e";
	uint8_t bytes[16];
	struct indicator hash = { .kind = INDICATOR_HASH, .text = { (char *)bytes, sizeof bytes } };

	(void)state;
	assert_int_equal(
		pattern(rules, PATTERN_STRING, PATTERN_OF_HASHES, empty_md5, GUARD_NEVER), OK);
	assert_int_equal(
		pattern(rules, PATTERN_STRING, PATTERN_OF_HASHES, "d41d", GUARD_NEVER), ERR_SYNTAX);
	rules_ready(rules);
	assert_true(parse_hex(STR(empty_md5), bytes));
	assert_int_equal(ask(rules, &hash).guard, GUARD_NEVER);
	bytes[15] ^= 1;
	assert_int_equal(ask(rules, &hash).guard, GUARD_NONE);
}

static void limits_leave_the_rest(void **state)
{
	CLEANUP(rules_free) struct rules *rules = rules_new();
	struct rules_count count;
	char text[32];

	(void)state;
	for (int i = 0; i < RULES_SUBSTRINGS_MAX; i++) {
		(void)snprintf(text, sizeof text, "part-%d.", i);
		assert_int_equal(
			pattern(rules, PATTERN_SUBSTRING, PATTERN_OF_NAMES, text, GUARD_ASK), OK);
	}
	assert_int_equal(
		pattern(rules, PATTERN_SUBSTRING, PATTERN_OF_NAMES, "more", GUARD_ASK), ERR_LIMIT);
	assert_int_equal(
		pattern(rules, PATTERN_REGEX, PATTERN_OF_NAMES, "(", GUARD_ASK), ERR_SYNTAX);
	assert_int_equal(
		pattern(rules, PATTERN_REGEX, PATTERN_OF_NAMES, "^(x+x+)+[yz]", GUARD_ASK), OK);
	rules_ready(rules);
	assert_int_equal(verdict(rules, "a.part-19999.example"), RULE_WATCH_AT_MOST);
	assert_int_equal(verdict(rules, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.example"),
		RULE_SCORE);
	rules_count(rules, &count);
	assert_int_equal(count.patterns, RULES_SUBSTRINGS_MAX + 1);
	assert_true(count.regex_limits > 0);
}

static void the_hash_is_of_never_alone(void **state)
{
	uint64_t hashes[5];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
		CLEANUP(rules_free) struct rules *rules = rules_new();

		if (i == 1)
			guard(rules, "192.0.2.1", GUARD_NEVER, "a", 0);
		guard(rules, "192.0.2.2", GUARD_NEVER, "a", 0);
		if (i == 2)
			guard(rules, "192.0.2.1", GUARD_NEVER, "b", 0);
		if (i == 3) {
			guard(rules, "192.0.2.1", GUARD_ASK, "a", 0);
			override(rules, "192.0.2.1", 1, true);
		}
		if (i == 4)
			guard(rules, "192.0.2.0/31", GUARD_NEVER, "a", 0);
		rules_ready(rules);
		hashes[i] = rules_never_hash(rules);
	}
	assert_int_not_equal(hashes[0], hashes[1]);
	assert_int_equal(hashes[1], hashes[2]); /* whatever the order and the list */
	assert_int_equal(hashes[0], hashes[3]);
	assert_int_not_equal(hashes[1], hashes[4]);
	/* the same in every process */
	assert_int_equal(hashes[0], UINT64_C(0x68bbea946e9b66c2));
}

static void places_are_sorted_and_say_what_holds(void **state)
{
	CLEANUP(rules_free) struct rules *rules = rules_new();
	CLEANUP(arena_done) struct arena arena = { 0 };
	static const struct {
		const char *text;
		enum rule_verdict verdict;
		bool is_override;
	} expected[] = {
		{ "192.0.2.0/24", RULE_ALLOW, false },
		{ "192.0.2.9", RULE_ALLOW, false }, /* the block of it is none */
		{ "198.51.100.7", RULE_ALLOW, true },
		{ "203.0.113.0/24", RULE_BLOCK, true },
		{ "2001:db8::/32", RULE_BLOCK, true },
		{ "*.example.net", RULE_ALLOW, false },
		{ "example.org", RULE_BLOCK, true },
		{ "www.example.org", RULE_ALLOW, false },
	};
	const struct rule_place *places;

	(void)state;
	override(rules, "2001:db8::/32", 1, false);
	override(rules, "203.0.113.0/24", 2, false);
	override(rules, "198.51.100.7", 3, true);
	override(rules, "192.0.2.9", 4, false);
	override(rules, "example.org", 5, false);
	guard(rules, "192.0.2.0/24", GUARD_NEVER, "a", 0);
	guard(rules, "192.0.0.0/16", GUARD_ASK, "a", 0);
	guard(rules, "10.0.0.0/8", GUARD_NOTE, "a", 0);
	assert_int_equal(
		pattern(rules, PATTERN_HOSTNAME, PATTERN_OF_NAMES, "example.net", GUARD_NEVER), OK);
	assert_int_equal(
		pattern(rules, PATTERN_HOSTNAME, PATTERN_OF_URLS, "url.example", GUARD_NEVER), OK);
	assert_int_equal(
		pattern(rules, PATTERN_STRING, PATTERN_OF_NAMES, "www.example.org", GUARD_NEVER),
		OK);
	assert_int_equal(
		pattern(rules, PATTERN_STRING, PATTERN_OF_NAMES, "no name", GUARD_NEVER), OK);
	rules_ready(rules);
	assert_int_equal(rules_places(rules, &places), ARRAY_LEN(expected));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		CLEANUP(buf_done) struct buf key = { 0 };
		struct indicator indicator = typed(expected[i].text, &arena);

		indicator_key(&key, &indicator);
		assert_true(str_eq(places[i].key, buf_view(&key)));
		assert_int_equal(places[i].verdict, expected[i].verdict);
		assert_int_equal(places[i].is_override, expected[i].is_override);
	}
}

/* One rule of the oracle. */
struct plain_rule {
	struct indicator of;
	enum guard_policy policy; /* GUARD_NONE: an override */
	unsigned list;
	uint8_t traits;
	int64_t id;
	bool is_allow;
};

enum { RULES_MOST = 60, NAMES = 64 };
static char name_bytes[NAMES][32];

static struct indicator some_indicator(struct prop *prop)
{
	struct indicator out = { .kind = INDICATOR_IP };

	if (prop_below(prop, 3) == 0) {
		char *text = name_bytes[prop_below(prop, NAMES)];
		size_t labels = 1 + prop_below(prop, 4);
		size_t n = 0;

		for (size_t i = 0; i < labels; i++) {
			text[n++] = (char)('a' + prop_below(prop, 2));
			if (i + 1 < labels)
				text[n++] = '.';
		}
		out.kind = INDICATOR_NAME;
		out.below = prop_below(prop, 2) == 0;
		out.text = str_from(text, n);
	} else if (prop_below(prop, 2) == 0) {
		struct ipaddr ip = ip_from_u32(
			(uint32_t)prop_below(prop, 256) << 24 | (uint32_t)prop_below(prop, 4));

		out.prefix = prefix_around(&ip, (uint8_t)(IPV4_OFFSET + prop_below(prop, 33)));
	} else {
		struct ipaddr ip = {
			.bytes = { 0x20,
				(uint8_t)prop_below(prop, 4), [15] = (uint8_t)prop_below(prop, 4) }
		};

		out.prefix = prefix_around(&ip, (uint8_t)(4 + prop_below(prop, 125)));
	}
	return out;
}

static bool holds(const struct indicator *outer, const struct indicator *inner)
{
	if (outer->kind != inner->kind)
		return false;
	if (outer->kind == INDICATOR_IP)
		return prefix_contains(&outer->prefix, &inner->prefix);
	if (!outer->below)
		return !inner->below && str_eq(outer->text, inner->text);
	return name_is_within(inner->text, outer->text);
}

/* How close: bits or labels. */
static size_t closeness(const struct indicator *indicator)
{
	return indicator->kind == INDICATOR_IP ? indicator->prefix.length
					       : name_label_count(indicator->text);
}

static const char *check_one(const struct rules *rules, const struct plain_rule *all, size_t n,
	const struct indicator *of)
{
	static const char *const lists[] = { "a", "b", "c" };
	struct rule_match match = ask(rules, of);
	const struct plain_rule *decides = NULL;
	enum guard_policy guard = GUARD_NONE;
	unsigned list = 0;
	uint8_t traits = 0;
	bool is_noted = false;

	for (size_t i = 0; i < n; i++) {
		const struct plain_rule *rule = &all[i];

		if (!holds(&rule->of, of))
			continue;
		if (rule->policy != GUARD_NONE) {
			if (rule->policy > guard || (rule->policy == guard && rule->list < list)) {
				guard = rule->policy;
				list = rule->list;
			}
			traits |= rule->policy == GUARD_NOTE ? rule->traits : 0;
			is_noted |= rule->policy == GUARD_NOTE;
			continue;
		}
		if (decides == NULL || closeness(&rule->of) > closeness(&decides->of) ||
			(closeness(&rule->of) == closeness(&decides->of) &&
				rule->is_allow >= decides->is_allow))
			decides = rule;
	}
	if (match.guard != guard || match.traits != traits || match.is_noted != is_noted)
		return "the guards say otherwise";
	if (guard != GUARD_NONE && !str_eq(match.list, str_c(lists[list])))
		return "another list";
	if ((match.override != 0) != (decides != NULL))
		return "an override too many or too few";
	if (decides != NULL && match.is_allow != decides->is_allow)
		return "the other override";
	if (decides != NULL && closeness(&match.override_of) != closeness(&decides->of))
		return "not the closest override";
	return NULL;
}

static const char *as_asking_every_rule(struct prop *prop)
{
	CLEANUP(rules_free) struct rules *rules = rules_new();
	static const char *const lists[] = { "a", "b", "c" };
	struct plain_rule all[RULES_MOST];
	size_t n = prop_below(prop, RULES_MOST);
	struct why why;

	for (size_t i = 0; i < n; i++) {
		struct plain_rule *rule = &all[i];

		*rule = (struct plain_rule){ some_indicator(prop),
			(enum guard_policy)prop_below(prop, GUARD_POLICIES),
			(unsigned)prop_below(prop, 3), (uint8_t)prop_below(prop, 16),
			(int64_t)i + 1, prop_below(prop, 2) == 0 };
		/* the texts are used again */
		static char kept[RULES_MOST][32];

		memcpy(kept[i], rule->of.text.p == NULL ? "" : rule->of.text.p, rule->of.text.n);
		rule->of.text = str_from(kept[i], rule->of.text.n);
		if (rule->policy == GUARD_NONE)
			rules_add_override(rules, &rule->of, rule->id, rule->is_allow);
		else if (rules_add_guard(rules, &rule->of, rule->policy, str_c(lists[rule->list]),
				 rule->traits, &why) != OK)
			return "a rule is refused";
	}
	rules_ready(rules);
	for (size_t i = 0; i < 100; i++) {
		struct indicator of = some_indicator(prop);
		const char *wrong = check_one(rules, all, n, &of);

		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

static void the_same_as_asking_every_rule(void **state)
{
	(void)state;
	PROP_RUN(2000, as_asking_every_rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_told_apart),
		cmocka_unit_test(an_empty_set_says_nothing),
		cmocka_unit_test(the_order_of_deciding),
		cmocka_unit_test(names_and_what_is_below),
		cmocka_unit_test(patterns_by_their_subjects),
		cmocka_unit_test(hashes_are_equal_or_not),
		cmocka_unit_test(limits_leave_the_rest),
		cmocka_unit_test(the_hash_is_of_never_alone),
		cmocka_unit_test(places_are_sorted_and_say_what_holds),
		cmocka_unit_test(the_same_as_asking_every_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
