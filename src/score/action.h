/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words for what a policy does (enum pehra_action of lib/pehra.h), in every face the same. */
#pragma once

#include "base/str.h"
#include "pehra.h"

/* "none", "watch", "challenge", "block", "allow"; "unknown" for other numbers. */
struct str action_name(unsigned action);
bool action_parse(struct str word, unsigned *out);
