/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Guards that are always there, because no installation may forget them: the root name servers, the
 * best-known public resolvers, and the special-purpose space that can never be somebody's host.
 * All are of policy never. Documentation and private space are not among them: the importer refuses
 * those unless it is told to take them.
 */
#pragma once

#include "guard/rules.h"

#define CURATED_ROOT_SERVERS "root-servers"
#define CURATED_RESOLVERS    "public-resolvers"
#define CURATED_SPECIAL      "special-purpose"

void curated_add(struct rules *rules);
