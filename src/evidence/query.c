/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence/query_int.h"

#include "evidence/import.h"

/*
 * A query in two forms: of what is known now, and of what was known at the time that is its last
 * parameter. from is a macro that takes the table.
 */
struct timed_sql {
	const char *now;
	const char *as_of;
};
/* NOLINTBEGIN(bugprone-macro-parentheses): texts that join by standing side by side */
#define AS_OF(from_now, from_past, at)                                          \
	"SELECT " EVIDENCE_COLUMNS from_now " AND e.changed <= " at             \
	" UNION ALL SELECT " EVIDENCE_COLUMNS from_past " AND e.changed <= " at \
	" AND e.until > " at EVIDENCE_ORDER
#define TIMED(from, condition, at)                                                             \
	{                                                                                      \
		"SELECT " EVIDENCE_COLUMNS from("evidence") condition EVIDENCE_ORDER,          \
			AS_OF(from("evidence") condition, from("evidence_past") condition, at) \
	}

/* NOLINTEND(bugprone-macro-parentheses) */

struct evidence evidence_at(const struct db_statement *list)
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
		.episodes = (uint64_t)db_column_i64(list, 13),
		.started_s = db_column_i64(list, 14),
		.changed_s = db_column_i64(list, 15),
		.reference = db_column_text(list, 16),
	};
}

/* The form for as_of_s, with that as its parameter number at. */
static enum err prepare_timed(struct db *db, const struct timed_sql *sql, int64_t as_of_s, int at,
	struct db_statement **out, struct why *why)
{
	TRY(db_prepare(db, as_of_s == 0 ? sql->now : sql->as_of, out, why));
	if (as_of_s != 0)
		db_bind_i64(*out, at, as_of_s);
	return OK;
}

static enum err each_row(
	struct db_statement *list, evidence_each each, void *state, struct why *why)
{
	bool row;

	TRY(db_step(list, &row, why));
	while (row) {
		struct evidence evidence = evidence_at(list);

		TRY(each(state, &evidence, why));
		TRY(db_step(list, &row, why));
	}
	return OK;
}

enum err evidence_scan(
	struct db *db, int64_t as_of_s, evidence_each each, void *state, struct why *why)
{
	static const struct timed_sql sql = TIMED(EVIDENCE_OF_CLAIMS, "", "$1");
	CLEANUP(db_finish) struct db_statement *list = NULL;

	TRY(prepare_timed(db, &sql, as_of_s, 1, &list, why));
	return each_row(list, each, state, why);
}

#define OF_SOURCE(table) " FROM " table " e WHERE e.source = $1"

enum err evidence_of_source(struct db *db, uint32_t source, int64_t as_of_s, evidence_each each,
	void *state, struct why *why)
{
	static const struct timed_sql sql = TIMED(OF_SOURCE, "", "$2");
	CLEANUP(db_finish) struct db_statement *list = NULL;

	TRY(prepare_timed(db, &sql, as_of_s, 2, &list, why));
	db_bind_i64(list, 1, source);
	return each_row(list, each, state, why);
}

enum err evidence_of(struct db *db, const struct indicator *indicator, int64_t as_of_s,
	evidence_each each, void *state, struct why *why)
{
	static const struct timed_sql sql =
		TIMED(EVIDENCE_OF_CLAIMS, " AND e.indicator = $1", "$2");
	CLEANUP(buf_done) struct buf key = { 0 };
	CLEANUP(db_finish) struct db_statement *list = NULL;

	indicator_key(&key, indicator);
	TRY(prepare_timed(db, &sql, as_of_s, 2, &list, why));
	db_bind_bytes(list, 1, buf_view(&key));
	return each_row(list, each, state, why);
}

/* From the shortest; an IPv4 prefix is held by IPv4 prefixes only. */
static enum err covering_prefixes(struct db *db, const struct prefix *prefix, int64_t as_of_s,
	evidence_each each, void *state, struct why *why)
{
	uint8_t length = prefix_is_v4(prefix) ? IPV4_OFFSET : 0;

	for (; length < prefix->length; length++) {
		struct indicator wider = { .kind = INDICATOR_IP,
			.prefix = prefix_around(&prefix->address, length) };

		TRY(evidence_of(db, &wider, as_of_s, each, state, why));
	}
	return OK;
}

static enum err covering_names(struct db *db, const struct indicator *indicator, int64_t as_of_s,
	evidence_each each, void *state, struct why *why)
{
	struct indicator above = { .kind = INDICATOR_NAME, .below = true, .text = indicator->text };

	/* what is listed exactly is held by the listing of the same name with all below */
	if (!indicator->below)
		TRY(evidence_of(db, &above, as_of_s, each, state, why));
	for (;;) {
		size_t dot = str_find(above.text, '.');

		if (dot == above.text.n)
			return OK;
		above.text = str_from_index(above.text, dot + 1);
		TRY(evidence_of(db, &above, as_of_s, each, state, why));
	}
}

enum err evidence_covering(struct db *db, const struct indicator *indicator, int64_t as_of_s,
	evidence_each each, void *state, struct why *why)
{
	if (indicator->kind == INDICATOR_IP)
		return covering_prefixes(db, &indicator->prefix, as_of_s, each, state, why);
	if (indicator->kind == INDICATOR_NAME)
		return covering_names(db, indicator, as_of_s, each, state, why);
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

enum err evidence_within(struct db *db, const struct prefix *prefix, int64_t as_of_s,
	evidence_each each, void *state, struct why *why)
{
	static const struct timed_sql sql =
		TIMED(EVIDENCE_OF_CLAIMS, " AND e.indicator >= $1 AND e.indicator <= $2", "$3");
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
	TRY(prepare_timed(db, &sql, as_of_s, 3, &list, why));
	db_bind_bytes(list, 1, buf_view(&from));
	db_bind_bytes(list, 2, buf_view(&to));
	err = each_row(list, within_row, &within, why);
	arena_done(&within.arena);
	return err;
}

enum err evidence_below(struct db *db, struct str name, int64_t as_of_s, evidence_each each,
	void *state, struct why *why)
{
	static const struct timed_sql sql =
		TIMED(EVIDENCE_OF_CLAIMS, " AND e.indicator >= $1 AND e.indicator < $2", "$3");
	struct indicator exact = { .kind = INDICATOR_NAME, .text = name };
	CLEANUP(buf_done) struct buf from = { 0 };
	CLEANUP(buf_done) struct buf to = { 0 };
	CLEANUP(db_finish) struct db_statement *list = NULL;

	/* all keys that begin with the labels: a key is those, each followed by 0, and one byte */
	indicator_key(&from, &exact);
	from.n--;
	buf_str(&to, buf_view(&from));
	to.data[to.n - 1] = 1;
	TRY(prepare_timed(db, &sql, as_of_s, 3, &list, why));
	db_bind_bytes(list, 1, buf_view(&from));
	db_bind_bytes(list, 2, buf_view(&to));
	return each_row(list, each, state, why);
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
	static const char sql[] = "SELECT count(*)" EVIDENCE_OF_CLAIMS("evidence");
	CLEANUP(db_finish) struct db_statement *count = NULL;
	bool row;

	TRY(db_prepare(db, sql, &count, why));
	TRY(db_step(count, &row, why));
	*out = (uint64_t)db_column_i64(count, 0);
	return OK;
}
