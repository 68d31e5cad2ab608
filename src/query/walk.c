/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/walk.h"

/* More than the rows that one source can have about one indicator (roles times categories). */
enum { REFILL_ROWS = 256 };
_Static_assert(REFILL_ROWS > ROLE_COUNT * CATEGORY_COUNT, "an indicator's rows fit a refill");

struct walk_row {
	struct str key;
	struct walk_claim claim;
};

/* What was read of one source and not yet given. */
struct walk_source {
	int64_t id;
	struct str name;
	struct arena arena; /* of the rows at hand */
	struct walk_row *rows;
	size_t n;
	size_t at;
	struct buf from; /* the next read begins here */
	bool is_ended;
};

struct walk {
	struct db *db;
	const struct walk_range *range;
	struct arena arena; /* of the sources' names */
	struct walk_source *sources;
	size_t n;
	struct walk_claim claims[WALK_CLAIMS_MAX];
};

static void walk_done(struct walk **walk)
{
	for (size_t i = 0; i < (*walk)->n; i++) {
		arena_done(&(*walk)->sources[i].arena);
		buf_done(&(*walk)->sources[i].from);
	}
	arena_done(&(*walk)->arena);
	free(*walk);
}

/* Where each source begins: at low, or just behind after, whichever is later. */
static void set_start(const struct walk_range *range, struct buf *from)
{
	buf_str(from, range->after);
	if (range->after.n > 0)
		buf_byte(from, '\0');
	if (str_cmp(range->low, buf_view(from)) > 0) {
		buf_clear(from);
		buf_str(from, range->low);
	}
}

static enum err read_sources(struct walk *walk, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *select = NULL;
	bool row;

	walk->sources = arena_array(&walk->arena, WALK_SOURCES_MAX, sizeof *walk->sources);
	TRY(db_prepare(walk->db, "SELECT id, name FROM source WHERE purpose = 0 ORDER BY id",
		&select, why));
	TRY(db_step(select, &row, why));
	while (row) {
		struct walk_source *source = &walk->sources[walk->n];

		if (walk->n == WALK_SOURCES_MAX)
			return fail(why, ERR_LIMIT, "more than %d sources", WALK_SOURCES_MAX);
		source->id = db_column_i64(select, 0);
		source->name = arena_str(&walk->arena, db_column_text(select, 1));
		set_start(walk->range, &source->from);
		walk->n++;
		TRY(db_step(select, &row, why));
	}
	return OK;
}

static void keep_row(struct walk_source *source, const struct db_statement *row)
{
	struct walk_row *to = &source->rows[source->n++];

	to->key = arena_str(&source->arena, db_column_bytes(row, 0));
	to->claim = (struct walk_claim){ .source = source->id,
		.source_name = source->name,
		.role = (uint8_t)db_column_i64(row, 1),
		.category = (uint8_t)db_column_i64(row, 2),
		.tlp = (uint8_t)db_column_i64(row, 3),
		.confidence = (int16_t)db_column_i64(row, 4),
		.count = db_column_i64(row, 5),
		.first_seen_s = db_column_i64(row, 6),
		.last_seen_s = db_column_i64(row, 7),
		.ended_s = db_column_i64(row, 8) };
}

/* The last indicator's rows may be cut off by the end of the read: they come with the next one. */
static void cut_last(struct walk_source *source)
{
	struct str last = source->rows[source->n - 1].key;

	buf_clear(&source->from);
	buf_str(&source->from, last);
	while (source->n > 0 && str_eq(source->rows[source->n - 1].key, last))
		source->n--;
}

static enum err refill(struct walk *walk, struct walk_source *source, struct why *why)
{
	static const char everything[] = { (char)0xff };
	CLEANUP(db_finish) struct db_statement *select = NULL;
	struct str high = walk->range->high;
	bool row;

	arena_reset(&source->arena);
	source->rows = arena_array(&source->arena, REFILL_ROWS, sizeof *source->rows);
	source->n = 0;
	source->at = 0;
	TRY(db_prepare(walk->db,
		"SELECT indicator, role, category, tlp, confidence, count, first_seen, last_seen, "
		"ended FROM evidence WHERE source = $1 AND indicator >= $2 AND indicator <= $3 "
		"ORDER BY indicator, role, category LIMIT $4",
		&select, why));
	db_bind_i64(select, 1, source->id);
	db_bind_bytes(select, 2, buf_view(&source->from));
	db_bind_bytes(select, 3, high.n == 0 ? str_from(everything, sizeof everything) : high);
	db_bind_i64(select, 4, REFILL_ROWS);
	TRY(db_step(select, &row, why));
	while (row) {
		keep_row(source, select);
		TRY(db_step(select, &row, why));
	}
	source->is_ended = source->n < REFILL_ROWS;
	if (!source->is_ended)
		cut_last(source);
	return OK;
}

/* The least key that any source has next; NULL when all have ended. */
static enum err least_key(struct walk *walk, const struct str **out, struct why *why)
{
	*out = NULL;
	for (size_t i = 0; i < walk->n; i++) {
		struct walk_source *source = &walk->sources[i];

		if (source->at == source->n && !source->is_ended)
			TRY(refill(walk, source, why));
		if (source->at == source->n)
			continue;

		const struct str *key = &source->rows[source->at].key;

		if (*out == NULL || str_cmp(*key, **out) < 0)
			*out = key;
	}
	return OK;
}

/* Takes the rows of the key from all sources; those that may not be seen are left out. */
static size_t take_key(struct walk *walk, struct str key)
{
	size_t n = 0;

	for (size_t i = 0; i < walk->n; i++) {
		struct walk_source *source = &walk->sources[i];

		for (; source->at < source->n && str_eq(source->rows[source->at].key, key);
			source->at++) {
			const struct walk_claim *claim = &source->rows[source->at].claim;

			if (n < WALK_CLAIMS_MAX && claim->tlp <= (unsigned)walk->range->tlp)
				walk->claims[n++] = *claim;
		}
	}
	return n;
}

enum err walk_indicators(
	struct db *db, const struct walk_range *range, walk_each each, void *state, struct why *why)
{
	CLEANUP(walk_done) struct walk *walk = calloc(1, sizeof *walk);
	const struct str *least;

	must(walk != NULL);
	walk->db = db;
	walk->range = range;
	TRY(read_sources(walk, why));
	TRY(least_key(walk, &least, why));
	while (least != NULL) {
		/* the rows stay where they are until their source is read on */
		struct str key = *least;
		struct walk_group group = { key, walk->claims, take_key(walk, key) };

		if (group.n > 0 && !each(state, &group))
			break;
		TRY(least_key(walk, &least, why));
	}
	return OK;
}
