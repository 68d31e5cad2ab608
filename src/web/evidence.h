/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Claims on their way out. Every source has a TLP label, and so has every claim; both pass the
 * audience's gate.
 */
#pragma once

#include "web/request.h"

/* May the audience learn that this source is among those that claim something? */
bool source_may_be_named(struct web *web, const struct audience *audience, struct str source);
