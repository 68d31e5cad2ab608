/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decision/pending.h"

#include "decision/decision_int.h"

/* In the order that row_of() reads. */
#define COLUMNS                                                                              \
	"id, kind, subject, summary, detail, raised, refreshed, closed, closed_by, outcome," \
	" note"

static struct pending row_of(const struct db_statement *list)
{
	return (struct pending){
		.id = db_column_i64(list, 0),
		.kind = (enum pending_kind)db_column_i64(list, 1),
		.subject = db_column_text(list, 2),
		.summary = db_column_text(list, 3),
		.detail = db_column_text(list, 4),
		.raised_s = db_column_i64(list, 5),
		.refreshed_s = db_column_i64(list, 6),
		.closed_s = db_column_i64(list, 7),
		.closed_by = db_column_text(list, 8),
		.outcome = db_column_text(list, 9),
		.note = db_column_text(list, 10),
	};
}

enum err pending_list(struct db *db, bool only_open, enum pending_kind kind, int64_t before,
	size_t limit, pending_each each, void *state, struct why *why)
{
	static const char open_sql[] =
		"SELECT " COLUMNS " FROM pending WHERE closed = 0 AND id > $1"
		" AND ($2 = 0 OR kind = $2) ORDER BY id LIMIT $3";
	static const char all_sql[] = "SELECT " COLUMNS " FROM pending WHERE id < $1"
				      " AND ($2 = 0 OR kind = $2) ORDER BY id DESC LIMIT $3";
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	if (only_open)
		TRY(db_prepare(db, open_sql, &list, why));
	else
		TRY(db_prepare(db, all_sql, &list, why));
	db_bind_i64(list, 1, before == 0 && !only_open ? INT64_MAX : before);
	db_bind_i64(list, 2, kind);
	db_bind_i64(list, 3, limit > INT32_MAX ? INT32_MAX : (int64_t)limit);
	TRY(db_step(list, &row, why));
	while (row) {
		struct pending item = row_of(list);

		TRY(each(state, &item, why));
		TRY(db_step(list, &row, why));
	}
	return OK;
}

/* The texts are placed in the arena, where they outlive the row. */
static void keep(struct pending *item, struct arena *arena)
{
	struct str *texts[] = { &item->subject, &item->summary, &item->detail, &item->closed_by,
		&item->outcome, &item->note };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = arena_str(arena, *texts[i]);
}

enum err pending_find(
	struct db *db, int64_t id, struct arena *arena, struct pending *out, struct why *why)
{
	static const char sql[] = "SELECT " COLUMNS " FROM pending WHERE id = $1";
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	TRY(db_prepare(db, sql, &list, why));
	db_bind_i64(list, 1, id);
	TRY(db_step(list, &row, why));
	if (!row)
		return fail(why, ERR_NOT_FOUND, "no pending item %lld", (long long)id);
	*out = row_of(list);
	keep(out, arena);
	return OK;
}

enum err pending_last(struct db *db, enum pending_kind kind, struct str subject,
	struct arena *arena, struct pending *out, struct why *why)
{
	static const char sql[] = "SELECT " COLUMNS " FROM pending WHERE kind = $1 AND"
				  " subject = $2 ORDER BY id DESC LIMIT 1";
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	*out = (struct pending){ .id = 0 };
	TRY(db_prepare(db, sql, &list, why));
	db_bind_i64(list, 1, kind);
	db_bind_text(list, 2, subject);
	TRY(db_step(list, &row, why));
	if (row)
		*out = row_of(list);
	keep(out, arena);
	return OK;
}

enum err pending_count(struct db *db, uint64_t *open, struct why *why)
{
	int64_t count;

	TRY(decision_number(db, "SELECT count(*) FROM pending WHERE closed = 0", &count, why));
	*open = (uint64_t)count;
	return OK;
}
