/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration file: refused with a reason and a line, or each value reads its own text. */
#include "fuzz/fuzz.h"

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(config_done) struct config config;
	const struct config_row *rows;
	size_t n = config_rows(&rows);
	struct why why = { 0 };

	config_init(&config);
	if (config_parse(&config, str_from((const char *)data, size), &why) != OK) {
		must(why.text[0] != '\0' && (why.line > 0 || why.code == ERR_LIMIT));
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		CLEANUP(buf_done) struct buf first = { 0 };
		CLEANUP(buf_done) struct buf second = { 0 };

		must(config_get_text(&config, rows[i].key, &first, NULL) == OK);
		must(config_set(&config, rows[i].key, buf_view(&first), NULL) == OK);
		must(config_get_text(&config, rows[i].key, &second, NULL) == OK);
		must(str_eq(buf_view(&first), buf_view(&second)));
	}
	return 0;
}
