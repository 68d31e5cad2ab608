/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/filter.h"

static bool has_part(struct str whole, struct str part)
{
	for (size_t i = 0; i + part.n <= whole.n; i++) {
		if (str_eq_nocase(str_first(str_from_index(whole, i), part.n), part))
			return true;
	}
	return false;
}

static bool value_matches(const struct filter_field *field, const struct filter_value *wanted,
	const struct filter_value *found)
{
	if (field->kind == FILTER_PART)
		return has_part(found->text_low, wanted->text_low);
	if (field->kind == FILTER_TEXT)
		return str_eq(found->text_low, wanted->text_low);
	if (field->kind == FILTER_WITHIN)
		return str_cmp(found->text_low, wanted->text_low) >= 0 &&
		       str_cmp(found->text_low, wanted->text_high) <= 0;
	return found->low >= wanted->low && found->low <= wanted->high;
}

static bool term_matches(const struct filter_term *term, const struct filter_row *row)
{
	struct filter_value found = { 0 };

	for (size_t i = 0; row->value(row->row, term->field, i, &found); i++) {
		for (size_t k = 0; k < term->value_count; k++) {
			if (value_matches(term->field, &term->values[k], &found))
				return true;
		}
	}
	return false;
}

bool filter_matches(const struct filter *filter, const struct filter_row *row)
{
	for (size_t i = 0; i < filter->term_count; i++) {
		if (term_matches(&filter->terms[i], row) == filter->terms[i].negated)
			return false;
	}
	return true;
}
