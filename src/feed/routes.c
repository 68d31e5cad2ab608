/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/routes.h"

static const struct str mark = STR_INIT("AS");

bool route_asn(struct str reference, uint32_t *out)
{
	uint64_t asn = 0;

	*out = 0;
	if (reference.n == 0)
		return true;
	if (!str_starts(reference, mark) || !parse_u64(str_from_index(reference, mark.n), &asn) ||
		asn > UINT32_MAX)
		return false;
	*out = (uint32_t)asn;
	return true;
}

bool route_reference(struct str text, char space[ROUTE_REFERENCE_MAX], struct str *out)
{
	uint64_t asn = 0;
	int n = 0;

	text = str_trim(text);
	if (str_starts_nocase(text, mark))
		text = str_from_index(text, mark.n);
	else if (text.n == 0)
		text = STR("0");
	if (!parse_u64(text, &asn) || asn > UINT32_MAX)
		return false;
	if (asn != 0)
		n = snprintf(space, ROUTE_REFERENCE_MAX, "AS%llu", (unsigned long long)asn);
	must(n >= 0 && n < ROUTE_REFERENCE_MAX);
	*out = str_from(space, (size_t)n);
	return true;
}
