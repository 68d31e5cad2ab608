/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decision/decision_int.h"
#include "store/text.h"

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

enum err decision_text_check(
	struct str text, size_t least, size_t most, const char *what, struct why *why)
{
	if (str_trim(text).n < least)
		return fail(why, ERR_USAGE, "%s is missing", what);
	if (text.n > most)
		return fail(why, ERR_USAGE, "%s has at most %zu bytes", what, most);
	if (text_valid_bytes(text) != text.n)
		return fail(why, ERR_USAGE, "%s is not UTF-8", what);
	for (size_t i = 0; i < text.n; i++)
		if (is_control(text.p[i]))
			return fail(why, ERR_USAGE, "%s holds a control character", what);
	return OK;
}

enum err decision_number(struct db *db, const char *sql, int64_t *out, struct why *why)
{
	CLEANUP(db_finish) struct db_statement *read = NULL;
	bool row;

	TRY(db_prepare(db, sql, &read, why));
	TRY(db_step(read, &row, why));
	*out = row ? db_column_i64(read, 0) : 0;
	return OK;
}
