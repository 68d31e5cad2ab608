/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entries of a compiled input, looked for one by one. */
#pragma once

#include "snapshot/compile.h"

struct pehra_verdict entries_record(const struct snapshot_input *input, uint16_t id);
/* Of exactly this indicator; 0: none. */
uint16_t entries_exact(const struct snapshot_input *input, const struct indicator *indicator,
	struct snapshot_detail *detail);
/* The longest one that holds a host, a name or a URL; 0 when none does. */
uint16_t entries_match(const struct snapshot_input *input, const struct indicator *asked);
