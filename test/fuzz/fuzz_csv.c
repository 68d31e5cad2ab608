/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CSV: records that were read are written and read again with the same fields; reading in two
 * pieces gives the same records as reading at once. The first byte chooses the rules.
 */
#include "fuzz/fuzz.h"

#include "base/csv.h"

static void check_record(struct str record, const struct csv_rules *rules)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf written = { 0 };
	struct csv_rules plain = { 0 };
	struct csv_writer csv = { .out = &written };
	struct csv_fields first = csv_fields_of(record, rules, &arena);
	struct csv_fields second;
	struct str field;
	struct str again;
	struct str rest;
	bool found;

	for (;;) {
		if (csv_next_field(&first, &field, &found, NULL) != OK)
			return;
		if (!found)
			break;
		csv_put_field(&csv, field);
	}
	csv_record_end(&csv);
	if (written.n >= CSV_RECORD_MAX)
		return;
	rest = buf_view(&written);
	must(csv_next_record(&rest, &plain, true, &again, NULL) && rest.n == 0);
	first = csv_fields_of(record, rules, &arena);
	second = csv_fields_of(again, &plain, &arena);
	do {
		must(csv_next_field(&first, &field, &found, NULL) == OK);
		must(csv_next_field(&second, &again, &found, NULL) == OK);
		must(!found || str_eq(field, again));
	} while (found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct csv_rules all_rules[] = { { 0 }, { .separator = ';' },
		{ .separator = '\t', .no_quotes = true } };
	struct str text = str_from_index(str_from((const char *)data, size), 1);
	const struct csv_rules *rules = &all_rules[size == 0 ? 0 : data[0] % ARRAY_LEN(all_rules)];
	struct str whole = text;
	struct str expected;
	struct str record;
	struct str rest;
	uint64_t lines = 0;

	for (rest = text; csv_next_record(&rest, rules, true, &record, &lines);)
		check_record(record, rules);
	must(rest.n == 0 && lines <= text.n);
	/* what is found in the first half alone is what is found in the whole */
	for (rest = str_first(text, text.n / 2);
		csv_next_record(&rest, rules, false, &record, NULL);) {
		must(csv_next_record(&whole, rules, true, &expected, NULL));
		must(str_eq(record, expected));
	}
	return 0;
}
