/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of decisions share: a store with the tables, and requests made by hand. */
#pragma once

#include "store/fixture.h"

#include "base/clock.h"
#include "decision/override.h"
#include "decision/schema.h"

#define NOW INT64_C(1795381200)

static inline struct db *decisions(void **state)
{
	struct db *db = fresh(state);

	WORKS(db_migrate(db, decision_migrations, DECISION_MIGRATIONS, NOW, &why));
	return db;
}

static inline struct override_request request_of(
	struct arena *arena, const char *indicator, bool is_allow)
{
	struct override_request request = { .is_allow = is_allow,
		.owner = STR("soc@example.org"),
		.reason = STR("agreed by telephone"),
		.ends_s = NOW + 7 * DAY_S,
		.made_by = STR("token:aaaaaaaaaaaa (anna)") };

	WORKS(indicator_parse(str_c(indicator), arena, &request.indicator, &why));
	return request;
}

/* Changes run in a transaction, as keeper's do; a refused one leaves nothing behind. */
#define CHANGE(db, call)                                                 \
	do {                                                             \
		WORKS(db_begin((db), &why));                             \
		CLEANUP(db_rollback_unless_done) struct db *open = (db); \
		WORKS(call);                                             \
		WORKS(db_commit(open, &why));                            \
	} while (0)
#define REFUSED(db, expected, call)                                      \
	do {                                                             \
		WORKS(db_begin((db), &why));                             \
		CLEANUP(db_rollback_unless_done) struct db *open = (db); \
		FAILS(expected, call);                                   \
	} while (0)
