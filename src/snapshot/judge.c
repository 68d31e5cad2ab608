/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/judge.h"

struct gather {
	struct arena *arena;
	struct evidence *rows;
	size_t n;
	size_t capacity;
};

static enum err gather_one(void *state, const struct evidence *row, struct why *why)
{
	struct gather *gather = state;
	struct evidence *copy;

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
		.last_seen_s = evidence->last_seen_s };
}

enum err judged_read(struct db *db, const struct indicator *indicator, struct arena *arena,
	struct judged *out, struct why *why)
{
	struct gather gather = { .arena = arena };

	*out = (struct judged){ .indicator = *indicator };
	if (indicator->kind == INDICATOR_IP && !prefix_is_v4(&indicator->prefix) &&
		indicator->prefix.length >= COMPILE_V6_HOST_LENGTH) {
		out->indicator.prefix =
			prefix_around(&indicator->prefix.address, COMPILE_V6_HOST_LENGTH);
		TRY(evidence_within(db, &out->indicator.prefix, gather_one, &gather, why));
	} else {
		TRY(evidence_of(db, &out->indicator, gather_one, &gather, why));
	}
	out->own = gather.n;
	TRY(evidence_covering(db, &out->indicator, gather_one, &gather, why));
	out->claims = gather.rows;
	out->n = gather.n;
	out->rows = arena_array(arena, gather.n, sizeof *out->rows);
	for (size_t i = 0; i < gather.n; i++)
		out->rows[i] = compile_row_of(&gather.rows[i]);
	return OK;
}

enum err judged_explain(const struct judged *judged, const struct score_model *model,
	const struct source_table *sources, int64_t now_s, struct arena *arena,
	struct explanation *out, struct why *why)
{
	struct score_claim *claims = arena_array(arena, judged->n, sizeof *claims);
	size_t parts_max = judged->n + ROLE_COUNT;

	for (size_t i = 0; i < judged->n; i++) {
		const struct compile_row *row = &judged->rows[i];

		if (row->source >= sources->n)
			return fail(why, ERR_CORRUPT, "evidence of source %u, which is not known",
				row->source);
		claims[i] = (struct score_claim){ .source = row->source,
			.family = sources->rows[row->source].family,
			.weight = sources->rows[row->source].weight,
			.role = row->role,
			.category = row->category,
			.confidence = row->confidence,
			.is_listed = row->is_listed };
		score_accumulators_at(model, row->recent, row->lasting, row->decayed_at_s, now_s,
			&claims[i].recent, &claims[i].lasting);
	}
	out->parts = arena_array(arena, parts_max, sizeof *out->parts);
	score_of(model, claims, judged->n, now_s, &out->score, out->parts, parts_max,
		&out->part_count);
	return OK;
}
