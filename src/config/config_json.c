/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/config_json.h"

void config_to_json(const struct config *config, struct buf *out)
{
	const struct config_row *rows;
	size_t n = config_rows(&rows);
	struct json_writer json = json_writer_on(out);
	CLEANUP(buf_done) struct buf text = { 0 };

	json_object_begin(&json);
	for (size_t i = 0; i < n; i++) {
		buf_clear(&text);
		must(config_get_text(config, rows[i].key, &text, NULL) == OK);
		json_field_str(&json, rows[i].key, buf_view(&text));
	}
	json_object_end(&json);
}

enum err config_from_json(struct config *config, struct str json, struct why *why)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(buf_done) struct buf key_c = { 0 };
	struct json_iterator it;
	struct json_node root;
	struct json_node value;
	struct str key;
	struct str text;

	TRY(json_parse(reader, json, &root, why));
	it = json_each(root);
	while (json_next_member(&it, &key, &value)) {
		if (!json_str(value, &text))
			return fail(why, ERR_SYNTAX, "setting '%.*s' is no text",
				STR_FMT(str_first(key, 64)));
		buf_clear(&key_c);
		buf_str(&key_c, key);
		/* an empty text stands for "not set", which some rows refuse as a value */
		if (text.n != 0)
			TRY(config_set(config, buf_c(&key_c), text, why));
	}
	return OK;
}
