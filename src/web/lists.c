/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/lists.h"

const struct named_list lists[] = {
	{ "Indicator", &indicators_list },
	{ "Source", &sources_list },
	{ "Feed", &feeds_list },
	{ "Job", &jobs_list },
};
const size_t list_count = ARRAY_LEN(lists);
