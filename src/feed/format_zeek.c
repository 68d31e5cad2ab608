/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files of Zeek's intelligence framework: tab-separated, with "#fields" in front; "-" says that a
 * field is unset. Indicators of kinds that are none here (mail addresses, user names, certificate
 * hashes) are refused by kind.
 */
#include "feed/formats.h"

#include "feed/lines.h"
#include "feed/record.h"

enum { FIELDS_MAX = 32 };

static const struct {
	struct str name;
	enum feed_column column;
} fields[] = {
	{ STR_INIT("indicator"), COLUMN_INDICATOR },
	{ STR_INIT("indicator_type"), COLUMN_TYPE },
	{ STR_INIT("meta.url"), COLUMN_REFERENCE },
	{ STR_INIT("meta.desc"), COLUMN_REFERENCE },
};

static const struct str mark = STR_INIT("#fields");

struct zeek {
	enum feed_column columns[FIELDS_MAX]; /* COLUMN_LIMIT: not of interest */
	size_t n;
};

static void header_read(struct zeek *zeek, struct str line)
{
	struct str rest = line;

	zeek->n = 0;
	(void)str_split(&rest, '\t');
	while (rest.p != NULL && zeek->n < FIELDS_MAX) {
		struct str name = str_split(&rest, '\t');
		enum feed_column *column = &zeek->columns[zeek->n++];

		*column = COLUMN_LIMIT;
		for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
			if (str_eq(fields[i].name, name))
				*column = fields[i].column;
		}
	}
}

static void data_line(struct feed_intake *intake, const struct zeek *zeek, struct str line)
{
	struct feed_record record = { .shown = line };
	struct str rest = line;

	for (size_t i = 0; i < zeek->n && rest.p != NULL; i++) {
		struct str value = str_split(&rest, '\t');
		struct str *column = &record.columns[zeek->columns[i]];

		if (zeek->columns[i] != COLUMN_LIMIT && column->n == 0 && !str_eq(value, STR("-")))
			*column = value;
	}
	record_offer(intake, &record);
}

enum err zeek_parse(struct feed_intake *intake, struct why *why)
{
	struct zeek zeek = { 0 };

	for (;;) {
		struct str line;
		bool more;

		TRY(intake_next_raw_line(intake, &line, &more, why));
		if (!more)
			return OK;
		if (str_starts(line, mark))
			header_read(&zeek, line);
		if (str_trim(line).n == 0 || line.p[0] == '#')
			intake_comment(intake);
		else if (zeek.n == 0)
			return fail_at(why, ERR_SYNTAX, intake->line,
				"data before the line that begins with #fields");
		else
			data_line(intake, &zeek, line);
	}
}

bool zeek_looks(const struct sniff_sample *sample)
{
	for (size_t i = 0; i < sample->comment_n; i++) {
		struct str comment = sample->comments[i];

		if (str_starts(comment, mark))
			return str_find_str(comment, STR("indicator_type")) < comment.n;
	}
	return false;
}
