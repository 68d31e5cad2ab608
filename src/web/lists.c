/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/lists.h"

const struct named_list lists[] = {
	{ "Indicator", &indicators_list },
	{ "Source", &sources_list },
	{ "Feed", &feeds_list },
	{ "Job", &jobs_list },
	{ "Override", &overrides_list },
	{ "Policy", &policies_list },
	{ "Model", &models_list },
	{ "Pending", &pending_items },
};
const size_t list_count = ARRAY_LEN(lists);
