/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the reader of the filter language (filter.c) and its values (filter_value.c). */
#pragma once

#include "query/filter.h"

enum filter_relation {
	FILTER_IS,
	FILTER_IS_NOT,
	FILTER_ABOVE,
	FILTER_AT_LEAST,
	FILTER_BELOW,
	FILTER_AT_MOST
};

/* False fills expected with the words that finish "expected ...". */
bool filter_value_parse(const struct filter_field *field, enum filter_relation relation,
	struct str text, int64_t now_s, struct arena *arena, struct filter_value *out,
	char *expected, size_t expected_size);

/* An address, a prefix or a URL: its colons separate no field. */
bool filter_text_is_bare(struct str text);
