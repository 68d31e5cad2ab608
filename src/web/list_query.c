/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/list_int.h"
#include "web/web_int.h"

static size_t find_column(const struct list *list, struct str name)
{
	size_t i = 0;

	while (i < list->column_count && !str_eq(str_c(list->columns[i].name), name))
		i++;
	return i;
}

static void refuse_column(struct request *request, const struct list *list, const char *parameter,
	size_t from, struct str name)
{
	char expected[256];
	size_t used = (size_t)snprintf(expected, sizeof expected, "a column:");
	struct why why = { 0 };

	for (size_t i = 0; i < list->column_count && used < sizeof expected; i++)
		used += (size_t)snprintf(
			expected + used, sizeof expected - used, " %s", list->columns[i].name);
	why_set(&why, ERR_SYNTAX, 0, "%s: no column %.*s", parameter, STR_FMT(str_first(name, 40)));
	problem_at(request, parameter, from, name.n, expected, &why);
}

static bool read_filter(struct request *request, struct list_query *out)
{
	const struct str *text = request_parameter(request, "q");
	struct filter_fault fault;
	struct why why = { 0 };

	if (text == NULL || filter_parse(*text, out->list->fields, request->now_s, &request->arena,
				    &out->filter, &fault, &why) == OK)
		return true;
	problem_at(request, "q", fault.from, fault.n, fault.expected, &why);
	return false;
}

static bool read_sort(struct request *request, struct list_query *out)
{
	const struct str *text = request_parameter(request, "sort");
	struct str name;

	if (text == NULL || text->n == 0)
		return true;
	out->is_sorted = true;
	out->is_descending = text->p[0] == '-';
	name = str_from_index(*text, out->is_descending);
	out->sort_column = find_column(out->list, name);
	if (out->sort_column < out->list->column_count &&
		out->list->columns[out->sort_column].type != COLUMN_WORDS)
		return true;
	refuse_column(request, out->list, "sort", out->is_descending, name);
	return false;
}

static bool read_fields(struct request *request, struct list_query *out)
{
	const struct str *text = request_parameter(request, "fields");

	if (text == NULL) {
		for (size_t i = 0; i < out->list->column_count; i++)
			out->shown |= (uint64_t)!out->list->columns[i].is_extra << i;
		return true;
	}
	for (struct str rest = *text; rest.p != NULL;) {
		struct str name = str_split(&rest, ',');
		size_t column = find_column(out->list, name);

		if (column == out->list->column_count) {
			refuse_column(
				request, out->list, "fields", (size_t)(name.p - text->p), name);
			return false;
		}
		out->shown |= UINT64_C(1) << column;
	}
	return true;
}

static void read_format(const struct request *request, struct list_query *out)
{
	const struct str *format = request_parameter(request, "format");
	struct str accept = request_header(request, "Accept");
	bool is_csv = format != NULL ? str_eq(*format, STR("csv"))
				     : str_find_str(accept, STR("text/csv")) < accept.n;
	bool is_ndjson = format != NULL
				 ? str_eq(*format, STR("ndjson"))
				 : str_find_str(accept, STR("application/x-ndjson")) < accept.n;

	out->format = is_csv ? LIST_CSV : is_ndjson ? LIST_NDJSON : LIST_JSON;
}

/* What belongs to whom: a cursor of one audience is no use to another, whose rows may differ. */
static bool read_cursor(struct request *request, struct list_query *out)
{
	const uint8_t *key = request->web->cursor_key;
	const struct str *text = request_parameter(request, "cursor");
	const struct str *filter = request_parameter(request, "q");
	const struct str *sort = request_parameter(request, "sort");
	struct str list =
		arena_fmt(&request->arena, "%s %d", out->list->name, (int)request->audience.tlp);
	uint64_t query = cursor_query(
		key, list, filter == NULL ? STR("") : *filter, sort == NULL ? STR("") : *sort);
	struct why why = { 0 };

	out->cursor = (struct cursor){ .query = query, .as_of_s = request->now_s };
	if (text == NULL)
		return true;
	out->has_cursor = true;
	if (cursor_decode(key, *text, query, &request->arena, &out->cursor, &why) == OK)
		return true;
	problem_at(request, "cursor", 0, text->n, "the cursor of the page before", &why);
	return false;
}

bool list_query_read(struct request *request, const struct list *list, struct list_query *out)
{
	*out = (struct list_query){ .list = list };
	out->limit = (size_t)request_number(request, "limit", LIST_LIMIT);
	read_format(request, out);
	return read_filter(request, out) && read_sort(request, out) && read_fields(request, out) &&
	       read_cursor(request, out);
}
