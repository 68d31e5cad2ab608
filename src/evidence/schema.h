/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of evidence, as migrations 1..99 of the store. */
#pragma once

#include "store/db.h"

enum { EVIDENCE_MIGRATIONS = 2 };
extern const struct db_migration evidence_migrations[EVIDENCE_MIGRATIONS];
