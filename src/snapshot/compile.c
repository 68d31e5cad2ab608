/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/compile.h"

#include "base/clock.h"
#include "score/near.h"
#include "snapshot/compile_int.h"

/* The forms of keys, see indicator_key(). */
enum { FORM_V4 = 1, FORM_V6 = 2, FORM_NAME = 3, FORM_URL = 4, FORM_HASH = 5 };
enum { V4_KEY_BYTES = 6, V6_KEY_BYTES = 18 };

void *compile_grow(void *items, size_t n, size_t *capacity, size_t size)
{
	if (n < *capacity)
		return items;
	*capacity = *capacity == 0 ? 1024 : *capacity + *capacity / 2;
	items = realloc(items, *capacity * size);
	must(items != NULL);
	return items;
}

static void *rows_add(struct compile_rows *rows, size_t size)
{
	rows->items = compile_grow(rows->items, rows->n, &rows->capacity, size);
	return (char *)rows->items + size * rows->n++;
}

struct compile *compile_new(const struct scoring *scoring, int64_t now_s)
{
	struct compile *compile = calloc(1, sizeof *compile);

	must(compile != NULL);
	compile->scoring = scoring;
	compile->now_s = now_s;
	compile->today = compile_day(now_s);
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
	free(gone->blocks);
	free(gone->touched);
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

/* What is still listed by a source that has gone silent was seen last when that one was read. */
static void stale_accumulators(const struct score_decay *decay, const struct compile_row *row,
	int64_t silent_since_s, int64_t now_s, struct compile_claim *out)
{
	score_accumulators_at(decay, row->recent, row->lasting, row->decayed_at_s, silent_since_s,
		&out->recent, &out->lasting);
	out->recent = out->recent > 1.0F ? out->recent : 1.0F;
	out->lasting = out->lasting > 1.0F ? out->lasting : 1.0F;
	score_accumulators_at(decay, (double)out->recent, (double)out->lasting, silent_since_s,
		now_s, &out->recent, &out->lasting);
}

struct compile_claim compile_claim_of(
	const struct scoring *scoring, const struct compile_row *row, int64_t now_s)
{
	const struct score_decay *decay = &scoring->model.score.roles[row->role].decay;
	int64_t silent_since_s = scoring->sources.rows[row->source].silent_since_s;
	struct compile_claim claim = {
		.source = (uint16_t)row->source,
		.confidence = (int8_t)row->confidence,
		.role = row->role,
		.category = row->category,
		.is_listed = row->is_listed && silent_since_s == 0,
		.is_stale = row->is_listed && silent_since_s != 0,
		.first_day = compile_day(row->first_seen_s),
		.last_day = compile_day(row->last_seen_s),
		.episodes = (uint16_t)(row->episodes < UINT16_MAX ? row->episodes : UINT16_MAX),
	};

	if (claim.is_stale)
		stale_accumulators(decay, row, silent_since_s, now_s, &claim);
	else
		score_accumulators_at(decay, row->recent, row->lasting, row->decayed_at_s, now_s,
			&claim.recent, &claim.lasting);
	return claim;
}

bool compile_claim_is_active(const struct compile_claim *claim, uint16_t today)
{
	return near_is_active(claim->role, claim->is_listed, claim->last_day, today);
}

bool compile_row_is_let(const struct scoring *scoring, struct str key)
{
	struct rule_match match;

	return key.n == V6_KEY_BYTES && key.p[0] == FORM_V6 &&
	       (uint8_t)key.p[V6_KEY_BYTES - 1] > COMPILE_V6_HOST_LENGTH &&
	       scoring->rules != NULL && rules_match_key(scoring->rules, key, &match) &&
	       rule_verdict_of(&match) == RULE_ALLOW;
}

enum err compile_row_check(
	const struct scoring *scoring, const struct compile_row *row, struct why *why)
{
	if (row->source >= scoring->sources.n)
		return fail(
			why, ERR_CORRUPT, "evidence of source %u, which is not known", row->source);
	if (row->role >= ROLE_COUNT || row->category >= CATEGORY_COUNT || row->key.n == 0)
		return fail(why, ERR_CORRUPT, "evidence with role %u and category %u", row->role,
			row->category);
	return OK;
}

static void add_v4(struct compile *compile, const uint8_t *key, const struct compile_claim *claim)
{
	struct compile_v4 *row = rows_add(&compile->rows[COMPILE_V4], sizeof *row);

	*row = (struct compile_v4){ .address = (uint32_t)key[1] << 24 | (uint32_t)key[2] << 16 |
					       (uint32_t)key[3] << 8 | key[4],
		.claim = *claim,
		.width = key[5] };
}

static void add_v6(struct compile *compile, const uint8_t *key, const struct compile_claim *claim)
{
	struct compile_v6 *row = rows_add(&compile->rows[COMPILE_V6], sizeof *row);
	struct prefix prefix = { .length = key[17] };

	memcpy(prefix.address.bytes, key + 1, sizeof prefix.address.bytes);
	if (!claim->is_place && prefix.length > COMPILE_V6_HOST_LENGTH)
		prefix = prefix_around(&prefix.address, COMPILE_V6_HOST_LENGTH);
	*row = (struct compile_v6){ prefix, *claim };
}

/* False when the key is of no kind that is known. */
static bool add_row(struct compile *compile, struct str key, const struct compile_claim *claim)
{
	const uint8_t *bytes = (const uint8_t *)key.p;

	if (bytes[0] == FORM_V4 && key.n == V4_KEY_BYTES) {
		add_v4(compile, bytes, claim);
	} else if (bytes[0] == FORM_V6 && key.n == V6_KEY_BYTES) {
		add_v6(compile, bytes, claim);
	} else if (bytes[0] == FORM_NAME || bytes[0] == FORM_URL) {
		struct compile_text *text = rows_add(&compile->rows[COMPILE_TEXT], sizeof *text);

		text->key = claim->is_place ? key : arena_str(&compile->keys, key);
		text->claim = *claim;
	} else {
		return bytes[0] == FORM_HASH;
	}
	return true;
}

enum err compile_add(struct compile *compile, const struct compile_row *row, struct why *why)
{
	struct compile_claim claim;

	TRY(compile_row_check(compile->scoring, row, why));
	if (compile_row_is_let(compile->scoring, row->key))
		return OK;
	claim = compile_claim_of(compile->scoring, row, compile->now_s);
	if (!add_row(compile, row->key, &claim))
		return fail(why, ERR_CORRUPT, "evidence about an unknown kind of indicator (%u)",
			(uint8_t)row->key.p[0]);
	return OK;
}

void compile_add_places(struct compile *compile)
{
	const struct rule_place *places;
	size_t n = compile->scoring->rules == NULL ? 0
						   : rules_places(compile->scoring->rules, &places);

	for (size_t i = 0; i < n; i++) {
		struct compile_claim place = { .is_place = true,
			.is_override = places[i].is_override };

		must(add_row(compile, places[i].key, &place));
	}
}
