/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jansson_oracle.h"

#include <jansson.h>

static void dump(json_t *value, struct buf *out)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		buf_byte(out, '{');
		for (void *it = json_object_iter(value); it != NULL;
			it = json_object_iter_next(value, it)) {
			dump_str(out, str_c(json_object_iter_key(it)));
			dump(json_object_iter_value(it), out);
		}
		buf_byte(out, '}');
		break;
	case JSON_ARRAY:
		buf_byte(out, '[');
		for (size_t i = 0; i < json_array_size(value); i++)
			dump(json_array_get(value, i), out);
		buf_byte(out, ']');
		break;
	case JSON_STRING:
		dump_str(out, str_from(json_string_value(value), json_string_length(value)));
		break;
	case JSON_INTEGER:
		buf_byte(out, 'i');
		buf_i64(out, json_integer_value(value));
		break;
	case JSON_REAL:
		dump_real(out, json_real_value(value));
		break;
	case JSON_TRUE:
		buf_byte(out, 't');
		break;
	case JSON_FALSE:
		buf_byte(out, 'f');
		break;
	case JSON_NULL:
		buf_byte(out, 'n');
		break;
	}
}

bool jansson_dump(struct str text, struct buf *out)
{
	json_t *root = json_loadb(text.n == 0 ? "" : text.p, text.n,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	if (root == NULL)
		return false;
	dump(root, out);
	json_decref(root);
	return true;
}
