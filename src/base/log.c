/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include "base/buf.h"

#include <unistd.h>

/* Set once by log_start() before anything else runs; read-only afterwards. */
static const char *log_role = "pehra";
static enum log_level log_most = LOG_INFO;

enum { LOG_VALUE_MAX = 1024 };

void log_start(const char *role, enum log_level most)
{
	log_role = role;
	log_most = most;
}

static void put_quoted(struct buf *line, struct str value)
{
	buf_byte(line, '"');
	for (size_t i = 0; i < value.n && i < LOG_VALUE_MAX; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c == '"' || c == '\\')
			buf_fmt(line, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_fmt(line, "\\x%02x", c);
		else
			buf_byte(line, (char)c);
	}
	buf_byte(line, '"');
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
	CLEANUP(buf_done) struct buf line = { 0 };

	if (level > log_most)
		return;
	buf_fmt(&line, "<%d>event=%s role=%s", (int)level, event, log_role);
	for (size_t i = 0; i < n; i++) {
		buf_fmt(&line, " %s=", fields[i].key);
		if (fields[i].type == LOG_FIELD_STR)
			put_quoted(&line, fields[i].text);
		else if (fields[i].type == LOG_FIELD_U64)
			buf_u64(&line, fields[i].number);
		else
			buf_i64(&line, (int64_t)fields[i].number);
	}
	buf_byte(&line, '\n');
	/* one write, so that lines of several processes do not mix; a full pipe loses the line */
	(void)!write(STDERR_FILENO, line.data, line.n);
}

void log_why(enum log_level level, const char *event, const struct why *why)
{
	if (why->line != 0)
		log_event(level, event, LOG_C("error", err_word(why->code)),
			LOG_U("line", why->line), LOG_C("why", why->text));
	else
		log_event(
			level, event, LOG_C("error", err_word(why->code)), LOG_C("why", why->text));
}
