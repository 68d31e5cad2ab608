/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/intake.h"

#include "base/clock.h"
#include "base/json_read.h"
#include "net/special.h"

enum {
	/* wider prefixes in a feed are a mistake: no single network is that large */
	WIDEST_V4 = 8,
	WIDEST_V6 = 16
};
#define DOCUMENT_BYTES_MAX ((uint64_t)256 << 20)

static struct claim claim_of(const struct indicator *indicator, const struct intake_facts *facts)
{
	return (struct claim){
		.indicator = *indicator,
		.role = facts->role,
		.category = facts->category,
		.tlp = facts->tlp,
		.confidence = facts->confidence,
		.count = facts->count,
		.first_seen_s = facts->first_seen_s,
		.last_seen_s = facts->last_seen_s,
		.reference = facts->reference,
	};
}

static void octets_mark(struct feed_intake *intake)
{
	const struct special *rows;
	size_t n = special_rows(&rows);

	for (size_t i = 0; i < n; i++) {
		struct ipaddr last = prefix_last(&rows[i].prefix);

		if (!prefix_is_v4(&rows[i].prefix))
			continue;
		for (unsigned octet = rows[i].prefix.address.bytes[12]; octet <= last.bytes[12];
			octet++)
			intake->octet_is_special[octet] = true;
	}
}

void intake_start(struct feed_intake *intake, const struct feed_definition *definition,
	const struct feed_mapping *mapping, const struct feed_sink *sink,
	struct feed_report *report, struct feed_input *input)
{
	*intake = (struct feed_intake){
		.definition = definition,
		.mapping = mapping,
		.sink = sink,
		.report = report,
		.input = input,
	};
	octets_mark(intake);

	struct intake_facts facts = intake_facts(intake);
	struct claim claim = claim_of(&(struct indicator){ .kind = INDICATOR_IP }, &facts);

	intake->plain_row = claim_row_of_facts(&claim);
}

void intake_done(struct feed_intake *intake)
{
	claim_batch_done(&intake->batch);
	arena_done(&intake->arena);
	buf_done(&intake->url_text);
	buf_done(&intake->refanged);
	json_reader_free(&intake->json);
}

static void batch_send(struct feed_intake *intake)
{
	struct feed_report *report = intake->report;
	size_t before = intake->batch.n;

	if (before == 0 || intake->sink_code != OK) {
		claim_batch_clear(&intake->batch);
		return;
	}
	claim_batch_sort(&intake->batch);
	report->duplicates += before - intake->batch.n;
	report->rows += intake->batch.n;
	intake->sink_code =
		intake->sink->batch(intake->sink->state, &intake->batch, &intake->sink_why);
	report->sink_errors += intake->sink_code != OK;
	claim_batch_clear(&intake->batch);
	if (intake->sink->progress != NULL)
		intake->sink->progress(intake->sink->state, input_bytes_read(intake->input),
			input_bytes_total(intake->input), report->accepted);
}

static enum err sink_check(const struct feed_intake *intake, struct why *why)
{
	if (intake->sink_code != OK && why != NULL)
		*why = intake->sink_why;
	return intake->sink_code;
}

enum err intake_flush(struct feed_intake *intake, struct why *why)
{
	batch_send(intake);
	return sink_check(intake, why);
}

struct intake_facts intake_facts(const struct feed_intake *intake)
{
	const struct feed_definition *definition = intake->definition;

	return (struct intake_facts){
		.role = definition->role,
		.category = definition->category,
		.tlp = definition->tlp,
		.confidence = definition->confidence,
		.count = 1,
	};
}

enum err intake_next_raw_line(
	struct feed_intake *intake, struct str *line, bool *more, struct why *why)
{
	for (;;) {
		struct input_line next;

		TRY(sink_check(intake, why));
		TRY(input_next_line(intake->input, &next, more, why));
		if (!*more)
			return OK;
		intake->line++;
		intake->report->lines++;
		if (!next.is_too_long) {
			*line = next.text;
			return OK;
		}
		intake_refuse(intake, REFUSED_TOO_LONG, next.text);
	}
}

enum err intake_next_lines(struct feed_intake *intake, struct str *lines, struct why *why)
{
	TRY(sink_check(intake, why));
	return input_next_lines(intake->input, lines, why);
}

enum err intake_next_line(struct feed_intake *intake, struct str *line, bool *more, struct why *why)
{
	TRY(intake_next_raw_line(intake, line, more, why));
	if (*more)
		*line = str_trim(*line);
	return OK;
}

enum err intake_document(struct feed_intake *intake, struct buf *out, struct why *why)
{
	buf_clear(out);
	return input_read_all(intake->input, DOCUMENT_BYTES_MAX, out, why);
}

void intake_refuse(struct feed_intake *intake, enum refusal refusal, struct str shown)
{
	feed_report_refuse(intake->report, refusal, intake->line, shown);
}

void intake_claim(struct feed_intake *intake, const struct indicator *indicator,
	const struct intake_facts *facts)
{
	struct claim claim = claim_of(indicator, facts);

	claim_batch_add(&intake->batch, &claim);
	if (claim_batch_is_full(&intake->batch))
		batch_send(intake);
}

bool intake_refuses_special(const struct feed_intake *intake, const struct prefix *prefix)
{
	if (intake->definition->rules.allow_special_purpose ||
		(prefix_is_v4(prefix) && !intake->octet_is_special[prefix->address.bytes[12]]))
		return false;

	const struct special *special = special_within(prefix);

	return special != NULL && !special->is_global;
}

/* REFUSAL_COUNT when nothing speaks against the prefix. */
static enum refusal prefix_refusal(const struct feed_intake *intake, const struct prefix *prefix)
{
	bool v4 = prefix_is_v4(prefix);

	if (!intake_expects(intake, FEED_HOLDS_IP))
		return REFUSED_UNEXPECTED_KIND;
	if (prefix_width(prefix) < (v4 ? WIDEST_V4 : WIDEST_V6))
		return REFUSED_TOO_WIDE;
	if (intake_refuses_special(intake, prefix))
		return REFUSED_SPECIAL_PURPOSE;
	return REFUSAL_COUNT;
}

bool intake_prefix(struct feed_intake *intake, const struct prefix *prefix,
	const struct intake_facts *facts, struct str shown)
{
	enum refusal refusal = prefix_refusal(intake, prefix);

	if (refusal != REFUSAL_COUNT) {
		intake_refuse(intake, refusal, shown);
		return false;
	}
	intake_claim(intake, &(struct indicator){ .kind = INDICATOR_IP, .prefix = *prefix }, facts);
	intake->report->accepted++;
	return true;
}

bool intake_prefix_plain(struct feed_intake *intake, const struct prefix *prefix, struct str shown)
{
	enum refusal refusal = prefix_refusal(intake, prefix);

	if (refusal != REFUSAL_COUNT) {
		intake_refuse(intake, refusal, shown);
		return false;
	}
	claim_batch_add_prefix(&intake->batch, prefix, &intake->plain_row);
	if (claim_batch_is_full(&intake->batch))
		batch_send(intake);
	intake->report->accepted++;
	return true;
}

bool intake_range(struct feed_intake *intake, const struct ip_range *range,
	const struct intake_facts *facts, struct str shown)
{
	struct prefix prefixes[RANGE_PREFIXES_MAX];
	size_t n = ip_range_to_prefixes(range, prefixes);

	for (size_t i = 0; i < n; i++) {
		enum refusal refusal = prefix_refusal(intake, &prefixes[i]);

		if (refusal != REFUSAL_COUNT) {
			intake_refuse(intake, refusal, shown);
			return false;
		}
	}
	for (size_t i = 0; i < n; i++)
		intake_claim(intake,
			&(struct indicator){ .kind = INDICATOR_IP, .prefix = prefixes[i] }, facts);
	intake->report->accepted++;
	return true;
}

void intake_time(struct feed_intake *intake, struct str text, int64_t *out)
{
	text = str_trim(text);
	if (text.n == 0 || str_eq(text, STR("-")))
		return;
	if (!time_parse(text, out)) {
		*out = 0;
		intake->report->times_unread++;
	}
}

static bool category_word(const struct feed_mapping *mapping, struct str word, enum category *out)
{
	for (size_t i = 0; i < mapping->word_n; i++) {
		if (str_eq_nocase(mapping->words[i].word, word)) {
			*out = mapping->words[i].category;
			return true;
		}
	}
	return category_parse(word, out);
}

bool intake_category(
	struct feed_intake *intake, struct str word, struct intake_facts *facts, struct str shown)
{
	enum category category;

	word = str_trim(word);
	if (word.n == 0)
		return true;
	if (!category_word(intake->mapping, word, &category)) {
		intake_refuse(intake, REFUSED_CATEGORY, shown);
		return false;
	}
	if (category == CATEGORY_NONE) {
		intake_refuse(intake, REFUSED_KIND, shown);
		return false;
	}
	if (category != intake->definition->category)
		facts->role = (enum role)category_info(category)->usual_role;
	facts->category = category;
	return true;
}
