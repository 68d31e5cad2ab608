/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of what people decide, as migrations 300..399 of the store. */
#pragma once

#include "store/db.h"

enum { DECISION_MIGRATIONS = 1 };
extern const struct db_migration decision_migrations[DECISION_MIGRATIONS];
