/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decision/override.h"

/* In the order that row_of() reads. */
#define COLUMNS                                                                                \
	"id, indicator, is_allow, owner, reason, second_reason, made, made_by, ends, decided," \
	" decided_by, revoked, revoked_by, starts"

/* What ended first is what it is; a decision or a revocation of the future has not happened. */
static enum override_state state_at(const struct override *row, int64_t at_s)
{
	if (row->revoked_s != 0 && row->revoked_s <= at_s)
		return OVERRIDE_REVOKED;
	if (row->starts_s == 0 && row->decided_s != 0 && row->decided_s <= at_s)
		return OVERRIDE_REFUSED;
	if (row->ends_s <= at_s)
		return OVERRIDE_ENDED;
	return row->starts_s != 0 && row->starts_s <= at_s ? OVERRIDE_IN_FORCE : OVERRIDE_WAITING;
}

static enum err row_of(const struct db_statement *list, int64_t at_s, struct arena *arena,
	struct override *out, struct why *why)
{
	*out = (struct override){
		.id = db_column_i64(list, 0),
		.is_allow = db_column_i64(list, 2) != 0,
		.owner = db_column_text(list, 3),
		.reason = db_column_text(list, 4),
		.second_reason = db_column_text(list, 5),
		.made_s = db_column_i64(list, 6),
		.made_by = db_column_text(list, 7),
		.ends_s = db_column_i64(list, 8),
		.decided_s = db_column_i64(list, 9),
		.decided_by = db_column_text(list, 10),
		.revoked_s = db_column_i64(list, 11),
		.revoked_by = db_column_text(list, 12),
		.starts_s = db_column_i64(list, 13),
	};
	out->state = state_at(out, at_s);
	return indicator_from_key(db_column_bytes(list, 1), arena, &out->indicator, why);
}

static enum err each_row(
	struct db_statement *list, int64_t at_s, override_each each, void *state, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	bool row;

	TRY(db_step(list, &row, why));
	while (row) {
		struct override override;

		arena_reset(&arena);
		TRY(row_of(list, at_s, &arena, &override, why));
		TRY(each(state, &override, why));
		TRY(db_step(list, &row, why));
	}
	return OK;
}

enum err override_in_force(
	struct db *db, int64_t as_of_s, override_each each, void *state, struct why *why)
{
	static const char sql[] =
		"SELECT " COLUMNS " FROM override WHERE ends > $1 AND starts <> 0 AND starts <= $1"
		" AND (revoked = 0 OR revoked > $1) ORDER BY indicator, id";
	CLEANUP(db_finish) struct db_statement *list = NULL;

	TRY(db_prepare(db, sql, &list, why));
	db_bind_i64(list, 1, as_of_s);
	return each_row(list, as_of_s, each, state, why);
}

enum err override_changes(struct db *db, int64_t after_s, int64_t until_s, override_each each,
	void *state, struct why *why)
{
	static const char sql[] =
		"SELECT " COLUMNS " FROM override WHERE (starts > $1 AND starts <= $2)"
		" OR (revoked > $1 AND revoked <= $2) OR (ends > $1 AND ends <= $2)"
		" ORDER BY indicator, id";
	CLEANUP(db_finish) struct db_statement *list = NULL;

	TRY(db_prepare(db, sql, &list, why));
	db_bind_i64(list, 1, after_s);
	db_bind_i64(list, 2, until_s);
	return each_row(list, until_s, each, state, why);
}

enum err override_list(struct db *db, int64_t now_s, int64_t before, size_t limit,
	override_each each, void *state, struct why *why)
{
	static const char sql[] = "SELECT " COLUMNS " FROM override WHERE id < $1"
				  " ORDER BY id DESC LIMIT $2";
	CLEANUP(db_finish) struct db_statement *list = NULL;

	TRY(db_prepare(db, sql, &list, why));
	db_bind_i64(list, 1, before == 0 ? INT64_MAX : before);
	db_bind_i64(list, 2, limit > INT32_MAX ? INT32_MAX : (int64_t)limit);
	return each_row(list, now_s, each, state, why);
}

/* The texts are placed in the arena, where they outlive the row. */
static void keep(struct override *row, struct arena *arena)
{
	struct str *texts[] = { &row->owner, &row->reason, &row->second_reason, &row->made_by,
		&row->decided_by, &row->revoked_by, &row->indicator.text };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = arena_str(arena, *texts[i]);
}

enum err override_find(struct db *db, int64_t id, int64_t now_s, struct arena *arena,
	struct override *out, struct why *why)
{
	static const char sql[] = "SELECT " COLUMNS " FROM override WHERE id = $1";
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	TRY(db_prepare(db, sql, &list, why));
	db_bind_i64(list, 1, id);
	TRY(db_step(list, &row, why));
	if (!row)
		return fail(why, ERR_NOT_FOUND, "no override %lld", (long long)id);
	TRY(row_of(list, now_s, arena, out, why));
	keep(out, arena);
	return OK;
}

enum err override_next_change(struct db *db, int64_t now_s, int64_t *out, struct why *why)
{
	static const char sql[] =
		"SELECT coalesce(min(CASE WHEN starts > $1 THEN starts ELSE ends END), 0)"
		" FROM override WHERE ends > $1 AND revoked = 0 AND (starts <> 0 OR decided = 0)";
	CLEANUP(db_finish) struct db_statement *read = NULL;
	bool row;

	TRY(db_prepare(db, sql, &read, why));
	db_bind_i64(read, 1, now_s);
	TRY(db_step(read, &row, why));
	*out = row ? db_column_i64(read, 0) : 0;
	return OK;
}
