/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/scoring_change.h"

#include "base/clock.h"
#include "decision/pending.h"
#include "learn/model_store.h"

enum err scoring_changed(struct service *service, struct why *why)
{
	struct keeper *keeper = &service->keeper;
	struct scoring next;

	TRY(scoring_load(keeper->db, clock_now_s(keeper->clock), 0, &next, why));
	scoring_done(&keeper->scoring);
	scoring_move(&keeper->scoring, &next);
	service_want_build(service, 0);
	return OK;
}

/* Whoever makes it live says yes to what waited for that. */
static enum err waiting_close(struct db *db, struct str subject, struct str by, struct str note,
	int64_t now_s, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct pending item;

	TRY(pending_last(db, PENDING_MODEL, subject, &arena, &item, why));
	if (item.id == 0 || item.closed_s != 0)
		return OK;
	return pending_close(db, item.id, "approved", by, note, now_s, why);
}

enum err model_made_live(
	struct service *service, int64_t version, struct str by, struct str note, struct why *why)
{
	struct db *db = service->keeper.db;
	int64_t now_s = clock_now_s(service->keeper.clock);
	CLEANUP(buf_done) struct buf subject = { 0 };

	buf_fmt(&subject, "%lld", (long long)version);
	{
		TRY(db_begin(db, why));
		CLEANUP(db_rollback_unless_done) struct db *open = db;
		TRY(model_go_live(db, version, by, note, now_s, why));
		TRY(waiting_close(db, buf_view(&subject), by, note, now_s, why));
		TRY(db_commit(open, why));
	}
	TRY(scoring_changed(service, why));
	service_event(service, "model", STR(""));
	return OK;
}
