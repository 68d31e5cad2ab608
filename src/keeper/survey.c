/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/survey.h"

#include "evidence/query.h"

static const struct str findings[SURVEY_FINDINGS] = {
	[SURVEY_GOOD] = STR_INIT("good"),
	[SURVEY_EMPTY] = STR_INIT("empty"),
	[SURVEY_FEW] = STR_INIT("few"),
	[SURVEY_SHRUNKEN] = STR_INIT("shrunken"),
	[SURVEY_MANY] = STR_INIT("many"),
	[SURVEY_SWOLLEN] = STR_INIT("swollen"),
	[SURVEY_GUARDED] = STR_INIT("guarded"),
};

struct str survey_finding_name(enum survey_finding finding)
{
	must((unsigned)finding < SURVEY_FINDINGS);
	return findings[finding];
}

static bool is_empty(const struct survey *survey, const struct feed_definition *definition)
{
	(void)definition;
	return survey->accepted == 0 && survey->last.accepted > 0;
}

static bool is_few(const struct survey *survey, const struct feed_definition *definition)
{
	return survey->accepted < definition->expected_min;
}

/* As doubles: the numbers are the parser's word, and no word of its may overflow. */
static bool is_shrunken(const struct survey *survey, const struct feed_definition *definition)
{
	(void)definition;
	return survey->last.accepted >= SURVEY_SHRUNKEN_LEAST &&
	       2.0 * (double)survey->accepted < (double)survey->last.accepted;
}

static bool is_many(const struct survey *survey, const struct feed_definition *definition)
{
	return definition->expected_max != 0 && survey->accepted > definition->expected_max;
}

static bool is_swollen(const struct survey *survey, const struct feed_definition *definition)
{
	double most = SURVEY_SWOLLEN_TIMES * (double)survey->last.accepted + SURVEY_SWOLLEN_MORE;

	return definition->expected_max == 0 && survey->last.run != 0 &&
	       (double)survey->accepted > most;
}

static bool is_guarded(const struct survey *survey, const struct feed_definition *definition)
{
	uint64_t hits = survey->guarded.never + survey->guarded.ask;

	return definition->purpose == PURPOSE_CLAIMS && hits >= SURVEY_GUARDED_LEAST &&
	       (double)hits * 100 >= SURVEY_GUARDED_PERCENT * (double)survey->guarded.rows;
}

/* In the order in which they are asked. */
static const struct {
	enum survey_finding finding;
	bool (*is_so)(const struct survey *survey, const struct feed_definition *definition);
} questions[] = {
	{ SURVEY_EMPTY, is_empty },
	{ SURVEY_FEW, is_few },
	{ SURVEY_SHRUNKEN, is_shrunken },
	{ SURVEY_MANY, is_many },
	{ SURVEY_SWOLLEN, is_swollen },
	{ SURVEY_GUARDED, is_guarded },
};

static void put_guarded(struct buf *why, const struct guarded *guarded)
{
	buf_fmt(why, "guards hold %llu of its %llu indicators",
		(unsigned long long)guarded->never + guarded->ask,
		(unsigned long long)guarded->rows);
	for (size_t i = 0; i < guarded->list_count && i < 3; i++) {
		const struct guarded_list *list = &guarded->lists[i];

		buf_fmt(why, "%s %s (%.*s: %llu)", i == 0 ? "," : " and", list->name,
			STR_FMT(guard_policy_name(list->policy)), (unsigned long long)list->count);
	}
}

static void put_why(struct buf *why, enum survey_finding finding, const struct survey *survey,
	const struct feed_definition *definition)
{
	unsigned long long accepted = survey->accepted;
	unsigned long long last = survey->last.accepted;

	if (finding == SURVEY_GUARDED)
		put_guarded(why, &survey->guarded);
	else if (finding == SURVEY_FEW)
		buf_fmt(why, "it has %llu indicators, fewer than the %llu that are expected",
			accepted, (unsigned long long)definition->expected_min);
	else if (finding == SURVEY_MANY)
		buf_fmt(why, "it has %llu indicators, more than the %llu that are expected",
			accepted, (unsigned long long)definition->expected_max);
	else if (finding != SURVEY_GOOD)
		buf_fmt(why, "it has %llu indicators, the last good one had %llu", accepted, last);
}

enum survey_finding survey_judge(
	const struct survey *survey, const struct feed_definition *definition, struct buf *why)
{
	enum survey_finding finding = SURVEY_GOOD;

	for (size_t i = 0; i < ARRAY_LEN(questions) && finding == SURVEY_GOOD; i++) {
		if (questions[i].is_so(survey, definition))
			finding = questions[i].finding;
	}
	put_why(why, finding, survey, definition);
	return finding;
}

bool survey_is_needed(const struct feed_definition *definition, const struct import_good *last)
{
	return definition->kind == FEED_FULL_LIST &&
	       (definition->purpose == PURPOSE_CLAIMS || last->run != 0 ||
		       definition->expected_min != 0 || definition->expected_max != 0);
}
