/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/list_int.h"

static void cell_json(struct json_writer *json, enum column_type type, const struct cell *cell)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	if (cell->is_null) {
		json_put_null(json);
	} else if (type == COLUMN_TEXT) {
		json_put_str(json, cell->text);
	} else if (type == COLUMN_NUMBER) {
		json_put_i64(json, cell->number);
	} else if (type == COLUMN_FLAG) {
		json_put_bool(json, cell->number != 0);
	} else if (type == COLUMN_TIME) {
		time_format(&text, cell->number);
		json_put_str(json, buf_view(&text));
	} else {
		json_array_begin(json);
		for (size_t i = 0; i < cell->word_count; i++)
			json_put_str(json, cell->words[i]);
		json_array_end(json);
	}
}

void list_row_json(
	const struct list_query *query, struct json_writer *json, const struct list_row *row)
{
	json_object_begin(json);
	for (size_t i = 0; i < query->list->column_count; i++) {
		if ((query->shown >> i & 1) == 0)
			continue;
		json_key(json, query->list->columns[i].name);
		cell_json(json, query->list->columns[i].type, &row->cells[i]);
	}
	json_object_end(json);
}

/* Words of a list stand in one field with spaces between: no word has one. */
static void cell_text(struct buf *out, enum column_type type, const struct cell *cell)
{
	if (cell->is_null)
		return;
	if (type == COLUMN_TEXT)
		buf_str(out, cell->text);
	else if (type == COLUMN_TIME)
		time_format(out, cell->number);
	else if (type != COLUMN_WORDS)
		buf_i64(out, cell->number);
	for (size_t i = 0; type == COLUMN_WORDS && i < cell->word_count; i++) {
		if (i > 0)
			buf_byte(out, ' ');
		buf_str(out, cell->words[i]);
	}
}

static void row_csv(const struct list_query *query, struct buf *out, const struct list_row *row)
{
	struct csv_writer csv = { .out = out, .guard_formulas = true };
	CLEANUP(buf_done) struct buf text = { 0 };

	for (size_t i = 0; i < query->list->column_count; i++) {
		if ((query->shown >> i & 1) == 0)
			continue;
		buf_clear(&text);
		cell_text(&text, query->list->columns[i].type, &row->cells[i]);
		csv_put_field(&csv, buf_view(&text));
	}
	csv_record_end(&csv);
}

void list_row_line(const struct list_query *query, struct buf *out, const struct list_row *row)
{
	struct json_writer json = json_writer_on(out);

	if (query->format == LIST_CSV) {
		row_csv(query, out, row);
		return;
	}
	list_row_json(query, &json, row);
	if (query->format == LIST_NDJSON)
		json_line_end(&json);
}

void list_head_line(const struct list_query *query, struct buf *out)
{
	struct csv_writer csv = { .out = out };

	for (size_t i = 0; i < query->list->column_count; i++) {
		if ((query->shown >> i & 1) != 0)
			csv_put_field(&csv, str_c(query->list->columns[i].name));
	}
	csv_record_end(&csv);
}

/* ---- what the filter sees of a row ---- */

struct seen {
	const struct list *list;
	const struct list_row *row;
};

static bool value_of_words(const struct filter_field *field, const struct cell *cell, size_t i,
	struct filter_value *out)
{
	if (i >= cell->word_count)
		return false;
	out->text_low = cell->words[i];
	/* a word that the field does not know equals none that it does */
	if (field->kind == FILTER_WORD && !field->word(cell->words[i], &out->low))
		out->low = INT64_MIN;
	return true;
}

static bool value_of(
	const void *state, const struct filter_field *field, size_t i, struct filter_value *out)
{
	const struct seen *seen = state;
	size_t at = (size_t)(field - seen->list->fields->rows);
	uint8_t column = seen->list->field_columns[at];

	if (column == LIST_FIELD_KEY) {
		out->text_low = seen->row->key;
		return i == 0;
	}

	const struct cell *cell = &seen->row->cells[column];

	if (seen->list->columns[column].type == COLUMN_WORDS)
		return value_of_words(field, cell, i, out);
	out->text_low = cell->text;
	out->low = cell->number;
	if (field->kind == FILTER_WORD && seen->list->columns[column].type == COLUMN_TEXT &&
		!field->word(cell->text, &out->low))
		out->low = INT64_MIN;
	return i == 0 && !cell->is_null;
}

bool list_row_matches(
	const struct list *list, const struct filter *filter, const struct list_row *row)
{
	struct seen seen = { list, row };
	struct filter_row seen_row = { value_of, &seen };

	return filter_matches(filter, &seen_row);
}
