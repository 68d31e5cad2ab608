/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn/model_store.h"

enum { VERSION_BUILT_IN = 1 };

/* model_reign: when a version was the live one; live_until 0: it is. Of none: the built-in one. */
const struct db_migration model_migrations[] = {
	{ 400, "models",
		"CREATE TABLE model ("
		" version BIGINT PRIMARY KEY,"
		" made BIGINT NOT NULL,"
		" text TEXT NOT NULL,"
		" report TEXT NOT NULL);"
		"CREATE TABLE model_reign ("
		" id BIGINT PRIMARY KEY,"
		" version BIGINT NOT NULL,"
		" live_from BIGINT NOT NULL,"
		" live_until BIGINT NOT NULL,"
		" live_by TEXT NOT NULL,"
		" note TEXT NOT NULL);"
		"CREATE INDEX model_reign_version ON model_reign (version)" },
};
_Static_assert(ARRAY_LEN(model_migrations) == MODEL_MIGRATIONS, "as declared");

static enum err next_number(struct db *db, const char *sql, int64_t *out, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *select = NULL;
	bool row;

	TRY(db_prepare(db, sql, &select, why));
	TRY(db_step(select, &row, why));
	*out = row ? db_column_i64(select, 0) : 0;
	return OK;
}

enum err model_add(
	struct db *db, struct model *model, struct str report, int64_t now_s, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(db_finish) struct db_statement *insert = NULL;
	struct json_writer json = json_writer_on(&text);
	int64_t version;

	TRY(next_number(db, "SELECT coalesce(max(version), 1) + 1 FROM model", &version, why));
	if (version > INT32_MAX)
		return fail(why, ERR_LIMIT, "no more numbers for models");
	model->score.version = (int)version;
	model->score.made_s = now_s;
	model_write(&json, model);
	TRY(db_prepare(db,
		"INSERT INTO model (version, made, text, report) VALUES ($1, $2, $3, $4)", &insert,
		why));
	db_bind_i64(insert, 1, version);
	db_bind_i64(insert, 2, now_s);
	db_bind_text(insert, 3, buf_view(&text));
	db_bind_text(insert, 4, report);
	return db_run(insert, NULL, why);
}

static enum err exists(struct db *db, int64_t version, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *select = NULL;
	bool row;

	if (version == VERSION_BUILT_IN)
		return OK;
	TRY(db_prepare(db, "SELECT 1 FROM model WHERE version = $1", &select, why));
	db_bind_i64(select, 1, version);
	TRY(db_step(select, &row, why));
	return row ? OK : fail(why, ERR_NOT_FOUND, "no model %lld", (long long)version);
}

/* The version that was live at a time. */
static enum err version_at(struct db *db, int64_t as_of_s, int64_t *version, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *select = NULL;
	bool row;

	TRY(db_prepare(db,
		"SELECT version FROM model_reign WHERE live_from <= $1"
		" AND (live_until = 0 OR live_until > $1) ORDER BY id DESC LIMIT 1",
		&select, why));
	db_bind_i64(select, 1, as_of_s == 0 ? INT64_MAX : as_of_s);
	TRY(db_step(select, &row, why));
	*version = row ? db_column_i64(select, 0) : VERSION_BUILT_IN;
	return OK;
}

static enum err end_reign(struct db *db, int64_t now_s, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *update = NULL;

	TRY(db_prepare(
		db, "UPDATE model_reign SET live_until = $1 WHERE live_until = 0", &update, why));
	db_bind_i64(update, 1, now_s);
	return db_run(update, NULL, why);
}

enum err model_go_live(struct db *db, int64_t version, struct str by, struct str note,
	int64_t now_s, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *insert = NULL;
	int64_t before;
	int64_t id;

	if (by.n == 0)
		return fail(why, ERR_USAGE, "who makes the model live must be said");
	if (note.n > MODEL_NOTE_MAX)
		return fail(why, ERR_USAGE, "a note has at most %d bytes", MODEL_NOTE_MAX);
	TRY(exists(db, version, why));
	TRY(version_at(db, 0, &before, why));
	if (before == version)
		return fail(why, ERR_USAGE, "model %lld is live already", (long long)version);
	TRY(end_reign(db, now_s, why));
	TRY(next_number(db, "SELECT coalesce(max(id), 0) + 1 FROM model_reign", &id, why));
	TRY(db_prepare(db,
		"INSERT INTO model_reign (id, version, live_from, live_until, live_by, note)"
		" VALUES ($1, $2, $3, 0, $4, $5)",
		&insert, why));
	db_bind_i64(insert, 1, id);
	db_bind_i64(insert, 2, version);
	db_bind_i64(insert, 3, now_s);
	db_bind_text(insert, 4, by);
	db_bind_text(insert, 5, note);
	return db_run(insert, NULL, why);
}

enum err model_newest(struct db *db, int64_t *version, int64_t *made_s, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *select = NULL;
	bool row;

	TRY(db_prepare(
		db, "SELECT version, made FROM model ORDER BY version DESC LIMIT 1", &select, why));
	TRY(db_step(select, &row, why));
	*version = row ? db_column_i64(select, 0) : 0;
	*made_s = row ? db_column_i64(select, 1) : 0;
	return OK;
}

enum err model_list(struct db *db, model_each each, void *state, struct why *why)
{
	static const char sql[] =
		"SELECT m.version, m.made, m.report, r.live_from, r.live_until, r.live_by, r.note"
		" FROM model m LEFT JOIN model_reign r ON r.id ="
		" (SELECT max(newest.id) FROM model_reign newest WHERE newest.version = m.version)"
		" ORDER BY m.version DESC";
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	TRY(db_prepare(db, sql, &list, why));
	TRY(db_step(list, &row, why));
	while (row) {
		struct model_version version = { .version = db_column_i64(list, 0),
			.made_s = db_column_i64(list, 1),
			.report = db_column_text(list, 2),
			.live_from_s = db_column_i64(list, 3),
			.live_until_s = db_column_i64(list, 4),
			.live_by = db_column_text(list, 5),
			.note = db_column_text(list, 6) };

		TRY(each(state, &version, why));
		TRY(db_step(list, &row, why));
	}
	return OK;
}

enum err model_load(struct db *db, int64_t version, struct model *out, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *select = NULL;
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct json_node root;
	bool row;

	if (version == VERSION_BUILT_IN) {
		model_default(out);
		return OK;
	}
	TRY(db_prepare(db, "SELECT text FROM model WHERE version = $1", &select, why));
	db_bind_i64(select, 1, version);
	TRY(db_step(select, &row, why));
	if (!row)
		return fail(why, ERR_NOT_FOUND, "no model %lld", (long long)version);
	TRY(json_parse(reader, db_column_text(select, 0), &root, why));
	TRY(model_read(root, out, why));
	if (out->score.version != version) {
		model_done(out);
		return fail(why, ERR_CORRUPT, "model %lld is stored under another number",
			(long long)version);
	}
	return OK;
}

enum err model_live(struct db *db, int64_t as_of_s, struct model *out, struct why *why)
{
	int64_t version;

	TRY(version_at(db, as_of_s, &version, why));
	return model_load(db, version, out, why);
}
