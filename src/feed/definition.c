/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/definition.h"

#include "base/clock.h"
#include "evidence/claim.h"
#include "evidence/query.h"
#include "score/score.h"

#include <math.h>

static const struct str columns[] = {
	[COLUMN_INDICATOR] = STR_INIT("indicator"),
	[COLUMN_RANGE_END] = STR_INIT("range_end"),
	[COLUMN_TYPE] = STR_INIT("type"),
	[COLUMN_FIRST_SEEN] = STR_INIT("first_seen"),
	[COLUMN_LAST_SEEN] = STR_INIT("last_seen"),
	[COLUMN_CONFIDENCE] = STR_INIT("confidence"),
	[COLUMN_COUNT_EVENTS] = STR_INIT("count"),
	[COLUMN_REFERENCE] = STR_INIT("reference"),
	[COLUMN_CATEGORY] = STR_INIT("category"),
};
_Static_assert(ARRAY_LEN(columns) == COLUMN_LIMIT, "one word per column");

static const struct str kinds[] = {
	[FEED_FULL_LIST] = STR_INIT("full-list"),
	[FEED_ADDITIONS] = STR_INIT("additions"),
};

struct feed_definition feed_definition_default(struct str name)
{
	return (struct feed_definition){
		.name = name,
		.format = STR("auto"),
		.role = ROLE_SOURCE,
		.category = CATEGORY_UNDETERMINED,
		.tlp = TLP_CLEAR,
		.cadence_s = DAY_S,
		.confidence = CONFIDENCE_UNKNOWN,
		.purpose = PURPOSE_CLAIMS,
		.standing = STANDING_VOUCHED,
	};
}

bool feed_name_is_valid(struct str name)
{
	if (name.n == 0 || name.n > FEED_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!byte_is_digit(c) && !(c >= 'a' && c <= 'z') && (c != '-' || i == 0))
			return false;
	}
	return true;
}

struct str feed_column_name(enum feed_column column)
{
	must((size_t)column < COLUMN_LIMIT);
	return columns[column];
}

bool feed_kind_parse(struct str word, enum feed_kind *out)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (str_eq(kinds[i], word)) {
			*out = (enum feed_kind)i;
			return true;
		}
	}
	return false;
}

struct source_properties feed_properties(const struct feed_definition *feed)
{
	return (struct source_properties){ .family = feed->family,
		.weight = feed->weight > 0 ? feed->weight : (double)NAN,
		.purpose = feed->purpose,
		.rule = feed->rule,
		.standing = feed->standing,
		.traits = feed->traits,
		/* what is not fetched is read when somebody thinks of it: its age says nothing */
		.cadence_s = feed->url.n == 0 ? 0 : feed->cadence_s };
}
