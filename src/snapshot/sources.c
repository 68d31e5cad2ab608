/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/sources.h"

#include "base/map.h"

/* A source's number is an index into the table and goes into 16-bit source sets of snapshots. */
enum { SOURCES_MAX = 65535 };

static const char list_sql[] = "SELECT s.id, s.name, s.family, s.weight, s.standing, s.traits,"
			       " s.cadence, COALESCE(f.last_success, 0)"
			       " FROM source s LEFT JOIN feed_state f ON f.source = s.id"
			       " ORDER BY s.id";

/* What is needed until families are known by number. */
struct loading {
	const struct model *model;
	int64_t now_s;
	struct source_table table;
	struct map names;    /* of sources → number */
	struct map families; /* declared → number of the first of them */
};

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
	for (size_t i = table->n; i < n; i++)
		table->rows[i].family = (uint32_t)i;
	table->n = n;
	return OK;
}

/* The first source of the family so far; families grow together, so this is followed in steps. */
static uint32_t family_end(const struct source_table *table, uint32_t number)
{
	while (table->rows[number].family != number)
		number = table->rows[number].family;
	return number;
}

/* A family is named by the number of its first source. */
static void family_join(struct source_table *table, uint32_t a, uint32_t b)
{
	uint32_t left = family_end(table, a);
	uint32_t right = family_end(table, b);

	table->rows[left > right ? left : right].family = left < right ? left : right;
}

/*
 * What was learned of a source wins once enough of its claims were judged; before, what is declared
 * does, and what was learned so far is better than nothing.
 */
static void weights_set(struct score_source *source, const struct model *model,
	const struct model_source *learned, bool is_declared, double declared)
{
	source->is_proven = learned != NULL && learned->is_proven;
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (learned != NULL && (learned->is_proven || !is_declared))
			source->weight[role] = learned->role[role].weight;
		else
			source->weight[role] =
				(float)(is_declared ? declared : model->score.default_weight);
	}
}

static int64_t silent_since(int64_t cadence_s, int64_t last_success_s, int64_t now_s)
{
	int64_t patience_s = cadence_s * SOURCE_SILENT_CADENCES;

	if (cadence_s <= 0 || last_success_s <= 0)
		return 0;
	if (patience_s < SOURCE_SILENT_LEAST_S)
		patience_s = SOURCE_SILENT_LEAST_S;
	return now_s - last_success_s > patience_s ? last_success_s : 0;
}

static enum err source_add(
	struct loading *loading, const struct db_statement *list, struct why *why)
{
	struct source_table *table = &loading->table;
	uint32_t id = (uint32_t)db_column_i64(list, 0);
	struct str family = db_column_text(list, 2);
	struct score_source *source;
	bool is_new;

	TRY(source_table_grow(table, (size_t)id + 1, why));
	must(table->rows != NULL);
	source = &table->rows[id];
	source->name = arena_str(&table->arena, db_column_text(list, 1));
	source->standing = (uint8_t)db_column_i64(list, 4);
	source->traits = (uint8_t)db_column_i64(list, 5);
	source->silent_since_s =
		silent_since(db_column_i64(list, 6), db_column_i64(list, 7), loading->now_s);
	weights_set(source, loading->model, model_source_find(loading->model, source->name),
		!db_column_is_null(list, 3), db_column_double(list, 3));
	*map_add(&loading->names, source->name, &is_new) = id;
	if (family.n > 0) {
		uint64_t *first = map_add(&loading->families, family, &is_new);

		if (is_new)
			*first = id;
		else
			family_join(table, (uint32_t)*first, id);
	}
	return OK;
}

static enum err sources_read(struct loading *loading, struct db *db, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *list = NULL;
	bool row = false;

	TRY(db_prepare(db, list_sql, &list, why));
	TRY(db_step(list, &row, why));
	while (row) {
		TRY(source_add(loading, list, why));
		TRY(db_step(list, &row, why));
	}
	return OK;
}

/* The sources that a learned family's name stands for: that of its first member. */
static bool family_of_name(struct loading *loading, struct str name, uint32_t *out)
{
	uint64_t *number = map_get(&loading->names, name);

	if (number == NULL)
		return false;
	*out = family_end(&loading->table, (uint32_t)*number);
	return true;
}

static void leaders_set(
	struct loading *loading, struct score_source *source, const struct model_source *learned)
{
	for (size_t i = 0; i < learned->leader_count; i++) {
		uint32_t leader;

		if (family_of_name(loading, learned->leaders[i], &leader) &&
			leader != source->family)
			source->leaders[source->leader_count++] = leader;
	}
}

/* Declared and learned families together, then by number; leaders when all of them are known. */
static void families_set(struct loading *loading)
{
	struct source_table *table = &loading->table;

	for (uint32_t i = 0; i < table->n; i++) {
		const struct model_source *learned =
			model_source_find(loading->model, table->rows[i].name);
		uint32_t family;

		if (learned != NULL && family_of_name(loading, learned->family, &family))
			family_join(table, i, family);
	}
	for (uint32_t i = 0; i < table->n; i++)
		table->rows[i].family = family_end(table, i);
	for (uint32_t i = 0; i < table->n; i++) {
		const struct model_source *learned =
			model_source_find(loading->model, table->rows[i].name);

		if (learned != NULL)
			leaders_set(loading, &table->rows[i], learned);
	}
}

enum err source_table_load(struct db *db, const struct model *model, int64_t now_s,
	struct source_table *out, struct why *why)
{
	struct loading loading = { .model = model, .now_s = now_s };
	enum err err = sources_read(&loading, db, why);

	if (err == OK)
		families_set(&loading);
	map_done(&loading.names);
	map_done(&loading.families);
	if (err != OK) {
		source_table_done(&loading.table);
		return err;
	}
	source_table_done(out);
	*out = loading.table;
	return OK;
}
