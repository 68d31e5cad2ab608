/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A value that was read, written again: what another process or a client said, passed on. */
#pragma once

#include "base/json_read.h"
#include "base/json_write.h"

/*
 * ERR_LIMIT when it nests deeper than a writer can, which a reader takes; what was written then is
 * the part before that, and no JSON.
 */
NODISCARD enum err json_copy(struct json_writer *json, struct json_node node, struct why *why);
