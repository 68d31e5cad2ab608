/* SPDX-License-Identifier: GPL-3.0-or-later */
/* indicator_from_key: what is taken as a key is the key of what it means, and patterns are sound.
 */
#include "base/arena.h"
#include "evidence/indicator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void pattern_is_sound(const struct indicator *pattern)
{
	int subjects = PATTERN_OF_NAMES | PATTERN_OF_URLS | PATTERN_OF_HASHES;
	bool is_regex = pattern->match == PATTERN_REGEX;

	must(pattern->match >= PATTERN_STRING && pattern->match < PATTERN_MATCHES);
	must((pattern->subjects & subjects) != 0);
	must((pattern->subjects & ~(subjects | PATTERN_CASELESS)) == 0);
	must(is_regex || (pattern->subjects & PATTERN_CASELESS) == 0);
	must(pattern->text.n > 0 && pattern->text.n <= PATTERN_TEXT_MAX);
	for (size_t i = 0; i < pattern->text.n; i++)
		must(is_regex || byte_lower(pattern->text.p[i]) == pattern->text.p[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf again = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct str key = { (const char *)data, size };
	struct indicator indicator;
	struct why why = { 0 };

	if (indicator_from_key(key, &arena, &indicator, &why) != OK) {
		must(why.text[0] != '\0');
		return 0;
	}
	indicator_key(&again, &indicator);
	must(str_eq(buf_view(&again), key));
	indicator_format(&text, &indicator);
	if (indicator.kind == INDICATOR_PATTERN)
		pattern_is_sound(&indicator);
	return 0;
}
