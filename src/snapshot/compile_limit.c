/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What cannot be decided of one entry alone: how many may block, and what a person should see. */
#include "snapshot/compile_int.h"
#include "snapshot/verdict.h"

enum { RANK_PERSON = SCORE_MAX + 1, RANKS = RANK_PERSON + 1 };

static uint8_t highest(const struct score *score)
{
	uint8_t most = 0;

	for (unsigned role = 0; role < ROLE_COUNT; role++)
		most = score->value[role] > most ? score->value[role] : most;
	return most;
}

void compile_note_block(struct compile *compile, size_t entry, const struct compile_found *found)
{
	if (found->action != PEHRA_BLOCK || compile->scoring->policy.block_max == 0)
		return;
	compile->blocks = compile_grow(compile->blocks, compile->block_count,
		&compile->block_capacity, sizeof *compile->blocks);
	compile->blocks[compile->block_count++] = (struct compile_block){ (uint32_t)entry,
		found->is_person ? (uint8_t)RANK_PERSON : highest(&found->score) };
}

static uint16_t *entry_verdict(struct compile *compile, enum compile_kind kind, size_t i)
{
	if (kind == COMPILE_V4)
		return &compile->v4[i].verdict;
	return kind == COMPILE_V6 ? &compile->v6[i].verdict : &compile->texts[i].verdict;
}

/*
 * The lowest rank of which any entry still blocks; *left is how many of it do. Whom a person blocks
 * stays beyond any limit.
 */
static unsigned rank_of_last(const struct compile *compile, uint64_t *left)
{
	uint64_t counts[RANKS] = { 0 };
	unsigned rank = SCORE_MAX;

	for (size_t i = 0; i < compile->block_count; i++)
		counts[compile->blocks[i].rank]++;
	*left = compile->scoring->policy.block_max;
	*left -= counts[RANK_PERSON] < *left ? counts[RANK_PERSON] : *left;
	for (; rank > 0 && counts[rank] <= *left; rank--)
		*left -= counts[rank];
	return rank;
}

/*
 * The best stay: those of the highest scores, and of equal ones the first in the order of the
 * sweep.
 */
void compile_limit_blocks(struct compile *compile, enum compile_kind kind)
{
	bool is_over = compile->block_count > compile->scoring->policy.block_max;
	uint64_t left = 0;
	unsigned last = is_over ? rank_of_last(compile, &left) : 0;

	for (size_t i = 0; is_over && i < compile->block_count; i++) {
		const struct compile_block *block = &compile->blocks[i];
		uint16_t *verdict = entry_verdict(compile, kind, block->entry);

		if (block->rank > last)
			continue;
		if (block->rank == last && left > 0) {
			left--;
			continue;
		}
		*verdict = verdict_table_with_action(compile->verdicts, *verdict, PEHRA_CHALLENGE);
		compile->summary.demoted++;
		compile->summary.actions[PEHRA_BLOCK]--;
		compile->summary.actions[PEHRA_CHALLENGE]++;
	}
	compile->block_count = 0;
}

void compile_note_touched(struct compile *compile, struct str key,
	const struct compile_found *found, const struct rule_match *match)
{
	struct compile_touched *touched;

	if (found->would_be <= found->action || rule_verdict_of(match) != RULE_WATCH_AT_MOST)
		return;
	compile->touched = compile_grow(compile->touched, compile->touched_count,
		&compile->touched_capacity, sizeof *compile->touched);
	touched = &compile->touched[compile->touched_count++];
	*touched = (struct compile_touched){
		.list = match->list, .would_be = found->would_be, .score = highest(&found->score)
	};
	must(indicator_from_key(arena_str(&compile->keys, key), &compile->keys, &touched->indicator,
		     NULL) == OK);
}

static int touched_order(const void *a, const void *b)
{
	return (int)((const struct compile_touched *)b)->score -
	       (int)((const struct compile_touched *)a)->score;
}

void compile_summarise(struct compile *compile)
{
	/* stable, so that equal scores stay in the order of the sweep */
	sort_runs(
		compile->touched, compile->touched_count, sizeof *compile->touched, touched_order);
	compile->summary.touched = compile->touched;
	compile->summary.touched_count = compile->touched_count < COMPILE_TOUCHED_MAX
						 ? compile->touched_count
						 : COMPILE_TOUCHED_MAX;
}

void compile_summary(const struct compile *compile, struct compile_summary *out)
{
	*out = compile->summary;
}
