/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence/import_int.h"

#include <sodium.h>

enum { BATCH_HASH_BYTES = 32 };

static bool hash_is_known(const uint8_t *hash)
{
	static const uint8_t unknown[IMPORT_HASH_BYTES];

	return memcmp(hash, unknown, sizeof unknown) != 0;
}

/* Has the source's last finished run read the same? Nothing was begun since, or it were emptied. */
static enum err unchanged_read(
	struct db *db, int64_t source, const uint8_t *hash, bool *out, struct why *why)
{
	static const char sql[] = "SELECT content_hash FROM feed_state WHERE source = $1";
	CLEANUP(db_finish) struct db_statement *find = NULL;
	bool row;

	TRY(db_prepare(db, sql, &find, why));
	db_bind_i64(find, 1, source);
	TRY(db_step(find, &row, why));
	*out = row && hash_is_known(hash) && str_eq(db_column_bytes(find, 0), hash_text(hash));
	return OK;
}

/* The source's last run, when it broke off over the same input: it goes on. */
static enum err broken_off(struct import *import, bool *is_found, struct why *why)
{
	static const char sql[] =
		"SELECT r.id, r.started FROM feed_state f JOIN run r ON r.id = f.last_run "
		"WHERE f.source = $1 AND r.state NOT IN ('done', 'held') AND r.content_hash = $2 "
		"AND r.kind = $3";
	CLEANUP(db_finish) struct db_statement *find = NULL;

	*is_found = false;
	if (!hash_is_known(import->content_hash))
		return OK;
	TRY(db_prepare(import->db, sql, &find, why));
	db_bind_i64(find, 1, import->context.source);
	db_bind_bytes(find, 2, hash_text(import->content_hash));
	db_bind_i64(find, 3, import->context.kind);
	TRY(db_step(find, is_found, why));
	if (*is_found) {
		import->context.run = db_column_i64(find, 0);
		import->context.now_s = db_column_i64(find, 1);
	}
	return OK;
}

static enum err run_make(struct import *import, struct str resume, struct why *why)
{
	static const char forget_sql[] =
		"DELETE FROM run_batch WHERE run = (SELECT last_run FROM feed_state "
		"WHERE source = $1)";
	static const char sql[] =
		"INSERT INTO run (id, source, kind, state, started, finished, content_hash, resume,"
		" format, lines, accepted, refused, added, updated, kept, ended, reason) "
		"SELECT coalesce(max(id), 0) + 1, $1, $2, 'running', $3, 0, $4, $5,"
		" '', 0, 0, 0, 0, 0, 0, 0, '' FROM run RETURNING id";
	CLEANUP(db_finish) struct db_statement *forget = NULL;
	CLEANUP(db_finish) struct db_statement *insert = NULL;
	bool row;

	TRY(db_prepare(import->db, forget_sql, &forget, why));
	db_bind_i64(forget, 1, import->context.source);
	TRY(db_run(forget, NULL, why));
	TRY(db_prepare(import->db, sql, &insert, why));
	db_bind_i64(insert, 1, import->context.source);
	db_bind_i64(insert, 2, import->context.kind);
	db_bind_i64(insert, 3, import->context.now_s);
	db_bind_bytes(insert, 4, hash_text(import->content_hash));
	db_bind_text(insert, 5, resume);
	TRY(db_step(insert, &row, why));
	must(row);
	import->context.run = db_column_i64(insert, 0);
	return OK;
}

static enum err run_again(const struct import *import, struct str resume, struct why *why)
{
	static const char sql[] = "UPDATE run SET state = 'running', finished = 0, resume = $2 "
				  "WHERE id = $1";
	CLEANUP(db_finish) struct db_statement *update = NULL;

	TRY(db_prepare(import->db, sql, &update, why));
	db_bind_i64(update, 1, import->context.run);
	db_bind_text(update, 2, resume);
	return db_run(update, NULL, why);
}

/*
 * From here to the end the store is between two readings: what would make a fetch or a comparison
 * say "unchanged" is forgotten.
 */
static enum err state_running(const struct import *import, struct why *why)
{
	static const char sql[] =
		"UPDATE feed_state SET state = 'running', last_attempt = $2, last_run = $3,"
		" etag = '', last_modified = '', content_hash = $4 WHERE source = $1";
	CLEANUP(db_finish) struct db_statement *update = NULL;

	TRY(db_prepare(import->db, sql, &update, why));
	db_bind_i64(update, 1, import->context.source);
	db_bind_i64(update, 2, import->context.begun_s);
	db_bind_i64(update, 3, import->context.run);
	db_bind_bytes(update, 4, STR(""));
	return db_run(update, NULL, why);
}

static enum err begin(struct import *import, const struct import_request *request,
	bool *is_unchanged, struct why *why)
{
	struct db *db = import->db;
	bool is_found;

	TRY(db_begin(db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = db;
	TRY(past_turn_back(db, request->now_s, why));
	TRY(source_make(db, request->source, request->now_s, &import->context.source, why));
	TRY(unchanged_read(db, import->context.source, import->content_hash, is_unchanged, why));
	if (*is_unchanged) {
		TRY(state_succeeded(db, import->context.source, "unchanged", request->now_s, why));
		return db_commit(open, why);
	}
	TRY(broken_off(import, &is_found, why));
	TRY(is_found ? run_again(import, request->resume, why)
		     : run_make(import, request->resume, why));
	TRY(state_running(import, why));
	return db_commit(open, why);
}

enum err import_begin(struct db *db, const struct import_request *request, struct import **out,
	bool *is_unchanged, struct why *why)
{
	struct import *import = calloc(1, sizeof *import);
	enum err err;

	must(import != NULL && request->now_s > 0);
	*out = NULL;
	*is_unchanged = false;
	import->db = db;
	import->context = (struct merge_context){
		.now_s = request->now_s, .begun_s = request->now_s, .kind = request->kind
	};
	memcpy(import->content_hash, request->content_hash, sizeof import->content_hash);
	err = begin(import, request, is_unchanged, why);
	if (err == OK && !*is_unchanged)
		*out = import;
	else
		free(import);
	return err;
}

int64_t import_run(const struct import *import)
{
	return import->context.run;
}

void import_leave(struct import **import)
{
	free(*import);
	*import = NULL;
}

/* Notes the batch in the run; not new when the run has merged it already. */
static enum err batch_note(
	const struct import *import, const struct claim_batch *batch, bool *is_new, struct why *why)
{
	static const char sql[] = "INSERT INTO run_batch (run, hash) VALUES ($1, $2) "
				  "ON CONFLICT (run, hash) DO NOTHING";
	CLEANUP(db_finish) struct db_statement *insert = NULL;
	CLEANUP(buf_done) struct buf message = { 0 };
	uint8_t hash[BATCH_HASH_BYTES];
	uint64_t changed;

	claim_batch_encode(&message, batch);
	must(crypto_generichash(
		     hash, sizeof hash, (const uint8_t *)message.data, message.n, NULL, 0) == 0);
	TRY(db_prepare(import->db, sql, &insert, why));
	db_bind_i64(insert, 1, import->context.run);
	db_bind_bytes(insert, 2, str_from((const char *)hash, sizeof hash));
	TRY(db_run(insert, &changed, why));
	*is_new = changed > 0;
	return OK;
}

enum err import_batch(struct import *import, const struct claim_batch *batch, struct why *why)
{
	struct db *db = import->db;
	bool is_new;

	if (batch->n == 0)
		return OK;
	TRY(db_begin(db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = db;
	TRY(batch_note(import, batch, &is_new, why));
	if (is_new)
		TRY(merge_claims(db, &import->context, batch, why));
	return db_commit(open, why);
}

enum err import_one(
	struct db *db, struct str source, const struct claim *claim, int64_t now_s, struct why *why)
{
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	struct merge_context context = {
		.now_s = now_s, .begun_s = now_s, .kind = IMPORT_ADDITIONS
	};

	claim_batch_add(&batch, claim);
	TRY(db_begin(db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = db;
	TRY(past_turn_back(db, now_s, why));
	TRY(source_make(db, source, now_s, &context.source, why));
	TRY(merge_report(db, &context, &batch, why));
	TRY(state_succeeded(db, context.source, "done", now_s, why));
	return db_commit(open, why);
}

enum err import_failed(
	struct db *db, struct str source, int64_t now_s, struct str reason, struct why *why)
{
	int64_t number;

	TRY(db_begin(db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = db;
	TRY(past_turn_back(db, now_s, why));
	TRY(source_make(db, source, now_s, &number, why));
	TRY(state_failed(db, number, now_s, reason, why));
	return db_commit(open, why);
}

enum err import_not_modified(struct db *db, struct str source, int64_t now_s, struct why *why)
{
	int64_t number;

	TRY(db_begin(db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = db;
	TRY(past_turn_back(db, now_s, why));
	TRY(source_make(db, source, now_s, &number, why));
	TRY(state_succeeded(db, number, "unchanged", now_s, why));
	return db_commit(open, why);
}

enum err import_unfinished(struct db *db, import_unfinished_each each, void *state, struct why *why)
{
	static const char sql[] = "SELECT id, resume FROM run WHERE state = 'running' ORDER BY id";
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	TRY(db_prepare(db, sql, &list, why));
	TRY(db_step(list, &row, why));
	while (row) {
		TRY(each(state, db_column_i64(list, 0), db_column_text(list, 1), why));
		TRY(db_step(list, &row, why));
	}
	return OK;
}

enum err import_interrupted(struct db *db, int64_t run, int64_t now_s, struct why *why)
{
	static const char run_sql[] = "UPDATE run SET state = 'interrupted', finished = $2 "
				      "WHERE id = $1 AND state = 'running'";
	static const char state_sql[] = "UPDATE feed_state SET state = 'interrupted' "
					"WHERE last_run = $1 AND state = 'running'";
	CLEANUP(db_finish) struct db_statement *run_update = NULL;
	CLEANUP(db_finish) struct db_statement *state_update = NULL;

	TRY(db_begin(db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = db;
	TRY(db_prepare(db, run_sql, &run_update, why));
	db_bind_i64(run_update, 1, run);
	db_bind_i64(run_update, 2, now_s);
	TRY(db_run(run_update, NULL, why));
	TRY(db_prepare(db, state_sql, &state_update, why));
	db_bind_i64(state_update, 1, run);
	TRY(db_run(state_update, NULL, why));
	return db_commit(open, why);
}
