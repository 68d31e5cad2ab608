/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sweep: rows in order of address then width (names: from the top down) pass once. A stack
 * holds the indicators that contain the current one, so that its claims and theirs are scored
 * together: an address named by one weak list inside a block that a strong list names is not
 * better off for it.
 */
#include "base/clock.h"
#include "base/sort.h"
#include "snapshot/compile_int.h"

/* What the sweep has to know of a kind of row. */
struct sweep_kind {
	size_t row_size;
	sort_order order; /* 0 for rows about the same indicator */
	bool (*holds)(const void *outer, const void *inner);
	const struct compile_claim *(*claim)(const void *row);
	void (*emit)(struct compile *compile, const void *row, uint16_t verdict,
		struct snapshot_detail detail);
};

static int v4_order(const void *a, const void *b)
{
	const struct compile_v4 *left = a;
	const struct compile_v4 *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return (int)left->width - (int)right->width;
}

static bool v4_holds(const void *outer, const void *inner)
{
	const struct compile_v4 *wide = outer;
	const struct compile_v4 *narrow = inner;
	uint64_t host_bits = (UINT64_C(1) << (32 - wide->width)) - 1;

	return wide->width <= narrow->width &&
	       (wide->address | host_bits) == (narrow->address | host_bits);
}

static const struct compile_claim *v4_claim(const void *row)
{
	return &((const struct compile_v4 *)row)->claim;
}

static void v4_emit(
	struct compile *compile, const void *row, uint16_t verdict, struct snapshot_detail detail)
{
	const struct compile_v4 *v4 = row;

	compile->v4[compile->v4_count++] = (struct snapshot_v4){
		.address = v4->address, .width = v4->width, .verdict = verdict, .detail = detail
	};
}

static int v6_order(const void *a, const void *b)
{
	return prefix_cmp(
		&((const struct compile_v6 *)a)->prefix, &((const struct compile_v6 *)b)->prefix);
}

static bool v6_holds(const void *outer, const void *inner)
{
	return prefix_contains(&((const struct compile_v6 *)outer)->prefix,
		&((const struct compile_v6 *)inner)->prefix);
}

static const struct compile_claim *v6_claim(const void *row)
{
	return &((const struct compile_v6 *)row)->claim;
}

static void v6_emit(
	struct compile *compile, const void *row, uint16_t verdict, struct snapshot_detail detail)
{
	const struct prefix *prefix = &((const struct compile_v6 *)row)->prefix;

	compile->v6[compile->v6_count++] = (struct snapshot_v6){ .high = ip_high(&prefix->address),
		.low = ip_low(&prefix->address),
		.length = prefix->length,
		.verdict = verdict,
		.detail = detail };
}

/* As keys sort, but a name with everything below before the same name alone, which it holds. */
static int text_order(const void *a, const void *b)
{
	struct str left = ((const struct compile_text *)a)->key;
	struct str right = ((const struct compile_text *)b)->key;
	int order;

	if (left.p[0] != 3 || right.p[0] != 3)
		return str_cmp(left, right);
	order = str_cmp(str_first(left, left.n - 1), str_first(right, right.n - 1));
	return order != 0 ? order : right.p[right.n - 1] - left.p[left.n - 1];
}

/* Only a name listed with everything below holds others: its key ends in 1, see indicator_key(). */
static bool text_holds(const void *outer, const void *inner)
{
	struct str wide = ((const struct compile_text *)outer)->key;
	struct str narrow = ((const struct compile_text *)inner)->key;

	if (wide.p[0] != 3 || narrow.p[0] != 3 || wide.p[wide.n - 1] != 1)
		return str_eq(wide, narrow);
	return str_starts(narrow, str_first(wide, wide.n - 1));
}

static const struct compile_claim *text_claim(const void *row)
{
	return &((const struct compile_text *)row)->claim;
}

static void text_emit(
	struct compile *compile, const void *row, uint16_t verdict, struct snapshot_detail detail)
{
	struct indicator indicator;

	/* keys were checked when they were read from the store */
	must(indicator_from_key(((const struct compile_text *)row)->key, &compile->keys, &indicator,
		     NULL) == OK);
	compile->texts[compile->text_count++] = (struct snapshot_text){ .text = indicator.text,
		.is_url = indicator.kind == INDICATOR_URL,
		.below = indicator.below,
		.verdict = verdict,
		.detail = detail };
}

static const struct sweep_kind kinds[] = {
	[COMPILE_V4] = { sizeof(struct compile_v4), v4_order, v4_holds, v4_claim, v4_emit },
	[COMPILE_V6] = { sizeof(struct compile_v6), v6_order, v6_holds, v6_claim, v6_emit },
	[COMPILE_TEXT] = { sizeof(struct compile_text), text_order, text_holds, text_claim,
		text_emit },
};
_Static_assert(ARRAY_LEN(kinds) == COMPILE_KINDS, "one row per kind");

static void active_push(struct compile *compile, const struct compile_claim *claim)
{
	if (compile->active_count == compile->active_capacity) {
		compile->active_capacity = compile->active_capacity * 2 + 64;
		compile->active = realloc(
			compile->active, compile->active_capacity * sizeof *compile->active);
		must(compile->active != NULL);
	}
	compile->active[compile->active_count++] = *claim;
}

static void level_push(struct compile *compile, size_t row)
{
	if (compile->level_count == compile->level_capacity) {
		compile->level_capacity = compile->level_capacity * 2 + 64;
		compile->levels =
			realloc(compile->levels, compile->level_capacity * sizeof *compile->levels);
		must(compile->levels != NULL);
	}
	compile->levels[compile->level_count++] =
		(struct compile_level){ row, compile->active_count };
}

static struct score_claim score_claim_of(
	const struct compile_source *sources, const struct compile_claim *claim)
{
	return (struct score_claim){ .source = claim->source,
		.family = sources[claim->source].family,
		.weight = sources[claim->source].weight,
		.recent = claim->recent,
		.lasting = claim->lasting,
		.role = claim->role,
		.category = claim->category,
		.confidence = claim->confidence,
		.is_listed = claim->is_listed };
}

static int u16_order(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

/* The distinct sources of the claims, ascending; those beyond the room are left out. */
static size_t sources_of(const struct compile_claim *claims, size_t n, uint16_t *out, size_t max)
{
	size_t count = 0;
	size_t kept = 0;

	for (size_t i = 0; i < n && count < max; i++)
		out[count++] = (uint16_t)claims[i].source;
	qsort(out, count, sizeof *out, u16_order);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || out[kept - 1] != out[i])
			out[kept++] = out[i];
	}
	return kept;
}

static void verdict_of(const struct score *score, const struct compile_claim *claims, size_t n,
	struct pehra_verdict *verdict, struct snapshot_detail *detail)
{
	*verdict =
		(struct pehra_verdict){ .categories = score->categories, .action = score->action };
	memcpy(verdict->score, score->value, sizeof verdict->score);
	*detail = (struct snapshot_detail){ .first_day = UINT16_MAX,
		.until_day = score->until_s == 0 ? 0 : compile_day(score->until_s) };
	for (size_t i = 0; i < n; i++) {
		if (claims[i].first_day != 0 && claims[i].first_day < detail->first_day)
			detail->first_day = claims[i].first_day;
		if (claims[i].last_day > detail->last_day)
			detail->last_day = claims[i].last_day;
	}
	if (detail->first_day == UINT16_MAX)
		detail->first_day = 0;
}

enum { ENTRY_SOURCES_MAX = 256 };

/* Scores the active claims; false when the policy does not even watch. */
static bool judge(struct compile *compile, uint16_t *id, struct snapshot_detail *detail)
{
	uint16_t sources[ENTRY_SOURCES_MAX];
	struct pehra_verdict verdict;
	struct score score;
	size_t n = compile->active_count;

	if (n > compile->scratch_capacity) {
		compile->scratch_capacity = compile->active_capacity;
		compile->scratch = realloc(
			compile->scratch, compile->scratch_capacity * sizeof *compile->scratch);
		must(compile->scratch != NULL);
	}
	for (size_t i = 0; i < n; i++)
		compile->scratch[i] = score_claim_of(compile->sources, &compile->active[i]);
	score_of(compile->model, compile->scratch, n, compile->now_s, &score, NULL, 0, NULL);
	if (score.action == PEHRA_NONE)
		return false;
	verdict_of(&score, compile->active, n, &verdict, detail);

	size_t source_count = sources_of(compile->active, n, sources, ENTRY_SOURCES_MAX);

	*id = verdict_table_intern(compile->verdicts, &verdict, sources, source_count);
	return true;
}

static void sweep(struct compile *compile, enum compile_kind which)
{
	const struct sweep_kind *kind = &kinds[which];
	struct compile_rows *rows = &compile->rows[which];
	const char *items = rows->items;

	sort_runs(rows->items, rows->n, kind->row_size, kind->order);
	compile->active_count = 0;
	compile->level_count = 0;
	for (size_t i = 0; i < rows->n;) {
		const char *row = items + i * kind->row_size;
		struct snapshot_detail detail;
		uint16_t id;

		while (compile->level_count > 0) {
			struct compile_level *top = &compile->levels[compile->level_count - 1];

			if (kind->holds(items + top->row * kind->row_size, row))
				break;
			compile->active_count = top->start;
			compile->level_count--;
		}
		level_push(compile, i);
		do {
			active_push(compile, kind->claim(items + i * kind->row_size));
			i++;
		} while (i < rows->n && kind->order(row, items + i * kind->row_size) == 0);
		if (judge(compile, &id, &detail))
			kind->emit(compile, row, id, detail);
	}
	free(rows->items);
	*rows = (struct compile_rows){ 0 };
}

/* Room for one entry per row: an upper bound that is exact when every indicator has one claim. */
static void *entries_new(const struct compile_rows *rows, size_t size)
{
	void *entries = malloc(rows->n == 0 ? 1 : rows->n * size);

	must(entries != NULL);
	return entries;
}

void compile_finish(struct compile *compile, struct snapshot_input *out)
{
	compile->v4 = entries_new(&compile->rows[COMPILE_V4], sizeof *compile->v4);
	sweep(compile, COMPILE_V4);
	compile->v6 = entries_new(&compile->rows[COMPILE_V6], sizeof *compile->v6);
	sweep(compile, COMPILE_V6);
	compile->texts = entries_new(&compile->rows[COMPILE_TEXT], sizeof *compile->texts);
	sweep(compile, COMPILE_TEXT);
	compile->source_names = calloc(compile->source_count + 1, sizeof *compile->source_names);
	must(compile->source_names != NULL);
	for (size_t i = 0; i < compile->source_count; i++)
		compile->source_names[i] = compile->sources[i].name;
	*out = (struct snapshot_input){ .v4 = compile->v4,
		.v4_count = compile->v4_count,
		.v6 = compile->v6,
		.v6_count = compile->v6_count,
		.texts = compile->texts,
		.text_count = compile->text_count,
		.verdicts = compile->verdicts,
		.source_names = compile->source_names,
		.source_count = compile->source_count };
}

enum err compile_one(const struct score_model *model, const struct compile_source *sources,
	size_t source_count, int64_t now_s, const struct compile_row *rows, size_t n,
	struct arena *arena, struct compile_entry *out, struct why *why)
{
	struct compile_claim *claims = arena_array(arena, n, sizeof *claims);
	struct score_claim *scored = arena_array(arena, n, sizeof *scored);
	struct score score;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].source >= source_count)
			return fail(why, ERR_CORRUPT, "evidence of source %u, which is not known",
				rows[i].source);
		claims[i] = compile_claim_of(model, &rows[i], now_s);
		scored[i] = score_claim_of(sources, &claims[i]);
	}
	score_of(model, scored, n, now_s, &score, NULL, 0, NULL);
	verdict_of(&score, claims, n, &out->verdict, &out->detail);
	out->sources = arena_array(arena, n, sizeof *out->sources);
	out->source_count = sources_of(claims, n, out->sources, n);
	return OK;
}
