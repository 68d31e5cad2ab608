/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fetch role: FETCH brings a definition, validators, limits and a file; FETCHED says how it
 * went. It may connect anywhere and can read nothing but names and certificates of the system.
 */
#pragma once

#include "proc/child.h"

int fetch_role(struct child *child);
