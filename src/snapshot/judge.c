/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/judge.h"

#include "score/near.h"
#include "score/networks.h"
#include "snapshot/compile_int.h"

struct gather {
	const struct scoring *scoring;
	struct arena *arena;
	struct evidence *rows;
	size_t n;
	size_t capacity;
};

static enum err gather_one(void *state, const struct evidence *row, struct why *why)
{
	struct gather *gather = state;
	struct evidence *copy;

	if (compile_row_is_let(gather->scoring, row->key))
		return OK;
	if (gather->n == JUDGED_CLAIMS_MAX)
		return fail(why, ERR_LIMIT, "more than %d claims about one indicator",
			JUDGED_CLAIMS_MAX);
	if (gather->n == gather->capacity) {
		struct evidence *larger =
			arena_array(gather->arena, gather->capacity * 2 + 16, sizeof *larger);

		if (gather->n > 0)
			memcpy(larger, gather->rows, gather->n * sizeof *larger);
		gather->rows = larger;
		gather->capacity = gather->capacity * 2 + 16;
	}
	copy = &gather->rows[gather->n++];
	*copy = *row;
	copy->key = arena_str(gather->arena, row->key);
	copy->reference = arena_str(gather->arena, row->reference);
	return OK;
}

struct compile_row compile_row_of(const struct evidence *evidence)
{
	return (struct compile_row){ .key = evidence->key,
		.source = evidence->source,
		.role = evidence->role,
		.category = evidence->category,
		.confidence = evidence->confidence,
		.is_listed = evidence->ended_s == 0,
		.recent = evidence->recent,
		.lasting = evidence->lasting,
		.decayed_at_s = evidence->decayed_at_s,
		.first_seen_s = evidence->first_seen_s,
		.last_seen_s = evidence->last_seen_s,
		.episodes = evidence->episodes };
}

/* A neighbour that is active, and in which roles. */
struct neighbour {
	struct prefix prefix;
	uint8_t roles;
};

struct neighbours {
	const struct scoring *scoring;
	int64_t now_s;
	const struct prefix *self;
	struct arena arena; /* of keys that are looked at */
	struct neighbour *rows;
	size_t n;
	size_t capacity;
};

static enum err neighbours_add(void *state, const struct evidence *row, struct why *why)
{
	struct neighbours *all = state;
	struct compile_row compiled = compile_row_of(row);
	struct indicator indicator;
	struct compile_claim claim;

	TRY(compile_row_check(all->scoring, &compiled, why));
	arena_reset(&all->arena);
	TRY(indicator_from_key(row->key, &all->arena, &indicator, why));
	if (compile_row_is_let(all->scoring, row->key))
		return OK;
	claim = compile_claim_of(all->scoring, &compiled, all->now_s);
	if (!compile_claim_is_active(&claim, compile_day(all->now_s)))
		return OK;
	indicator.prefix = judged_prefix(&indicator.prefix);
	if (prefix_cmp(&indicator.prefix, all->self) == 0)
		return OK;
	all->rows = compile_grow(all->rows, all->n, &all->capacity, sizeof *all->rows);
	all->rows[all->n++] = (struct neighbour){ indicator.prefix, (uint8_t)(1U << claim.role) };
	return OK;
}

static int neighbour_order(const void *a, const void *b)
{
	return prefix_cmp(
		&((const struct neighbour *)a)->prefix, &((const struct neighbour *)b)->prefix);
}

/* Distinct indicators of the group, by role. */
static void neighbours_count(const struct neighbours *all, const struct prefix *group,
	unsigned level, struct score_surroundings *out)
{
	for (size_t i = 0; i < all->n;) {
		const struct prefix *prefix = &all->rows[i].prefix;
		struct prefix its_group;
		unsigned roles = 0;
		size_t first = i;

		for (; i < all->n && prefix_cmp(prefix, &all->rows[i].prefix) == 0; i++)
			roles |= all->rows[i].roles;
		if (!near_group(&all->rows[first].prefix, level, &its_group) ||
			prefix_cmp(&its_group, group) != 0)
			continue;
		for (unsigned role = 0; role < ROLE_COUNT; role++)
			out->near[role][level] += roles >> role & 1;
	}
}

/* All levels from one reading of the widest group. */
static enum err near_read(struct db *db, const struct scoring *scoring, const struct prefix *prefix,
	int64_t now_s, int64_t as_of_s, struct score_surroundings *out, struct why *why)
{
	struct neighbours all = { .scoring = scoring, .now_s = now_s, .self = prefix };
	struct prefix groups[SCORE_NEAR_LEVELS];
	unsigned levels = 0;
	enum err err;

	while (levels < SCORE_NEAR_LEVELS && near_group(prefix, levels, &groups[levels]))
		levels++;
	if (levels == 0)
		return OK;
	err = evidence_within(db, &groups[levels - 1], as_of_s, neighbours_add, &all, why);
	sort_runs(all.rows, all.n, sizeof *all.rows, neighbour_order);
	for (unsigned level = 0; level < levels; level++)
		neighbours_count(&all, &groups[level], level, out);
	free(all.rows);
	arena_done(&all.arena);
	return err;
}

static enum err around_read(struct db *db, const struct scoring *scoring,
	const struct indicator *indicator, int64_t now_s, int64_t as_of_s,
	struct score_surroundings *out, struct why *why)
{
	*out = (struct score_surroundings){ 0 };
	if (indicator->kind != INDICATOR_IP)
		return OK;
	out->network = score_networks_find(scoring->model.score.networks, &indicator->prefix);
	return near_read(db, scoring, &indicator->prefix, now_s, as_of_s, out, why);
}

struct prefix judged_prefix(const struct prefix *prefix)
{
	if (prefix_is_v4(prefix) || prefix->length <= COMPILE_V6_HOST_LENGTH)
		return *prefix;
	return prefix_around(&prefix->address, COMPILE_V6_HOST_LENGTH);
}

static bool is_v6_host(const struct indicator *indicator)
{
	return indicator->kind == INDICATOR_IP && !prefix_is_v4(&indicator->prefix) &&
	       indicator->prefix.length >= COMPILE_V6_HOST_LENGTH;
}

enum err judged_read(struct db *db, const struct scoring *scoring,
	const struct indicator *indicator, int64_t now_s, int64_t as_of_s, struct arena *arena,
	struct judged *out, struct why *why)
{
	struct gather gather = { .scoring = scoring, .arena = arena };
	struct rule_match own = { 0 };

	*out = (struct judged){ .indicator = *indicator };
	if (is_v6_host(indicator)) {
		out->indicator.prefix = judged_prefix(&indicator->prefix);
		TRY(evidence_within(db, &out->indicator.prefix, as_of_s, gather_one, &gather, why));
	} else {
		TRY(evidence_of(db, &out->indicator, as_of_s, gather_one, &gather, why));
	}
	out->own = gather.n;
	TRY(evidence_covering(db, &out->indicator, as_of_s, gather_one, &gather, why));
	out->claims = gather.rows;
	out->n = gather.n;
	out->rows = arena_array(arena, gather.n, sizeof *out->rows);
	for (size_t i = 0; i < gather.n; i++)
		out->rows[i] = compile_row_of(&gather.rows[i]);
	TRY(around_read(db, scoring, &out->indicator, now_s, as_of_s, &out->around, why));
	if (scoring->rules != NULL) {
		rules_match(scoring->rules, indicator, &out->rule);
		rules_match(scoring->rules, &out->indicator, &own);
		compile_note(&own, &out->around);
	}
	return OK;
}

bool judged_is_host(const struct indicator *indicator)
{
	return is_v6_host(indicator) && indicator->prefix.length > COMPILE_V6_HOST_LENGTH;
}

enum err judged_host_read(struct db *db, const struct scoring *scoring,
	const struct indicator *indicator, int64_t now_s, int64_t as_of_s, struct arena *arena,
	struct judged *out, struct why *why)
{
	CLEANUP(buf_done) struct buf key = { 0 };
	struct str network;

	must(judged_is_host(indicator));
	TRY(judged_read(db, scoring, indicator, now_s, as_of_s, arena, out, why));
	/* claims about hosts count as claims about the /64 */
	indicator_key(&key, &out->indicator);
	network = arena_str(arena, buf_view(&key));
	for (size_t i = 0; i < out->own; i++)
		out->rows[i].key = network;
	out->indicator = *indicator;
	out->own = 0;
	return around_read(db, scoring, indicator, now_s, as_of_s, &out->around, why);
}

enum err judged_explain(const struct judged *judged, const struct scoring *scoring, int64_t now_s,
	struct arena *arena, struct explanation *out, struct why *why)
{
	/* prior, spoofable, unproven, two near, network, episodes, cap, shared, cloud */
	enum { PARTS_BESIDES_CLAIMS = 10 };
	bool is_ip = judged->indicator.kind == INDICATOR_IP;
	size_t parts_max = judged->n + (size_t)ROLE_COUNT * PARTS_BESIDES_CLAIMS;
	struct score_claim *claims = arena_array(arena, judged->n, sizeof *claims);
	struct score_input input = { .claims = claims,
		.n = judged->n,
		.around = judged->around,
		.prefix = is_ip ? &judged->indicator.prefix : NULL,
		.now_s = now_s };

	for (size_t i = 0; i < judged->n; i++) {
		struct compile_claim claim;

		TRY(compile_row_check(scoring, &judged->rows[i], why));
		claim = compile_claim_of(scoring, &judged->rows[i], now_s);
		claims[i] = compile_score_claim(&claim);
	}
	out->parts = arena_array(arena, parts_max, sizeof *out->parts);
	score_of(&scoring->model.score, scoring->sources.rows, &scoring->policy, &input,
		&out->score, out->parts, parts_max, &out->part_count);
	out->action = compile_rule_action(rule_verdict_of(&judged->rule), out->score.action);
	return OK;
}

/* The next wider indicator after `of`, of all that can hold names and addresses; false: none. */
static bool wider_indicator(const struct indicator *of, struct indicator *out)
{
	size_t dot = str_find(of->text, '.');

	*out = *of;
	if (of->kind == INDICATOR_IP) {
		if (of->prefix.length == (prefix_is_v4(&of->prefix) ? IPV4_OFFSET : 0))
			return false;
		out->prefix = prefix_around(&of->prefix.address, (uint8_t)(of->prefix.length - 1));
		return true;
	}
	if (of->kind != INDICATOR_NAME || (of->below && dot == of->text.n))
		return false;
	/* a name alone is held by itself with everything below */
	out->below = true;
	if (of->below)
		out->text = str_from_index(of->text, dot + 1);
	return true;
}

/* The claims about an indicator that holds the judged one, and about what holds that. */
static enum err rows_about(const struct judged *judged, const struct indicator *about,
	struct arena *arena, struct compile_row **rows, size_t *n, bool *is_claimed,
	struct why *why)
{
	*rows = arena_array(arena, judged->n - judged->own, sizeof **rows);
	*n = 0;
	*is_claimed = false;
	for (size_t i = judged->own; i < judged->n; i++) {
		struct indicator each;
		bool is_narrower;
		bool is_equal;

		/* all of them hold one and the same indicator, so they are in one another */
		TRY(indicator_from_key(judged->rows[i].key, arena, &each, why));
		is_narrower = each.kind == INDICATOR_IP ? each.prefix.length > about->prefix.length
							: each.text.n > about->text.n;
		is_equal = each.kind == INDICATOR_IP ? each.prefix.length == about->prefix.length
						     : each.text.n == about->text.n;
		if (!is_narrower)
			(*rows)[(*n)++] = judged->rows[i];
		*is_claimed |= is_equal;
	}
	return OK;
}

static bool is_listing(const struct compile_entry *entry)
{
	return entry->verdict.action >= PEHRA_WATCH && entry->verdict.action <= PEHRA_BLOCK;
}

/* From the widest to the closest, because whether one is shown depends on those around it. */
static enum err cover_find(struct db *db, const struct judged *judged,
	const struct scoring *scoring, int64_t now_s, int64_t as_of_s, struct arena *arena,
	struct judged_shown *out, struct why *why)
{
	enum { WIDER_MAX = 256 };
	struct indicator wider[WIDER_MAX];
	struct indicator at = judged->indicator;
	size_t n = 0;

	for (; n < WIDER_MAX && wider_indicator(&at, &wider[n]); n++)
		at = wider[n];
	while (n-- > 0) {
		struct score_surroundings around;
		struct compile_entry entry;
		struct compile_row *rows;
		size_t row_count;
		bool is_claimed;

		TRY(rows_about(judged, &wider[n], arena, &rows, &row_count, &is_claimed, why));
		if (!is_claimed && !compile_is_place(scoring, &wider[n]))
			continue;
		TRY(around_read(db, scoring, &wider[n], now_s, as_of_s, &around, why));
		TRY(compile_one(
			scoring, now_s, &wider[n], rows, row_count, &around, arena, &entry, why));
		if (entry.only_as_hole && !(out->has_cover && is_listing(&out->cover)))
			continue;
		out->has_cover = true;
		out->cover_of = wider[n];
		out->cover = entry;
	}
	return OK;
}

enum err judged_show(struct db *db, const struct judged *judged, const struct scoring *scoring,
	int64_t now_s, int64_t as_of_s, struct arena *arena, struct judged_shown *out,
	struct why *why)
{
	*out = (struct judged_shown){ 0 };
	TRY(cover_find(db, judged, scoring, now_s, as_of_s, arena, out, why));
	TRY(compile_one(scoring, now_s, &judged->indicator, judged->rows, judged->n,
		&judged->around, arena, &out->entry, why));
	out->has_entry = !out->entry.only_as_hole || (out->has_cover && is_listing(&out->cover));
	if (judged->own == 0 && !compile_is_place(scoring, &judged->indicator))
		out->has_entry = false;
	return OK;
}
