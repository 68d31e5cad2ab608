/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules out of lines, and what they say of the indicators of other lines. A line is one letter and
 * a text: n, a, o a guard (never, ask, note), A, B an override, 1 to 4 a pattern with its subjects
 * as a letter from '@' on, ? an indicator to ask for, = the bytes of a key.
 * By indicator and by key the answer is the same; a name that holds a substring is held by it.
 */
#include "fuzz/fuzz.h"

#include "guard/rules.h"

enum { ASKED_MAX = 64, SUBSTRINGS_MAX = 16, RULES_MAX = 200 };

struct world {
	struct arena arena;
	struct rules *rules;
	size_t rule_count;
	struct indicator asked[ASKED_MAX];
	size_t asked_count;
	struct str keys[ASKED_MAX];
	size_t key_count;
	struct str substrings[SUBSTRINGS_MAX]; /* of names, of policy ask */
	size_t substring_count;
};

static void guard_line(struct world *world, char letter, struct str text)
{
	enum guard_policy policy = letter == 'n'   ? GUARD_NEVER
				   : letter == 'a' ? GUARD_ASK
						   : GUARD_NOTE;
	struct indicator indicator;
	struct why why = { 0 };

	if (indicator_parse(text, &world->arena, &indicator, &why) != OK)
		return;
	if (letter == 'A' || letter == 'B')
		rules_add_override(
			world->rules, &indicator, (int64_t)++world->rule_count, letter == 'A');
	else
		must(rules_add_guard(world->rules, &indicator, policy, STR("list"), 4, &why) == OK);
}

/* As it comes out of the store: through the check of keys. */
static void pattern_line(struct world *world, char letter, struct str text)
{
	CLEANUP(buf_done) struct buf key = { 0 };
	struct indicator pattern;
	struct why why = { 0 };

	buf_byte(&key, INDICATOR_PATTERN);
	buf_byte(&key, (char)(letter - '0'));
	buf_byte(&key, text.n == 0 ? 0 : (char)(text.p[0] & 31));
	buf_str(&key, str_from_index(text, 1));
	if (indicator_from_key(
		    arena_str(&world->arena, buf_view(&key)), &world->arena, &pattern, &why) != OK)
		return;
	if (rules_add_guard(world->rules, &pattern, GUARD_ASK, STR("patterns"), 0, &why) != OK) {
		must(why.text[0] != '\0');
		return;
	}
	if (pattern.match == PATTERN_SUBSTRING && (pattern.subjects & PATTERN_OF_NAMES) != 0 &&
		world->substring_count < SUBSTRINGS_MAX)
		world->substrings[world->substring_count++] = pattern.text;
}

static void take_line(struct world *world, struct str line)
{
	char letter = line.n == 0 ? '\0' : line.p[0];
	struct str text = str_from_index(line, 1);
	struct why why = { 0 };

	if (letter == '?' && world->asked_count < ASKED_MAX) {
		if (indicator_parse(text, &world->arena, &world->asked[world->asked_count], &why) ==
			OK)
			world->asked_count++;
	} else if (letter == '=' && world->key_count < ASKED_MAX) {
		world->keys[world->key_count++] = text;
	} else if (letter >= '1' && letter <= '4') {
		pattern_line(world, letter, text);
	} else if (letter != '\0' && str_find(STR("naoAB"), letter) < 5) {
		guard_line(world, letter, text);
	}
}

static bool is_same(const struct rule_match *a, const struct rule_match *b)
{
	return a->guard == b->guard && str_eq(a->list, b->list) && a->traits == b->traits &&
	       a->is_noted == b->is_noted && a->override == b->override &&
	       a->is_allow == b->is_allow;
}

static void ask(const struct world *world, const struct indicator *indicator)
{
	CLEANUP(buf_done) struct buf key = { 0 };
	struct rule_match match;
	struct rule_match again;
	bool is_said;

	rules_match(world->rules, indicator, &match);
	indicator_key(&key, indicator);
	is_said = rules_match_key(world->rules, buf_view(&key), &again);
	must(is_same(&match, &again));
	must(is_said == (match.guard != GUARD_NONE || match.override != 0));
	must(match.guard == GUARD_NONE || match.list.n > 0);
	for (size_t i = 0; i < world->substring_count; i++) {
		struct str part = world->substrings[i];

		if (indicator->kind == INDICATOR_NAME &&
			str_find_str(indicator->text, part) + part.n <= indicator->text.n)
			must(match.guard >= GUARD_ASK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world = { .rules = rules_new() };
	struct str rest = str_from((const char *)data, size);
	const struct rule_place *places;
	struct rule_match match;
	struct str line;
	size_t n;

	for (size_t i = 0; i < RULES_MAX && str_next_line(&rest, &line); i++)
		take_line(&world, line);
	rules_ready(world.rules);
	for (size_t i = 0; i < world.asked_count; i++)
		ask(&world, &world.asked[i]);
	for (size_t i = 0; i < world.key_count; i++)
		(void)rules_match_key(world.rules, world.keys[i], &match);
	n = rules_places(world.rules, &places);
	for (size_t i = 0; i < n; i++) {
		must(i == 0 || str_cmp(places[i - 1].key, places[i].key) < 0);
		must(places[i].verdict == RULE_ALLOW || places[i].verdict == RULE_BLOCK);
		must(rules_match_key(world.rules, places[i].key, &match));
		must(rule_verdict_of(&match) == places[i].verdict);
	}
	rules_free(&world.rules);
	arena_done(&world.arena);
	return 0;
}
