/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/sqlite_int.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/io.h"

struct sqlite_statement {
	struct db_statement base;
	sqlite3_stmt *handle;
	uint64_t changed;
	uint8_t places[DB_PARAMETERS_MAX + 1]; /* SQLite's own index of $1, $2 ... */
};

static const char *const prefixes[] = { "sqlite:", NULL };

/*
 * Pages of 8 KiB cost least for batches (../shared/reference/c-style.md 4.3). The log is written
 * back after 32 MiB and does not stay longer than 64 MiB.
 */
static const char settings[] = "PRAGMA page_size = 8192;"
			       "PRAGMA journal_mode = WAL;"
			       "PRAGMA synchronous = FULL;"
			       "PRAGMA foreign_keys = ON;"
			       "PRAGMA cache_size = -65536;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA wal_autocheckpoint = 4096;"
			       "PRAGMA journal_size_limit = 67108864;"
			       "PRAGMA secure_delete = FAST;"
			       "PRAGMA trusted_schema = OFF;";
static const char settings_read_only[] = "PRAGMA query_only = ON;"
					 "PRAGMA cache_size = -16384;"
					 "PRAGMA temp_store = MEMORY;"
					 "PRAGMA trusted_schema = OFF;";

static const struct {
	int code; /* primary or extended */
	enum err err;
} codes[] = {
	{ SQLITE_CONSTRAINT_UNIQUE, ERR_EXISTS },
	{ SQLITE_CONSTRAINT_PRIMARYKEY, ERR_EXISTS },
	{ SQLITE_CONSTRAINT_ROWID, ERR_EXISTS },
	{ SQLITE_BUSY_SNAPSHOT, ERR_CONFLICT },
	{ SQLITE_BUSY, ERR_BUSY },
	{ SQLITE_LOCKED, ERR_BUSY },
	{ SQLITE_FULL, ERR_FULL },
	{ SQLITE_CORRUPT, ERR_CORRUPT },
	{ SQLITE_NOTADB, ERR_CORRUPT },
	{ SQLITE_READONLY, ERR_DENIED },
	{ SQLITE_PERM, ERR_DENIED },
	{ SQLITE_AUTH, ERR_DENIED },
	{ SQLITE_TOOBIG, ERR_LIMIT },
	{ SQLITE_IOERR, ERR_IO },
	{ SQLITE_CANTOPEN, ERR_IO },
};

static enum err err_of(int extended)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (codes[i].code == extended || codes[i].code == (extended & 0xff))
			return codes[i].err;
	}
	return ERR_STORE;
}

enum err sqlite_failed(sqlite3 *handle, struct why *why)
{
	int extended = sqlite3_extended_errcode(handle);
	int sys = sqlite3_system_errno(handle);
	enum err err = err_of(extended);

	must((extended & 0xff) != SQLITE_NOMEM);
	if (err == ERR_IO && (sys == ENOSPC || sys == EDQUOT))
		err = ERR_FULL;
	if (err == ERR_IO && sys == ENOENT)
		err = ERR_NOT_FOUND;

	enum err told = fail(why, err, "store: %s", sqlite3_errmsg(handle));

	if (why != NULL)
		why->sys = sys;
	return told;
}

static struct sqlite *of_db(struct db *db)
{
	return (struct sqlite *)db;
}

/* Evidence names people's machines: the file is not for everybody to read. */
static enum err file_make(const char *path, struct why *why)
{
	CLEANUP(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	return fd == -1 ? fail_sys(why, "cannot open %s", path) : OK;
}

static enum err sqlite_set_up(struct sqlite *db, enum db_mode mode, struct why *why)
{
	const char *first = mode == DB_READ_ONLY ? settings_read_only : settings;
	int off = 0;
	int on = 1;

	(void)sqlite3_extended_result_codes(db->handle, 1);
	(void)sqlite3_busy_timeout(db->handle, DB_WAIT_MS);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, &off);
	/* readers who may not write open the store while no writer has it, too */
	(void)sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
	if (sqlite3_exec(db->handle, first, NULL, NULL, NULL) != SQLITE_OK ||
		/* reads the first page, so a file that is no store shows now */
		sqlite3_exec(db->handle, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) !=
			SQLITE_OK)
		return sqlite_failed(db->handle, why);
	return sqlite_merge_set_up(db, why);
}

static void sqlite_close_db(struct db *base)
{
	struct sqlite *db = of_db(base);

	sqlite_merge_forget(db);
	(void)sqlite3_close_v2(db->handle);
	free(db);
}

static enum err sqlite_open_db(const char *url, enum db_mode mode, struct db **out, struct why *why)
{
	const char *path = url + strlen(prefixes[0]);
	int flags = mode == DB_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

	if (path[0] == '\0')
		return fail(why, ERR_USAGE, "sqlite: wants a path behind it");
	if (mode == DB_READ_WRITE)
		TRY(file_make(path, why));

	struct sqlite *db = calloc(1, sizeof *db);
	enum err err;

	must(db != NULL);
	if (sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		err = sqlite_failed(db->handle, why);
	else
		err = sqlite_set_up(db, mode, why);
	if (err != OK)
		sqlite_close_db(&db->base);
	else
		*out = &db->base;
	return err;
}

static bool sqlite_is_lost(const struct db *db)
{
	(void)db;
	return false;
}

static void sqlite_wait_at_most(struct db *db, int64_t wait_ms)
{
	(void)sqlite3_busy_timeout(of_db(db)->handle, (int)wait_ms);
}

static enum err sqlite_exec_all(struct db *db, const char *sql, struct why *why)
{
	if (sqlite3_exec(of_db(db)->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_failed(of_db(db)->handle, why);
	return OK;
}

static enum err sqlite_begin(struct db *db, struct why *why)
{
	/* the lock at once: a reader that turned writer later could meet a newer state */
	return sqlite_exec_all(db, db->mode == DB_READ_ONLY ? "BEGIN" : "BEGIN IMMEDIATE", why);
}

static void sqlite_rollback(struct db *db)
{
	/* an error that already rolled back leaves nothing to do */
	if (sqlite3_get_autocommit(of_db(db)->handle) == 0)
		(void)sqlite3_exec(of_db(db)->handle, "ROLLBACK", NULL, NULL, NULL);
}

static enum err sqlite_commit(struct db *db, struct why *why)
{
	enum err err = sqlite_exec_all(db, "COMMIT", why);

	if (err != OK)
		sqlite_rollback(db);
	return err;
}

static enum err sqlite_prepare(
	struct db *db, const char *sql, struct db_statement **out, struct why *why)
{
	struct sqlite_statement *statement = calloc(1, sizeof *statement);
	char name[8];

	must(statement != NULL);
	if (sqlite3_prepare_v3(of_db(db)->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
		    &statement->handle, NULL) != SQLITE_OK) {
		free(statement);
		return sqlite_failed(of_db(db)->handle, why);
	}
	must(statement->handle != NULL);
	for (int i = 1; i <= DB_PARAMETERS_MAX; i++) {
		(void)snprintf(name, sizeof name, "$%d", i);
		statement->places[i] =
			(uint8_t)sqlite3_bind_parameter_index(statement->handle, name);
	}
	*out = &statement->base;
	return OK;
}

static sqlite3_stmt *handle_of(const struct db_statement *statement)
{
	return ((const struct sqlite_statement *)statement)->handle;
}

static void sqlite_free(struct db_statement *statement)
{
	(void)sqlite3_finalize(handle_of(statement));
	free(statement);
}

/* An empty slice may have no address, which SQLite would take for NULL. */
static const char *address(struct str s)
{
	return s.p == NULL ? "" : s.p;
}

int sqlite_bind_value(
	sqlite3_stmt *handle, int place, enum db_type type, const struct db_value *value)
{
	if (value->is_null)
		return sqlite3_bind_null(handle, place);
	if (type == DB_I64)
		return sqlite3_bind_int64(handle, place, value->i64);
	if (type == DB_DOUBLE)
		return sqlite3_bind_double(handle, place, value->number);
	if (type == DB_TEXT)
		return sqlite3_bind_text64(handle, place, address(value->bytes), value->bytes.n,
			SQLITE_STATIC, SQLITE_UTF8);
	return sqlite3_bind_blob64(
		handle, place, address(value->bytes), value->bytes.n, SQLITE_STATIC);
}

static void sqlite_bind(
	struct db_statement *base, int index, enum db_type type, const struct db_value *value)
{
	struct sqlite_statement *statement = (struct sqlite_statement *)base;
	int place = statement->places[index];

	must(place != 0);
	if (sqlite_bind_value(statement->handle, place, type, value) != SQLITE_OK) {
		(void)sqlite_failed(of_db(base->db)->handle, &base->bad_value);
		base->is_bad = true;
	}
}

static enum err sqlite_step_one(struct db_statement *base, bool *row, struct why *why)
{
	struct sqlite_statement *statement = (struct sqlite_statement *)base;
	sqlite3 *handle = of_db(base->db)->handle;
	int64_t before = sqlite3_total_changes64(handle);
	int code = sqlite3_step(statement->handle);

	*row = code == SQLITE_ROW;
	statement->changed += (uint64_t)(sqlite3_total_changes64(handle) - before);
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		return OK;

	enum err err = sqlite_failed(handle, why);

	(void)sqlite3_reset(statement->handle);
	return err;
}

static uint64_t sqlite_changed(const struct db_statement *statement)
{
	return ((const struct sqlite_statement *)statement)->changed;
}

static void sqlite_reset(struct db_statement *base)
{
	struct sqlite_statement *statement = (struct sqlite_statement *)base;

	(void)sqlite3_reset(statement->handle);
	(void)sqlite3_clear_bindings(statement->handle);
	statement->changed = 0;
}

/* One call into SQLite for a column, not two: a scan reads many. */
static sqlite3_value *value_at(const struct db_statement *statement, int column)
{
	return sqlite3_column_value(handle_of(statement), column);
}

static bool is_number(sqlite3_value *value)
{
	int type = sqlite3_value_type(value);

	return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

static int64_t sqlite_column_i64(const struct db_statement *statement, int column)
{
	sqlite3_value *value = value_at(statement, column);

	return is_number(value) ? sqlite3_value_int64(value) : 0;
}

static double sqlite_column_number(const struct db_statement *statement, int column)
{
	sqlite3_value *value = value_at(statement, column);

	return is_number(value) ? sqlite3_value_double(value) : 0;
}

static struct str sqlite_column_bytes_of(const struct db_statement *statement, int column)
{
	sqlite3_value *value = value_at(statement, column);
	int type = sqlite3_value_type(value);

	if (type != SQLITE_TEXT && type != SQLITE_BLOB)
		return STR("");

	const char *bytes = sqlite3_value_blob(value);
	size_t n = (size_t)sqlite3_value_bytes(value);

	return n == 0 ? STR("") : str_from(bytes, n);
}

static bool sqlite_column_is_null(const struct db_statement *statement, int column)
{
	return sqlite3_column_type(handle_of(statement), column) == SQLITE_NULL;
}

const struct db_driver sqlite_driver = {
	.name = "sqlite",
	.url_prefixes = prefixes,
	.clustered = "WITHOUT ROWID",
	.open = sqlite_open_db,
	.close = sqlite_close_db,
	.is_lost = sqlite_is_lost,
	.wait_at_most = sqlite_wait_at_most,
	.exec = sqlite_exec_all,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.prepare = sqlite_prepare,
	.free = sqlite_free,
	.bind = sqlite_bind,
	.step = sqlite_step_one,
	.changed = sqlite_changed,
	.reset = sqlite_reset,
	.column_i64 = sqlite_column_i64,
	.column_double = sqlite_column_number,
	.column_bytes = sqlite_column_bytes_of,
	.column_is_null = sqlite_column_is_null,
	.merge = sqlite_merge,
};
