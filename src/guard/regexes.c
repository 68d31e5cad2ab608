/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/regexes.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	PATTERN_NEST_MAX = 50,
	PATTERN_BYTES_MAX = 1100 /* the longest kept pattern with the flags before it */
};

struct regex {
	pcre2_code *code;
	uint8_t kinds;
};

/* All that changes once there are readers. */
struct regex_shared {
	atomic_uint_fast64_t limits;
	_Atomic(pcre2_match_data *) idle; /* memory for one text, when nobody uses it */
};

struct regexes {
	struct regex *all;
	size_t n;
	size_t capacity;
	uint8_t kinds; /* of any of them */
	pcre2_compile_context *compiling;
	pcre2_match_context *matching;
	struct regex_shared *shared;
};

struct regexes *regexes_new(void)
{
	struct regexes *regexes = calloc(1, sizeof *regexes);

	must(regexes != NULL);
	regexes->shared = calloc(1, sizeof *regexes->shared);
	regexes->compiling = pcre2_compile_context_create(NULL);
	regexes->matching = pcre2_match_context_create(NULL);
	must(regexes->compiling != NULL && regexes->matching != NULL && regexes->shared != NULL);
	(void)pcre2_set_parens_nest_limit(regexes->compiling, PATTERN_NEST_MAX);
	(void)pcre2_set_max_pattern_length(regexes->compiling, PATTERN_BYTES_MAX);
	(void)pcre2_set_match_limit(regexes->matching, REGEX_STEPS_MAX);
	(void)pcre2_set_depth_limit(regexes->matching, REGEX_DEPTH_MAX);
	(void)pcre2_set_heap_limit(regexes->matching, REGEX_HEAP_KIB_MAX);
	return regexes;
}

void regexes_free(struct regexes **regexes)
{
	if (*regexes == NULL)
		return;
	for (size_t i = 0; i < (*regexes)->n; i++)
		pcre2_code_free((*regexes)->all[i].code);
	pcre2_compile_context_free((*regexes)->compiling);
	pcre2_match_context_free((*regexes)->matching);
	free((*regexes)->all);
	pcre2_match_data_free(atomic_load(&(*regexes)->shared->idle));
	free((*regexes)->shared);
	free(*regexes);
	*regexes = NULL;
}

size_t regexes_count(const struct regexes *regexes)
{
	return regexes->n;
}

enum err regexes_add(struct regexes *regexes, struct str pattern, bool is_caseless, uint8_t kinds,
	struct why *why)
{
	uint32_t flags = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C |
			 (is_caseless ? PCRE2_CASELESS : 0);
	PCRE2_SIZE at = 0;
	int fault = 0;
	pcre2_code *code = pcre2_compile(
		(PCRE2_SPTR)pattern.p, pattern.n, flags, &fault, &at, regexes->compiling);

	if (code == NULL) {
		PCRE2_UCHAR text[128] = "";

		(void)pcre2_get_error_message(fault, text, sizeof text);
		return fail(why, ERR_SYNTAX, "regular expression: %s at byte %zu", (char *)text,
			(size_t)at);
	}
	if (regexes->n == regexes->capacity) {
		regexes->capacity = regexes->capacity == 0 ? 16 : regexes->capacity * 2;
		regexes->all = realloc(regexes->all, regexes->capacity * sizeof *regexes->all);
		must(regexes->all != NULL);
	}
	regexes->all[regexes->n++] = (struct regex){ code, kinds };
	regexes->kinds |= kinds;
	return OK;
}

void regexes_find(
	const struct regexes *regexes, uint8_t kind, struct str text, regex_each each, void *state)
{
	pcre2_match_data *data;

	if ((regexes->kinds & kind) == 0)
		return;
	/* readers that meet here take new memory, and the last one's is kept */
	data = atomic_exchange(&regexes->shared->idle, NULL);
	if (data == NULL)
		data = pcre2_match_data_create(1, NULL);
	must(data != NULL);
	for (size_t i = 0; i < regexes->n; i++) {
		int result;

		if ((regexes->all[i].kinds & kind) == 0)
			continue;
		result = pcre2_match(regexes->all[i].code, (PCRE2_SPTR)text.p, text.n, 0, 0, data,
			regexes->matching);
		if (result >= 0)
			each(state, (uint32_t)i);
		else if (result != PCRE2_ERROR_NOMATCH)
			atomic_fetch_add_explicit(
				&regexes->shared->limits, 1, memory_order_relaxed);
	}
	pcre2_match_data_free(atomic_exchange(&regexes->shared->idle, data));
}

uint64_t regexes_limits(const struct regexes *regexes)
{
	return atomic_load_explicit(&regexes->shared->limits, memory_order_relaxed);
}
