/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Indicators scored as they were, with what was claimed of all that hold them, as the compiler of
 * snapshots does it (snapshot/compile_sweep.c): items are in the order of keys, and a stack has
 * those that hold the current one.
 */
#include "learn/learn_int.h"

enum { KEY_V4 = 1, KEY_NAME = 3, KEY_BELOW = 1, HOLDERS_MAX = 129 };

struct score_claim learn_score_claim(const struct learn *learn, const struct table_claim *claim)
{
	const struct score_decay *decay = &learn->model.roles[claim->role].decay;
	int64_t silent_s = learn->sources[claim->source].silent_since_s;
	bool is_listed = (claim->flags & CLAIM_LISTED) != 0;
	bool is_silent = silent_s != 0 && silent_s <= learn->at_s;
	struct score_claim out = { .source = claim->source,
		.episodes = claim->episodes,
		.role = claim->role,
		.category = claim->category,
		.confidence = claim->confidence,
		.is_listed = is_listed && !is_silent,
		.is_stale = is_listed && is_silent };

	score_accumulators_at(decay, (double)claim->recent, (double)claim->lasting,
		claim->decayed_s, 0, &out.recent, &out.lasting);
	return out;
}

static bool is_known(const struct learn *learn, size_t item)
{
	const struct table_item *row = &learn->table.items[item];

	for (uint32_t c = row->first; c < row[1].first; c++) {
		if ((learn->table.claims[c].flags & CLAIM_KNOWN) != 0)
			return true;
	}
	return false;
}

static bool holds(const struct table_item *outer, const struct table_item *inner)
{
	struct prefix wide;
	struct prefix narrow;

	if (outer->key.p[0] != inner->key.p[0])
		return false;
	if (!outer->is_ip)
		return str_starts(inner->key, str_first(outer->key, outer->key.n - 1));
	table_prefix(outer->key, &wide);
	table_prefix(inner->key, &narrow);
	return prefix_contains(&wide, &narrow);
}

/* May it hold others? Hosts do not; names do when they are listed with all below. */
static bool may_hold(const struct table_item *item)
{
	uint8_t last = (uint8_t)item->key.p[item->key.n - 1];

	return item->is_ip ? last < (item->key.p[0] == KEY_V4 ? 32 : 64)
			   : item->key.p[0] == KEY_NAME && last == KEY_BELOW;
}

struct sweep {
	struct learn *learn;
	struct score_claim *claims;
	size_t n;
	size_t capacity;
	size_t holders[HOLDERS_MAX];
	size_t holder_count;
	struct score_part *parts; /* NULL: nobody asks */
};

static void push_claims(struct sweep *sweep, size_t item)
{
	const struct table_item *row = &sweep->learn->table.items[item];
	size_t more = row[1].first - row->first;

	if (sweep->claims == NULL || sweep->n + more > sweep->capacity) {
		sweep->capacity = 2 * (sweep->n + more);
		sweep->claims = realloc(sweep->claims, sweep->capacity * sizeof *sweep->claims);
		must(sweep->claims != NULL);
	}
	for (uint32_t c = row->first; c < row[1].first; c++) {
		const struct table_claim *claim = &sweep->learn->table.claims[c];

		if ((claim->flags & CLAIM_KNOWN) != 0)
			sweep->claims[sweep->n++] = learn_score_claim(sweep->learn, claim);
	}
}

static void gather(struct sweep *sweep, size_t item)
{
	const struct table_item *items = sweep->learn->table.items;

	sweep->n = 0;
	for (size_t i = 0; i < sweep->holder_count; i++)
		push_claims(sweep, sweep->holders[i]);
	push_claims(sweep, item);
	/* a name alone comes just before itself with all below */
	if (item + 1 < sweep->learn->table.item_count && items[item].key.p[0] == KEY_NAME &&
		!may_hold(&items[item]) && may_hold(&items[item + 1]) &&
		items[item].key.n == items[item + 1].key.n && holds(&items[item + 1], &items[item]))
		push_claims(sweep, item + 1);
}

static void score_item(struct sweep *sweep, const struct score_model *model,
	const struct score_source *sources, size_t item, learn_each each, void *state)
{
	const struct table_item *row = &sweep->learn->table.items[item];
	struct score_input input = { .now_s = sweep->learn->at_s };
	struct score score;
	struct learn_verdict verdict = {
		.item = item, .input = &input, .score = &score, .parts = sweep->parts
	};
	struct prefix prefix;

	gather(sweep, item);
	input.claims = sweep->claims;
	input.n = sweep->n;
	learn_surroundings(sweep->learn, item, &input.around);
	if (row->is_ip) {
		table_prefix(row->key, &prefix);
		input.prefix = &prefix;
	}
	score_of(model, sources, &sweep->learn->policy, &input, &score, sweep->parts,
		LEARN_PARTS_MAX, &verdict.part_count);
	if (verdict.part_count > LEARN_PARTS_MAX)
		verdict.part_count = LEARN_PARTS_MAX;
	each(state, &verdict);
}

void learn_score_all(struct learn *learn, const struct score_model *model,
	const struct score_source *sources, bool with_parts, learn_each each, void *state)
{
	struct sweep sweep = { .learn = learn };
	const struct table *table = &learn->table;
	size_t next[ROLE_COUNT] = { 0 };

	if (with_parts) {
		sweep.parts = calloc(LEARN_PARTS_MAX, sizeof *sweep.parts);
		must(sweep.parts != NULL);
	}
	for (size_t i = 0; i < table->item_count; i++) {
		const struct table_item *item = &table->items[i];
		bool has_case = false;

		while (sweep.holder_count > 0 &&
			!holds(&table->items[sweep.holders[sweep.holder_count - 1]], item))
			sweep.holder_count--;
		for (int role = 0; role < ROLE_COUNT; role++) {
			const struct learn_cases *cases = &learn->cases[role];

			if (next[role] < cases->n && cases->rows[next[role]].item == i) {
				has_case = true;
				next[role]++;
			}
		}
		if (has_case)
			score_item(&sweep, model, sources, i, each, state);
		if (may_hold(item) && sweep.holder_count < HOLDERS_MAX && is_known(learn, i))
			sweep.holders[sweep.holder_count++] = i;
	}
	free(sweep.claims);
	free(sweep.parts);
}
