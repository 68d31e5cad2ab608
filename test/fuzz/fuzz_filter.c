/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filter language: any text is understood or refused with a mark inside the text. */
#include "query/filter.h"

static bool any_word(struct str word, int64_t *out)
{
	*out = (int64_t)word.n;
	return word.n < 4;
}

static const struct filter_field rows[] = {
	{ "score", FILTER_NUMBER, NULL, NULL, "score", "", "" },
	{ "seen", FILTER_TIME, NULL, NULL, "seen", "", "" },
	{ "cat", FILTER_WORD, any_word, "a word", "cat", "", "" },
	{ "source", FILTER_TEXT, NULL, NULL, "source", "", "" },
	{ "note", FILTER_PART, NULL, NULL, "note", "", "" },
	{ "net", FILTER_WITHIN, NULL, NULL, "net", "", "" },
};
static const struct filter_fields fields = { rows, ARRAY_LEN(rows), ARRAY_LEN(rows) - 1 };

static bool value_of(
	const void *row, const struct filter_field *field, size_t i, struct filter_value *out)
{
	const struct str *text = row;

	(void)field;
	out->low = (int64_t)text->n;
	out->text_low = *text;
	return i == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct str text = { (const char *)data, size };
	struct filter_row row = { value_of, &text };
	struct filter_fault fault = { 0 };
	struct filter filter;
	struct why why = { 0 };

	if (filter_parse(text, &fields, INT64_C(1795381200), &arena, &filter, &fault, &why) == OK) {
		(void)filter_matches(&filter, &row);
		return 0;
	}
	must(fault.from + fault.n <= size && fault.expected[0] != '\0' && why.text[0] != '\0');
	return 0;
}
