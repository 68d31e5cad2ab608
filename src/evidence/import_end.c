/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How an import ends: what left the list, the run's row, the source's state. */
#include "evidence/import_int.h"

#include "base/log.h"
#include "store/text.h"

static enum err episodes_make(const struct import *import, struct why *why)
{
	static const char sql[] =
		"INSERT INTO episode (source, indicator, role, category, started, ended) "
		"SELECT source, indicator, role, category, started,"
		" CASE WHEN started > $3 THEN started ELSE $3 END FROM evidence "
		"WHERE source = $1 AND ended = 0 AND run <> $2 "
		"ON CONFLICT (source, indicator, role, category, started) "
		"DO UPDATE SET ended = excluded.ended";
	CLEANUP(db_finish) struct db_statement *insert = NULL;

	TRY(db_prepare(import->db, sql, &insert, why));
	db_bind_i64(insert, 1, import->context.source);
	db_bind_i64(insert, 2, import->context.run);
	db_bind_i64(insert, 3, import->context.now_s);
	return db_run(insert, NULL, why);
}

/* A clock that jumped back ends nothing before it began. */
#define END "CASE WHEN started > $3 THEN started ELSE $3 END"

/*
 * What was listed until now counts as seen until now: the accumulator is brought to the end and is
 * at least one there.
 */
#define STOOD_BY(name, rate)                                              \
	name " = CASE WHEN decayed_at >= " END " THEN " name " WHEN " END \
	     " - decayed_at > " FORGOTTEN " THEN 1 WHEN " LEFT_AT_END(    \
		     name, rate) " < 1 THEN 1 ELSE " LEFT_AT_END(name, rate) " END, "
#define LEFT_AT_END(name, rate) \
	name " * exp(CAST(decayed_at - (" END ") AS DOUBLE PRECISION) * " rate ")"

/* Ends what a full list no longer names. */
static enum err end_absent(const struct import *import, uint64_t *ended, struct why *why)
{
	static const char sql[] =
		"UPDATE evidence SET changed = $4, " STOOD_BY("recent", RECENT_RATE) STOOD_BY(
			"lasting", LASTING_RATE) "decayed_at = CASE WHEN decayed_at >= " END
						 " THEN decayed_at ELSE " END " END,"
						 " ended = " END
						 " WHERE source = $1 AND ended = 0 AND run <> $2";
	CLEANUP(db_finish) struct db_statement *update = NULL;

	*ended = 0;
	if (import->context.kind != IMPORT_FULL_LIST)
		return OK;
	TRY(episodes_make(import, why));
	TRY(past_keep_absent(import, why));
	TRY(db_prepare(import->db, sql, &update, why));
	db_bind_i64(update, 1, import->context.source);
	db_bind_i64(update, 2, import->context.run);
	db_bind_i64(update, 3, import->context.now_s);
	db_bind_i64(update, 4, import->context.begun_s);
	return db_run(update, ended, why);
}

static enum err changes_count(
	const struct import *import, struct import_result *out, struct why *why)
{
	static const char sql[] =
		"SELECT count(*), coalesce(sum(CASE WHEN started = $3 THEN 1 ELSE 0 END), 0),"
		" coalesce(sum(CASE WHEN started <> $3 AND sighted = $2 THEN 1 ELSE 0 END), 0) "
		"FROM evidence WHERE source = $1 AND run = $2";
	CLEANUP(db_finish) struct db_statement *count = NULL;
	bool row;

	TRY(db_prepare(import->db, sql, &count, why));
	db_bind_i64(count, 1, import->context.source);
	db_bind_i64(count, 2, import->context.run);
	db_bind_i64(count, 3, import->context.now_s);
	TRY(db_step(count, &row, why));
	must(row);
	out->added = (uint64_t)db_column_i64(count, 1);
	out->updated = (uint64_t)db_column_i64(count, 2);
	out->kept = (uint64_t)db_column_i64(count, 0) - out->added - out->updated;
	return OK;
}

static enum err refusals_note(
	const struct import *import, const struct import_reading *reading, struct why *why)
{
	static const char delete_sql[] = "DELETE FROM refusal WHERE run = $1";
	static const char sql[] =
		"INSERT INTO refusal (run, position, reason, count, line, sample) "
		"VALUES ($1, $2, $3, $4, $5, $6)";
	CLEANUP(buf_done) struct buf reason = { 0 };
	CLEANUP(db_finish) struct db_statement *delete = NULL;
	CLEANUP(db_finish) struct db_statement *insert = NULL;

	TRY(db_prepare(import->db, delete_sql, &delete, why));
	db_bind_i64(delete, 1, import->context.run);
	TRY(db_run(delete, NULL, why));
	TRY(db_prepare(import->db, sql, &insert, why));
	for (size_t i = 0; i < reading->refusal_count; i++) {
		const struct import_refusal *refusal = &reading->refusals[i];

		buf_clear(&reason);
		text_mend(&reason, refusal->reason);
		db_bind_i64(insert, 1, import->context.run);
		db_bind_i64(insert, 2, (int64_t)i);
		db_bind_text(insert, 3, buf_view(&reason));
		db_bind_i64(insert, 4, (int64_t)refusal->count);
		db_bind_i64(insert, 5, (int64_t)refusal->line);
		db_bind_bytes(insert, 6, refusal->sample);
		TRY(db_run(insert, NULL, why));
	}
	return OK;
}

static enum err run_end(const struct import *import, const char *state, struct str reason,
	const struct import_reading *reading, const struct import_result *result, struct why *why)
{
	static const char sql[] =
		"UPDATE run SET state = $2, finished = $3, format = $4, lines = $5, accepted = $6,"
		" refused = $7, added = $8, updated = $9, kept = $10, ended = $11, reason = $12 "
		"WHERE id = $1";
	CLEANUP(buf_done) struct buf format = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	CLEANUP(db_finish) struct db_statement *update = NULL;

	text_mend(&format, reading->format);
	text_mend(&text, reason);
	TRY(refusals_note(import, reading, why));
	TRY(db_prepare(import->db, sql, &update, why));
	db_bind_i64(update, 1, import->context.run);
	db_bind_text(update, 2, str_c(state));
	db_bind_i64(update, 3, import->context.begun_s);
	db_bind_text(update, 4, buf_view(&format));
	db_bind_i64(update, 5, (int64_t)reading->lines);
	db_bind_i64(update, 6, (int64_t)reading->accepted);
	db_bind_i64(update, 7, (int64_t)reading->refused);
	db_bind_i64(update, 8, (int64_t)result->added);
	db_bind_i64(update, 9, (int64_t)result->updated);
	db_bind_i64(update, 10, (int64_t)result->kept);
	db_bind_i64(update, 11, (int64_t)result->ended);
	db_bind_text(update, 12, buf_view(&text));
	return db_run(update, NULL, why);
}

/* What lets the next fetch and the next import see that nothing changed. */
static enum err validators_note(
	const struct import *import, struct str etag, struct str last_modified, struct why *why)
{
	static const char sql[] = "UPDATE feed_state SET etag = $2, last_modified = $3,"
				  " content_hash = $4 WHERE source = $1";
	static const char forget_sql[] = "DELETE FROM run_batch WHERE run = $1";
	CLEANUP(buf_done) struct buf etag_text = { 0 };
	CLEANUP(buf_done) struct buf modified_text = { 0 };
	CLEANUP(db_finish) struct db_statement *update = NULL;
	CLEANUP(db_finish) struct db_statement *forget = NULL;

	text_mend(&etag_text, etag);
	text_mend(&modified_text, last_modified);
	TRY(db_prepare(import->db, forget_sql, &forget, why));
	db_bind_i64(forget, 1, import->context.run);
	TRY(db_run(forget, NULL, why));
	TRY(db_prepare(import->db, sql, &update, why));
	db_bind_i64(update, 1, import->context.source);
	db_bind_text(update, 2, buf_view(&etag_text));
	db_bind_text(update, 3, buf_view(&modified_text));
	db_bind_bytes(update, 4, hash_text(import->content_hash));
	return db_run(update, NULL, why);
}

enum err import_finish(struct import **at, const struct import_reading *reading, struct str etag,
	struct str last_modified, struct import_result *out, struct why *why)
{
	struct import *import = *at;
	struct db *db = import->db;

	*out = (struct import_result){ 0 };
	TRY(db_begin(db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = db;
	TRY(end_absent(import, &out->ended, why));
	TRY(changes_count(import, out, why));
	TRY(run_end(import, "done", STR(""), reading, out, why));
	TRY(validators_note(import, etag, last_modified, why));
	TRY(state_succeeded(db, import->context.source, "done", import->context.begun_s, why));
	TRY(db_commit(open, why));
	import_leave(at);
	return OK;
}

static enum err abort_run(const struct import *import, const struct import_reading *reading,
	struct str reason, struct why *why)
{
	struct import_result nothing = { 0 };

	TRY(db_begin(import->db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = import->db;
	TRY(run_end(import, "failed", reason, reading, &nothing, why));
	TRY(state_failed(import->db, import->context.source, import->context.begun_s, reason, why));
	return db_commit(open, why);
}

void import_abort(struct import **import, const struct import_reading *reading, struct str reason)
{
	struct why why;

	if (*import == NULL)
		return;
	/* nobody above can do more than read it; the run stays "running" and is resumed */
	if (abort_run(*import, reading, reason, &why) != OK)
		log_why(LOG_ERROR, "import_abort", &why);
	import_leave(import);
}

enum err import_hold(struct import **at, const struct import_reading *reading, struct str reason,
	struct why *why)
{
	static const char sql[] =
		"UPDATE feed_state SET state = 'held', last_attempt = $2 WHERE source = $1";
	struct import_result nothing = { 0 };
	struct import *import = *at;
	CLEANUP(db_finish) struct db_statement *update = NULL;

	TRY(db_begin(import->db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = import->db;
	TRY(run_end(import, "held", reason, reading, &nothing, why));
	TRY(db_prepare(import->db, sql, &update, why));
	db_bind_i64(update, 1, import->context.source);
	db_bind_i64(update, 2, import->context.begun_s);
	TRY(db_run(update, NULL, why));
	TRY(db_commit(open, why));
	import_leave(at);
	return OK;
}

enum err import_last_good(
	struct db *db, struct str source, struct import_good *out, struct why *why)
{
	static const char sql[] =
		"SELECT r.id, r.accepted FROM run r JOIN source s ON s.id = r.source"
		" WHERE s.name = $1 AND r.state = 'done' ORDER BY r.id DESC LIMIT 1";
	CLEANUP(db_finish) struct db_statement *find = NULL;
	bool row;

	*out = (struct import_good){ 0 };
	TRY(db_prepare(db, sql, &find, why));
	db_bind_text(find, 1, source);
	TRY(db_step(find, &row, why));
	if (row)
		*out = (struct import_good){ .run = db_column_i64(find, 0),
			.accepted = (uint64_t)db_column_i64(find, 1) };
	return OK;
}
