/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence/query.h"

#include "evidence/import.h"

/* In the order of struct evidence, which row_of() reads. */
#define COLUMNS                                                                    \
	"e.indicator, e.source, e.role, e.category, e.tlp, e.confidence, e.count," \
	" e.first_seen, e.last_seen, e.ended, e.recent, e.lasting, e.decayed_at, e.reference"

/*
 * There is no index by indicator alone: sources are few, so one look-up in each source's part of
 * the table costs less than a second index on every row (docs/decisions/0010).
 */
#define IN_EACH_SOURCE " FROM source s CROSS JOIN evidence e WHERE e.source = s.id AND "

static struct evidence row_of(const struct db_statement *list)
{
	return (struct evidence){
		.key = db_column_bytes(list, 0),
		.source = (uint32_t)db_column_i64(list, 1),
		.role = (uint8_t)db_column_i64(list, 2),
		.category = (uint8_t)db_column_i64(list, 3),
		.tlp = (uint8_t)db_column_i64(list, 4),
		.confidence = (int16_t)db_column_i64(list, 5),
		.count = (uint64_t)db_column_i64(list, 6),
		.first_seen_s = db_column_i64(list, 7),
		.last_seen_s = db_column_i64(list, 8),
		.ended_s = db_column_i64(list, 9),
		.recent = db_column_double(list, 10),
		.lasting = db_column_double(list, 11),
		.decayed_at_s = db_column_i64(list, 12),
		.reference = db_column_text(list, 13),
	};
}

static enum err each_row(
	struct db_statement *list, evidence_each each, void *state, struct why *why)
{
	bool row;

	TRY(db_step(list, &row, why));
	while (row) {
		struct evidence evidence = row_of(list);

		TRY(each(state, &evidence, why));
		TRY(db_step(list, &row, why));
	}
	return OK;
}

enum err evidence_scan(struct db *db, evidence_each each, void *state, struct why *why)
{
	static const char sql[] = "SELECT " COLUMNS " FROM evidence e "
				  "ORDER BY e.source, e.indicator, e.role, e.category";
	CLEANUP(db_finish) struct db_statement *list = NULL;

	TRY(db_prepare(db, sql, &list, why));
	return each_row(list, each, state, why);
}

enum err evidence_of_source(
	struct db *db, uint32_t source, evidence_each each, void *state, struct why *why)
{
	static const char sql[] = "SELECT " COLUMNS " FROM evidence e WHERE e.source = $1 "
				  "ORDER BY e.indicator, e.role, e.category";
	CLEANUP(db_finish) struct db_statement *list = NULL;

	TRY(db_prepare(db, sql, &list, why));
	db_bind_i64(list, 1, source);
	return each_row(list, each, state, why);
}

static const char of_sql[] = "SELECT " COLUMNS IN_EACH_SOURCE "e.indicator = $1 "
			     "ORDER BY e.source, e.role, e.category";

enum err evidence_of(struct db *db, const struct indicator *indicator, evidence_each each,
	void *state, struct why *why)
{
	CLEANUP(buf_done) struct buf key = { 0 };
	CLEANUP(db_finish) struct db_statement *list = NULL;

	indicator_key(&key, indicator);
	TRY(db_prepare(db, of_sql, &list, why));
	db_bind_bytes(list, 1, buf_view(&key));
	return each_row(list, each, state, why);
}

/* From the shortest; an IPv4 prefix is held by IPv4 prefixes only. */
static enum err covering_prefixes(struct db *db, const struct prefix *prefix, evidence_each each,
	void *state, struct why *why)
{
	uint8_t length = prefix_is_v4(prefix) ? IPV4_OFFSET : 0;

	for (; length < prefix->length; length++) {
		struct indicator wider = { .kind = INDICATOR_IP,
			.prefix = prefix_around(&prefix->address, length) };

		TRY(evidence_of(db, &wider, each, state, why));
	}
	return OK;
}

static enum err covering_names(struct db *db, const struct indicator *indicator, evidence_each each,
	void *state, struct why *why)
{
	struct indicator above = { .kind = INDICATOR_NAME, .below = true, .text = indicator->text };

	/* what is listed exactly is held by the listing of the same name with all below */
	if (!indicator->below)
		TRY(evidence_of(db, &above, each, state, why));
	for (;;) {
		size_t dot = str_find(above.text, '.');

		if (dot == above.text.n)
			return OK;
		above.text = str_from_index(above.text, dot + 1);
		TRY(evidence_of(db, &above, each, state, why));
	}
}

enum err evidence_covering(struct db *db, const struct indicator *indicator, evidence_each each,
	void *state, struct why *why)
{
	if (indicator->kind == INDICATOR_IP)
		return covering_prefixes(db, &indicator->prefix, each, state, why);
	if (indicator->kind == INDICATOR_NAME)
		return covering_names(db, indicator, each, state, why);
	return OK;
}

struct within {
	const struct prefix *prefix;
	evidence_each each;
	void *state;
	struct arena arena;
};

/* The range of keys also holds wider prefixes that begin at the same address. */
static enum err within_row(void *state, const struct evidence *row, struct why *why)
{
	struct within *within = state;
	struct indicator indicator;

	arena_reset(&within->arena);
	TRY(indicator_from_key(row->key, &within->arena, &indicator, why));
	if (!prefix_contains(within->prefix, &indicator.prefix))
		return OK;
	return within->each(within->state, row, why);
}

enum err evidence_within(struct db *db, const struct prefix *prefix, evidence_each each,
	void *state, struct why *why)
{
	static const char sql[] =
		"SELECT " COLUMNS IN_EACH_SOURCE "e.indicator >= $1 AND e.indicator <= $2 "
		"ORDER BY e.source, e.indicator, e.role, e.category";
	struct ipaddr last_address = prefix_last(prefix);
	struct indicator first = { .kind = INDICATOR_IP, .prefix = *prefix };
	struct indicator last = { .kind = INDICATOR_IP, .prefix = prefix_host(&last_address) };
	CLEANUP(buf_done) struct buf from = { 0 };
	CLEANUP(buf_done) struct buf to = { 0 };
	CLEANUP(db_finish) struct db_statement *list = NULL;
	struct within within = { prefix, each, state, { 0 } };
	enum err err;

	indicator_key(&from, &first);
	indicator_key(&to, &last);
	TRY(db_prepare(db, sql, &list, why));
	db_bind_bytes(list, 1, buf_view(&from));
	db_bind_bytes(list, 2, buf_view(&to));
	err = each_row(list, within_row, &within, why);
	arena_done(&within.arena);
	return err;
}

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

enum err refusals_of(struct db *db, int64_t run, refusal_each each, void *state, struct why *why)
{
	static const char sql[] = "SELECT reason, count, line, sample FROM refusal "
				  "WHERE run = $1 ORDER BY position";
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row;

	TRY(db_prepare(db, sql, &list, why));
	db_bind_i64(list, 1, run);
	TRY(db_step(list, &row, why));
	while (row) {
		struct import_refusal refusal = {
			.reason = db_column_text(list, 0),
			.count = (uint64_t)db_column_i64(list, 1),
			.line = (uint64_t)db_column_i64(list, 2),
			.sample = db_column_bytes(list, 3),
		};

		TRY(each(state, &refusal, why));
		TRY(db_step(list, &row, why));
	}
	return OK;
}

enum err evidence_count(struct db *db, uint64_t *out, struct why *why)
{
	static const char sql[] = "SELECT count(*) FROM evidence";
	CLEANUP(db_finish) struct db_statement *count = NULL;
	bool row;

	TRY(db_prepare(db, sql, &count, why));
	TRY(db_step(count, &row, why));
	*out = (uint64_t)db_column_i64(count, 0);
	return OK;
}
