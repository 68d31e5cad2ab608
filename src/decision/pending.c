/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decision/pending.h"

#include "decision/decision_int.h"

static const struct str kind_names[PENDING_KINDS] = {
	[PENDING_FEED] = STR_INIT("feed"),
	[PENDING_OVERRIDE] = STR_INIT("override"),
	[PENDING_MODEL] = STR_INIT("model"),
	[PENDING_GUARD] = STR_INIT("guard"),
};

static const char *const outcomes[] = { "approved", "dismissed", "overtaken" };

struct str pending_kind_name(enum pending_kind kind)
{
	must((unsigned)kind < PENDING_KINDS);
	return kind_names[kind];
}

bool pending_kind_parse(struct str word, enum pending_kind *out)
{
	for (size_t i = 1; i < PENDING_KINDS; i++) {
		if (!str_eq(kind_names[i], word))
			continue;
		*out = (enum pending_kind)i;
		return true;
	}
	return false;
}

/* The open item of a kind and subject; 0: none. */
static enum err open_item(
	struct db *db, enum pending_kind kind, struct str subject, int64_t *id, struct why *why)
{
	static const char sql[] =
		"SELECT id FROM pending WHERE kind = $1 AND subject = $2 AND closed = 0";
	CLEANUP(db_finish) struct db_statement *find = NULL;
	bool row;

	TRY(db_prepare(db, sql, &find, why));
	db_bind_i64(find, 1, kind);
	db_bind_text(find, 2, subject);
	TRY(db_step(find, &row, why));
	*id = row ? db_column_i64(find, 0) : 0;
	return OK;
}

static enum err refresh(struct db *db, int64_t id, struct str summary, struct str detail,
	int64_t now_s, struct why *why)
{
	static const char sql[] =
		"UPDATE pending SET summary = $2, detail = $3, refreshed = $4 WHERE id = $1";
	CLEANUP(db_finish) struct db_statement *write = NULL;

	TRY(db_prepare(db, sql, &write, why));
	db_bind_i64(write, 1, id);
	db_bind_text(write, 2, summary);
	db_bind_text(write, 3, detail);
	db_bind_i64(write, 4, now_s);
	return db_run(write, NULL, why);
}

static enum err insert(struct db *db, const struct pending *item, struct why *why)
{
	static const char sql[] =
		"INSERT INTO pending (id, kind, subject, summary, detail, raised, refreshed,"
		" closed, closed_by, outcome, note) VALUES ($1, $2, $3, $4, $5, $6, $6, 0, '', '',"
		" '')";
	CLEANUP(db_finish) struct db_statement *write = NULL;

	TRY(db_prepare(db, sql, &write, why));
	db_bind_i64(write, 1, item->id);
	db_bind_i64(write, 2, item->kind);
	db_bind_text(write, 3, item->subject);
	db_bind_text(write, 4, item->summary);
	db_bind_text(write, 5, item->detail);
	db_bind_i64(write, 6, item->raised_s);
	return db_run(write, NULL, why);
}

enum err pending_raise(struct db *db, enum pending_kind kind, struct str subject,
	struct str summary, struct str detail, int64_t now_s, int64_t *id, bool *is_new,
	struct why *why)
{
	struct pending item = { .kind = kind,
		.subject = subject,
		.summary = summary,
		.detail = detail,
		.raised_s = now_s };

	TRY(decision_text_check(subject, 1, PENDING_SUBJECT_MAX, "a pending item's subject", why));
	TRY(decision_text_check(summary, 1, PENDING_SUMMARY_MAX, "a pending item's summary", why));
	TRY(decision_text_check(detail, 2, PENDING_DETAIL_MAX, "a pending item's detail", why));
	TRY(open_item(db, kind, subject, id, why));
	*is_new = *id == 0;
	if (!*is_new)
		return refresh(db, *id, summary, detail, now_s, why);
	TRY(decision_number(db, "SELECT coalesce(max(id), 0) + 1 FROM pending", &item.id, why));
	*id = item.id;
	return insert(db, &item, why);
}

static enum err close_item(struct db *db, int64_t id, struct str outcome, struct str by,
	struct str note, int64_t now_s, struct why *why)
{
	static const char sql[] =
		"UPDATE pending SET closed = $2, closed_by = $3, outcome = $4, note = $5"
		" WHERE id = $1";
	CLEANUP(db_finish) struct db_statement *write = NULL;

	TRY(db_prepare(db, sql, &write, why));
	db_bind_i64(write, 1, id);
	db_bind_i64(write, 2, now_s);
	db_bind_text(write, 3, by);
	db_bind_text(write, 4, outcome);
	db_bind_text(write, 5, note);
	return db_run(write, NULL, why);
}

static bool is_outcome(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
		if (strcmp(outcomes[i], word) == 0)
			return true;
	return false;
}

enum err pending_close(struct db *db, int64_t id, const char *outcome, struct str by,
	struct str note, int64_t now_s, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct pending item;

	must(is_outcome(outcome));
	TRY(decision_text_check(by, 1, SIZE_MAX, "who closes", why));
	TRY(decision_text_check(note, 0, PENDING_NOTE_MAX, "the note", why));
	TRY(pending_find(db, id, &arena, &item, why));
	if (item.closed_s != 0)
		return fail(why, ERR_USAGE, "item %lld is closed: %.*s by %.*s", (long long)id,
			STR_FMT(item.outcome), STR_FMT(item.closed_by));
	return close_item(db, id, str_c(outcome), by, note, now_s, why);
}

enum err pending_overtaken(
	struct db *db, enum pending_kind kind, struct str subject, int64_t now_s, struct why *why)
{
	int64_t id;

	TRY(open_item(db, kind, subject, &id, why));
	if (id == 0)
		return OK;
	return close_item(db, id, STR("overtaken"), STR("keeper"), STR(""), now_s, why);
}
