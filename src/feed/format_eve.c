/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Suricata's EVE output, one object per line as it is written live, or an array of them. An alert
 * claims its src_ip; other events claim nothing. The alert's category may be one of the mapping's
 * words; words that are not keep the definition's category.
 */
#include "feed/formats.h"

#include "feed/json_records.h"
#include "feed/lines.h"

static struct str text_at(struct json_node node, const char *key)
{
	struct str text;

	return json_str(json_get(node, key), &text) ? text : STR("");
}

static void category_apply(
	const struct feed_mapping *mapping, struct str word, struct intake_facts *facts)
{
	for (size_t i = 0; i < mapping->word_n; i++) {
		if (str_eq_nocase(mapping->words[i].word, word) &&
			mapping->words[i].category != CATEGORY_NONE)
			facts->category = mapping->words[i].category;
	}
}

static void event_offer(struct feed_intake *intake, struct json_node event)
{
	struct json_node alert = json_get(event, "alert");
	struct intake_facts facts = intake_facts(intake);
	struct str source = text_at(event, "src_ip");

	if (json_type(alert) != JSON_OBJECT) {
		if (json_type(event) == JSON_OBJECT)
			intake_comment(intake);
		else
			intake_refuse(intake, REFUSED_SYNTAX, STR("not an object"));
		return;
	}
	facts.type = TEXT_IP;
	facts.reference = text_at(alert, "signature");
	category_apply(intake->mapping, text_at(alert, "category"), &facts);
	intake_time(intake, text_at(event, "timestamp"), &facts.last_seen_s);
	facts.first_seen_s = facts.last_seen_s;
	if (source.n == 0)
		intake_refuse(intake, REFUSED_EMPTY, STR("an alert without src_ip"));
	else
		intake_offer(intake, source, &facts, source);
}

static enum err array_parse(struct feed_intake *intake, struct why *why)
{
	struct json_node root;
	struct json_node event;

	TRY(json_member(intake, &root, why));

	struct json_iterator each = json_each(root);

	while (json_next(&each, &event)) {
		intake->line++;
		intake->report->lines++;
		event_offer(intake, event);
	}
	return OK;
}

static enum err lines_parse(struct feed_intake *intake, struct why *why)
{
	for (;;) {
		struct json_node root;
		struct str line;
		bool more;

		TRY(intake_next_line(intake, &line, &more, why));
		if (!more)
			return OK;
		if (line.n == 0)
			intake_comment(intake);
		else if (json_document(intake, line, &root, NULL) != OK)
			intake_refuse(intake, REFUSED_JSON, line);
		else
			event_offer(intake, root);
	}
}

enum err eve_parse(struct feed_intake *intake, struct why *why)
{
	struct str head;

	TRY(input_peek(intake->input, &head, why));
	head = str_trim(head);
	return str_starts(head, STR("[")) ? array_parse(intake, why) : lines_parse(intake, why);
}

bool eve_looks(const struct sniff_sample *sample)
{
	return json_looks(sample) && sample_has_key(sample, STR("\"event_type\"")) &&
	       sample_has_key(sample, STR("\"src_ip\""));
}
