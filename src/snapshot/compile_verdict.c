/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"
#include "snapshot/compile_int.h"

struct score_claim compile_score_claim(const struct compile_claim *claim)
{
	return (struct score_claim){ .source = claim->source,
		.recent = claim->recent,
		.lasting = claim->lasting,
		.episodes = claim->episodes,
		.role = claim->role,
		.category = claim->category,
		.confidence = claim->confidence,
		.is_listed = claim->is_listed,
		.is_stale = claim->is_stale };
}

void compile_note(const struct rule_match *match, struct score_surroundings *around)
{
	around->is_noted |= match->is_noted;
	around->is_shared |= (match->traits & TRAIT_SHARED) != 0;
	around->is_cloud |= (match->traits & TRAIT_CLOUD) != 0;
}

uint8_t compile_rule_action(enum rule_verdict rule, uint8_t action)
{
	if (rule == RULE_ALLOW)
		return PEHRA_ALLOW;
	if (rule == RULE_BLOCK)
		return PEHRA_BLOCK;
	return rule == RULE_WATCH_AT_MOST && action > PEHRA_WATCH ? (uint8_t)PEHRA_WATCH : action;
}

void compile_judge(const struct scoring *scoring, struct score_input *input,
	const struct rule_match *match, bool is_override, struct compile_found *out)
{
	enum rule_verdict rule = rule_verdict_of(match);

	if (rule == RULE_ALLOW) {
		*out = (struct compile_found){
			.action = PEHRA_ALLOW, .would_be = PEHRA_ALLOW, .only_as_hole = !is_override
		};
		return;
	}
	compile_note(match, &input->around);
	score_of(&scoring->model.score, scoring->sources.rows, &scoring->policy, input, &out->score,
		NULL, 0, NULL);
	out->would_be = out->score.action;
	out->action = compile_rule_action(rule, out->would_be);
	out->is_person = rule == RULE_BLOCK;
	out->only_as_hole = out->action == PEHRA_NONE;
}

static int u16_order(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

/* The distinct sources of the claims, ascending; those beyond the room are left out. */
size_t compile_sources(const struct compile_claim *claims, size_t n, uint16_t *out, size_t max)
{
	size_t count = 0;
	size_t kept = 0;

	for (size_t i = 0; i < n && count < max; i++)
		out[count++] = claims[i].source;
	if (count > 1)
		qsort(out, count, sizeof *out, u16_order);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || out[kept - 1] != out[i])
			out[kept++] = out[i];
	}
	return kept;
}

void compile_verdict(const struct compile_found *found, const struct compile_claim *claims,
	size_t n, struct pehra_verdict *verdict, struct snapshot_detail *detail)
{
	const struct score *score = &found->score;

	*verdict = (struct pehra_verdict){ .action = found->action };
	*detail = (struct snapshot_detail){ 0 };
	if (found->action == PEHRA_ALLOW)
		return;
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		verdict->score[role] = score->value[role];
		verdict->categories |= score->categories[role];
	}
	detail->first_day = UINT16_MAX;
	/* a block stays until its person ends it */
	if (score->until_s != 0 && !found->is_person)
		detail->until_day = compile_day(score->until_s);
	for (size_t i = 0; i < n; i++) {
		if (claims[i].first_day != 0 && claims[i].first_day < detail->first_day)
			detail->first_day = claims[i].first_day;
		if (claims[i].last_day > detail->last_day)
			detail->last_day = claims[i].last_day;
	}
	if (detail->first_day == UINT16_MAX)
		detail->first_day = 0;
}

/* The rule of exactly this indicator; NULL: none. */
static const struct rule_place *place_of(
	const struct scoring *scoring, const struct indicator *indicator)
{
	CLEANUP(buf_done) struct buf key = { 0 };
	const struct rule_place *places;
	size_t low = 0;
	size_t n = scoring->rules == NULL ? 0 : rules_places(scoring->rules, &places);
	size_t high = n;

	if (n == 0)
		return NULL;
	indicator_key(&key, indicator);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_cmp(places[middle].key, buf_view(&key)) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && str_eq(places[low].key, buf_view(&key)) ? &places[low] : NULL;
}

bool compile_is_place(const struct scoring *scoring, const struct indicator *indicator)
{
	return place_of(scoring, indicator) != NULL;
}

enum err compile_one(const struct scoring *scoring, int64_t now_s,
	const struct indicator *indicator, const struct compile_row *rows, size_t n,
	const struct score_surroundings *around, struct arena *arena, struct compile_entry *out,
	struct why *why)
{
	struct compile_claim *claims = arena_array(arena, n, sizeof *claims);
	struct score_claim *scored = arena_array(arena, n, sizeof *scored);
	bool is_ip = indicator->kind == INDICATOR_IP;
	struct score_input input = { .claims = scored,
		.around = *around,
		.prefix = is_ip ? &indicator->prefix : NULL,
		.now_s = now_s };
	const struct rule_place *place = place_of(scoring, indicator);
	struct rule_match match = { 0 };
	struct compile_found found;

	for (size_t i = 0; i < n; i++) {
		TRY(compile_row_check(scoring, &rows[i], why));
		if (compile_row_is_let(scoring, rows[i].key))
			continue;
		claims[input.n] = compile_claim_of(scoring, &rows[i], now_s);
		scored[input.n] = compile_score_claim(&claims[input.n]);
		input.n++;
	}
	if (scoring->rules != NULL)
		rules_match(scoring->rules, indicator, &match);
	compile_judge(scoring, &input, &match, place != NULL && place->is_override, &found);
	compile_verdict(&found, claims, input.n, &out->verdict, &out->detail);
	out->only_as_hole = found.only_as_hole;
	out->sources = arena_array(arena, input.n, sizeof *out->sources);
	out->source_count = found.action == PEHRA_ALLOW
				    ? 0
				    : compile_sources(claims, input.n, out->sources, input.n);
	return OK;
}
