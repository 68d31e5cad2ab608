/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What indicator.c and claim.c share. */
#pragma once

#include "evidence/indicator.h"

enum { PREFIX_KEY_MAX = 18 };

/* The key of a prefix (see indicator_key()), at most PREFIX_KEY_MAX bytes; returns its length. */
size_t indicator_prefix_key(char *out, const struct prefix *prefix);

/* Is it a key that indicator_key() can write? Allocates nothing; ERR_CORRUPT says what is off. */
NODISCARD enum err indicator_key_check(struct str key, struct why *why);
