/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/record.h"

#include "feed/routes.h"

/* "85", "85%", or a fraction "0.85"; false when it is none of them. */
static bool confidence_read(struct str text, int16_t *out)
{
	double value;

	if (str_ends(text, STR("%")))
		text.n--;
	if (!parse_double(text, &value) || value < 0)
		return false;
	if (str_find(text, '.') < text.n && value <= 1)
		value *= 100;
	if (value > 100)
		return false;
	*out = (int16_t)(value + 0.5);
	return true;
}

static void count_read(struct str text, uint32_t *out)
{
	uint64_t value;

	if (parse_u64(text, &value) && value > 0)
		*out = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static void offer_range(struct feed_intake *intake, const struct feed_record *record,
	const struct intake_facts *facts)
{
	const struct ip_rules *rules = &intake->definition->rules.ip;
	struct str first = record->columns[COLUMN_INDICATOR];
	struct str last = record->columns[COLUMN_RANGE_END];
	struct ip_range range;

	if (ip_parse(first, rules, &range.first, NULL) != OK ||
		ip_parse(last, rules, &range.last, NULL) != OK ||
		ip_is_v4(&range.first) != ip_is_v4(&range.last) ||
		ip_cmp(&range.first, &range.last) > 0)
		intake_refuse(intake, REFUSED_RANGE, record->shown);
	else
		intake_range(intake, &range, facts, record->shown);
}

void record_offer(struct feed_intake *intake, const struct feed_record *record)
{
	const struct str *columns = record->columns;
	struct intake_facts facts = intake_facts(intake);
	char space[ROUTE_REFERENCE_MAX];

	facts.below = record->below;
	facts.type = text_type_of(columns[COLUMN_TYPE]);
	/* only names have anything below; an address among them is still an address */
	if (record->below && facts.type == TEXT_ANY)
		facts.type = TEXT_NAME;
	if (!intake_category(intake, columns[COLUMN_CATEGORY], &facts, record->shown))
		return;
	intake_time(intake, columns[COLUMN_FIRST_SEEN], &facts.first_seen_s);
	intake_time(intake, columns[COLUMN_LAST_SEEN], &facts.last_seen_s);
	if (columns[COLUMN_CONFIDENCE].n > 0)
		(void)confidence_read(columns[COLUMN_CONFIDENCE], &facts.confidence);
	count_read(columns[COLUMN_COUNT_EVENTS], &facts.count);
	if (facts.count < intake->definition->rules.threshold) {
		intake_refuse(intake, REFUSED_THRESHOLD, record->shown);
		return;
	}
	facts.reference = columns[COLUMN_REFERENCE];
	if (intake->definition->purpose == PURPOSE_ROUTES &&
		!route_reference(columns[COLUMN_REFERENCE], space, &facts.reference)) {
		intake_refuse(intake, REFUSED_SYNTAX, record->shown);
		return;
	}
	if (columns[COLUMN_RANGE_END].n > 0)
		offer_range(intake, record, &facts);
	else
		intake_offer(intake, columns[COLUMN_INDICATOR], &facts, record->shown);
}
