/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sweep: rows in order of address then width (names: from the top down) pass once. A stack
 * holds the indicators that contain the current one, so that its claims and theirs are scored
 * together: an address named by one weak list inside a block that a strong list names is not
 * better off for it.
 *
 * An entry is also needed where the closest wider one would be wrong: where a rule lets something
 * through, and where something is not watched though what holds it is (many may share an address,
 * or its network may be better than the rest).
 */
#include "score/networks.h"
#include "snapshot/compile_int.h"

enum { ENTRY_SOURCES_MAX = 256 };

/* The indicator that the sweep stands on: rows [from, end). */
struct spot {
	const char *row;
	size_t from;
	size_t end;
	struct prefix prefix;
	bool is_ip;
	bool is_claimed; /* itself, not only what holds it */
	bool is_place;
	bool is_override;
	struct rule_match match;
	struct compile_found found;
};

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

static struct compile_level *level_push(struct compile *compile, size_t row, uint8_t shown)
{
	struct compile_level *level;

	if (compile->level_count == compile->level_capacity) {
		compile->level_capacity = compile->level_capacity * 2 + 64;
		compile->levels =
			realloc(compile->levels, compile->level_capacity * sizeof *compile->levels);
		must(compile->levels != NULL);
	}
	level = &compile->levels[compile->level_count++];
	*level = (struct compile_level){ row, compile->active_count, shown };
	return level;
}

/* Leaves what does not hold the row; the action that is shown around it. */
static uint8_t levels_leave(struct compile *compile, const struct sweep_kind *kind,
	const struct compile_rows *rows, const char *row)
{
	const char *items = rows->items;

	while (compile->level_count > 0) {
		struct compile_level *top = &compile->levels[compile->level_count - 1];

		if (kind->holds(items + top->row * kind->row_size, row))
			return top->shown;
		compile->active_count = top->start;
		compile->level_count--;
	}
	return PEHRA_NONE;
}

/* Takes in all rows about the indicator of the row. */
static struct spot spot_take(struct compile *compile, const struct sweep_kind *kind,
	const struct compile_rows *rows, size_t from)
{
	const char *items = rows->items;
	struct spot spot = { .row = items + from * kind->row_size, .from = from, .end = from };

	do {
		const struct compile_claim *claim = kind->claim(items + spot.end * kind->row_size);

		if (claim->is_place) {
			spot.is_place = true;
			spot.is_override = claim->is_override;
		} else {
			spot.is_claimed = true;
			active_push(compile, claim);
		}
		spot.end++;
	} while (spot.end < rows->n &&
		 kind->order(spot.row, items + spot.end * kind->row_size) == 0);
	spot.is_ip = kind->prefix != NULL;
	if (spot.is_ip)
		spot.prefix = kind->prefix(spot.row);
	return spot;
}

static struct score_input input_of(struct compile *compile, const struct sweep_kind *kind,
	const struct compile_rows *rows, const struct spot *spot)
{
	struct score_input input = { .n = compile->active_count,
		.prefix = spot->is_ip ? &spot->prefix : NULL,
		.now_s = compile->now_s };

	if (input.n > compile->scratch_capacity) {
		compile->scratch_capacity = compile->active_capacity;
		compile->scratch = realloc(
			compile->scratch, compile->scratch_capacity * sizeof *compile->scratch);
		must(compile->scratch != NULL);
	}
	input.claims = compile->scratch;
	for (size_t i = 0; i < input.n; i++)
		compile->scratch[i] = compile_score_claim(&compile->active[i]);
	if (spot->is_ip) {
		compile_near(compile, kind, rows, spot->from, spot->end, &input.around);
		input.around.network =
			score_networks_find_next(compile->scoring->model.score.networks,
				&spot->prefix, &compile->network_rank);
	}
	return input;
}

static bool is_listing(uint8_t action)
{
	return action >= PEHRA_WATCH && action <= PEHRA_BLOCK;
}

static uint16_t verdict_intern(
	struct compile *compile, const struct spot *spot, struct snapshot_detail *detail)
{
	uint16_t sources[ENTRY_SOURCES_MAX];
	struct pehra_verdict verdict;
	size_t count = 0;

	compile_verdict(&spot->found, compile->active, compile->active_count, &verdict, detail);
	if (spot->found.action != PEHRA_ALLOW)
		count = compile_sources(
			compile->active, compile->active_count, sources, ENTRY_SOURCES_MAX);
	return verdict_table_intern(compile->verdicts, &verdict, sources, count);
}

static void summary_count(struct compile *compile, const struct spot *spot, struct str key)
{
	const struct policy *policy = &compile->scoring->policy;
	const struct score *score = &spot->found.score;

	if (spot->found.action == PEHRA_ALLOW) {
		compile->summary.guarded += spot->is_claimed && spot->match.guard == GUARD_NEVER;
		return;
	}
	compile->summary.held_wide +=
		spot->is_ip && spot->found.would_be == PEHRA_CHALLENGE &&
		policy_is_wide(policy, &spot->prefix) &&
		policy_action(policy, score->value, score->categories, NULL) == PEHRA_BLOCK;
	compile_note_touched(compile, key, &spot->found, &spot->match);
}

/* Judges one indicator; returns the action that is shown there now. */
static uint8_t spot_judge(struct compile *compile, const struct sweep_kind *kind,
	const struct compile_rows *rows, struct spot *spot, uint8_t shown_around)
{
	const struct rules *rules = compile->scoring->rules;
	uint8_t room[COMPILE_KEY_ROOM];
	struct str key = kind->key(spot->row, room);
	struct snapshot_detail detail;
	uint16_t id;

	if (rules != NULL)
		(void)rules_match_key(rules, key, &spot->match);

	struct score_input input = input_of(compile, kind, rows, spot);

	compile_judge(compile->scoring, &input, &spot->match, spot->is_override, &spot->found);
	summary_count(compile, spot, key);
	if (spot->found.only_as_hole && !is_listing(shown_around))
		return shown_around;
	id = verdict_intern(compile, spot, &detail);
	compile->summary.actions[spot->found.action]++;
	compile_note_block(compile, kind->emit(compile, spot->row, id, detail), &spot->found);
	return spot->found.action;
}

static void sweep(struct compile *compile, enum compile_kind which)
{
	const struct sweep_kind *kind = sweep_kind_of(which);
	struct compile_rows *rows = &compile->rows[which];
	const char *items = rows->items;

	sort_runs(rows->items, rows->n, kind->row_size, kind->order);
	compile->active_count = 0;
	compile->level_count = 0;
	compile->network_rank = 0;
	memset(compile->near, 0, sizeof compile->near);
	for (size_t i = 0; i < rows->n;) {
		const char *row = items + i * kind->row_size;
		uint8_t around = levels_leave(compile, kind, rows, row);
		size_t level = compile->level_count;
		struct spot spot;

		(void)level_push(compile, i, around);
		spot = spot_take(compile, kind, rows, i);
		compile->levels[level].shown = spot_judge(compile, kind, rows, &spot, around);
		i = spot.end;
	}
	free(rows->items);
	*rows = (struct compile_rows){ 0 };
	compile_limit_blocks(compile, which);
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
	const struct source_table *sources = &compile->scoring->sources;

	compile_add_places(compile);
	compile->v4 = entries_new(&compile->rows[COMPILE_V4], sizeof *compile->v4);
	sweep(compile, COMPILE_V4);
	compile->v6 = entries_new(&compile->rows[COMPILE_V6], sizeof *compile->v6);
	sweep(compile, COMPILE_V6);
	compile->texts = entries_new(&compile->rows[COMPILE_TEXT], sizeof *compile->texts);
	sweep(compile, COMPILE_TEXT);
	compile_summarise(compile);
	compile->source_names = calloc(sources->n + 1, sizeof *compile->source_names);
	must(compile->source_names != NULL);
	for (size_t i = 0; i < sources->n; i++)
		compile->source_names[i] = sources->rows[i].name;
	*out = (struct snapshot_input){ .v4 = compile->v4,
		.v4_count = compile->v4_count,
		.v6 = compile->v6,
		.v6_count = compile->v6_count,
		.texts = compile->texts,
		.text_count = compile->text_count,
		.verdicts = compile->verdicts,
		.source_names = compile->source_names,
		.source_count = sources->n };
}
