/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of decision share. */
#pragma once

#include "store/db.h"

/*
 * A text that a person gave: least to most bytes of UTF-8 that are not all white space, without
 * control characters but line ends and tabs. ERR_USAGE names it by what ("an override's reason").
 */
NODISCARD enum err decision_text_check(
	struct str text, size_t least, size_t most, const char *what, struct why *why);

/* The only number that sql, a literal without parameters, gives. */
NODISCARD enum err decision_number(struct db *db, const char *sql, int64_t *out, struct why *why);
