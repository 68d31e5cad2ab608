/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /v1/indicators: everything about which something is claimed, with its verdict. */
#include "web/handlers.h"
#include "web/lists.h"
#include "web/lookup.h"

#include "query/walk.h"

enum indicator_column {
	COLUMN_INDICATOR,
	COLUMN_KIND,
	COLUMN_KNOWN,
	COLUMN_ACTION,
	COLUMN_SCORE,
	COLUMN_SOURCE_SCORE,
	COLUMN_DESTINATION_SCORE,
	COLUMN_POLICY_SCORE,
	COLUMN_CATEGORIES,
	COLUMN_ROLES,
	COLUMN_SOURCES,
	COLUMN_CLAIMS,
	COLUMN_LISTED,
	COLUMN_FIRST_SEEN,
	COLUMN_LAST_SEEN,
	COLUMN_TLP,
	INDICATOR_COLUMNS
};

static const struct column columns[] = {
	[COLUMN_INDICATOR] = { "indicator", COLUMN_TEXT, false, "Prefix, name, URL or hash" },
	[COLUMN_KIND] = { "kind", COLUMN_TEXT, false, "ip, name, url or hash" },
	[COLUMN_KNOWN] = { "known", COLUMN_FLAG, true, "Does the snapshot have a verdict?" },
	[COLUMN_ACTION] = { "action", COLUMN_TEXT, false,
		"none, watch, challenge, block or allow" },
	[COLUMN_SCORE] = { "score", COLUMN_NUMBER, false, "The highest of the roles' scores" },
	[COLUMN_SOURCE_SCORE] = { "score_src", COLUMN_NUMBER, true, "Score as a source" },
	[COLUMN_DESTINATION_SCORE] = { "score_dst", COLUMN_NUMBER, true, "Score as a destination" },
	[COLUMN_POLICY_SCORE] = { "score_policy", COLUMN_NUMBER, true, "Score by policy" },
	[COLUMN_CATEGORIES] = { "categories", COLUMN_WORDS, false, "What is claimed" },
	[COLUMN_ROLES] = { "roles", COLUMN_WORDS, false, "In which roles" },
	[COLUMN_SOURCES] = { "sources", COLUMN_WORDS, false, "Who claims it" },
	[COLUMN_CLAIMS] = { "claims", COLUMN_NUMBER, true, "How many claims" },
	[COLUMN_LISTED] = { "listed", COLUMN_FLAG, false, "Does any source still say so?" },
	[COLUMN_FIRST_SEEN] = { "first_seen", COLUMN_TIME, false, "First claimed" },
	[COLUMN_LAST_SEEN] = { "last_seen", COLUMN_TIME, false, "Last claimed" },
	[COLUMN_TLP] = { "tlp", COLUMN_TEXT, true, "The strictest label among its claims" },
};
_Static_assert(ARRAY_LEN(columns) == INDICATOR_COLUMNS, "one row per column");
_Static_assert(ARRAY_LEN(columns) <= LIST_COLUMNS_MAX, "a row has room for all");

static bool category_word(struct str word, int64_t *out)
{
	enum category category;

	if (!category_parse(word, &category))
		return false;
	*out = category;
	return true;
}

static bool role_word(struct str word, int64_t *out)
{
	enum role role;

	if (!role_parse(word, &role))
		return false;
	*out = role;
	return true;
}

static bool action_word(struct str word, int64_t *out)
{
	unsigned action;

	if (!action_parse(word, &action))
		return false;
	*out = action;
	return true;
}

static bool kind_word(struct str word, int64_t *out)
{
	static const enum indicator_kind kinds[] = { INDICATOR_IP, INDICATOR_NAME, INDICATOR_URL,
		INDICATOR_HASH };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		*out = kinds[i];
		if (str_eq(indicator_kind_name(kinds[i]), word))
			return true;
	}
	return false;
}

static bool yes_word(struct str word, int64_t *out)
{
	*out = str_eq(word, STR("yes"));
	return *out != 0 || str_eq(word, STR("no"));
}

static const struct filter_field rows[] = {
	{ "score", FILTER_NUMBER, NULL, NULL, NULL, NULL, "The highest score, 0 to 100" },
	{ "cat", FILTER_WORD, category_word, "a category such as brute-force", NULL, NULL,
		"A category that is claimed" },
	{ "role", FILTER_WORD, role_word, "a role (src, dst or policy)", NULL, NULL,
		"A role that is claimed" },
	{ "net", FILTER_WITHIN, NULL, NULL, NULL, NULL, "Within a prefix, at or below a name" },
	{ "source", FILTER_TEXT, NULL, "a source's name", NULL, NULL, "Who claims it" },
	{ "seen", FILTER_TIME, NULL, NULL, NULL, NULL, "When it was last claimed" },
	{ "first", FILTER_TIME, NULL, NULL, NULL, NULL, "When it was first claimed" },
	{ "kind", FILTER_WORD, kind_word, "a kind (ip, name, url or hash)", NULL, NULL, NULL },
	{ "action", FILTER_WORD, action_word, "none, watch, challenge, block or allow", NULL, NULL,
		"What the snapshot says to do" },
	{ "listed", FILTER_WORD, yes_word, "yes or no", NULL, NULL,
		"Does any source still say so?" },
};
static const uint8_t field_columns[] = { COLUMN_SCORE, COLUMN_CATEGORIES, COLUMN_ROLES,
	LIST_FIELD_KEY, COLUMN_SOURCES, COLUMN_LAST_SEEN, COLUMN_FIRST_SEEN, COLUMN_KIND,
	COLUMN_ACTION, COLUMN_LISTED };
_Static_assert(ARRAY_LEN(rows) == ARRAY_LEN(field_columns), "one column per field");
enum { FIELD_NET = 3 };
static const struct filter_fields fields = { rows, ARRAY_LEN(rows), FIELD_NET };

/* ---- from claims to a row ---- */

struct giving {
	struct request *request;
	const struct pehra *snapshot; /* NULL: there is none yet */
	list_each each;
	void *state;
	bool is_stopped;
	struct arena arena; /* of one row */
	struct buf text;
	struct why *why;
	enum err err;
};

static void add_word(struct cell *cell, struct str *words, struct str word)
{
	for (size_t i = 0; i < cell->word_count; i++) {
		if (str_eq(words[i], word))
			return;
	}
	if (cell->word_count < LIST_WORDS_MAX)
		words[cell->word_count++] = word;
}

static void add_claims(struct list_row *row, const struct walk_group *group, struct arena *arena)
{
	struct str *categories = arena_array(arena, LIST_WORDS_MAX, sizeof *categories);
	struct str *roles = arena_array(arena, LIST_WORDS_MAX, sizeof *roles);
	struct str *sources = arena_array(arena, LIST_WORDS_MAX, sizeof *sources);
	int64_t first_s = INT64_MAX;
	int64_t last_s = INT64_MIN;
	unsigned tlp = TLP_CLEAR;

	row->cells[COLUMN_CATEGORIES].words = categories;
	row->cells[COLUMN_ROLES].words = roles;
	row->cells[COLUMN_SOURCES].words = sources;
	for (size_t i = 0; i < group->n; i++) {
		const struct walk_claim *claim = &group->claims[i];
		const struct category_info *info = category_info(claim->category);

		if (info != NULL)
			add_word(&row->cells[COLUMN_CATEGORIES], categories, info->name);
		add_word(&row->cells[COLUMN_ROLES], roles, role_name((enum role)claim->role));
		add_word(&row->cells[COLUMN_SOURCES], sources, claim->source_name);
		first_s = claim->first_seen_s < first_s ? claim->first_seen_s : first_s;
		last_s = claim->last_seen_s > last_s ? claim->last_seen_s : last_s;
		tlp = claim->tlp > tlp ? claim->tlp : tlp;
		row->cells[COLUMN_LISTED].number |= claim->ended_s == 0;
	}
	row->cells[COLUMN_LISTED].text = row->cells[COLUMN_LISTED].number ? STR("yes") : STR("no");
	row->cells[COLUMN_FIRST_SEEN].number = first_s;
	row->cells[COLUMN_LAST_SEEN].number = last_s;
	row->cells[COLUMN_CLAIMS].number = (int64_t)group->n;
	row->cells[COLUMN_TLP].text = tlp_name((enum tlp)tlp);
}

static void add_verdict(
	struct list_row *row, const struct pehra *snapshot, const struct indicator *indicator)
{
	struct lookup lookup = { 0 };

	if (snapshot != NULL && indicator->kind != INDICATOR_HASH)
		lookup_find(snapshot, indicator, &lookup);
	row->cells[COLUMN_KNOWN].number = lookup.verdict != NULL;
	row->cells[COLUMN_ACTION].text =
		action_name(lookup.verdict == NULL ? PEHRA_NONE : lookup.verdict->action);
	if (lookup.verdict == NULL)
		return;
	row->cells[COLUMN_SCORE].number = verdict_score(lookup.verdict);
	for (unsigned role = 0; role < PEHRA_ROLES; role++)
		row->cells[COLUMN_SOURCE_SCORE + role].number = lookup.verdict->score[role];
}

static bool give(void *state, const struct walk_group *group)
{
	struct giving *giving = state;
	struct list_row row = { .key = group->key };
	struct indicator indicator;

	arena_reset(&giving->arena);
	giving->err = indicator_from_key(group->key, &giving->arena, &indicator, giving->why);
	if (giving->err != OK)
		return false;
	buf_clear(&giving->text);
	indicator_format(&giving->text, &indicator);
	row.cells[COLUMN_INDICATOR].text = buf_view(&giving->text);
	row.cells[COLUMN_KIND].text = indicator_kind_name(indicator.kind);
	add_claims(&row, group, &giving->arena);
	add_verdict(&row, giving->snapshot, &indicator);
	giving->is_stopped = !giving->each(giving->state, &row);
	return !giving->is_stopped;
}

/* ---- walking ---- */

/* The keys that any positive net: term allows; other terms are left to the row. */
static void narrow(const struct filter *filter, struct walk_range *range)
{
	for (size_t i = 0; i < filter->term_count; i++) {
		const struct filter_term *term = &filter->terms[i];
		struct str low = term->values[0].text_low;
		struct str high = term->values[0].text_high;

		if (term->field->kind != FILTER_WITHIN || term->negated)
			continue;
		for (size_t k = 1; k < term->value_count; k++) {
			if (str_cmp(term->values[k].text_low, low) < 0)
				low = term->values[k].text_low;
			if (str_cmp(term->values[k].text_high, high) > 0)
				high = term->values[k].text_high;
		}
		if (str_cmp(low, range->low) > 0)
			range->low = low;
		if (range->high.n == 0 || str_cmp(high, range->high) < 0)
			range->high = high;
	}
}

static enum err run(struct request *request, const struct walk_range *range, struct giving *giving)
{
	giving->request = request;
	giving->snapshot = lane_snapshot(request->lane);

	enum err err = walk_indicators(request->lane->db, range, give, giving, giving->why);

	arena_done(&giving->arena);
	buf_done(&giving->text);
	return err != OK ? err : giving->err;
}

static enum err walk(struct request *request, const struct filter *filter, struct str after,
	list_each each, void *state, struct why *why)
{
	struct walk_range range = { .after = after, .tlp = request->audience.tlp };
	struct giving giving = { .each = each, .state = state, .why = why };

	narrow(filter, &range);
	return run(request, &range, &giving);
}

static enum err get(struct request *request, const struct str *keys, size_t n, list_each each,
	void *state, struct why *why)
{
	for (size_t i = 0; i < n; i++) {
		struct walk_range range = {
			.low = keys[i], .high = keys[i], .tlp = request->audience.tlp
		};
		struct giving giving = { .each = each, .state = state, .why = why };

		TRY(run(request, &range, &giving));
		if (giving.is_stopped)
			break;
	}
	return OK;
}

const struct list indicators_list = {
	.name = "indicators",
	.columns = columns,
	.column_count = ARRAY_LEN(columns),
	.fields = &fields,
	.field_columns = field_columns,
	.walk = walk,
	.get = get,
};

enum err serve_indicators(struct request *request, struct why *why)
{
	return list_answer(request, &indicators_list, why);
}
