/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Past states of claims, where no merge keeps them (docs/decisions/0012). */
#include "evidence/import_int.h"

enum err past_keep_absent(const struct import *import, struct why *why)
{
	static const char sql[] =
		"INSERT INTO evidence_past (source, indicator, role, category, first_seen,"
		" last_seen, started, ended, count, confidence, tlp, reference, recent, lasting,"
		" decayed_at, changed, episodes, until) "
		"SELECT source, indicator, role, category, first_seen, last_seen, started, ended,"
		" count, confidence, tlp, reference, recent, lasting, decayed_at, changed,"
		" episodes, $3 FROM evidence "
		"WHERE source = $1 AND ended = 0 AND run <> $2 AND changed < $3";
	CLEANUP(db_finish) struct db_statement *insert = NULL;

	TRY(db_prepare(import->db, sql, &insert, why));
	db_bind_i64(insert, 1, import->context.source);
	db_bind_i64(insert, 2, import->context.run);
	db_bind_i64(insert, 3, import->context.begun_s);
	return db_run(insert, NULL, why);
}

static enum err is_turned_back(struct db *db, int64_t now_s, bool *out, struct why *why)
{
	static const char sql[] = "SELECT 1 FROM feed_state WHERE last_attempt > $1 LIMIT 1";
	CLEANUP(db_finish) struct db_statement *find = NULL;

	TRY(db_prepare(db, sql, &find, why));
	db_bind_i64(find, 1, now_s);
	return db_step(find, out, why);
}

enum err past_turn_back(struct db *db, int64_t now_s, struct why *why)
{
	static const char *const steps[] = {
		"DELETE FROM evidence_past WHERE changed >= $1",
		"UPDATE evidence_past SET until = $1 WHERE until > $1",
		"UPDATE evidence SET changed = $1 WHERE changed > $1",
		"UPDATE feed_state SET last_attempt = $1 WHERE last_attempt > $1",
	};
	bool is_back;

	TRY(is_turned_back(db, now_s, &is_back, why));
	for (size_t i = 0; is_back && i < ARRAY_LEN(steps); i++) {
		CLEANUP(db_finish) struct db_statement *step = NULL;

		TRY(db_prepare(db, steps[i], &step, why));
		db_bind_i64(step, 1, now_s);
		TRY(db_run(step, NULL, why));
	}
	return OK;
}
