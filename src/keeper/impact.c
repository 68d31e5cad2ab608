/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/impact.h"

#include "base/sort.h"
#include "evidence/query.h"
#include "snapshot/judge.h"
#include "snapshot/verdict.h"

/* ---- the entries of both, side by side ---- */

/* What differs between the three tables of entries. */
struct kind {
	size_t size;
	sort_order order; /* 0 for entries of the same indicator */
	uint16_t (*verdict)(const void *entry);
	void (*indicator)(const void *entry, struct indicator *out);
};

struct side {
	const char *entries;
	size_t n;
	const struct verdict_table *verdicts;
};

struct example {
	struct indicator indicator;
	uint8_t score;
};

/* The highest scores; of equal ones those that came first. */
struct examples {
	struct example rows[IMPACT_EXAMPLES];
	size_t n;
	uint64_t met;
};

struct difference {
	struct examples listed;
	struct examples unlisted;
};

static int v4_order(const void *a, const void *b)
{
	const struct snapshot_v4 *left = a;
	const struct snapshot_v4 *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return left->width - right->width;
}

static uint16_t v4_verdict(const void *entry)
{
	return ((const struct snapshot_v4 *)entry)->verdict;
}

static void v4_indicator(const void *entry, struct indicator *out)
{
	const struct snapshot_v4 *row = entry;
	struct ipaddr address = ip_from_u32(row->address);

	*out = (struct indicator){ .kind = INDICATOR_IP,
		.prefix = prefix_around(&address, (uint8_t)(96 + row->width)) };
}

static int v6_order(const void *a, const void *b)
{
	const struct snapshot_v6 *left = a;
	const struct snapshot_v6 *right = b;

	if (left->high != right->high)
		return left->high < right->high ? -1 : 1;
	if (left->low != right->low)
		return left->low < right->low ? -1 : 1;
	return left->length - right->length;
}

static uint16_t v6_verdict(const void *entry)
{
	return ((const struct snapshot_v6 *)entry)->verdict;
}

static void v6_indicator(const void *entry, struct indicator *out)
{
	const struct snapshot_v6 *row = entry;

	*out = (struct indicator){ .kind = INDICATOR_IP, .prefix = { .length = row->length } };
	for (unsigned i = 0; i < 8; i++) {
		out->prefix.address.bytes[i] = (uint8_t)(row->high >> (56 - 8 * i));
		out->prefix.address.bytes[8 + i] = (uint8_t)(row->low >> (56 - 8 * i));
	}
}

static int text_order(const void *a, const void *b)
{
	const struct snapshot_text *left = a;
	const struct snapshot_text *right = b;

	if (left->is_url != right->is_url)
		return left->is_url ? 1 : -1;
	if (left->below != right->below)
		return left->below ? 1 : -1;
	return str_cmp(left->text, right->text);
}

static uint16_t text_verdict(const void *entry)
{
	return ((const struct snapshot_text *)entry)->verdict;
}

static void text_indicator(const void *entry, struct indicator *out)
{
	const struct snapshot_text *row = entry;

	*out = (struct indicator){ .kind = row->is_url ? INDICATOR_URL : INDICATOR_NAME,
		.below = row->below,
		.text = row->text };
}

static const struct kind kind_v4 = { sizeof(struct snapshot_v4), v4_order, v4_verdict,
	v4_indicator };
static const struct kind kind_v6 = { sizeof(struct snapshot_v6), v6_order, v6_verdict,
	v6_indicator };
static const struct kind kind_text = { sizeof(struct snapshot_text), text_order, text_verdict,
	text_indicator };

static uint8_t highest(const struct pehra_verdict *verdict)
{
	uint8_t most = 0;

	for (unsigned role = 0; role < PEHRA_ROLES; role++)
		most = verdict->score[role] > most ? verdict->score[role] : most;
	return most;
}

static void example_note(
	struct examples *examples, const struct kind *kind, const void *entry, uint8_t score)
{
	size_t at = examples->n;

	examples->met++;
	while (at > 0 && examples->rows[at - 1].score < score)
		at--;
	if (at == IMPACT_EXAMPLES)
		return;
	if (examples->n < IMPACT_EXAMPLES)
		examples->n++;
	memmove(examples->rows + at + 1, examples->rows + at,
		(examples->n - at - 1) * sizeof examples->rows[0]);
	examples->rows[at].score = score;
	kind->indicator(entry, &examples->rows[at].indicator);
}

/* The record of the i-th entry; that of id 0, which is all zero, when there is none. */
static const struct pehra_verdict *record(
	const struct side *side, const struct kind *kind, const void *entry)
{
	const struct pehra_verdict *records =
		(const struct pehra_verdict *)side->verdicts->records.data;

	return &records[entry == NULL ? 0 : kind->verdict(entry)];
}

static const void *entry_at(const struct side *side, const struct kind *kind, size_t i)
{
	return i < side->n ? side->entries + i * kind->size : NULL;
}

static void compare(const struct kind *kind, const struct side *now, const struct side *then,
	struct difference *out)
{
	size_t i = 0;
	size_t j = 0;

	while (i < now->n || j < then->n) {
		const void *before = entry_at(now, kind, i);
		const void *after = entry_at(then, kind, j);
		int order = before == NULL ? 1 : after == NULL ? -1 : kind->order(before, after);
		const struct pehra_verdict *was = record(now, kind, order <= 0 ? before : NULL);
		const struct pehra_verdict *is = record(then, kind, order >= 0 ? after : NULL);

		if (was->action != PEHRA_BLOCK && is->action == PEHRA_BLOCK)
			example_note(&out->listed, kind, after, highest(is));
		if (was->action == PEHRA_BLOCK && is->action != PEHRA_BLOCK)
			example_note(&out->unlisted, kind, before, highest(was));
		i += order <= 0;
		j += order >= 0;
	}
}

/* Texts come in any order: sorted copies, which are the caller's to free. */
static struct snapshot_text *texts_sorted(const struct snapshot_input *input)
{
	struct snapshot_text *texts = calloc(input->text_count + 1, sizeof *texts);

	must(texts != NULL);
	if (input->text_count > 0)
		memcpy(texts, input->texts, input->text_count * sizeof *texts);
	sort_runs(texts, input->text_count, sizeof *texts, text_order);
	return texts;
}

static void compare_all(
	const struct snapshot_input *now, const struct snapshot_input *then, struct difference *out)
{
	struct snapshot_text *texts_now = texts_sorted(now);
	struct snapshot_text *texts_then = texts_sorted(then);

	compare(&kind_v4, &(struct side){ (const char *)now->v4, now->v4_count, now->verdicts },
		&(struct side){ (const char *)then->v4, then->v4_count, then->verdicts }, out);
	compare(&kind_v6, &(struct side){ (const char *)now->v6, now->v6_count, now->verdicts },
		&(struct side){ (const char *)then->v6, then->v6_count, then->verdicts }, out);
	compare(&kind_text,
		&(struct side){ (const char *)texts_now, now->text_count, now->verdicts },
		&(struct side){ (const char *)texts_then, then->text_count, then->verdicts }, out);
	free(texts_now);
	free(texts_then);
}

/* ---- as JSON ---- */

static void actions_write(
	struct json_writer *json, const char *key, const struct compile_summary *summary)
{
	json_key(json, key);
	json_object_begin(json);
	json_field_u64(json, "block", summary->actions[PEHRA_BLOCK]);
	json_field_u64(json, "challenge", summary->actions[PEHRA_CHALLENGE]);
	json_field_u64(json, "watch", summary->actions[PEHRA_WATCH]);
	json_object_end(json);
}

static void example_write(
	struct json_writer *json, const struct indicator *indicator, struct str list, uint8_t score)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	indicator_format(&text, indicator);
	json_object_begin(json);
	json_field_str(json, "indicator", buf_view(&text));
	if (list.n != 0)
		json_field_str(json, "list", list);
	json_field_u64(json, "score", score);
	json_object_end(json);
}

static void examples_write(
	struct json_writer *json, const char *key, const struct examples *examples)
{
	json_key(json, key);
	json_array_begin(json);
	for (size_t i = 0; i < examples->n; i++)
		example_write(json, &examples->rows[i].indicator, STR(""), examples->rows[i].score);
	json_array_end(json);
}

void impact_write(const struct compile *now, const struct snapshot_input *now_entries,
	const struct compile *then, const struct snapshot_input *then_entries,
	struct json_writer *json)
{
	struct difference difference = { 0 };
	struct compile_summary before;
	struct compile_summary after;

	compile_summary(now, &before);
	compile_summary(then, &after);
	compare_all(now_entries, then_entries, &difference);
	json_object_begin(json);
	actions_write(json, "now", &before);
	actions_write(json, "then", &after);
	json_field_u64(json, "listed", difference.listed.met);
	json_field_u64(json, "unlisted", difference.unlisted.met);
	json_field_u64(json, "guards", after.touched_count);
	json_key(json, "guard_examples");
	json_array_begin(json);
	for (size_t i = 0; i < after.touched_count && i < IMPACT_EXAMPLES; i++)
		example_write(json, &after.touched[i].indicator, after.touched[i].list,
			after.touched[i].score);
	json_array_end(json);
	examples_write(json, "listed_examples", &difference.listed);
	examples_write(json, "unlisted_examples", &difference.unlisted);
	json_object_end(json);
}

enum err impact_moves(struct json_node impact, uint64_t *moved, uint64_t *blocks, struct why *why)
{
	uint64_t listed;
	uint64_t unlisted;

	if (!json_u64(json_get(impact, "listed"), &listed) ||
		!json_u64(json_get(impact, "unlisted"), &unlisted) ||
		!json_u64(json_get(json_get(impact, "now"), "block"), blocks))
		return fail(why, ERR_CORRUPT, "an impact without its counts");
	*moved = listed + unlisted;
	return OK;
}

/* ---- both ways ---- */

static enum err scan_row(void *state, const struct evidence *row, struct why *why)
{
	struct compile *const *both = state;
	struct compile_row compiled = compile_row_of(row);

	TRY(compile_add(both[0], &compiled, why));
	return compile_add(both[1], &compiled, why);
}

static enum err tried_load(struct db *db, const struct impact_question *question, int64_t now_s,
	struct scoring *out, struct why *why)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	struct json_node root;
	enum err err;

	TRY(scoring_load_with(
		db, now_s, 0, question->model_version, question->policy_id, out, why));
	if (question->policy_text.n == 0)
		return OK;
	err = json_parse(reader, question->policy_text, &root, why);
	if (err == OK)
		err = policy_read(root, &out->policy, why);
	if (err != OK)
		scoring_done(out);
	return err;
}

enum err impact_find(struct db *db, const struct impact_question *question, int64_t now_s,
	struct buf *out, struct why *why)
{
	CLEANUP(scoring_done) struct scoring live = { 0 };
	CLEANUP(scoring_done) struct scoring tried = { 0 };
	struct json_writer json = json_writer_on(out);
	struct snapshot_input now_entries;
	struct snapshot_input then_entries;

	TRY(scoring_load(db, now_s, 0, &live, why));
	TRY(tried_load(db, question, now_s, &tried, why));

	CLEANUP(compile_free) struct compile *now = compile_new(&live, now_s);
	CLEANUP(compile_free) struct compile *then = compile_new(&tried, now_s);
	struct compile *both[] = { now, then };

	TRY(evidence_scan(db, 0, scan_row, both, why));
	compile_finish(now, &now_entries);
	compile_finish(then, &then_entries);
	impact_write(now, &now_entries, then, &then_entries, &json);
	return OK;
}
