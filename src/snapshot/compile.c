/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/compile.h"

#include "base/clock.h"
#include "base/sort.h"
#include "snapshot/compile_int.h"

/* A table of rows of one size that grows; the sweep over each kind works on one. */
static void *rows_add(struct compile_rows *rows, size_t size)
{
	if (rows->n == rows->capacity) {
		rows->capacity = rows->capacity == 0 ? 1024 : rows->capacity + rows->capacity / 2;
		rows->items = realloc(rows->items, rows->capacity * size);
		must(rows->items != NULL);
	}
	return (char *)rows->items + size * rows->n++;
}

struct compile *compile_new(const struct score_model *model, const struct compile_source *sources,
	size_t source_count, int64_t now_s)
{
	struct compile *compile = calloc(1, sizeof *compile);

	must(compile != NULL);
	compile->model = model;
	compile->sources = sources;
	compile->source_count = source_count;
	compile->now_s = now_s;
	compile->verdicts = verdict_table_new();
	return compile;
}

void compile_free(struct compile **compile)
{
	struct compile *gone = *compile;

	if (gone == NULL)
		return;
	for (size_t i = 0; i < COMPILE_KINDS; i++)
		free(gone->rows[i].items);
	free(gone->v4);
	free(gone->v6);
	free(gone->texts);
	free(gone->active);
	free(gone->scratch);
	free(gone->levels);
	free(gone->source_names);
	arena_done(&gone->keys);
	verdict_table_free(&gone->verdicts);
	free(gone);
	*compile = NULL;
}

uint16_t compile_day(int64_t time_s)
{
	int64_t day = (time_s - PEHRA_DAY_ZERO_S) / DAY_S;

	return day < 1 ? 0 : day > UINT16_MAX ? UINT16_MAX : (uint16_t)day;
}

struct compile_claim compile_claim_of(
	const struct score_model *model, const struct compile_row *row, int64_t now_s)
{
	struct compile_claim claim = {
		.source = row->source,
		.confidence = row->confidence,
		.role = row->role,
		.category = row->category,
		.is_listed = row->is_listed,
		.first_day = compile_day(row->first_seen_s),
		.last_day = compile_day(row->last_seen_s),
	};

	score_accumulators_at(model, row->recent, row->lasting, row->decayed_at_s, now_s,
		&claim.recent, &claim.lasting);
	return claim;
}

enum err compile_add(struct compile *compile, const struct compile_row *row, struct why *why)
{
	struct compile_claim claim;
	const uint8_t *key = (const uint8_t *)row->key.p;

	if (row->source >= compile->source_count)
		return fail(
			why, ERR_CORRUPT, "evidence of source %u, which is not known", row->source);
	if (row->role >= ROLE_COUNT || row->category >= CATEGORY_COUNT || row->key.n == 0)
		return fail(why, ERR_CORRUPT, "evidence with role %u and category %u", row->role,
			row->category);
	claim = compile_claim_of(compile->model, row, compile->now_s);
	if (key[0] == 1 && row->key.n == 6) {
		struct compile_v4 *v4 = rows_add(&compile->rows[COMPILE_V4], sizeof *v4);

		*v4 = (struct compile_v4){ (uint32_t)key[1] << 24 | (uint32_t)key[2] << 16 |
						   (uint32_t)key[3] << 8 | key[4],
			key[5], claim };
	} else if (key[0] == 2 && row->key.n == 18) {
		struct compile_v6 *v6 = rows_add(&compile->rows[COMPILE_V6], sizeof *v6);
		struct prefix prefix;

		memcpy(prefix.address.bytes, key + 1, sizeof prefix.address.bytes);
		prefix.length = key[17];
		if (prefix.length > COMPILE_V6_HOST_LENGTH)
			prefix = prefix_around(&prefix.address, COMPILE_V6_HOST_LENGTH);
		*v6 = (struct compile_v6){ prefix, claim };
	} else if (key[0] == 3 || key[0] == 4) {
		struct compile_text *text = rows_add(&compile->rows[COMPILE_TEXT], sizeof *text);

		*text = (struct compile_text){ arena_str(&compile->keys, row->key), claim };
	} else if (key[0] != 5) {
		return fail(why, ERR_CORRUPT, "evidence about an unknown kind of indicator (%u)",
			key[0]);
	}
	return OK;
}
