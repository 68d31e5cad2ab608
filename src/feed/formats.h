/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files format_*.c give to the table in format.c. Private to them.
 */
#pragma once

#include "feed/format.h"

enum err plain_parse(struct feed_intake *intake, struct why *why);
bool plain_looks(struct str line);
/* One line of a plain list; other formats hold such lines, too. */
void plain_line(struct feed_intake *intake, struct str line, const struct intake_facts *facts);
