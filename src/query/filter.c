/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/filter.h"
#include "query/filter_int.h"

/* The text being read. */
struct reader {
	struct str text;
	size_t at;
	const struct filter_fields *fields;
	int64_t now_s;
	struct arena *arena;
	struct filter_term terms[FILTER_TERMS_MAX];
	struct filter_value values[FILTER_VALUES_MAX];
	size_t term_count;
	size_t value_count;
	struct filter_fault *fault;
	struct why *why;
};

static const struct {
	const char *text; /* the longer ones first */
	enum filter_relation relation;
} relations[] = {
	{ ">=", FILTER_AT_LEAST },
	{ "<=", FILTER_AT_MOST },
	{ "!=", FILTER_IS_NOT },
	{ ">", FILTER_ABOVE },
	{ "<", FILTER_BELOW },
	{ ":", FILTER_IS },
	{ "=", FILTER_IS },
};

static enum err refuse(
	const struct reader *reader, enum err code, size_t from, size_t n, const char *expected)
{
	struct filter_fault ignored;
	struct filter_fault *fault = reader->fault == NULL ? &ignored : reader->fault;
	struct str found = str_first(str_from_index(reader->text, from), n == 0 ? 1 : n);

	*fault = (struct filter_fault){ .from = from, .n = found.n };
	(void)snprintf(fault->expected, sizeof fault->expected, "%s", expected);
	if (found.n == 0)
		why_set(reader->why, code, 0, "character %zu: expected %s", from + 1, expected);
	else
		why_set(reader->why, code, 0, "character %zu: expected %s, found \"%.*s\"",
			from + 1, expected, STR_FMT(str_first(found, 40)));
	return code;
}

static char reader_peek(const struct reader *reader)
{
	return reader->at < reader->text.n ? reader->text.p[reader->at] : '\0';
}

static bool is_word_end(char c, bool bar_ends)
{
	return byte_is_space(c) || (bar_ends && c == '|');
}

/* A run up to white space (and up to a bar in lists of values). */
static struct str reader_run(const struct reader *reader, bool bar_ends)
{
	struct str rest = str_from_index(reader->text, reader->at);
	size_t n = 0;

	while (n < rest.n && !is_word_end(rest.p[n], bar_ends))
		n++;
	return str_first(rest, n);
}

/* A text in double quotes; the reader stands on the first one. */
static enum err read_quoted(struct reader *reader, struct str *out)
{
	size_t start = reader->at++;
	char *copy = arena_alloc(reader->arena, reader->text.n - start);
	size_t n = 0;

	while (reader->at < reader->text.n && reader->text.p[reader->at] != '"') {
		if (reader->text.p[reader->at] == '\\') {
			char next = '\0';

			if (reader->at + 1 < reader->text.n)
				next = reader->text.p[reader->at + 1];
			if (next != '"' && next != '\\')
				return refuse(reader, ERR_SYNTAX, reader->at, 2,
					"\\\" or \\\\ in a quoted text");
			reader->at++;
		}
		copy[n++] = reader->text.p[reader->at++];
	}
	if (reader->at == reader->text.n)
		return refuse(reader, ERR_SYNTAX, reader->at, 0, "a closing quote");
	reader->at++;
	*out = str_from(copy, n);
	if (reader->at < reader->text.n && !is_word_end(reader->text.p[reader->at], true))
		return refuse(reader, ERR_SYNTAX, reader->at, 1, "a space behind the quote");
	return OK;
}

/* One value behind an operator, converted by the field's kind. */
static enum err read_value(
	struct reader *reader, const struct filter_field *field, enum filter_relation relation)
{
	size_t start = reader->at;
	char expected[160];
	struct str text;

	if (reader_peek(reader) == '"') {
		TRY(read_quoted(reader, &text));
	} else {
		text = reader_run(reader, relation == FILTER_IS || relation == FILTER_IS_NOT);
		reader->at += text.n;
		if (memchr(text.p, '"', text.n) != NULL)
			return refuse(reader, ERR_SYNTAX, start + str_find(text, '"'), 1,
				"quotes around the whole value");
	}
	if (text.n == 0)
		return refuse(reader, ERR_SYNTAX, start, reader->at - start, "a value");
	if (reader->value_count == FILTER_VALUES_MAX)
		return refuse(reader, ERR_LIMIT, start, text.n, "at most 24 values");
	if (!filter_value_parse(field, relation, text, reader->now_s, reader->arena,
		    &reader->values[reader->value_count], expected, sizeof expected))
		return refuse(reader, ERR_SYNTAX, start, reader->at - start, expected);
	reader->value_count++;
	return OK;
}

static enum err add_term(struct reader *reader, const struct filter_field *field, bool negated,
	enum filter_relation relation, size_t start)
{
	size_t first = reader->value_count;

	if (reader->term_count == FILTER_TERMS_MAX)
		return refuse(reader, ERR_LIMIT, start, 1, "at most 16 terms");
	TRY(read_value(reader, field, relation));
	while (reader_peek(reader) == '|') {
		if (relation != FILTER_IS && relation != FILTER_IS_NOT)
			return refuse(
				reader, ERR_SYNTAX, reader->at, 1, "one value behind a comparison");
		reader->at++;
		TRY(read_value(reader, field, relation));
	}
	reader->terms[reader->term_count++] = (struct filter_term){ .field = field,
		.negated = negated != (relation == FILTER_IS_NOT),
		.value_count = reader->value_count - first,
		.values = &reader->values[first] };
	return OK;
}

static bool is_field_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
	       byte_is_digit(c);
}

/* The operator at the head of s, and its length; 0 when there is none. */
static size_t relation_at(struct str s, enum filter_relation *out)
{
	for (size_t i = 0; i < ARRAY_LEN(relations); i++) {
		struct str text = str_c(relations[i].text);

		if (str_starts(s, text)) {
			*out = relations[i].relation;
			return text.n;
		}
	}
	return 0;
}

static const struct filter_field *find_field(const struct filter_fields *fields, struct str name)
{
	for (size_t i = 0; i < fields->n; i++) {
		if (str_eq_nocase(str_c(fields->rows[i].name), name))
			return &fields->rows[i];
	}
	return NULL;
}

static enum err refuse_field(const struct reader *reader, size_t n)
{
	char expected[192];
	size_t used = (size_t)snprintf(expected, sizeof expected, "a field:");

	for (size_t i = 0; i < reader->fields->n && used < sizeof expected; i++)
		used += (size_t)snprintf(expected + used, sizeof expected - used, " %s",
			reader->fields->rows[i].name);
	return refuse(reader, ERR_SYNTAX, reader->at, n, expected);
}

static enum err read_term(struct reader *reader)
{
	size_t start = reader->at;
	bool negated = reader_peek(reader) == '-';
	const struct filter_field *bare = &reader->fields->rows[reader->fields->bare];
	enum filter_relation relation = FILTER_IS;

	if (negated)
		reader->at++;

	struct str run = reader_run(reader, false);
	size_t n = 0;

	if (run.n == 0)
		return refuse(reader, ERR_SYNTAX, reader->at, 0, "a term behind the minus");
	while (n < run.n && is_field_byte(run.p[n]))
		n++;

	size_t skip = n == 0 ? 0 : relation_at(str_from_index(run, n), &relation);

	/* addresses and URLs have colons of their own */
	if (skip == 0 || filter_text_is_bare(run))
		return add_term(reader, bare, negated, FILTER_IS, start);

	const struct filter_field *field = find_field(reader->fields, str_first(run, n));

	if (field == NULL)
		return refuse_field(reader, n);
	reader->at += n + skip;
	return add_term(reader, field, negated, relation, start);
}

enum err filter_parse(struct str text, const struct filter_fields *fields, int64_t now_s,
	struct arena *arena, struct filter *out, struct filter_fault *fault, struct why *why)
{
	struct reader *reader = arena_new(arena, struct reader);

	*reader = (struct reader){ .text = text,
		.fields = fields,
		.now_s = now_s,
		.arena = arena,
		.fault = fault,
		.why = why };
	*out = (struct filter){ 0 };
	if (text.n > FILTER_TEXT_MAX)
		return refuse(reader, ERR_LIMIT, FILTER_TEXT_MAX, 1, "at most 4096 characters");
	while (true) {
		while (reader->at < text.n && byte_is_space(text.p[reader->at]))
			reader->at++;
		if (reader->at == text.n)
			break;
		TRY(read_term(reader));
	}
	*out = (struct filter){ reader->term_count, reader->terms };
	return OK;
}
