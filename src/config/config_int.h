/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to src/config: between the table (config.c) and the YAML reader (config_file.c). */
#pragma once

#include "config/config_value.h"

/*
 * Sets a key unless something that wins over origin has set it; then the text is only checked.
 * line is put into the reason, 0 for none. ERR_NOT_FOUND for unknown keys, ERR_SYNTAX for values.
 */
NODISCARD enum err config_apply(struct config *config, struct str key, struct str text,
	enum config_origin origin, uint64_t line, struct why *why);
