/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence/retention.h"

static const char evidence_sql[] =
	"DELETE FROM evidence WHERE (source, indicator, role, category) IN "
	"(SELECT source, indicator, role, category FROM evidence "
	"WHERE ended <> 0 AND ended < $1 ORDER BY ended LIMIT $2)";
static const char past_sql[] =
	"DELETE FROM evidence_past WHERE (source, indicator, role, category, changed) IN "
	"(SELECT source, indicator, role, category, changed FROM evidence_past "
	"WHERE until < $1 ORDER BY until LIMIT $2)";
static const char episode_sql[] =
	"DELETE FROM episode WHERE (source, indicator, role, category, started) IN "
	"(SELECT source, indicator, role, category, started FROM episode "
	"WHERE ended < $1 ORDER BY ended LIMIT $2)";
/* a source's last run is its status, and a run that is under way is not over */
static const char run_sql[] =
	"DELETE FROM run WHERE id IN (SELECT id FROM run r WHERE finished < $1"
	" AND state <> 'running'"
	" AND NOT EXISTS (SELECT 1 FROM feed_state f WHERE f.last_run = r.id)"
	" ORDER BY id LIMIT $2)";
static const char refusal_sql[] =
	"DELETE FROM refusal WHERE NOT EXISTS (SELECT 1 FROM run r WHERE r.id = refusal.run)";

static enum err remove_some(struct db *db, const char *sql, int64_t before_s, uint64_t step_max,
	uint64_t *removed, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *delete = NULL;

	TRY(db_prepare(db, sql, &delete, why));
	db_bind_i64(delete, 1, before_s);
	db_bind_i64(delete, 2, (int64_t)step_max);
	return db_run(delete, removed, why);
}

enum err retention_step(struct db *db, int64_t before_s, uint64_t step_max,
	struct retention_result *out, bool *is_more, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *refusals = NULL;

	*out = (struct retention_result){ 0 };
	*is_more = false;
	TRY(db_begin(db, why));
	CLEANUP(db_rollback_unless_done) struct db *open = db;
	TRY(remove_some(db, evidence_sql, before_s, step_max, &out->evidence, why));
	TRY(remove_some(db, past_sql, before_s, step_max, &out->past, why));
	TRY(remove_some(db, episode_sql, before_s, step_max, &out->episodes, why));
	TRY(remove_some(db, run_sql, before_s, step_max, &out->runs, why));
	if (out->runs > 0) {
		TRY(db_prepare(db, refusal_sql, &refusals, why));
		TRY(db_run(refusals, NULL, why));
	}
	TRY(db_commit(open, why));
	*is_more = out->evidence == step_max || out->past == step_max ||
		   out->episodes == step_max || out->runs == step_max;
	return OK;
}
