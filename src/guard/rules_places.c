/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The prefixes, names and URLs that may need an entry of their own. */
#include "guard/rules_int.h"

#include "base/sort.h"

#include <stdlib.h>

/*
 * own is what is said of the indicator itself. The verdict is that of all rules that hold it, so a
 * block within what must never be listed is none.
 */
static void add_place(struct rules *rules, const struct indicator *indicator, uint8_t own_guard,
	uint32_t own_override)
{
	CLEANUP(buf_done) struct buf key = { 0 };
	struct rule_match match;
	enum rule_verdict verdict;

	if (own_guard != GUARD_NEVER && own_override == 0)
		return;
	rules_match(rules, indicator, &match);
	verdict = rule_verdict_of(&match);
	indicator_key(&key, indicator);
	rules->places[rules->place_count++] = (struct rule_place){
		.key = arena_str(&rules->arena, buf_view(&key)),
		.verdict = verdict,
		.is_override = own_override != 0 && rules->overrides[own_override - 1].is_allow ==
							    (verdict == RULE_ALLOW),
	};
}

static int by_key(const void *a, const void *b)
{
	return str_cmp(((const struct rule_place *)a)->key, ((const struct rule_place *)b)->key);
}

/* The name that a key's labels spell. */
static void add_name_places(struct rules *rules, struct str labels, const struct name_rule *rule)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf key = { 0 };
	struct indicator indicator;
	struct why why;

	buf_byte(&key, INDICATOR_NAME);
	buf_str(&key, labels);
	buf_byte(&key, 0);
	/* a STRING pattern may be no name: then nothing equals it */
	if (indicator_from_key(buf_view(&key), &arena, &indicator, &why) != OK)
		return;
	add_place(rules, &indicator, rule->exact.guard, rule->override_exact);
	indicator.below = true;
	add_place(rules, &indicator, rule->below.guard, rule->override_below);
}

/* A person's word about a URL; of several about the same one, that which decides. */
static void add_url_place(struct rules *rules, uint32_t number)
{
	const struct override_rule *override = &rules->overrides[number - 1];
	struct rule_match match;

	if (override->indicator.kind != INDICATOR_URL)
		return;
	rules_match(rules, &override->indicator, &match);
	if (match.override == override->id)
		add_place(rules, &override->indicator, GUARD_NONE, number);
}

void rules_ready_places(struct rules *rules)
{
	size_t most = rules->prefix_count + 2 * rules->name_count + rules->override_count;

	rules->places = malloc((most + 1) * sizeof *rules->places);
	must(rules->places != NULL);
	for (size_t i = 0; i < rules->prefix_count; i++) {
		const struct prefix_rule *rule = &rules->prefixes[i];
		struct indicator indicator = { .kind = INDICATOR_IP, .prefix = rule->prefix };

		add_place(rules, &indicator, rule->rule.said.guard, rule->rule.override);
	}
	for (size_t i = 0; i < rules->name_count; i++)
		add_name_places(rules, rules->names[i].labels, &rules->names[i]);
	for (uint32_t i = 0; i < rules->override_count; i++)
		add_url_place(rules, i + 1);
	sort_runs(rules->places, rules->place_count, sizeof *rules->places, by_key);
}

size_t rules_places(const struct rules *rules, const struct rule_place **out)
{
	*out = rules->places;
	return rules->place_count;
}
