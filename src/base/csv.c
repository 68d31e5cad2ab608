/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/csv.h"

static const struct csv_rules plain_rules = { 0 };

static char separator_of(char separator)
{
	return separator == '\0' ? ',' : separator;
}

/*
 * The end of the quoted part that starts at text[start] (a quote): the index behind the closing
 * quote, or 0 when it is not closed. *doubled tells whether quotes stand twice within.
 */
static size_t quoted_end(struct str text, size_t start, bool *doubled)
{
	size_t i = start + 1;

	*doubled = false;
	for (;;) {
		i += str_find(str_from_index(text, i), '"');
		if (i >= text.n)
			return 0;
		if (i + 1 >= text.n || text.p[i + 1] != '"')
			return i + 1;
		*doubled = true;
		i += 2;
	}
}

/*
 * Where the record at the head of text ends (the index of its LF, or text.n), when it holds quoted
 * fields; false when a quote is not closed in text.
 */
static bool quoted_record_end(struct str text, char separator, size_t *end)
{
	size_t i = 0;
	bool doubled;

	for (;;) {
		if (i < text.n && text.p[i] == '"') {
			i = quoted_end(text, i, &doubled);
			if (i == 0)
				return false;
		}
		while (i < text.n && text.p[i] != separator && text.p[i] != '\n')
			i++;
		if (i >= text.n || text.p[i] == '\n') {
			*end = i;
			return true;
		}
		i++;
	}
}

static uint64_t count_line_ends(struct str s)
{
	uint64_t n = 0;

	for (size_t i = 0; (i += str_find(str_from_index(s, i), '\n')) < s.n; i++)
		n++;
	return n;
}

bool csv_next_record(struct str *rest, const struct csv_rules *rules, bool is_end,
	struct str *record, uint64_t *lines)
{
	size_t end = str_find(*rest, '\n');

	if (rules == NULL)
		rules = &plain_rules;
	if (rest->n == 0)
		return false;
	if (!rules->no_quotes && str_find(str_first(*rest, end), '"') < end) {
		struct str window = str_first(*rest, CSV_RECORD_MAX);
		size_t line_end = end;

		if (!quoted_record_end(window, separator_of(rules->separator), &end)) {
			if (!is_end && window.n < CSV_RECORD_MAX)
				return false;
			end = line_end;
		} else if (end == window.n && window.n < rest->n) {
			end = line_end; /* longer than any record may be */
		}
	}
	if (end == rest->n && !is_end)
		return false;
	*record = str_first(*rest, end);
	if (lines != NULL)
		*lines += count_line_ends(*record) + 1;
	*rest = str_from_index(*rest, end + 1);
	if (record->n > 0 && record->p[record->n - 1] == '\r')
		record->n--;
	return true;
}

struct csv_fields csv_fields_of(
	struct str record, const struct csv_rules *rules, struct arena *arena)
{
	return (struct csv_fields){ record, rules == NULL ? &plain_rules : rules, arena, false };
}

/* quoted without its outer quotes; doubled quotes inside become one. */
static struct str undouble(struct arena *arena, struct str quoted)
{
	char *copy = arena_alloc(arena, quoted.n);
	size_t n = 0;

	for (size_t i = 0; i < quoted.n; i++) {
		copy[n++] = quoted.p[i];
		if (quoted.p[i] == '"')
			i++;
	}
	return str_from(copy, n);
}

enum err csv_next_field(struct csv_fields *fields, struct str *field, bool *found, struct why *why)
{
	struct str rest = fields->rest;
	char separator = separator_of(fields->rules->separator);
	size_t end;

	*found = !fields->ended;
	if (fields->ended)
		return OK;
	if (rest.n > 0 && rest.p[0] == '"' && !fields->rules->no_quotes) {
		bool doubled;

		end = quoted_end(rest, 0, &doubled);
		fields->ended = true; /* unless all goes well */
		if (end == 0)
			return fail(why, ERR_SYNTAX, "a quote is not closed");
		if (end < rest.n && rest.p[end] != separator)
			return fail(why, ERR_SYNTAX, "text behind a closing quote");
		*field = str_from(rest.p + 1, end - 2);
		if (doubled)
			*field = undouble(fields->arena, *field);
	} else {
		end = str_find(rest, separator);
		*field = str_first(rest, end);
	}
	fields->ended = end == rest.n;
	fields->rest = str_from_index(rest, end + 1);
	return OK;
}

enum err csv_split(struct str record, const struct csv_rules *rules, struct arena *arena,
	struct str *fields, size_t max, size_t *n, struct why *why)
{
	struct csv_fields it = csv_fields_of(record, rules, arena);
	struct str field;
	bool found;

	*n = 0;
	for (;;) {
		TRY(csv_next_field(&it, &field, &found, why));
		if (!found)
			return OK;
		if (*n == max)
			return fail(why, ERR_LIMIT, "more than %zu fields", max);
		fields[(*n)++] = field;
	}
}

static bool needs_quotes(struct str value, char separator)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == separator || c == '"' || c == '\n' || c == '\r')
			return true;
	}
	/* spreadsheets trim */
	return value.n > 0 && (value.p[0] == ' ' || value.p[value.n - 1] == ' ');
}

static bool is_formula(struct str value)
{
	static const struct str starts = STR_INIT("=+-@\t\r\n");

	return value.n > 0 && str_find(starts, value.p[0]) < starts.n;
}

static void before_field(struct csv_writer *csv, bool is_empty)
{
	if (csv->fields > 0)
		buf_byte(csv->out, separator_of(csv->separator));
	csv->is_lone_empty = is_empty && csv->fields == 0;
	csv->fields++;
}

void csv_put_field(struct csv_writer *csv, struct str value)
{
	bool guard = csv->guard_formulas && is_formula(value);

	before_field(csv, value.n == 0);
	if (!guard && !needs_quotes(value, separator_of(csv->separator))) {
		buf_str(csv->out, value);
		return;
	}
	buf_byte(csv->out, '"');
	if (guard)
		buf_byte(csv->out, '\'');
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"')
			buf_byte(csv->out, '"');
		buf_byte(csv->out, value.p[i]);
	}
	buf_byte(csv->out, '"');
}

void csv_put_u64(struct csv_writer *csv, uint64_t value)
{
	before_field(csv, false);
	buf_u64(csv->out, value);
}

void csv_record_end(struct csv_writer *csv)
{
	must(csv->fields > 0);
	/* else it would be an empty line */
	if (csv->is_lone_empty)
		buf_str(csv->out, STR("\"\""));
	buf_str(csv->out, STR("\r\n"));
	csv->fields = 0;
}
