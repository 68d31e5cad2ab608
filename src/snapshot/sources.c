/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/sources.h"

#include "base/map.h"

/* A source's number is an index into the table and goes into 16-bit source sets of snapshots. */
enum { SOURCES_MAX = 65535 };

static const char list_sql[] = "SELECT id, name, family, weight FROM source ORDER BY id";

void source_table_done(struct source_table *table)
{
	free(table->rows);
	arena_done(&table->arena);
	*table = (struct source_table){ 0 };
}

static enum err source_table_grow(struct source_table *table, size_t n, struct why *why)
{
	if (n > SOURCES_MAX)
		return fail(why, ERR_LIMIT, "more than %d sources", SOURCES_MAX);
	if (n <= table->n)
		return OK;
	table->rows = realloc(table->rows, n * sizeof *table->rows);
	must(table->rows != NULL);
	memset(table->rows + table->n, 0, (n - table->n) * sizeof *table->rows);
	table->n = n;
	return OK;
}

/* Sources that name the same family share a number: that of the first of them. */
static uint32_t family_of(struct map *families, size_t id, struct str family)
{
	bool is_new;
	uint64_t *number;

	if (family.n == 0)
		return (uint32_t)id;
	number = map_add(families, family, &is_new);
	if (is_new)
		*number = id;
	return (uint32_t)*number;
}

enum err source_table_load(
	struct db *db, double default_weight, struct source_table *out, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *list = NULL;
	CLEANUP(map_done) struct map families = { 0 };
	struct source_table table = { 0 };
	enum err err = db_prepare(db, list_sql, &list, why);
	bool row = false;

	if (err == OK)
		err = db_step(list, &row, why);
	while (err == OK && row) {
		size_t id = (size_t)db_column_i64(list, 0);

		err = source_table_grow(&table, id + 1, why);
		if (err != OK)
			break;
		table.rows[id].name = arena_str(&table.arena, db_column_text(list, 1));
		table.rows[id].family = family_of(&families, id, db_column_text(list, 2));
		table.rows[id].weight =
			(float)(db_column_is_null(list, 3) ? default_weight
							   : db_column_double(list, 3));
		err = db_step(list, &row, why);
	}
	if (err != OK) {
		source_table_done(&table);
		return err;
	}
	source_table_done(out);
	*out = table;
	return OK;
}
