/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/rules_int.h"

#include <sodium.h>
#include <stdlib.h>

static const struct str policy_names[GUARD_POLICIES] = {
	[GUARD_NOTE] = STR_INIT("note"),
	[GUARD_ASK] = STR_INIT("ask"),
	[GUARD_NEVER] = STR_INIT("never"),
};

struct str guard_policy_name(enum guard_policy policy)
{
	return (size_t)policy < GUARD_POLICIES ? policy_names[policy] : STR("");
}

bool guard_policy_parse(struct str word, enum guard_policy *out)
{
	for (size_t i = GUARD_NOTE; i < GUARD_POLICIES; i++) {
		if (str_eq(word, policy_names[i])) {
			*out = (enum guard_policy)i;
			return true;
		}
	}
	return false;
}

enum rule_verdict rule_verdict_of(const struct rule_match *match)
{
	if (match->guard == GUARD_NEVER)
		return RULE_ALLOW;
	if (match->override != 0)
		return match->is_allow ? RULE_ALLOW : RULE_BLOCK;
	return match->guard == GUARD_ASK ? RULE_WATCH_AT_MOST : RULE_SCORE;
}

struct rules *rules_new(void)
{
	struct rules *rules = calloc(1, sizeof *rules);

	must(rules != NULL);
	rules->regexes = regexes_new();
	return rules;
}

void rules_free(struct rules **out)
{
	struct rules *rules = *out;

	if (rules == NULL)
		return;
	rules_done_text(rules);
	prefix_index_done(&rules->index);
	map_done(&rules->list_numbers);
	free(rules->lists);
	free(rules->prefixes);
	free(rules->held);
	free(rules->overrides);
	free(rules->places);
	arena_done(&rules->arena);
	free(rules);
	*out = NULL;
}

void *rules_grow(void *items, size_t n, size_t *capacity, size_t size)
{
	if (n < *capacity)
		return items;
	*capacity = *capacity == 0 ? 16 : *capacity * 2;
	items = realloc(items, *capacity * size);
	must(items != NULL);
	return items;
}

void rules_say(const struct rules *rules, struct said *to, const struct said *what)
{
	bool is_stronger = what->guard > to->guard;

	if (what->guard == to->guard && what->list != to->list && what->guard != GUARD_NONE)
		is_stronger = str_cmp(rules->lists[what->list], rules->lists[to->list]) < 0;
	if (is_stronger) {
		to->guard = what->guard;
		to->list = what->list;
	}
	to->traits |= what->traits;
	to->is_noted |= what->is_noted;
}

uint32_t rules_override_of_two(const struct rules *rules, uint32_t a, uint32_t b)
{
	if (a == 0 || b == 0)
		return a == 0 ? b : a;
	if (rules->overrides[a - 1].is_allow != rules->overrides[b - 1].is_allow)
		return rules->overrides[a - 1].is_allow ? a : b;
	return rules->overrides[a - 1].id > rules->overrides[b - 1].id ? a : b;
}

static uint32_t list_number(struct rules *rules, struct str list)
{
	bool is_new;
	uint64_t *number = map_add(&rules->list_numbers, list, &is_new);

	if (is_new) {
		rules->lists = rules_grow(rules->lists, rules->list_count, &rules->list_capacity,
			sizeof *rules->lists);
		*number = rules->list_count;
		rules->lists[rules->list_count++] = arena_str(&rules->arena, list);
	}
	return (uint32_t)*number;
}

/* A sum, so that the order in which rules come does not matter. */
static void hash_never(struct rules *rules, const struct indicator *indicator)
{
	static const uint8_t key[crypto_shorthash_KEYBYTES] = "pehra guards 01";
	CLEANUP(buf_done) struct buf bytes = { 0 };
	uint64_t hash;

	buf_byte(&bytes, (char)indicator->kind);
	buf_byte(&bytes, (char)indicator->below);
	buf_byte(&bytes, (char)indicator->match);
	buf_byte(&bytes, (char)indicator->subjects);
	buf_byte(&bytes, (char)indicator->prefix.length);
	buf_put(&bytes, indicator->prefix.address.bytes, sizeof indicator->prefix.address.bytes);
	buf_str(&bytes, indicator->text);
	must(crypto_shorthash((uint8_t *)&hash, (const uint8_t *)bytes.data, bytes.n, key) == 0);
	rules->never_hash += hash;
}

static struct prefix_rule *add_prefix(struct rules *rules, const struct prefix *prefix)
{
	struct prefix_rule *rule;

	rules->prefixes = rules_grow(rules->prefixes, rules->prefix_count, &rules->prefix_capacity,
		sizeof *rules->prefixes);
	rule = &rules->prefixes[rules->prefix_count++];
	*rule = (struct prefix_rule){ .prefix = *prefix };
	return rule;
}

struct str rules_labels(struct str name, char out[LABELS_BYTES_MAX])
{
	size_t n = 0;

	must(name.n + 1 < LABELS_BYTES_MAX);
	for (struct str rest = name; rest.p != NULL;) {
		size_t dot = str_find_last(rest, '.');
		struct str label = dot == rest.n ? rest : str_from_index(rest, dot + 1);

		memcpy(out + n, label.p, label.n);
		n += label.n;
		out[n++] = '\0';
		rest = dot == rest.n ? (struct str){ 0 } : str_first(rest, dot);
	}
	return str_from(out, n);
}

/* The rule that stands for one URL or hash. */
static struct rule *exact_of(struct rules *rules, const struct indicator *indicator)
{
	CLEANUP(buf_done) struct buf key = { 0 };

	indicator_key(&key, indicator);
	return rules_exact(rules, buf_view(&key));
}

enum err rules_add_guard(struct rules *rules, const struct indicator *indicator,
	enum guard_policy policy, struct str list, uint8_t traits, struct why *why)
{
	bool is_note = policy == GUARD_NOTE;
	struct said said = { (uint8_t)policy, is_note ? traits : 0, is_note,
		list_number(rules, list) };
	char labels[LABELS_BYTES_MAX];

	must(!rules->is_ready);
	if (indicator->kind == INDICATOR_IP) {
		add_prefix(rules, &indicator->prefix)->rule.said = said;
	} else if (indicator->kind == INDICATOR_NAME) {
		struct name_rule *rule = rules_name(rules, rules_labels(indicator->text, labels));

		rules_say(rules, indicator->below ? &rule->below : &rule->exact, &said);
	} else if (indicator->kind == INDICATOR_PATTERN) {
		TRY(rules_add_pattern(rules, indicator, &said, why));
	} else {
		rules_say(rules, &exact_of(rules, indicator)->said, &said);
	}
	if (policy == GUARD_NEVER)
		hash_never(rules, indicator);
	return OK;
}

void rules_add_override(
	struct rules *rules, const struct indicator *indicator, int64_t id, bool is_allow)
{
	struct override_rule *override;
	uint32_t number;
	uint32_t *place;
	char labels[LABELS_BYTES_MAX];

	must(!rules->is_ready && indicator->kind != INDICATOR_PATTERN);
	rules->overrides = rules_grow(rules->overrides, rules->override_count,
		&rules->override_capacity, sizeof *rules->overrides);
	override = &rules->overrides[rules->override_count++];
	number = (uint32_t)rules->override_count;
	*override = (struct override_rule){ id, is_allow, *indicator };
	override->indicator.text = arena_str(&rules->arena, indicator->text);
	if (indicator->kind == INDICATOR_IP) {
		add_prefix(rules, &indicator->prefix)->rule.override = number;
		return;
	}
	if (indicator->kind == INDICATOR_NAME) {
		struct name_rule *rule = rules_name(rules, rules_labels(indicator->text, labels));

		place = indicator->below ? &rule->override_below : &rule->override_exact;
	} else {
		place = &exact_of(rules, indicator)->override;
	}
	*place = rules_override_of_two(rules, *place, number);
}

static int by_prefix(const void *a, const void *b)
{
	return prefix_cmp(
		&((const struct prefix_rule *)a)->prefix, &((const struct prefix_rule *)b)->prefix);
}

/* One rule per prefix, and for each what it says together with those that hold it. */
static void ready_prefixes(struct rules *rules)
{
	size_t n = 0;
	struct prefix *prefixes;

	if (rules->prefix_count > 0)
		qsort(rules->prefixes, rules->prefix_count, sizeof *rules->prefixes, by_prefix);
	for (size_t i = 0; i < rules->prefix_count; i++) {
		struct prefix_rule *rule = &rules->prefixes[i];
		struct prefix_rule *last = n == 0 ? NULL : &rules->prefixes[n - 1];

		if (last == NULL || prefix_cmp(&last->prefix, &rule->prefix) != 0) {
			rules->prefixes[n++] = *rule;
			continue;
		}
		rules_say(rules, &last->rule.said, &rule->rule.said);
		last->rule.override =
			rules_override_of_two(rules, last->rule.override, rule->rule.override);
	}
	rules->prefix_count = n;
	prefixes = malloc((n + 1) * sizeof *prefixes);
	rules->held = malloc((n + 1) * sizeof *rules->held);
	must(prefixes != NULL && rules->held != NULL);
	for (size_t i = 0; i < n; i++)
		prefixes[i] = rules->prefixes[i].prefix;
	prefix_index_build(&rules->index, prefixes, n);
	free(prefixes);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t parent = prefix_index_parent(&rules->index, i);

		rules->held[i] = rules->prefixes[i].rule;
		if (parent == PREFIX_INDEX_NONE)
			continue;
		rules_say(rules, &rules->held[i].said, &rules->held[parent].said);
		if (rules->held[i].override == 0)
			rules->held[i].override = rules->held[parent].override;
	}
}

void rules_ready(struct rules *rules)
{
	must(!rules->is_ready);
	ready_prefixes(rules);
	rules_ready_text(rules);
	rules->is_ready = true;
	rules_ready_places(rules);
}

static void match_prefix(const struct rules *rules, const struct prefix *prefix, struct rule *out)
{
	uint32_t number = prefix_index_find(&rules->index, prefix);

	if (number != PREFIX_INDEX_NONE)
		*out = rules->held[number];
}

static bool tell(const struct rules *rules, const struct rule *rule, struct rule_match *out)
{
	*out = (struct rule_match){
		.guard = (enum guard_policy)rule->said.guard,
		.traits = rule->said.traits,
		.is_noted = rule->said.is_noted,
	};
	if (rule->said.guard != GUARD_NONE)
		out->list = rules->lists[rule->said.list];
	if (rule->override != 0) {
		const struct override_rule *override = &rules->overrides[rule->override - 1];

		out->override = override->id;
		out->is_allow = override->is_allow;
		out->override_of = override->indicator;
	}
	return rule->said.guard != GUARD_NONE || rule->override != 0;
}

void rules_match(
	const struct rules *rules, const struct indicator *indicator, struct rule_match *out)
{
	struct rule rule = { 0 };
	char labels[LABELS_BYTES_MAX];

	must(rules->is_ready);
	if (indicator->kind == INDICATOR_IP)
		match_prefix(rules, &indicator->prefix, &rule);
	else if (indicator->kind == INDICATOR_NAME)
		rules_match_name(
			rules, rules_labels(indicator->text, labels), indicator->below, &rule);
	else if (indicator->kind == INDICATOR_URL)
		rules_match_url(rules, indicator->text, &rule);
	else if (indicator->kind == INDICATOR_HASH)
		rules_match_hash(rules, indicator->text, &rule);
	(void)tell(rules, &rule, out);
}

/* The forms of keys, see indicator_key(). */
enum { FORM_V4 = 1, FORM_V6 = 2, FORM_NAME = 3, FORM_URL = 4, FORM_HASH = 5 };
enum { V4_KEY_BYTES = 6, V6_KEY_BYTES = 18 };

bool rules_match_key(const struct rules *rules, struct str key, struct rule_match *out)
{
	struct rule rule = { 0 };
	uint8_t form = key.n < 2 ? 0 : (uint8_t)key.p[0];
	struct str body = str_from_index(key, 1);

	must(rules->is_ready);
	if (form == FORM_V4 && key.n == V4_KEY_BYTES) {
		struct prefix prefix = { ip_from_u32(0), (uint8_t)(IPV4_OFFSET + body.p[4]) };

		memcpy(prefix.address.bytes + 12, body.p, 4);
		match_prefix(rules, &prefix, &rule);
	} else if (form == FORM_V6 && key.n == V6_KEY_BYTES) {
		struct prefix prefix = { .length = (uint8_t)body.p[16] };

		memcpy(prefix.address.bytes, body.p, sizeof prefix.address.bytes);
		match_prefix(rules, &prefix, &rule);
	} else if (form == FORM_NAME && body.n > 1 && body.n <= LABELS_BYTES_MAX &&
		   body.p[body.n - 2] == '\0') {
		rules_match_name(
			rules, str_first(body, body.n - 1), body.p[body.n - 1] == 1, &rule);
	} else if (form == FORM_URL) {
		rules_match_url(rules, body, &rule);
	} else if (form == FORM_HASH) {
		rules_match_hash(rules, body, &rule);
	}
	return tell(rules, &rule, out);
}

uint64_t rules_never_hash(const struct rules *rules)
{
	return rules->never_hash;
}

void rules_count(const struct rules *rules, struct rules_count *out)
{
	*out = (struct rules_count){
		.overrides = rules->override_count,
		.patterns = rules->substring_count + regexes_count(rules->regexes),
		.refused = rules->refused,
		.regex_limits = regexes_limits(rules->regexes),
	};
	for (size_t i = 0; i < rules->prefix_count; i++)
		out->prefixes += rules->prefixes[i].rule.said.guard != GUARD_NONE;
	for (size_t i = 0; i < rules->name_count; i++) {
		const struct name_rule *rule = &rules->names[i];

		out->names += (rule->exact.guard | rule->below.guard | rule->below_url.guard) !=
			      GUARD_NONE;
	}
	for (size_t i = 0; i < rules->exact_count; i++)
		out->patterns += rules->exact[i].said.guard != GUARD_NONE;
}
