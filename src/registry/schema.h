/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of the registry, as migrations 200..299 of the store. */
#pragma once

#include "store/db.h"

enum { REGISTRY_MIGRATIONS = 1 };
extern const struct db_migration registry_migrations[REGISTRY_MIGRATIONS];
