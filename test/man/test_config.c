/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pehra.conf(5) lists the keys of the configuration's table, word for word:
 *     test_man_config PAGE           compares
 *     test_man_config --write PAGE   puts the table's text into the page
 */
#include "base/io.h"
#include "config/config.h"

enum { PAGE_BYTES_MAX = 1 << 20 };

#define KEYS_BEGIN "a test compares them.\n"
#define KEYS_END   ".\\\" end of the keys\n"

static enum err update(const char *path, bool write, struct why *why)
{
	CLEANUP(buf_done) struct buf page = { 0 };
	CLEANUP(buf_done) struct buf wanted = { 0 };
	struct str text;
	size_t begin;
	size_t end;

	TRY(file_read(path, PAGE_BYTES_MAX, &page, why));
	text = buf_view(&page);
	begin = str_find_str(text, STR(KEYS_BEGIN)) + strlen(KEYS_BEGIN);
	end = str_find_str(text, STR(KEYS_END));
	if (begin > end || end == text.n)
		return fail(why, ERR_SYNTAX, "%s has no place for the keys", path);
	buf_str(&wanted, str_first(text, begin));
	config_document(&wanted);
	buf_str(&wanted, str_from_index(text, end));
	if (str_eq(buf_view(&wanted), text))
		return OK;
	if (!write)
		return fail(why, ERR_CORRUPT,
			"%s differs from the table of src/config: run make man-update", path);
	return file_replace(path, buf_view(&wanted), 0644, why);
}

int main(int argc, char **argv)
{
	bool write = argc == 3 && strcmp(argv[1], "--write") == 0;
	struct why why;

	if (argc != 2 && !write) {
		fprintf(stderr, "usage: test_man_config [--write] PAGE\n");
		return 2;
	}
	if (update(argv[argc - 1], write, &why) != OK) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	return 0;
}
