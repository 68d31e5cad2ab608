/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Columns: CSV (RFC 4180 and relatives) with any separator. The mapping names columns by number or
 * by the header's words; the header may stand in a comment, as abuse.ch writes it. Without a
 * mapping well-known header words are taken, else the first column that holds an indicator.
 *
 * A record is one line: a quoted field with a line end inside costs its lines.
 */
#include "feed/formats.h"

#include "base/csv.h"
#include "feed/lines.h"
#include "feed/record.h"

enum { FIELDS_MAX = 64, ALTERNATIVES_MAX = 4, NO_COLUMN = -1 };

/* Words by which the columns of public lists go. */
static const struct {
	struct str word;
	enum feed_column column;
} header_words[] = {
	{ STR_INIT("indicator"), COLUMN_INDICATOR },
	{ STR_INIT("ioc"), COLUMN_INDICATOR },
	{ STR_INIT("ioc_value"), COLUMN_INDICATOR },
	{ STR_INIT("value"), COLUMN_INDICATOR },
	{ STR_INIT("ip"), COLUMN_INDICATOR },
	{ STR_INIT("ip_address"), COLUMN_INDICATOR },
	{ STR_INIT("address"), COLUMN_INDICATOR },
	{ STR_INIT("dst_ip"), COLUMN_INDICATOR },
	{ STR_INIT("src_ip"), COLUMN_INDICATOR },
	{ STR_INIT("source ip"), COLUMN_INDICATOR },
	{ STR_INIT("domain"), COLUMN_INDICATOR },
	{ STR_INIT("hostname"), COLUMN_INDICATOR },
	{ STR_INIT("host"), COLUMN_INDICATOR },
	{ STR_INIT("fqdn"), COLUMN_INDICATOR },
	{ STR_INIT("url"), COLUMN_INDICATOR },
	{ STR_INIT("cidr"), COLUMN_INDICATOR },
	{ STR_INIT("prefix"), COLUMN_INDICATOR },
	{ STR_INIT("network"), COLUMN_INDICATOR },
	{ STR_INIT("asn"), COLUMN_INDICATOR },
	{ STR_INIT("start"), COLUMN_INDICATOR },
	{ STR_INIT("end"), COLUMN_RANGE_END },
	{ STR_INIT("type"), COLUMN_TYPE },
	{ STR_INIT("ioc_type"), COLUMN_TYPE },
	{ STR_INIT("indicator_type"), COLUMN_TYPE },
	{ STR_INIT("first_seen"), COLUMN_FIRST_SEEN },
	{ STR_INIT("first_seen_utc"), COLUMN_FIRST_SEEN },
	{ STR_INIT("first seen"), COLUMN_FIRST_SEEN },
	{ STR_INIT("date added"), COLUMN_FIRST_SEEN },
	{ STR_INIT("dateadded"), COLUMN_FIRST_SEEN },
	{ STR_INIT("last_seen"), COLUMN_LAST_SEEN },
	{ STR_INIT("last_seen_utc"), COLUMN_LAST_SEEN },
	{ STR_INIT("last seen"), COLUMN_LAST_SEEN },
	{ STR_INIT("last_online"), COLUMN_LAST_SEEN },
	{ STR_INIT("timestamp"), COLUMN_LAST_SEEN },
	{ STR_INIT("confidence"), COLUMN_CONFIDENCE },
	{ STR_INIT("confidence_level"), COLUMN_CONFIDENCE },
	{ STR_INIT("count"), COLUMN_COUNT_EVENTS },
	{ STR_INIT("attacks"), COLUMN_COUNT_EVENTS },
	{ STR_INIT("reports"), COLUMN_COUNT_EVENTS },
	{ STR_INIT("malware"), COLUMN_REFERENCE },
	{ STR_INIT("reference"), COLUMN_REFERENCE },
	{ STR_INIT("app"), COLUMN_REFERENCE },
};

/* Which field holds what; found once per file. */
struct layout {
	struct csv_rules rules;
	bool by_words; /* runs of white space separate */
	bool is_ready;
	bool holds_asns; /* the header says so */
	int columns[COLUMN_LIMIT][ALTERNATIVES_MAX];
};

static size_t header_word_find(struct str field)
{
	size_t i = 0;

	field = str_trim(field);
	while (i < ARRAY_LEN(header_words) && !str_eq_nocase(header_words[i].word, field))
		i++;
	return i;
}

static struct layout layout_new(const struct feed_intake *intake)
{
	char separator = intake->mapping->separator;
	struct layout layout;

	if (separator == '\0' && intake->own_mapping != NULL)
		separator = intake->own_mapping->separator;
	layout.rules = (struct csv_rules){ separator, separator == '\t' || separator == '|' };
	layout.by_words = separator == ' ';
	layout.is_ready = false;
	layout.holds_asns = false;
	for (size_t i = 0; i < COLUMN_LIMIT; i++) {
		for (size_t j = 0; j < ALTERNATIVES_MAX; j++)
			layout.columns[i][j] = NO_COLUMN;
	}
	return layout;
}

static bool fields_split(const struct layout *layout, struct str line, struct arena *arena,
	struct str *fields, size_t *n)
{
	arena_reset(arena);
	*n = 0;
	if (!layout->by_words)
		return csv_split(line, &layout->rules, arena, fields, FIELDS_MAX, n, NULL) == OK;
	while (*n < FIELDS_MAX && str_next_word(&line, &fields[*n]))
		++*n;
	return true;
}

/* The number of the column that a mapping's word means; NO_COLUMN when the header lacks it. */
static int column_of(struct str word, const struct str *header, size_t n)
{
	uint64_t number;

	if (parse_u64(word, &number))
		return number >= 1 && number <= FIELDS_MAX ? (int)number - 1 : NO_COLUMN;
	for (size_t i = 0; i < n; i++) {
		if (str_eq_nocase(str_trim(header[i]), word))
			return (int)i;
	}
	return NO_COLUMN;
}

static bool mapping_needs_header(const struct feed_mapping *mapping)
{
	for (size_t i = 0; i < COLUMN_LIMIT; i++) {
		struct str rest = mapping->columns[i];

		while (rest.n > 0) {
			uint64_t number;

			if (!parse_u64(str_split(&rest, '|'), &number))
				return true;
		}
	}
	return false;
}

/* True when the header (which may be empty) gives every column of the indicator. */
static bool layout_map(struct layout *layout, const struct feed_mapping *mapping,
	const struct str *header, size_t n)
{
	for (size_t i = 0; i < COLUMN_LIMIT; i++) {
		struct str rest = mapping->columns[i];

		for (size_t j = 0; j < ALTERNATIVES_MAX && rest.n > 0; j++)
			layout->columns[i][j] = column_of(str_split(&rest, '|'), header, n);
	}
	layout->is_ready = layout->columns[COLUMN_INDICATOR][0] != NO_COLUMN;
	return layout->is_ready;
}

/* Nothing is mapped: by well-known words. True when the fields are a header. */
static bool layout_guess(struct layout *layout, const struct str *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t known = header_word_find(fields[i]);

		if (known == ARRAY_LEN(header_words))
			continue;

		int *column = layout->columns[header_words[known].column];

		if (column[0] != NO_COLUMN)
			continue;
		column[0] = (int)i;
		layout->holds_asns =
			layout->holds_asns || str_eq(header_words[known].word, STR("asn"));
	}
	layout->is_ready = layout->columns[COLUMN_INDICATOR][0] != NO_COLUMN;
	return layout->is_ready;
}

/* No header at all: the first column that holds an indicator. */
static void layout_from_data(struct layout *layout, const struct str *fields, size_t n)
{
	size_t i = 0;

	while (i < n && !plain_looks(str_trim(fields[i])))
		i++;
	layout->columns[COLUMN_INDICATOR][0] = i < n ? (int)i : 0;
	layout->is_ready = true;
}

/* The first line of data, or a comment, may settle the layout; true when it is a header. */
static bool layout_learn(struct feed_intake *intake, struct layout *layout,
	const struct str *fields, size_t n, bool is_comment)
{
	const struct feed_mapping *mapping = intake->mapping;

	if (mapping->columns[COLUMN_INDICATOR].n == 0) {
		if (layout_guess(layout, fields, n))
			return true;
		if (!is_comment)
			layout_from_data(layout, fields, n);
		return false;
	}
	if (mapping_needs_header(mapping))
		return layout_map(layout, mapping, fields, n);
	if (is_comment)
		return false;
	(void)layout_map(layout, mapping, NULL, 0);

	int column = layout->columns[COLUMN_INDICATOR][0];

	return column != NO_COLUMN && (size_t)column < n &&
	       header_word_find(fields[column]) < ARRAY_LEN(header_words);
}

static struct str field_of(const struct layout *layout, enum feed_column column,
	const struct str *fields, size_t n, bool *is_missing)
{
	struct str value = STR("");

	for (size_t j = 0; j < ALTERNATIVES_MAX && value.n == 0; j++) {
		int at = layout->columns[column][j];

		if (at == NO_COLUMN)
			break;
		*is_missing = (size_t)at >= n;
		if (!*is_missing)
			value = str_trim(fields[at]);
	}
	return value;
}

static void data_line(struct feed_intake *intake, const struct layout *layout, struct str line,
	const struct str *fields, size_t n)
{
	struct feed_record record = { .shown = line };

	for (size_t i = 0; i < COLUMN_LIMIT; i++) {
		bool is_missing = false;

		record.columns[i] = field_of(layout, (enum feed_column)i, fields, n, &is_missing);
		if (is_missing && i == COLUMN_INDICATOR) {
			intake_refuse(intake, REFUSED_FIELDS, line);
			return;
		}
	}

	struct str indicator = record.columns[COLUMN_INDICATOR];

	/* a header that stands below another one, or between parts */
	if (str_find(indicator, '.') == indicator.n && str_find(indicator, ':') == indicator.n &&
		header_word_find(indicator) < ARRAY_LEN(header_words)) {
		intake_comment(intake);
		return;
	}
	if (layout->holds_asns && record.columns[COLUMN_TYPE].n == 0)
		record.columns[COLUMN_TYPE] = STR("asn");
	record_offer(intake, &record);
}

/* "# first_seen,ip" or "#ip|asn": the header's text, or what stands behind "Format:". */
static struct str comment_header(struct str line)
{
	struct str format = STR("ormat:");
	size_t at = str_find_str(line, format);

	if (at < line.n)
		return str_trim(str_from_index(line, at + format.n));
	while (line.n > 0 && (line.p[0] == '#' || line.p[0] == ';' || line.p[0] == ' '))
		line = str_from_index(line, 1);
	return line;
}

enum err csv_parse(struct feed_intake *intake, struct why *why)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct layout layout = layout_new(intake);
	struct str fields[FIELDS_MAX];
	size_t n;

	for (;;) {
		struct str line;
		bool more;
		bool is_comment;

		/* white space at the ends may be empty fields between tabs */
		TRY(intake_next_raw_line(intake, &line, &more, why));
		if (!more)
			return OK;
		is_comment = line_is_comment(str_trim(line));
		if (is_comment)
			intake_comment(intake);
		if (str_trim(line).n == 0 || (is_comment && layout.is_ready))
			continue;
		if (!fields_split(&layout, is_comment ? comment_header(line) : line, &arena, fields,
			    &n)) {
			if (!is_comment)
				intake_refuse(intake, REFUSED_SYNTAX, line);
			continue;
		}
		if (!layout.is_ready && layout_learn(intake, &layout, fields, n, is_comment)) {
			if (!is_comment)
				intake_comment(intake);
			continue;
		}
		if (is_comment)
			continue;
		if (!layout.is_ready)
			return fail_at(why, ERR_SYNTAX, intake->line,
				"the header lacks the column that the definition maps (%.*s)",
				STR_FMT(intake->mapping->columns[COLUMN_INDICATOR]));
		data_line(intake, &layout, line, fields, n);
	}
}

/* Two lines or more, all with as many separators, one of whose columns is known or an indicator. */
static bool columns_look(const struct sniff_sample *sample, char separator)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct layout layout = { .rules = { separator, separator == '\t' || separator == '|' } };
	struct str fields[FIELDS_MAX];
	size_t n;
	size_t width = 0;
	size_t fitting = 0;
	bool has_indicator = false;

	for (size_t i = 0; i < sample->line_n; i++) {
		if (!fields_split(&layout, sample->lines[i], &arena, fields, &n))
			continue;
		width = width == 0 ? n : width;
		fitting += n == width;
		for (size_t j = 0; j < n && !has_indicator; j++)
			has_indicator = plain_looks(str_trim(fields[j]));
		if (i == 0)
			has_indicator = has_indicator || layout_guess(&layout, fields, n);
	}
	return width > 1 && has_indicator && fitting * 4 >= sample->line_n * 3;
}

bool csv_looks(const struct sniff_sample *sample)
{
	/* one line with a comma may be anything, unless the name says what it is */
	return (sample->line_n > 1 || sniff_name_ends(sample, STR("csv"))) &&
	       columns_look(sample, ',');
}

bool tsv_looks(const struct sniff_sample *sample)
{
	return (sample->line_n > 1 || sniff_name_ends(sample, STR("tsv"))) &&
	       columns_look(sample, '\t');
}
