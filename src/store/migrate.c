/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/db_int.h"

static const char table_sql[] = "CREATE TABLE IF NOT EXISTS migration ("
				"version BIGINT PRIMARY KEY, title TEXT NOT NULL, "
				"applied BIGINT NOT NULL)";
static const char list_sql[] = "SELECT version, title FROM migration ORDER BY version";
static const char note_sql[] = "INSERT INTO migration (version, title, applied) "
			       "VALUES ($1, $2, $3)";

static bool is_known(const struct db_migration *migrations, size_t n, int64_t version)
{
	size_t i = 0;

	while (i < n && migrations[i].version != version)
		i++;
	return i < n;
}

/* Which of the migrations the store has; it may have no others. */
static enum err applied_read(struct db *db, const struct db_migration *migrations, size_t n,
	bool *applied, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	TRY(db_prepare(db, list_sql, &list, why));
	TRY(db_step(list, &row, why));
	while (row) {
		int64_t version = db_column_i64(list, 0);

		if (!is_known(migrations, n, version))
			return fail(why, ERR_CORRUPT,
				"the store is newer than this program: it has version %lld (%.*s)",
				(long long)version, STR_FMT(db_column_text(list, 1)));
		for (size_t i = 0; i < n; i++)
			applied[i] |= migrations[i].version == version;
		TRY(db_step(list, &row, why));
	}
	return OK;
}

/* The token for clustered tables replaced by what the engine calls it. */
static void expand(struct buf *out, const char *sql, const char *clustered)
{
	struct str rest = str_c(sql);
	struct str token = STR(DB_CLUSTERED);

	for (;;) {
		size_t at = str_find_str(rest, token);

		buf_str(out, str_first(rest, at));
		if (at == rest.n)
			break;
		buf_str(out, str_c(clustered));
		rest = str_from_index(rest, at + token.n);
	}
}

static enum err apply(
	struct db *db, const struct db_migration *migration, int64_t now_s, struct why *why)
{
	CLEANUP(buf_done) struct buf sql = { 0 };
	CLEANUP(db_finish) struct db_statement *note = NULL;

	expand(&sql, migration->sql, db->driver->clustered);
	TRY(db_exec(db, buf_c(&sql), why));
	TRY(db_prepare(db, note_sql, &note, why));
	db_bind_i64(note, 1, migration->version);
	db_bind_text(note, 2, str_c(migration->title));
	db_bind_i64(note, 3, now_s);
	return db_run(note, NULL, why);
}

/* One migration in its transaction; looked for again there, as another process may have run it. */
static enum err apply_when_new(struct db *db, const struct db_migration *migrations, size_t n,
	size_t which, int64_t now_s, struct why *why)
{
	bool *applied = calloc(n, sizeof *applied);

	must(applied != NULL);

	enum err err = applied_read(db, migrations, n, applied, why);

	if (err == OK && !applied[which])
		err = apply(db, &migrations[which], now_s, why);
	free(applied);
	return err;
}

enum err db_migrate(struct db *db, const struct db_migration *migrations, size_t n, int64_t now_s,
	struct why *why)
{
	TRY(db_exec(db, table_sql, why));
	for (size_t i = 0; i < n; i++) {
		must(i == 0 || migrations[i].version > migrations[i - 1].version);
		TRY(db_begin(db, why));
		CLEANUP(db_rollback_unless_done) struct db *open = db;
		TRY(apply_when_new(db, migrations, n, i, now_s, why));
		TRY(db_commit(open, why));
	}
	return OK;
}
