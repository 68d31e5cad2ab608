/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect.h"

static void facts_format(struct buf *out, const struct claim *claim)
{
	buf_fmt(out, " %.*s %.*s", STR_FMT(role_name(claim->role)),
		STR_FMT(category_info(claim->category)->name));
	buf_fmt(out, " confidence=%d count=%u first=%lld last=%lld", claim->confidence,
		claim->count, (long long)claim->first_seen_s, (long long)claim->last_seen_s);
	if (claim->reference.n > 0)
		buf_fmt(out, " %.*s", STR_FMT(claim->reference));
}

static enum err take_batch(void *state, struct claim_batch *batch, struct why *why)
{
	struct collect *collect = state;
	struct claim claim;

	if (++collect->batches == collect->fail_at_batch)
		return fail(why, ERR_FULL, "the test's sink is full");
	for (size_t i = 0; i < batch->n; i++) {
		TRY(claim_from_row(batch, &batch->rows[i], &collect->arena, &claim, why));
		if (collect->without_below)
			claim.indicator.below = false;
		indicator_format(&collect->text, &claim.indicator);
		if (collect->with_facts)
			facts_format(&collect->text, &claim);
		if (collect->with_references && claim.reference.n > 0)
			buf_fmt(&collect->text, " %.*s", STR_FMT(claim.reference));
		buf_byte(&collect->text, '\n');
	}
	return OK;
}

static void take_progress(void *state, uint64_t done, uint64_t total, uint64_t accepted)
{
	struct collect *collect = state;

	(void)accepted;
	collect->progress_calls++;
	collect->last_done = done;
	collect->last_total = total;
}

struct feed_sink collect_sink(struct collect *collect)
{
	return (struct feed_sink){ collect, take_batch, take_progress };
}

void collect_done(struct collect *collect)
{
	arena_done(&collect->arena);
	buf_done(&collect->text);
}

static int line_order(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

size_t collect_count(const struct collect *collect)
{
	struct str rest = buf_view(&collect->text);
	struct str line;
	size_t n = 0;

	while (str_next_line(&rest, &line))
		n++;
	return n;
}

void collect_unique(struct collect *collect)
{
	size_t n = collect_count(collect);
	struct str *lines = calloc(n + 1, sizeof *lines);
	struct str rest = buf_view(&collect->text);
	struct buf sorted = { 0 };

	must(lines != NULL);
	for (size_t i = 0; i < n; i++)
		must(str_next_line(&rest, &lines[i]));
	qsort(lines, n, sizeof *lines, line_order);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && str_eq(lines[i], lines[i - 1]))
			continue;
		buf_str(&sorted, lines[i]);
		buf_byte(&sorted, '\n');
	}
	free(lines);
	buf_done(&collect->text);
	collect->text = sorted;
}

enum err collect_memory(struct collect *collect, const struct feed_definition *definition,
	struct str bytes, const char *name, struct feed_report *report, struct why *why)
{
	CLEANUP(input_close) struct feed_input *input = NULL;
	struct feed_sink sink = collect_sink(collect);

	TRY(input_open_memory(bytes, str_c(name), NULL, &input, why));
	return feed_read(definition, input, &sink, report, why);
}
