/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration on its way from the parent to a role: one JSON object of key and text, each as
 * config_get_text() writes it and config_set() reads it.
 */
#pragma once

#include "base/json_read.h"
#include "base/json_write.h"
#include "config/config.h"

void config_to_json(const struct config *config, struct buf *out);

/* Into an initialised configuration. Unknown keys are an error: both sides are one binary. */
NODISCARD enum err config_from_json(struct config *config, struct str json, struct why *why);
