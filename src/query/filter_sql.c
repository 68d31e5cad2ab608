/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/filter_sql.h"

void sql_done(struct sql *sql)
{
	buf_done(&sql->text);
	sql->n = 0;
}

static void sql_value(struct sql *sql, enum db_type type, struct db_value value)
{
	must(sql->n < SQL_PARAMETERS_MAX);
	sql->values[sql->n] = value;
	sql->types[sql->n] = type;
	sql->n++;
	buf_byte(&sql->text, '$');
	buf_u64(&sql->text, sql->n);
}

void sql_i64(struct sql *sql, int64_t value)
{
	sql_value(sql, DB_I64, (struct db_value){ .i64 = value });
}

void sql_text(struct sql *sql, struct str value)
{
	sql_value(sql, DB_TEXT, (struct db_value){ .bytes = value });
}

void sql_bytes(struct sql *sql, struct str value)
{
	sql_value(sql, DB_BYTES, (struct db_value){ .bytes = value });
}

void sql_bind(const struct sql *sql, struct db_statement *statement)
{
	for (size_t i = 0; i < sql->n; i++) {
		int index = (int)i + 1;

		if (sql->types[i] == DB_I64)
			db_bind_i64(statement, index, sql->values[i].i64);
		else if (sql->types[i] == DB_TEXT)
			db_bind_text(statement, index, sql->values[i].bytes);
		else
			db_bind_bytes(statement, index, sql->values[i].bytes);
	}
}

/* %part% with the wildcards of LIKE escaped, in lower case (ASCII, as in filter_matches). */
static struct str like_pattern(struct arena *arena, struct str part)
{
	char *pattern = arena_alloc(arena, 2 * part.n + 2);
	size_t n = 0;

	pattern[n++] = '%';
	for (size_t i = 0; i < part.n; i++) {
		if (part.p[i] == '%' || part.p[i] == '_' || part.p[i] == '\\')
			pattern[n++] = '\\';
		pattern[n++] = byte_lower(part.p[i]);
	}
	pattern[n++] = '%';
	return str_from(pattern, n);
}

static void range_to_sql(struct sql *sql, const struct filter_value *value)
{
	if (value->low == value->high) {
		buf_str(&sql->text, STR(" = "));
		sql_i64(sql, value->low);
	} else if (value->high == INT64_MAX) {
		buf_str(&sql->text, STR(" >= "));
		sql_i64(sql, value->low);
	} else if (value->low == INT64_MIN) {
		buf_str(&sql->text, STR(" <= "));
		sql_i64(sql, value->high);
	} else {
		buf_str(&sql->text, STR(" BETWEEN "));
		sql_i64(sql, value->low);
		buf_str(&sql->text, STR(" AND "));
		sql_i64(sql, value->high);
	}
}

static void value_to_sql(const struct filter_field *field, const struct filter_value *value,
	struct arena *arena, struct sql *sql)
{
	buf_fmt(&sql->text, field->kind == FILTER_PART ? "lower(%s)" : "%s", field->before);
	if (field->kind == FILTER_PART) {
		buf_str(&sql->text, STR(" LIKE "));
		sql_text(sql, like_pattern(arena, value->text_low));
		buf_str(&sql->text, STR(" ESCAPE '\\'"));
	} else if (field->kind == FILTER_TEXT) {
		buf_str(&sql->text, STR(" = "));
		sql_text(sql, value->text_low);
	} else if (field->kind == FILTER_WITHIN) {
		buf_str(&sql->text, STR(" BETWEEN "));
		sql_bytes(sql, value->text_low);
		buf_str(&sql->text, STR(" AND "));
		sql_bytes(sql, value->text_high);
	} else {
		range_to_sql(sql, value);
	}
	buf_str(&sql->text, str_c(field->after));
}

void filter_to_sql(const struct filter *filter, struct arena *arena, struct sql *sql)
{
	if (filter->term_count == 0)
		buf_str(&sql->text, STR("1 = 1"));
	for (size_t i = 0; i < filter->term_count; i++) {
		const struct filter_term *term = &filter->terms[i];

		buf_str(&sql->text, i == 0 ? STR("") : STR(" AND "));
		buf_str(&sql->text, term->negated ? STR("NOT (") : STR("("));
		for (size_t k = 0; k < term->value_count; k++) {
			buf_str(&sql->text, k == 0 ? STR("") : STR(" OR "));
			value_to_sql(term->field, &term->values[k], arena, sql);
		}
		buf_byte(&sql->text, ')');
	}
}
