/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "feed/json_records.h"

static uint64_t line_of(struct str text, size_t offset)
{
	uint64_t line = 1;

	for (size_t i = 0; i < offset && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

enum err json_document(
	struct feed_intake *intake, struct str text, struct json_node *root, struct why *why)
{
	struct why reason = { 0 };

	if (intake->json == NULL)
		intake->json = json_reader_new();

	enum err code = json_parse(intake->json, text, root, &reason);

	if (code == OK)
		return OK;

	size_t offset = json_fault_offset(text);

	return fail_at(why, code, line_of(text, offset), "byte %zu of %zu, line %llu: %.160s",
		offset, text.n, (unsigned long long)line_of(text, offset), reason.text);
}

enum err json_member(struct feed_intake *intake, struct json_node *root, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	TRY(intake_document(intake, &text, why));
	return json_document(intake, str_trim(buf_view(&text)), root, why);
}

/* The longest beginning of path that is a key, and so on behind it. */
static struct json_node at_dotted(struct json_node node, struct str path)
{
	size_t end = path.n;

	for (;;) {
		struct json_node value = json_get_str(node, str_first(path, end));

		if (json_type(value) != JSON_ABSENT && end < path.n)
			value = at_dotted(value, str_from_index(path, end + 1));
		if (json_type(value) != JSON_ABSENT)
			return value;

		size_t dot = str_find_last(str_first(path, end), '.');

		if (dot == 0 || dot == end)
			return (struct json_node){ 0 };
		end = dot;
	}
}

struct json_node json_at_path(struct json_node node, struct str path)
{
	while (path.p != NULL && path.n > 0) {
		struct json_node value = at_dotted(node, str_split(&path, '|'));
		enum json_type type = json_type(value);
		struct str text;

		if (type != JSON_ABSENT && type != JSON_NULL &&
			!(json_str(value, &text) && text.n == 0))
			return value;
	}
	return (struct json_node){ 0 };
}

struct str json_text(struct json_node node, struct arena *arena)
{
	struct str text;
	int64_t integer;
	double real;
	bool boolean;

	if (json_str(node, &text))
		return text;
	if (json_i64(node, &integer))
		return arena_fmt(arena, "%lld", (long long)integer);
	if (json_double(node, &real))
		return arena_fmt(arena, "%.3f", real);
	if (json_bool(node, &boolean))
		return boolean ? STR("true") : STR("false");
	return STR("");
}

static void text_record_offer(
	struct feed_intake *intake, const struct feed_record *columns, struct str text)
{
	struct feed_record record = *columns;

	record.columns[COLUMN_INDICATOR] = text;
	record.shown = text;
	record_offer(intake, &record);
}

static void object_offer(struct feed_intake *intake, struct json_node object, bool below)
{
	const struct feed_mapping *mapping = intake->mapping;
	struct feed_record record = { .below = below };
	struct json_node indicator = json_at_path(object, mapping->columns[COLUMN_INDICATOR]);
	struct json_iterator each = json_each(indicator);
	struct json_node value;

	for (size_t i = 0; i < COLUMN_LIMIT; i++) {
		if (mapping->columns[i].n > 0)
			record.columns[i] = json_text(
				json_at_path(object, mapping->columns[i]), &intake->arena);
	}
	if (json_type(indicator) == JSON_ABSENT) {
		intake_refuse(intake, REFUSED_EMPTY, mapping->columns[COLUMN_INDICATOR]);
		return;
	}
	if (json_type(indicator) != JSON_ARRAY) {
		text_record_offer(intake, &record, record.columns[COLUMN_INDICATOR]);
		return;
	}
	while (json_next(&each, &value))
		text_record_offer(intake, &record, json_text(value, &intake->arena));
}

void json_record_offer(struct feed_intake *intake, struct json_node node, bool below)
{
	const struct feed_mapping *mapping = intake->mapping;
	struct feed_record record = { .below = below };
	struct str text;

	arena_reset(&intake->arena);
	if (json_str(node, &text)) {
		text_record_offer(intake, &record, text);
	} else if (json_type(node) != JSON_OBJECT) {
		intake_refuse(intake, REFUSED_EMPTY, str_c(json_type_word(json_type(node))));
	} else if (mapping->metadata.n > 0 &&
		   json_type(json_get_str(node, mapping->metadata)) != JSON_ABSENT) {
		intake_comment(intake);
	} else {
		object_offer(intake, node, below);
	}
}

static void record_count(struct feed_intake *intake)
{
	intake->line++;
	intake->report->lines++;
}

static void keys_offer(struct feed_intake *intake, struct json_node object)
{
	struct json_iterator each = json_each(object);
	struct feed_record record = { 0 };
	struct json_node value;
	struct str key;

	while (json_next_member(&each, &key, &value)) {
		record_count(intake);
		text_record_offer(intake, &record, key);
	}
}

/* One step of a records path at a time: "key", "key[]", "[]", "{}"; nothing left: a record. */
static void path_visit(
	struct feed_intake *intake, struct json_node node, struct str path, bool below)
{
	if (path.p == NULL || path.n == 0) {
		record_count(intake);
		json_record_offer(intake, node, below);
		return;
	}

	struct str step = str_split(&path, '.');
	bool is_array = str_ends(step, STR("[]"));
	struct str key = str_first(step, step.n - (is_array ? 2 : 0));
	struct json_node value;

	if (str_eq(step, STR("{}"))) {
		keys_offer(intake, node);
		return;
	}
	if (key.n > 0)
		node = json_get_str(node, key);
	if (!is_array) {
		path_visit(intake, node, path, below);
		return;
	}

	struct json_iterator each = json_each(node);

	while (json_next(&each, &value))
		path_visit(intake, value, path, below);
}

/* The only array among an object's members; absent when there is none. */
static enum err only_array(struct json_node root, struct json_node *out, struct why *why)
{
	CLEANUP(buf_done) struct buf names = { 0 };
	struct json_iterator each = json_each(root);
	struct json_node value;
	struct str key;
	size_t n = 0;

	*out = (struct json_node){ 0 };
	while (json_next_member(&each, &key, &value)) {
		if (json_type(value) != JSON_ARRAY)
			continue;
		if (n++ > 0)
			buf_str(&names, STR(", "));
		buf_str(&names, str_first(key, 32));
		*out = value;
	}
	if (n > 1)
		return fail(why, ERR_UNSUPPORTED,
			"several lists within (%.*s): the definition must name its records",
			STR_FMT(str_first(buf_view(&names), 120)));
	return OK;
}

enum err json_records_offer(struct feed_intake *intake, struct json_node root, struct why *why)
{
	struct str paths = intake->mapping->records;
	struct json_node list = root;

	if (paths.n == 0) {
		if (json_type(root) == JSON_OBJECT) {
			TRY(only_array(root, &list, why));
			if (json_type(list) == JSON_ABSENT) {
				path_visit(intake, root, STR(""), false);
				return OK;
			}
		}
		path_visit(intake, list, STR("[]"), false);
		return OK;
	}
	while (paths.p != NULL) {
		struct str path = str_trim(str_split(&paths, ','));
		bool below = str_ends(path, STR("+"));

		path_visit(intake, root, str_first(path, path.n - below), below);
	}
	return OK;
}
