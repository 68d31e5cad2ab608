/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What indicator.c and claim.c share. */
#pragma once

#include "evidence/indicator.h"

/* Is it a key that indicator_key() can write? Allocates nothing; ERR_CORRUPT says what is off. */
NODISCARD enum err indicator_key_check(struct str key, struct why *why);
