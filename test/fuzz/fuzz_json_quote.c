/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes become a JSON string that is read back, as they were when they are UTF-8. */
#include "fuzz/fuzz.h"

#include "base/json_read.h"
#include "base/json_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(json_reader_free) struct json_reader *reader = json_reader_new();
	CLEANUP(buf_done) struct buf quoted = { 0 };
	CLEANUP(buf_done) struct buf again = { 0 };
	struct json_node root;
	struct str text;

	json_quote(&quoted, str_from((const char *)data, size));
	must(json_parse(reader, buf_view(&quoted), &root, NULL) == OK);
	must(json_str(root, &text));
	json_quote(&again, text);
	must(str_eq(buf_view(&quoted), buf_view(&again)));
	if (str_find_str(text, STR("\xef\xbf\xbd")) == text.n)
		must(str_eq(text, str_from((const char *)data, size)));
	return 0;
}
