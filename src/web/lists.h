/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All lists, with the names that their rows and pages have in the API's description. */
#pragma once

#include "web/list.h"

extern const struct list indicators_list;
extern const struct list sources_list;
extern const struct list feeds_list;
extern const struct list jobs_list;
extern const struct list overrides_list;
extern const struct list policies_list;
extern const struct list models_list;
extern const struct list pending_items;

extern const struct named_list {
	const char *name;
	const struct list *list;
} lists[];
extern const size_t list_count;
