/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>

static const char *const words[] = {
	[OK] = "ok",
	[ERR_USAGE] = "usage",
	[ERR_SYNTAX] = "syntax",
	[ERR_LIMIT] = "limit",
	[ERR_IO] = "io",
	[ERR_FULL] = "full",
	[ERR_NOT_FOUND] = "not-found",
	[ERR_EXISTS] = "exists",
	[ERR_DENIED] = "denied",
	[ERR_CORRUPT] = "corrupt",
	[ERR_CONFLICT] = "conflict",
	[ERR_BUSY] = "busy",
	[ERR_TIMEOUT] = "timeout",
	[ERR_CLOSED] = "closed",
	[ERR_UNSUPPORTED] = "unsupported",
	[ERR_STORE] = "store",
	[ERR_HELD] = "held",
};
_Static_assert(ARRAY_LEN(words) == ERR_COUNT, "one word per code");

const char *err_word(enum err code)
{
	return (size_t)code < ERR_COUNT ? words[code] : "unknown";
}

static void PRINTF(4, 0)
	why_fill(struct why *why, enum err code, uint64_t line, const char *fmt, va_list args)
{
	if (why == NULL)
		return;
	why->code = code;
	why->sys = 0;
	why->line = line;
	(void)vsnprintf(why->text, sizeof why->text, fmt, args);
}

void why_set(struct why *why, enum err code, uint64_t line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	why_fill(why, code, line, fmt, args);
	va_end(args);
}

bool why_set_sys(struct why *why, const char *fmt, ...)
{
	int sys = errno;
	bool full = sys == ENOSPC || sys == EDQUOT;
	va_list args;

	va_start(args, fmt);
	why_fill(why, full ? ERR_FULL : ERR_IO, 0, fmt, args);
	va_end(args);
	if (why != NULL) {
		size_t used = strlen(why->text);
		char reason[96];

		why->sys = sys;
		/* the GNU form returns the text and may leave the array alone */
		(void)snprintf(why->text + used, sizeof why->text - used, ": %s",
			strerror_r(sys, reason, sizeof reason));
	}
	return full;
}

void must_failed(const char *what, const char *file, int line)
{
	(void)fprintf(stderr, "<2>event=invariant_broken at=%s:%d what=\"%s\"\n", file, line, what);
	abort();
}
