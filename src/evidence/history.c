/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changed since a time, and what ended. */
#include "evidence/query_int.h"

#include "base/clock.h"

enum err episodes_of(struct db *db, const struct indicator *indicator, episode_each each,
	void *state, struct why *why)
{
	static const char sql[] =
		"SELECT e.indicator, e.source, e.role, e.category, e.started, e.ended"
		" FROM source s CROSS JOIN episode e WHERE e.source = s.id AND e.indicator = $1 "
		"ORDER BY e.started, e.source, e.role, e.category";
	CLEANUP(buf_done) struct buf key = { 0 };
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	indicator_key(&key, indicator);
	TRY(db_prepare(db, sql, &list, why));
	db_bind_bytes(list, 1, buf_view(&key));
	TRY(db_step(list, &row, why));
	while (row) {
		struct episode episode = {
			.key = db_column_bytes(list, 0),
			.source = (uint32_t)db_column_i64(list, 1),
			.role = (uint8_t)db_column_i64(list, 2),
			.category = (uint8_t)db_column_i64(list, 3),
			.started_s = db_column_i64(list, 4),
			.ended_s = db_column_i64(list, 5),
		};

		TRY(each(state, &episode, why));
		TRY(db_step(list, &row, why));
	}
	return OK;
}

/* The same claim in another table, n. */
#define SAME_AS_N                                            \
	"n.source = e.source AND n.indicator = e.indicator " \
	"AND n.role = e.role AND n.category = e.category"

/* Those of now whose state of then is their state of now: no look at the past is needed. */
#define CHANGES_KNOWN \
	"SELECT " EVIDENCE_COLUMNS ", 1, 0" EVIDENCE_OF_CLAIMS("evidence") " AND e.changed <= $1"

/* When the first listing began that was seen of a claim that came since. */
#define CHANGES_FIRST_STARTED                                                  \
	"coalesce((SELECT e.started FROM evidence_past e WHERE " SAME_AS_N " " \
	"ORDER BY e.changed LIMIT 1), n.started)"

/* The others (n), with their state of then when there was one. */
#define CHANGES_OTHERS                                                                    \
	"SELECT n.indicator, n.source, n.role, n.category, e.tlp, e.confidence, e.count," \
	" e.first_seen, e.last_seen, e.ended, e.recent, e.lasting, e.decayed_at,"         \
	" e.episodes, CASE WHEN e.changed IS NULL THEN " CHANGES_FIRST_STARTED            \
	" ELSE e.started END, e.changed, e.reference,"                                    \
	" CASE WHEN e.changed IS NULL THEN 0 ELSE 1 END,"                                 \
	" CASE WHEN n.last_seen > $1 THEN 1 ELSE 0 END"                                   \
	" FROM evidence n LEFT JOIN evidence_past e ON " SAME_AS_N                        \
	" AND e.changed <= $1 AND e.until > $1"                                           \
	" WHERE n.source IN (SELECT id FROM source WHERE purpose = 0) AND n.changed > $1"

static const char changes_sql[] = CHANGES_KNOWN " UNION ALL " CHANGES_OTHERS EVIDENCE_ORDER;

enum err evidence_changes(
	struct db *db, int64_t then_s, evidence_change_each each, void *state, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	TRY(db_prepare(db, changes_sql, &list, why));
	db_bind_i64(list, 1, then_s);
	TRY(db_step(list, &row, why));
	while (row) {
		struct evidence_change change = {
			.then = evidence_at(list),
			.was_known = db_column_i64(list, EVIDENCE_COLUMN_COUNT) != 0,
			.is_news = db_column_i64(list, EVIDENCE_COLUMN_COUNT + 1) != 0,
		};

		TRY(each(state, &change, why));
		TRY(db_step(list, &row, why));
	}
	return OK;
}

/* With the beginning of the next listing, of which either the end is known, or it is the last. */
static const char absences_sql[] =
	"SELECT e.role, e.ended,"
	" (SELECT min(n.started) FROM episode n WHERE " SAME_AS_N " AND n.started > e.started),"
	" CASE WHEN n.started <> e.started THEN n.started END "
	"FROM episode e LEFT JOIN evidence n ON " SAME_AS_N " "
	"WHERE e.source IN (SELECT id FROM source WHERE purpose = 0) AND e.ended >= $1";

enum err evidence_absences(struct db *db, int64_t since_s, int64_t now_s, absence_each each,
	void *state, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	TRY(db_prepare(db, absences_sql, &list, why));
	db_bind_i64(list, 1, since_s);
	TRY(db_step(list, &row, why));
	while (row) {
		int column = db_column_is_null(list, 2) ? 3 : 2;
		bool has_returned = !db_column_is_null(list, column);
		int64_t until_s = has_returned ? db_column_i64(list, column) : now_s;
		int64_t age_s = until_s - db_column_i64(list, 1);

		/* a clock that jumped back makes no absence shorter than none */
		TRY(each(state, (uint8_t)db_column_i64(list, 0),
			age_s < 0 ? 0 : (double)age_s / DAY_S, has_returned, why));
		TRY(db_step(list, &row, why));
	}
	return OK;
}
