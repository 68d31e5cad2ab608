/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words for what is known of a source (enum source_standing, enum source_trait of score.h). */
#pragma once

#include "base/buf.h"
#include "score/score.h"

/* "new", "vouched", "sensor". */
struct str source_standing_name(unsigned standing);
bool source_standing_parse(struct str word, uint8_t *out);

/* "spoofable", "critical", "cloud", "shared": one bit. */
struct str source_trait_name(enum source_trait trait);
bool source_trait_parse(struct str word, uint8_t *out);
/* Several, with commas between; nothing for none. */
void source_traits_format(struct buf *out, uint8_t traits);
bool source_traits_parse(struct str words, uint8_t *out);
enum { SOURCE_TRAIT_BITS = 4 };
