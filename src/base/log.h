/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One line per event on standard error, logfmt: `<6>event=feed_done role=keeper feed=drop n=12`.
 * The <N> prefix is journald's priority. Values are quoted and escaped here, so hostile bytes are
 * safe to pass. Not for hot paths.
 */
#pragma once

#include "base/str.h"

enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

struct log_field {
	const char *key;
	enum { LOG_FIELD_STR, LOG_FIELD_U64, LOG_FIELD_I64 } type;
	struct str text;
	uint64_t number;
};

#define LOG_S(key, value) ((struct log_field){ (key), LOG_FIELD_STR, (value), 0 })
#define LOG_C(key, value) ((struct log_field){ (key), LOG_FIELD_STR, str_c(value), 0 })
#define LOG_U(key, value) \
	((struct log_field){ (key), LOG_FIELD_U64, { NULL, 0 }, (uint64_t)(value) })
#define LOG_I(key, value) \
	((struct log_field){ (key), LOG_FIELD_I64, { NULL, 0 }, (uint64_t)(int64_t)(value) })

/* Called once at the start of a process; role must live for ever (a literal). */
void log_start(const char *role, enum log_level most);

void log_fields(enum log_level level, const char *event, const struct log_field *fields, size_t n);

/* log_event(LOG_INFO, "feed_done", LOG_S("feed", name), LOG_U("accepted", n)); */
#define log_event(level, event, ...)                                            \
	log_fields((level), (event), (const struct log_field[]){ __VA_ARGS__ }, \
		sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))

/* The one line for an error that nobody above can handle. */
void log_why(enum log_level level, const char *event, const struct why *why);
