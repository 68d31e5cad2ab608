/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/guarded.h"

#include "store/text.h"

static void name_to(char *out, size_t size, struct str text)
{
	CLEANUP(buf_done) struct buf mended = { 0 };

	text_mend(&mended, text);
	/* cut between characters, not within one */
	text = str_first(buf_view(&mended), size - 1);
	must(str_to_c(str_first(text, text_valid_bytes(text)), out, size));
}

static void sample_of(struct guarded_list *list, struct str key)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf text = { 0 };
	struct indicator indicator;

	if (indicator_from_key(key, &arena, &indicator, NULL) != OK)
		return;
	indicator_format(&text, &indicator);
	name_to(list->sample, sizeof list->sample, buf_view(&text));
}

static void note(struct guarded *guarded, const struct rule_match *match, struct str key)
{
	struct guarded_list *list = guarded->lists;
	struct guarded_list *end = list + guarded->list_count;

	if (match->guard == GUARD_NEVER)
		guarded->never++;
	else
		guarded->ask++;
	while (list < end &&
		!(list->policy == match->guard &&
			str_eq(str_c(list->name), str_first(match->list, GUARDED_NAME_MAX))))
		list++;
	if (list == guarded->lists + GUARDED_LISTS_MAX)
		return;
	if (list == end) {
		guarded->list_count++;
		list->policy = match->guard;
		name_to(list->name, sizeof list->name, match->list);
		sample_of(list, key);
	}
	list->count++;
}

/* Is the claim to be refused? */
static bool look_at(struct guarded *guarded, const struct rules *rules,
	const struct claim_batch *batch, const struct claim_row *row)
{
	struct str key = claim_row_key(batch, row);
	struct rule_match match;

	guarded->rows++;
	if (!rules_match_key(rules, key, &match) || match.guard < GUARD_ASK)
		return false;
	note(guarded, &match, key);
	return match.guard == GUARD_NEVER;
}

void guarded_count(
	struct guarded *guarded, const struct rules *rules, const struct claim_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		(void)look_at(guarded, rules, batch, &batch->rows[i]);
}

void guarded_take_out(struct guarded *guarded, const struct rules *rules, struct claim_batch *batch)
{
	size_t kept = 0;

	for (size_t i = 0; i < batch->n; i++) {
		if (!look_at(guarded, rules, batch, &batch->rows[i]))
			batch->rows[kept++] = batch->rows[i];
	}
	batch->n = kept;
}
