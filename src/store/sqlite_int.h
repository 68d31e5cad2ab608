/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the SQLite driver share. */
#pragma once

#include "store/db_int.h"

#include <sqlite3.h>

/* The statements of the last merge, found again when the next has the same text. */
struct sqlite_merge {
	struct buf upsert_sql;
	struct buf keep_sql;
	sqlite3_stmt *upsert;
	sqlite3_stmt *keep; /* writes one old row into the history; NULL without one */
};

struct sqlite {
	struct db base;
	sqlite3 *handle;
	struct sqlite_merge merge;
};

enum err sqlite_failed(sqlite3 *handle, struct why *why);
/* SQLite's own result code. */
int sqlite_bind_value(
	sqlite3_stmt *handle, int place, enum db_type type, const struct db_value *value);

/* Makes the function known that statements of merges call. */
NODISCARD enum err sqlite_merge_set_up(struct sqlite *db, struct why *why);
void sqlite_merge_forget(struct sqlite *db);
enum err sqlite_merge(struct db *base, const struct db_merge *merge, db_merge_next next,
	void *state, struct why *why);
