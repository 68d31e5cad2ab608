/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to src/config: between text and the value of one row's type. */
#pragma once

#include "config/config.h"

union config_value {
	bool is_set;
	int64_t number;
	struct str text;
	struct config_endpoints endpoints;
	struct config_prefixes prefixes;
	struct config_words words;
};

struct config_kind {
	const char *words;
	size_t size; /* of the member in struct config */
	/* Texts go to the arena. The reason does not name the key. */
	enum err (*read)(const struct config_row *row, struct str text, struct arena *arena,
		union config_value *out, struct why *why);
	void (*write)(struct buf *out, const union config_value *value);
	const char *bounds; /* what min and max count: "bytes", "entries", "" */
};

const struct config_kind *config_kind(enum config_type type);
