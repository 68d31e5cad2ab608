/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources and how their feeds fare. */
#include "evidence/import_int.h"
#include "evidence/query.h"

#include "store/text.h"

#include <math.h>

static const char find_sql[] = "SELECT id FROM source WHERE name = $1";
static const char make_sql[] = "INSERT INTO source (id, name, family, created) "
			       "SELECT coalesce(max(id), 0) + 1, $1, $2, $3 FROM source "
			       "RETURNING id";
static const char state_sql[] =
	"INSERT INTO feed_state (source, state, last_attempt, last_success, failures, failure,"
	" etag, last_modified, content_hash, last_run) "
	"VALUES ($1, '', 0, 0, 0, '', '', '', $2, 0)";

static enum err source_find(struct db *db, struct str name, int64_t *out, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *find = NULL;
	bool row;

	*out = 0;
	TRY(db_prepare(db, find_sql, &find, why));
	db_bind_text(find, 1, name);
	TRY(db_step(find, &row, why));
	if (row)
		*out = db_column_i64(find, 0);
	return OK;
}

enum err source_make(struct db *db, struct str name, int64_t now_s, int64_t *out, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *make = NULL;
	CLEANUP(db_finish) struct db_statement *state = NULL;
	bool row;

	TRY(source_find(db, name, out, why));
	if (*out != 0)
		return OK;
	TRY(db_prepare(db, make_sql, &make, why));
	db_bind_text(make, 1, name);
	db_bind_text(make, 2, name);
	db_bind_i64(make, 3, now_s);
	TRY(db_step(make, &row, why));
	must(row);
	*out = db_column_i64(make, 0);
	db_reset(make);
	TRY(db_prepare(db, state_sql, &state, why));
	db_bind_i64(state, 1, *out);
	db_bind_bytes(state, 2, STR(""));
	return db_run(state, NULL, why);
}

static const struct str purposes[] = {
	[PURPOSE_CLAIMS] = STR_INIT("claims"),
	[PURPOSE_GUARD] = STR_INIT("guard"),
	[PURPOSE_ROUTES] = STR_INIT("routes"),
};
_Static_assert(ARRAY_LEN(purposes) == PURPOSE_COUNT, "one word per purpose");

struct str source_purpose_name(enum source_purpose purpose)
{
	return (size_t)purpose < PURPOSE_COUNT ? purposes[purpose] : STR("unknown");
}

bool source_purpose_parse(struct str word, enum source_purpose *out)
{
	for (size_t i = 0; i < PURPOSE_COUNT; i++) {
		if (str_eq(purposes[i], word)) {
			*out = (enum source_purpose)i;
			return true;
		}
	}
	return false;
}

enum err source_set(struct db *db, struct str name, const struct source_properties *properties,
	int64_t now_s, struct why *why)
{
	static const char sql[] =
		"UPDATE source SET family = $2, weight = $3, purpose = $4, rule = $5,"
		" standing = $6, traits = $7, cadence = $8 WHERE id = $1";
	CLEANUP(db_finish) struct db_statement *update = NULL;
	int64_t source;

	TRY(db_begin(db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = db;
	TRY(source_make(db, name, now_s, &source, why));
	TRY(db_prepare(db, sql, &update, why));
	db_bind_i64(update, 1, source);
	db_bind_text(update, 2, properties->family.n == 0 ? name : properties->family);
	if (isnan(properties->weight))
		db_bind_null(update, 3);
	else
		db_bind_double(update, 3, properties->weight);
	db_bind_i64(update, 4, properties->purpose);
	db_bind_i64(update, 5, properties->rule);
	db_bind_i64(update, 6, properties->standing);
	db_bind_i64(update, 7, properties->traits);
	db_bind_i64(update, 8, properties->cadence_s);
	TRY(db_run(update, NULL, why));
	return db_commit(open, why);
}

enum err state_succeeded(
	struct db *db, int64_t source, const char *state, int64_t now_s, struct why *why)
{
	static const char sql[] =
		"UPDATE feed_state SET state = $2, last_attempt = $3, last_success = $3,"
		" failures = 0, failure = '' WHERE source = $1";
	CLEANUP(db_finish) struct db_statement *update = NULL;

	TRY(db_prepare(db, sql, &update, why));
	db_bind_i64(update, 1, source);
	db_bind_text(update, 2, str_c(state));
	db_bind_i64(update, 3, now_s);
	return db_run(update, NULL, why);
}

enum err state_failed(
	struct db *db, int64_t source, int64_t now_s, struct str reason, struct why *why)
{
	static const char sql[] = "UPDATE feed_state SET state = 'failed', last_attempt = $2,"
				  " failures = failures + 1, failure = $3 WHERE source = $1";
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(db_finish) struct db_statement *update = NULL;

	text_mend(&text, reason);
	TRY(db_prepare(db, sql, &update, why));
	db_bind_i64(update, 1, source);
	db_bind_i64(update, 2, now_s);
	db_bind_text(update, 3, buf_view(&text));
	return db_run(update, NULL, why);
}

/* What both forms of the list read, up to the two counts. */
#define STATUS_COLUMNS                                                                   \
	"SELECT s.id, s.name, s.family, s.weight, s.purpose, s.rule, s.standing,"        \
	" s.traits, s.cadence, f.last_attempt, f.last_success, f.failures, f.failure,"   \
	" f.etag, f.last_modified, f.last_run, f.state, r.lines, r.accepted, r.refused," \
	" r.added, r.ended, "
#define STATUS_TABLES                                         \
	" FROM source s JOIN feed_state f ON f.source = s.id" \
	" LEFT JOIN run r ON r.id = f.last_run"               \
	" WHERE $1 = '' OR s.name = $1 ORDER BY s.name"

static const char status_sql[] = STATUS_COLUMNS "0, 0" STATUS_TABLES;
static const char status_counts_sql[] = STATUS_COLUMNS
	"(SELECT count(*) FROM evidence e WHERE e.source = s.id AND e.ended = 0),"
	"(SELECT count(*) FROM evidence e WHERE e.source = s.id AND e.ended <> 0)" STATUS_TABLES;

static struct source_properties properties_of(const struct db_statement *list)
{
	return (struct source_properties){
		.family = db_column_text(list, 2),
		.weight = db_column_is_null(list, 3) ? (double)NAN : db_column_double(list, 3),
		.purpose = (uint8_t)db_column_i64(list, 4),
		.rule = (uint8_t)db_column_i64(list, 5),
		.standing = (uint8_t)db_column_i64(list, 6),
		.traits = (uint8_t)db_column_i64(list, 7),
		.cadence_s = db_column_i64(list, 8),
	};
}

static struct source_status status_of(const struct db_statement *list)
{
	return (struct source_status){
		.id = (uint32_t)db_column_i64(list, 0),
		.name = db_column_text(list, 1),
		.family = db_column_text(list, 2),
		.properties = properties_of(list),
		.last_attempt_s = db_column_i64(list, 9),
		.last_success_s = db_column_i64(list, 10),
		.failures = (uint32_t)db_column_i64(list, 11),
		.failure = db_column_text(list, 12),
		.etag = db_column_text(list, 13),
		.last_modified = db_column_text(list, 14),
		.last_run = db_column_i64(list, 15),
		.run_state = db_column_text(list, 16),
		.lines = (uint64_t)db_column_i64(list, 17),
		.accepted = (uint64_t)db_column_i64(list, 18),
		.refused = (uint64_t)db_column_i64(list, 19),
		.added = (uint64_t)db_column_i64(list, 20),
		.run_ended = (uint64_t)db_column_i64(list, 21),
		.listed = (uint64_t)db_column_i64(list, 22),
		.ended = (uint64_t)db_column_i64(list, 23),
	};
}

enum err source_list(struct db *db, struct str name, bool with_counts, source_each each,
	void *state, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	TRY(db_prepare(db, with_counts ? status_counts_sql : status_sql, &list, why));
	db_bind_text(list, 1, name);
	TRY(db_step(list, &row, why));
	while (row) {
		struct source_status status = status_of(list);

		TRY(each(state, &status, why));
		TRY(db_step(list, &row, why));
	}
	return OK;
}
