/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every format: the first byte chooses it (or "auto"), the second the definition's rules, the rest
 * is the list. Whatever is claimed has a canonical key and is allowed; what is counted adds up; a
 * document that is refused claims nothing.
 */
#include "fuzz/fuzz.h"

#include "feed/format.h"
#include "feed/read.h"

enum {
	RULE_SPECIAL = 1,
	RULE_MASK = 2,
	RULE_BELOW = 4,
	RULE_MAPPED = 8,
	RULE_THRESHOLD = 16,
	RULE_GUARD = 32,
	RULE_ROUTES = 64
};

struct seen {
	struct arena arena;
	const struct feed_definition *definition;
	uint64_t rows;
};

static enum err batch_check(void *state, struct claim_batch *batch, struct why *why)
{
	struct seen *seen = state;
	struct claim claim;

	(void)why;
	must(batch->n > 0 && batch->n <= CLAIM_BATCH_MAX);
	seen->rows += batch->n;
	for (size_t i = 0; i < batch->n; i++) {
		CLEANUP(buf_done) struct buf key = { 0 };
		const struct claim_row *row = &batch->rows[i];

		must(claim_from_row(batch, row, &seen->arena, &claim, NULL) == OK);
		indicator_key(&key, &claim.indicator);
		must(str_eq(buf_view(&key), claim_row_key(batch, row)));
		if (i > 0)
			must(str_cmp(claim_row_key(batch, row - 1), buf_view(&key)) <= 0);
		if (claim.indicator.kind == INDICATOR_IP)
			must(prefix_width(&claim.indicator.prefix) >= 8);
		if (seen->definition->purpose == PURPOSE_ROUTES)
			must(claim.indicator.kind == INDICATOR_IP);
		if (seen->definition->purpose != PURPOSE_GUARD)
			must(claim.indicator.kind != INDICATOR_PATTERN);
		must(claim.tlp >= seen->definition->tlp);
	}
	arena_reset(&seen->arena);
	return OK;
}

static struct feed_definition definition_of(uint8_t format, uint8_t rules)
{
	struct feed_definition definition = feed_definition_default(STR("fuzz"));

	if (format < feed_format_count())
		definition.format = feed_format_at(format)->name;
	definition.rules.allow_special_purpose = (rules & RULE_SPECIAL) != 0;
	definition.rules.names_below = (rules & RULE_BELOW) != 0;
	definition.rules.threshold = (rules & RULE_THRESHOLD) != 0 ? 3 : 0;
	if ((rules & RULE_GUARD) != 0)
		definition.purpose = PURPOSE_GUARD;
	else if ((rules & RULE_ROUTES) != 0)
		definition.purpose = PURPOSE_ROUTES;
	if ((rules & RULE_MASK) != 0)
		definition.rules.ip = (struct ip_rules){ HOST_BITS_MASK, ZERO_PADDED_DECIMAL };
	if ((rules & RULE_MAPPED) != 0) {
		definition.mapping.columns[COLUMN_INDICATOR] = STR("a.b|2|ip");
		definition.mapping.columns[COLUMN_LAST_SEEN] = STR("c|3");
		definition.mapping.columns[COLUMN_CONFIDENCE] = STR("d|4");
		definition.mapping.records = STR("x[].y[]+,{},entry");
		definition.mapping.metadata = STR("type");
	}
	return definition;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(input_close) struct feed_input *input = NULL;
	struct feed_report report;
	struct why why = { 0 };

	if (size < 2)
		return 0;

	struct feed_definition definition = definition_of(data[0], data[1]);
	struct seen seen = { .definition = &definition };
	struct feed_sink sink = { &seen, batch_check, NULL };
	struct str text = str_from((const char *)data + 2, size - 2);
	const struct feed_format *format = feed_format_find(definition.format);

	if (input_open_memory(text, STR("fuzz"), NULL, &input, &why) != OK) {
		must(why.text[0] != '\0');
		return 0;
	}

	enum err code = feed_read(&definition, input, &sink, &report, &why);

	must(code == OK || why.text[0] != '\0');
	must(report.rows == seen.rows && report.sink_errors == 0);
	/* one refused document of one: nothing of it was claimed */
	if (code != OK && format != NULL && format->kind == FORMAT_DOCUMENT &&
		!str_eq(format->name, STR("eve")) && !input_is_archive(input))
		must(seen.rows == 0);
	if (code == OK && format != NULL && str_eq(format->name, STR("plain")))
		must(input_is_archive(input) ||
			report.lines ==
				report.comments + report.accepted + feed_report_refused(&report));
	arena_done(&seen.arena);
	return 0;
}
