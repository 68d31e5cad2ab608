/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json_copy.h"

static void copy_scalar(struct json_writer *json, struct json_node node)
{
	struct str text;
	int64_t integer;
	uint64_t positive;
	double number;
	bool flag;

	if (json_str(node, &text))
		json_put_str(json, text);
	else if (json_i64(node, &integer))
		json_put_i64(json, integer);
	else if (json_u64(node, &positive))
		json_put_u64(json, positive);
	else if (json_double(node, &number))
		json_put_double(json, number);
	else if (json_bool(node, &flag))
		json_put_bool(json, flag);
	else
		json_put_null(json);
}

enum err json_copy(struct json_writer *json, struct json_node node, struct why *why)
{
	struct json_iterator it = json_each(node);
	struct json_node value;
	struct str key;

	if (json_type(node) != JSON_OBJECT && json_type(node) != JSON_ARRAY) {
		copy_scalar(json, node);
		return OK;
	}
	if (json->depth == JSON_WRITER_DEPTH_MAX)
		return fail(
			why, ERR_LIMIT, "JSON that nests deeper than %d", JSON_WRITER_DEPTH_MAX);
	if (json_type(node) == JSON_OBJECT) {
		json_object_begin(json);
		while (json_next_member(&it, &key, &value)) {
			json_key_str(json, key);
			TRY(json_copy(json, value, why));
		}
		json_object_end(json);
		return OK;
	}
	json_array_begin(json);
	while (json_next(&it, &value))
		TRY(json_copy(json, value, why));
	json_array_end(json);
	return OK;
}
