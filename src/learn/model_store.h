/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Models as they are kept: numbered, dated, one of them live at any time. Nothing is overwritten:
 * going back is making an old version live again. Version 1 is the built-in model and is not
 * stored. Keeper writes.
 */
#pragma once

#include "score/model.h"
#include "store/db.h"

enum { MODEL_NOTE_MAX = 1000, MODEL_MIGRATIONS = 1 };
/* Migrations 400..499. */
extern const struct db_migration model_migrations[MODEL_MIGRATIONS];

struct model_version {
	int64_t version;
	int64_t made_s;
	struct str report;   /* JSON: what was learned */
	int64_t live_from_s; /* newest time that it went live; 0: never was */
	int64_t live_until_s;
	struct str live_by;
	struct str note;
};

/* Keeps it with the next number, which is set in it. */
NODISCARD enum err model_add(
	struct db *db, struct model *model, struct str report, int64_t now_s, struct why *why);
NODISCARD enum err model_go_live(struct db *db, int64_t version, struct str by, struct str note,
	int64_t now_s, struct why *why);
/* The last one that was kept, live or not; version 0: none was. */
NODISCARD enum err model_newest(struct db *db, int64_t *version, int64_t *made_s, struct why *why);
typedef enum err (*model_each)(void *state, const struct model_version *row, struct why *why);
NODISCARD enum err model_list(struct db *db, model_each each, void *state, struct why *why);
/* ERR_NOT_FOUND; version 1 is the built-in one. */
NODISCARD enum err model_load(struct db *db, int64_t version, struct model *out, struct why *why);
/* That was live at as_of_s (0: is live); the built-in one when none was. */
NODISCARD enum err model_live(struct db *db, int64_t as_of_s, struct model *out, struct why *why);
