/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON: what was read is written, and what was written is read as the same document. */
#include "fuzz/fuzz.h"

#include "base/json_read.h"
#include "base/json_write.h"

static void copy(struct json_writer *json, struct json_node node)
{
	struct json_iterator it = json_each(node);
	struct json_node value;
	struct str text;
	int64_t number;
	uint64_t large;
	double real;
	bool truth;

	if (json_type(node) == JSON_OBJECT) {
		json_object_begin(json);
		while (json_next_member(&it, &text, &value)) {
			json_key_str(json, text);
			copy(json, value);
		}
		json_object_end(json);
	} else if (json_type(node) == JSON_ARRAY) {
		json_array_begin(json);
		while (json_next(&it, &value))
			copy(json, value);
		json_array_end(json);
	} else if (json_str(node, &text)) {
		json_put_str(json, text);
	} else if (json_i64(node, &number)) {
		json_put_i64(json, number);
	} else if (json_u64(node, &large)) {
		json_put_u64(json, large);
	} else if (json_double(node, &real)) {
		json_put_double(json, real);
	} else if (json_bool(node, &truth)) {
		json_put_bool(json, truth);
	} else {
		must(json_type(node) == JSON_NULL);
		json_put_null(json);
	}
}

static bool depth_is_writable(struct json_node node, unsigned depth)
{
	struct json_iterator it = json_each(node);
	struct json_node value;
	struct str key;

	if (depth == 0)
		return false;
	while (json_next(&it, &value) || json_next_member(&it, &key, &value)) {
		if (!depth_is_writable(value, depth - 1))
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(buf_done) struct buf first = { 0 };
	CLEANUP(buf_done) struct buf second = { 0 };
	struct json_writer json = json_writer_on(&first);
	struct json_node root;
	struct why why = { 0 };

	if (json_parse(reader, str_from((const char *)data, size), &root, &why) != OK) {
		must(why.text[0] != '\0' && json_type(root) == JSON_ABSENT);
		return 0;
	}
	if (!depth_is_writable(root, JSON_WRITER_DEPTH_MAX))
		return 0;
	copy(&json, root);
	must(json_parse(reader, buf_view(&first), &root, NULL) == OK);
	json = json_writer_on(&second);
	copy(&json, root);
	must(str_eq(buf_view(&first), buf_view(&second)));
	return 0;
}
