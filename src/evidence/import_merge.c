/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The merging rule of import.h as SQL: one upsert, the same on both engines. In it, evidence is the
 * old row and excluded the new one, whose accumulators are one sighting at its decayed_at. A list
 * that does not say when it saw something gives sighted 0.
 */
#include "evidence/import_int.h"

#include "store/text.h"

/* A list brings a sighting when the row comes back, or once a run when the source says later. */
#define LIST_SIGHTING                                    \
	"(evidence.ended <> 0 OR (excluded.sighted <> 0" \
	" AND excluded.last_seen > evidence.last_seen"   \
	" AND evidence.run <> excluded.run))"
#define NEWS_SIGHTING                              \
	"(excluded.last_seen > evidence.last_seen" \
	" AND evidence.run <> excluded.run)"
#define REPORT_SIGHTING "(excluded.last_seen > evidence.last_seen)"

/* The accumulator grows by one sighting, both brought to the later of their times. */
#define GROWN(sighting, name, rate)                                                                \
	name " = CASE WHEN NOT " sighting " THEN evidence." name                                   \
	     " WHEN excluded.decayed_at - evidence.decayed_at > " FORGOTTEN " THEN excluded." name \
	     " WHEN evidence.decayed_at - excluded.decayed_at > " FORGOTTEN " THEN evidence." name \
	     " WHEN excluded.decayed_at >= evidence.decayed_at THEN excluded." name                \
	     " + evidence." name " * exp(CAST(evidence.decayed_at - excluded.decayed_at"           \
	     " AS DOUBLE PRECISION) * " rate ")"                                                   \
	     " ELSE evidence." name " + excluded." name                                            \
	     " * exp(CAST(excluded.decayed_at - evidence.decayed_at AS DOUBLE PRECISION) * " rate  \
	     ") END, "

#define ACCUMULATORS(sighting)                                                    \
	GROWN(sighting, "recent", RECENT_RATE)                                    \
	GROWN(sighting, "lasting", LASTING_RATE)                                  \
	"decayed_at = CASE WHEN " sighting                                        \
	" AND excluded.decayed_at > evidence.decayed_at THEN excluded.decayed_at" \
	" ELSE evidence.decayed_at END, "                                         \
	"sighted = CASE WHEN " sighting " THEN excluded.run ELSE evidence.sighted END, "

#define SAID                                                                          \
	"confidence = CASE WHEN excluded.confidence >= 0 THEN excluded.confidence"    \
	" ELSE evidence.confidence END, "                                             \
	"tlp = CASE WHEN evidence.run = excluded.run AND evidence.tlp > excluded.tlp" \
	" THEN evidence.tlp ELSE excluded.tlp END, "                                  \
	"reference = CASE WHEN excluded.reference <> '' THEN excluded.reference"      \
	" ELSE evidence.reference END"
/* Is anything of that other than what was known? */
#define SAID_OTHER                                                                  \
	"(excluded.confidence <> evidence.confidence AND excluded.confidence >= 0)" \
	" OR (excluded.tlp <> evidence.tlp"                                         \
	" AND (evidence.run <> excluded.run OR excluded.tlp > evidence.tlp))"       \
	" OR (excluded.reference <> evidence.reference AND excluded.reference <> '')"

/* One more of its listings had ended. */
#define RETURNED(returns)                                                                   \
	"started = CASE WHEN " returns " THEN excluded.started ELSE evidence.started END, " \
	"episodes = CASE WHEN " returns " THEN evidence.episodes + 1"                       \
	" ELSE evidence.episodes END, "

#define LIST_FIRST_EARLIER                           \
	"(excluded.first_seen < evidence.first_seen" \
	" AND excluded.first_seen < excluded.started)"
#define LIST_LAST_LATER                            \
	"(excluded.last_seen > evidence.last_seen" \
	" AND (excluded.sighted <> 0 OR evidence.ended <> 0))"
#define LIST_TIMES                                                  \
	"first_seen = CASE WHEN " LIST_FIRST_EARLIER                \
	" THEN excluded.first_seen ELSE evidence.first_seen END, "  \
	"last_seen = CASE WHEN " LIST_LAST_LATER                    \
	" THEN excluded.last_seen ELSE evidence.last_seen END, "    \
	"ended = 0, "                                               \
	"count = CASE WHEN evidence.run = excluded.run"             \
	" THEN evidence.count + excluded.count"                     \
	" WHEN excluded.count > evidence.count THEN excluded.count" \
	" ELSE evidence.count END, "

static const char list_updates[] = ACCUMULATORS(LIST_SIGHTING) RETURNED("evidence.ended <> 0")
	LIST_TIMES SAID ", run = excluded.run";
static const char list_changes[] =
	"evidence.ended <> 0 OR " LIST_LAST_LATER " OR " LIST_FIRST_EARLIER " OR " SAID_OTHER;

/* News tell of no ends: what was not seen for longer than a day was away. */
#define NEWS_RETURN(sighting)                                                                  \
	"(evidence.ended <> 0 AND " sighting " AND excluded.last_seen - evidence.last_seen > " \
	"86400)"

#define NEWS_TIMES                                                                  \
	"first_seen = CASE WHEN excluded.first_seen < evidence.first_seen"          \
	" THEN excluded.first_seen ELSE evidence.first_seen END, "                  \
	"last_seen = CASE WHEN excluded.last_seen > evidence.last_seen"             \
	" THEN excluded.last_seen ELSE evidence.last_seen END, "                    \
	"ended = CASE WHEN evidence.ended <> 0 AND excluded.ended > evidence.ended" \
	" THEN excluded.ended ELSE evidence.ended END, "                            \
	"count = evidence.count + excluded.count, "

static const char news_updates[] = ACCUMULATORS(NEWS_SIGHTING) RETURNED(NEWS_RETURN(NEWS_SIGHTING))
	NEWS_TIMES SAID ", run = excluded.run";
/* A report leaves alone which run met the row. */
static const char report_updates[] =
	ACCUMULATORS(REPORT_SIGHTING) RETURNED(NEWS_RETURN(REPORT_SIGHTING)) NEWS_TIMES SAID;
static const char news_changes[] = "excluded.last_seen > evidence.last_seen"
				   " OR excluded.first_seen < evidence.first_seen OR " SAID_OTHER;

static const char *const columns[] = { "source", "indicator", "role", "category", "first_seen",
	"last_seen", "started", "ended", "count", "confidence", "tlp", "reference", "recent",
	"lasting", "decayed_at", "sighted", "run", "changed", "episodes" };
static const enum db_type types[] = { DB_I64, DB_BYTES, DB_I64, DB_I64, DB_I64, DB_I64, DB_I64,
	DB_I64, DB_I64, DB_I64, DB_I64, DB_TEXT, DB_DOUBLE, DB_DOUBLE, DB_I64, DB_I64, DB_I64,
	DB_I64, DB_I64 };
_Static_assert(ARRAY_LEN(columns) == ARRAY_LEN(types), "one type per column");

/* All that struct evidence needs. */
static const char *const kept[] = { "source", "indicator", "role", "category", "first_seen",
	"last_seen", "started", "ended", "count", "confidence", "tlp", "reference", "recent",
	"lasting", "decayed_at", "changed", "episodes" };

#define HISTORY(changes)                                                                    \
	{                                                                                   \
		.table = "evidence_past", .columns = kept, .column_count = ARRAY_LEN(kept), \
		.since = "changed", .until = "until", .when = (changes)                     \
	}
static const struct db_history list_history = HISTORY(list_changes);
static const struct db_history news_history = HISTORY(news_changes);

#define MERGE(how, old)                                                                          \
	{                                                                                        \
		.table = "evidence", .columns = columns, .types = types,                         \
		.column_count = ARRAY_LEN(columns), .keys = "source, indicator, role, category", \
		.updates = (how), .history = (old)                                               \
	}

static const struct db_merge merges[] = {
	[IMPORT_FULL_LIST] = MERGE(list_updates, &list_history),
	[IMPORT_ADDITIONS] = MERGE(news_updates, &news_history),
};
static const struct db_merge report = MERGE(report_updates, &news_history);

struct rows {
	const struct merge_context *context;
	const struct claim_batch *batch;
	size_t at;
	struct buf mended;
};

static struct db_value whole(int64_t value)
{
	return (struct db_value){ .i64 = value };
}

/* What the source said of times, with now for its silence and for what lies ahead. */
struct said {
	int64_t first_s;
	int64_t last_s;
	bool is_dated;
};

static struct said times_said(const struct claim_row *row, int64_t now_s)
{
	struct said said = { .is_dated = row->last_seen_s != 0 };

	said.last_s = !said.is_dated || row->last_seen_s > now_s ? now_s : row->last_seen_s;
	said.first_s = row->first_seen_s == 0 || row->first_seen_s > said.last_s
			       ? said.last_s
			       : row->first_seen_s;
	return said;
}

static struct str reference_text(struct rows *rows, const struct claim_row *row)
{
	struct str reference = claim_row_reference(rows->batch, row);

	if (text_valid_bytes(reference) == reference.n)
		return reference;
	buf_clear(&rows->mended);
	text_mend(&rows->mended, reference);
	return buf_view(&rows->mended);
}

static bool next_row(void *state, struct db_value *values)
{
	struct rows *rows = state;
	const struct merge_context *context = rows->context;
	const struct claim_row *row = &rows->batch->rows[rows->at];
	bool is_news = context->kind == IMPORT_ADDITIONS;
	struct said said;

	if (rows->at == rows->batch->n)
		return false;
	rows->at++;
	said = times_said(row, context->now_s);
	values[0] = whole(context->source);
	values[1] = (struct db_value){ .bytes = claim_row_key(rows->batch, row) };
	values[2] = whole(row->role);
	values[3] = whole(row->category);
	values[4] = whole(said.first_s);
	values[5] = whole(said.last_s);
	values[6] = whole(context->now_s);
	values[7] = whole(is_news ? said.last_s : 0);
	values[8] = whole(row->count);
	values[9] = whole(row->confidence);
	values[10] = whole(row->tlp);
	values[11] = (struct db_value){ .bytes = reference_text(rows, row) };
	values[12] = (struct db_value){ .number = 1 };
	values[13] = (struct db_value){ .number = 1 };
	values[14] = whole(said.last_s);
	values[15] = whole(said.is_dated || is_news ? context->run : 0);
	values[16] = whole(context->run);
	values[17] = whole(context->begun_s);
	values[18] = whole(0);
	return true;
}

static bool is_before(
	const struct claim_batch *batch, const struct claim_row *a, const struct claim_row *b)
{
	int order = str_cmp(claim_row_key(batch, a), claim_row_key(batch, b));

	if (order != 0)
		return order < 0;
	return a->role != b->role ? a->role < b->role : a->category < b->category;
}

static enum err merge(struct db *db, const struct db_merge *how,
	const struct merge_context *context, const struct claim_batch *batch, struct why *why)
{
	struct rows rows = { .context = context, .batch = batch };

	for (size_t i = 1; i < batch->n; i++) {
		if (!is_before(batch, &batch->rows[i - 1], &batch->rows[i]))
			return fail(why, ERR_USAGE, "a batch of claims is not sorted and merged");
	}

	enum err err = db_merge_sorted(db, how, next_row, &rows, why);

	buf_done(&rows.mended);
	return err;
}

enum err merge_claims(struct db *db, const struct merge_context *context,
	const struct claim_batch *batch, struct why *why)
{
	return merge(db, &merges[context->kind], context, batch, why);
}

enum err merge_report(struct db *db, const struct merge_context *context,
	const struct claim_batch *batch, struct why *why)
{
	return merge(db, &report, context, batch, why);
}
