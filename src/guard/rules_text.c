/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names, URLs, hashes and patterns. */
#include "guard/rules_int.h"

#include "base/sort.h"

#include <stdlib.h>

/* A hash in hexadecimal, and the key of its bytes. */
enum { HASH_HEX_MIN = 32, HASH_HEX_MAX = 128 };

static size_t label_count(struct str labels)
{
	size_t n = 0;

	for (size_t i = 0; i < labels.n; i++)
		n += labels.p[i] == '\0';
	return n;
}

struct name_rule *rules_name(struct rules *rules, struct str labels)
{
	bool is_new;
	uint64_t *number = map_add(&rules->name_numbers, labels, &is_new);

	if (is_new) {
		rules->names = rules_grow(rules->names, rules->name_count, &rules->name_capacity,
			sizeof *rules->names);
		*number = rules->name_count;
		rules->names[rules->name_count++] =
			(struct name_rule){ .labels = arena_str(&rules->arena, labels) };
		must(label_count(labels) < LABELS_MAX);
		rules->has_labels[label_count(labels)] = true;
	}
	return &rules->names[*number];
}

struct rule *rules_exact(struct rules *rules, struct str key)
{
	bool is_new;
	uint64_t *number = map_add(&rules->exact_numbers, key, &is_new);

	if (is_new) {
		rules->exact = rules_grow(rules->exact, rules->exact_count, &rules->exact_capacity,
			sizeof *rules->exact);
		*number = rules->exact_count;
		rules->exact[rules->exact_count++] = (struct rule){ 0 };
	}
	return &rules->exact[*number];
}

static const struct rule *exact_get(const struct rules *rules, struct str key)
{
	const uint64_t *number = map_get(&rules->exact_numbers, key);

	return number == NULL ? NULL : &rules->exact[*number];
}

/* Can it be written in a key? What is longer or has an empty label is no name, hence equals none.
 */
static bool is_name_like(struct str text)
{
	struct str rest = text;

	while (rest.p != NULL) {
		struct str label = str_split(&rest, '.');

		if (label.n == 0 || str_find(label, '\0') != label.n)
			return false;
	}
	return text.n <= 253;
}

static enum err add_hash(
	struct rules *rules, struct str hex, const struct said *said, struct why *why)
{
	char key[1 + HASH_HEX_MAX / 2];

	if (hex.n < HASH_HEX_MIN || hex.n > HASH_HEX_MAX || !parse_hex(hex, (uint8_t *)key + 1))
		return fail(why, ERR_SYNTAX, "no hash in hexadecimal: %.*s",
			STR_FMT(str_first(hex, 80)));
	key[0] = INDICATOR_HASH;
	rules_say(rules, &rules_exact(rules, str_from(key, 1 + hex.n / 2))->said, said);
	return OK;
}

static void add_folded_url(struct rules *rules, struct str text, const struct said *said)
{
	CLEANUP(buf_done) struct buf key = { 0 };

	buf_byte(&key, EXACT_FOLDED);
	for (size_t i = 0; i < text.n; i++)
		buf_byte(&key, byte_lower(text.p[i]));
	rules_say(rules, &rules_exact(rules, buf_view(&key))->said, said);
	rules->has_folded = true;
}

static enum err add_string(struct rules *rules, const struct indicator *indicator,
	const struct said *said, struct why *why)
{
	char labels[LABELS_BYTES_MAX];

	if ((indicator->subjects & PATTERN_OF_HASHES) != 0)
		TRY(add_hash(rules, indicator->text, said, why));
	if ((indicator->subjects & PATTERN_OF_NAMES) != 0 && is_name_like(indicator->text))
		rules_say(rules, &rules_name(rules, rules_labels(indicator->text, labels))->exact,
			said);
	if ((indicator->subjects & PATTERN_OF_URLS) != 0)
		add_folded_url(rules, indicator->text, said);
	return OK;
}

static enum err add_hostname(struct rules *rules, const struct indicator *indicator,
	const struct said *said, struct why *why)
{
	char labels[LABELS_BYTES_MAX];
	struct name_rule *rule;

	if (!is_name_like(indicator->text))
		return fail(why, ERR_SYNTAX, "no host name: %.*s",
			STR_FMT(str_first(indicator->text, 80)));
	rule = rules_name(rules, rules_labels(indicator->text, labels));
	if ((indicator->subjects & PATTERN_OF_NAMES) != 0)
		rules_say(rules, &rule->below, said);
	if ((indicator->subjects & PATTERN_OF_URLS) != 0) {
		rules_say(rules, &rule->below_url, said);
		rules->has_url_hosts = true;
	}
	return OK;
}

static enum err add_substring(struct rules *rules, const struct indicator *indicator,
	const struct said *said, struct why *why)
{
	size_t bytes = rules->substring_bytes + indicator->text.n;
	struct substring_rule *rule;

	if (rules->substring_count == RULES_SUBSTRINGS_MAX || bytes > RULES_SUBSTRING_BYTES_MAX)
		return fail(why, ERR_LIMIT, "more than %d substrings or %d bytes of them",
			RULES_SUBSTRINGS_MAX, RULES_SUBSTRING_BYTES_MAX);
	rules->substrings = rules_grow(rules->substrings, rules->substring_count,
		&rules->substring_capacity, sizeof *rules->substrings);
	rule = &rules->substrings[rules->substring_count++];
	rule->said = *said;
	rule->subjects = indicator->subjects;
	rule->text = arena_str(&rules->arena, indicator->text);
	rules->substring_bytes = bytes;
	return OK;
}

static enum err add_regex(struct rules *rules, const struct indicator *indicator,
	const struct said *said, struct why *why)
{
	size_t n = regexes_count(rules->regexes);

	if (n == RULES_REGEXES_MAX)
		return fail(why, ERR_LIMIT, "more than %d regular expressions", RULES_REGEXES_MAX);
	TRY(regexes_add(rules->regexes, indicator->text,
		(indicator->subjects & PATTERN_CASELESS) != 0, indicator->subjects, why));
	rules->regex_said =
		rules_grow(rules->regex_said, n, &rules->regex_capacity, sizeof *rules->regex_said);
	rules->regex_said[n] = *said;
	return OK;
}

enum err rules_add_pattern(struct rules *rules, const struct indicator *indicator,
	const struct said *said, struct why *why)
{
	static enum err (*const add[PATTERN_MATCHES])(struct rules * rules,
		const struct indicator *indicator, const struct said *said, struct why *why) = {
		[PATTERN_STRING] = add_string,
		[PATTERN_HOSTNAME] = add_hostname,
		[PATTERN_SUBSTRING] = add_substring,
		[PATTERN_REGEX] = add_regex,
	};

	must(indicator->match < PATTERN_MATCHES && add[indicator->match] != NULL);
	must(indicator->text.n > 0 && indicator->text.n <= PATTERN_TEXT_MAX);
	return add[indicator->match](rules, indicator, said, why);
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(
		((const struct substring_rule *)a)->text, ((const struct substring_rule *)b)->text);
}

/* The substrings are sorted by text. */
static void ready_substrings(struct rules *rules, uint8_t subject, struct substring_set *out)
{
	struct str *texts = malloc((rules->substring_count + 1) * sizeof *texts);
	size_t n = 0;

	out->said = malloc((rules->substring_count + 1) * sizeof *out->said);
	must(texts != NULL && out->said != NULL);
	for (size_t i = 0; i < rules->substring_count; i++) {
		const struct substring_rule *rule = &rules->substrings[i];

		if ((rule->subjects & subject) == 0)
			continue;
		if (n == 0 || !str_eq(texts[n - 1], rule->text)) {
			texts[n] = rule->text;
			out->said[n++] = (struct said){ 0 };
		}
		rules_say(rules, &out->said[n - 1], &rule->said);
	}
	if (n > 0)
		out->automaton = substrings_new(texts, n);
	free(texts);
}

void rules_ready_text(struct rules *rules)
{
	sort_runs(rules->substrings, rules->substring_count, sizeof *rules->substrings, by_text);
	ready_substrings(rules, PATTERN_OF_NAMES, &rules->of_names);
	ready_substrings(rules, PATTERN_OF_URLS, &rules->of_urls);
}

void rules_done_text(struct rules *rules)
{
	map_done(&rules->name_numbers);
	map_done(&rules->exact_numbers);
	free(rules->names);
	free(rules->exact);
	free(rules->substrings);
	substrings_free(&rules->of_names.automaton);
	substrings_free(&rules->of_urls.automaton);
	free(rules->of_names.said);
	free(rules->of_urls.said);
	regexes_free(&rules->regexes);
	free(rules->regex_said);
}

/* What patterns found, on the way to what they say together. */
struct finding {
	const struct rules *rules;
	const struct said *said; /* by the number that is found */
	struct said *out;
};

static void found(void *state, uint32_t number)
{
	struct finding *finding = state;

	rules_say(finding->rules, finding->out, &finding->said[number]);
}

static void match_substrings(const struct rules *rules, const struct substring_set *set,
	struct str text, struct said *out)
{
	struct finding finding = { rules, set->said, out };

	if (set->automaton != NULL)
		substrings_find(set->automaton, text, found, &finding);
}

static void match_regexes(
	const struct rules *rules, uint8_t subject, struct str text, struct said *out)
{
	struct finding finding = { rules, rules->regex_said, out };

	regexes_find(rules->regexes, subject, text, found, &finding);
}

/* The name as people write it. */
static struct str name_of_labels(struct str labels, char out[LABELS_BYTES_MAX])
{
	size_t end = labels.n;

	for (struct str rest = labels; rest.n > 0;) {
		struct str label = str_first(rest, str_find(rest, '\0'));

		end -= label.n + 1;
		memcpy(out + end, label.p, label.n);
		out[end + label.n] = '.';
		rest = str_from_index(rest, label.n + 1);
	}
	return str_from(out + end, labels.n - end - 1);
}

/* Visits the names at and above: of a name of a, b, c those of a; a, b; a, b, c labels. */
static void match_labels(
	const struct rules *rules, struct str labels, bool is_below, bool of_url, struct rule *out)
{
	size_t count = 0;

	if (rules->name_count == 0)
		return;
	for (size_t i = 0; i < labels.n; i++) {
		const uint64_t *number;
		const struct name_rule *rule;
		uint32_t override;

		if (labels.p[i] != '\0' || ++count >= LABELS_MAX || !rules->has_labels[count])
			continue;
		number = map_get(&rules->name_numbers, str_first(labels, i + 1));
		if (number == NULL)
			continue;
		rule = &rules->names[*number];
		if (of_url) {
			rules_say(rules, &out->said, &rule->below_url);
			continue;
		}
		override = rule->override_below;
		rules_say(rules, &out->said, &rule->below);
		if (i + 1 == labels.n && !is_below) {
			rules_say(rules, &out->said, &rule->exact);
			override = rules_override_of_two(rules, override, rule->override_exact);
		}
		if (override != 0) /* this one has the most labels so far */
			out->override = override;
	}
}

void rules_match_name(const struct rules *rules, struct str labels, bool is_below, struct rule *out)
{
	char text[LABELS_BYTES_MAX];

	match_labels(rules, labels, is_below, false, out);
	if (rules->of_names.automaton != NULL || regexes_count(rules->regexes) > 0) {
		struct str name = name_of_labels(labels, text);

		match_substrings(rules, &rules->of_names, name, &out->said);
		match_regexes(rules, PATTERN_OF_NAMES, name, &out->said);
	}
}

/* The host of a canonical URL, without the brackets of an address. */
static struct str host_of_url(struct str url)
{
	struct str rest = str_from_index(url, str_find_str(url, STR("://")) + 3);
	size_t end = 0;

	if (rest.n > 0 && rest.p[0] == '[')
		return str_first(str_from_index(rest, 1), str_find(rest, ']') - 1);
	while (end < rest.n && rest.p[end] != '/' && rest.p[end] != ':' && rest.p[end] != '?')
		end++;
	return str_first(rest, end);
}

void rules_match_url(const struct rules *rules, struct str url, struct rule *out)
{
	char bytes[1 + INDICATOR_TEXT_MAX];
	char labels[LABELS_BYTES_MAX];
	const struct rule *exact;

	if (url.n > INDICATOR_TEXT_MAX)
		return;
	if (rules->exact_count > 0) {
		bytes[0] = INDICATOR_URL;
		memcpy(bytes + 1, url.p, url.n);
		exact = exact_get(rules, str_from(bytes, 1 + url.n));
		if (exact != NULL)
			*out = *exact;
	}
	if (rules->has_url_hosts) {
		struct str host = host_of_url(url);

		if (is_name_like(host))
			match_labels(rules, rules_labels(host, labels), false, true, out);
	}
	if (rules->has_folded || rules->of_urls.automaton != NULL) {
		struct str folded = str_from(bytes + 1, url.n);

		bytes[0] = EXACT_FOLDED;
		for (size_t i = 0; i < url.n; i++)
			bytes[1 + i] = byte_lower(url.p[i]);
		exact = exact_get(rules, str_from(bytes, 1 + url.n));
		if (exact != NULL)
			rules_say(rules, &out->said, &exact->said);
		match_substrings(rules, &rules->of_urls, folded, &out->said);
	}
	match_regexes(rules, PATTERN_OF_URLS, url, &out->said);
}

void rules_match_hash(const struct rules *rules, struct str bytes, struct rule *out)
{
	char key[1 + HASH_HEX_MAX / 2];
	const struct rule *exact;

	if (bytes.n >= sizeof key)
		return;
	key[0] = INDICATOR_HASH;
	memcpy(key + 1, bytes.p, bytes.n);
	exact = exact_get(rules, str_from(key, 1 + bytes.n));
	if (exact != NULL)
		*out = *exact;
}
