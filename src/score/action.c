/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/action.h"

static const struct str actions[] = {
	[PEHRA_NONE] = STR_INIT("none"),
	[PEHRA_WATCH] = STR_INIT("watch"),
	[PEHRA_CHALLENGE] = STR_INIT("challenge"),
	[PEHRA_BLOCK] = STR_INIT("block"),
	[PEHRA_ALLOW] = STR_INIT("allow"),
};

struct str action_name(unsigned action)
{
	return action < ARRAY_LEN(actions) ? actions[action] : STR("unknown");
}

bool action_parse(struct str word, unsigned *out)
{
	for (unsigned i = 0; i < ARRAY_LEN(actions); i++) {
		if (str_eq(actions[i], word)) {
			*out = i;
			return true;
		}
	}
	return false;
}
