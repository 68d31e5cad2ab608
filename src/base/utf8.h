/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8 (RFC 3629), judged in one place for all who write or store text. */
#pragma once

#include "base/str.h"

/*
 * How many bytes of s from i on are one character of UTF-8 (Unicode 15, table 3-7), or 0; then
 * *bad is how many of them one U+FFFD stands for: the longest part that could have begun one.
 */
size_t utf8_length(struct str s, size_t i, size_t *bad);
